"""Statistical power and sample size of A/B tests.

Two arms of equal size, a two-sided test, one value per unit: Welch's for
means, the z-test with the pooled share for shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable

HUGE = 1e4  # a noncentrality that the distribution is not computed for
MOST_UNITS = 10**15  # of an arm


def power_of_welch(
    *, effect: float, sd: float, n_per_arm: int, alpha: float = 0.05
) -> float:
    """Power of a two-sided Welch test.

    Args:
        effect: true difference of the means; its sign does not matter.
        sd: standard deviation of a unit, alike in both arms, above 0 and at
            most 1e100.
        n_per_arm: units in each arm, at least 2.
        alpha: false-positive rate, in [1e-12, 1).

    Returns:
        In [alpha, 1]: by the noncentral t distribution with 2n - 2 degrees
        of freedom and noncentrality |effect| / (sd * sqrt(2 / n)).

    Raises:
        ValueError: an argument out of its range.

    Source: Cohen (1988), Statistical Power Analysis, 2nd ed., ch. 2.

    >>> round(power_of_welch(effect=0.5, sd=1.0, n_per_arm=64), 3)
    0.801
    """
    from scipy import stats

    _check(sd=sd, alpha=alpha)
    if not math.isfinite(effect):
        raise ValueError(f"effect must be finite, got {effect}")
    if n_per_arm < 2:
        raise ValueError(f"n_per_arm must be at least 2, got {n_per_arm}")
    freedom = 2 * n_per_arm - 2
    shift = abs(effect) / (sd * math.sqrt(2 / n_per_arm))
    edge = stats.t.isf(alpha / 2, freedom)
    if shift > HUGE:  # beside it only the estimate of sd is random
        ratio = shift / float(edge)
        return float(stats.chi2.cdf(freedom * ratio * ratio, freedom))
    upper = stats.nct.sf(edge, freedom, shift)
    lower = stats.nct.cdf(-edge, freedom, shift)
    return float(upper + (0.0 if math.isnan(lower) else lower))


def sample_size_per_arm(
    *, effect: float, sd: float, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Sample size per arm at which a Welch test reaches the wanted power.

    Args:
        effect: true difference, not 0.
        sd: standard deviation of a unit, above 0, at most 1e100.
        power: wanted, in (alpha, 1).
        alpha: false-positive rate, in [1e-12, 1).

    Returns:
        Units per arm, at least 2.

    Raises:
        ValueError: an argument out of its range; 1e15 units are too few.

    >>> sample_size_per_arm(effect=0.5, sd=1.0)
    64
    """
    _check(sd=sd, alpha=alpha)
    if effect == 0 or not math.isfinite(effect):
        raise ValueError(f"effect must be finite and not 0, got {effect}")
    if not alpha < power < 1:
        raise ValueError(f"power must be in (alpha, 1), got {power}")

    def reached(n: int) -> float:
        return power_of_welch(effect=effect, sd=sd, n_per_arm=n, alpha=alpha)

    return _smallest(reached, power)


def power_of_two_proportions(
    *, control: float, treatment: float, n_per_arm: int, alpha: float = 0.05
) -> float:
    """Power of a two-sided test of two proportions.

    Args:
        control: true share, in (0, 1).
        treatment: true share, in (0, 1).
        n_per_arm: units in each arm, at least 1.
        alpha: false-positive rate, in [1e-12, 1).

    Returns:
        In [0, 1], by the normal approximation: the test's limit comes from
        the pooled share, the spread around the effect from each arm's own.

    Raises:
        ValueError: an argument out of its range.

    Source: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and
        Proportions, 3rd ed., ch. 4.

    >>> round(power_of_two_proportions(control=0.1, treatment=0.12,
    ...     n_per_arm=3841), 3)
    0.8
    """
    from scipy import stats

    _check(sd=1, alpha=alpha)
    for name, share in (("control", control), ("treatment", treatment)):
        if not 0 < share < 1:
            raise ValueError(f"{name} must be in (0, 1), got {share}")
    if not n_per_arm >= 1:
        raise ValueError(f"n_per_arm must be at least 1, got {n_per_arm}")
    pooled = (control + treatment) / 2
    effect = abs(treatment - control) * math.sqrt(n_per_arm)
    spread = math.sqrt(control * (1 - control) + treatment * (1 - treatment))
    limit = stats.norm.isf(alpha / 2) * math.sqrt(2 * pooled * (1 - pooled))
    upper = stats.norm.sf((limit - effect) / spread)
    return float(upper + stats.norm.cdf((-limit - effect) / spread))


