"""Power, sample size and detectable effect."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.experiments import power

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    "effect, wanted, expected",
    # two-sided, alpha 0.05: the tables of Cohen (1988)
    [(0.2, 0.8, 394), (0.5, 0.8, 64), (0.8, 0.8, 26), (0.5, 0.9, 86)],
)
def test_sample_size_of_the_textbook(effect, wanted, expected):
    got = power.sample_size_per_arm(effect=effect, sd=1, power=wanted)
    assert abs(got - expected) <= 1  # tables round differently


def test_sample_size_by_hand_for_a_small_effect():
    # 2 (z_0.975 + z_0.8)^2 (sd/effect)^2; t instead of z adds about one
    by_hand = 2 * (1.959964 + 0.841621) ** 2 * (20 / 0.1) ** 2
    got = power.sample_size_per_arm(effect=0.1, sd=20)
    assert got == pytest.approx(by_hand, abs=3)


def test_edges():
    # no effect: what is found is false, at rate alpha
    none = power.power_of_welch(effect=0, sd=1, n_per_arm=10, alpha=0.07)
    assert none == pytest.approx(0.07)
    sure = power.power_of_welch(effect=1e6, sd=1, n_per_arm=2)
    assert sure == pytest.approx(1)
    assert power.sample_size_per_arm(effect=1e6, sd=1) == 2


@settings(STEADY, max_examples=40)
@given(
    st.floats(0.02, 5),
    st.floats(0.1, 50),
    st.floats(0.3, 0.99),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_sample_size_is_the_smallest_that_is_enough(ratio, sd, wanted, alpha):
    effect = ratio * sd
    n = power.sample_size_per_arm(
        effect=effect, sd=sd, power=wanted, alpha=alpha
    )

    def reached(n):
        return power.power_of_welch(
            effect=-effect, sd=sd, n_per_arm=n, alpha=alpha
        )

    assert reached(n) >= wanted
    assert n == 2 or reached(n - 1) < wanted


@settings(STEADY, max_examples=60)
@given(st.floats(0, 8), st.integers(2, 10**7))
def test_power_is_a_probability_and_grows_with_the_effect(shift, n):
    effect = shift * np.sqrt(2 / n)

    def at(effect):
        return power.power_of_welch(effect=effect, sd=1, n_per_arm=n)

    assert 0.05 - 1e-9 <= at(effect) <= at(1.2 * effect) + 1e-9 <= 1 + 2e-9


def test_power_agrees_with_simulated_experiments():
    from scipy import stats

    rng = np.random.default_rng(0)
    control = rng.normal(size=(20_000, 12))
    treatment = rng.normal(loc=0.9, size=(20_000, 12))
    p = stats.ttest_ind(treatment, control, axis=1, equal_var=False).pvalue
    got = power.power_of_welch(effect=0.9, sd=1, n_per_arm=12)
    # 20,000 trials near 0.56: standard deviation 0.0035
    assert got == pytest.approx((p < 0.05).mean(), abs=0.012)


def test_refuses():
    good = {"effect": 1.0, "sd": 1.0, "n_per_arm": 9}
    for wrong, message in [
        ({"sd": 0}, "sd must be above 0, at most 1e100, got 0"),
        ({"sd": np.nan}, "sd must be above 0"),
        ({"n_per_arm": 1}, "at least 2, got 1"),
        ({"alpha": 1}, r"alpha must be in \(0, 1\), got 1"),
        ({"effect": np.inf}, "effect must be finite, got inf"),
    ]:
        with pytest.raises(ValueError, match=message):
            power.power_of_welch(**(good | wrong))
    for effect in (0, np.nan):
        with pytest.raises(ValueError, match=f"not 0, got {effect}"):
            power.sample_size_per_arm(effect=effect, sd=1)
    for wanted in (0.05, 1):
        with pytest.raises(ValueError, match=f"power .*, got {wanted}"):
            power.sample_size_per_arm(effect=1, sd=1, power=wanted)


def test_minimum_detectable_effect_is_the_inverse_of_power():
    effect = power.minimum_detectable_effect(sd=3.0, n_per_arm=64, power=0.9)
    got = power.power_of_welch(effect=effect, sd=3.0, n_per_arm=64)
    assert got == pytest.approx(0.9)
    for wanted in (0.05, 1.0):
        with pytest.raises(ValueError, match=f"got {wanted}"):
            power.minimum_detectable_effect(sd=1, n_per_arm=9, power=wanted)


def test_two_proportions_by_hand():
    # (z_0.975 sqrt(2 p q) + z_0.8 sqrt(p1 q1 + p2 q2))^2 / (p2 - p1)^2
    top = 1.959964 * np.sqrt(2 * 0.11 * 0.89) + 0.841621 * np.sqrt(
        0.1 * 0.9 + 0.12 * 0.88
    )
    got = power.sample_size_two_proportions(control=0.1, treatment=0.12)
    assert got == np.ceil((top / 0.02) ** 2)
    sure = power.sample_size_two_proportions(
        control=0.001, treatment=0.999, alpha=0.5
    )
    assert sure == 1


@pytest.mark.peers
@settings(STEADY, max_examples=60)
@given(
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
    st.integers(1, 10**5),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_power_of_two_proportions_agrees_with_statsmodels(a, b, n, alpha):
    from statsmodels.stats import proportion

    got = power.power_of_two_proportions(
        control=a, treatment=b, n_per_arm=n, alpha=alpha
    )
    peer = proportion.power_proportions_2indep(
        b - a, a, n, alpha=alpha, return_results=False
    )
    assert got == pytest.approx(float(peer), abs=1e-9)
    mirrored = power.power_of_two_proportions(
        control=1 - a, treatment=1 - b, n_per_arm=n, alpha=alpha
    )
    assert got == pytest.approx(mirrored, abs=1e-9)


@settings(STEADY, max_examples=40)
@given(st.floats(0.05, 0.95), st.floats(0.01, 0.04), st.floats(0.3, 0.99))
def test_sample_size_of_two_proportions_is_the_smallest(share, lift, wanted):
    shares = {"control": share, "treatment": share + lift}
    n = power.sample_size_two_proportions(**shares, power=wanted)
    one, other = (
        power.power_of_two_proportions(**shares, n_per_arm=size)
        for size in (n, n - 1)
    )
    assert one >= wanted > other


def test_power_of_two_proportions_agrees_with_simulated_tests():
    from utils.experiments import ab

    rng = np.random.default_rng(0)
    hits = rng.binomial(800, [0.1, 0.14], size=(4000, 2))
    p = [ab.two_proportions((c, 800), (t, 800)).p_value for c, t in hits]
    got = power.power_of_two_proportions(
        control=0.1, treatment=0.14, n_per_arm=800
    )
    # 4000 trials near 0.69: standard deviation 0.0073
    assert got == pytest.approx(np.mean(np.array(p) < 0.05), abs=0.025)


def test_two_proportions_refuse():
    for wrong, message in [
        ({"control": 0}, r"control must be in \(0, 1\), got 0"),
        ({"treatment": 1}, r"treatment must be in \(0, 1\), got 1"),
        ({"n_per_arm": 0}, "at least 1, got 0"),
        ({"alpha": 0}, r"alpha must be in \(0, 1\), got 0"),
    ]:
        good = {"control": 0.1, "treatment": 0.2, "n_per_arm": 9}
        with pytest.raises(ValueError, match=message):
            power.power_of_two_proportions(**(good | wrong))
    with pytest.raises(ValueError, match=r"must differ, got 0\.1 twice"):
        power.sample_size_two_proportions(control=0.1, treatment=0.1)
    with pytest.raises(ValueError, match=r"power .*, got 1"):
        power.sample_size_two_proportions(control=0.1, treatment=0.2, power=1)


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
def test_huge_effects_go_on_where_the_distribution_ends(alpha):
    def found(effect):
        return power.power_of_welch(
            effect=effect, sd=1, n_per_arm=2, alpha=alpha
        )

    below, above = found(0.999 * power.HUGE), found(1.001 * power.HUGE)
    assert below <= above <= found(1e300) == 1
    assert above - below < 0.001


def test_a_size_beyond_reckoning_is_refused():
    with pytest.raises(ValueError, match=r"found by fewer than 1e\+15 units"):
        power.sample_size_per_arm(effect=1e-300, sd=1)
    with pytest.raises(ValueError, match="alpha must be at least 1e-12"):
        power.minimum_detectable_effect(sd=1, n_per_arm=9, alpha=1e-13)
