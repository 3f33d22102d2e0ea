"""The role `page`: a link to a page of the book, once the page is there.

{page}`Fraud detection <chapters/cases/fraud_detection>` is plain words with
"in preparation" behind them until _toc.yml lists that file.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import ReferenceRole


def link(env, title: str, docname: str) -> list[nodes.Node]:
    """The nodes of a page's name: a link, or words that promise one."""
    docname = docname.strip().strip("/")
    if docname not in env.found_docs:
        later = nodes.inline("", " (in preparation)", classes=["planned"])
        return [nodes.inline("", title), later]
    words = nodes.inline("", title, classes=["std", "std-doc"])
    place = addnodes.pending_xref(
        "",
        words,
        refdomain="std",
        reftype="doc",
        reftarget=f"/{docname}",
        refexplicit=True,
        refwarn=True,
        refdoc=env.docname,
    )
    return [place]


class PageRole(ReferenceRole):
    def run(self):
        if not self.has_explicit_title:
            message = self.inliner.reporter.error(
                f"{{page}}`{self.target}` needs a title: `Title <path>`",
                line=self.lineno,
            )
            return [], [message]
        return link(self.env, self.title, self.target), []


def setup(app):
    app.add_role("page", PageRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
