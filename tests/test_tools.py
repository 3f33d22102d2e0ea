"""The commands, on tiny books in a temporary folder."""

import copy
import inspect
import json
import signal
import subprocess
import sys
import time
from collections import Counter

import nbformat
import pytest
from nbformat import v4

from tools import (
    book,
    chapters,
    checks,
    execute,
    lock,
    notebooks,
    seeds,
    setup,
)
from utils.claims import Claim

KERNEL = notebooks.KERNEL


def write_chapter(root, name, *cells):
    path = root / "chapters" / "cases" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"kernelspec": dict(KERNEL)}
    nbformat.write(v4.new_notebook(cells=list(cells), metadata=metadata), path)
    return path


@pytest.fixture
def root(tmp_path):
    """A book with one chapter, a package of five modules, and data."""
    files = {
        "_toc.yml": "root: index\nparts:\n- chapters:\n"
        "  - file: chapters/cases/tea\n    sections:\n"
        "    - file: chapters/cases/milk.ipynb\n",
        "requirements.lock": "torch==2.13.0\nnumpy==2.4.6\n",
        "pyproject.toml": "",
        "data/manifest.json": '{"tea": {"world": "utils.worlds.pot.Pot"}, '
        '"milk": {"world": "utils.worlds.jug.Jug"}}',
        "utils/worlds/pot.py": "",
        "utils/worlds/jug.py": "",
        "data/tea/cups.parquet": "cups",
        "data/milk/jugs.parquet": "jugs",
        "utils/__init__.py": "",
        "utils/brew.py": "def hot():\n    from utils.deep import heat\n",
        "utils/deep/__init__.py": "from .heat import warm\n",
        "utils/deep/heat.py": "from .. import water\nwarm = 1\n",
        "utils/water.py": "",
        "utils/other.py": "",
        "utils/house.mplstyle": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    write_chapter(
        tmp_path,
        "tea",
        v4.new_markdown_cell("# Tea"),
        v4.new_code_cell("from utils import brew", id="a"),
        v4.new_code_cell("1 + 1", id="b"),
    )
    return tmp_path


@pytest.fixture
def tea(root):
    return root / "chapters" / "cases" / "tea.ipynb"


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


# chapters: which there are


def test_toc_in_reading_order(root):
    names = ["index", "chapters/cases/tea", "chapters/cases/milk"]
    assert chapters.in_toc(root) == names
    assert [p.stem for p in chapters.notebooks(root)] == ["tea"]


@pytest.mark.parametrize(
    "name", ["tea", "tea.ipynb", "cases/tea", "chapters/cases/tea.ipynb"]
)
def test_find_by_name_or_path(name, root, tea):
    assert chapters.find(name, root) == tea


@pytest.mark.parametrize(
    "name, words",
    [
        ("", "name a chapter, C=<name>; there are:\n  tea"),
        (None, "name a chapter, C=<name>; there are:\n  tea"),
        ("ea", "there is no chapter 'ea'; there are:\n  tea"),
    ],
)
def test_find_refuses(name, words, root):
    with pytest.raises(SystemExit) as stopped:
        chapters.find(name, root)
    assert str(stopped.value) == words


# chapters: what an execution depends on


def test_utils_files_follow_imports(root):
    found = chapters.utils_files(["from utils import brew"], root)
    names = sorted(str(f.relative_to(root / "utils")) for f in found)
    assert names == [
        "__init__.py",
        "brew.py",
        "deep/__init__.py",
        "deep/heat.py",
        "water.py",
    ]


@pytest.mark.parametrize(
    "source, names",
    [
        ("import numpy", []),
        ("import utils.water as w", ["water.py"]),
        ("from utils.water import drop", ["water.py"]),
        ("m = import_module('utils.water')", ["water.py"]),
        ("def f():\n  from utils import water", ["water.py"]),
        ("this is no Python", []),
    ],
)
def test_utils_files_by_hand(source, names, root):
    found = {f.name for f in chapters.utils_files([source], root)}
    assert found == ({"__init__.py", *names} if names else set())


def append(path, text="\n# changed\n"):
    path.write_text(path.read_text() + text)


def set_source(number, source):
    def change(notebook):
        notebook.cells[number].source = source

    return change


def set_metadata(number, **metadata):
    def change(notebook):
        notebook.cells[number].metadata.update(metadata)

    return change


@pytest.mark.parametrize(
    "kinds, change",
    [
        # what must count
        ({"code"}, lambda r, t: edit(t, set_source(2, "1 + 2"))),
        (
            {"code"},
            lambda r, t: edit(t, set_metadata(2, tags=["raises-exception"])),
        ),
        ({"utils"}, lambda r, t: append(r / "utils/brew.py")),
        ({"utils"}, lambda r, t: append(r / "utils/water.py")),
        ({"utils"}, lambda r, t: append(r / "utils/worlds/pot.py")),
        ({"data"}, lambda r, t: append(r / "data/tea/cups.parquet")),
        (
            {"data"},
            lambda r, t: (r / "data/tea/lids.parquet").write_text("lids"),
        ),
        (
            {"data", "utils"},
            lambda r, t: (r / "data/manifest.json").write_text("{}"),
        ),
        (
            {"code", "data", "utils"},
            lambda r, t: edit(t, set_source(2, "load('milk')")),
        ),
        (
            {"style"},
            lambda r, t: (r / "utils/house.mplstyle").write_text("x"),
        ),
        ({"lock"}, lambda r, t: append(r / "requirements.lock")),
        # what must not
        (set(), lambda r, t: edit(t, set_source(0, "# Better prose"))),
        (
            set(),
            lambda r, t: edit(t, set_metadata(2, tags=["hide-input"])),
        ),
        (set(), lambda r, t: append(r / "utils/other.py")),
        (set(), lambda r, t: append(r / "utils/worlds/jug.py")),
        (set(), lambda r, t: append(r / "data/milk/jugs.parquet")),
        (set(), lambda r, t: append(r / "pyproject.toml")),
    ],
)
def test_key_changes_with_what_matters_alone(kinds, change, root, tea):
    before = chapters.key(tea, root)
    change(root, tea)
    after = chapters.key(tea, root)
    assert {kind for kind in before if before[kind] != after[kind]} == kinds


def test_key_understands_magics(root, tea):
    edit(tea, set_source(1, "%matplotlib inline\nfrom utils import other"))
    before = chapters.key(tea, root)
    append(root / "utils/other.py")
    assert chapters.key(tea, root) != before


# notebooks: the normal form

CLAIM = Claim("tea is warm", 61.0, at_least=50)._repr_mimebundle_()


def messy():
    """A notebook as an editor leaves it."""
    stream = [
        v4.new_output("stream", name="stdout", text=text)
        for text in ("one\n", "two\n")
    ]
    shown = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure 1>"}
    cell = v4.new_code_cell(
        "draw()",
        id="same",
        execution_count=12,
        outputs=[
            *stream,
            v4.new_output("display_data", shown, metadata={"w": 1}),
            v4.new_output("display_data", {"image/svg+xml": "<svg/>"}),
            v4.new_output("display_data", CLAIM),
            v4.new_output(
                "execute_result", {"text/plain": "2"}, execution_count=12
            ),
        ],
        metadata={
            "execution": {"iopub.status.busy": "2026-11-21T07:00:00Z"},
            "collapsed": False,
            "tags": ["hide-input"],
        },
    )
    cells = [
        v4.new_markdown_cell("# Tea", id="same"),
        cell,
        v4.new_code_cell("", id="empty"),
        v4.new_code_cell("1", id="last", execution_count=40),
    ]
    metadata = {"language_info": {"version": "3.12"}, "kernelspec": {}}
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def test_normal_form_by_hand():
    made = notebooks.normal(messy())
    _, drawn, empty, last = made.cells
    assert made.metadata == {"kernelspec": KERNEL}
    assert drawn.metadata == {"tags": ["hide-input"]}
    counts = [drawn.execution_count, empty.execution_count]
    assert [*counts, last.execution_count] == [1, None, 2]
    assert drawn.outputs[0].text == "one\ntwo\n"
    data = [output.data for output in drawn.outputs[1:]]
    assert data == [
        {"text/plain": "<Figure 1>"},
        {},
        {"text/plain": CLAIM["text/plain"]},
        {"text/plain": "2"},
    ]
    assert all(output.metadata == {} for output in drawn.outputs[1:])
    assert drawn.outputs[-1].execution_count == 1


def test_normal_form_twice_is_once_and_valid():
    once = notebooks.normal_text(messy())
    again = nbformat.reads(once, as_version=4)
    nbformat.validate(again)
    assert notebooks.normal_text(again) == once
    assert once.endswith("}\n")
    assert once.splitlines()[1] == ' "cells": ['


def test_normal_form_leaves_its_input_alone():
    notebook = messy()
    before = copy.deepcopy(notebook)
    notebooks.normal(notebook)
    assert notebook == before


def test_normal_form_has_stable_unique_ids():
    ids = [[c.id for c in notebooks.normal(messy()).cells] for _ in "12"]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4
    assert ids[0][0] == "same"


# execute: messages


def test_describe_shows_the_head_of_the_cell():
    long = v4.new_code_cell("\n".join(f"line {n}" for n in range(20)))
    words = execute.describe([long], 0, "\x1b[31mKeyError\x1b[0m: 7")
    assert words.startswith("cell 1 of 1 ([1]) raised:\n    line 0\n")
    assert "    line 11\n    …\nKeyError: 7" in words
    assert "line 12" not in words


def test_environment_lets_no_seed_leak(monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "3")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    assert "BOOK_SEED" not in execute.environment()
    assert "MPLBACKEND" not in execute.environment()
    assert execute.environment(5)["BOOK_SEED"] == "5"
    assert execute.environment()["OMP_NUM_THREADS"] == "1"


def test_run_all_keeps_the_order_and_goes_side_by_side():
    def slow_first(n):
        time.sleep(0.2 if n == 0 else 0)
        return n

    tasks = [lambda n=n: slow_first(n) for n in range(4)]
    assert execute.run_all(tasks, jobs=2) == [0, 1, 2, 3]


# execution for real


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")


@pytest.mark.slow
def test_book_executes_once_and_adopts_a_caption(root, capsys, quiet):
    tea = write_chapter(
        root,
        "tea",
        v4.new_code_cell("import os\nprint(os.getpid())"),
        v4.new_code_cell("1 + 1"),
    )
    runs = book.execute([tea], root=root)
    assert list(runs) == [tea]
    assert runs[tea].problem == ""
    assert "tea.ipynb: new code" in capsys.readouterr().out
    assert book.execute([tea], root=root) == {}

    # jupyter-book would find it, and see what was run
    _, merged = book.cache_of(root).merge_match_into_notebook(
        nbformat.read(tea, as_version=4)
    )
    assert merged.cells[1].outputs[0].data["text/plain"] == "2"

    edit(tea, set_metadata(1, tags=["hide-input"]))
    assert book.execute([tea], root=root) == {}
    _, dressed = book.cache_of(root).merge_match_into_notebook(
        nbformat.read(tea, as_version=4)
    )
    assert dressed.cells[1].metadata.tags == ["hide-input"]
    assert dressed.cells[0].outputs == merged.cells[0].outputs

    append(root / "requirements.lock")
    assert book.reason(tea, root) == "lock"
    assert list(book.execute([tea], root=root)) == [tea]
    assert book.reason(tea, root) == ""


@pytest.mark.slow
def test_an_entry_without_facts_is_not_believed(root, tea, quiet):
    edit(tea, set_source(1, "2"))
    book.execute([tea], root=root)
    (book.entry(tea, root) / "facts.json").unlink()
    assert list(book.execute([tea], root=root)) == [tea]


@pytest.mark.slow
def test_a_failing_chapter_is_reported_and_not_cached(root, quiet):
    bad = write_chapter(
        root,
        "bad",
        v4.new_markdown_cell("# Bad"),
        v4.new_code_cell("cups = 0"),
        v4.new_code_cell("# all of it\n1 / cups"),
        v4.new_code_cell("print('never')"),
    )
    good = write_chapter(root, "good", v4.new_code_cell("1"))
    runs = book.execute([bad, good], root=root)
    words = runs[bad].problem
    start = "chapters/cases/bad.ipynb, cell 3 of 4 ([2]) raised:\n    # all"
    assert words.startswith(start)
    assert "    1 / cups\n" in words
    assert words.endswith("ZeroDivisionError: division by zero")
    assert book.facts_of(bad, root) == {}
    assert book.reason(good, root) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, words",
    [
        ("import time\ntime.sleep(60)", "not done 4 s after the chapter"),
        ("import os\nos._exit(3)", "Kernel died"),
    ],
)
def test_a_chapter_that_hangs_or_dies(source, words, root, quiet):
    path = write_chapter(root, "bad", v4.new_code_cell(source))
    run = execute.run_one(path, timeout=4, root=root)
    assert "cell 1 of 1 ([1]) raised:" in run.problem
    assert words in run.problem


