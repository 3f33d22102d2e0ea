"""What one threshold decides."""

from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import classification, decisions

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True, max_examples=60)


@st.composite
def rows(draw):
    """labels, scores (few distinct: ties are common), decisions, weights."""
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
        taken = scores >= t
        hits = weights @ (taken & (labels == 1))
        found.append((t, hits / (weights @ taken), hits / (weights @ labels)))
    return found


# --- a decision -------------------------------------------------------------


def test_confusion_by_hand():
    got = decisions.confusion(
        np.array([1, 1, 0, 0, 0]),
        np.array([1, 0, 1, 0, 0]),
        weights=np.array([2, 3, 5, 7, 11]),
    )
    assert got == (2, 5, 3, 7 + 11)
    assert got.hits == 2 and got.false_alarms == 5 and got.overlooked == 3


@pytest.mark.parametrize(
    "labels, taken, beta, expected",
    [
        ([1, 1, 0, 0], [1, 0, 1, 0], 1, 1 / 2),
        ([1, 1, 0], [1, 0, 0], 1, 2 * 1 * 0.5 / (1 + 0.5)),
        ([1, 1, 0], [1, 0, 0], 2, 5 * 1 * 0.5 / (4 * 1 + 0.5)),
        ([1, 1, 0], [1, 0, 0], 0.5, 1.25 * 1 * 0.5 / (0.25 * 1 + 0.5)),
        ([1, 0], [0, 1], 1, 0.0),
        ([1, 0], [0, 0], 1, 0.0),  # something to find, nothing taken
        ([0, 0], [0, 1], 1, 0.0),
        ([0, 0], [0, 0], 1, nan),
        ([], [], 1, nan),
    ],
)
def test_f_beta_by_hand(labels, taken, beta, expected):
    got = decisions.f_beta(np.array(labels), np.array(taken), beta=beta)
    assert got == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "labels, taken, expected",
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
def test_mcc_by_hand(labels, taken, expected):
    got = decisions.mcc(np.array(labels), np.array(taken))
    assert got == pytest.approx(expected, nan_ok=True)


def test_mcc_of_huge_weights_stays_in_the_floats():
    labels, taken = np.array([1, 0, 1, 0]), np.array([1, 0, 0, 0])
    got = decisions.mcc(labels, taken, weights=np.full(4, 1e120))
    assert got == pytest.approx(1 / sqrt(3))


