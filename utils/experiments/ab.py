"""A/B tests of means, one row per randomised unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class TestResult(NamedTuple):
    """Difference of two means.

    Attributes:
        difference: treatment minus control.
        low: lower end of its confidence interval.
        high: upper end.
        p_value: two-sided, of no difference.
        n_control: rows of control.
        n_treatment: rows of treatment.
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    difference: float
    low: float
    high: float
    p_value: float
    n_control: int
    n_treatment: int


def welch(
    control: np.ndarray, treatment: np.ndarray, *, level: float = 0.95
) -> TestResult:
    """Welch's t-test: two means whose variances may differ.

    Args:
        control: (n,) one value per randomised unit, at least 2.
        treatment: (m,) likewise.
        level: of the interval, in (0, 1).

    Returns:
        Difference, interval and p-value by the t distribution with the
        degrees of freedom of Welch and Satterthwaite; if neither arm varies,
        interval and p-value are nan: there is nothing to compare with.

    Raises:
        ValueError: fewer than 2 rows; values not finite; level not in (0, 1).

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
        if not np.isfinite(arm).all():
            raise ValueError(f"{name} must be finite")
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
    return TestResult(
        difference,
        difference - width,
        difference + width,
        p_value,
        int(n[0]),
        int(n[1]),
    )


def sample_ratio_mismatch(counts: np.ndarray, shares: np.ndarray) -> float:
    """p-value of the arms' sizes, given how they should have been split.

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
    if not whole or (counts < 0).any() or counts.sum() == 0:
        raise ValueError(
            f"counts must be whole, at least 0 and not all 0, got {counts}"
        )
    if (shares <= 0).any() or not np.isclose(shares.sum(), 1):
        raise ValueError(f"shares must be above 0 and add up to 1: {shares}")
    return float(stats.chisquare(counts, shares * counts.sum()).pvalue)
