"""Labels and scores checked and sorted; and all functions of them."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import binary, calibration, classification, thresholds

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True, max_examples=100)


def test_steps_by_hand():
    labels = np.array([1, 0, 1, 0, 0, 1], dtype=bool)
    scores = np.array([3, 3, 1, 2, 4, 3])
    got = binary.positive_steps(labels, scores, None)
    assert got.positives.tolist() == [1, 2]  # at 1 and at 3
    assert got.tied_negatives.tolist() == [0, 1]
    assert got.higher_negatives.tolist() == [3, 1]
    assert got.negatives == 3
    weights = np.array([1, 2, 3, 4, 5, 6.0])
    got = binary.positive_steps(labels, scores, weights)
    assert got.positives.tolist() == [3, 1 + 6]
    assert got.tied_negatives.tolist() == [0, 2]
    assert got.higher_negatives.tolist() == [2 + 4 + 5, 5]


def test_threshold_counts_by_hand():
    labels = np.array([1, 0, 1, 0], dtype=bool)
    scores, weights = np.array([3, 3, 1, 2]), np.array([1, 2, 3, 0.0])
    got = binary.threshold_counts(labels, scores, None)
    assert got.threshold.tolist() == [3, 2, 1]
    assert got.true_positives.tolist() == [1, 1, 2]
    assert got.false_positives.tolist() == [1, 2, 2]
    got = binary.threshold_counts(
        labels, scores, weights
    )  # nobody counts at 2
    assert got.threshold.tolist() == [3, 1]
    assert got.true_positives.tolist() == [1, 4]
    assert got.false_positives.tolist() == [2, 2]


def test_steps_and_counts_without_one_class_or_any_row():
    for labels in ([], [True, True], [False, False]):
        labels = np.array(labels, dtype=bool)
        scores = np.arange(len(labels))
        step = binary.positive_steps(labels, scores, None)
        assert step.negatives == (~labels).sum()
        assert step.positives.sum() == labels.sum()
        assert len(
            binary.threshold_counts(labels, scores, None).true_positives
        ) == len(labels)


@STEADY
@given(
    st.lists(st.integers(-3, 3), max_size=30),
    st.lists(st.integers(-3, 3), max_size=30),
)
def test_count_below_is_searchsorted(ordered, values):
    ordered = np.sort(np.array(ordered, dtype=float))
    values = np.sort(np.array(values, dtype=float))
    np.testing.assert_array_equal(
        binary.count_below(ordered, values), np.searchsorted(ordered, values)
    )


@pytest.mark.parametrize(
    "values, kind",
    [
        ([1, 2], "i"),
        (np.float32([1, 2]), "f"),
        ([True, False], "u"),
        (np.array([1, 2.5], dtype=object), "f"),
        ([], "f"),
    ],
)
def test_numbers_keep_their_kind(values, kind):
    assert binary.checked_numbers("scores", values).dtype.kind == kind


def test_what_is_no_number_is_refused():
    for values in (["a"], np.array([1j]), np.array([None, "x"])):
        with pytest.raises(ValueError, match="scores must be numbers, got"):
            binary.checked_numbers("scores", values)
    for labels in (np.array(["1"]), np.array(["x"], dtype=object), [None]):
        with pytest.raises(ValueError, match="labels must be 0 or 1, got"):
            binary.checked_rows(labels, [1], None)
    with pytest.raises(ValueError, match="labels must be 0 or 1, got nan"):
        binary.checked_rows([nan], [1], None)


# --- every function of rows, under anything ----------------------------------

EDGES = np.array([0, 0.5, 1])
BOUNDS = {  # function of (labels, scores, weights) -> its range
    classification.roc_auc: (0, 1),
    classification.average_precision: (0, 1),
    classification.trapezoid_pr_auc: (0, 1),
    classification.log_loss: (0, inf),
    classification.normalised_entropy: (0, inf),
    classification.brier: (0, 1),
    thresholds.mcc: (-1, 1),
}
MAPS = {
    "f_beta": lambda y, s, w: thresholds.f_beta(y, s, beta=0.5, weights=w),
    "recall": lambda y, s, w: thresholds.recall_at_precision(
        y, s, precision=0.5, weights=w
    )[2],
    "precision": lambda y, s, w: thresholds.precision_at_recall(
        y, s, recall=0.5, weights=w
    )[1],
    "cost": lambda y, s, w: (
        thresholds.min_cost_threshold(
            y, s, false_positive_cost=1, false_negative_cost=1, weights=w
        ).cost
    ),
    "auc_by_group": lambda y, s, w: classification.auc_by_group(
        y, s, np.zeros(len(y), dtype=int)
    ),
    "grouped_auc": lambda y, s, w: classification.grouped_auc(
        y, s, np.zeros(len(y), dtype=int)
    ),
    "reliability": lambda y, s, w: (
        calibration.reliability_curve(y, s, edges=EDGES, weights=w).observed
    ),
    "ece": lambda y, s, w: calibration.expected_calibration_error(
        y, s, edges=EDGES, weights=w
    ),
    "platt": lambda y, s, w: calibration.fit_platt(y, s, weights=w)(s),
    "isotonic": lambda y, s, w: calibration.fit_isotonic(y, s, weights=w)(s),
}
ODD = [0, 1, -1, 2, 0.5, -0.0, nan, inf, -inf, 1e-320, 1e300, True, "a", None]
PLAIN = [0, 1, 0.5, 1e-300, 0.25]


@st.composite
def anything(draw):
    """labels, scores, weights: mostly right, sometimes odd in one place."""
    n = draw(st.integers(0, 6))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    scores = draw(st.lists(st.sampled_from(PLAIN), min_size=n, max_size=n))
    weights = draw(
        st.none()
        | st.lists(st.sampled_from([0, 1, 2.5]), min_size=n, max_size=n)
    )
    made = [labels, scores, weights]
    where = draw(st.sampled_from([None, 0, 1, 2]))
    if where is not None and made[where] is not None:
        made[where] = made[where] + draw(
            st.lists(st.sampled_from(ODD), max_size=1)
        )
        if draw(st.booleans()):  # else one is longer than the others
            made = [m if m is None else m[-n:] if n else [] for m in made]
    return made


@STEADY
@given(anything())
def test_a_value_in_its_range_or_a_message(made):
    for function, (low, high) in BOUNDS.items():
        try:
            got = function(made[0], made[1], weights=made[2])
        except ValueError as refusal:
            assert "got" in str(refusal)
        else:
            assert np.isnan(got) or low <= got <= high
    for function in MAPS.values():
        try:
            got = np.asarray(function(*made))
        except ValueError as refusal:
            assert "got" in str(refusal) or "at least one" in str(refusal)
        else:
            assert (np.isnan(got) | ((got >= 0) & (got <= 1))).all()