@pytest.mark.parametrize("starts_at, attempts", [(1, 1), (2, 2), (3, 2)])
def test_a_kernel_that_never_started_is_started_once_more(
    monkeypatch, starts_at, attempts
):
    tried = []

    def attempt(path, **how):
        tried.append(how)
        dead = len(tried) < starts_at
        words = f"x: {execute.NEVER_STARTED} to kernel_info" if dead else ""
        return execute.Run(path, {}, 1.0, 1.0, words)

    monkeypatch.setattr(execute, "attempt", attempt)
    run = execute.run_one("x.ipynb", seed=3)
    assert len(tried) == attempts
    assert tried[0] == tried[-1] and tried[0]["seed"] == 3
    assert bool(run.problem) == (starts_at == 3)


def test_jupyter_client_still_says_so():
    from jupyter_client import client

    assert execute.NEVER_STARTED in inspect.getsource(client)


@pytest.mark.slow
def test_record_stores_outputs_in_normal_form(root, quiet):
    path = write_chapter(root, "tea", v4.new_code_cell("print('hot')"))
    run = notebooks.record(path, root)
    text = path.read_text()
    stored = nbformat.reads(text, as_version=4)
    assert run.problem == ""
    assert stored.cells[0].outputs[0].text == "hot\n"
    assert stored.cells[0].execution_count == 1
    assert text == notebooks.normal_text(stored)


