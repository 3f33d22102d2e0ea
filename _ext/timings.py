"""The directive `benchmark-results`: benchmarks/results.json as tables."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from markup import scrolling, tag, text

COLUMNS = ["Work", "Ours", "Peer", "Its time", "Ratio", "Wanted", "MiB"]


def duration(ms: float) -> str:
    """Three digits, in a unit that suits.

    >>> duration(0.1234), duration(56.78), duration(12345.6)
    ('0.123 ms', '56.8 ms', '12.3 s')
    """
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    return f"{ms:.3g} ms"


def unbroken(words: str) -> str:
    """The same on one line: a number is not parted from its unit."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def wanted(row: dict) -> str:
    """The bar of a row, and whether it is met.

    >>> wanted({"bar": 2.5, "ratio": 3.1}), wanted({"bar": None, "ratio": 1})
    ('2.5 ✓', '–')
    >>> wanted({"bar": 2.5, "ratio": 2.4})
    '2.5 ✗'
    """
    if row["bar"] is None:
        return "–"
    return f"{row['bar']:g} {'✗' if missed(row) else '✓'}"


def missed(row: dict) -> bool:
    """Whether a bar was set and not reached.

    >>> missed({"bar": 2.5, "ratio": 2.4}), missed({"bar": None, "ratio": 1})
    (True, False)
    """
    return row["bar"] is not None and row["ratio"] < row["bar"]


def reasons(rows: list[dict]) -> list[nodes.Element]:
    """A paragraph for each reason why bars were missed, and for which work."""
    works = {}
    for row in filter(missed, rows):
        works.setdefault((row["peer"], row["why"]), []).append(row["work"])
    return [
        nodes.paragraph("", "", text(f"✗ {'; '.join(names)} – {peer}: {why}"))
        for (peer, why), names in works.items()
    ]


def memory(row: dict) -> str:
    """Ours and the peer's, MiB."""
    pair = (row["ours_mib"], row["peer_mib"])
    if None in pair:
        return "–"
    return "{} / {}".format(*pair)


def table(area: str, rows: list[dict]) -> nodes.Element:
    """The rows of one area."""
    body = [
        tag(
            "tr",
            [
                tag("th", [text(row["work"])], scope="row"),
                *(
                    tag("td", [text(words)])
                    for words in (
                        unbroken(duration(row["ours_ms"])),
                        row["peer"],
                        unbroken(duration(row["peer_ms"])),
                        f"{row['ratio']:.2g}"
                        if row["ratio"] < 10
                        else f"{row['ratio']:.0f}",
                        unbroken(wanted(row)),
                        unbroken(memory(row)),
                    )
                ),
            ],
        )
        for row in rows
    ]
    head = [tag("th", [text(name)], scope="col") for name in COLUMNS]
    whole = tag(
        "table",
        [tag("thead", [tag("tr", head)]), tag("tbody", body)],
        class_="table",
    )
    return scrolling(whole, area)


class BenchmarkResults(Directive):
    def run(self):
        env = self.state.document.settings.env
        path = Path(env.srcdir) / "benchmarks" / "results.json"
        if not path.exists():
            raise self.error("no benchmarks/results.json: run `make bench`")
        env.note_dependency(str(path))
        kept = json.loads(path.read_text("utf-8"))
        machine = kept["machine"]
        words = (
            f"{machine['processor']}, Python {machine['python']}, "
            f"{machine['threads']} thread."
        )
        found = [nodes.paragraph("", "", text(words))]
        for area, rows in sorted(kept["areas"].items()):
            name = f"area-{area.replace(' ', '-')}"
            section = nodes.section(ids=[name], names=[name])
            section += nodes.title("", area.capitalize())
            section += table(area, rows)
            section += reasons(rows)
            found.append(section)
        return found


def setup(app):
    app.add_directive("benchmark-results", BenchmarkResults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
