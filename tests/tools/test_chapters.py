"""Which chapters there are, and what an execution depends on."""

import pytest

from tests.tools.tiny import append, edit, set_metadata, set_source
from tools import chapters


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
            lambda r, t: (r / "data/tea/manifest.json").write_text("{}"),
        ),
        (
            {"code", "data", "utils"},
            lambda r, t: edit(t, set_source(2, "load('milk')")),
        ),
        ({"evidence"}, lambda r, t: new(r / "evidence/tea.csv")),
        ({"lock"}, lambda r, t: append(r / "requirements.lock")),
        ({"evidence"}, lambda r, t: evidence(r, "tea")),
        # what must not
        (set(), lambda r, t: edit(t, set_source(0, "# Better prose"))),
        (
            set(),
            lambda r, t: edit(t, set_metadata(2, tags=["hide-input"])),
        ),
        (set(), lambda r, t: append(r / "utils/other.py")),
        (set(), lambda r, t: append(r / "utils/worlds/jug.py")),
        (set(), lambda r, t: append(r / "data/milk/jugs.parquet")),
        (set(), lambda r, t: append(r / "data/milk/manifest.json", " ")),
        (set(), lambda r, t: new(r / "data/tea/CARD.md")),
        (set(), lambda r, t: new(r / "glossary/tea.md")),
        (set(), lambda r, t: new(r / "references/tea.bib")),
        (set(), lambda r, t: new(r / "study/tea.yml")),
        (set(), lambda r, t: new(r / "evidence/milk.csv")),
        (set(), lambda r, t: append(r / "utils/house.mplstyle")),
        (set(), lambda r, t: new(r / "utils/words.txt")),
        (set(), lambda r, t: append(r / "pyproject.toml")),
        (set(), lambda r, t: evidence(r, "milk")),
    ],
)
def test_key_changes_with_what_matters_alone(kinds, change, root, tea):
    assert changed_kinds(root, tea, change) == kinds


def changed_kinds(root, tea, change):
    before = chapters.key(tea, root)
    change(root, tea)
    after = chapters.key(tea, root)
    return {kind for kind in before if before[kind] != after[kind]}


def new(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text("new")


def test_style_counts_where_something_is_drawn(root, tea):
    edit(tea, set_source(2, "from utils.brew import hot"))
    append(root / "utils/water.py", "from . import plots\n")  # at last
    style = root / "utils/house.mplstyle"
    assert changed_kinds(root, tea, lambda r, t: append(style)) == {"style"}


@pytest.mark.parametrize(
    "change, counts",
    [
        (lambda r, t: append(r / "utils/water.py"), True),
        (lambda r, t: append(r / "utils/house.mplstyle"), False),
        (lambda r, t: new(r / "evidence/tea.csv"), False),
    ],
)
def test_looks_are_no_part_of_what_numbers_depend_on(
    change, counts, root, tea
):
    edit(tea, set_source(2, "from utils import plots"))
    whole, before = chapters.key(tea, root), chapters.run_key(tea, root)
    change(root, tea)
    assert chapters.key(tea, root) != whole
    assert (chapters.run_key(tea, root) != before) == counts


def test_key_names_a_broken_manifest(root, tea):
    (root / "data/tea/manifest.json").write_text("{")
    with pytest.raises(SystemExit, match=r"data/tea/manifest.json is not JS"):
        chapters.key(tea, root)


def evidence(root, chapter):
    (root / "evidence").mkdir()
    (root / "evidence" / f"{chapter}.csv").write_text("# lock: ab\n")


def test_key_understands_magics(root, tea):
    edit(tea, set_source(1, "%matplotlib inline\nfrom utils import other"))
    before = chapters.key(tea, root)
    append(root / "utils/other.py")
    assert chapters.key(tea, root) != before