@STEADY
@given(rows())
def test_f_beta_and_mcc_agree_with_scikit_learn(made):
    from sklearn.metrics import fbeta_score, matthews_corrcoef

    labels, _, taken, weights = made
    for weight in (None, weights + 0.5):
        got = decisions.f_beta(labels, taken, beta=2, weights=weight)
        if labels.any() or taken.any():
            assert got == pytest.approx(
                fbeta_score(
                    labels,
                    taken,
                    beta=2,
                    sample_weight=weight,
                    zero_division=0,
                ),
                abs=1e-12,
            )
        got = decisions.mcc(labels, taken, weights=weight)
        if np.ptp(labels) and np.ptp(taken):
            assert got == pytest.approx(
                matthews_corrcoef(labels, taken, sample_weight=weight),
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
    got = decisions.recall_at_precision(LABELS, SCORES, precision=precision)
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
    got = decisions.precision_at_recall(LABELS, SCORES, recall=recall)
    assert got == pytest.approx(expected)


def test_of_equal_precision_the_point_that_finds_more():
    got = decisions.precision_at_recall(
        np.array([1, 1, 0]), np.array([3, 2, 1]), recall=0.1
    )
    assert got == (2, 1, 1)


def test_thresholds_without_an_answer():
    no, score = np.array([0, 0]), np.array([1.0, 2.0])
    nothing = pytest.approx((inf, nan, nan), nan_ok=True)
    assert decisions.recall_at_precision(no, score, precision=0.1) == nothing
    assert decisions.precision_at_recall(no, score, recall=0.1) == nothing
    assert decisions.precision_at_recall([], [], recall=0.1) == nothing
    # the best row is a negative: no threshold is right every time
    got = decisions.recall_at_precision(np.array([1, 0]), score, precision=1.0)
    assert got == pytest.approx((inf, nan, 0.0), nan_ok=True)


@STEADY
@given(rows(), st.sampled_from([0.0, 0.3, 0.5, 2 / 3, 1.0]))
def test_thresholds_agree_with_trying_all(made, asked):
    labels, scores, _, weights = made
    points = tried(labels, scores, weights) if weights @ labels else []
    good = [p for p in points if p[1] >= asked]
    got = decisions.recall_at_precision(
        labels, scores, precision=asked, weights=weights
    )
    best = max(good, key=lambda p: (p[2], p[1]), default=(inf, nan, 0.0))
    if not points:
        best = (inf, nan, nan)
    assert got == pytest.approx(best, nan_ok=True)
    good = [p for p in points if p[2] >= asked]
    got = decisions.precision_at_recall(
        labels, scores, recall=asked, weights=weights
    )
    best = max(good, key=lambda p: (p[1], p[2]), default=(inf, nan, nan))
    assert got == pytest.approx(best, nan_ok=True)


# --- costs ------------------------------------------------------------------


@pytest.mark.parametrize(
    "false_alarm, overlooked, threshold, cost",
    [
        (1, 0, inf, 0.0),  # missing is free: take nothing
        (0, 1, 1, 0.0),  # taking is free: take all positives
        (1, 1, 5, 2 / 5),  # 3 costs as much, and takes more
        (1, 1.5, 1, 2 / 5),
        (2, 1, 5, 2 / 5),
        (0, 0, inf, 0.0),
    ],
)
def test_cheapest_threshold_by_hand(false_alarm, overlooked, threshold, cost):
    got = decisions.cheapest_threshold(
        LABELS, SCORES, false_alarm=false_alarm, overlooked=overlooked
    )
    assert got == pytest.approx((threshold, cost))


def test_cheapest_threshold_without_rows():
    got = decisions.cheapest_threshold([], [], false_alarm=1, overlooked=1)
    assert got == pytest.approx((inf, nan), nan_ok=True)


@STEADY
@given(rows(), st.integers(0, 4), st.integers(0, 4))
def test_cheapest_threshold_agrees_with_trying_all(made, alarm, overlooked):
    labels, scores, _, weights = made
    got = decisions.cheapest_threshold(
        labels,
        scores,
        false_alarm=alarm,
        overlooked=overlooked,
        weights=weights,
    )
    costs = {}
    for t in [inf, *scores.tolist()]:
        wrong = decisions.confusion(labels, scores >= t, weights=weights)
        costs[t] = alarm * wrong.false_alarms + overlooked * wrong.overlooked
    least = min(costs.values())
    assert got.threshold == max(t for t in costs if costs[t] == least)
    assert got.cost == pytest.approx(
        least / weights.sum() if weights.sum() else nan, nan_ok=True
    )


def test_calibrated_probabilities_need_no_search():
    rng = np.random.default_rng(0)
    p = rng.random(100_000)
    labels = rng.random(100_000) < p
    known = decisions.calibrated_threshold(false_alarm=1, overlooked=3)
    assert known == 1 / (1 + 3)
    found = decisions.cheapest_threshold(
        labels, p, false_alarm=1, overlooked=3
    )
    assert found.threshold == pytest.approx(known, abs=0.03)
    assert np.isnan(
        decisions.calibrated_threshold(false_alarm=0, overlooked=0)
    )


# --- refusal ----------------------------------------------------------------


def test_decisions_are_refused():
    one = np.array([1, 0])
    with pytest.raises(
        ValueError, match=r"decisions must be 0 or 1, got 0\.5"
    ):
        decisions.mcc(one, np.array([0.5, 1]))
    for beta in (0, -1, inf, nan):
        with pytest.raises(ValueError, match="beta must be above 0"):
            decisions.f_beta(one, one, beta=beta)
    for asked in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=r"precision must be in \[0, 1\]"):
            decisions.recall_at_precision(one, one, precision=asked)
        with pytest.raises(ValueError, match=r"recall must be in \[0, 1\]"):
            decisions.precision_at_recall(one, one, recall=asked)
    for cost in (-1, inf, nan):
        with pytest.raises(ValueError, match="false_alarm must be a finite"):
            decisions.cheapest_threshold(
                one, one, false_alarm=cost, overlooked=1
            )
        with pytest.raises(ValueError, match="overlooked must be a finite"):
            decisions.calibrated_threshold(false_alarm=1, overlooked=cost)


def test_decisions_can_be_called_from_classification():
    for name in classification.__all__:
        assert hasattr(classification, name)
    assert classification.mcc is decisions.mcc
