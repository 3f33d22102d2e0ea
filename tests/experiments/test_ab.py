"""Means, shares and ratios compared, and the check of the arms' sizes."""

from math import erfc, sqrt

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
    with pytest.raises(ValueError, match=r"\(1, 2\) and \(1, 2\)"):
        ab.sample_ratio_mismatch([[1, 2]], [[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"got \(\) and \(\)"):
        ab.sample_ratio_mismatch(3, 1)


def test_two_proportions_by_hand():
    got = ab.two_proportions((50, 1000), (80, 1000))
    pooled = 130 / 2000
    z = 0.03 / sqrt(pooled * (1 - pooled) * 2 / 1000)
    assert got.difference == pytest.approx(80 / 1000 - 50 / 1000)
    assert got.p_value == pytest.approx(erfc(z / sqrt(2)))
    assert (got.n_control, got.n_treatment) == (1000, 1000)
    # 56 of 70 against 48 of 80, by method 10 of Newcombe (1998)
    got = ab.two_proportions((48, 80), (56, 70))
    assert (got.low, got.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    # nothing happened: no p, yet a width; Wilson's end is z^2 / (n + z^2)
    got = ab.two_proportions((0, 10), (0, 10))
    end = 1.959964**2 / (10 + 1.959964**2)
    assert (got.low, got.high) == pytest.approx((-end, end))
    assert np.isnan(got.p_value)


@pytest.mark.peers
@settings(STEADY, max_examples=80)
@given(
    st.tuples(st.integers(0, 60), st.integers(1, 60)),
    st.tuples(st.integers(0, 60), st.integers(1, 60)),
    st.sampled_from([0.5, 0.95, 0.99]),
)
def test_two_proportions_agree_with_statsmodels(control, treatment, level):
    from statsmodels.stats import proportion

    if control[0] > control[1] or treatment[0] > treatment[1]:
        with pytest.raises(ValueError, match="successes <= units"):
            ab.two_proportions(control, treatment)
        return
    got = ab.two_proportions(control, treatment, level=level)
    # method 10 of Newcombe stands for itself, also at shares of 0 and 1
    ends = [
        proportion.proportion_confint(*arm, 1 - level, method="wilson")
        for arm in (control, treatment)
    ]
    (low_c, high_c), (low_t, high_t) = ends
    c, t = control[0] / control[1], treatment[0] / treatment[1]
    assert got.low == pytest.approx(
        t - c - sqrt((t - low_t) ** 2 + (high_c - c) ** 2)
    )
    assert got.high == pytest.approx(
        t - c + sqrt((high_t - t) ** 2 + (c - low_c) ** 2)
    )
    assert -1 - 1e-12 <= got.low <= got.difference <= got.high <= 1 + 1e-12
    hits, units = zip(treatment, control, strict=True)
    if sum(hits) in (0, sum(units)):
        assert np.isnan(got.p_value)
    else:
        _, p = proportion.proportions_ztest(hits, units)
        assert got.p_value == pytest.approx(p)
    if 0 < c < 1 and 0 < t < 1:
        peer = proportion.confint_proportions_2indep(
            *treatment, *control, method="newcomb", alpha=1 - level
        )
        assert (got.low, got.high) == pytest.approx(peer)


def test_ratio_of_sums_by_hand():
    control = np.array([[1, 10], [2, 10], [0, 5], [3, 15]])
    got = ab.ratio_of_sums(control, control + np.array([1, 0]))
    # residuals -0.5 0.5 -0.75 0.75 and -0.5 0.5 -0.25 0.25, n 4, mean 10
    variance = ((0.5 + 1.125) / 3 + (0.5 + 0.125) / 3) / 4 / 10**2
    assert got.difference == pytest.approx(10 / 40 - 6 / 40)
    assert got.high - got.difference == pytest.approx(
        1.959964 * sqrt(variance), abs=1e-6
    )
    assert got.p_value == pytest.approx(erfc(0.1 / sqrt(2 * variance)))
    two = ab.ratio_of_sums([[1, 10], [3, 10]], [[2, 10], [4, 10]])
    assert two.difference == pytest.approx(6 / 20 - 4 / 20)


def test_ratio_of_sums_with_one_row_a_unit_is_the_difference_of_means():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(2, 400))
    ones = np.ones(400)
    got = ab.ratio_of_sums(*(np.column_stack([arm, ones]) for arm in y))
    peer = ab.welch(*y)
    assert got.difference == pytest.approx(peer.difference)
    assert got.p_value == pytest.approx(peer.p_value, abs=1e-3)


def sessions(rng, users, ratio):
    """Clicks of users with unequal traffic and unequal taste."""
    views = rng.poisson(20 * rng.exponential(size=users)) + 1
    taste = np.clip(ratio + 0.1 * rng.normal(size=users), 0, 1)
    return np.column_stack([rng.binomial(views, taste), views])


def test_ratio_of_sums_keeps_its_rate_where_impressions_do_not():
    rng = np.random.default_rng(1)
    by_user, by_view = [], []
    for _ in range(600):
        arms = [sessions(rng, 300, 0.3) for _ in range(2)]
        by_user.append(ab.ratio_of_sums(*arms).p_value < 0.05)
        sums = [tuple(arm.sum(axis=0)) for arm in arms]
        by_view.append(ab.two_proportions(*sums).p_value < 0.05)
    # 600 trials at 0.05: standard deviation 0.009
    assert 0.023 <= np.mean(by_user) <= 0.077
    assert np.mean(by_view) > 0.2


def test_ratio_of_sums_agrees_with_the_bootstrap_over_users():
    rng = np.random.default_rng(2)
    control, treatment = (sessions(rng, 500, r) for r in (0.30, 0.33))
    got = ab.ratio_of_sums(control, treatment)

    def ratios(arm):
        sums = arm[rng.integers(500, size=(4000, 500))].sum(axis=1)
        return sums[:, 0] / sums[:, 1]

    error = (ratios(treatment) - ratios(control)).std()
    assert got.high - got.difference == pytest.approx(1.96 * error, rel=0.06)


def test_ratio_of_sums_is_undefined_where_nothing_varies():
    arm = np.array([[1, 2], [2, 4], [0, 0]])
    got = ab.ratio_of_sums(arm, arm)
    assert got.difference == 0
    assert np.isnan([got.low, got.high, got.p_value]).all()


def test_proportions_and_ratios_refuse():
    for arm in [
        (3, 2),
        (-1, 2),
        (0, 0),
        (0.5, 2),
        (1, np.inf),
        (1,),
        (np.nan, 1),
    ]:
        with pytest.raises(ValueError, match="treatment must be whole"):
            ab.two_proportions((1, 2), arm)
    good = np.ones((3, 2))
    for arm, message in [
        (np.ones((3, 3)), r"control must be .*\(3, 3\)"),
        (np.ones((1, 2)), r"control must be .*\(1, 2\)"),
        (good * np.nan, "control must be finite"),
        (good * [1, -1], "denominators of control"),
        (good * [1, 0], "denominators of control"),
    ]:
        with pytest.raises(ValueError, match=message):
            ab.ratio_of_sums(arm, good)
    for test in (ab.ratio_of_sums, ab.two_proportions):
        arms = (good, good) if test is ab.ratio_of_sums else ((1, 2), (1, 2))
        with pytest.raises(ValueError, match=r"level .*, got 95"):
            test(*arms, level=95)
