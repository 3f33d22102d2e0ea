"""One docutils node for a plain HTML element, and markdown parsed into it.

The text inside stays part of the document: links are resolved and checked,
formulas are found, and the search page knows it.
"""

from __future__ import annotations

from html import escape

from docutils import nodes
from docutils.statemachine import StringList


class tag(nodes.General, nodes.TextElement):  # links need a TextElement
    """An HTML element: `tag("div", children, id="a", role="group")`."""

    child_text_separator = " "

    def __init__(self, name="div", children=(), **attributes):
        super().__init__()
        self["html"] = name
        # `class_` and `aria_live` are `class` and `aria-live` on the page.
        self["pairs"] = [
            (key.rstrip("_").replace("_", "-"), value)
            for key, value in attributes.items()
            if value is not None and value is not False
        ]
        self.extend(children)


def _visit(self, node) -> None:
    pairs = "".join(
        f" {key}" if value is True else f' {key}="{escape(str(value))}"'
        for key, value in node["pairs"]
    )
    self.body.append(f"<{node['html']}{pairs}>")


def _depart(self, node) -> None:
    # A line end after a span would be a space before the next full stop.
    end = "" if node["html"] == "span" else "\n"
    self.body.append(f"</{node['html']}>{end}")


def _nothing(self, node) -> None:
    """Other builders show the children alone."""


def text(words: str) -> nodes.Text:
    """Plain words as a node."""
    return nodes.Text(words)


def scrolling(wide: nodes.Node, label: str) -> tag:
    """A frame in which something wide scrolls on a phone; keys reach it."""
    return tag(
        "div",
        [wide],
        class_="scrolls",
        tabindex="0",
        role="region",
        aria_label=label,
    )


def markdown(directive, source: str, where: str) -> list[nodes.Node]:
    """Blocks of a markdown text, parsed in place; `where` names it."""
    box = nodes.Element()
    lines = StringList(source.splitlines(), source=where)
    directive.state.nested_parse(lines, directive.content_offset, box)
    return box.children


def unwrapped(directive, source: str, where: str) -> list[nodes.Node]:
    """The same without the paragraph around a single one."""
    blocks = markdown(directive, source, where)
    if len(blocks) == 1 and isinstance(blocks[0], nodes.paragraph):
        return blocks[0].children
    return blocks


def inline(directive, source: str) -> list[nodes.Node]:
    """Words of one line, parsed; "1. Frame" does not begin a list here."""
    found, messages = directive.state.inline_text(source, directive.lineno)
    return found + messages


def setup(app):
    app.add_node(
        tag,
        html=(_visit, _depart),
        latex=(_nothing, _nothing),
        text=(_nothing, _nothing),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
