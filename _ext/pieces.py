"""Pages put together from a file per chapter, while the book is built.

`{glossary-pieces}` sets glossary/*.md as one sorted glossary, the role `count`
says how many terms that are; `{data-cards}` sets data/*/CARD.md in reading
order; the bibliography reads references/*.bib. So a chapter brings files of
its own and changes no page. What two pieces define is refused with both
places, as is a piece that belongs to no chapter and is not `shared`.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.domains.std import Glossary
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

TERM = re.compile(r"(?!\.\. )(\S.*)")  # what follows is indented
ENTRY = re.compile(r"@\w+\s*\{\s*([^,\s]+)\s*,")


def glossary_files(root: Path) -> list[Path]:
    """The glossary's pieces."""
    return sorted(Path(root, "glossary").glob("*.md"))


def bib_files(root: Path) -> list[Path]:
    """The bibliography's pieces."""
    return sorted(Path(root, "references").glob("*.bib"))


def defined(paths: list[Path], what: re.Pattern) -> list[tuple[str, str]]:
    """What pieces define: each name, and the file and line where it does."""
    return [
        (found[1].strip(), f"{path.parent.name}/{path.name}:{number}")
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (found := what.match(line))
    ]


def twice(names: list[tuple[str, str]]) -> list[str]:
    """Names that are defined again, each with both places.

    >>> twice([("AUC", "glossary/a.md:1"), ("auc", "glossary/b.md:9")])
    ["'auc' stands in glossary/a.md:1 and in glossary/b.md:9"]
    """
    first: dict[str, str] = {}
    found = []
    for name, place in names:
        other = first.setdefault(name.lower(), place)
        if other is not place:
            found.append(f"'{name}' stands in {other} and in {place}")
    return found


def astray(paths: list[Path], root: Path) -> list[str]:
    """Pieces whose name is that of no chapter, and not `shared`."""
    chapters = {path.stem for path in Path(root, "chapters").rglob("*.*")}
    return [
        f"{path.parent.name}/{path.name} belongs to no chapter"
        for path in paths
        if path.stem not in chapters | {"shared"}
    ]


def faults(root: Path) -> list[str]:
    """Everything that is wrong with the pieces of a book; empty if nothing."""
    terms, bibs = glossary_files(root), bib_files(root)
    return [
        *twice(defined(terms, TERM)),
        *twice(defined(bibs, ENTRY)),
        *astray([*terms, *bibs], root),
    ]


class GlossaryPieces(Glossary):
    """One glossary of all pieces."""

    has_content = False

    def run(self):
        self.content = StringList()
        for path in glossary_files(self.env.srcdir):
            self.env.note_dependency(str(path))
            lines = path.read_text("utf-8").splitlines()
            self.content.extend(StringList(lines, source=str(path)))
            self.content.append("", source=str(path))
        self.options = {"sorted": None}
        return super().run()


class Count(SphinxRole):
    """{count}`terms`: how many terms the glossary has, and the word."""

    def run(self):
        number = len(defined(glossary_files(self.env.srcdir), TERM))
        return [nodes.Text(f"{number} {self.text}")], []


class DataCards(SphinxDirective):
    """A section for each case, in the order of the table of contents."""

    def run(self):
        paths = Path(self.env.srcdir, "data").glob("*/CARD.md")
        order = [*getattr(self.env, "external_site_map", ())]
        places = {Path(page).name: n for n, page in enumerate(order)}
        for path in sorted(
            paths,
            key=lambda p: (places.get(p.parent.name, len(places)), p.parent),
        ):
            self.env.note_dependency(str(path))
            lines = path.read_text("utf-8").splitlines()
            # its headings go into the page's section, the box stays empty
            self.state.nested_parse(
                StringList(lines, source=str(path)),
                self.content_offset,
                nodes.Element(),
                match_titles=True,
            )
        return []


def _read_pieces(app, config) -> None:
    """Name the .bib files, which _config.yml can only list one by one."""
    found = faults(app.srcdir)
    if found:
        raise ExtensionError("\n".join(found))
    config.bibtex_bibfiles = [
        path.relative_to(app.srcdir).as_posix()
        for path in bib_files(app.srcdir)
    ]


def setup(app):
    app.setup_extension("sphinxcontrib.bibtex")
    app.connect("config-inited", _read_pieces)
    app.add_directive("glossary-pieces", GlossaryPieces)
    app.add_directive("data-cards", DataCards)
    app.add_role("count", Count())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
