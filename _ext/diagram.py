"""The directive `diagram`: a drawing inline, so that it follows the theme.

Drawings are made ahead of time by tools/diagram.py from a text source in
the `diagrams` folder beside the chapter; both are in the repository.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from markup import scrolling, tag, unwrapped


class Diagram(Directive):
    """Argument: the drawing's name. Content: its caption, if any."""

    required_arguments = 1
    has_content = True

    def run(self):
        env = self.state.document.settings.env
        name = self.arguments[0]
        folder = Path(env.doc2path(env.docname)).parent / "diagrams"
        path = folder / f"{name}.svg"
        env.note_dependency(str(path))
        if not path.exists():
            raise self.error(
                f"no drawing diagrams/{name}.svg; its source is "
                f"diagrams/{name}.yml, drawn by `python -m tools.diagram`"
            )
        drawing = nodes.raw("", path.read_text("utf-8"), format="html")
        parts = [scrolling(drawing, "Diagram")]
        if self.content:
            caption = unwrapped(self, "\n".join(self.content), name)
            parts.append(tag("figcaption", caption))
        return [tag("figure", parts, class_="diagram-figure")]


def setup(app):
    app.setup_extension("markup")
    app.add_directive("diagram", Diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
