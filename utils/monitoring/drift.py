"""Drift: tests of a current sample against a reference sample.

A small p-value says that something moved, never that it matters: with a
million rows every change is significant. Watch the statistics, and set limits
from healthy days (`alarms.control_limit`) where days differ anyway.
Missing values are refused; their share is a series of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class DriftResult(NamedTuple):
    """Statistic and p-value of a two-sample test.

    Attributes:
        statistic: small where both look alike; its unit is the test's.
        p_value: chance of one at least so large if nothing has moved.
    """

    statistic: float
    p_value: float


def quantile_edges(reference: np.ndarray, *, bins: int) -> np.ndarray:
    """Quantile bin edges of the reference, the inner ones.

    Args:
        reference: (n,) finite, at least one.
        bins: how many, at least 2.

    Returns:
        (at most bins - 1,) ascending; fewer where many equal values would
        make two edges the same. State them once and keep them: edges drawn
        again from today's data hide what moved.

    Raises:
        ValueError: bins < 2; no values; not finite.

    >>> quantile_edges(np.arange(9.0), bins=4)
    array([2., 4., 6.])
    """
    reference = _values("reference", reference)
    if bins < 2:
        raise ValueError(f"bins must be at least 2, got {bins}")
    return np.unique(np.quantile(reference, np.arange(1, bins) / bins))


def bin_counts(values: np.ndarray, *, edges: np.ndarray) -> np.ndarray:
    """Histogram counts, outer bins open.

    Args:
        values: (n,) finite.
        edges: (B - 1,) ascending inner edges; a value on an edge belongs to
            the bin above it, and the outer bins are open.

    Returns:
        (B,) int64.

    Raises:
        ValueError: values not finite; edges not ascending or not finite.

    >>> bin_counts(np.array([-9, 0, 1, 5, 7]), edges=np.array([0, 5]))
    array([1, 2, 2])
    """
    values = np.asarray(values, dtype=np.float64)
    edges = np.asarray(edges, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"values must be (n,) and finite: {values.shape}")
    if edges.ndim != 1 or not np.isfinite(edges).all():
        raise ValueError(f"edges must be (B - 1,) and finite: {edges.shape}")
    if (edges[1:] <= edges[:-1]).any():
        raise ValueError(f"edges must ascend, got {edges}")
    place = np.searchsorted(edges, values, side="right")
    return np.bincount(place, minlength=len(edges) + 1)


def psi(
    reference: np.ndarray, current: np.ndarray, *, smoothing: float = 0.5
) -> np.ndarray:
    """Population stability index of counts in the same bins.

    Args:
        reference: (..., B) rows in each bin, at least 0.
        current: (..., B) likewise.
        smoothing: added to every count, at least 0, so that a bin that is
            empty on one side only does not make it infinite, as it does at 0.

    Returns:
        (...) at least 0: sum over bins of (q - p) ln(q / p), p and q the
        smoothed shares; a bin that is empty on both sides and unsmoothed
        adds nothing; nan where a side has no rows at all.

    Raises:
        ValueError: shapes that differ; no axis; counts negative or not
            finite; smoothing negative or infinite.

    Source: Yurdakul (2018), Statistical Properties of Population Stability
        Index, Western Michigan University.

    >>> float(psi([50, 50], [75, 25], smoothing=0).round(4))  # 0.25 ln 3
    0.2747
    """
    reference, current = _counts(reference, current)
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"smoothing must be at least 0, got {smoothing}")
    bins = reference.shape[-1]
    shares = []
    for counts in (reference, current):
        total = counts.sum(axis=-1, keepdims=True)
        full = np.where(total > 0, total + smoothing * bins, np.nan)
        shares.append((counts + smoothing) / full)
    p, q = shares
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (q - p) * (np.log(q) - np.log(p))
    return np.where((p == 0) & (q == 0), 0.0, terms).sum(axis=-1)


def psi_limit(
    n_reference: int, n_current: int, *, bins: int, false_alarm_rate: float
) -> float:
    """Critical value of the PSI at a false-alarm rate.

    A fixed 0.1 or 0.25 means another false-alarm rate at every sample size.

    Args:
        n_reference: rows of the reference, at least 1.
        n_current: rows of the other sample, at least 1.
        bins: B, at least 2; some tens of rows in each make this accurate.
        false_alarm_rate: in (0, 1).

    Returns:
        (1 / n_reference + 1 / n_current) times the upper quantile of the
        chi-square distribution with B - 1 degrees of freedom.

    Raises:
        ValueError: an argument out of its range.

    Source: Yurdakul (2018), Statistical Properties of Population Stability
        Index, Western Michigan University.

    >>> round(psi_limit(1000, 1000, bins=10, false_alarm_rate=0.05), 3)
    0.034
    """
    from scipy import stats

    if n_reference < 1 or n_current < 1:
        raise ValueError(
            f"samples need rows, got {n_reference} and {n_current}"
        )
    if bins < 2:
        raise ValueError(f"bins must be at least 2, got {bins}")
    if not 0 < false_alarm_rate < 1:
        raise ValueError(
            f"false_alarm_rate must be in (0, 1), got {false_alarm_rate}"
        )
    quantile = stats.chi2.isf(false_alarm_rate, bins - 1)
    return float((1 / n_reference + 1 / n_current) * quantile)


def chi_square(reference: np.ndarray, current: np.ndarray) -> DriftResult:
    """Pearson's chi-square test of homogeneity of two samples.

    Args:
        reference: (B,) rows in each category, at least 0.
        current: (B,) likewise.

    Returns:
        Pearson's statistic and its p-value with one degree of freedom less
        than there are categories with rows; categories without any count
        for nothing. Statistic and p-value are nan if a sample is empty, p
        is nan if there is one category only.

    Raises:
        ValueError: shapes that differ or are not (B,); counts negative or
            not finite.

    Source: Pearson (1900), doi:10.1080/14786440009463897.

    >>> got = chi_square([50, 50], [75, 25])
    >>> round(got.statistic, 3), round(got.p_value, 5)
    (13.333, 0.00026)
    """
    from scipy import stats

    reference, current = _counts(reference, current)
    if reference.ndim != 1:
        raise ValueError(f"counts must be (B,), got {reference.shape}")
    table = np.stack([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1, keepdims=True)
    if not rows.all():
        return DriftResult(np.nan, np.nan)
    expected = rows * table.sum(axis=0) / rows.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = table.shape[1] - 1
    p_value = stats.chi2.sf(statistic, freedom) if freedom else np.nan
    return DriftResult(statistic, float(p_value))


def kolmogorov_smirnov(
    reference: np.ndarray, current: np.ndarray
) -> DriftResult:
    """Two-sample Kolmogorov-Smirnov test.

    Args:
        reference: (n,) finite, at least one.
        current: (m,) likewise.

    Returns:
        max |F_reference - F_current|, in [0, 1], and its two-sided p-value by
        the one-sample distribution at round(n m / (n + m)) rows: for
        continuous values and some tens of rows; ties make it too large.
        Above 10,000 rows, where the exact sum is slow, by Vrbik's formula,
        which is within 3e-6 of it.

    Raises:
        ValueError: not one axis, no values, not finite.

    Source: Hodges (1958), doi:10.1007/BF02589501; Vrbik (2020),
        doi:10.4236/am.2020.113018.

    >>> kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6]).statistic
    0.5
    """
    from scipy import special, stats

    a, b = _values("reference", reference), _values("current", current)
    n, m = len(a), len(b)
    statistic = _widest_gap(a, b) / (n * m)
    rows = max(1, round(n * m / (n + m)))
    if rows <= 10_000:
        return DriftResult(statistic, float(stats.kstwo.sf(statistic, rows)))
    root = rows**0.5
    x = root * statistic
    x += 1 / (6 * root) + (x - 1) / (4 * rows)
    return DriftResult(statistic, float(special.kolmogorov(x)))


def _widest_gap(a: np.ndarray, b: np.ndarray) -> int:
    """n m max |F_a - F_b|, a whole number: up by m at an a, down by n at a b.

    Values are counted in cells of equal width; only cells in which the gap
    could be wider than at the end of every cell are looked into.
    """
    n, m = len(a), len(b)
    cells_a, cells_b = _cells(a, b, count=min(n + m, 65_536))
    size = 1 + max(cells_a.max(), cells_b.max())
    up = m * np.bincount(cells_a, minlength=size)
    down = n * np.bincount(cells_b, minlength=size)
    after = np.cumsum(up - down)
    before = after - (up - down)
    widest = np.abs(after).max()
    open_cells = (before + up > widest) | (down - before > widest)
    in_a, in_b = open_cells[cells_a], open_cells[cells_b]
    some = np.concatenate([a[in_a], b[in_b]])
    if not len(some):
        return int(widest)
    order = np.argsort(some, kind="stable")
    gap = np.cumsum(np.where(order < in_a.sum(), m, -n))
    # what the cells that stay closed would have added before each value
    closed = before - np.cumsum(np.where(open_cells, up - down, 0))
    closed += np.where(open_cells, up - down, 0)
    gap += closed[np.sort(np.concatenate([cells_a[in_a], cells_b[in_b]]))]
    some = some[order]
    last = np.append(some[1:] != some[:-1], True)  # of a run of ties
    return int(max(widest, np.abs(gap[last]).max()))


def _cells(
    a: np.ndarray, b: np.ndarray, *, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Place of each value among cells; a larger value's is never smaller."""
    low = float(min(a.min(), b.min()))
    width = float(max(a.max(), b.max())) - low
    # one cell where there is no width, or too much or too little to divide
    scale = count / width if width > count / 1e300 else 0.0
    places = []
    for x in (a, b):
        place = x * scale
        place -= low * scale  # in place: memory costs more than arithmetic
        places.append(place.astype(np.int64))
    return tuple(places)


