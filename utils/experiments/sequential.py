"""Sequential testing: always-valid p-values and confidence sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import checks


def running_difference(
    control: np.ndarray, treatment: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Running difference of means over the first n units of each arm.

    Args:
        control: (..., n) values in order of arrival, finite.
        treatment: (..., n) likewise.

    Returns:
        difference: (..., n) of the means of the first 1, 2, ... n units.
        variance: (..., n) of that difference, estimated from the same units;
            nan at the first look, where one unit says nothing.

    Raises:
        ValueError: shapes that differ; no axis; not finite.

    >>> d, v = running_difference(np.array([1.0, 3.0]), np.array([2.0, 6.0]))
    >>> d, v[1]  # variances 2 and 8 of two units each
    (array([1., 2.]), np.float64(5.0))
    """
    arms = [np.asarray(x, dtype=np.float64) for x in (control, treatment)]
    if arms[0].shape != arms[1].shape or arms[0].ndim < 1:
        raise ValueError(
            f"control and treatment must be (..., n) alike, got "
            f"{arms[0].shape} and {arms[1].shape}"
        )
    for arm in arms:
        checks.check_sizes("control and treatment", arm)
    n = np.arange(1, arms[0].shape[-1] + 1)
    means, variances = [], []
    for arm in arms:
        first = arm[..., :1]  # subtracted: squares of large values cancel
        mean = np.cumsum(arm - first, axis=-1) / n
        square = np.cumsum((arm - first) ** 2, axis=-1) / n
        means.append(mean + first)
        spread = np.maximum(square - mean**2, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            variances.append(spread / (n - 1))  # of the mean: s^2 / n
    return means[1] - means[0], variances[0] + variances[1]


class AlwaysValid(NamedTuple):
    """Always-valid p-values and confidence sequence, (..., T) each.

    Attributes:
        p_value: smallest so far; stop as soon as it is at most alpha.
        low: lower end of the interval.
        high: upper end; all intervals together hold the truth with the
            stated probability.
    """

    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def always_valid(
    difference: np.ndarray,
    variance: np.ndarray,
    *,
    scale: float,
    level: float = 0.95,
) -> AlwaysValid:
    """Mixture sequential probability ratio test (mSPRT).

    Args:
        difference: (..., T) estimate at each look, approximately normal.
        variance: (..., T) of the estimate at each look, above 0; nan or 0
            where it is not known yet, which counts as no evidence.
        scale: standard deviation of the effects that are expected, in the
            unit of the difference, above 0 and finite, its square too; a wrong
            one costs time, never validity.
        level: of the intervals, in (0, 1).

    Returns:
        p = 1 / the largest likelihood ratio so far, where the ratio is that
        of effects drawn from N(0, scale^2) against none: sqrt(V / (V + s^2))
        exp(s^2 d^2 / (2 V (V + s^2))); at most 1. The intervals hold the
        effects whose own ratio is below 1 / (1 - level) at that look. With
        an *estimated* variance this is exact for many units only: skip the
        first looks.

    Raises:
        ValueError: shapes that differ; no axis; difference not finite or
            beyond 1e70; variance negative, infinite or beyond 1e-140 to
            1e140; scale or level out of range.

    Source: Johari, Koomen, Pekelis & Walsh (2022),
        doi:10.1287/opre.2021.2135.

    >>> got = always_valid(np.array([3.0, 1.0]), np.array([1.0, 1.0]), scale=1)
    >>> got.p_value.round(4)  # sqrt(2) exp(-9 / 4), and it stays
    array([0.1491, 0.1491])
    """
    difference = np.asarray(difference, dtype=np.float64)
    variance = np.asarray(variance, dtype=np.float64)
    if difference.shape != variance.shape or difference.ndim < 1:
        raise ValueError(
            f"difference and variance must be (..., T) alike, got "
            f"{difference.shape} and {variance.shape}"
        )
    checks.check_sizes("difference", difference)
    extreme = (variance != 0) & ~((variance >= 1e-140) & (variance <= 1e140))
    if (extreme & ~np.isnan(variance)).any():
        raise ValueError(
            "variance must be 0, nan or from 1e-140 to 1e140, got "
            f"{variance[extreme & ~np.isnan(variance)][0]}"
        )
    if not 1e-70 < scale < 1e70:  # its square must not vanish or overflow
        raise ValueError(f"scale must be in (1e-70, 1e70), got {scale}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    known = variance > 0
    v, mix = np.where(known, variance, 1.0), float(scale) ** 2
    spread = np.log1p(mix / v) / 2
    with np.errstate(over="ignore"):  # beyond floats: p is 0
        log_ratio = mix * difference**2 / (2 * v * (v + mix)) - spread
    best = np.maximum.accumulate(np.where(known, log_ratio, 0.0), axis=-1)
    limit = spread - np.log1p(-level)
    width = np.where(known, np.sqrt(2 * v * (v + mix) / mix * limit), np.inf)
    return AlwaysValid(
        np.minimum(1.0, np.exp(-best)), difference - width, difference + width
    )
