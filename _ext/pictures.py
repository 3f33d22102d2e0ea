"""Pictures: words for those who do not see them, and figures inline.

An SVG that a cell gave stands in the page itself, so that the style sheet
colours it and it follows light and dark; any other picture stays a file.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

# The colours of utils/plots.py and its style, and what _static/book.css
# calls them. Any other colour stays as it was drawn.
VARIABLES = {
    "#767676": "--plot-ink",
    "#808080": "--plot-grey",
    "#d1572c": "--plot-accent",
    "#2a83b5": "--plot-accent-2",
    "#8f6fc0": "--plot-accent-3",
    "#4a8f3c": "--plot-accent-4",
}
HEAD = re.compile(
    r'.*?<svg[^>]* width="([\d.]+)pt"[^>]* (viewBox="[^"]*")[^>]*>', re.DOTALL
)
PX_PER_PT = 96 / 72
OUTPUTS = "jupyter_execute"  # where myst-nb leaves the pictures of cells


class drawing(nodes.General, nodes.Element):
    """An SVG element; its labels are not in the index of the search page."""


def inline(svg: str, *, words: str, prefix: str) -> str:
    """The SVG document of a matplotlib figure as an element of a page.

    Args:
        svg: the document, as `utils.plots.svg` gives it.
        words: that say what is to be seen.
        prefix: of the ids, which are unique within one figure only.

    Returns:
        The element: house colours are CSS variables, the font is left to
        the page, and `--plot-width` is the figure's own width.

    Raises:
        ValueError: not an SVG document with a width in points.
    """
    head = HEAD.match(svg)
    if head is None:
        raise ValueError(f"no <svg> with a width in pt: {svg[:60]!r}")
    body = svg[head.end() :]
    for pattern, by in (
        (r"<style.*?</style>", ""),  # would hold for the whole page
        (r"<!--.*?-->", ""),
        (r'<path [^>]*style="fill: none"/>', ""),  # empty backgrounds
        (r'<g id="[^"]*"', "<g"),  # names that nothing refers to
        (r'( id="|href="#|url\(#)', rf"\1{prefix}"),
        (r" ?font-family: [^;\"]*;?", ""),
        (r'#\w{6}(?=[;"])', lambda colour: _variable(colour[0])),
        (r"(?<=>)\s+(?=<)", ""),
    ):
        body = re.sub(pattern, by, body, flags=re.DOTALL)
    width = round(float(head[1]) * PX_PER_PT)
    return (
        f'<svg class="plot" role="img" aria-label="{escape(words)}" '
        f'{head[2]} style="--plot-width: {width}px">{body.strip()}'
    )


def _variable(colour: str) -> str:
    name = VARIABLES.get(colour)
    return f"var({name})" if name else colour


def _cell(node) -> int:
    """Number of the cell that drew a picture; myst-nb counts lines so."""
    while node is not None and not node.line:
        node = node.parent
    return (node.line or 0) // 10_000 if node is not None else 0


def _describe(image: nodes.image, docname: str) -> None:
    """Give a picture its caption as alt text if it has none of its own."""
    if image.get("alt", "").strip():
        return
    captions = [
        child.astext()
        for child in image.parent.children
        if isinstance(child, nodes.caption)
    ]
    if captions:
        image["alt"] = captions[0]
    else:  # Sphinx would read out the name of the file
        logger.warning(
            f"cell {_cell(image)}: a picture needs words: a caption, "
            "or the cell's metadata "
            '{"mystnb": {"image": {"alt": "..."}}}',
            location=docname,
        )


def _resolve(app, doctree, docname) -> None:
    number = 0
    for image in list(doctree.findall(nodes.image)):
        _describe(image, docname)
        path = Path(app.srcdir, image["uri"])
        if path.suffix != ".svg" or path.parent.name != OUTPUTS:
            continue
        number += 1
        svg = inline(
            path.read_text("utf-8"),
            words=image.get("alt", ""),
            prefix=f"plot-{number}-",
        )
        image.replace_self(drawing(svg=svg))


def _visit(self, node) -> None:
    self.body.append(f'<div class="plot-frame">{node["svg"]}</div>\n')


def _depart(self, node) -> None:
    pass


def setup(app):
    app.add_node(drawing, html=(_visit, _depart))
    app.connect("doctree-resolved", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
