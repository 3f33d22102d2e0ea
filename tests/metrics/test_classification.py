"""Order and probabilities of yes-or-no predictions."""

import re
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import classification

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True, max_examples=60)


VALUES = st.integers(0, 4).map(float)


@st.composite
def rows(draw, value=VALUES):
    """labels, scores (few distinct: ties are common) and weights."""
    n = draw(st.integers(1, 12))
    made = (
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1))),
        draw(hnp.arrays(np.float64, n, elements=value)),
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3))),
    )
    return made


# --- roc_auc ----------------------------------------------------------------


@pytest.mark.parametrize(
    "labels, scores, expected",
    [
        ([1, 0], [2, 1], 1.0),
        ([1, 0], [1, 2], 0.0),
        ([1, 0], [1, 1], 1 / 2),  # a tie is half a pair
        ([1, 0, 1, 0], [4, 3, 2, 1], 3 / 4),
        ([1, 0, 1, 0], [3, 3, 2, 1], (1 / 2 + 1 + 0 + 1) / 4),
        ([True, False], [0.2, -7.0], 1.0),
        ([1, 1], [1, 2], nan),  # one class
        ([], [], nan),
    ],
)
def test_roc_auc_by_hand(labels, scores, expected):
    got = classification.roc_auc(np.array(labels), np.array(scores))
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(rows())
def test_roc_auc_is_the_share_of_pairs_won_whatever_the_order(made):
    labels, scores, weights = made
    up, down = scores[labels == 1], scores[labels == 0]
    won = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    got = classification.roc_auc(labels, scores)
    assert got == pytest.approx(won.mean() if won.size else nan, nan_ok=True)
    assert classification.roc_auc(
        labels[::-1], np.exp(scores[::-1])
    ) == pytest.approx(got, nan_ok=True)
    # a weight is a number of copies
    assert classification.roc_auc(
        labels, scores, weights=weights
    ) == pytest.approx(
        classification.roc_auc(labels.repeat(weights), scores.repeat(weights)),
        nan_ok=True,
    )


@STEADY
@given(rows())
def test_roc_auc_and_average_precision_agree_with_scikit_learn(made):
    from sklearn.metrics import average_precision_score, roc_auc_score

    labels, scores, weights = made
    weights = weights + 0.5
    for weight in (None, weights):
        if 0 < labels.sum():
            assert classification.average_precision(
                labels, scores, weights=weight
            ) == pytest.approx(
                average_precision_score(labels, scores, sample_weight=weight)
            )
        if 0 < labels.sum() < len(labels):
            assert classification.roc_auc(
                labels, scores, weights=weight
            ) == pytest.approx(
                roc_auc_score(labels, scores, sample_weight=weight)
            )


def test_roc_auc_of_integers_that_floats_cannot_tell_apart():
    scores = np.array([2**60 + 1, 2**60])
    assert classification.roc_auc(np.array([1, 0]), scores) == 1.0
    assert classification.average_precision(np.array([0, 1]), scores) == 0.5


@STEADY
@given(rows(), st.integers(0, 99))
def test_metrics_of_weighted_rows_stay_in_bounds(made, seed):
    labels, scores, weights = made
    weights = weights * np.random.default_rng(seed).random(len(weights))
    for metric in (
        classification.roc_auc,
        classification.average_precision,
        classification.trapezoid_pr_auc,
    ):
        got = metric(labels, scores, weights=weights)
        assert np.isnan(got) or 0 <= got <= 1
        # rows of no weight could as well be away
        some = weights > 0
        assert metric(
            labels[some], scores[some], weights=weights[some]
        ) == pytest.approx(got, nan_ok=True)


# --- the interval of ROC-AUC -------------------------------------------------


def delong_variance(labels, scores):
    """Of ROC-AUC, from the placement of each row among the other class."""
    up, down = scores[labels == 1], scores[labels == 0]
    won = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    by_up, by_down = won.mean(axis=1), won.mean(axis=0)
    return by_up.var(ddof=1) / len(up) + by_down.var(ddof=1) / len(down)


