"""Fitted maps: by hand, by their definition, and against scikit-learn."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import calibration, calibrators

STEADY = settings(deadline=None, derandomize=True, max_examples=60)


@st.composite
def rows(draw):
    """labels, scores with ties, weights."""
    n = draw(st.integers(2, 15))
    return (
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1))),
        draw(hnp.arrays(np.float64, n, elements=st.integers(-3, 3))),
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3))),
    )


def test_platt_by_hand():
    # two scores: the curve meets the moved labels' mean at each of them
    labels = np.array([0, 0, 1, 0, 1, 1])
    scores = np.array([1, 1, 1, 3, 3, 3])
    fit = calibrators.fit_platt(labels, scores)
    up, down = (3 + 1) / (3 + 2), 1 / (3 + 2)
    at_1, at_3 = (up + 2 * down) / 3, (2 * up + down) / 3
    np.testing.assert_allclose(fit(np.array([1, 3])), [at_1, at_3])
    assert fit.slope == pytest.approx(
        (np.log(at_3 / (1 - at_3)) - np.log(at_1 / (1 - at_1))) / 2
    )


def test_platt_where_there_is_nothing_to_fit():
    same = calibrators.fit_platt(np.array([1, 0, 0]), np.full(3, 7.0))
    assert same.slope == 0
    assert same(np.array([7.0])) == pytest.approx((2 / 3 + 2 * 1 / 4) / 3)
    ones = calibrators.fit_platt(np.array([1, 1]), np.array([0.0, 9.0]))
    assert ones.slope == 0
    np.testing.assert_allclose(ones(np.array([-5, 5])), 3 / 4)


def test_platt_of_separated_classes_is_finite():
    n = 50
    labels = np.arange(2 * n) >= n
    fit = calibrators.fit_platt(labels, np.arange(2.0 * n) * 1e6 + 1e9)
    p = fit(np.arange(2.0 * n) * 1e6 + 1e9)
    assert (np.diff(p) >= 0).all() and p[0] < 0.1 and p[-1] > 0.9


@STEADY
@given(rows())
def test_platt_makes_the_moved_labels_most_likely(made):
    labels, scores, weights = made
    if not weights.any():
        return
    fit = calibrators.fit_platt(labels, scores, weights=weights)
    up, down = weights @ labels, weights @ (1 - labels)
    target = np.where(labels, (up + 1) / (up + 2), 1 / (down + 2))
    wrong = weights * (fit(scores) - target)
    assert wrong.sum() == pytest.approx(0, abs=1e-8)
    assert wrong @ scores == pytest.approx(0, abs=1e-8)
    # a weight is a number of copies
    copied = calibrators.fit_platt(
        labels.repeat(weights), scores.repeat(weights)
    )
    assert fit(scores) == pytest.approx(copied(scores))


def test_platt_agrees_with_scikit_learn():
    from sklearn.calibration import _SigmoidCalibration

    rng = np.random.default_rng(0)
    scores = rng.normal(size=2_000)
    labels = rng.random(2_000) < 1 / (1 + np.exp(1 - 2 * scores))
    weights = rng.random(2_000)
    for weight in (None, weights):
        fit = calibrators.fit_platt(labels, scores, weights=weight)
        peer = _SigmoidCalibration().fit(
            scores, labels.astype(int), sample_weight=weight
        )
        np.testing.assert_allclose(
            fit(scores), peer.predict(scores), atol=1e-4
        )


@pytest.mark.parametrize(
    "labels, expected",
    [
        ([0, 0, 1, 1], [0, 0, 1, 1]),
        ([1, 1, 0, 0], [1 / 2] * 4),
        ([1, 0, 0, 1], [1 / 3, 1 / 3, 1 / 3, 1]),
        ([0, 1, 1, 0, 1], [0, 2 / 3, 2 / 3, 2 / 3, 1]),
        # the last 0 takes the pair before it, and then the one before that
        ([1, 0, 1, 1, 0, 0, 0, 0], [3 / 8] * 8),
    ],
)
def test_isotonic_by_hand(labels, expected):
    scores = np.arange(len(labels))
    fit = calibrators.fit_isotonic(np.array(labels), scores)
    np.testing.assert_allclose(fit(scores), expected)


def test_isotonic_between_and_beyond_its_corners():
    fit = calibrators.fit_isotonic(np.array([0, 1, 0, 1]), np.arange(4) * 2)
    assert fit.scores.tolist() == [0, 2, 4, 6]
    np.testing.assert_allclose(
        fit(np.array([-9, 1, 3, 5, 99])), [0, 1 / 4, 1 / 2, 3 / 4, 1]
    )
    one = calibrators.fit_isotonic(np.array([1, 0]), np.array([4, 4]))
    np.testing.assert_allclose(one(np.array([0, 4, 9])), 1 / 2)


@STEADY
@given(rows())
def test_isotonic_agrees_with_scikit_learn(made):
    from sklearn.isotonic import IsotonicRegression

    labels, scores, weights = made
    grid = np.linspace(-4, 4, 33)
    for weight in (None, weights):
        if weight is not None and not weight.any():
            continue
        fit = calibrators.fit_isotonic(labels, scores, weights=weight)
        peer = IsotonicRegression(out_of_bounds="clip").fit(
            scores, labels, sample_weight=weight
        )
        np.testing.assert_allclose(fit(grid), peer.predict(grid), atol=1e-12)
        assert (np.diff(fit.probabilities) >= 0).all()


def test_isotonic_makes_its_own_rows_calibrated():
    rng = np.random.default_rng(0)
    scores = rng.random(5_000)
    labels = rng.random(5_000) < scores**2
    p = calibrators.fit_isotonic(labels, scores)(scores)
    gap = calibration.expected_calibration_error(
        labels, p, edges=calibration.equal_width_edges(bins=1)
    )
    assert gap == pytest.approx(0, abs=1e-12)
    assert p == pytest.approx(scores**2, abs=0.25)


def test_fits_refuse():
    one = np.array([1, 0])
    for fit in (calibrators.fit_platt, calibrators.fit_isotonic):
        with pytest.raises(ValueError, match="at least one row"):
            fit([], [])
        with pytest.raises(ValueError, match="at least one row"):
            fit(one, one, weights=one * 0)
        with pytest.raises(ValueError, match="scores must be finite, got nan"):
            fit(one, np.array([nan, 1]))
        with pytest.raises(ValueError, match="scores must be finite, got nan"):
            fit(one, one)(np.array([nan]))
