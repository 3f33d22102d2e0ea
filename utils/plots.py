"""The house style, and the two kinds of figure that every case needs.

The only module of `utils` that draws. Nothing is saved or shown here: a
chapter makes its figure, hands over the axes and shows it. In Jupyter it is
shown as SVG; in the book's pages the colours below become CSS variables.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# Each has a contrast of at least 3.5 to white and to black, for Jupyter.
# _ext/pictures.py knows them, _static/book.css has the colours of the book.
INK = "#767676"  # text and axes
GREY = "#808080"  # baselines
ACCENT = "#d1572c"  # the one line that the figure is about
ACCENT_2 = "#2a83b5"  # a second one, where it takes two

STYLE = Path(__file__).with_name("house.mplstyle")
MOST_MARKS = 1_000  # of one artist; more are stored as a picture


def use_house_style() -> None:
    """Set matplotlib's defaults, and SVG as the format shown in Jupyter.

    >>> use_house_style()
    >>> import matplotlib
    >>> matplotlib.rcParams["savefig.transparent"]
    True
    """
    import matplotlib.pyplot as plt
    from IPython import get_ipython
    from matplotlib.figure import Figure

    shell = get_ipython()
    if shell is not None:
        # The inline backend chooses its own format when it is loaded.
        plt.switch_backend(plt.get_backend())
        formatters = shell.display_formatter.formatters
        formatters["image/png"].pop(Figure, None)
        formatters["image/svg+xml"].for_type(Figure, svg)
    plt.style.use(STYLE)


def svg(figure: Figure) -> str:
    """SVG document of a figure; the same drawing commands, the same bytes.

    There is no date in it, and ids are hashes of what they name. Text stays
    text. An artist of more than `MOST_MARKS` marks is rasterised at 200
    dots an inch, and keeps the colours that it was drawn in.

    Args:
        figure: of matplotlib; its layout is computed, as in any drawing.

    Returns:
        The SVG document, cropped to what is drawn.

    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.text(0.5, 0.5, "words")
    >>> ">words</text>" in svg(figure)
    True
    """
    import matplotlib

    crowded = [
        artist
        for artist in figure.findobj()
        if _marks(artist) > MOST_MARKS and not artist.get_rasterized()
    ]
    file = io.StringIO()
    for artist in crowded:
        artist.set_rasterized(True)
    try:
        with matplotlib.rc_context(
            {"svg.fonttype": "none", "svg.hashsalt": "seven steps"}
        ):
            figure.savefig(
                file,
                format="svg",
                bbox_inches="tight",
                dpi=200,
                metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]),
            )
    finally:
        for artist in crowded:
            artist.set_rasterized(False)
    # Formulas name one font, and no kind of font where it is missing.
    return file.getvalue().replace("Sans';", "Sans', sans-serif;")


def _marks(artist: Artist) -> int:
    """Markers of a line, points of a scatter plot, shapes of a collection."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D

    if isinstance(artist, Line2D):
        has_marker = artist.get_marker() not in ("None", "none", "", " ", None)
        return len(artist.get_xdata()) if has_marker else 0
    if isinstance(artist, Collection):
        return max(len(artist.get_offsets()), len(artist.get_paths()))
    return 0


def label_lines(ax: Axes, *, gap: float = 1.25) -> list[Text]:
    """Label the lines of a figure at their right ends, in their colours.

    Labels that would touch are moved apart, up and down, in the order of
    the lines' ends. Lines without a label of their own are left alone.

    Args:
        ax: axes whose lines are drawn and whose limits are set; a later
            change of the limits leaves the labels where they are.
        gap: least distance of two labels, in heights of their text.

    Returns:
        The labels, in the order of the lines.

    Raises:
        ValueError: no line has a label; gap is not above 0.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> _ = ax.plot([0, 1], [0, 1], label="up")
    >>> [label.get_text() for label in label_lines(ax)]
    ['up']
    """
    if not gap > 0:
        raise ValueError(f"gap must be above 0, got {gap}")
    named = [
        line for line in ax.lines if not str(line.get_label()).startswith("_")
    ]
    if not named:
        raise ValueError("no line has a label")
    figure = ax.figure
    ends = np.array([_last_point(line) for line in named])  # (n, 2)
    scale = figure.dpi / 72
    size = _font_size()
    at = ax.transData.transform(ends)  # pixels
    spread = spread_out(at[:, 1], gap=gap * size * scale)
    return [
        ax.annotate(
            line.get_label(),
            xy=end,
            xytext=(6, (want - had) / scale),
            textcoords="offset points",
            color=line.get_color(),
            fontsize=size,
            va="center",
            annotation_clip=False,
        )
        for line, end, want, had in zip(
            named, ends, spread, at[:, 1], strict=True
        )
    ]


