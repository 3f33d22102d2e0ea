"""Order, and the metrics of ranked lists."""

from math import inf, log2, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import ranking

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

# few distinct values, so that ties are common
SCORES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7),
    elements=st.sampled_from([-inf, -1.5, 0.0, 2.0, inf]),
)
GRADES = hnp.arrays(np.int64, st.integers(1, 9), elements=st.integers(0, 3))


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
    assert ranking.rank_by_score(np.array(scores)).tolist() == expected


def test_rank_by_score_of_unsigned_and_smallest_integers():
    # negating these would overflow and put them first
    assert ranking.rank_by_score(np.uint8([0, 1, 2])).tolist() == [2, 1, 0]
    least = np.iinfo(np.int64).min
    assert ranking.rank_by_score(np.array([least, 0])).tolist() == [1, 0]


@STEADY
@given(SCORES)
def test_rank_by_score_agrees_with_python_sort(scores):
    order = ranking.rank_by_score(scores)
    rows = scores.reshape(-1, scores.shape[-1])
    for row, got in zip(rows, order.reshape(rows.shape), strict=True):
        expected = sorted(range(len(row)), key=lambda i: (-row[i], i))
        assert got.tolist() == expected


@STEADY
@given(SCORES, st.integers(1, 7))
def test_top_k_is_the_start_of_rank_by_score(scores, k):
    k = min(k, scores.shape[-1])
    np.testing.assert_array_equal(
        ranking.top_k(scores, k=k), ranking.rank_by_score(scores)[..., :k]
    )


def test_order_refuses_nan_numbers_and_wrong_k():
    with pytest.raises(ValueError, match="must not be nan, got 1 of 2"):
        ranking.rank_by_score(np.array([nan, 1.0]))
    with pytest.raises(ValueError, match="must not be nan"):
        ranking.top_k(np.array([nan, 1.0]), k=1)
    with pytest.raises(ValueError, match="need an axis"):
        ranking.rank_by_score(np.array(1.0))
    for k in (0, 3):
        with pytest.raises(ValueError, match=f"from 1 to 2 .*got {k}"):
            ranking.top_k(np.array([1.0, 2.0]), k=k)


# --- gains_of ---------------------------------------------------------------


def test_gains_of_by_hand():
    relevance = np.array([[0, 2, 5], [1, 0, 3]])
    ranked = np.array([[2, 1], [1, -1]])
    got = ranking.gains_of(ranked, relevance)
    assert got.tolist() == [[5, 2], [0, 0]]


def test_gains_of_an_empty_place_is_not_the_last_item():
    assert ranking.gains_of(np.array([-1]), np.array([0, 9])).tolist() == [0]


@pytest.mark.parametrize("wrong", [-2, 3])
def test_gains_of_refuses_unknown_ids(wrong):
    with pytest.raises(ValueError, match=f"from -1 to 2, got {wrong}"):
        ranking.gains_of(np.array([0, wrong]), np.array([0, 1, 2]))


def test_gains_of_refuses_ids_that_are_not_integers():
    with pytest.raises(ValueError, match="must be integers, got float64"):
        ranking.gains_of(np.array([0.0]), np.array([1]))


# --- ndcg -------------------------------------------------------------------


@pytest.mark.parametrize(
    "gains, judged, k, expected",
    [
        ([2, 1, 0], [2, 1, 0], 3, 1.0),  # ideal already
        ([0, 1], [1, 0], 2, 1 / log2(3)),  # the only hit, at rank 2
        ([0, 1], [1, 0], 1, 0.0),  # the hit lies below the cutoff
        ([1], [1], 9, 1.0),  # cutoff beyond the list
        ([1], [1, 3], 9, 1 / (3 + 1 / log2(3))),  # the better one missed
        ([1, 0], [1, 1, 1], 2, 1 / (1 + 1 / log2(3))),  # ideal cut at k
        ([3, 1], [1, 3], 2, 1.0),  # judged in any order
        ([0, 0], [0, 0], 2, nan),  # nothing to find
        ([], [1], 2, 0.0),  # nothing retrieved
    ],
)
def test_ndcg_at_k_by_hand(gains, judged, k, expected):
    got = ranking.ndcg_at_k(np.array(gains), np.array(judged), k=k)
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(GRADES, st.integers(1, 12))
def test_ndcg_is_between_0_and_1_and_swapping_up_helps(gains, k):
    got = ranking.ndcg_at_k(gains, gains, k=k)
    best = ranking.ndcg_at_k(-np.sort(-gains), gains, k=k)
    if gains.sum() == 0:
        assert np.isnan(got) and np.isnan(best)
    else:
        assert 0 <= got <= best == pytest.approx(1.0)


