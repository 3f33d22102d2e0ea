"""Diagrams: drawn from their source, legible, in the theme's colours."""

import re
from copy import deepcopy
from xml.etree import ElementTree

import pytest

from tools import diagram

SOURCES = diagram.sources(diagram.ROOT)
GRID = {"column": 100, "row": 50, "gap": [20, 30]}
SMALL = {
    "title": "Small",
    "desc": "Two boxes",
    "grid": GRID,
    "boxes": [
        {"id": "a", "at": [0, 0], "label": "One"},
        {"id": "b", "at": [1, 0], "label": "Two"},
    ],
}
SVG = "{http://www.w3.org/2000/svg}"


def with_(**more):
    return {**deepcopy(SMALL), **more}


def test_there_are_diagrams():
    assert SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_drawing_is_what_its_source_draws(path):
    assert path.with_suffix(".svg").read_text("utf-8") == diagram.draw(path), (
        "run python -m tools.diagram"
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_drawing_has_words_and_the_colours_of_the_theme(path):
    words = path.with_suffix(".svg").read_text("utf-8")
    root = ElementTree.fromstring(words)
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    texts = [root.find(f"{SVG}{name}") for name in ("title", "desc")]
    assert [node.get("id") for node in texts] == named
    assert all(node.text.strip() for node in texts)
    colours = re.findall(r"(?:fill|stroke): ([^;]+);", words)
    assert len(colours) > 10
    assert all(c == "none" or c.startswith("var(--pst-") for c in colours)


def test_text_width_by_hand():
    # i 222, W 944 thousandths of 10 px, and 7 % for wider fonts
    assert diagram.text_width("iW", 10) == pytest.approx(
        (0.222 + 0.944) * 10 * 1.07
    )
    assert diagram.text_width("", 10) == 0
    assert diagram.text_width("a", 10, bold=True) > diagram.text_width("a", 10)
    # what the table does not know counts as a full square
    assert diagram.text_width("漢", 10) == pytest.approx(10 * 1.07)


@pytest.mark.parametrize(
    "start, end, exit_, enter, corners",
    [
        ((0, 0), (9, 0), "right", "left", []),
        ((0, 0), (0, 9), "bottom", "top", []),
        ((0, 0), (10, 6), "right", "left", [(5, 0), (5, 6)]),
        ((0, 0), (10, 6), "bottom", "top", [(0, 3), (10, 3)]),
        ((0, 0), (10, 6), "right", "top", [(10, 0)]),
        ((0, 0), (10, 6), "bottom", "left", [(0, 6)]),
        ((0, 0), (4, 6), "right", "right", [(4 + 18, 0), (4 + 18, 6)]),
        ((0, 0), (4, 6), "left", "left", [(0 - 18, 0), (0 - 18, 6)]),
        ((0, 0), (4, 6), "bottom", "bottom", [(0, 6 + 18), (4, 6 + 18)]),
    ],
)
def test_route_by_hand(start, end, exit_, enter, corners):
    points = diagram.route(start, end, exit_, enter)
    assert points[0] == start
    assert points[-1] == end
    assert [p for p in points[1:-1] if p not in (start, end)] == [
        p for p in corners if p not in (start, end)
    ]


def test_render_places_boxes_on_the_grid():
    source = with_(arrows=[{"from": "a", "to": "b"}])
    root = ElementTree.fromstring(diagram.render(source, "small"))
    left = [float(r.get("x")) for r in root.iter(f"{SVG}rect")]
    assert left == [0, 100 + 20]
    (line,) = root.iter(f"{SVG}path")
    assert line.get("d") == "M100 25 L120 25"
    assert root.get("viewBox") == "-14 -14 248 78"  # margins of 14 around


def box(name, at, label="Box"):
    return {"id": name, "at": at, "label": label}


BROKEN = [
    (
        with_(boxes=[box("a", [0, 0], "Far too many words for it")]),
        "box 'a': 'Far too many words for it' needs ",
    ),
    (
        with_(boxes=[{**box("a", [0, 0]), "note": ["x", "y", "z"]}]),
        "box 'a': 4 lines are too many",
    ),
    (
        with_(boxes=[box("a", [0, 0]), box("b", [0.5, 0])]),
        "box 'b' overlaps 'a'",
    ),
    (
        with_(boxes=[box("a", [0, 0]), box("a", [1, 0])]),
        "two boxes have the id 'a'",
    ),
    (with_(arrows=[{"from": "a", "to": "c"}]), "no box has the id 'c'"),
    (
        with_(
            boxes=[box(n, [i, 0]) for i, n in enumerate("abc")],
            arrows=[{"from": "a", "to": "c"}],
        ),
        "arrow a -> c runs through 'b'",
    ),
    (
        with_(arrows=[{"from": "b", "to": "a", "exit": "right"}]),
        "arrow b -> a runs through",
    ),
    (
        with_(arrows=[{"from": "a", "to": "b", "label": "long words"}]),
        "label 'long words' overlaps",
    ),
    (with_(arrow=[]), "unknown key 'arrow'"),
    (
        with_(boxes=[{**box("a", [0, 0]), "kind": "round"}]),
        "box 'a': unknown kind 'round'",
    ),
    (
        with_(
            boxes=[box("a", [0, 0]), box("b", [0, 2])],
            groups=[{"label": "all of it here", "around": ["a"]}],
            arrows=[{"from": "a", "to": "b", "leave_at": 0.8}],
        ),
        "runs through 'all of it here'",
    ),
]


@pytest.mark.parametrize("source, message", BROKEN)
def test_what_could_not_be_read_is_an_error(source, message):
    with pytest.raises(diagram.DiagramError, match=re.escape(message)):
        diagram.render(source, "broken")


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text("title: T\n", "utf-8")
    with pytest.raises(diagram.DiagramError, match=r"bad\.yml: 'boxes'"):
        diagram.draw(path)
