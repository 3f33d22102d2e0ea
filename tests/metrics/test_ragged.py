"""Lists of unequal length in padded blocks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.metrics import ragged


@given(st.lists(st.integers(0, 9)), st.integers(1, 30))
def test_rows_by_length_has_every_row_once_and_little_padding(lengths, cells):
    lengths = np.array(lengths, dtype=int)
    blocks = list(ragged.rows_by_length(lengths, cells))
    rows = np.concatenate([np.arange(0), *blocks])
    assert sorted(rows) == list(range(len(lengths)))
    assert (np.diff(lengths[rows]) <= 0).all()
    for block in blocks:
        widest = max(1, lengths[block].max())
        assert len(block) == 1 or len(block) * widest <= cells


@given(st.lists(st.lists(st.integers(0, 5), max_size=4)))
def test_padded_is_the_lists(lists):
    counts = np.array([len(one) for one in lists], dtype=int)
    flat = np.array([x for one in lists for x in one], dtype=int)
    got = ragged.padded(flat, np.cumsum(counts) - counts, counts, -9)
    assert got.shape == (len(lists), counts.max(initial=0))
    for row, one in zip(got.tolist(), lists, strict=True):
        assert row == one + [-9] * (len(row) - len(one))


@pytest.mark.parametrize("starts", [[0, 2], [2, 0], [1, 1]])
def test_padded_goes_by_starts(starts):
    flat = np.arange(4)
    got = ragged.padded(flat, np.array(starts), np.array([2, 2]), -1)
    assert got.tolist() == [[s, s + 1] for s in starts]


@given(st.lists(st.sampled_from("abcx")))
def test_groups_finds_the_rows_of_each_query(column):
    queries = pd.Index(["c", "a", "b", "d"])
    series = pd.Series(column, dtype=object)
    starts, counts, order = ragged.groups(series, queries)
    values = series.to_numpy() if order is None else series.to_numpy()[order]
    for query, start, count in zip(queries, starts, counts, strict=True):
        assert count == column.count(query)
        assert (values[start : start + count] == query).all()
    if order is not None:  # rows of one query keep their order
        assert all(
            (np.diff(order[values == query]) > 0).all() for query in queries
        )


def test_check_distinct_names_item_and_query():
    ids = np.array([[1, 2, -1, -1], [5, 3, 5, -1]])
    with pytest.raises(ValueError, match=r"got five twice in query q2"):
        ragged.check_distinct(
            ids, np.array(["q1", "q2"], dtype=object), {5: "five"}.get
        )
    wide = np.array([[2**40, 2**40 + 2**32]])  # alike in their low 32 bits
    ragged.check_distinct(wide, np.array([0]), int)
