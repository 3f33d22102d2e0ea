"""The bootstrap: how far a mean could have moved with other users."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLOCK_VALUES = 1_000_000  # drawn rows held at a time


class Interval(NamedTuple):
    """A mean and how sure it is.

    Attributes:
        estimate: the mean.
        low: lower end of the interval.
        high: upper end.
        n: rows that counted.
        dropped: rows left out because a value was nan.
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
        ValueError: not one axis, lengths that differ, values infinite;
            level or resamples out of range.

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
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    if resamples < 100:
        raise ValueError(f"resamples must be at least 100, got {resamples}")
    if np.isinf(a).any() or np.isinf(b).any():
        raise ValueError("values must not be infinite")
    difference = (a - b)[~np.isnan(a - b)]
    n = len(difference)
    if n < 2:  # one row says nothing about how far it could have moved
        mean = float(difference[0]) if n else np.nan
        return Interval(mean, np.nan, np.nan, n, len(a) - n)
    means, block = [], max(1, BLOCK_VALUES // n)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(n, size=(size, n))
        means.append(difference[drawn].mean(axis=1))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(
        float(difference.mean()), float(low), float(high), n, len(a) - n
    )
