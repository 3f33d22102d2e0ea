"""The metrics of ranked lists."""

from math import inf, log2, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import ranking

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

GRADES = hnp.arrays(np.int64, st.integers(1, 9), elements=st.integers(0, 3))


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
    for metric in (
        ranking.recall_at_k,
        ranking.average_precision_at_k,
        ranking.f1_at_k,
    ):
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
        with pytest.raises(ValueError, match=f"at most 1000, got {wrong}"):
            err(np.array([0]), k=1, max_grade=wrong)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        err(np.array([0]), k=0, max_grade=1)


# --- F1, R-precision, RBP, bpref, exponential gains --------------------------


@pytest.mark.parametrize(
    "gains, n_relevant, k, f1, r_precision, rbp",
    [
        ([1, 0, 1], 2, 3, 2 * (2 / 3) * 1 / (2 / 3 + 1), 1 / 2, 1 / 2 + 1 / 8),
        ([0, 3, 0], 5, 3, 2 * (1 / 3) * (1 / 5) / (8 / 15), 1 / 5, 1 / 4),
        ([0, 0, 1], 1, 2, 0, 0, 0),  # the hit lies below k, and below R
        ([1], 1, 4, 2 * (1 / 4) * 1 / (5 / 4), 1, 1 / 2),
        ([], 2, 3, 0, 0, 0),
        ([0, 0], 0, 2, nan, nan, 0),
    ],
)
def test_f1_r_precision_and_rbp_by_hand(
    gains, n_relevant, k, f1, r_precision, rbp
):
    gains = np.array(gains)
    got = [
        ranking.f1_at_k(gains, n_relevant, k=k),
        ranking.r_precision(gains, n_relevant),
        ranking.rank_biased_precision_at_k(gains, k=k, persistence=0.5),
    ]
    assert got == pytest.approx([f1, r_precision, rbp], nan_ok=True)


@pytest.mark.parametrize(
    "judgements, n_relevant, n_nonrelevant, expected",
    [
        ([1, 0, 1], 2, 1, (1 + (1 - 1 / 1)) / 2),
        ([1, -1, 0, 1], 2, 5, (1 + (1 - 1 / 2)) / 2),  # -1 is passed over
        ([0, 0, 0, 1], 2, 5, (1 - 2 / 2) / 2),  # no more than R count
        ([1, 1], 4, 0, 2 / 4),  # nothing judged non-relevant
        ([0, 0], 0, 2, nan),
        ([], 1, 1, 0),
    ],
)
def test_bpref_by_hand(judgements, n_relevant, n_nonrelevant, expected):
    got = ranking.bpref(np.array(judgements), n_relevant, n_nonrelevant)
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(
    hnp.arrays(np.int64, (3, 6), elements=st.integers(0, 3)),
    hnp.arrays(np.int64, 3, elements=st.integers(0, 4)),
    st.integers(1, 8),
)
def test_new_metrics_stay_in_bounds_and_batch_equals_loop(gains, more, k):
    n_relevant, n_other = (gains > 0).sum(1) + more, (gains == 0).sum(1)
    p, r = (
        ranking.precision_at_k(gains, k=k),
        ranking.recall_at_k(gains, n_relevant, k=k),
    )
    with np.errstate(invalid="ignore"):
        mean = np.where(p + r > 0, 2 * p * r / (p + r), r)
    np.testing.assert_allclose(ranking.f1_at_k(gains, n_relevant, k=k), mean)
    several = [
        lambda g, n, m: ranking.f1_at_k(g, n, k=k),
        lambda g, n, m: ranking.r_precision(g, n),
        lambda g, n, m: ranking.rank_biased_precision_at_k(
            g, k=k, persistence=0.8
        ),
        ranking.bpref,
    ]
    for metric in several:
        got = metric(gains, n_relevant, n_other)
        assert got.shape == (3,) and got.dtype == np.float64
        known = got[~np.isnan(got)]
        assert ((known >= 0) & (known <= 1)).all()
        loop = map(metric, gains, n_relevant, n_other)
        np.testing.assert_allclose(got, list(loop))


def test_exponential_gains_make_ndcg_steeper():
    grades, judged = np.array([1, 2]), np.array([2, 1])
    got = ranking.ndcg_at_k(
        ranking.exponential_gains(grades),
        ranking.exponential_gains(judged),
        k=2,
    )
    assert got == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))


def test_new_metrics_refuse():
    one = np.array([1, 0])
    for wrong in (0, 1, -0.5, nan):
        with pytest.raises(ValueError, match=f"below 1, got {wrong}"):
            ranking.rank_biased_precision_at_k(one, k=1, persistence=wrong)
    with pytest.raises(ValueError, match=r"n_nonrelevant must .* got 0"):
        ranking.bpref(one, 1, 0)
    with pytest.raises(ValueError, match=r"n_relevant must .* got 0"):
        ranking.r_precision(one, 0)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        ranking.exponential_gains(np.array([-1]))
    with pytest.raises(ValueError, match="at least 0, got inf"):
        ranking.bpref(np.array([inf]), 1, 0)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")  # numba, about its own casts
def test_every_metric_agrees_with_ranx():
    from ranx import metrics

    rng = np.random.default_rng(0)
    n_queries, n_items, k, length = 200, 30, 7, 20
    grades = rng.integers(-1, 4, (n_queries, n_items))  # below 1: not relevant
    grades[:, 0] = 1  # ranx calls undefined 0
    ranked = rng.permuted(np.tile(np.arange(n_items), (n_queries, 1)), axis=1)
    ranked = ranked[:, :length]
    gains = ranking.gains_of(ranked, np.maximum(grades, 0))
    n_relevant = (grades > 0).sum(1)
    run = np.dstack(
        [ranked, np.broadcast_to(-np.arange(length), ranked.shape)]
    )
    best = np.argsort(-grades, axis=1, kind="stable")
    qrels = np.dstack([best, np.take_along_axis(grades, best, axis=1)])
    run, qrels = run.astype(float), qrels.astype(float)
    steep = map(ranking.exponential_gains, (gains, np.maximum(grades, 0)))
    pairs = {
        "precision": ranking.precision_at_k(gains, k=k),
        "recall": ranking.recall_at_k(gains, n_relevant, k=k),
        "f1": ranking.f1_at_k(gains, n_relevant, k=k),
        "hit_rate": ranking.hit_rate_at_k(gains, k=k),
        "reciprocal_rank": ranking.reciprocal_rank(gains, k=k),
        "ndcg": ranking.ndcg_at_k(gains, np.maximum(grades, 0), k=k),
        "ndcg_burges": ranking.ndcg_at_k(*steep, k=k),
        # over R there, over min(k, R) here
        "average_precision": ranking.average_precision_at_k(
            gains, n_relevant, k=k
        )
        * np.minimum(k, n_relevant)
        / n_relevant,
    }
    for name, ours in pairs.items():
        theirs = getattr(metrics, name)(qrels, run, k, 1)
        np.testing.assert_allclose(ours, theirs, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(
        ranking.r_precision(gains, n_relevant),
        metrics.r_precision(qrels, run, 0, 1),
        atol=1e-9,
    )
    qrels[:, :, 1] = qrels[:, :, 1] > 0  # it would weight hits by grade
    np.testing.assert_allclose(
        ranking.rank_biased_precision_at_k(gains, k=length, persistence=0.8),
        metrics.rank_biased_precision(qrels, run, 0.8, 1),
        atol=1e-9,
    )