def spread_out(places: np.ndarray, *, gap: float) -> np.ndarray:
    """Places spread to a least distance, by isotonic regression.

    The nearest in the sum of squared moves, in the same order: the
    regression runs after the gaps are taken out.

    Args:
        places: (n,) wanted places, in any order; ties keep their order.
        gap: least distance between two neighbours.

    Returns:
        (n,) moved places, aligned with `places`.

    Raises:
        ValueError: a place is not finite; gap is negative.

    >>> spread_out(np.array([1.0, 1.0, 9.0]), gap=2.0)
    array([0., 2., 9.])
    """
    from scipy.optimize import isotonic_regression

    places = np.asarray(places, dtype=float)
    if not np.isfinite(places).all():
        raise ValueError(f"places must be finite, got {places.tolist()}")
    if not gap >= 0:
        raise ValueError(f"gap must be at least 0, got {gap}")
    order = np.argsort(places, kind="stable")
    rest = places[order] - gap * np.arange(len(places))
    moved = np.empty(len(places))
    moved[order] = isotonic_regression(rest).x + gap * np.arange(len(places))
    return moved


def interval_dots(
    ax: Axes,
    names: Sequence[str],
    estimates: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
) -> None:
    """Estimates with their intervals, one row each, first name on top.

    A row whose interval excludes zero is drawn in the accent colour, the
    others in grey: the zero line is "no difference".

    Args:
        ax: axes to draw on.
        names: (n,) labels of the rows.
        estimates, lows, highs: (n,) with low <= estimate <= high; a row with
            nan is left empty.

    Raises:
        ValueError: lengths differ or are 0; an estimate outside its interval.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> interval_dots(ax, ["EASE"], [0.02], [0.01], [0.03])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['EASE']
    """
    values = [np.asarray(v, dtype=float) for v in (estimates, lows, highs)]
    lengths = [len(names), *(len(v) for v in values)]
    if len(set(lengths)) != 1 or lengths[0] == 0:
        raise ValueError(
            "names, estimates, lows and highs need one length of at least 1, "
            f"got {lengths}"
        )
    middle, low, high = values
    outside = (middle < low) | (middle > high)
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(
            f"estimate of {names[row]!r} lies outside its interval: "
            f"{middle[row]} not in [{low[row]}, {high[row]}]"
        )
    rows = np.arange(len(names))[::-1]
    clear = (low > 0) | (high < 0)
    for chosen, colour in ((~clear, GREY), (clear, ACCENT)):
        ax.hlines(rows[chosen], low[chosen], high[chosen], color=colour, lw=2)
        ax.plot(middle[chosen], rows[chosen], "o", color=colour)
    ax.axvline(0.0, color=GREY, lw=1, ls=":")
    ax.set_yticks(rows, names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _last_point(line) -> np.ndarray:
    """The last point of a line that is finite, in data coordinates."""
    points = np.column_stack([line.get_xdata(), line.get_ydata()])
    points = points.astype(float)
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        raise ValueError(f"line {line.get_label()!r} has no finite point")
    return finite[np.argmax(finite[:, 0])]


def _font_size() -> float:
    """Size of tick labels in points: labels in the plot are as large."""
    import matplotlib
    from matplotlib.font_manager import FontProperties

    size = matplotlib.rcParams["xtick.labelsize"]
    return FontProperties(size=size).get_size_in_points()


def band(
    ax: Axes,
    x: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    color: str,
) -> None:
    """A band between two curves, below the lines and without an edge.

    Args:
        ax: axes to draw on.
        x: (n,) where; n may be 0, and then nothing is drawn.
        low, high: (n,) edges with low <= high.
        color: of the line that the band belongs to; it is thinned here.

    Raises:
        ValueError: lengths differ; a low edge above the high one.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> band(ax, [1, 2], [0.0, 0.1], [0.2, 0.3], color=ACCENT)
    >>> len(ax.collections)
    1
    """
    x, low, high = (np.asarray(v, dtype=float) for v in (x, low, high))
    if not x.shape == low.shape == high.shape or x.ndim != 1:
        raise ValueError(
            "x, low and high must be (n,) alike, "
            f"got {x.shape}, {low.shape} and {high.shape}"
        )
    crossed = np.flatnonzero(low > high)
    if len(crossed):
        i = crossed[0]
        raise ValueError(f"low must not exceed high, got {low[i]}, {high[i]}")
    if len(x):
        ax.fill_between(
            x, low, high, color=color, alpha=0.2, linewidth=0, zorder=0.5
        )