class CalibrationDrift(NamedTuple):
    """Calibration ratio, predicted over observed, with interval, (...) each.

    Attributes:
        ratio: 1 is right, 2 promises twice as much as happens; inf where
            nothing happened, nan where nothing was promised either.
        low: lower end of the interval.
        high: upper end; inf where nothing happened.
    """

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


def calibration_drift(
    predicted: np.ndarray, observed: np.ndarray, *, level: float = 0.95
) -> CalibrationDrift:
    """Calibration ratio with interval, day by day or slice by slice.

    Args:
        predicted: (...) sum of the predicted probabilities, at least 0.
        observed: (...) positives that happened, whole numbers.
        level: of the interval, in (0, 1).

    Returns:
        predicted / observed with the exact interval of a Poisson count:
        wider than needed where probabilities are large, right where they are
        small, as for clicks; rows must be independent.

    Raises:
        ValueError: shapes that differ; predicted negative, not finite or
            beyond 1e200; observed likewise, or not whole; level not in (0, 1).

    Source: Garwood (1936), doi:10.1093/biomet/28.3-4.437.

    >>> got = calibration_drift(120.0, 100)
    >>> float(got.ratio), float(got.low.round(3)), float(got.high.round(3))
    (1.2, 0.987, 1.475)
    """
    from scipy import stats

    predicted = np.asarray(predicted, dtype=np.float64)
    observed = np.asarray(observed, dtype=np.float64) + 0.0  # no -0
    if predicted.shape != observed.shape:
        raise ValueError(
            f"predicted and observed must be alike, got {predicted.shape} and "
            f"{observed.shape}"
        )
    wrong = ~((predicted >= 0) & (predicted <= 1e200))  # nan too
    if wrong.any():
        raise ValueError(
            "predicted must be at least 0, at most 1e200, got "
            f"{predicted[wrong][0]}"
        )
    wrong = ~((observed >= 0) & (observed <= 1e200))
    wrong |= observed != np.floor(observed)
    if wrong.any():
        raise ValueError(
            "observed must be whole numbers from 0 to 1e200, got "
            f"{observed[wrong][0]}"
        )
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    tail = (1 - level) / 2
    most = stats.chi2.isf(tail, 2 * observed + 2) / 2
    some = np.maximum(observed, 1)
    least = np.where(observed > 0, stats.chi2.ppf(tail, 2 * some) / 2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return CalibrationDrift(
            predicted / observed, predicted / most, predicted / least
        )


def _values(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name} must be (n,), n >= 1, got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite: count what is missing apart")
    return values


def _counts(
    reference: np.ndarray, current: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    reference = np.asarray(reference, dtype=np.float64)
    current = np.asarray(current, dtype=np.float64)
    if reference.shape != current.shape or not reference.ndim:
        raise ValueError(
            f"reference and current must be (..., B) alike, got "
            f"{reference.shape} and {current.shape}"
        )
    for name, counts in (("reference", reference), ("current", current)):
        # products of two over a third stay floats; nan is wrong too
        wrong = (counts != 0) & ~((counts >= 1e-100) & (counts <= 1e100))
        if wrong.any():
            raise ValueError(
                f"{name} must be counts of at least 0, and from 1e-100 to "
                f"1e100 where they are not 0, got {counts[wrong][0]}"
            )
    return reference, current
