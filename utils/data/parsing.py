"""Parsing of log columns: numbers, ids and times, or a refusal by row.

Whatever cannot be read without a guess is a `ValueError` that names the rule,
the value and the row, counted from 1. What was taken for granted is added to
`notes`, in words.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Written back as text it would look the same: 7 is a number, 007 is not.
WHOLE_NUMBER = r"^(0|-?[1-9][0-9]{0,18})$"
NUMBER = r"^ *[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)? *$"
# Largest absolute value that is taken for this unit since 1970.
UNITS = (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", np.inf))
LOOKS_MISSING = ("nan", "null", "none", "na", "n/a")


def refuse(wrong: np.ndarray, values, name: str, rule: str) -> None:
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


def parse_ids(
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
        refuse(~whole | np.isinf(values), column, f"{role} id", "whole")
        refuse(np.abs(np.nan_to_num(values)) > 2**53, column, f"{role} id",
                "exact, as floating point is up to 2**53 only")  # fmt: skip
    elif not pa.types.is_integer(kind):
        column = column.cast(pa.string())
        notes.append(f"{role} ids of type {kind} are read as text")
    series = column.to_pandas(types_mapper=pd.ArrowDtype)
    return series.reset_index(drop=True), _mask(missing)


def drop_missing(ids: pd.Series, role: str, notes: list[str]) -> pd.Series:
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


def parse_numbers(column: pa.ChunkedArray, role: str) -> np.ndarray:
    """(R,) float64, all finite, of numbers or of text that spells them.

    >>> parse_numbers(pa.chunked_array([["1", " 2.5"]]), "rating")
    array([1. , 2.5])
    """
    column = _plain(column)
    wrong = _mask(pc.is_null(column))
    if pa.types.is_string(column.type):
        wrong = wrong | ~_mask(pc.match_substring_regex(column, NUMBER))
        refuse(wrong, column, role, "a finite number")
        column = pc.utf8_trim(column, " ")
        column = pc.replace_substring_regex(column, r"^\+", "")
    elif not (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    ):
        raise ValueError(f"{role} must be numbers, got type {column.type}")
    refuse(wrong, column, role, "a finite number")
    values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    refuse(~np.isfinite(values), values, role, "a finite number")
    return values


def parse_times(column: pa.ChunkedArray, notes: list[str]) -> pd.DatetimeIndex:
    """(R,) UTC, to the microsecond, of ISO text, dates or counts since 1970.

    >>> notes = []
    >>> got = parse_times(pa.chunked_array([[0, 60]]), notes)
    >>> got.strftime("%H:%M").tolist()
    ['00:00', '00:01']
    >>> notes
    ['times are numbers, read as s since 1970']
    """
    column = _plain(column)
    kind = column.type
    rule = "ISO 8601 or a number since 1970"
    if pa.types.is_string(kind):
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        refuse(_mask(pc.fill_null(blank, True)), column, "time", rule)
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
            column = pa.chunked_array([parse_numbers(column, "time")])
    refuse(_mask(pc.is_null(column)), column, "time", rule)
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
    refuse(times.isna() | numeric, column, "time", rule)
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
    refuse(times.isna(), column, "time", "a date of the calendar")
    return pd.DatetimeIndex(times).as_unit("us")


def _unix_times(column, notes: list[str]) -> pd.DatetimeIndex:
    """Numbers since 1970, one unit for all, by the largest."""
    values = column.to_numpy()
    if values.dtype.kind == "f":
        refuse(~np.isfinite(values), values, "time", "finite")
    size = np.abs(values.astype(np.float64))
    refuse(size >= 2.0**63, values, "time", "within 64 bits")
    limits = np.array([limit for _, limit in UNITS])
    units = np.searchsorted(limits, size, side="right")
    unit = int(units.max())
    # Below 1e8 any unit may stand for the first days of 1970.
    refuse((units != unit) & (size >= 1e8), values, "time",
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