@pytest.mark.slow
def test_record_leaves_a_failing_chapter_as_it_was(root, quiet):
    path = write_chapter(
        root, "tea", v4.new_code_cell("print(1)"), v4.new_code_cell("1/0")
    )
    before = path.read_bytes()
    run = notebooks.record(path, root)
    assert "cell 2 of 2 ([2]) raised:" in run.problem
    assert path.read_bytes() == before
    assert [f.name for f in path.parent.iterdir()] == ["tea.ipynb"]


@pytest.mark.slow
def test_seeds_run_once_and_tell_what_failed(root, capsys, quiet):
    source = (
        "from utils.claims import claim\n"
        "from utils.seeds import book_seed\n"
        "claim('small', book_seed(), at_most=2, null=9)\n"
        "claim('always', 1, at_least=0)"
    )
    path = write_chapter(root, "odd", v4.new_code_cell(source))
    runs = seeds.run_seeds(path, range(2, 4), root=root)
    text, good = seeds.report(runs)
    assert "[failed: 3]" in text and "[not reached: 3]" in text
    assert not good
    assert "2 of 2 seeds to run" in capsys.readouterr().out
    assert seeds.run_seeds(path, range(2, 4), root=root) == {
        seed: json.loads(json.dumps(run)) for seed, run in runs.items()
    }
    assert "0 of 2 seeds to run" in capsys.readouterr().out


