"""Figures in the pages: `_ext/pictures.py`, and the colours they wear."""

import re
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.contrast import contrast
from tools.chapters import ROOT
from utils import plots

sys.path.insert(0, str(ROOT / "_ext"))

import pictures

CSS = (ROOT / "_static" / "book.css").read_text("utf-8")
SVG = """<?xml version="1.0"?>
<!DOCTYPE svg>
<svg xmlns:xlink="x" width="30pt" height="20pt" viewBox="0 0 30 20" xmlns="y">
 <defs><style type="text/css">*{a: b}</style></defs>
 <g id="figure_1">
  <path d="M 0 0
L 1 1
z
" style="fill: none"/>
  <!-- $10^3$ -->
  <path id="m1" d="M 0 0" style="fill: #d1572c; stroke: #123456"/>
  <use xlink:href="#m1" clip-path="url(#p1)" style="fill: #767676"/>
  <text style="font-size: 9px; font-family: 'A', b; fill: #808080">a  b</text>
 </g>
 <defs>
  <clipPath id="p1"/>
 </defs>
</svg>
"""


# inline


def test_inline_by_hand():
    assert pictures.inline(SVG, words='a "b" < c', prefix="f-") == (
        '<svg class="plot" role="img" aria-label="a &quot;b&quot; &lt; c" '
        'viewBox="0 0 30 20" style="--plot-width: 40px">'  # 4/3 px a pt
        "<defs></defs><g>"
        '<path id="f-m1" d="M 0 0" '
        'style="fill: var(--plot-accent); stroke: #123456"/>'
        '<use xlink:href="#f-m1" clip-path="url(#f-p1)" '
        'style="fill: var(--plot-ink)"/>'
        '<text style="font-size: 9px; fill: var(--plot-grey)">a  b</text>'
        '</g><defs><clipPath id="f-p1"/></defs></svg>'
    )


@pytest.fixture(scope="module")
def drawn():
    """SVG of a figure with clips, markers, a formula and a picture."""
    with matplotlib.rc_context():
        plots.use_house_style()
        ax = Figure().subplots()
        ax.plot([1, 2], [1, 2], "o-")
        ax.bar([1, 2], [1, 2], hatch="/")
        ax.plot(np.ones(2_000), "s")
        ax.set(yscale="log", ylim=(1, 1e7), xlabel="x & y")
        return plots.svg(ax.figure)


def test_inline_leaves_no_name_of_the_figure_alone(drawn):
    made = pictures.inline(drawn, words="w", prefix="f-")
    ids = re.findall(r'\bid="([^"]*)"', made)
    links = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', made)
    assert len(ids) == len(set(ids)) > 3
    assert {one or other for one, other in links} <= set(ids)
    assert all(name.startswith("f-") for name in ids)


def test_inline_leaves_no_colour_of_the_house(drawn):
    made = pictures.inline(drawn, words="w", prefix="f-")
    assert "<image" in made
    assert not set(re.findall(r"#[0-9a-f]{6}\b", made)) & set(
        pictures.VARIABLES
    )
    assert "var(--plot-ink)" in made


def test_inline_shows_the_same_words(drawn):
    def words(svg):
        return "".join(ElementTree.fromstring(svg).itertext()).split()

    made = pictures.inline(drawn, words="w", prefix="f-")
    named = made.replace("<svg ", '<svg xmlns:xlink="x" ', 1)
    shown = words(named)
    assert "&" in shown
    assert "".join(shown) == "".join(words(drawn)).replace(STYLE, "")


STYLE = "*{stroke-linejoin:round;stroke-linecap:butt}"


@pytest.mark.parametrize("svg", ["", "<svg></svg>", '<svg width="3em">'])
def test_inline_refuses(svg):
    with pytest.raises(ValueError, match="no <svg> with a width in pt"):
        pictures.inline(svg, words="w", prefix="f-")


# the colours


def test_every_colour_of_the_house_has_a_variable():
    with matplotlib.rc_context():
        plots.use_house_style()
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
        style = {
            f"#{value}"
            for name, value in matplotlib.rcParams.items()
            if "color" in name and re.fullmatch("[0-9a-f]{6}", str(value))
        }
    colours = {plots.INK, plots.GREY, plots.ACCENT, plots.ACCENT_2}
    colours |= style | {f"#{colour.lstrip('#')}" for colour in cycle}
    assert colours == set(pictures.VARIABLES)


def block(selector):
    """Variables that the style sheet sets in the block of a selector."""
    (rules,) = re.findall(re.escape(selector) + r" \{([^}]*)\}", CSS)
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", rules))


@pytest.mark.parametrize(
    "selector", ["html[data-theme]", 'html[data-theme="dark"]']
)
@pytest.mark.parametrize("name", sorted(pictures.VARIABLES.values()))
def test_every_variable_reads_on_the_page_and_on_a_box(name, selector):
    colours = block(selector)
    for page in ("--pst-color-background", "--pst-color-surface"):
        assert contrast(colours[name], colours[page]) >= 4.5
