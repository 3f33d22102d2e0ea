"""The house style and its two kinds of figure."""

import re
from itertools import pairwise

import matplotlib
import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tests.contrast import contrast
from tools import execute
from utils import plots


@pytest.fixture
def ax():
    with matplotlib.rc_context():
        plots.use_house_style()
        yield Figure(figsize=(6, 4)).subplots()


# use_house_style


def test_contrast_by_hand():
    assert contrast("white", "black") == pytest.approx(1.05 / 0.05)
    assert contrast("white", "white") == 1


@pytest.mark.parametrize("page", ["white", "black", "#121212"])
def test_every_colour_reads_on_both_pages(page, ax):
    cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    colours = {
        plots.INK,
        plots.GREY,
        plots.ACCENT,
        plots.ACCENT_2,
        *cycle,
        *(
            matplotlib.rcParams[name]
            for name in ("text.color", "axes.labelcolor", "axes.edgecolor")
        ),
    }
    low = {c: contrast(c, page) for c in colours if contrast(c, page) < 3.5}
    assert not low


def test_style_paints_nothing_behind(ax):
    assert ax.get_facecolor()[3] == 0
    assert matplotlib.rcParams["savefig.transparent"] is True
    assert not ax.spines["top"].get_visible()
    assert not ax.spines["right"].get_visible()


@pytest.mark.slow
def test_jupyter_shows_a_figure_as_svg_alone(tmp_path):
    cells = [
        "import matplotlib.pyplot as plt\nfrom utils import plots\n"
        "plots.use_house_style()",
        "plt.plot([1, 2])\nplt.show()",
        "plt.plot([1, 2]);",
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    nbformat.write(notebook, tmp_path / "small.ipynb")
    run = execute.run_one(tmp_path / "small.ipynb", root=tmp_path)
    assert run.problem == ""
    shown = [
        set(output.data) for c in run.notebook.cells for output in c.outputs
    ]
    assert shown == [{"text/plain", "image/svg+xml"}] * 2


# svg


def drawn(marks=10):
    """SVG of a figure with what figures have: clips, markers, formulas."""
    with matplotlib.rc_context():
        plots.use_house_style()
        ax = Figure().subplots()
        ax.plot(range(marks), range(marks), "o-", label="line")
        ax.fill_between([0, 9], [0, 9], [2, 11], alpha=0.2)
        ax.set(yscale="log", ylim=(1, 1e7), xlabel="x & y")
        plots.label_lines(ax)
        return plots.svg(ax.figure)


def test_svg_of_the_same_drawing_is_the_same_text():
    assert drawn() == drawn()
    assert not re.search("date|Matplotlib|creator", drawn())


def test_svg_keeps_words_as_text_in_a_font_that_every_browser_has():
    assert ">x &amp; y</text>" in drawn()
    families = re.findall(r"font-family: ([^;\"]*)", drawn())
    assert len(families) > 10
    assert all(family.endswith("sans-serif") for family in families)


def test_svg_is_cropped_to_what_is_drawn(ax):
    ax.figure.text(1.5, 0.5, "far out")
    width = re.search(r'<svg[^>]* width="([\d.]+)pt"', plots.svg(ax.figure))
    assert float(width[1]) > 1.5 * 6 * 72


@pytest.mark.parametrize("marks, pictures", [(1_000, 0), (1_001, 1)])
@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, x: ax.plot(x, x, "o"),
        lambda ax, x: ax.plot(x, x, "s-", label="line"),
        lambda ax, x: ax.scatter(x, x),
        lambda ax, x: ax.vlines(x, 0, x),
    ],
)
def test_svg_of_many_marks_has_one_picture(ax, draw, marks, pictures):
    draw(ax, np.arange(marks))
    assert plots.svg(ax.figure).count("<image") == pictures
    assert not any(a.get_rasterized() for a in ax.figure.findobj())


def test_svg_counts_the_marks_of_each_artist_alone(ax):
    for shift in range(3):
        ax.plot(np.arange(600) + shift, "o")
    ax.plot(np.arange(5_000))  # a line without marks
    assert "<image" not in plots.svg(ax.figure)


def test_svg_leaves_rasterised_what_its_maker_rasterised(ax):
    (line,) = ax.plot(np.arange(2_000), "o", rasterized=True)
    assert plots.svg(ax.figure).count("<image") == 1
    assert line.get_rasterized()


# spread_out


@pytest.mark.parametrize(
    "places, gap, expected",
    [
        ([0.0, 5.0], 2.0, [0.0, 5.0]),  # apart already
        ([1.0, 1.0], 2.0, [1.0 - 2 / 2, 1.0 + 2 / 2]),  # half the gap each
        ([5.0, 0.0], 2.0, [5.0, 0.0]),  # any order
        ([0.0, 0.0, 0.0], 1.0, [-1.0, 0.0, 1.0]),
        ([0.0, 1.0], 2.0, [0.5 - 1.0, 0.5 + 1.0]),  # about their mean
        ([3.0], 9.0, [3.0]),
        ([], 1.0, []),
    ],
)
def test_spread_out_by_hand(places, gap, expected):
    got = plots.spread_out(np.array(places), gap=gap)
    assert got == pytest.approx(np.array(expected))


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=8),
    st.floats(0, 20),
)
def test_spread_out_keeps_order_mean_and_gap(places, gap):
    places = np.array(places)
    got = plots.spread_out(places, gap=gap)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(got[order]) >= gap - 1e-9)
    assert got.mean() == pytest.approx(places.mean(), abs=1e-9)