@pytest.mark.slow
def test_interrupted_execution_ends_its_kernel(root, tmp_path, quiet):
    pid = tmp_path / "pid"
    source = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    path = write_chapter(root, "tea", v4.new_code_cell(source))
    ask = (
        "import sys; from pathlib import Path; from tools import book\n"
        "path, root = map(Path, sys.argv[1:])\n"
        "book.execute([path], root=root)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", ask, path, root],
        cwd=chapters.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()):
        assert time.monotonic() < end
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 1
    assert errors.strip() == "interrupted; what had finished is kept"
    gone = subprocess.run(["kill", "-0", pid.read_text()], capture_output=True)
    assert gone.returncode != 0
    assert book.facts_of(path, root) == {}


# nbval: what is compared and what is not


def nbval(tmp_path, source, *outputs):
    """Run nbval with the house's hooks on one stored cell."""
    folder = tmp_path / "chapters"
    folder.mkdir()
    hooks = (chapters.ROOT / "chapters" / "conftest.py").read_text()
    (folder / "conftest.py").write_text(hooks)
    cell = v4.new_code_cell(source, outputs=list(outputs), execution_count=1)
    notebook = v4.new_notebook(
        cells=[cell], metadata={"kernelspec": dict(KERNEL)}
    )
    (folder / "tea.ipynb").write_text(notebooks.normal_text(notebook))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = checks.NBVAL[checks.NBVAL.index("--nbval") : -2]
    rules = str(chapters.ROOT / "tests" / "nbval_sanitize.cfg")
    pytest_here = [sys.executable, "-m", "pytest", "-c", "pytest.ini"]
    run = subprocess.run(
        [*pytest_here, *options, rules, "chapters"],
        cwd=tmp_path,
        env=execute.environment(),
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def displayed(**data):
    return v4.new_output("display_data", data)


CLAIMED = "from utils.claims import claim\nclaim('warm', 61, at_least=50)"
DRAWN = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, output, code",
    [
        ("print('tea')", printed("tea\n"), 0),
        ("print('tea')", printed("milk\n"), 1),
        ("print('took 12.5 ms at 0xff12')", printed("took 3 s at 0x1\n"), 0),
        (
            CLAIMED,
            displayed(
                **{"text/plain": "✓ warm\n  at least 50 · measured 58 · null"}
            ),
            0,
        ),
        (
            CLAIMED,
            displayed(**{"text/plain": "✓ warm\n  at least 40 · measured 61"}),
            1,
        ),
        (DRAWN, displayed(**{"text/plain": "<Figure size 1x1>"}), 0),
        (
            "from IPython.display import display\n"
            "display({'image/png': 'iVBORw0KGgo='}, raw=True)",
            displayed(**{"image/png": "iVBORw0KGgo="}),
            0,
        ),
    ],
)
def test_nbval_compares_text_alone(source, output, code, tmp_path, quiet):
    returned, text = nbval(tmp_path, source, output)
    assert returned == code, text


