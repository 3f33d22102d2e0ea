"""Claims: a box where a cell makes one, a chapter's table, and the ledger.

A claim leaves a cell as an output of its own media type (utils/claims.py).
It is collected while the executed notebook is read, from a warm cache too,
and kept in Sphinx's environment; the tables are filled when all is read. What
the claim did under other seeds comes from evidence/<chapter>.csv.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from markup import scrolling, tag, text
from myst_nb.core import render
from sphinx.util import logging

# As in utils; written out, since the site must build without it.
MEDIA_TYPE = "application/vnd.sevensteps.claim+json"
ROWS_TYPE = "application/vnd.sevensteps.rows+json"
DEFAULT_SEED = 7
COLUMNS = ["Claim", "Threshold", "Measured", "Null", "Held", "Other worlds"]
COLUMNS += ["Least margin"]
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
    """Shows a claim's record as a box, and keeps it for the tables.

    Recorded rows are for tools: of them the page shows nothing.
    """

    mime_priority_overrides = (("*", MEDIA_TYPE, 0), ("*", ROWS_TYPE, 0))

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type == ROWS_TYPE:
            return [nodes.comment()]
        if data.mime_type != MEDIA_TYPE or inline:
            return None
        env = renderer.renderer.sphinx_env
        kept = env.sevensteps_claims.setdefault(env.docname, [])
        cell = cell_id(env.doc2path(env.docname), data.cell_index)
        order = 1 + sum(record["cell"] == cell for record in kept)
        record = {**data.content, "cell": cell, "order": order}
        kept.append(record)
        return [claim_box(record, f"claim-{len(kept)}")]


def cell_id(path: str, index: int) -> str:
    """The id of a notebook's cell."""
    notebook = json.loads(Path(path).read_text("utf-8"))
    return notebook["cells"][index].get("id", "")


def evidence_of(root: str, chapter: str) -> dict[tuple, list[dict]]:
    """What a chapter's claims did under other seeds, by cell and keys."""
    path = Path(root, "evidence", f"{chapter.rpartition('/')[2]}.csv")
    if not path.exists():
        return {}
    found: dict[tuple, list[dict]] = {}
    _, *lines = path.read_text("utf-8").splitlines()  # a comment comes first
    for row in csv.DictReader(lines):
        if row["kind"] == "claim" and int(row["seed"]) != DEFAULT_SEED:
            found.setdefault((row["name"], row["keys"]), []).append(row)
    return found


def elsewhere(record: dict, found: dict[tuple, list[dict]]) -> list[str]:
    """How often a claim held under other seeds, and its least margin.

    >>> record = {"cell": "a1", "order": 2, "at_least": 0.5, "at_most": None}
    >>> rows = [{"held": "yes", "margin": "0.25"},
    ...         {"held": "no", "margin": "-0.125"}]
    >>> elsewhere(record, {("a1", "at_least=0.5; order=2"): rows})
    ['1 of 2', '-0.125']
    >>> elsewhere(record, {})
    ['–', '–']
    """
    bound = "at_least" if record["at_most"] is None else "at_most"
    keys = f"{bound}={record[bound] + 0.0:.10g}; order={record['order']}"
    rows = found.get((record["cell"], keys), [])
    margins = [float(row["margin"]) for row in rows]
    known = [margin for margin in margins if margin == margin]
    if not rows:
        return ["–", "–"]
    held = sum(row["held"] == "yes" for row in rows)
    return [f"{held} of {len(rows)}", number(min(known, default=None))]


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


def claims_table(records, link, seen) -> nodes.Element:
    """A table of claims; `link(i)` is the address of the i-th one's box."""
    rows = []
    for i, record in enumerate(records, 1):
        words = tag("a", [text(record["words"])], href=link(i))
        cells = [
            threshold(record),
            number(record["measured"]),
            number(record["null"]),
            held(record),
            *elsewhere(record, seen),
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
            seen = evidence_of(app.srcdir, docname)
            table = claims_table(records, "#claim-{}".format, seen)
            place.replace_self(table)
            continue
        found = []
        for chapter in _chapters(env):
            page = app.builder.get_relative_uri(docname, chapter)
            records = env.sevensteps_claims.get(chapter, [])
            name = tag("a", [text(_title(env, chapter))], href=page)
            seen = evidence_of(app.srcdir, chapter)
            found += [
                tag("p", [tag("strong", [name])]),
                claims_table(records, f"{page}#claim-{{}}".format, seen),
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
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
