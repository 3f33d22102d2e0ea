"""Bootstrap intervals: how far a number could have moved with other users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from . import checks

BLOCK_VALUES = 65_536  # drawn rows held at a time: they stay in the cache


class Interval(NamedTuple):
    """Point estimate and confidence interval of a statistic.

    Attributes:
        estimate: the statistic on the rows as they are.
        low: lower end of the interval.
        high: upper end.
        n: rows that counted.
        dropped: rows, or resamples, left out because they gave nan.
    """

    estimate: float
    low: float
    high: float
    n: int
    dropped: int


def paired_interval(
    a: np.ndarray,
    b: np.ndarray | None = None,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1_000,
) -> Interval:
    """Percentile bootstrap of the mean of a, or of a - b row by row.

    Rows must be independent: pass one per user, not one per impression.

    Args:
        a: (n,) values; nan rows are dropped and counted.
        b: (n,) values of the same rows, or None.
        rng: draws the resamples.
        level: share of resamples inside the interval, in (0, 1).
        resamples: at least 100.

    Returns:
        Mean difference and the quantiles of its resampled means; nan where
        there are none: all three without a row, low and high with one.

    Raises:
        ValueError: not one axis, lengths that differ, values infinite or
            beyond 1e70; level or resamples out of range.

    Source: Efron (1979), doi:10.1214/aos/1176344552.

    >>> rng = np.random.default_rng(0)
    >>> x = np.arange(100.0)
    >>> got = paired_interval(x + 1, x, rng=rng)  # always 1 more
    >>> float(got.estimate), float(got.low), float(got.high)
    (1.0, 1.0, 1.0)
    """
    a = np.asarray(a, dtype=np.float64)
    b = np.zeros_like(a) if b is None else np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"a and b must be (n,) alike, got {a.shape} and {b.shape}"
        )
    check_options(level, resamples)
    for name, values in (("a", a), ("b", b)):
        checks.check_sizes(name, values[~np.isnan(values)])
    rows = (a - b)[~np.isnan(a - b)]
    n = len(rows)
    if n < 2:  # one row says nothing about how far it could have moved
        mean = float(rows[0]) if n else np.nan
        return Interval(mean, np.nan, np.nan, n, len(a) - n)
    means = _resampled_means(rows[:, None], rng=rng, resamples=resamples)
    low, high = percentiles(means[:, 0], level)
    return Interval(float(rows.mean()), low, high, n, len(a) - n)


def ratio_interval(
    numerator: np.ndarray,
    denominator: np.ndarray,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1_000,
) -> Interval:
    """Percentile bootstrap of a ratio of sums: clicks per impression.

    Rows must be independent: one per user, with all that the user brought.

    Args:
        numerator: (n,) of each user; rows with a nan are dropped and counted.
        denominator: (n,) at least 0.
        rng: draws the resamples.
        level: share of resamples inside the interval, in (0, 1).
        resamples: at least 100.

    Returns:
        sum(numerator) / sum(denominator) and the quantiles of its resampled
        values; those whose denominator is 0 are left out. nan where there
        are none: all three without a row or with denominators of 0 only, low
        and high with one row.

    Raises:
        ValueError: not one axis, lengths that differ, values infinite or
            beyond 1e70, denominators negative or below 1e-70; level or
            resamples out of range.

    Source: Efron (1979), doi:10.1214/aos/1176344552.

    >>> rng = np.random.default_rng(0)
    >>> views = np.arange(1.0, 101.0)
    >>> got = ratio_interval(views / 4, views, rng=rng)  # always 1 of 4
    >>> got.estimate, got.low, got.high
    (0.25, 0.25, 0.25)
    """
    rows = [np.asarray(x, dtype=np.float64) for x in (numerator, denominator)]
    if rows[0].ndim != 1 or rows[0].shape != rows[1].shape:
        raise ValueError(
            f"numerator and denominator must be (n,) alike, got "
            f"{rows[0].shape} and {rows[1].shape}"
        )
    check_options(level, resamples)
    pairs = np.column_stack(rows)
    checks.check_sizes("numerator and denominator", pairs[~np.isnan(pairs)])
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    checks.check_denominators("the ratio", pairs[:, 1])
    n, dropped = len(pairs), len(rows[0]) - len(pairs)
    if not pairs[:, 1].any():
        return Interval(np.nan, np.nan, np.nan, n, dropped)
    top, bottom = pairs.sum(axis=0)
    if n < 2:
        return Interval(float(top / bottom), np.nan, np.nan, n, dropped)
    means = _resampled_means(pairs, rng=rng, resamples=resamples)
    means = means[means[:, 1] > 0]
    low, high = percentiles(means[:, 0] / means[:, 1], level)
    return Interval(float(top / bottom), low, high, n, dropped)


def _resampled_means(
    rows: np.ndarray, *, rng: np.random.Generator, resamples: int
) -> np.ndarray:
    """(resamples, C) means of n rows drawn from the (n, C) with return."""
    return np.concatenate(
        [
            np.stack([x[drawn].mean(axis=1) for x in rows.T], axis=1)
            for drawn in draws(len(rows), rng=rng, resamples=resamples)
        ]
    )


def draws(
    n: int, *, rng: np.random.Generator, resamples: int
) -> Iterator[np.ndarray]:
    """Bootstrap samples: n of n rows, with replacement, in blocks.

    Args:
        n: rows, at least 1.
        rng: draws them.
        resamples: in all.

    Yields:
        (b, n) integers below n, the b of all blocks adding up to resamples.

    >>> rng = np.random.default_rng(0)
    >>> [rows.shape for rows in draws(5, rng=rng, resamples=100)]
    [(100, 5)]
    """
    block = max(1, BLOCK_VALUES // n)
    for start in range(0, resamples, block):
        yield rng.integers(n, size=(min(block, resamples - start), n))


def percentiles(values: np.ndarray, level: float) -> tuple[float, float]:
    """Percentile interval: the quantiles that enclose a share of values.

    Args:
        values: (B,) a statistic of each resample, not nan.
        level: share between low and high, in (0, 1).

    Returns:
        low and high; either tail holds (1 - level) / 2.

    >>> percentiles(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def check_options(level: float, resamples: int) -> None:
    """Refuse what is no confidence level, and too few resamples.

    Raises:
        ValueError: level not in (0, 1); resamples below 100.

    >>> check_options(0.95, 1_000)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    if resamples < 100:
        raise ValueError(f"resamples must be at least 100, got {resamples}")
