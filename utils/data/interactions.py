"""A user's own interaction log, read without silent repairs.

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
import pyarrow.compute as pc

NEEDED = ("user", "item", "time")
OPTIONAL = ("rating", "weight")
SEPARATORS = {".csv": ",", ".tsv": "\t"}
# Written back as text it would look the same: 7 is a number, 007 is not.
WHOLE_NUMBER = r"^(0|-?[1-9][0-9]{0,18})$"
NUMBER = r"^ *[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)? *$"
# Largest absolute value that is taken for this unit since 1970.
UNITS = (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", np.inf))
LOOKS_MISSING = ("nan", "null", "none", "na", "n/a")


@dataclass(frozen=True)
class Interactions:
    """A log that has been checked.

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
    """Read a log of who used what, when.

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
        parts[role], absent = _ids(raw[role], role, notes)
        missing |= absent
    parts["time"] = _times(raw["time"], notes)
    for role in OPTIONAL:
        if role in names:
            parts[role] = _numbers(raw[role], role)
    if "weight" in parts:
        _refuse(parts["weight"] < 0, parts["weight"], "weight",
                "at least 0")  # fmt: skip

    table = pd.DataFrame(parts)
    counts = {"rows read": len(table)}
    table = table[~missing]
    for role in ("user", "item"):  # typed only now: no hole left
        table[role] = _typed(table[role], role, notes)
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
        elif all(re.match(NUMBER, name) for name in found):
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


def _refuse(wrong: np.ndarray, values, name: str, rule: str) -> None:
    """Raise for the first row where `wrong`."""
    wrong = np.asarray(wrong)
    if wrong.any():
        row = int(np.argmax(wrong))
        value = values[row]
        value = value.as_py() if isinstance(value, pa.Scalar) else value.item()
        raise ValueError(
            f"{name} must be {rule}, got {value!r} in row {row + 1}"
            + (f" and {wrong.sum() - 1:,} more" if wrong.sum() > 1 else "")
        )


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionary-encoded columns decoded, all text as one type."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or (
        pa.types.is_string_view(column.type)
    ):
        column = column.cast(pa.string())
    return column


def _mask(column) -> np.ndarray:
    """(R,) bool; null counts as False."""
    return pc.fill_null(column, False).to_numpy(zero_copy_only=False)


def _ids(
    column: pa.ChunkedArray, role: str, notes: list[str]
) -> tuple[pd.Series, np.ndarray]:
    """Ids as Arrow holds them, and which rows have none."""
    column = _plain(column)
    kind = column.type
    missing = pc.is_null(column, nan_is_null=True)
    if pa.types.is_string(kind):
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        missing = pc.or_(missing, pc.fill_null(blank, True))
        odd = pc.is_in(
            pc.utf8_lower(column), value_set=pa.array(LOOKS_MISSING)
        )
        if n_odd := int(_mask(odd).sum()):
            notes.append(
                f"{n_odd:,} rows have a {role} called like a missing value "
                f"({', '.join(LOOKS_MISSING)}): kept as ids"
            )
    elif pa.types.is_floating(kind):
        values = column.to_numpy()
        whole = ~np.isfinite(values) | (values == np.round(values))
        _refuse(~whole | np.isinf(values), column, f"{role} id", "whole")
        _refuse(np.abs(np.nan_to_num(values)) > 2**53, column, f"{role} id",
                "exact, as floating point is up to 2**53 only")  # fmt: skip
    elif not pa.types.is_integer(kind):
        column = column.cast(pa.string())
        notes.append(f"{role} ids of type {kind} are read as text")
    series = column.to_pandas(types_mapper=pd.ArrowDtype)
    return series.reset_index(drop=True), _mask(missing)


def _typed(ids: pd.Series, role: str, notes: list[str]) -> pd.Series:
    """Ids without holes, as int64, uint64 or text."""
    kind = ids.dtype.pyarrow_dtype
    if pa.types.is_uint64(kind) and len(ids) and ids.max() >= 2**63:
        return ids.astype("uint64")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return ids.astype("int64")
    column = pa.chunked_array([pa.array(ids, type=pa.string())])
    as_number = pc.match_substring_regex(column, WHOLE_NUMBER)
    if pc.all(as_number).as_py():
        try:
            numbers = column.cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:  # beyond 64 bits: stays text
            notes.append(f"{role} ids beyond 64 bits are kept as text")
        else:
            return pd.Series(numbers, index=ids.index)
    elif pc.any(as_number).as_py():
        notes.append(
            f"{role} ids are kept as text: only some are whole numbers"
        )
    return ids.astype("str")


def _numbers(column: pa.ChunkedArray, role: str) -> np.ndarray:
    """(R,) float64, all finite."""
    column = _plain(column)
    wrong = _mask(pc.is_null(column))
    if pa.types.is_string(column.type):
        wrong = wrong | ~_mask(pc.match_substring_regex(column, NUMBER))
        _refuse(wrong, column, role, "a finite number")
        column = pc.utf8_trim(column, " ")
        column = pc.replace_substring_regex(column, r"^\+", "")
    elif not (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    ):
        raise ValueError(f"{role} must be numbers, got type {column.type}")
    _refuse(wrong, column, role, "a finite number")
    values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    _refuse(~np.isfinite(values), values, role, "a finite number")
    return values


def _times(column: pa.ChunkedArray, notes: list[str]) -> pd.DatetimeIndex:
    """(R,) UTC, to the microsecond."""
    column = _plain(column)
    kind = column.type
    rule = "ISO 8601 or a number since 1970"
    if pa.types.is_string(kind):
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        _refuse(_mask(pc.fill_null(blank, True)), column, "time", rule)
        numeric = _mask(pc.match_substring_regex(column, NUMBER))
        if not numeric.all():
            return _iso_times(column, numeric, rule, notes)
        dates = _compact_dates(column)
        if dates is not None:
            notes.append("times like 20240131 are read as dates")
            return dates
        digits = pc.utf8_trim(column, " ")
        try:
            column = digits.cast(pa.int64())
        except pa.ArrowInvalid:  # fractions
            column = pa.chunked_array([_numbers(column, "time")])
    _refuse(_mask(pc.is_null(column)), column, "time", rule)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        times = pd.DatetimeIndex(column.to_pandas())
        if times.tz is None:
            notes.append("times without a zone are taken as UTC")
            times = times.tz_localize("UTC")
        return times.tz_convert("UTC").as_unit("us")
    if pa.types.is_string(kind) or pa.types.is_integer(kind) or (
        pa.types.is_floating(kind)
    ):  # fmt: skip
        return _unix_times(column, notes)
    raise ValueError(f"time must be {rule}, got type {kind}")


def _iso_times(column, numeric, rule, notes) -> pd.DatetimeIndex:
    """Times written out; numbers among them are refused."""
    text = column.to_pandas()
    times = pd.to_datetime(text, utc=True, format="ISO8601", errors="coerce")
    _refuse(times.isna() | numeric, column, "time", rule)
    zone = pc.match_substring_regex(
        column, r"([zZ]|[-+]\d\d:?\d\d|:\d\d[-+]\d\d)\s*$"
    )
    # A plain date ends like an offset: only what has a clock can have one.
    clock = pc.match_substring_regex(column, r"\d[T ]\d")
    bare = int((~_mask(pc.and_(zone, clock))).sum())
    if bare:
        notes.append(f"{bare:,} times without a zone are taken as UTC")
    return pd.DatetimeIndex(times).as_unit("us")


def _compact_dates(column) -> pd.DatetimeIndex | None:
    """Times if every one is a date of 1900 to 2099 in eight digits."""
    shape = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
    if not pc.all(pc.match_substring_regex(column, shape)).as_py():
        return None
    times = pd.to_datetime(
        column.to_pandas(), utc=True, format="%Y%m%d", errors="coerce"
    )
    _refuse(times.isna(), column, "time", "a date of the calendar")
    return pd.DatetimeIndex(times).as_unit("us")


def _unix_times(column, notes: list[str]) -> pd.DatetimeIndex:
    """Numbers since 1970, one unit for all, by the largest."""
    values = column.to_numpy()
    if values.dtype.kind == "f":
        _refuse(~np.isfinite(values), values, "time", "finite")
    size = np.abs(values.astype(np.float64))
    limits = np.array([limit for _, limit in UNITS])
    units = np.searchsorted(limits, size, side="right")
    unit = int(units.max())
    # Below 1e8 any unit may stand for the first days of 1970.
    _refuse((units != unit) & (size >= 1e8), values, "time",
            f"in one unit ({UNITS[unit][0]}, by the largest)")  # fmt: skip
    name = UNITS[unit][0]
    notes.append(f"times are numbers, read as {name} since 1970")
    per_microsecond = {"s": 10**6, "ms": 10**3, "us": 1}.get(name)
    if values.dtype.kind != "f":
        whole = values.astype(np.int64)
        whole = whole * per_microsecond if per_microsecond else whole // 1000
    else:
        scaled = values * per_microsecond if per_microsecond else values / 1e3
        whole = np.rint(scaled).astype(np.int64)
    return pd.DatetimeIndex(whole.view("datetime64[us]")).tz_localize("UTC")
