"""Keep every page free of scripts that would ask the network for anything."""

from __future__ import annotations

from docutils import nodes


def _mentions_thebe(file) -> bool:
    """Whether a script or style belongs to thebe, by its name or its body."""
    body = getattr(file, "attributes", {}).get("body") or ""
    return "thebe" in f"{getattr(file, 'filename', file)} {body}".lower()


def _drop_thebe(app, pagename, templatename, context, doctree) -> None:
    # jupyter-book always loads sphinx-thebe, which always adds its loader.
    for key in ("script_files", "css_files"):
        context[key] = [
            file for file in context.get(key, []) if not _mentions_thebe(file)
        ]


def _drop_settings(app, doctree, docname) -> None:
    # It also puts its settings into every page that came from a notebook.
    for node in list(doctree.findall(nodes.raw)):
        if "thebe" in node.astext() or "kernelName" in node.astext():
            node.parent.remove(node)


def setup(app):
    # Late, when the other extensions have added what they wanted to add.
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("doctree-resolved", _drop_settings, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