def test_interval_is_as_wide_as_delong_says():
    rng = np.random.default_rng(0)
    labels = (rng.random(800) < 0.2).astype(int)
    scores = np.round(rng.normal(size=800) + labels, 1)  # with ties
    got = classification.roc_auc_interval(labels, scores, rng=rng)
    assert got.estimate == classification.roc_auc(labels, scores)
    wide = 2 * 1.96 * np.sqrt(delong_variance(labels, scores))
    assert got.high - got.low == pytest.approx(wide, rel=0.1)
    assert got.low < got.estimate < got.high
    assert got.dropped == 0
    narrow = classification.roc_auc_interval(
        labels, scores, rng=rng, level=0.5
    )
    assert narrow.high - narrow.low < 0.5 * (got.high - got.low)


def test_interval_agrees_with_resampled_rows():
    rng = np.random.default_rng(1)
    labels, scores = rng.integers(0, 2, 30), rng.integers(0, 9, 30)
    other = rng.normal(size=30)
    got = classification.roc_auc_interval(
        labels, scores, other, rng=np.random.default_rng(2)
    )
    rng, found = np.random.default_rng(2), []
    for _ in range(1_000):
        drawn = rng.integers(30, size=30)
        found.append(
            classification.roc_auc(labels[drawn], scores[drawn])
            - classification.roc_auc(labels[drawn], other[drawn])
        )
    expected = np.quantile(found, [0.025, 0.975])
    assert [got.low, got.high] == pytest.approx(expected.tolist())
    assert got.estimate == classification.roc_auc(
        labels, scores
    ) - classification.roc_auc(labels, other)


def test_a_score_leads_itself_by_nothing():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 30), rng.integers(0, 9, 30)
    got = classification.roc_auc_interval(labels, scores, scores, rng=rng)
    assert got[:3] == (0, 0, 0)


def test_interval_where_rows_say_little():
    rng = np.random.default_rng(4)
    one = np.array([1, 0])  # half of the resamples have one class
    got = classification.roc_auc_interval(one, one, rng=rng)
    assert got[:3] == (1, 1, 1) and 400 < got.dropped < 600
    for labels in (one * 0, []):
        got = classification.roc_auc_interval(labels, labels, rng=rng)
        nothing = (nan, nan, nan, len(labels), 1_000)
        assert got == pytest.approx(nothing, nan_ok=True)


def test_interval_refuses():
    one, rng = np.array([1, 0]), np.random.default_rng(0)
    interval = classification.roc_auc_interval
    for level in (0, 1, nan):
        with pytest.raises(ValueError, match=r"level must be in \(0, 1\)"):
            interval(one, one, rng=rng, level=level)
    with pytest.raises(ValueError, match="at least 100, got 99"):
        interval(one, one, rng=rng, resamples=99)
    with pytest.raises(ValueError, match="one length"):
        interval(one, one, np.array([1]), rng=rng)


# --- groups -----------------------------------------------------------------


def test_grouped_auc_by_hand():
    labels = np.array([1, 0, 1, 0, 0, 1, 1])
    scores = np.array([2, 1, 8, 9, 9, 5, 6])
    groups = np.array([0, 0, 1, 1, 1, 3, 3])  # nobody in 2; one class in 3
    got = classification.auc_by_group(labels, scores, groups)
    np.testing.assert_array_equal(got, [1.0, 0.0, nan, nan])
    assert classification.grouped_auc(labels, scores, groups) == (
        (2 * 1.0 + 3 * 0.0) / (2 + 3)
    )


@STEADY
@given(rows(), st.randoms(use_true_random=False))
def test_auc_by_group_agrees_with_a_loop(made, random):
    labels, scores, _ = made
    groups = np.array([random.randrange(4) for _ in labels])
    got = classification.auc_by_group(labels, scores, groups)
    loop = [
        classification.roc_auc(labels[groups == g], scores[groups == g])
        for g in range(groups.max() + 1)
    ]
    np.testing.assert_allclose(got, loop)
    # what is the same for a whole group moves nothing
    shifted = scores + 100 * groups
    np.testing.assert_allclose(
        classification.auc_by_group(labels, shifted, groups), got
    )


def test_grouped_auc_without_a_group_of_both_classes_is_nan():
    one, two = np.array([1, 0]), np.array([0, 1])
    assert np.isnan(classification.grouped_auc(one, one, two))
    empty = np.array([], dtype=int)
    assert np.isnan(classification.grouped_auc(empty, empty, empty))


