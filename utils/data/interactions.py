"""Interaction logs of users: read and validated, without silent repairs.

Whatever is wrong with a file is either a `ValueError` that names the rule,
the value and the row, or a count in `Interactions.counts`. Rows are numbered
from 1, the header and empty lines not counted.
"""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from . import parsing

NEEDED = ("user", "item", "time")
OPTIONAL = ("rating", "weight")
SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Interactions:
    """Validated interaction log.

    Attributes:
        table: `user`, `item` (int64 where every id is a whole number, else
            text), `time` (datetime64, UTC, to the microsecond) and, if the
            file has them, `rating` and `weight` (float64); sorted by time,
            rows of the same time in the file's order.
        counts: rows read, dropped (and why) and kept; repeated pairs.
        notes: how the file was understood, in words.
    """

    table: pd.DataFrame
    counts: dict[str, int]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        first, last = self.table["time"].iloc[[0, -1]].dt.date
        head = (
            f"{len(self.table):,} interactions of "
            f"{self.table['user'].nunique():,} users with "
            f"{self.table['item'].nunique():,} items, {first} to {last}"
        )
        counts = [f"{name}: {n:,}" for name, n in self.counts.items()]
        return "\n  ".join([head, *counts, *self.notes])


def read_interactions(
    path: str | Path,
    *,
    columns: dict[str, str] | None = None,
    min_rating: float | None = None,
) -> Interactions:
    """Interaction log read from a file: user, item, time.

    Args:
        path: a `.csv`, `.tsv` or `.parquet` file with a header; `.csv.gz`
            and `.tsv.gz` too. Text is UTF-8.
        columns: what the file calls the columns `user`, `item`, `time`,
            `rating` and `weight`, where it calls them otherwise:
            `{"user": "userId", "time": "timestamp"}`.
        min_rating: rows rated below are dropped, and counted.

    Returns:
        The checked log. Ids keep their type: whole numbers are int64 if
        each one is written as a number would be (`7`, not `007`), all
        others stay text to the letter. Times are ISO 8601 (without a zone:
        UTC), dates as `20240131`, or numbers since 1970, in s, ms, us or ns
        by the size of the largest (below 1e11, 1e14, 1e17, or above).
        Dropped and counted: rows without user or item, exact duplicates,
        ratings below `min_rating`. Kept and counted: the same user and item
        at another time.

    Raises:
        ValueError: unknown ending; no rows; a column missing or ambiguous;
            lines of unequal length; a time, rating or weight that cannot be
            used; missing ids and duplicates are more than half of the rows;
            nothing left.
        FileNotFoundError: no such file.

    >>> import tempfile
    >>> rows = ["who,item,time", "7,a,2024-05-01", "7,,2024-05-02"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.csv"
    ...     _ = path.write_text("\\n".join(rows))
    ...     read_interactions(path, columns={"user": "who"})
    1 interactions of 1 users with 1 items, 2024-05-01 to 2024-05-01
      rows read: 2
      dropped, no user or item: 1
      dropped, exact duplicate: 0
      kept: 1
      kept, pair seen before: 0
      2 times without a zone are taken as UTC
    """
    path = Path(path)
    names = _checked_mapping(columns)
    raw, names = _read(path, names)
    if min_rating is not None and "rating" not in names:
        raise ValueError(f"min_rating needs a column 'rating': {path.name}")
    if raw.num_rows == 0:
        raise ValueError(f"{path.name} must hold rows, got only a header")

    notes: list[str] = []
    parts, missing = {}, np.zeros(raw.num_rows, dtype=bool)
    for role in ("user", "item"):
        parts[role], absent = parsing.parse_ids(raw[role], role, notes)
        missing |= absent
    parts["time"] = parsing.parse_times(raw["time"], notes)
    for role in OPTIONAL:
        if role in names:
            parts[role] = parsing.parse_numbers(raw[role], role)
    if "weight" in parts:
        parsing.refuse(parts["weight"] < 0, parts["weight"], "weight",
                "at least 0")  # fmt: skip

    table = pd.DataFrame(parts)
    counts = {"rows read": len(table)}
    table = table[~missing]
    for role in ("user", "item"):  # typed only now: no hole left
        table[role] = parsing.drop_missing(table[role], role, notes)
    counts["dropped, no user or item"] = int(missing.sum())
    repeated = table.duplicated()
    table = table[~repeated]
    counts["dropped, exact duplicate"] = int(repeated.sum())
    if 2 * len(table) < counts["rows read"]:
        raise ValueError(
            f"at least half of {path.name} must be usable, but of "
            f"{counts['rows read']:,} rows {missing.sum():,} have no user or "
            f"item and {repeated.sum():,} are exact duplicates"
        )
    if min_rating is not None:
        low = table["rating"] < min_rating
        table = table[~low]
        counts[f"dropped, rating below {min_rating:g}"] = int(low.sum())
        if table.empty:
            raise ValueError(
                f"min_rating must leave rows, got {min_rating:g} above all"
            )
    counts["kept"] = len(table)
    counts["kept, pair seen before"] = int(
        table.duplicated(["user", "item"]).sum()
    )
    table = table.sort_values("time", kind="stable", ignore_index=True)
    return Interactions(table, counts, tuple(notes))


