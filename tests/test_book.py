"""The chapters as files: normal form, headings, contents, imports.

Each rule is a function that returns complaints, so that it can be tried on
a notebook that breaks it; every complaint names file and cell.
"""

import re

import nbformat
import pytest
from nbformat import v4

from tools.chapters import (
    ROOT,
    as_python,
    imported,
    in_toc,
    parsed,
    title,
    utils_files,
)
from tools.execute import where
from tools.notebooks import is_dropped, normal_text

CHAPTERS = sorted(
    path
    for path in (ROOT / "chapters").rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
PAGES = sorted((ROOT / "chapters").rglob("*.md"))
PIECES = sorted([*ROOT.glob("glossary/*.md"), *ROOT.glob("data/*/CARD.md")])

# CURRICULUM: exactly these words, in this order
HEADINGS = [
    "In five minutes",
    "1. Clarify requirements",
    "2. Frame the problem as an ML task",
    "3. Prepare the data",
    "4. Develop the model",
    "5. Evaluate",
    "6. Deploy and serve",
    "7. Monitor and maintain",
    "Claims checked",
    "Change the constraint",
    "What an interviewer also asks",
    "Exercises",
    "Quiz",
    "Redraw it",
    "What this world cannot tell you",
    "Further reading",
]
WIDTH = 79


def unexecuted(cells):
    """Under `make nbval` a cell without a count is not compared."""
    return [
        f"{where(cells, i)}: was not executed; run `make record`"
        for i, cell in enumerate(cells)
        if cell.cell_type == "code" and cell.execution_count is None
    ]


def silenced(cells):
    """A last `;` hides an output in a run of the book, not under nbval."""
    return [
        f"{where(cells, i)}: ends with ';'; assign to _ instead"
        for i, cell in enumerate(cells)
        if cell.cell_type == "code" and cell.source.rstrip().endswith(";")
    ]


def wide_lines(cells):
    """A longer line scrolls sideways on the page."""
    return [
        f"{where(cells, i)}, line {n}: {len(line)} columns, at most {WIDTH}"
        for i, cell in enumerate(cells)
        for n, line in enumerate(cell.source.splitlines(), start=1)
        if cell.cell_type == "code" and len(line) > WIDTH
    ]


def pictures(cells):
    """Pictures are drawn again at build time, and would bloat the history."""
    found = []
    for i, cell in enumerate(cells):
        if cell.get("attachments"):
            found.append(f"{where(cells, i)}: holds an attached picture")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if any(map(is_dropped, data)) or "data:image/" in str(data):
                found.append(f"{where(cells, i)}: stores a picture or claim")
    return found


def stored_errors(cells):
    """A recorded chapter ran to its end."""
    return [
        f"{where(cells, i)}: stores {output.ename}: {output.evalue}"
        for i, cell in enumerate(cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def chapter_imports(cells):
    """A chapter stands alone: it imports from utils only."""
    found = []
    for i, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        tree = parsed(as_python(cell.source))
        runs = re.search(r"^\s*%run\b|\.ipynb\b", cell.source, re.M)
        if any(imported(tree, top="chapters")) or runs:
            found.append(f"{where(cells, i)}: uses another chapter")
    return found


def headings(cells):
    """Level-two headings of the Markdown cells, fences left out."""
    found = []
    for i, cell in enumerate(cells):
        fenced = None
        for line in cell.source.splitlines():
            mark = re.match(r"(`{3,}|~{3,}|:{3,})", line)
            if mark and fenced is None:
                fenced = mark[1]
            elif fenced and line.strip() == fenced:
                fenced = None
            elif fenced is None and line.startswith("## "):
                found.append((i, line[3:].strip()))
    return found


def heading_order(cells):
    """A case has the headings of the curriculum, in their order."""
    text = [c if c.cell_type == "markdown" else EMPTY for c in cells]
    have = headings(text)
    complaints, after = [], -1
    for words in HEADINGS:
        at = [n for n, (_, heading) in enumerate(have) if heading == words]
        if not at:
            complaints.append(f"no cell has the heading '## {words}'")
        elif at[0] <= after:
            place = where(cells, have[at[0]][0])
            complaints.append(f"{place}: '## {words}' comes too early")
        else:
            after = at[0]
    return complaints


def without_evidence(path, root=ROOT):
    """Rows that a case records are known under other seeds too."""
    cells = read(path).cells
    found = [
        where(cells, i)
        for i, cell in enumerate(cells)
        if cell.cell_type == "code"
        and re.search(r"\bevidence\.record\(", cell.source)
    ]
    if not found or (root / "evidence" / f"{path.stem}.csv").exists():
        return []
    return [f"{found[0]}: records rows; run `make seeds C={path.stem}`"]


EMPTY = v4.new_markdown_cell("")
RULES = [
    *(unexecuted, silenced, wide_lines, pictures),
    *(stored_errors, chapter_imports),
]


def refuse(path, complaints):
    lines = [f"{title(path)}, {words}" for words in complaints]
    assert not complaints, "\n" + "\n".join(lines)


def read(path):
    return nbformat.read(path, as_version=4)


# the chapters


def test_there_are_chapters():
    assert CHAPTERS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path, rule):
    refuse(path, rule(read(path).cells))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_normal_form(path):
    have = path.read_text("utf-8").splitlines()
    want = normal_text(read(path)).splitlines()
    same = [a == b for a, b in zip(have, want, strict=False)]
    first = same.index(False) + 1 if False in same else len(same) + 1
    # which cell the first differing line belongs to
    cell = sum('"cell_type":' in line for line in have[:first])
    assert have == want and path.read_text("utf-8").endswith("}\n"), (
        f"{title(path)}, cell {cell}, line {first} is not in normal form; "
        f"run `make record C={path.stem}`"
    )


@pytest.mark.parametrize(
    "path",
    [path for path in CHAPTERS if path.parent.name == "cases"],
    ids=lambda path: path.stem,
)
def test_case_has_its_headings(path):
    refuse(path, heading_order(read(path).cells))


@pytest.mark.parametrize(
    "path",
    [path for path in CHAPTERS if path.parent.name == "cases"],
    ids=lambda path: path.stem,
)
def test_case_that_records_has_evidence(path):
    refuse(path, without_evidence(path))


# what `make new` left to write


def left_to_do(path):
    """Lines that still say TODO; a chapter's by cell."""
    if path.suffix == ".ipynb":
        cells = read(path).cells
        texts = [
            (where(cells, i), cell.source) for i, cell in enumerate(cells)
        ]
    else:
        texts = [("", path.read_text("utf-8"))]
    return [
        f"{place or 'line ' + str(n)}: still says {line.strip()}"
        for place, text in texts
        for n, line in enumerate(text.splitlines(), start=1)
        if "TODO" in line
    ]


WRITTEN = [
    *CHAPTERS,
    *PAGES,
    *PIECES,
    *sorted((ROOT / "references").glob("*.bib")),
    *sorted((ROOT / "chapters").rglob("diagrams/*.yml")),
    *sorted((ROOT / "study").glob("*.yml")),
    *sorted((ROOT / "utils").rglob("*.py")),
    *sorted((ROOT / "tests" / "worlds").glob("*.py")),
]


@pytest.mark.parametrize("path", WRITTEN, ids=title)
def test_nothing_is_left_to_do(path):
    refuse(path, left_to_do(path))


# names that pages refer to


def labels(path):
    """Names of figures: of code cells, and in directives."""
    found = []
    for cell in read(path).cells:
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        found += [figure["name"]] if "name" in figure else []
        found += re.findall(r"^:name: (\S+)", cell.source, re.M)
    return found


def test_a_label_belongs_to_one_place():
    places = {}
    for path in CHAPTERS:
        for label in labels(path):
            places.setdefault(label, []).append(title(path))
    twice = {label: at for label, at in places.items() if len(at) > 1}
    assert not twice, f"labels in several places: {twice}"


@pytest.mark.parametrize("path", [*CHAPTERS, *PAGES, *PIECES], ids=title)
def test_terms_have_no_straight_apostrophe(path):
    # the glossary is set with typographic ones: a straight one is not found
    terms = re.findall(r"\{term\}`[^`\n]*'[^`]*`", path.read_text("utf-8"))
    assert not terms, f"write ’ in {terms}"


# the table of contents


def test_every_document_of_the_toc_exists():
    files = {title(path.with_suffix("")) for path in CHAPTERS + PAGES}
    files |= {path.stem for path in ROOT.glob("*.md")}
    missing = [name for name in in_toc() if name not in files]
    assert not missing, f"_toc.yml names files that do not exist: {missing}"


def test_every_chapter_is_in_the_toc():
    files = [path.relative_to(ROOT) for path in CHAPTERS + PAGES]
    names = set(in_toc())
    left = [str(f) for f in files if str(f.with_suffix("")) not in names]
    assert not left, f"files that _toc.yml does not name: {left}"


def test_no_two_chapters_have_one_name():
    """Practice, terms, works and evidence are found by it."""
    names = [path.stem for path in CHAPTERS + PAGES]
    assert sorted(names) == sorted(set(names))


# the rooms of utils


@pytest.mark.parametrize(
    "room, forbidden",
    [
        ("worlds", "models"),
        ("models", "worlds"),
        ("worlds", "recommender"),
        ("recommender", "worlds"),
        ("models", "recommender"),  # which stands on models
        ("metrics", "recommender"),
        ("data", "recommender"),
    ],
)
def test_imports_between_rooms_run_one_way(room, forbidden):
    for path in sorted((ROOT / "utils" / room).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = module.removesuffix(".__init__")
        reached = utils_files([f"import {module}"])
        wrong = [f for f in reached if f.parent == ROOT / "utils" / forbidden]
        assert not wrong, f"{title(path)} imports {[*map(title, wrong)]}"


def test_utils_imports_no_chapter():
    for path in sorted((ROOT / "utils").rglob("*.py")):
        tree = parsed(path.read_text("utf-8"))
        wrong = [*imported(tree, top="chapters"), *imported(tree, top="tools")]
        assert not wrong, f"{title(path)} imports {wrong}"


# the rules themselves, on notebooks that break them


def code(source, outputs=(), count=1, **metadata):
    return v4.new_code_cell(
        source,
        outputs=list(outputs),
        execution_count=count,
        metadata=metadata,
    )


PICTURE = v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
PICTURE_IN_HTML = v4.new_output(
    "display_data", {"text/html": "<img src='data:image/png;base64,iVBO'>"}
)
FAILED = v4.new_output("error", ename="KeyError", evalue="7", traceback=[])
TEXT = v4.new_markdown_cell("# A chapter")


@pytest.mark.parametrize(
    "rule, cell, words",
    [
        (unexecuted, code("1", count=None), "was not executed"),
        (silenced, code("draw(); "), "ends with ';'; assign to _ instead"),
        (wide_lines, code("#" * 80), "line 1: 80 columns, at most 79"),
        (pictures, code("1", [PICTURE]), "stores a picture"),
        (pictures, code("1", [PICTURE_IN_HTML]), "stores a picture"),
        (stored_errors, code("1", [FAILED]), "stores KeyError: 7"),
        (chapter_imports, code("import chapters.cases"), "another chapter"),
        (chapter_imports, code("%run ../cases/x.ipynb"), "another chapter"),
    ],
)
def test_rule_refuses(rule, cell, words):
    (complaint,) = rule([TEXT, cell])
    assert complaint.startswith("cell 2 of 2 ([1])")
    assert words in complaint


def test_rules_accept_a_sound_chapter():
    line = v4.new_output("stream", name="stdout", text="hello\n")
    cells = [TEXT, code("#" * 79 + "\nfrom utils import seeds", [line])]
    cells.append(code("1/0", [FAILED], count=2, tags=["raises-exception"]))
    assert not any(rule(cells) for rule in RULES)


def test_evidence_is_wanted_where_rows_are_recorded(tmp_path):
    path = tmp_path / "tea.ipynb"
    recording = code("evidence.record('cups', value=1, trained=False)")
    nbformat.write(v4.new_notebook(cells=[TEXT, code("1")]), path)
    assert without_evidence(path, tmp_path) == []
    nbformat.write(v4.new_notebook(cells=[TEXT, recording]), path)
    (complaint,) = without_evidence(path, tmp_path)
    assert complaint == (
        "cell 2 of 2 ([1]): records rows; run `make seeds C=tea`"
    )
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "tea.csv").write_text("# lock: ab\n")
    assert without_evidence(path, tmp_path) == []


def case(words):
    return [v4.new_markdown_cell(f"text\n\n## {word}\n") for word in words]


def test_heading_order_refuses_what_is_missing_or_moved():
    assert heading_order(case(HEADINGS)) == []
    assert heading_order(case(["Aside", *HEADINGS])) == []
    assert heading_order(case(HEADINGS[:-1])) == [
        "no cell has the heading '## Further reading'"
    ]
    swapped = [HEADINGS[1], HEADINGS[0], *HEADINGS[2:]]
    assert heading_order(case(swapped)) == [
        "cell 1 of 16: '## 1. Clarify requirements' comes too early"
    ]


def test_headings_in_fences_and_code_do_not_count():
    fence = v4.new_markdown_cell("```text\n## Quiz\n```\n## Real")
    assert headings([fence]) == [(0, "Real")]
    cells = case(HEADINGS)
    cells[HEADINGS.index("Quiz")] = code("## Quiz")
    assert heading_order(cells) == ["no cell has the heading '## Quiz'"]
