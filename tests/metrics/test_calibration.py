"""Whether probabilities mean what they say."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import calibration

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
SHARES = hnp.arrays(
    np.float64, st.integers(1, 20), elements=st.floats(0, 1, width=16)
)


def test_predicted_over_observed_by_hand():
    labels = np.array([1, 0, 1, 1, 0])
    p = np.array([0.4, 0.2, 0.5, 0.5, 0.9])
    slices = np.array([0, 0, 1, 1, 3])  # 2 is empty, 3 has no positive
    got = calibration.predicted_over_observed(labels, p, slices)
    expected = [(0.4 + 0.2) / 1, (0.5 + 0.5) / 2, nan, nan]
    np.testing.assert_allclose(got, expected)
    heavy = calibration.predicted_over_observed(
        labels, p, slices, weights=np.array([2, 1, 1, 1, 1])
    )
    assert heavy[0] == pytest.approx((2 * 0.4 + 0.2) / 2)


def test_edges_by_hand():
    assert calibration.equal_width_edges(bins=4).tolist() == [
        0, 0.25, 0.5, 0.75, 1,
    ]  # fmt: skip
    p = np.array([0.1, 0.2, 0.3, 0.9])
    np.testing.assert_allclose(
        calibration.equal_mass_edges(p, bins=2), [0, 0.25, 1]
    )
    same = np.full(9, 0.2)  # three edges at one place are one
    np.testing.assert_allclose(
        calibration.equal_mass_edges(same, bins=4), [0, 0.2, 1]
    )


def test_reliability_curve_by_hand():
    labels = np.array([0, 1, 1, 1])
    p = np.array([0.1, 0.4, 0.5, 1.0])  # 0.5 belongs to the upper bin
    edges = np.array([0, 0.5, 0.6, 1])
    got = calibration.reliability_curve(labels, p, edges=edges)
    np.testing.assert_allclose(got.predicted, [0.25, 0.5, 1.0])
    np.testing.assert_allclose(got.observed, [1 / 2, 1, 1])
    np.testing.assert_allclose(got.share, [2 / 4, 1 / 4, 1 / 4])
    empty = calibration.reliability_curve(
        labels[:1], p[:1], edges=np.array([0, 0.5, 1])
    )
    np.testing.assert_array_equal(empty.observed, [0, nan])


def test_expected_calibration_error_by_hand():
    labels = np.array([0, 1, 1, 1])
    p = np.array([0.1, 0.4, 0.5, 0.7])
    got = calibration.expected_calibration_error(
        labels, p, edges=np.array([0, 0.5, 1])
    )
    assert got == pytest.approx(2 / 4 * 0.25 + 2 / 4 * (1 - 0.6))
    assert np.isnan(
        calibration.expected_calibration_error(
            np.array([]), np.array([]), edges=np.array([0, 1])
        )
    )


@STEADY
@given(SHARES, st.integers(1, 8), st.integers(0, 99))
def test_one_bin_measures_the_mean_and_more_bins_no_less(p, bins, seed):
    labels = np.random.default_rng(seed).integers(0, 2, len(p))
    whole = calibration.expected_calibration_error(
        labels, p, edges=np.array([0, 1])
    )
    assert whole == pytest.approx(abs(p.mean() - labels.mean()))
    for edges in (
        calibration.equal_width_edges(bins=bins),
        calibration.equal_mass_edges(p, bins=bins),
    ):
        got = calibration.expected_calibration_error(labels, p, edges=edges)
        assert whole - 1e-12 <= got <= 1
        curve = calibration.reliability_curve(labels, p, edges=edges)
        assert curve.share.sum() == pytest.approx(1)


@STEADY
@given(SHARES, st.integers(1, 8), st.integers(0, 99))
def test_reliability_curve_agrees_with_scikit_learn(p, bins, seed):
    from sklearn.calibration import calibration_curve

    # a value on an edge falls into the upper bin here, the lower one there
    p = 0.001 + 0.997 * p
    labels = np.random.default_rng(seed).integers(0, 2, len(p))
    labels[:1] = 1
    edges = calibration.equal_width_edges(bins=bins)
    if np.isin(p, edges).any():
        return
    got = calibration.reliability_curve(labels, p, edges=edges)
    observed, predicted = calibration_curve(labels, p, n_bins=bins)
    filled = got.share > 0
    np.testing.assert_allclose(got.observed[filled], observed)
    np.testing.assert_allclose(got.predicted[filled], predicted)


# --- fitted maps ------------------------------------------------------------


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
    fit = calibration.fit_platt(labels, scores)
    up, down = (3 + 1) / (3 + 2), 1 / (3 + 2)
    at_1, at_3 = (up + 2 * down) / 3, (2 * up + down) / 3
    np.testing.assert_allclose(fit(np.array([1, 3])), [at_1, at_3])
    assert fit.slope == pytest.approx(
        (np.log(at_3 / (1 - at_3)) - np.log(at_1 / (1 - at_1))) / 2
    )


def test_platt_where_there_is_nothing_to_fit():
    same = calibration.fit_platt(np.array([1, 0, 0]), np.full(3, 7.0))
    assert same.slope == 0
    assert same(np.array([7.0])) == pytest.approx((2 / 3 + 2 * 1 / 4) / 3)
    ones = calibration.fit_platt(np.array([1, 1]), np.array([0.0, 9.0]))
    assert ones.slope == 0
    np.testing.assert_allclose(ones(np.array([-5, 5])), 3 / 4)


def test_platt_of_separated_classes_is_finite():
    n = 50
    labels = np.arange(2 * n) >= n
    fit = calibration.fit_platt(labels, np.arange(2.0 * n) * 1e6 + 1e9)
    p = fit(np.arange(2.0 * n) * 1e6 + 1e9)
    assert (np.diff(p) >= 0).all() and p[0] < 0.1 and p[-1] > 0.9


@STEADY
@given(rows())
def test_platt_makes_the_moved_labels_most_likely(made):
    labels, scores, weights = made
    if not weights.any():
        return
    fit = calibration.fit_platt(labels, scores, weights=weights)
    up, down = weights @ labels, weights @ (1 - labels)
    target = np.where(labels, (up + 1) / (up + 2), 1 / (down + 2))
    wrong = weights * (fit(scores) - target)
    assert wrong.sum() == pytest.approx(0, abs=1e-8)
    assert wrong @ scores == pytest.approx(0, abs=1e-8)
    # a weight is a number of copies
    copied = calibration.fit_platt(
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
        fit = calibration.fit_platt(labels, scores, weights=weight)
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
    fit = calibration.fit_isotonic(np.array(labels), scores)
    np.testing.assert_allclose(fit(scores), expected)


def test_isotonic_between_and_beyond_its_corners():
    fit = calibration.fit_isotonic(np.array([0, 1, 0, 1]), np.arange(4) * 2)
    assert fit.scores.tolist() == [0, 2, 4, 6]
    np.testing.assert_allclose(
        fit(np.array([-9, 1, 3, 5, 99])), [0, 1 / 4, 1 / 2, 3 / 4, 1]
    )
    one = calibration.fit_isotonic(np.array([1, 0]), np.array([4, 4]))
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
        fit = calibration.fit_isotonic(labels, scores, weights=weight)
        peer = IsotonicRegression(out_of_bounds="clip").fit(
            scores, labels, sample_weight=weight
        )
        np.testing.assert_allclose(fit(grid), peer.predict(grid), atol=1e-12)
        assert (np.diff(fit.probabilities) >= 0).all()


def test_isotonic_makes_its_own_rows_calibrated():
    rng = np.random.default_rng(0)
    scores = rng.random(5_000)
    labels = rng.random(5_000) < scores**2
    p = calibration.fit_isotonic(labels, scores)(scores)
    gap = calibration.expected_calibration_error(
        labels, p, edges=calibration.equal_width_edges(bins=1)
    )
    assert gap == pytest.approx(0, abs=1e-12)
    assert p == pytest.approx(scores**2, abs=0.25)


def test_fits_refuse():
    one = np.array([1, 0])
    for fit in (calibration.fit_platt, calibration.fit_isotonic):
        with pytest.raises(ValueError, match="at least one row"):
            fit([], [])
        with pytest.raises(ValueError, match="at least one row"):
            fit(one, one, weights=one * 0)
        with pytest.raises(ValueError, match="scores must be finite, got nan"):
            fit(one, np.array([nan, 1]))
        with pytest.raises(ValueError, match="scores must be finite, got nan"):
            fit(one, one)(np.array([nan]))


def test_calibration_refuses():
    one = np.array([1, 0])
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        calibration.equal_width_edges(bins=0)
    with pytest.raises(ValueError, match="got none"):
        calibration.equal_mass_edges(np.array([]), bins=2)
    with pytest.raises(ValueError, match="from 0 to 1, got 2"):
        calibration.equal_mass_edges(np.array([2.0]), bins=2)
    for edges in ([0, 0.5], [0.1, 1], [0, 0.5, 0.5, 1], [0]):
        with pytest.raises(ValueError, match="ascend from 0 to 1"):
            calibration.reliability_curve(one, one, edges=np.array(edges))
    with pytest.raises(ValueError, match=r"from 0 to 1, got -0\.5"):
        calibration.predicted_over_observed(one, np.array([-0.5, 0]), one)
    with pytest.raises(ValueError, match="must be integers"):
        calibration.predicted_over_observed(one, one, one / 2)


def test_prior_correction_by_hand():
    # 1 in 5 after keeping a tenth of the negatives: odds 1/4 -> 1/40
    got = calibration.prior_correction(
        np.array([0.2, 0.0, 1.0]), kept_share=0.1
    )
    np.testing.assert_allclose(got, [1 / 41, 0.0, 1.0])


@STEADY
@given(SHARES, st.floats(0.01, 1.0))
def test_prior_correction_undoes_the_sampling(p, kept_share):
    sampled = p / (p + (1 - p) * kept_share)
    got = calibration.prior_correction(sampled, kept_share=kept_share)
    np.testing.assert_allclose(got, p, atol=1e-12)


@pytest.mark.parametrize(
    "p, kept_share, message",
    [
        ([0.5], 0.0, "kept_share must be in"),
        ([0.5], 1.5, "kept_share must be in"),
        ([1.5], 0.5, "probabilities must be from 0 to 1"),
        ([nan], 0.5, "probabilities must be from 0 to 1"),
    ],
)
def test_prior_correction_refuses(p, kept_share, message):
    with pytest.raises(ValueError, match=message):
        calibration.prior_correction(np.array(p), kept_share=kept_share)
