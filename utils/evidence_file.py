"""Recorded rows as text: their keys in one line, and the file of them.

One line of `evidence/<chapter>.csv` is a row, or a claim, under one seed;
the default seed's stand first.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from numbers import Real
from typing import NamedTuple

from .seeds import DEFAULT_SEED


def digits(value: float) -> str:
    """A number as files hold it: nine digits after the leading one.

    One digit less, and rounding alone would move a value by up to 5e-9 of
    it, while a build compares to 1e-9.

    >>> digits(2 / 3), digits(-0.0), digits(float("nan"))
    ('0.6666666667', '0', 'nan')
    """
    return f"{value + 0.0:.10g}"


def keys_text(keys: dict[str, str | float]) -> str:
    """Keys and their values in one line, in the order of the keys' names.

    Args:
        keys: strings or finite numbers; a whole number is written alike
            whether it is a float or an integer.

    Raises:
        ValueError: a key or value that could not be read back.

    >>> keys_text({"bias": 2.0, "arm": "log-Q"})
    'arm=log-Q; bias=2'
    """
    return "; ".join(
        f"{plain_word('a key', key)}={_plain(key, keys[key])}"
        for key in sorted(keys)
    )


def keys_of(text: str) -> dict[str, str | float]:
    """The keys that `keys_text` wrote.

    >>> keys_of("arm=log-Q; bias=2")
    {'arm': 'log-Q', 'bias': 2}
    """
    pairs = [part.split("=") for part in text.split("; ") if part]
    return {key: _number(value, value) for key, value in pairs}


def _number(text: str, otherwise):
    """The number that a text spells, whole ones as int."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return otherwise


def plain_word(what: str, text: object) -> str:
    """A string that stands in a line of keys and is read back as itself."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{what} must be a string or number, got {text!r}")
    if text != text.strip() or set(text) & set(";=\r\n"):
        raise ValueError(
            f"{what} must have no ; or = or line break and no space around "
            f"it, got {text!r}"
        )
    if _number(text, None) is not None:
        raise ValueError(f"{what} must not read as a number, got {text!r}")
    return text


def _plain(key: str, value: object) -> str:
    """The value of a key, as text."""
    if isinstance(value, Real) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"the key {key!r} must be finite, got {value}")
        return digits(float(value))
    return plain_word(f"the key {key!r}", value)


class Row(NamedTuple):
    """One line of a file: a recorded row, or a claim, under one seed.

    Attributes:
        kind: "row" or "claim".
        name: of the table; a claim's is the id of its cell.
        keys: as `keys_text` writes them; a claim's are its order in the
            cell and its threshold.
        seed: of world and models.
        trained: as recorded; a claim counts as trained.
        value: what was measured; nan for a claim that was not reached.
        margin: of a claim; nan otherwise.
        held: whether a claim held; None for a row.
    """

    kind: str
    name: str
    keys: str
    seed: int
    trained: bool
    value: float
    margin: float
    held: bool | None

    @property
    def place(self) -> tuple[str, str, str]:
        """Identity of the row under every seed: kind, name and keys."""
        return self.kind, self.name, self.keys


def file_text(header: dict[str, object], lines: Iterable[Row]) -> str:
    """Rows as CSV: a comment, the columns' names, the default seed first.

    Args:
        header: facts for the comment, in their order.
        lines: in any order; they are sorted by their keys, numbers by size.

    >>> row = Row("row", "auc", "clip=0.1", 3, True, 0.7, math.nan, None)
    >>> print(file_text({"commit": "ab12"}, [row]), end="")
    # commit: ab12
    kind,name,keys,seed,trained,value,margin,held
    row,auc,clip=0.1,3,yes,0.7,,
    """

    def order(row):
        parts = [
            (key, isinstance(value, str), value)
            for key, value in keys_of(row.keys).items()
        ]
        apart = row.seed != DEFAULT_SEED
        return apart, row.kind, row.name, parts, row.seed

    out = io.StringIO()
    facts = "; ".join(f"{name}: {value}" for name, value in header.items())
    out.write(f"# {facts}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in sorted(lines, key=order):
        claim = row.kind == "claim"
        writer.writerow(
            [
                *row[:4],
                "yes" if row.trained else "no",
                digits(row.value),
                digits(row.margin) if claim else "",
                ("yes" if row.held else "no") if claim else "",
            ]
        )
    return out.getvalue()


def parsed(text: str) -> tuple[dict[str, str], list[Row]]:
    """Header and rows of a file that `file_text` wrote.

    Raises:
        ValueError: no header, or other columns; names what it found.
    """
    head, _, table = text.partition("\n")
    facts = [f.split(": ", 1) for f in head.removeprefix("# ").split("; ")]
    columns = table.partition("\n")[0].split(",")
    if not head.startswith("# ") or min(map(len, facts)) < 2:
        raise ValueError(f"evidence must begin with its header, got {head!r}")
    if columns != [*Row._fields]:
        raise ValueError(
            f"evidence must have the columns {[*Row._fields]}, got {columns}; "
            "write it again: make seeds"
        )
    found = [
        Row(
            line["kind"],
            line["name"],
            line["keys"],
            int(line["seed"]),
            line["trained"] == "yes",
            float(line["value"]),
            float(line["margin"] or "nan"),
            line["held"] == "yes" if line["held"] else None,
        )
        for line in csv.DictReader(io.StringIO(table))
    ]
    return dict(facts), found
