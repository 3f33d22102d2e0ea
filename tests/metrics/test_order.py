"""The order of a list, and gains in that order."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import order, ranking

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

# few distinct values, so that ties are common
SCORES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7),
    elements=st.sampled_from([-inf, -1.5, 0.0, 2.0, inf]),
)


# --- rank_by_score, top_k ---------------------------------------------------


@pytest.mark.parametrize(
    "scores, expected",
    [
        ([0.1, 0.3, 0.2], [1, 2, 0]),
        ([5, 5, 5], [0, 1, 2]),  # ties keep the lower index first
        ([-inf, 1.0, -inf], [1, 0, 2]),
        ([True, False, True], [0, 2, 1]),
        ([], []),
    ],
)
def test_rank_by_score_by_hand(scores, expected):
    assert order.rank_by_score(np.array(scores)).tolist() == expected


def test_rank_by_score_of_unsigned_and_smallest_integers():
    # negating these would overflow and put them first
    assert order.rank_by_score(np.uint8([0, 1, 2])).tolist() == [2, 1, 0]
    least = np.iinfo(np.int64).min
    assert order.rank_by_score(np.array([least, 0])).tolist() == [1, 0]


@STEADY
@given(SCORES)
def test_rank_by_score_agrees_with_python_sort(scores):
    got_order = order.rank_by_score(scores)
    rows = scores.reshape(-1, scores.shape[-1])
    for row, got in zip(rows, got_order.reshape(rows.shape), strict=True):
        expected = sorted(range(len(row)), key=lambda i: (-row[i], i))
        assert got.tolist() == expected


@STEADY
@given(SCORES, st.integers(1, 7))
def test_top_k_is_the_start_of_rank_by_score(scores, k):
    k = min(k, scores.shape[-1])
    np.testing.assert_array_equal(
        order.top_k(scores, k=k), order.rank_by_score(scores)[..., :k]
    )


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_largest_is_the_start_of_all_in_order(kind, k):
    values = np.array([[0, 3, 1, 3], [2, 0, 0, 1]]).astype(kind)
    got = order.largest(values, k=k)
    assert got.tolist() == [sorted(row)[::-1][:k] for row in values.tolist()]
    assert got.dtype == kind


def test_order_refuses_nan_numbers_and_wrong_k():
    with pytest.raises(ValueError, match="must not be nan, got 1 of 2"):
        order.rank_by_score(np.array([nan, 1.0]))
    with pytest.raises(ValueError, match="must not be nan"):
        order.top_k(np.array([nan, 1.0]), k=1)
    with pytest.raises(ValueError, match="need an axis"):
        order.rank_by_score(np.array(1.0))
    for k in (0, 3):
        with pytest.raises(ValueError, match=f"from 1 to 2 .*got {k}"):
            order.top_k(np.array([1.0, 2.0]), k=k)


# --- gains_of ---------------------------------------------------------------


def test_gains_of_by_hand():
    relevance = np.array([[0, 2, 5], [1, 0, 3]])
    ranked = np.array([[2, 1], [1, -1]])
    got = order.gains_of(ranked, relevance)
    assert got.tolist() == [[5, 2], [0, 0]]


def test_gains_of_an_empty_place_is_not_the_last_item():
    assert order.gains_of(np.array([-1]), np.array([0, 9])).tolist() == [0]


@pytest.mark.parametrize("wrong", [-2, 3])
def test_gains_of_refuses_unknown_ids(wrong):
    with pytest.raises(ValueError, match=f"from -1 to 2, got {wrong}"):
        order.gains_of(np.array([0, wrong]), np.array([0, 1, 2]))


def test_gains_of_refuses_ids_that_are_not_integers():
    with pytest.raises(ValueError, match="must be integers, got float64"):
        order.gains_of(np.array([0.0]), np.array([1]))


def test_ranking_has_the_same_names():
    for name in ("rank_by_score", "top_k", "gains_of"):
        assert getattr(ranking, name) is getattr(order, name)
