"""Metrics of decisions at one threshold, and its choice."""

from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import classification, thresholds

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True, max_examples=60)


@st.composite
def rows(draw):
    """labels, scores (few distinct: ties are common), predictions, weights."""
    n = draw(st.integers(1, 12))
    return (
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1))),
        draw(hnp.arrays(np.float64, n, elements=st.integers(0, 4).map(float))),
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1))),
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3))),
    )


def tried(labels, scores, weights):
    """(threshold, precision, recall) of each score, by looking at all."""
    found = []
    for t in sorted(set(scores[weights > 0].tolist())):
        predicted = scores >= t
        tp = weights @ (predicted & (labels == 1))
        found.append((t, tp / (weights @ predicted), tp / (weights @ labels)))
    return found


# --- one threshold ----------------------------------------------------------


def test_confusion_by_hand():
    got = thresholds.confusion_matrix(
        np.array([1, 1, 0, 0, 0]),
        np.array([1, 0, 1, 0, 0]),
        weights=np.array([2, 3, 5, 7, 11]),
    )
    assert got == (2, 5, 3, 7 + 11)
    assert got.true_positives == 2 and got.true_negatives == 18
    assert got.false_positives == 5 and got.false_negatives == 3


@pytest.mark.parametrize(
    "labels, predicted, beta, expected",
    [
        ([1, 1, 0, 0], [1, 0, 1, 0], 1, 1 / 2),
        ([1, 1, 0], [1, 0, 0], 1, 2 * 1 * 0.5 / (1 + 0.5)),
        ([1, 1, 0], [1, 0, 0], 2, 5 * 1 * 0.5 / (4 * 1 + 0.5)),
        ([1, 1, 0], [1, 0, 0], 0.5, 1.25 * 1 * 0.5 / (0.25 * 1 + 0.5)),
        ([1, 0], [0, 1], 1, 0.0),
        ([1, 0], [0, 0], 1, 0.0),  # something to find, nothing predicted
        ([0, 0], [0, 1], 1, 0.0),
        ([0, 0], [0, 0], 1, nan),
        ([], [], 1, nan),
    ],
)
def test_f_beta_by_hand(labels, predicted, beta, expected):
    got = thresholds.f_beta(np.array(labels), np.array(predicted), beta=beta)
    assert got == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "labels, predicted, expected",
    [
        ([1, 0], [1, 0], 1.0),
        ([1, 0], [0, 1], -1.0),
        ([1, 1, 0, 0], [1, 0, 1, 0], 0.0),
        ([1, 0, 1, 0], [1, 0, 0, 0], (1 * 2 - 0 * 1) / sqrt(2 * 2 * 1 * 3)),
        ([1, 1], [1, 0], nan),
        ([1, 0], [1, 1], nan),
        ([], [], nan),
    ],
)
def test_mcc_by_hand(labels, predicted, expected):
    got = thresholds.mcc(np.array(labels), np.array(predicted))
    assert got == pytest.approx(expected, nan_ok=True)


def test_mcc_of_huge_weights_stays_in_the_floats():
    labels, predicted = np.array([1, 0, 1, 0]), np.array([1, 0, 0, 0])
    got = thresholds.mcc(labels, predicted, weights=np.full(4, 1e120))
    assert got == pytest.approx(1 / sqrt(3))


@STEADY
@given(rows())
def test_f_beta_and_mcc_agree_with_scikit_learn(made):
    from sklearn.metrics import fbeta_score, matthews_corrcoef

    labels, _, predicted, weights = made
    for weight in (None, weights + 0.5):
        got = thresholds.f_beta(labels, predicted, beta=2, weights=weight)
        if labels.any() or predicted.any():
            assert got == pytest.approx(
                fbeta_score(
                    labels,
                    predicted,
                    beta=2,
                    sample_weight=weight,
                    zero_division=0,
                ),
                abs=1e-12,
            )
        got = thresholds.mcc(labels, predicted, weights=weight)
        if np.ptp(labels) and np.ptp(predicted):
            assert got == pytest.approx(
                matthews_corrcoef(labels, predicted, sample_weight=weight),
                abs=1e-12,
            )
        else:
            assert np.isnan(got)


# --- a threshold that is looked for ------------------------------------------

LABELS, SCORES = np.array([1, 0, 1, 0, 1]), np.array([5, 4, 3, 2, 1])
# precision 1, 1/2, 2/3, 1/2, 3/5; recall 1/3, 1/3, 2/3, 2/3, 1


@pytest.mark.parametrize(
    "precision, expected",
    [
        (0.0, (1, 3 / 5, 1)),
        (0.6, (1, 3 / 5, 1)),
        (0.61, (3, 2 / 3, 2 / 3)),  # not 2, which finds as many
        (0.9, (5, 1, 1 / 3)),
    ],
)
def test_recall_at_precision_by_hand(precision, expected):
    got = thresholds.recall_at_precision(LABELS, SCORES, precision=precision)
    assert got == pytest.approx(expected)


@pytest.mark.parametrize(
    "recall, expected",
    [
        (0.0, (5, 1, 1 / 3)),
        (1 / 3, (5, 1, 1 / 3)),
        (0.5, (3, 2 / 3, 2 / 3)),
        (1.0, (1, 3 / 5, 1)),
    ],
)
def test_precision_at_recall_by_hand(recall, expected):
    got = thresholds.precision_at_recall(LABELS, SCORES, recall=recall)
    assert got == pytest.approx(expected)