def _checked_mapping(columns: dict[str, str] | None) -> dict[str, str]:
    """Role -> column name for the roles that were named."""
    names = dict(columns or {})
    unknown = sorted(set(names) - {*NEEDED, *OPTIONAL})
    if unknown:
        raise ValueError(
            f"columns maps {', '.join(NEEDED + OPTIONAL)}; got {unknown}"
        )
    if len(set(names.values())) < len(names):
        raise ValueError(f"columns must name different columns, got {names}")
    return names


def _read(
    path: Path, names: dict[str, str]
) -> tuple[pa.Table, dict[str, str]]:
    """Table with its columns named by role, and role -> column name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    ending = "".join(suffixes[-2:-1] if zipped else suffixes[-1:])
    text = ending in SEPARATORS
    if not text and (zipped or ending != ".parquet"):
        raise ValueError(
            "the file must end in .csv, .tsv (also .gz) or .parquet, got "
            f"{path.name!r}"
        )
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    if path.is_dir():
        raise ValueError(f"the log must be a file, got a folder: {path}")
    try:
        if text:
            return _read_text(path, SEPARATORS[ending], zipped, names)
        from pyarrow import parquet

        found = parquet.read_schema(path).names
        names = _located(path, found, names)
        # Through ParquetFile: a folder named a=1 is no partition here.
        with parquet.ParquetFile(path) as file:
            raw = file.read(columns=list(names.values()))
    except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"cannot read {path.name}: {reason}") from error
    return raw.select(list(names.values())).rename_columns(list(names)), names


def _read_text(
    path: Path, separator: str, zipped: bool, names: dict[str, str]
) -> tuple[pa.Table, dict[str, str]]:
    """All columns as text, exactly as written."""
    from pyarrow import csv as arrow_csv

    opened = gzip.open if zipped else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        header = next(
            (row for row in csv.reader(lines, delimiter=separator) if row), []
        )
    if not any(header):
        raise ValueError(f"{path.name} must have a header, got an empty file")
    names = _located(path, header, names)
    raw = arrow_csv.read_csv(
        path,
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=list(names.values()),
            column_types={name: pa.string() for name in names.values()},
            strings_can_be_null=False,
        ),
    )
    return raw.rename_columns(list(names)), names


def _located(
    path: Path, found: list[str], names: dict[str, str]
) -> dict[str, str]:
    """Role -> column name, for all roles that the file has."""
    names = dict(names)
    for role in (*NEEDED, *OPTIONAL):
        if role in names or role in found:
            names.setdefault(role, role)
    wanted = {role: names.get(role, role) for role in {**dict.fromkeys(NEEDED),
                                                       **names}}  # fmt: skip
    absent = {r: name for r, name in wanted.items() if name not in found}
    if absent:
        example = ", ".join(f"{role!r}: '…'" for role in absent)
        hint = f"name yours with columns={{{example}}}"
        if len(found) == 1:
            hint = "only one column: is the separator right for its ending?"
        elif all(re.match(parsing.NUMBER, name) for name in found):
            hint = "the first line looks like data: the file needs a header"
        raise ValueError(
            f"{path.name} has no column {sorted(absent.values())}; found "
            f"{found}; {hint}"
        )
    for role, name in wanted.items():
        if found.count(name) > 1:
            raise ValueError(
                f"{path.name} has {found.count(name)} columns {name!r}, "
                f"needed once for {role}"
            )
    if len(set(wanted.values())) < len(wanted):
        raise ValueError(f"columns must be different ones, got {wanted}")
    return wanted
