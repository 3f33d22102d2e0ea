"""`make new`: an empty case that builds, and whose tests say what is left."""

import os
import re
import subprocess
import sys

import pytest

from tools import chapters, new
from tools.chapters import ROOT

TOC = """\
root: index
parts:
  - caption: Framework
    chapters:
      - file: chapters/framework/start
  - caption: Recommend
    chapters:
      - file: chapters/cases/tea
  - caption: Practice
    chapters:
      - file: chapters/practice/cards
  - caption: Reference
    chapters:
      - file: chapters/reference/claims
"""


def test_a_case_stands_last_in_its_part():
    got = new.in_contents(TOC, "milk", "Recommend")
    line = "      - file: chapters/cases/milk\n"
    after = "chapters/cases/tea\n"
    assert got == TOC.replace(after, after + line)
    last = new.in_contents(TOC, "milk", "Reference")
    assert last == TOC + line


def test_a_new_part_stands_before_practice():
    got = new.in_contents(TOC, "milk", "Search")
    part = (
        "  - caption: Search\n    chapters:\n"
        "      - file: chapters/cases/milk\n"
    )
    practice = "  - caption: Practice"
    assert got == TOC.replace(practice, part + practice)


@pytest.mark.parametrize(
    "case, world, words",
    [
        ("Fraud", "cards", "C='Fraud': must be words in lower case"),
        ("fraud", "a-b", "W='a-b': must be words in lower case"),
        ("fraud__x", "cards", "C='fraud__x'"),
        ("video_recommendation", "cards", "video_recommendation.yml is there"),
        ("fraud", "video", "utils/worlds/video.py is there already"),
        ("flashcards", "cards", "chapters/practice/flashcards.md is there"),
        ("results", "cards", "chapters/reference/results.md is there"),
    ],
)
def test_refuses_a_name_before_anything_is_written(case, world, words):
    with pytest.raises(SystemExit, match=re.escape(words)):
        new.planned(case, world, "Predict")


def test_wants_a_name():
    with pytest.raises(SystemExit, match="name the case"):
        new.main("", "", "")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A copy of the book."""
    root = tmp_path_factory.mktemp("book")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    return root


@pytest.fixture(scope="module")
def before(bare):
    """Every file and every chapter's key, as they are without the case."""
    return bytes_of(bare), keys_of(bare)


@pytest.fixture(scope="module")
def book(bare, before):
    """That copy with a new case."""
    run(bare, "-m", "tools.new", "tea_prices", "tea", "Predict")
    return bare


def bytes_of(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {"__pycache__", "_build"} & set(path.parts)
    }


def keys_of(root):
    return {path.stem: chapters.key(path, root)
            for path in chapters.notebooks(root)}  # fmt: skip


def run(root, *command, check=True):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environment,
        text=True,
        capture_output=True,
        check=check,
    )


@pytest.mark.slow
def test_it_touches_no_other_file_and_runs_no_other_chapter(before, book):
    files, keys = before
    after, later = bytes_of(book), keys_of(book)
    assert [n for n in files if after.get(n) != files[n]] == ["_toc.yml"]
    line = b"      - file: chapters/cases/tea_prices\n"
    assert after["_toc.yml"].replace(line, b"", 1) == files["_toc.yml"]
    new_names = {n for n in set(after) - set(files) if "tea" not in n}
    assert not new_names, "each file of the case bears its name"
    assert later.pop("tea_prices")
    assert len(keys) > 5 and later == keys


@pytest.mark.slow
def test_its_tests_say_what_is_left(book):
    tests = ["tests/test_book.py", "tests/worlds/test_tea.py"]
    tests += ["tests/data", "tests/test_study.py", "tests/test_diagrams.py"]
    relative = "test_imports_inside_utils_are_relative"
    tests += [f"tests/test_imports.py::{relative}", "tests/test_pieces.py"]
    got = run(book, "-m", "pytest", "-q", "-p", "no:cacheprovider",
              "-m", "not site", *tests,
              check=False)  # fmt: skip
    failed = sorted(re.findall(r"^FAILED (\S+)", got.stdout, re.M))
    assert failed == [
        "tests/test_book.py::test_case_that_records_has_evidence[tea_prices]"
    ] + [
        f"tests/test_book.py::test_nothing_is_left_to_do[{name}]"
        for name in (
            "chapters/cases/diagrams/tea_prices.yml",
            "chapters/cases/tea_prices.ipynb",
            "data/tea_prices/CARD.md",
            "glossary/tea_prices.md",
            "references/tea_prices.bib",
            "study/tea_prices.yml",
            "tests/worlds/test_tea.py",
            "utils/worlds/tea.py",
        )
    ] + ["tests/worlds/test_tea.py::test_what_the_log_hides"], got.stdout
    assert "still says TODO: objective, input, output, task" in got.stdout


@pytest.mark.slow
def test_it_builds(book):
    toc = "format: jb-book\nroot: index\nchapters:\n"
    names = ["framework/start_here", "reference/glossary", "cases/tea_prices"]
    toc += "".join(f"  - file: chapters/{name}\n" for name in names)
    (book / "_toc.yml").write_text(toc)
    # the front page links to chapters that this book leaves out
    (book / "index.md").write_text("# Tea\n\nOne case.\n")
    start = "# Start\n\nNothing yet.\n"
    (book / "chapters/framework/start_here.md").write_text(start)
    glossary = "# Glossary\n\nNothing yet.\n"
    (book / "chapters/reference/glossary.md").write_text(glossary)
    got = run(book, "-m", "tools.book", check=False)
    assert got.returncode == 0, got.stdout + got.stderr
    page = book / "_build/html/chapters/cases/tea_prices.html"
    assert "TODO: the condition" in page.read_text("utf-8")
