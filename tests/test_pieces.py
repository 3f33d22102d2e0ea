"""Glossary, data cards and bibliography, put together from their pieces."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pybtex.database import parse_file

from tools.chapters import in_toc

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
sys.path.insert(0, str(ROOT / "_ext"))

import pieces  # noqa: E402

TEA = """\
tea
  Leaves in water; see {term}`milk`.

  Made in [step 1](/chapters/cases/tea.md#step).

Åbo blend
  A blend.
"""
MILK = """\
.. a comment
   of two lines

milk
  White.

cream
fat milk
  What rises.
"""
HOT = "@misc{hot1901,\n  title = {Hot}, author = {A. Kettle}, year = 1901\n}"
COLD = HOT.replace("hot1901", "cold1902").replace("Hot", "Cold")
CONFIG = f"""\
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
extensions = ["myst_parser", "pieces"]
myst_heading_anchors = 3
bibtex_cite_id = "cite-{{key}}"
html_theme = "basic"
"""
BOOK = {
    "index.md": "# Book\n\n{cite}`hot1901`, {term}`cream`\n\n```{toctree}\n"
    "terms\ncards\nbib\nchapters/cases/tea\nchapters/cases/milk\n```\n",
    "terms.md": "# Terms\n\n{count}`terms` in all.\n\n"
    "```{glossary-pieces}\n```\n",
    "cards.md": "# Cards\n\nWords.\n\n```{data-cards}\n```\n",
    "bib.md": "# Bib\n\n```{bibliography}\n:all:\n```\n",
    "chapters/cases/tea.md": "# Tea\n\n## Step\n",
    "chapters/cases/milk.md": "# Milk\n",
    "glossary/tea.md": TEA,
    "glossary/shared.md": MILK,
    "references/tea.bib": HOT,
    "references/milk.bib": COLD,
    "data/tea/CARD.md": "## tea\n\nFor {doc}`/chapters/cases/tea`.\n",
    "data/milk/CARD.md": "## milk\n\n**jugs**\n",
    "conf.py": CONFIG,
}


@pytest.fixture
def book(tmp_path):
    for name, text in BOOK.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def build(book):
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going"]
    exclude = ["-D", "exclude_patterns=glossary,data,references"]
    return subprocess.run(
        [*command, *exclude, "-q", ".", "_build"],
        cwd=book,
        text=True,
        capture_output=True,
    )


def test_examples_of_the_docstrings():
    assert doctest.testmod(pieces).failed == 0


def test_the_book_has_sound_pieces():
    assert pieces.faults(ROOT) == []
    terms = pieces.defined(pieces.glossary_files(ROOT), pieces.TERM)
    assert len(terms) >= 80


def test_keys_are_those_that_a_parser_finds():
    for path in pieces.bib_files(ROOT):
        names = [name for name, _ in pieces.defined([path], pieces.ENTRY)]
        assert names == list(parse_file(str(path)).entries), path.name


def test_what_pieces_define(book):
    terms = pieces.defined(pieces.glossary_files(book), pieces.TERM)
    assert terms == [
        ("milk", "glossary/shared.md:4"),
        ("cream", "glossary/shared.md:7"),
        ("fat milk", "glossary/shared.md:8"),
        ("tea", "glossary/tea.md:1"),
        ("Åbo blend", "glossary/tea.md:6"),
    ]
    assert pieces.defined(pieces.bib_files(book), pieces.ENTRY) == [
        ("cold1902", "references/milk.bib:1"),
        ("hot1901", "references/tea.bib:1"),
    ]
    assert pieces.faults(book) == []


@pytest.mark.parametrize(
    "name, text, words",
    [
        (
            "glossary/milk.md",
            "Tea\n  Again.\n",
            "'tea' stands in glossary/milk.md:1 and in glossary/tea.md:1",
        ),
        (
            "references/shared.bib",
            "\n" + HOT,
            "'hot1901' stands in references/shared.bib:2 and in "
            "references/tea.bib:1",
        ),
        ("glossary/cocoa.md", "", "glossary/cocoa.md belongs to no chapter"),
        ("references/x.bib", "", "references/x.bib belongs to no chapter"),
    ],
)
def test_faults_name_the_places(name, text, words, book):
    (book / name).write_text(text)
    assert pieces.faults(book) == [words]


@pytest.mark.slow
def test_pages_are_put_together(book):
    before = {p for p in book.rglob("*") if p.is_file()}
    made = build(book)
    assert made.returncode == 0, made.stderr
    outside = {p for p in book.rglob("*") if "_build" not in p.parts}
    assert {p for p in outside if p.is_file()} == before

    terms = (book / "_build/terms.html").read_text("utf-8")
    assert "5 terms in all." in terms
    order = re.findall(r'<dt id="([\w-]+)"', terms)
    assert order == ["term-Abo-blend", "term-cream", "term-fat-milk",
                     "term-milk", "term-tea"]  # fmt: skip
    assert terms.count("<dl") == 1 and "a comment" not in terms
    assert 'href="#term-milk"' in terms
    assert 'href="chapters/cases/tea.html#step"' in terms
    index = (book / "_build/index.html").read_text("utf-8")
    assert 'href="terms.html#term-cream"' in index
    assert 'href="bib.html#cite-hot1901"' in index

    cards = (book / "_build/cards.html").read_text("utf-8")
    sections = re.findall(r'<section id="(\w+)"', cards)
    assert sections == ["cards", "milk", "tea"]  # no table of contents here
    assert 'href="chapters/cases/tea.html"' in cards
    bib = (book / "_build/bib.html").read_text("utf-8")
    assert {*re.findall(r'id="cite-(\w+)"', bib)} == {"hot1901", "cold1902"}


@pytest.mark.slow
def test_a_term_twice_stops_the_build(book):
    (book / "glossary/milk.md").write_text("tea\n  Again.\n")
    made = build(book)
    assert made.returncode
    place = "'tea' stands in glossary/milk.md:1 and in glossary/tea.md:1"
    assert place in made.stderr
    assert not (book / "_build/terms.html").exists()


@pytest.mark.site
def test_data_cards_stand_in_reading_order():
    page = (SITE / "chapters/reference/data_cards.html").read_text("utf-8")
    sections = re.findall(r'<section id="([\w-]+)"', page)
    cases = [name for name in in_toc() if name.startswith("chapters/cases/")]
    ids = [Path(name).name.replace("_", "-") for name in cases]
    assert sections == ids
