"""Running differences, and what may be read at every look."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import ab, sequential

STEADY = settings(deadline=None, derandomize=True)
ROWS = hnp.arrays(np.float64, 7, elements=st.integers(-9, 9).map(float))


@STEADY
@given(ROWS, ROWS, st.sampled_from([0.0, 1e6]))
def test_running_difference_agrees_with_a_loop(control, treatment, offset):
    control, treatment = control + offset, treatment + offset
    difference, variance = sequential.running_difference(control, treatment)
    assert difference[0] == treatment[0] - control[0]
    assert np.isnan(variance[0])
    for n in range(2, 8):
        c, t = control[:n], treatment[:n]
        assert difference[n - 1] == pytest.approx(
            t.mean() - c.mean(), abs=1e-8
        )
        expected = (c.var(ddof=1) + t.var(ddof=1)) / n
        assert variance[n - 1] == pytest.approx(expected, abs=1e-8)


def test_always_valid_by_hand():
    got = sequential.always_valid([3.0, 1.0, -4.0], [1, 1, 0.5], scale=2)
    ratio = sqrt(1 / 5) * exp(4 * 9 / (2 * 5))
    later = sqrt(0.5 / 4.5) * exp(4 * 16 / (2 * 0.5 * 4.5))
    assert got.p_value == pytest.approx([1 / ratio, 1 / ratio, 1 / later])
    width = sqrt(2 * 5 / 4 * (log(20) + log(5) / 2))
    assert (got.low[0], got.high[0]) == pytest.approx((3 - width, 3 + width))


@settings(STEADY, max_examples=25)
@given(st.floats(-4, 4), st.floats(0.05, 5), st.floats(0.1, 5))
def test_ratio_is_the_mixture_and_the_ends_of_the_interval_are_at_alpha(
    difference, variance, scale
):
    from scipy import integrate, stats

    got = sequential.always_valid([difference], [variance], scale=scale)
    error = sqrt(variance)
    # the product has its hill where prior and data agree
    spread = 1 / sqrt(1 / variance + 1 / scale**2)
    hill = difference / variance * spread**2
    mixed, _ = integrate.quad(
        lambda effect: (
            stats.norm.pdf(effect, scale=scale)
            * stats.norm.pdf(difference, effect, error)
        ),
        hill - 12 * spread,
        hill + 12 * spread,
    )
    ratio = mixed / stats.norm.pdf(difference, 0, error)
    assert got.p_value[0] == pytest.approx(min(1, 1 / ratio), rel=1e-6)
    away = sequential.always_valid(
        [difference - got.low[0]], [variance], scale=scale
    )
    assert away.p_value[0] == pytest.approx(0.05)


def test_no_evidence_where_the_variance_is_not_known():
    got = sequential.always_valid([9.0, 9.0], [np.nan, 0], scale=1)
    assert got.p_value.tolist() == [1, 1]
    assert got.low.tolist() == [-np.inf] * 2
    assert got.high.tolist() == [np.inf] * 2


def test_peeking_is_free_here_and_costs_dear_with_the_fixed_test():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2, 1000, 400))
    difference, variance = sequential.running_difference(*rows)
    late = slice(20, None)  # the estimated variance has settled
    got = sequential.always_valid(
        difference[:, late], variance[:, late], scale=0.2
    )
    # 1000 streams at a promise of 0.05: standard deviation 0.007
    assert (got.p_value[:, -1] <= 0.05).mean() <= 0.05 + 3 * 0.007
    inside = ((got.low <= 0) & (0 <= got.high)).all(axis=1)
    assert inside.mean() >= 0.95 - 3 * 0.007
    z = np.abs(difference / np.sqrt(variance))[:, late]
    assert (z > 1.96).any(axis=1).mean() > 0.25


def test_a_true_effect_is_found_in_time_and_batches_equal_rows():
    rng = np.random.default_rng(1)
    control, treatment = rng.normal(size=(2, 3, 2000))
    treatment += 0.3
    difference, variance = sequential.running_difference(control, treatment)
    got = sequential.always_valid(difference, variance, scale=0.3)
    assert (got.p_value[:, -1] < 1e-6).all()
    assert (np.diff(got.p_value, axis=1) <= 0).all()
    fixed = ab.welch(control[0], treatment[0])
    assert got.low[0, -1] < fixed.low and fixed.high < got.high[0, -1]
    alone = sequential.always_valid(difference[1], variance[1], scale=0.3)
    np.testing.assert_array_equal(alone.p_value, got.p_value[1])


def test_refuses():
    one = np.ones(1)
    with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
        sequential.running_difference(one, np.ones(2))
    with pytest.raises(ValueError, match="must be finite"):
        sequential.running_difference(one, one * np.nan)
    with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
        sequential.always_valid(one, np.ones(2), scale=1)
    with pytest.raises(ValueError, match="difference must be finite"):
        sequential.always_valid(one * np.inf, one, scale=1)
    for variance in (-one, one * np.inf):
        with pytest.raises(
            ValueError, match="variance must be 0, nan or from"
        ):
            sequential.always_valid(one, variance, scale=1)
    for scale in (0, np.inf, np.nan, 1e-200):
        with pytest.raises(ValueError, match=f"scale must .* got {scale}"):
            sequential.always_valid(one, one, scale=scale)
    with pytest.raises(ValueError, match=r"level .*, got 95"):
        sequential.always_valid(one, one, scale=1, level=95)