def test_spread_out_is_the_nearest():
    from scipy.optimize import minimize

    places, gap = np.array([0.0, 0.3, 1.0, 1.1, 4.0]), 0.8
    best = minimize(
        lambda y: ((y - places) ** 2).sum(),
        np.arange(5.0) * 2,
        constraints={"type": "ineq", "fun": lambda y: np.diff(y) - gap},
        method="SLSQP",
    )
    assert plots.spread_out(places, gap=gap) == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize(
    "places, gap, message",
    [
        ([np.nan], 1.0, "finite"),
        ([0.0], -1.0, "at least 0, got -1"),
    ],
)
def test_spread_out_refuses(places, gap, message):
    with pytest.raises(ValueError, match=message):
        plots.spread_out(np.array(places), gap=gap)


# label_lines


def heights(ax, labels):
    """(n, 2) lower and upper edge of each label in pixels, lowest first."""
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in labels]
    return sorted((box.y0, box.y1) for box in boxes)


def test_label_lines_at_the_end_in_the_colour_of_the_line(ax):
    ax.plot([0, 1], [0, 1], color=plots.GREY, label="up")
    (label,) = plots.label_lines(ax)
    assert label.get_text() == "up"
    assert tuple(label.xy) == (1, 1)
    assert label.get_color() == plots.GREY
    assert label.xyann[1] == pytest.approx(0)  # nothing to avoid


def test_label_lines_do_not_touch(ax):
    for i in range(4):
        ax.plot([0, 1], [0, 1 + i / 1000], label=f"line {i}")
    edges = heights(ax, plots.label_lines(ax))
    assert all(one[1] < two[0] for one, two in pairwise(edges))


def test_label_lines_skips_nan_at_the_end_and_unlabelled(ax):
    ax.plot([0, 1, 2], [0, 1, np.nan], label="short")
    ax.plot([0, 2], [0, 0])
    (label,) = plots.label_lines(ax)
    assert tuple(label.xy) == (1, 1)


@pytest.mark.parametrize(
    "lines, gap, message",
    [
        ([], 1.0, "no line has a label"),
        ([("a", [1.0])], 0.0, "gap must be above 0, got 0"),
        ([("a", [np.nan])], 1.0, "line 'a' has no finite point"),
    ],
)
def test_label_lines_refuses(ax, lines, gap, message):
    for name, values in lines:
        ax.plot(values, label=name)
    with pytest.raises(ValueError, match=message):
        plots.label_lines(ax, gap=gap)


# interval_dots


def test_interval_dots_by_hand(ax):
    plots.interval_dots(ax, ["a", "b"], [0.5, 0.0], [0.2, -0.3], [0.9, 0.4])
    grey, accent = ax.collections
    assert [s.tolist() for s in grey.get_segments()] == [
        [[-0.3, 0.0], [0.4, 0.0]]  # b, lower row: its interval holds zero
    ]
    assert [s.tolist() for s in accent.get_segments()] == [
        [[0.2, 1.0], [0.9, 1.0]]
    ]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_yticks().tolist() == [1, 0]  # first name on top


def test_interval_dots_leaves_a_row_with_nan_empty(ax):
    plots.interval_dots(ax, ["a"], [np.nan], [np.nan], [np.nan])
    ax.figure.canvas.draw()
    grey, accent = ax.collections
    assert len(accent.get_segments()) == 0
    assert all(len(segment) == 0 for segment in grey.get_segments())


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((["a"], [1], [0], [0.5]), "'a' lies outside its interval: 1.0"),
        ((["a"], [1], [2], [3]), "'a' lies outside its interval: 1.0"),
        ((["a", "b"], [1], [0], [2]), r"got \[2, 1, 1, 1\]"),
        (([], [], [], []), r"got \[0, 0, 0, 0\]"),
    ],
)
def test_interval_dots_refuses(ax, arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.interval_dots(ax, *arguments)


# band


def test_band_by_hand(ax):
    plots.band(ax, [1, 2], [0.0, 1.0], [0.5, 3.0], color=plots.ACCENT)
    (drawn,) = ax.collections
    corners = {tuple(point) for point in drawn.get_paths()[0].vertices}
    assert corners == {(1, 0.0), (2, 1.0), (2, 3.0), (1, 0.5)}
    assert drawn.get_facecolor()[0, :3] == pytest.approx(to_rgb(plots.ACCENT))


def test_band_lies_below_the_lines_and_labels_nothing(ax):
    ax.plot([1, 2], [0, 1], label="up")
    plots.band(ax, [1, 2], [0, 0], [1, 2], color=plots.ACCENT)
    assert ax.collections[0].get_zorder() < ax.lines[0].get_zorder()
    assert [label.get_text() for label in plots.label_lines(ax)] == ["up"]


def test_band_of_nothing_draws_nothing(ax):
    plots.band(ax, [], [], [], color=plots.ACCENT)
    assert not ax.collections


def test_band_refuses(ax):
    with pytest.raises(ValueError, match=r"alike, got \(2,\), \(1,\) and \(2"):
        plots.band(ax, [1, 2], [0], [1, 2], color=plots.GREY)
    with pytest.raises(ValueError, match=r"not exceed high, got 3.0, 2.0"):
        plots.band(ax, [1, 2], [0, 3], [1, 2], color=plots.GREY)