# seeds: the table


def claims_of(*values, words="warm", at_least=50.0):
    made = [Claim(words, v, at_least=at_least) for v in values]
    bundle = [
        v4.new_output("display_data", c._repr_mimebundle_()) for c in made
    ]
    return seeds.claims_in([v4.new_code_cell("", outputs=bundle)])


def test_claims_in_by_hand():
    found = claims_of(61.0, 40.0)
    assert list(found) == ["cell 1, 1", "cell 1, 2"]
    assert [r["measured"] for r in found.values()] == [61.0, 40.0]
    assert found["cell 1, 2"]["margin"] == 40.0 - 50.0
    assert seeds.claims_in([v4.new_markdown_cell("text")]) == {}


def seed_run(*values, errors=(), **options):
    found = claims_of(*values, **options)
    return {"claims": found, "errors": list(errors), "seconds": 2.0}


def test_table_by_hand():
    runs = {1: seed_run(61.0), 2: seed_run(52.0), 4: seed_run(40.0)}
    _, line = seeds.table(runs).splitlines()
    words = line.split()
    assert words[:4] == ["2/3", "at", "least", "50"]
    assert words[4:8] == ["40", "52", "61", "-10"]  # least … most, margin
    assert line.endswith("warm [failed: 4]")


def test_a_claim_not_reached_did_not_hold():
    runs = {1: seed_run(61.0, 62.0), 2: seed_run(61.0)}
    text, good = seeds.report(runs)
    assert "1/2" in text and "warm [not reached: 2]" in text
    assert not good