def test_of_equal_precision_the_point_that_finds_more():
    got = thresholds.precision_at_recall(
        np.array([1, 1, 0]), np.array([3, 2, 1]), recall=0.1
    )
    assert got == (2, 1, 1)


def test_thresholds_without_an_answer():
    no, score = np.array([0, 0]), np.array([1.0, 2.0])
    nothing = pytest.approx((inf, nan, nan), nan_ok=True)
    assert thresholds.recall_at_precision(no, score, precision=0.1) == nothing
    assert thresholds.precision_at_recall(no, score, recall=0.1) == nothing
    assert thresholds.precision_at_recall([], [], recall=0.1) == nothing
    # the best row is a negative: no threshold is right every time
    got = thresholds.recall_at_precision(
        np.array([1, 0]), score, precision=1.0
    )
    assert got == pytest.approx((inf, nan, 0.0), nan_ok=True)


@STEADY
@given(rows(), st.sampled_from([0.0, 0.3, 0.5, 2 / 3, 1.0]))
def test_thresholds_agree_with_trying_all(made, asked):
    labels, scores, _, weights = made
    points = tried(labels, scores, weights) if weights @ labels else []
    good = [p for p in points if p[1] >= asked]
    got = thresholds.recall_at_precision(
        labels, scores, precision=asked, weights=weights
    )
    best = max(good, key=lambda p: (p[2], p[1]), default=(inf, nan, 0.0))
    if not points:
        best = (inf, nan, nan)
    assert got == pytest.approx(best, nan_ok=True)
    good = [p for p in points if p[2] >= asked]
    got = thresholds.precision_at_recall(
        labels, scores, recall=asked, weights=weights
    )
    best = max(good, key=lambda p: (p[1], p[2]), default=(inf, nan, nan))
    assert got == pytest.approx(best, nan_ok=True)


# --- costs ------------------------------------------------------------------


@pytest.mark.parametrize(
    "alarm, miss, threshold, cost",
    [
        (1, 0, inf, 0.0),  # missing is free: predict no positive
        (0, 1, 1, 0.0),  # false alarms are free: find all
        (1, 1, 5, 2 / 5),  # 3 costs as much, and predicts more
        (1, 1.5, 1, 2 / 5),
        (2, 1, 5, 2 / 5),
        (0, 0, inf, 0.0),
    ],
)
def test_min_cost_threshold_by_hand(alarm, miss, threshold, cost):
    got = thresholds.min_cost_threshold(
        LABELS, SCORES, false_positive_cost=alarm, false_negative_cost=miss
    )
    assert got == pytest.approx((threshold, cost))


def test_min_cost_threshold_without_rows():
    got = thresholds.min_cost_threshold(
        [], [], false_positive_cost=1, false_negative_cost=1
    )
    assert got == pytest.approx((inf, nan), nan_ok=True)


@STEADY
@given(rows(), st.integers(0, 4), st.integers(0, 4))
def test_min_cost_threshold_agrees_with_trying_all(made, alarm, miss):
    labels, scores, _, weights = made
    got = thresholds.min_cost_threshold(
        labels,
        scores,
        false_positive_cost=alarm,
        false_negative_cost=miss,
        weights=weights,
    )
    costs = {}
    for t in [inf, *scores.tolist()]:
        wrong = thresholds.confusion_matrix(
            labels, scores >= t, weights=weights
        )
        costs[t] = alarm * wrong.false_positives + miss * wrong.false_negatives
    least = min(costs.values())
    assert got.threshold == max(t for t in costs if costs[t] == least)
    assert got.cost == pytest.approx(
        least / weights.sum() if weights.sum() else nan, nan_ok=True
    )


def test_calibrated_probabilities_need_no_search():
    rng = np.random.default_rng(0)
    p = rng.random(100_000)
    labels = rng.random(100_000) < p
    known = thresholds.bayes_threshold(
        false_positive_cost=1, false_negative_cost=3
    )
    assert known == 1 / (1 + 3)
    found = thresholds.min_cost_threshold(
        labels, p, false_positive_cost=1, false_negative_cost=3
    )
    assert found.threshold == pytest.approx(known, abs=0.03)
    assert np.isnan(
        thresholds.bayes_threshold(
            false_positive_cost=0, false_negative_cost=0
        )
    )


# --- refusal ----------------------------------------------------------------


def test_bad_predictions_and_goals_are_refused():
    one = np.array([1, 0])
    with pytest.raises(
        ValueError, match=r"predictions must be 0 or 1, got 0\.5"
    ):
        thresholds.mcc(one, np.array([0.5, 1]))
    for beta in (0, -1, inf, nan):
        with pytest.raises(ValueError, match="beta must be above 0"):
            thresholds.f_beta(one, one, beta=beta)
    for asked in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=r"precision must be in \[0, 1\]"):
            thresholds.recall_at_precision(one, one, precision=asked)
        with pytest.raises(ValueError, match=r"recall must be in \[0, 1\]"):
            thresholds.precision_at_recall(one, one, recall=asked)
    for cost in (-1, inf, nan):
        with pytest.raises(
            ValueError, match="false_positive_cost must be a finite"
        ):
            thresholds.min_cost_threshold(
                one, one, false_positive_cost=cost, false_negative_cost=1
            )
        with pytest.raises(
            ValueError, match="false_negative_cost must be a finite"
        ):
            thresholds.bayes_threshold(
                false_positive_cost=1, false_negative_cost=cost
            )


def test_thresholds_can_be_called_from_classification():
    for name in classification.__all__:
        assert hasattr(classification, name)
    assert classification.mcc is thresholds.mcc
