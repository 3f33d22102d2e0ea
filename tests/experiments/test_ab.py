"""Welch's comparison, and the check of the arms' sizes."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import ab

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

ARM = hnp.arrays(
    np.float64, st.integers(2, 12), elements=st.integers(-20, 20).map(float)
)


def test_welch_by_hand():
    # both arms: variance 1, n 3; standard error sqrt(2/3), 4 degrees
    got = ab.welch(np.array([1, 2, 3]), np.array([2, 3, 4]))
    t_975 = 2.776445  # of Student's t with 4 degrees of freedom
    assert got.difference == 1
    assert got.high == pytest.approx(1 + t_975 * sqrt(2 / 3), abs=1e-6)
    assert got.low == pytest.approx(1 - t_975 * sqrt(2 / 3), abs=1e-6)
    assert (got.n_control, got.n_treatment) == (3, 3)


def test_welch_is_undefined_where_nothing_varies():
    got = ab.welch(np.ones(3), np.full(4, 2.0))
    assert (got.difference, got.n_control, got.n_treatment) == (1, 3, 4)
    assert np.isnan([got.low, got.high, got.p_value]).all()


@settings(STEADY, max_examples=60)
@given(ARM, ARM)
def test_welch_agrees_with_scipy_and_mirrors(control, treatment):
    from scipy import stats

    got = ab.welch(control, treatment, level=0.9)
    if np.ptp(control) == 0 or np.ptp(treatment) == 0:
        # scipy warns; the test by hand has what happens there
        return
    peer = stats.ttest_ind(treatment, control, equal_var=False)
    assert got.p_value == pytest.approx(peer.pvalue)
    ends = peer.confidence_interval(0.9)
    assert (got.low, got.high) == pytest.approx((ends.low, ends.high))
    other = ab.welch(treatment, control, level=0.9)
    assert (other.low, other.high) == pytest.approx((-got.high, -got.low))


def test_welch_keeps_its_false_positive_rate_with_unequal_arms():
    rng = np.random.default_rng(0)
    p = [
        ab.welch(
            rng.normal(scale=3, size=20), rng.normal(scale=1, size=80)
        ).p_value
        for _ in range(1000)
    ]
    # 1000 trials at 0.05: standard deviation 0.007; a pooled t gives 0.2
    assert 0.03 <= np.mean(np.array(p) < 0.05) <= 0.072


def test_welch_refuses():
    two = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match=r"treatment must be .*got \(1,\)"):
        ab.welch(two, np.array([1.0]))
    with pytest.raises(ValueError, match=r"control must be .*got \(1, 2\)"):
        ab.welch(two[None], two)
    with pytest.raises(ValueError, match="control must be finite"):
        ab.welch(np.array([1.0, np.nan]), two)
    with pytest.raises(ValueError, match=r"level .*, got 95"):
        ab.welch(two, two, level=95)


def test_sample_ratio_mismatch_by_hand():
    # (5000-5100)^2/5100 twice = 3.92; two-sided normal tail at 1.98
    got = ab.sample_ratio_mismatch(np.array([5000, 5200]), [0.5, 0.5])
    assert got == pytest.approx(0.0477, abs=1e-4)
    assert ab.sample_ratio_mismatch([10, 20, 70], [0.1, 0.2, 0.7]) == 1.0
    assert ab.sample_ratio_mismatch([9000, 1000], [0.5, 0.5]) < 1e-100


@STEADY
@given(
    hnp.arrays(np.int64, 3, elements=st.integers(1, 500)),
    st.sampled_from([(0.2, 0.3, 0.5), (0.1, 0.1, 0.8)]),
)
def test_sample_ratio_mismatch_agrees_with_scipy(counts, shares):
    from scipy import stats

    peer = stats.chisquare(counts, counts.sum() * np.array(shares)).pvalue
    got = ab.sample_ratio_mismatch(counts, shares)
    assert got == pytest.approx(peer) and 0 <= got <= 1


def test_sample_ratio_mismatch_refuses():
    for counts in ([-1, 2], [0, 0], [1.5, 2], [np.nan, 1]):
        with pytest.raises(ValueError, match="counts must be whole"):
            ab.sample_ratio_mismatch(counts, [0.5, 0.5])
    for shares in ([0.5, 0.6], [0, 1]):
        with pytest.raises(ValueError, match="add up to 1"):
            ab.sample_ratio_mismatch([1, 2], shares)
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        ab.sample_ratio_mismatch([1, 2], [0.2, 0.3, 0.5])