def test_table_of_nan():
    text, good = seeds.report({1: seed_run(float("nan"))})
    assert "nan" in text
    assert not good


def test_report_with_and_without_errors():
    text, good = seeds.report({1: seed_run(61.0), 2: seed_run(70.0)})
    assert good
    assert text.endswith(
        "1 claims, 2 seeds, 0 errors; 2 s a seed, at most 2 s"
    )
    text, good = seeds.report({3: seed_run(61.0, errors=["cell 1: KeyError"])})
    assert "seed 3: cell 1: KeyError" in text
    assert not good


def test_summary_keeps_errors_that_are_no_claims():
    def failed(name):
        return v4.new_output("error", ename=name, evalue="a\nb", traceback=[])

    cells = [
        v4.new_code_cell("", outputs=[failed("ClaimError")]),
        v4.new_code_cell("", outputs=[failed("KeyError")]),
    ]
    run = execute.Run(None, v4.new_notebook(cells=cells), 2.0, 0.1, "")
    assert seeds.summary(run)["errors"] == ["cell 2 of 2 ([2]): KeyError: a"]


# checks: stages


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


# set-up and lock


def test_set_up_is_wanted_again_when_the_lock_changes(root):
    before = setup.wanted(root)
    assert setup.wanted(root) == before
    append(root / "requirements.lock")
    changed = setup.wanted(root)
    append(root / "pyproject.toml")
    assert len({before, changed, setup.wanted(root)}) == 3


def test_set_up_that_fails_leaves_no_stamp(root, monkeypatch):
    stamp = root / ".venv" / "set-up-done"
    stamp.parent.mkdir()
    stamp.write_text("of another lock")
    steps = [("trying", python("raise SystemExit(1)"))]
    monkeypatch.setattr(setup, "steps", lambda *_: steps)
    with pytest.raises(SystemExit, match="set-up failed while trying"):
        setup.main(root)
    assert not stamp.exists()
    monkeypatch.setattr(setup, "steps", lambda *_: [("trying", python(""))])
    setup.main(root)
    assert stamp.read_text() == setup.wanted(root)
    monkeypatch.setattr(setup, "steps", lambda *_: 1 / 0)  # not called again
    setup.main(root)


def test_set_up_refuses_an_old_python(root, monkeypatch):
    monkeypatch.setattr(setup, "VERSION", (3, 10))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        setup.main(root)


def test_torch_is_pinned_first(root):
    assert setup.torch_pin(root) == "torch==2.13.0"
    (root / "requirements.lock").write_text("numpy==2.4.6\n")
    with pytest.raises(SystemExit, match="pins no torch"):
        setup.torch_pin(root)


def test_lock_text_by_hand():
    freeze = (
        "torch==2.13.0+cpu\n-e git+file:///x#egg=y\nnvidia-nccl-cu13==2.1\n"
        "# comment\nAlabaster==1.0\nlocal @ file:///tmp/x.whl\n"
    )
    assert lock.lock_text(freeze) == "Alabaster==1.0\ntorch==2.13.0\n"


def test_the_lock_pins_every_direct_package():
    pins = {}
    for name in ("requirements.in", "requirements.lock"):
        lines = (chapters.ROOT / name).read_text().splitlines()
        wanted = [li for li in lines if li and not li.startswith("#")]
        pins[name] = {
            line.partition("==")[0].lower().replace("_", "-"): line
            for line in wanted
        }
    for name, line in pins["requirements.in"].items():
        assert name in pins["requirements.lock"], f"{name}: run `make lock`"
        version = line.partition("==")[2]
        locked = pins["requirements.lock"][name]
        assert not version or locked.endswith(f"=={version}"), locked