def sample_size_two_proportions(
    *,
    control: float,
    treatment: float,
    power: float = 0.8,
    alpha: float = 0.05,
) -> int:
    """Sample size per arm for a test of two proportions.

    Args:
        control: true share, in (0, 1).
        treatment: true share, in (0, 1), another one.
        power: wanted, in (alpha, 1).
        alpha: false-positive rate, in [1e-12, 1).

    Returns:
        Units per arm, at least 1.

    Raises:
        ValueError: an argument out of its range; 1e15 units are too few.

    >>> sample_size_two_proportions(control=0.10, treatment=0.12)
    3841
    """
    _check(sd=1, alpha=alpha)
    if control == treatment:
        raise ValueError(f"shares must differ, got {control} twice")
    if not alpha < power < 1:
        raise ValueError(f"power must be in (alpha, 1), got {power}")

    def reached(n: int) -> float:
        return power_of_two_proportions(
            control=control, treatment=treatment, n_per_arm=n, alpha=alpha
        )

    return _smallest(reached, power, least=1)


def minimum_detectable_effect(
    *, sd: float, n_per_arm: int, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Minimum detectable effect of a Welch test of a given size.

    Args:
        sd: standard deviation of a unit, above 0, at most 1e100.
        n_per_arm: units in each arm, at least 2.
        power: wanted, in (alpha, 1).
        alpha: false-positive rate, in [1e-12, 1).

    Returns:
        The positive effect whose `power_of_welch` is `power`, in the unit
        of sd.

    Raises:
        ValueError: an argument out of its range.

    >>> round(minimum_detectable_effect(sd=1, n_per_arm=64), 2)
    0.5
    """
    from scipy import optimize

    _check(sd=sd, alpha=alpha)
    if not alpha < power < 1:
        raise ValueError(f"power must be in (alpha, 1), got {power}")

    def short_of(effect: float) -> float:
        reached = power_of_welch(
            effect=effect, sd=1, n_per_arm=n_per_arm, alpha=alpha
        )
        return reached - power

    enough = 1.0  # in standard deviations
    while short_of(enough) < 0:
        enough *= 2
    return float(sd * optimize.brentq(short_of, 0.0, enough, xtol=1e-12))


def _check(*, sd: float, alpha: float) -> None:
    if not 0 < sd <= 1e100:  # so that effects stay floats
        raise ValueError(f"sd must be above 0, at most 1e100, got {sd}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), got {alpha}")
    if alpha < 1e-12:
        raise ValueError(f"alpha must be at least 1e-12, got {alpha}")


def _smallest(
    reached: Callable[[int], float], power: float, *, least: int = 2
) -> int:
    """First n, from least on, whose power is reached; power grows with n."""
    low, high = least - 1, least
    while reached(high) < power:
        low, high = high, 2 * high
        if high > MOST_UNITS:
            raise ValueError(
                f"the effect must be found by fewer than {MOST_UNITS:g} "
                f"units an arm, got a power of {reached(low)} with {low:g}"
            )
    while high - low > 1:  # low is too few, high is enough
        middle = (low + high) // 2
        low, high = (
            (low, middle) if reached(middle) >= power else (middle, high)
        )
    return high