@settings(STEADY, max_examples=50)
@given(
    hnp.arrays(np.int64, (4, 6), elements=st.integers(0, 3)),
    st.integers(1, 8),
)
def test_ndcg_agrees_with_scikit_learn_and_batch_equals_loop(grades, k):
    from sklearn.metrics import ndcg_score

    scores = -np.arange(6.0)  # as ranked
    got = ranking.ndcg_at_k(grades, grades, k=k)
    for row, value in zip(grades, got, strict=True):
        assert value == pytest.approx(
            ranking.ndcg_at_k(row, row, k=k), nan_ok=True
        )
        if row.any():
            peer = ndcg_score(row[None], scores[None], k=k)
            assert value == pytest.approx(peer)


def test_ndcg_refuses():
    one = np.array([1.0])
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        ranking.ndcg_at_k(one, one, k=0)
    for bad in (-1.0, nan, inf):
        with pytest.raises(ValueError, match=f"at least 0, got {bad}"):
            ranking.ndcg_at_k(np.array([bad]), one, k=1)
        with pytest.raises(ValueError, match=f"at least 0, got {bad}"):
            ranking.ndcg_at_k(one, np.array([bad]), k=1)
    with pytest.raises(ValueError, match="every gain that was retrieved"):
        ranking.ndcg_at_k(np.array([2.0]), one, k=1)


# --- yes-or-no metrics ------------------------------------------------------


@pytest.mark.parametrize(
    "gains, n_relevant, k, precision, recall, ap, hit, rr",
    [
        ([1, 0, 1], 2, 3, 2 / 3, 2 / 2, (1 / 1 + 2 / 3) / 2, 1, 1),
        ([0, 3, 0], 5, 3, 1 / 3, 1 / 5, (1 / 2) / 3, 1, 1 / 2),
        ([1, 1, 1], 9, 2, 2 / 2, 2 / 9, 1.0, 1, 1),  # perfect as far as k
        ([0, 1], 1, 1, 0, 0, 0, 0, 0),  # the hit lies below the cutoff
        ([1], 1, 4, 1 / 4, 1, 1, 1, 1),  # cutoff beyond the list
        ([], 2, 3, 0, 0, 0, 0, 0),  # nothing retrieved
        ([0, 0], 0, 2, 0, nan, nan, 0, 0),  # nothing to find
    ],
)
def test_binary_metrics_by_hand(
    gains, n_relevant, k, precision, recall, ap, hit, rr
):
    gains = np.array(gains)
    found = [
        ranking.precision_at_k(gains, k=k),
        ranking.recall_at_k(gains, n_relevant, k=k),
        ranking.average_precision_at_k(gains, n_relevant, k=k),
        ranking.hit_rate_at_k(gains, k=k),
        ranking.reciprocal_rank(gains, k=k),
    ]
    expected = [precision, recall, ap, hit, rr]
    assert found == pytest.approx(expected, nan_ok=True)


@STEADY
@given(
    hnp.arrays(np.int64, (3, 5), elements=st.integers(0, 1)),
    hnp.arrays(np.int64, 3, elements=st.integers(0, 4)),
    st.integers(1, 8),
)
def test_binary_metrics_stay_in_bounds_and_batch_equals_loop(gains, more, k):
    n_relevant = gains.sum(axis=1) + more
    several = [
        lambda g, n: ranking.precision_at_k(g, k=k),
        lambda g, n: ranking.recall_at_k(g, n, k=k),
        lambda g, n: ranking.average_precision_at_k(g, n, k=k),
        lambda g, n: ranking.hit_rate_at_k(g, k=k),
        lambda g, n: ranking.reciprocal_rank(g, k=k),
    ]
    for metric in several:
        got = metric(gains, n_relevant)
        assert got.shape == (3,) and got.dtype == np.float64
        known = got[~np.isnan(got)]
        assert ((known >= 0) & (known <= 1)).all()
        loop = [metric(g, n) for g, n in zip(gains, n_relevant, strict=True)]
        np.testing.assert_allclose(got, loop)


