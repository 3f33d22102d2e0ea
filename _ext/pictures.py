"""Words for those who do not see a picture: its alt text, or its caption."""

from __future__ import annotations

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def _cell(node) -> int:
    """Number of the cell that drew a picture; myst-nb counts lines so."""
    while node is not None and not node.line:
        node = node.parent
    return (node.line or 0) // 10_000 if node is not None else 0


def _describe(app, doctree, docname) -> None:
    for image in doctree.findall(nodes.image):
        if image.get("alt", "").strip():
            continue
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


def setup(app):
    app.connect("doctree-resolved", _describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
