"""A/B tests of means, shares and ratios, one row per randomised unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import checks


class ABResult(NamedTuple):
    """Result of an A/B test: difference of the arms, interval and p-value.

    Attributes:
        difference: treatment minus control.
        low: lower end of its confidence interval.
        high: upper end.
        p_value: two-sided, of no difference.
        n_control: rows of control.
        n_treatment: rows of treatment.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_control: int
    n_treatment: int


def welch(
    control: np.ndarray, treatment: np.ndarray, *, level: float = 0.95
) -> ABResult:
    """Welch's t-test of two means, whose variances may differ.

    Args:
        control: (n,) one value per randomised unit, at least 2.
        treatment: (m,) likewise.
        level: of the interval, in (0, 1).

    Returns:
        Difference, interval and p-value by the t distribution with the
        degrees of freedom of Welch and Satterthwaite; if neither arm varies,
        interval and p-value are nan: there is nothing to compare with.

    Raises:
        ValueError: fewer than 2 rows; values not finite or beyond 1e70;
            level not in (0, 1).

    Source: Welch (1947), doi:10.1093/biomet/34.1-2.28.

    >>> got = welch(np.array([1.0, 2, 3]), np.array([2.0, 3, 4]))
    >>> got.difference, round(got.p_value, 4)
    (1.0, 0.2879)
    """
    from scipy import stats

    arms = [np.asarray(x, dtype=np.float64) for x in (control, treatment)]
    for name, arm in zip(("control", "treatment"), arms, strict=True):
        if arm.ndim != 1 or len(arm) < 2:
            raise ValueError(f"{name} must be (n,), n >= 2, got {arm.shape}")
        checks.check_sizes(name, arm)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    n = np.array([len(arm) for arm in arms])
    share = np.array([arm.var(ddof=1) for arm in arms]) / n
    difference = float(arms[1].mean() - arms[0].mean())
    error = np.sqrt(share.sum())
    if error == 0:
        p_value, width = np.nan, np.nan
    else:
        freedom = share.sum() ** 2 / (share**2 / (n - 1)).sum()
        p_value = float(2 * stats.t.sf(abs(difference) / error, freedom))
        width = float(error * stats.t.isf((1 - level) / 2, freedom))
    return ABResult(
        difference,
        difference - width,
        difference + width,
        p_value,
        int(n[0]),
        int(n[1]),
    )


