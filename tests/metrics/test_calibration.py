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
        np.array([0.2, 0.0, 1.0]), downsampling_rate=0.1
    )
    np.testing.assert_allclose(got, [1 / 41, 0.0, 1.0])
    # beside a certain 1 a share too small to add must not vanish
    assert calibration.prior_correction(1.0, downsampling_rate=1e-300) == 1.0


@STEADY
@given(SHARES, st.floats(0.01, 1.0))
def test_prior_correction_undoes_the_sampling(p, downsampling_rate):
    sampled = p / (p + (1 - p) * downsampling_rate)
    got = calibration.prior_correction(
        sampled, downsampling_rate=downsampling_rate
    )
    np.testing.assert_allclose(got, p, atol=1e-12)


@pytest.mark.parametrize(
    "p, downsampling_rate, message",
    [
        ([0.5], 0.0, "downsampling_rate must be in"),
        ([0.5], 1.5, "downsampling_rate must be in"),
        ([1.5], 0.5, "probabilities must be from 0 to 1"),
        ([nan], 0.5, "probabilities must be from 0 to 1"),
    ],
)
def test_prior_correction_refuses(p, downsampling_rate, message):
    with pytest.raises(ValueError, match=message):
        calibration.prior_correction(
            np.array(p), downsampling_rate=downsampling_rate
        )
