"""Claims: a box where a cell makes one, a chapter's table, and the ledger.

A claim leaves a cell as an output of its own media type (utils/claims.py).
It is collected while the executed notebook is read, from a warm cache too,
and kept in Sphinx's environment; the tables are filled when all is read.
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import Directive
from markup import scrolling, tag, text
from myst_nb.core import render
from sphinx.util import logging

# As in utils.claims; written out, since the site must build without utils.
MEDIA_TYPE = "application/vnd.sevensteps.claim+json"
COLUMNS = ["Claim", "Threshold", "Measured", "Null", "Margin", "Held"]
logger = logging.getLogger(__name__)


def number(value) -> str:
    """Four significant digits; a dash where there is none.

    >>> number(0.123456), number(None), number("nan")
    ('0.1235', '–', 'nan')
    """
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.4g}"


def threshold(record: dict) -> str:
    """The bound in signs.

    >>> threshold({"at_least": 0.5, "at_most": None})
    '≥ 0.5'
    """
    if record["at_most"] is None:
        return f"≥ {number(record['at_least'])}"
    return f"≤ {number(record['at_most'])}"


def held(record: dict) -> str:
    """Sign and word, so that colour is not needed."""
    return "✓ held" if record["holds"] else "✗ failed"


class ClaimRenderer:
    """Shows a claim's record as a box, and keeps it for the tables."""

    mime_priority_overrides = (("*", MEDIA_TYPE, 0),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type != MEDIA_TYPE or inline:
            return None
        env = renderer.renderer.sphinx_env
        record = dict(data.content)
        kept = env.sevensteps_claims.setdefault(env.docname, [])
        kept.append(record)
        return [claim_box(record, f"claim-{len(kept)}")]


def claim_box(record: dict, name: str) -> nodes.Element:
    """One claim as it stands below its cell."""
    facts = [("measured", record["measured"])]
    if record["null"] is not None:
        facts.append(("null", record["null"]))
    facts.append(("margin", record["margin"]))
    pairs = [("threshold", threshold(record))]
    pairs += [(key, number(value)) for key, value in facts]
    terms = [
        tag("div", [tag("dt", [text(key)]), tag("dd", [text(value)])])
        for key, value in pairs
    ]
    state = "held" if record["holds"] else "failed"
    return tag(
        "div",
        [
            tag("div", [text(held(record))], class_="claim-mark"),
            tag("div", [text(record["words"])], class_="claim-words"),
            tag("dl", terms, class_="claim-facts"),
        ],
        class_=f"claim claim-{state}",
        id=name,
    )


class pending_claims(nodes.General, nodes.Element):
    """A place for a table that is known once all chapters are read."""


class ClaimsLedger(Directive):
    def run(self):
        return [pending_claims("", chapter=None)]


class ChapterClaims(Directive):
    def run(self):
        env = self.state.document.settings.env
        return [pending_claims("", chapter=env.docname)]


def claims_table(records, link) -> nodes.Element:
    """A table of claims; `link(i)` is the address of the i-th one's box."""
    rows = []
    for i, record in enumerate(records, 1):
        words = tag("a", [text(record["words"])], href=link(i))
        cells = [
            threshold(record),
            number(record["measured"]),
            number(record["null"]),
            number(record["margin"]),
            held(record),
        ]
        rows.append(
            tag(
                "tr",
                [
                    tag("th", [words], scope="row"),
                    *(tag("td", [text(cell)]) for cell in cells),
                ],
            )
        )
    head = [tag("th", [text(name)], scope="col") for name in COLUMNS]
    table = tag(
        "table",
        [tag("thead", [tag("tr", head)]), tag("tbody", rows)],
        class_="table claims",
    )
    return scrolling(table, "Claims")


def _title(env, docname) -> str:
    return env.titles[docname].astext()


def _fill(app, doctree, docname) -> None:
    env = app.env
    for place in list(doctree.findall(pending_claims)):
        if place["chapter"]:
            records = env.sevensteps_claims.get(docname, [])
            if not records:
                logger.warning("this chapter makes no claim", location=docname)
            place.replace_self(claims_table(records, "#claim-{}".format))
            continue
        found = []
        for chapter in _chapters(env):
            page = app.builder.get_relative_uri(docname, chapter)
            records = env.sevensteps_claims.get(chapter, [])
            name = tag("a", [text(_title(env, chapter))], href=page)
            found += [
                tag("p", [tag("strong", [name])]),
                claims_table(records, f"{page}#claim-{{}}".format),
            ]
        place.replace_self(found)


def _chapters(env) -> list[str]:
    """Documents with claims, in reading order as far as there is one."""
    order = env.toctree_includes.get(env.config.root_doc, [])
    known = {name: i for i, name in enumerate(order)}
    return sorted(
        (name for name, records in env.sevensteps_claims.items() if records),
        key=lambda name: (known.get(name, len(known)), name),
    )


def _start(app) -> None:
    if not hasattr(app.env, "sevensteps_claims"):
        app.env.sevensteps_claims = {}


def _purge(app, env, docname) -> None:
    getattr(env, "sevensteps_claims", {}).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    for name in docnames:
        if name in other.sevensteps_claims:
            env.sevensteps_claims[name] = other.sevensteps_claims[name]


def _check(app, env) -> list[str]:
    """Every case makes claims; pages with the ledger are written anew."""
    for name in sorted(env.found_docs):
        if name.startswith("chapters/cases/") and not (
            env.sevensteps_claims.get(name)
        ):
            logger.warning("a case makes at least one claim", location=name)
    return [name for name in env.found_docs if name.endswith("/claims")]


def setup(app):
    app.setup_extension("markup")
    # myst-nb finds mime renderers through entry points of installed packages
    # only; the book's extensions are not installed, so it is handed ours.
    installed = render.load_mime_renders
    render.load_mime_renders = lambda: [*installed(), ClaimRenderer]
    app.add_node(pending_claims)
    app.add_directive("claims-ledger", ClaimsLedger)
    app.add_directive("chapter-claims", ChapterClaims)
    app.connect("builder-inited", _start)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("env-updated", _check)
    app.connect("doctree-resolved", _fill)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
