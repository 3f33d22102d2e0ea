"""Calibration of probabilities: reliability, expected calibration error.

A bin or a slice is a set of rows; within it, the mean prediction is compared
with the share of positives. Which sets one looks at is part of the question,
so edges and slices are arguments, never defaults. Maps that mend it (Platt,
isotonic) are written in `calibrators` and can be called from here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .binary import (
    check_probabilities,
    checked_groups,
    checked_probabilities,
)
from .calibrators import (
    Isotonic,
    Platt,
    fit_isotonic,
    fit_platt,
)

__all__ = [
    "Isotonic",
    "Platt",
    "Reliability",
    "equal_mass_edges",
    "equal_width_edges",
    "expected_calibration_error",
    "fit_isotonic",
    "fit_platt",
    "predicted_over_observed",
    "prior_correction",
    "reliability_curve",
]


class Reliability(NamedTuple):
    """Reliability curve, (bins,) each; nan where a bin is empty.

    Attributes:
        predicted: mean probability of the bin's rows.
        observed: share of positives among them.
        share: share of all weight that lies in the bin.
    """

    predicted: np.ndarray
    observed: np.ndarray
    share: np.ndarray


def predicted_over_observed(
    labels: np.ndarray,
    probabilities: np.ndarray,
    slices: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Calibration ratio: predicted over observed positives, slice by slice.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        slices: (n,) integers from 0 to S - 1: country, device, campaign.
        weights: (n,) how often each row counts; once by default.

    Returns:
        (S,) at least 0: 1 is right on average, 2 promises twice as much as
        happens; nan for a slice without positives.

    Raises:
        ValueError: lengths differ; labels other than 0 and 1; probabilities
            outside [0, 1]; slices that are negative or not integers.

    Source: He et al. (2014), doi:10.1145/2648584.2648589.

    >>> predicted_over_observed(np.array([1, 0, 1]),
    ...     np.array([0.5, 0.5, 0.25]), np.array([0, 0, 1]))
    array([1.  , 0.25])
    """
    labels, probabilities, weights = checked_probabilities(
        labels, probabilities, weights
    )
    slices = checked_groups(slices, labels)
    weights = 1.0 if weights is None else weights
    expected = np.bincount(slices, weights * probabilities)
    happened = np.bincount(slices, weights * labels)
    ratio = np.full(len(happened), np.nan)
    return np.divide(expected, happened, out=ratio, where=happened > 0)


def equal_width_edges(*, bins: int) -> np.ndarray:
    """Bin edges of equal width on [0, 1].

    Args:
        bins: how many, at least 1.

    Returns:
        (bins + 1,) ascending from 0 to 1.

    Raises:
        ValueError: bins < 1.

    >>> equal_width_edges(bins=2)
    array([0. , 0.5, 1. ])
    """
    _check_bins(bins)
    return np.linspace(0.0, 1.0, bins + 1)


def equal_mass_edges(probabilities: np.ndarray, *, bins: int) -> np.ndarray:
    """Bin edges of equal mass: quantiles of the predictions.

    Args:
        probabilities: (n,) in [0, 1], at least one.
        bins: how many, at least 1.

    Returns:
        (at most bins + 1,) ascending from 0 to 1; fewer where many equal
        predictions would make two edges the same.

    Raises:
        ValueError: bins < 1; no predictions, or outside [0, 1].

    >>> equal_mass_edges(np.array([0.1, 0.2, 0.3, 0.9]), bins=2)
    array([0.  , 0.25, 1.  ])
    """
    _check_bins(bins)
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if not probabilities.size:
        raise ValueError("equal mass needs at least one prediction, got none")
    check_probabilities(probabilities)
    inner = np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.r_[0.0, inner, 1.0])


def reliability_curve(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    edges: np.ndarray,
    weights: np.ndarray | None = None,
) -> Reliability:
    """Reliability curve: mean prediction and observed rate, bin by bin.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        edges: (bins + 1,) ascending, from 0 to 1; a bin holds its lower
            edge, the last one also 1.
        weights: (n,) how often each row counts; once by default.

    Returns:
        A `Reliability`, (bins,) each.

    Raises:
        ValueError: lengths differ; labels other than 0 and 1; probabilities
            outside [0, 1]; edges not ascending from 0 to 1.

    >>> reliability_curve(np.array([0, 1]), np.array([0.2, 0.4]),
    ...                   edges=np.array([0, 0.5, 1])).observed
    array([0.5, nan])
    """
    labels, probabilities, weights = checked_probabilities(
        labels, probabilities, weights
    )
    edges = np.asarray(edges, dtype=np.float64)
    if (
        edges.ndim != 1
        or len(edges) < 2
        or not np.isfinite(edges).all()
        or not (np.diff(edges) > 0).all()
        or edges[0] != 0
        or edges[-1] != 1
    ):
        raise ValueError(f"edges must ascend from 0 to 1, got {edges}")
    bins = len(edges) - 1
    place = np.searchsorted(edges[1:-1], probabilities, side="right")
    weights = np.ones(len(labels)) if weights is None else weights
    weight, promised, happened = (
        np.bincount(place, values, minlength=bins)
        for values in (weights, weights * probabilities, weights * labels)
    )
    with np.errstate(invalid="ignore"):  # 0/0 is nan: an empty bin
        return Reliability(
            promised / weight, happened / weight, weight / weight.sum()
        )


def expected_calibration_error(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    edges: np.ndarray,
    weights: np.ndarray | None = None,
) -> float:
    """Expected calibration error (ECE): weighted mean gap over bins.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        edges: (bins + 1,) ascending, from 0 to 1, as `equal_width_edges` or
            `equal_mass_edges` give them. The value depends on them.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]; nan without rows.

    Raises:
        ValueError: as `reliability_curve`.

    Source: Guo et al. (2017), On calibration of modern neural networks.

    >>> expected_calibration_error(np.array([0, 1]), np.array([0.2, 0.4]),
    ...     edges=equal_width_edges(bins=1)).__round__(3)
    0.2
    """
    curve = reliability_curve(
        labels, probabilities, edges=edges, weights=weights
    )
    if np.isnan(curve.share).all():
        return float("nan")
    filled = curve.share > 0
    gap = np.abs(curve.predicted - curve.observed)
    return float(curve.share[filled] @ gap[filled])


def prior_correction(
    probabilities: np.ndarray, *, downsampling_rate: float
) -> np.ndarray:
    """Prior correction of probabilities after negative downsampling.

    Args:
        probabilities: of a 1, in [0, 1], as learned from all positives and a
            random share `downsampling_rate` of the negatives; any shape.
        downsampling_rate: share of the negatives kept, in (0, 1].

    Returns:
        Of the same shape: p / (p + (1 - p) / downsampling_rate), which
        divides the odds by 1 / downsampling_rate. 0 stays 0 and 1 stays 1.
        A model that the sampling left badly calibrated stays so.

    Raises:
        ValueError: a share outside (0, 1]; probabilities outside [0, 1].

    Source: He et al. (2014), doi:10.1145/2648584.2648589, section 6.3;
    Elkan (2001), theorem 2.

    >>> prior_correction(np.array([0.5, 1.0]), downsampling_rate=0.1).round(4)
    array([0.0909, 1.    ])
    """
    if not 0 < downsampling_rate <= 1:
        raise ValueError(
            f"downsampling_rate must be in (0, 1], got {downsampling_rate}"
        )
    p = np.asarray(probabilities, dtype=np.float64)
    check_probabilities(p)
    return p * downsampling_rate / (p * downsampling_rate + (1 - p))


def _check_bins(bins: int) -> None:
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
