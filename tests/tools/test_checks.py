"""The stages of `make check` and `make test`."""

import sys
from collections import Counter

import pytest
from nbformat import v4

from tests.tools.tiny import write_chapter
from tools import chapters, checks


def python(words):
    return [sys.executable, "-c", words]


def test_stages_stop_at_the_first_that_fails(capfd):
    stages = {
        "one": python("print('first')"),
        "two": python("raise SystemExit(4)"),
        "three": python("print('third')"),
    }
    assert checks.run_stages(stages) == 4
    out = capfd.readouterr().out
    assert "first" in out and "third" not in out
    *_, summary, total = out.splitlines()
    assert summary == "stage 'two' failed; later stages were not run"
    assert total.startswith("===== 1 error in ")


def test_a_chapter_is_executed_once(capfd):
    once = python("print('executing chapters/a b.ipynb: new code')")
    assert checks.run_stages({"execute": once, "build": python("")}) == 0
    assert "executed 1 ×  chapters/a b.ipynb" in capfd.readouterr().out
    assert checks.run_stages({"execute": once, "build": once}) == 1
    *_, told, total = capfd.readouterr().out.splitlines()
    assert told == "executed 2 ×  chapters/a b.ipynb"
    assert total.startswith("===== 1 error in ")


def test_only_the_book_executes_chapters():
    names = list(checks.STAGES)
    assert names[-4:] == ["execute", "compare", "build", "site"]
    assert not any("--nbval" in stage for stage in checks.STAGES.values())
    assert "--nbval" in checks.NBVAL_STAGE["nbval"]


def test_counts_are_summed():
    total = checks.counts("x\n2 failed, 30 passed, 1 warning in 3.20s\n")
    total += checks.counts("=== 7 passed, 1 skipped in 61.00s (0:01:01) ===")
    assert total == Counter(failed=2, passed=37, skipped=1, warning=1)
    assert checks.counts("nothing of the kind") == Counter()
    line = checks.total_line(total, 64.2)
    assert line == "===== 2 failed, 37 passed, 1 skipped in 64.20s ====="


def test_every_marker_has_a_stage():
    config = (chapters.ROOT / "pyproject.toml").read_text()
    selected = " ".join(map(" ".join, checks.STAGES.values()))
    for marker in ("slow", "site", "browser", "peers"):
        assert f'"{marker}:' in config
        assert marker in selected


@pytest.mark.slow
def test_spelling_names_file_and_cell(root, capfd):
    write_chapter(root, "bad", v4.new_markdown_cell("# A\n\nteh tea"))
    assert checks.spelling(root) != 0
    assert "chapters/cases/bad.ipynb/cell 1:3: teh" in capfd.readouterr().out
    write_chapter(root, "bad", v4.new_code_cell("teh = 1"))
    assert checks.spelling(root) == 0