@settings(STEADY, max_examples=50)
@given(hnp.arrays(np.int64, 8, elements=st.integers(0, 1)))
def test_average_precision_agrees_with_scikit_learn(gains):
    from sklearn.metrics import average_precision_score

    if gains.any():
        got = ranking.average_precision_at_k(gains, gains.sum(), k=8)
        peer = average_precision_score(gains, -np.arange(8.0))
        assert got == pytest.approx(peer)


def test_binary_metrics_refuse():
    one = np.array([1, 1])
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        ranking.precision_at_k(one, k=0)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        ranking.hit_rate_at_k(np.array([-1]), k=1)
    for metric in (ranking.recall_at_k, ranking.average_precision_at_k):
        for wrong in (1, nan):
            with pytest.raises(ValueError, match=f"retrieved, got {wrong}"):
                metric(one, wrong, k=2)
    with pytest.raises(ValueError, match="axis of ranks"):
        ranking.reciprocal_rank(np.array(1.0), k=1)


# --- expected reciprocal rank -----------------------------------------------


@pytest.mark.parametrize(
    "gains, k, max_grade, expected",
    [
        ([1], 1, 1, 1 / 2),  # (2**1 - 1) / 2**1
        ([2], 1, 2, 3 / 4),
        ([1], 1, 2, 1 / 4),  # the same grade on a longer scale
        ([0, 2, 1], 3, 2, 3 / 4 / 2 + (1 / 4) * (1 / 4) / 3),
        ([0, 2, 1], 2, 2, 3 / 4 / 2),  # the last lies below the cutoff
        ([1, 1], 9, 1, 1 / 2 + (1 / 2) * (1 / 2) / 2),
        ([0, 0], 2, 3, 0.0),
        ([], 2, 3, 0.0),
    ],
)
def test_expected_reciprocal_rank_by_hand(gains, k, max_grade, expected):
    got = ranking.expected_reciprocal_rank_at_k(
        np.array(gains), k=k, max_grade=max_grade
    )
    assert got == pytest.approx(expected)


def cascade(grades, k, max_grade):
    """The definition, read as a story: one reader, one item after another."""
    expected, still_reading = 0.0, 1.0
    for rank, grade in enumerate(grades[:k], start=1):
        satisfied = (2**grade - 1) / 2**max_grade
        expected += still_reading * satisfied / rank
        still_reading *= 1 - satisfied
    return expected


@STEADY
@given(
    hnp.arrays(np.int64, (3, 6), elements=st.integers(0, 4)),
    st.integers(1, 8),
)
def test_expected_reciprocal_rank_is_the_cascade(grades, k):
    got = ranking.expected_reciprocal_rank_at_k(grades, k=k, max_grade=4)
    best = ranking.expected_reciprocal_rank_at_k(
        -np.sort(-grades), k=k, max_grade=4
    )
    assert got.shape == (3,) and ((got >= 0) & (got < 1)).all()
    assert (got <= best + 1e-12).all()
    slow = [cascade(row, k, 4) for row in grades.tolist()]
    np.testing.assert_allclose(got, slow)


def test_expected_reciprocal_rank_refuses():
    err = ranking.expected_reciprocal_rank_at_k
    with pytest.raises(ValueError, match=r"max_grade = 2, got 3\.0"):
        err(np.array([1, 3]), k=1, max_grade=2)
    for wrong in (0, -1, nan, inf):
        with pytest.raises(ValueError, match=f"above 0, got {wrong}"):
            err(np.array([0]), k=1, max_grade=wrong)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        err(np.array([0]), k=0, max_grade=1)