def test_groups_refuse():
    one = np.array([1, 0])
    with pytest.raises(ValueError, match="integers, got float64"):
        classification.auc_by_group(one, one, np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=r"at least 0.*, got -1"):
        classification.grouped_auc(one, one, np.array([0, -1]))
    with pytest.raises(ValueError, match="as long as labels"):
        classification.grouped_auc(one, one, np.array([0]))


# --- precision and recall ---------------------------------------------------


@pytest.mark.parametrize(
    "labels, scores, expected",
    [
        ([1, 0, 1], [3, 2, 1], 1 / 2 * 1 + 1 / 2 * 2 / 3),
        ([0, 1], [2, 1], 1 / 2),
        ([0, 1, 1], [2, 2, 1], 1 / 2 * 1 / 2 + 1 / 2 * 2 / 3),  # one step
        ([1, 0, 0, 0], [5, 5, 5, 5], 1 / 4),  # no order: the base rate
        ([1, 1], [1, 2], 1.0),
        ([0, 0], [1, 2], nan),
        ([], [], nan),
    ],
)
def test_average_precision_by_hand(labels, scores, expected):
    got = classification.average_precision(np.array(labels), np.array(scores))
    assert got == pytest.approx(expected, nan_ok=True)


def test_precision_recall_by_hand():
    labels, scores = np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1])
    precision, recall = classification.precision_recall(labels, scores)
    assert precision.tolist() == [1 / 1, 1 / 2, 2 / 3, 2 / 4]
    assert recall.tolist() == [1 / 2, 1 / 2, 2 / 2, 2 / 2]
    _, nothing = classification.precision_recall(np.zeros(2), scores[:2])
    assert np.isnan(nothing).all()


@pytest.mark.parametrize(
    "labels, scores, expected",
    [
        ([1, 0], [2, 1], 1.0),
        ([0, 1], [2, 1], (1 - 0) * (0 + 1 / 2) / 2),
        ([1, 0, 0, 0], [5, 5, 5, 5], (1 + 1 / 4) / 2),  # one step, a line
        ([1, 0, 1], [3, 2, 1], 1 / 2 * 1 + 1 / 2 * (1 / 2 + 2 / 3) / 2),
        ([0, 0], [1, 2], nan),
        ([], [], nan),
    ],
)
def test_trapezoid_pr_auc_by_hand(labels, scores, expected):
    got = classification.trapezoid_pr_auc(np.array(labels), np.array(scores))
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(rows())
def test_trapezoid_pr_auc_agrees_with_scikit_learn(made):
    from sklearn.metrics import auc, precision_recall_curve

    labels, scores, weights = made
    if not labels.any():
        return
    for weight in (None, weights + 0.5):
        precision, recall, _ = precision_recall_curve(
            labels, scores, sample_weight=weight
        )
        got = classification.trapezoid_pr_auc(labels, scores, weights=weight)
        assert got == pytest.approx(auc(recall, precision))


def test_rows_of_no_weight_do_not_open_the_curve():
    got = classification.average_precision(
        np.array([0, 1]), np.array([2, 1]), weights=np.array([0, 1])
    )
    assert got == 1.0


# --- refusal ----------------------------------------------------------------


def test_rows_are_refused():
    one = np.array([1, 0])
    with pytest.raises(ValueError, match="labels must be 0 or 1, got 2"):
        classification.roc_auc(np.array([0, 2]), one)
    with pytest.raises(ValueError, match="scores must be finite, got nan"):
        classification.average_precision(one, np.array([nan, 1]))
    with pytest.raises(ValueError, match="one length, got shapes"):
        classification.roc_auc(one, np.array([1.0]))
    with pytest.raises(ValueError, match=r"at least 0.*, got -1"):
        classification.roc_auc(one, one, weights=np.array([-1, 1]))
    for weight in (1e-200, 1e200):  # a product of two would be 0 or infinite
        with pytest.raises(
            ValueError, match=re.escape(f"not 0, got {weight}")
        ):
            classification.roc_auc(one, one, weights=np.array([1, weight]))
