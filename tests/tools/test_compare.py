"""Stored outputs are compared with the last run, and no kernel starts."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from tests.tools.tiny import append, edit, set_metadata, write_chapter
from tools import book, chapters, checks, compare, execute, notebooks
from utils import evidence
from utils.claims import Claim


@pytest.fixture
def stage(root, monkeypatch, capsys):
    """stage() compares the chapters of the tiny book: outcomes, text."""
    hooks, rules = "chapters/conftest.py", checks.SANITIZED[-1]
    for name in (hooks, rules):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(chapters.ROOT / name, root / name)
    (root / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(root)

    def run():
        options = ("-c", "pytest.ini", "--import-mode=importlib", "-p")
        options += ("no:cacheprovider", "--color=no", *checks.SANITIZED)
        pytest.main([*options, "chapters"], plugins=[compare])
        text = capsys.readouterr().out
        return checks.counts(text), text

    return run


def cell(stored, new, source="brew()", tags=()):
    """A code cell with stored outputs, and what its run gave."""
    how = {"execution_count": 1, "metadata": {"tags": list(tags)}}
    return v4.new_code_cell(source, outputs=stored, **how), new


def ran(root, *cells):
    """A chapter of such cells, its run in the cache."""
    path = write_chapter(root, "tea", *(code for code, _ in cells))
    notebook = nbformat.read(path, as_version=4)
    for code, (_, new) in zip(notebook.cells, cells, strict=True):
        code.outputs = new
    run = execute.Run(path, notebook, seconds=1.0, peak_gib=0.1, problem="")
    book.store(run, chapters.key(path, root), root)
    return path


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def shown(text, **more):
    return v4.new_output("display_data", {"text/plain": text, **more})


def claimed(at_least, measured):
    return v4.new_output(
        "display_data",
        Claim("warm", measured, at_least=at_least)._repr_mimebundle_(),
    )


def recorded(*values):
    made = evidence.rows("tea", value=list(values), cup=range(len(values)),
                         trained=True)  # fmt: skip
    return v4.new_output("display_data", made._repr_mimebundle_())


DRAWN = v4.new_output(
    "display_data",
    {"text/plain": "<Figure size 640x480>", "image/png": "iVBORw0KGgo="},
)


def test_what_agrees(root, stage):
    pairs = [
        (printed("tea\n"), printed("tea\n")),
        (printed("3 s at 0x1\n"), printed("12.5 ms at 0xff12\n")),
        (claimed(50, 58), claimed(50, 61)),
        (recorded(61), recorded(62)),
        (DRAWN, DRAWN),
        (shown("<Figure size 1x1>"), DRAWN),
    ]
    normal = notebooks.normal_outputs
    cells = [cell(normal([stored], 1), [new]) for stored, new in pairs]
    pieces = [printed("a\n"), printed("b\n")]
    ran(root, *cells, cell(normal(pieces, 1), pieces))
    outcomes, text = stage()
    assert outcomes == {"passed": 7}, text


def test_what_differs(root, stage):
    html = {"text/html": "<b>tea</b>"}
    pairs = [
        (printed("tea\n"), printed("milk\n")),
        (claimed(40, 61), claimed(50, 61)),
        (recorded(61), recorded(61, 62)),
        (shown("tea", **html), shown("tea")),
        (shown("tea"), shown("tea", **html)),
        (shown("tea"), printed("tea")),
    ]
    pairs = [([stored], [new]) for stored, new in pairs]
    pairs += [([], [printed("tea")]), ([printed("tea")], [])]
    ran(root, *(cell(*pair) for pair in pairs))
    outcomes, text = stage()
    assert outcomes == {"failed": 8}, text


def test_tags_decide(root, stage):
    tea, milk = [printed("tea\n")], [printed("milk\n")]
    cold, hot = (
        [v4.new_output("error", ename="ValueError", evalue=evalue)]
        for evalue in ("cold", "hot")
    )
    ran(
        root,
        cell(tea, milk, "brew()", ["nbval-ignore-output"]),
        cell(tea, milk, "# NBVAL_IGNORE_OUTPUT\nbrew()"),
        cell(tea, milk, "brew()", ["nbval-skip"]),
        cell(tea, milk, "brew()", ["hide-input"]),
        cell(cold, cold, "brew()", ["raises-exception"]),
        cell(cold, hot, "brew()", ["raises-exception"]),
    )
    outcomes, text = stage()
    assert outcomes == {"passed": 3, "skipped": 1, "failed": 2}, text


def test_outputs_never_stored_differ(root, stage):
    # nbval itself would let a cell without a count pass
    path = ran(root, cell([], [printed("tea\n")]))
    edit(path, lambda notebook: notebook.cells[0].update(execution_count=None))
    assert stage()[0] == {"failed": 1}


# what fails, and what to do about it


def test_a_changed_output_names_cell_and_remedy(root, stage):
    ran(root, cell([printed("tea\n")], [printed("milk\n")]))
    outcomes, text = stage()
    assert outcomes == {"failed": 1}
    assert "stored outputs differ from those of the last run" in text
    assert "`make record C=tea`" in text
    assert "brew()" in text
    assert "- milk" in text and "+ tea" in text


def test_a_chapter_never_executed_is_refused(root, tea, stage):
    outcomes, text = stage()
    assert outcomes == {"error": 1}
    assert "chapters/cases/tea.ipynb: this code was never executed" in text
    assert "`make chapter C=tea` executes it, `make book` all" in text


def test_a_run_under_another_key_is_refused(root, stage):
    path = ran(
        root, cell([printed("tea\n")], [printed("tea\n")], "import utils")
    )
    append(root / "requirements.lock")
    append(root / "utils/__init__.py")
    outcomes, text = stage()
    assert outcomes == {"error": 1}
    assert "tea.ipynb: utils and lock changed since it was executed" in text
    assert "`make chapter C=tea`" in text
    assert book.reason(path, root) == "utils and lock"


def test_a_new_tag_needs_adoption_and_no_run(root, stage):
    path = ran(root, cell([printed("tea\n")], [printed("milk\n")]))
    edit(path, set_metadata(0, tags=["nbval-ignore-output"]))
    assert stage()[0] == {"error": 1}
    assert book.execute([path], root=root) == {}
    assert stage()[0] == {"passed": 1}
    edit(path, set_metadata(0, tags=[]))
    assert stage()[0] == {"failed": 1}


# all stages

COUNTED = (
    "from pathlib import Path\n"
    "with Path('runs').open('a') as file:\n"
    "    file.write('once\\n')"
)
CONFIG = """
title: Tea
only_build_toc_files: true
execute: {execute_notebooks: cache}
sphinx: {config: {suppress_warnings: [mystnb.unknown_mime_type]}}
"""


@pytest.mark.slow
def test_all_stages_execute_once(root, stage, monkeypatch, capsys, quiet):
    path = write_chapter(
        root,
        "tea",
        v4.new_markdown_cell("# Tea"),
        v4.new_code_cell(COUNTED),
        v4.new_code_cell("from utils.claims import claim\nprint('tea')"),
        v4.new_code_cell("claim('warm', 61, at_least=50)"),
        v4.new_code_cell(
            "import matplotlib.pyplot as plt\n_ = plt.subplots()"
        ),
    )
    (root / "_config.yml").write_text(CONFIG)
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: chapters/cases/tea\n"
    )
    (root / "index.md").write_text("# Book\n")
    assert notebooks.record(path, root).problem == ""
    (path.parent / "runs").unlink()

    monkeypatch.setattr(sys, "argv", ["book", "execute"])
    assert book.main(root) == 0
    assert not (root / "_build" / "html").exists()
    command = [o for o in checks.STAGES["compare"] if o != "-q"]
    away = [command[0], "-P", *command[1:]]  # utils is the house's
    compared = subprocess.run(
        [*away[:-1], "-c", "pytest.ini", away[-1]],
        env=os.environ | {"PYTHONPATH": str(chapters.ROOT)},
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert "4 passed" in compared.stdout, compared.stdout + compared.stderr
    monkeypatch.setattr(sys, "argv", ["book"])
    assert book.main(root) == 0
    page = root / "_build/html/chapters/cases/tea.html"
    assert "at least 50" in page.read_text("utf-8")
    assert (path.parent / "runs").read_text() == "once\n"
    out = capsys.readouterr().out
    assert checks.executions(out) == {"chapters/cases/tea.ipynb": 1}
