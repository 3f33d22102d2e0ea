import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import parsing


def chunked(values, kind=None):
    return pa.chunked_array([pa.array(values, type=kind)])


def test_refuse_names_rule_value_row_and_how_many_more():
    values = np.array([1, -2, 3, -4, -5])
    with pytest.raises(ValueError) as refused:
        parsing.refuse(values < 0, values, "weight", "at least 0")
    assert str(refused.value) == (
        "weight must be at least 0, got -2 in row 2 and 2 more"
    )
    with pytest.raises(ValueError, match=r"got 'x' in row 1$"):
        parsing.refuse([True], chunked(["x"]), "time", "a date")
    parsing.refuse(values < -9, values, "weight", "at least 0")


@pytest.mark.parametrize(
    "column, missing, notes",
    [
        (chunked([1, None, 3]), [False, True, False], 0),
        (chunked([1.0, np.nan, 3.0]), [False, True, False], 0),
        (chunked(["a", " ", None, ""]), [False, True, True, True], 0),
        (chunked(["a", "NaN", "none"]), [False, False, False], 1),
        (chunked(["a", "b"], pa.large_string()), [False, False], 0),
        (chunked(["a", None], pa.string_view()), [False, True], 0),
        (chunked([True, None]), [False, True], 1),
    ],
)
def test_ids_and_which_are_missing(column, missing, notes):
    said = []
    ids, holes = parsing.parse_ids(column, "user", said)
    assert holes.tolist() == missing and len(ids) == len(missing)
    assert len(said) == notes and all("user" in note for note in said)


def test_ids_that_are_not_whole_or_not_exact():
    with pytest.raises(ValueError, match=r"whole, got 0\.5"):
        parsing.parse_ids(chunked([1.0, 0.5]), "user", [])
    with pytest.raises(ValueError, match="user id must be whole, got inf"):
        parsing.parse_ids(chunked([np.inf]), "user", [])
    parsing.parse_ids(chunked([2.0**53, -(2.0**53)]), "user", [])
    with pytest.raises(ValueError, match="user id must be exact"):
        parsing.parse_ids(chunked([2.0**53 + 2]), "user", [])


@pytest.mark.parametrize(
    "column, expected, kind",
    [
        (chunked([7, 8]), [7, 8], "int64"),
        (chunked([7, 8], pa.uint64()), [7, 8], "int64"),
        (chunked([7, 2**63], pa.uint64()), [7, 2**63], "uint64"),
        (chunked([7.0, 8.0]), [7, 8], "int64"),
        (chunked(["7", "-8"]), [7, -8], "int64"),
        (chunked(["07", "8"]), ["07", "8"], "str"),
        (chunked(["7", str(2**63)]), ["7", str(2**63)], "str"),
    ],
)
def test_ids_without_holes(column, expected, kind):
    notes = []
    ids, _ = parsing.parse_ids(column, "item", notes)
    got = parsing.drop_missing(ids, "item", notes)
    assert got.tolist() == expected and str(got.dtype) == kind
    assert len(notes) == (kind == "str")


@pytest.mark.parametrize(
    "values, kind",
    [
        ([1, 2], None),
        ([1.0, 2.0], pa.float32()),
        ([Decimal("1.0"), Decimal("2.0")], None),
        (["1", " +2e0 "], None),
        (["1.", "2"], pa.large_string()),
    ],
)
def test_numbers(values, kind):
    got = parsing.parse_numbers(chunked(values, kind), "rating")
    assert got.tolist() == [1.0, 2.0] and got.dtype == np.float64


def test_numbers_of_a_dictionary():
    column = pa.chunked_array([pa.array(["1", "2", "1"]).dictionary_encode()])
    assert parsing.parse_numbers(column, "rating").tolist() == [1.0, 2.0, 1.0]


@pytest.mark.parametrize("bad", ["", "x", "nan", "inf", "1e999", "0x1", "1 2"])
def test_numbers_that_are_none(bad):
    with pytest.raises(ValueError, match="rating must be a finite number"):
        parsing.parse_numbers(chunked(["1", bad]), "rating")


@pytest.mark.parametrize(
    "count, unit",
    [
        (99_999_999_999, "s"),
        (100_000_000_000, "ms"),
        (100_000_000_000_000, "us"),
        (100_000_000_000_000_000, "ns"),
    ],
)
def test_units_by_the_largest(count, unit):
    notes = []
    got = parsing.parse_times(chunked([count]), notes)
    assert notes == [f"times are numbers, read as {unit} since 1970"]
    assert got[0] == pd.Timestamp(count, unit=unit, tz="UTC")


@pytest.mark.parametrize(
    "values, year, notes",
    [
        ([datetime.date(2024, 5, 1)], 2024, 1),
        ([datetime.datetime(2024, 5, 1)], 2024, 1),
        (["20240501"], 2024, 1),
        (["2024-05-01T10:00Z"], 2024, 0),
        (["2024-05-01"], 2024, 1),
        (["86400.5"], 1970, 1),
    ],
)
def test_times(values, year, notes):
    said = []
    got = parsing.parse_times(chunked(values), said)
    assert got[0].year == year and str(got.tz) == "UTC"
    assert got.unit == "us" and len(said) == notes


words = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["20240230", "2024-13-01", "1e400", "-5", "9" * 30]),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.datetimes().map(str),
)


@settings(max_examples=150)
@given(st.lists(words, min_size=1, max_size=4))
def test_any_text_is_read_or_refused_by_row(values):
    column = chunked(values, pa.string())
    for read in (
        lambda: parsing.parse_times(column, []),
        lambda: parsing.parse_numbers(column, "rating"),
    ):
        try:
            assert len(read()) == len(values)
        except ValueError as error:
            assert "must be" in str(error) and "in row" in str(error)


@settings(max_examples=150)
@given(st.lists(st.floats(), min_size=1, max_size=4))
def test_any_float_is_a_time_or_refused_by_row(values):
    try:
        assert len(
            parsing.parse_times(chunked(values, pa.float64()), [])
        ) == len(values)
    except ValueError as error:
        assert "time must be" in str(error) and "in row" in str(error)
