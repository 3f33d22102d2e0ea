"""Put the glossary's words beside every {term} that is used in a text.

Each reference to a term is wrapped in `<span class="tip" data-tip="...">`;
_static/tooltips.js shows the words on hover, focus and the first tap. They
stand in an attribute so that the search page does not find them everywhere.
Without the script the term is a link to the glossary.
"""

from __future__ import annotations

from docutils import nodes
from markup import tag


def definitions(env) -> dict[tuple[str, str], str]:
    """(page, anchor) of a term -> the first paragraph of its definition."""
    objects = env.get_domain("std").objects
    pages = {
        page for (kind, _), (page, _) in objects.items() if kind == "term"
    }
    found = {}
    for page in sorted(pages):
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            first = next(item.findall(nodes.paragraph), None)
            for term in item.findall(nodes.term):
                for anchor in term["ids"]:
                    if first is not None:
                        words = " ".join(first.astext().split())
                        found[page, anchor] = words
    return found


def _target(node, docname) -> tuple[str, str] | None:
    """(page, anchor) that a resolved reference to a term leads to."""
    names = {
        name for part in node.findall(nodes.inline) for name in part["classes"]
    }
    if "std-term" not in names:
        return None
    if "refid" in node:
        return docname, node["refid"]
    return None, node.get("refuri", "").partition("#")[2]


def _wrap(app, doctree, docname) -> None:
    if app.builder.format != "html":
        return
    known = by_anchor = None
    for node in list(doctree.findall(nodes.reference)):
        target = _target(node, docname)
        if target is None or isinstance(node.parent, nodes.title):
            continue
        if known is None:
            known = _known(app)
            by_anchor = {anchor: words for (_, anchor), words in known.items()}
        words = known.get(target) or by_anchor.get(target[1])
        if words:
            tip = tag("span", class_="tip", data_tip=words)
            node.parent.replace(node, tip)
            tip.append(node)


def _known(app) -> dict:
    """The definitions, read once for each build."""
    if getattr(app, "sevensteps_terms", None) is None:
        app.sevensteps_terms = definitions(app.env)
    return app.sevensteps_terms


def _forget(app, env) -> None:
    app.sevensteps_terms = None


def setup(app):
    app.setup_extension("markup")
    app.connect("env-updated", _forget)
    app.connect("doctree-resolved", _wrap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
