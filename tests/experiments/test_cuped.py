"""CUPED: the adjustment, what it leaves and what it must not take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import ab, cuped

STEADY = settings(deadline=None, derandomize=True)


def rows(n):
    return hnp.arrays(np.float64, n, elements=st.integers(-20, 20).map(float))


def test_adjust_by_hand():
    got = cuped.adjust([1, 3, 2], [4, 6], [0, 2, 1], [5, 7])
    # deviations x: -1 1 0 -1 1, y the same; theta = 4 / 4; mean x 15 / 5
    assert got.theta == 1 and got.variance_ratio == 0
    assert got.control.tolist() == [1 - (0 - 3), 3 - (2 - 3), 2 - (1 - 3)]
    assert got.treatment.tolist() == [4 - (5 - 3), 6 - (7 - 3)]


@settings(STEADY, max_examples=60)
@given(rows(6), rows(8), rows(6), rows(8))
def test_adjust_agrees_with_the_regression_on_arm_and_covariate(
    control, treatment, control_before, treatment_before
):
    got = cuped.adjust(control, treatment, control_before, treatment_before)
    x = np.r_[control_before, treatment_before]
    y = np.r_[control, treatment]
    arm = np.repeat([0.0, 1.0], [6, 8])
    design = np.column_stack([np.ones(14), arm, x])
    if np.linalg.matrix_rank(design) < 3:
        return
    beta, *_ = np.linalg.lstsq(design, y, rcond=None)
    difference = got.treatment.mean() - got.control.mean()
    assert difference == pytest.approx(beta[1], abs=1e-9)
    assert got.theta == pytest.approx(beta[2], abs=1e-9)
    assert np.isnan(got.variance_ratio) or -1e-12 <= got.variance_ratio <= 1
    # one mean of x is taken off both arms, none of it is lost
    assert np.r_[got.control, got.treatment].mean() == pytest.approx(y.mean())


def test_a_covariate_that_says_nothing_changes_nothing():
    got = cuped.adjust([1, 2], [3, 5], [7, 7], [7, 7])
    assert (got.theta, got.variance_ratio) == (0, 1)
    assert got.treatment.tolist() == [3, 5]
    flat = cuped.adjust([1, 1], [2, 2], [1, 2], [3, 4])
    assert flat.theta == 0 and np.isnan(flat.variance_ratio)


def test_the_variance_left_is_that_of_theory_and_the_effect_is_kept():
    rng = np.random.default_rng(0)
    effects, plain, left = [], [], []
    for _ in range(300):
        before = rng.normal(size=(2, 400))
        after = 0.8 * before + 0.6 * rng.normal(size=(2, 400))
        after[1] += 0.1
        got = cuped.adjust(*after, *before)
        test = ab.welch(got.control, got.treatment)
        effects.append(test.difference)
        plain.append(ab.welch(*after).difference)
        left.append(got.variance_ratio)
    # correlation 0.8: 1 - 0.8^2 of the variance is left
    assert np.mean(left) == pytest.approx(0.36, abs=0.01)
    assert np.var(effects) / np.var(plain) == pytest.approx(0.36, abs=0.1)
    # standard error of the mean: 0.6 sqrt(2 / 400 / 300) = 0.0024
    assert np.mean(effects) == pytest.approx(0.1, abs=0.01)


def test_a_large_effect_does_not_bend_theta():
    rng = np.random.default_rng(1)
    before = rng.normal(size=(2, 50))
    after = before + rng.normal(size=(2, 50))
    small = cuped.adjust(*after, *before)
    after[1] += 1000
    large = cuped.adjust(*after, *before)
    assert large.theta == pytest.approx(small.theta)


def test_adjust_refuses():
    two, three = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"got \(2,\) and \(3,\)"):
        cuped.adjust(two, two, two, three)
    with pytest.raises(ValueError, match=r"control must be .*\(1,\)"):
        cuped.adjust(two[:1], two, two[:1], two)
    with pytest.raises(ValueError, match="treatment_before must be finite"):
        cuped.adjust(two, two, two, two * np.nan)