def two_proportions(
    control: tuple[int, int],
    treatment: tuple[int, int],
    *,
    level: float = 0.95,
) -> ABResult:
    """Two-proportion z-test: conversion, click-through per user.

    Args:
        control: (successes, units), whole numbers, successes <= units and
            at least one unit.
        treatment: likewise.
        level: of the interval, in (0, 1).

    Returns:
        Difference of the shares; p-value of the z-test with the pooled
        share; Newcombe's interval from Wilson's score intervals, which stays
        in [-1, 1] and has a width also at shares of 0 and 1. With no success
        or no failure at all p is nan: nothing varies.

    Raises:
        ValueError: counts not whole, negative or more successes than units;
            level not in (0, 1).

    Source: Newcombe (1998), Statistics in Medicine 17(8), method 10.

    >>> got = two_proportions((50, 1000), (80, 1000))
    >>> round(got.difference, 3), round(got.p_value, 4)
    (0.03, 0.0065)
    """
    from scipy import stats

    arms = np.array(
        [_counts("control", control), _counts("treatment", treatment)]
    )
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    successes, n = arms.T
    share, pooled = successes / n, successes.sum() / n.sum()
    difference = share[1] - share[0]
    error = np.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    p_value = 2 * stats.norm.sf(abs(difference) / error) if error else np.nan
    z = stats.norm.isf((1 - level) / 2)
    middle = (successes + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(share * (1 - share) * n + z**2 / 4) / (n + z**2)
    low, high = middle - half, middle + half  # Wilson's, of each arm
    return ABResult(
        float(difference),
        float(difference - np.hypot(share[1] - low[1], high[0] - share[0])),
        float(difference + np.hypot(high[1] - share[1], share[0] - low[0])),
        float(p_value),
        int(n[0]),
        int(n[1]),
    )


def ratio_of_sums(
    control: np.ndarray, treatment: np.ndarray, *, level: float = 0.95
) -> ABResult:
    """Delta-method test of two ratio metrics, such as clicks per impression.

    Users were randomised and bring unequal numbers of impressions; rows of
    one user hang together, so a test that counts impressions is too sure.
    The delta method takes the variance from users.

    Args:
        control: (n, 2) numerator and denominator of each unit, n >= 2; the
            denominators are at least 0 and not all 0.
        treatment: (m, 2) likewise.
        level: of the interval, in (0, 1).

    Returns:
        sum(numerator) / sum(denominator) of treatment less that of control;
        interval and p-value by the normal distribution, nan if neither
        ratio varies. For a ratio R with residuals e = numerator - R
        denominator, var(R) = var(e) / (n mean(denominator)^2).

    Raises:
        ValueError: shapes; values not finite or beyond 1e70; denominators
            negative, below 1e-70 or all 0; level not in (0, 1).

    Source: Deng, Knoblich & Lu (2018), doi:10.1145/3219819.3219919.

    >>> control = np.array([[1, 10], [2, 10], [0, 5], [3, 15]])
    >>> got = ratio_of_sums(control, control + [[1, 0]])
    >>> got.difference, round(got.p_value, 4)  # from 6/40 to 10/40
    (0.1, 0.0209)
    """
    from scipy import stats

    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    ratios, variances, sizes = [], [], []
    for name, arm in (("control", control), ("treatment", treatment)):
        numerator, denominator = _pairs(name, arm)
        ratio = numerator.sum() / denominator.sum()
        residual = numerator - ratio * denominator
        n = len(residual)
        ratios.append(ratio)
        variances.append(residual.var(ddof=1) / n / denominator.mean() ** 2)
        sizes.append(n)
    difference, error = ratios[1] - ratios[0], np.sqrt(sum(variances))
    p_value = 2 * stats.norm.sf(abs(difference) / error) if error else np.nan
    width = stats.norm.isf((1 - level) / 2) * (error if error else np.nan)
    return ABResult(
        float(difference),
        float(difference - width),
        float(difference + width),
        float(p_value),
        *sizes,
    )


def sample_ratio_mismatch(counts: np.ndarray, shares: np.ndarray) -> float:
    """Sample ratio mismatch: chi-square p-value of the arms' sizes.

    A tiny one (below 0.001, say) means that the assignment is broken, and no
    other number of the test should be read.

    Args:
        counts: (arms,) units in each arm, whole numbers, not all 0.
        shares: (arms,) intended shares, above 0, adding up to 1.

    Returns:
        p-value in [0, 1] of the chi-square test of fit.

    Raises:
        ValueError: shapes that differ; counts not whole, negative or all 0;
            shares not above 0 or not adding up to 1.

    Source: Fabijan et al. (2019), doi:10.1145/3292500.3330722.

    >>> round(sample_ratio_mismatch([5000, 5200], [0.5, 0.5]), 3)
    0.048
    """
    from scipy import stats

    counts = np.asarray(counts, dtype=np.float64)
    shares = np.asarray(shares, dtype=np.float64)
    if counts.shape != shares.shape or counts.ndim != 1:
        raise ValueError(
            f"counts and shares must be alike, got {counts.shape} and "
            f"{shares.shape}"
        )
    whole = np.isfinite(counts).all() and (counts == np.floor(counts)).all()
    if not whole or (counts < 0).any() or not counts.any():
        raise ValueError(
            f"counts must be whole, at least 0 and not all 0, got {counts}"
        )
    checks.check_sizes("counts", counts)
    good = ((shares > 0) & (shares <= 1)).all()
    if not (good and np.isclose(shares.sum(), 1)):
        raise ValueError(f"shares must be above 0 and add up to 1: {shares}")
    checks.check_denominators("shares", shares)
    return float(stats.chisquare(counts, shares * counts.sum()).pvalue)


def _counts(name: str, arm: tuple[int, int]) -> np.ndarray:
    counts = np.asarray(arm, dtype=np.float64)
    good = counts.shape == (2,) and (counts == np.floor(counts)).all()
    if not (good and 0 <= counts[0] <= counts[1] < np.inf and counts[1] > 0):
        raise ValueError(
            f"{name} must be whole (successes, units) with successes <= units "
            f"and a unit, got {arm}"
        )
    return counts


def _pairs(name: str, arm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    arm = np.asarray(arm, dtype=np.float64)
    if arm.ndim != 2 or arm.shape[1] != 2 or len(arm) < 2:
        raise ValueError(f"{name} must be (n, 2), n >= 2, got {arm.shape}")
    checks.check_sizes(name, arm)
    checks.check_denominators(name, arm[:, 1])
    if not arm[:, 1].any():
        raise ValueError(f"denominators of {name} must not all be 0")
    return arm[:, 0], arm[:, 1]
