"""Do probabilities mean what they say?

A bin or a slice is a set of rows; within it, the mean prediction is compared
with the share of positives. Which sets one looks at is part of the question,
so edges and slices are arguments, never defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.metrics.rows import (
    check_finite,
    check_probabilities,
    checked_groups,
    checked_probabilities,
    checked_rows,
    first_of_its_kind,
    numbers,
)

NEWTON_STEPS = 100  # ten are usual


class Reliability(NamedTuple):
    """One entry per bin, (bins,) each; nan where a bin is empty.

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
    """Expected positives over actual ones, slice by slice.

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
    """Edges of bins that are equally wide on [0, 1].

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
    """Edges of bins that hold equally many of these predictions.

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
    """What was promised and what happened, bin by bin.

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
    """Mean distance of promise and outcome over bins, by their weight.

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
    probabilities: np.ndarray, *, kept_share: float
) -> np.ndarray:
    """Probabilities of a model that saw only a share of the negatives.

    Args:
        probabilities: of a 1, in [0, 1], as learned from all positives and a
            random `kept_share` of the negatives; any shape.
        kept_share: of the negatives, in (0, 1].

    Returns:
        Of the same shape: p / (p + (1 - p) / kept_share), which divides the
        odds by 1 / kept_share. 0 stays 0 and 1 stays 1. A model that the
        sampling left badly calibrated stays so.

    Raises:
        ValueError: a share outside (0, 1]; probabilities outside [0, 1].

    Source: He et al. (2014), doi:10.1145/2648584.2648589, section 6.3;
    Elkan (2001), theorem 2.

    >>> prior_correction(np.array([0.5, 1.0]), kept_share=0.1).round(4)
    array([0.0909, 1.    ])
    """
    if not 0 < kept_share <= 1:
        raise ValueError(f"kept_share must be in (0, 1], got {kept_share}")
    p = np.asarray(probabilities, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():  # nan fails too
        raise ValueError("probabilities must be from 0 to 1")
    return p * kept_share / (p * kept_share + 1 - p)


def _check_bins(bins: int) -> None:
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")


@dataclass(frozen=True)
class Platt:
    """A logistic curve from scores to probabilities, see `fit_platt`.

    Attributes:
        slope: change of the log-odds per unit of score.
        intercept: log-odds at score 0.

    >>> Platt(slope=1.0, intercept=0.0)(np.array([0.0]))
    array([0.5])
    """

    slope: float
    intercept: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """(...) probabilities of (...) scores; ValueError if not finite."""
        scores = numbers("scores", scores).astype(np.float64)
        check_finite("scores", scores)
        return _logistic(self.slope * scores + self.intercept)


def fit_platt(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Platt:
    """Platt scaling: the logistic curve that makes the labels most likely.

    The labels are moved a little inwards, to (P + 1) / (P + 2) for a
    positive and 1 / (N + 2) for a negative, with P and N the weight of
    either class: scores that separate the classes still get a finite slope.

    Args:
        labels: (n,) 0 or 1, of rows that the model was not trained on.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        A `Platt`, to be called with scores. The slope is 0 if the scores
        are all the same, or the labels.

    Raises:
        ValueError: lengths differ; labels other than 0 and 1; scores not
            finite; weights negative or not finite; no row of any weight.

    Source: Platt's method as by Lin, Lin & Weng (2007),
    doi:10.1007/s10994-007-5018-6.

    >>> fit = fit_platt(np.array([0, 1, 0, 1]), np.array([1, 2, 3, 4]))
    >>> fit(np.array([2.5])).round(3)
    array([0.5])
    """
    labels, scores, weights = _rows_to_fit(labels, scores, weights)
    positives, negatives = weights @ labels, weights @ ~labels
    target = np.where(
        labels, (positives + 1) / (positives + 2), 1 / (negatives + 2)
    )
    low, high = scores.min(), scores.max()
    if low == high or not positives or not negatives:
        mean = weights @ target / weights.sum()
        return Platt(0.0, float(np.log(mean / (1 - mean))))
    middle, width = low / 2 + high / 2, high / 2 - low / 2
    x = np.stack([(scores - middle) / width, np.ones(len(scores))])  # (2, n)
    fitted = _newton(x, target, weights)
    slope = fitted[0] / width
    return Platt(float(slope), float(fitted[1] - slope * middle))


def _newton(x: np.ndarray, target: np.ndarray, weights: np.ndarray):
    """(2,) logistic coefficients of x (2, n) by damped Newton steps."""

    def loss(beta):
        z = beta @ x
        return weights @ (np.logaddexp(0.0, z) - target * z)

    beta = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        p = _logistic(beta @ x)
        gradient = x @ (weights * (p - target))
        curvature = (x * (weights * p * (1 - p))) @ x.T
        step = np.linalg.lstsq(curvature, gradient)[0]
        enough = loss(beta) * (1 + 1e-12)  # level, but for rounding
        while loss(beta - step) > enough:
            step = step / 2
        beta = beta - step
        if np.abs(step).max() <= 1e-12 * (1 + np.abs(beta).max()):
            break
    return beta


@dataclass(frozen=True)
class Isotonic:
    """A rising curve from scores to probabilities, see `fit_isotonic`.

    Attributes:
        scores: (m,) ascending, where the curve has its corners.
        probabilities: (m,) never falling.

    >>> Isotonic(np.array([0.0, 1.0]), np.array([0.2, 0.4]))([-1, 0.5, 9])
    array([0.2, 0.3, 0.4])
    """

    scores: np.ndarray
    probabilities: np.ndarray

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """(...) probabilities of (...) scores.

        Straight lines between the corners, the outermost probability beyond
        them; ValueError if a score is not finite.
        """
        scores = numbers("scores", scores).astype(np.float64)
        check_finite("scores", scores)
        return np.interp(scores, self.scores, self.probabilities)


def fit_isotonic(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Isotonic:
    """Isotonic regression: the rising curve that is nearest to the labels.

    Pool adjacent violators: rows of one score are a block; wherever a block
    has no higher mean than the one before, they are merged. Merging whole
    falling runs at a time ends in the same blocks.

    Args:
        labels: (n,) 0 or 1, of rows that the model was not trained on.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        An `Isotonic`, to be called with scores: on the rows of a block it
        is the share of positives in that block.

    Raises:
        ValueError: as `fit_platt`.

    Source: Zadrozny & Elkan (2002), doi:10.1145/775047.775151.

    >>> fit = fit_isotonic(np.array([0, 1, 0, 1]), np.array([1, 2, 3, 4]))
    >>> fit(np.array([1, 2, 3, 3.5, 4]))
    array([0.  , 0.5 , 0.5 , 0.75, 1.  ])
    """
    labels, scores, weights = _rows_to_fit(labels, scores, weights)
    order = np.argsort(scores)
    labels, scores, weights = labels[order], scores[order], weights[order]
    start = np.flatnonzero(first_of_its_kind(scores))  # of each block
    while True:
        weight = np.add.reduceat(weights, start)
        mean = np.add.reduceat(weights * labels, start) / weight
        rises = np.r_[True, mean[1:] > mean[:-1]]
        if rises.all():
            break
        start = start[rises]
    last = np.r_[start[1:], len(scores)] - 1
    corner = np.unique(np.r_[start, last])  # one where a block has one score
    block = np.searchsorted(start, corner, side="right") - 1
    return Isotonic(scores[corner], mean[block])


def _rows_to_fit(labels, scores, weights):
    """Rows of some weight, scores and weights as float64, or refuse."""
    labels, scores, weights = checked_rows(labels, scores, weights)
    weights = np.ones(len(labels)) if weights is None else weights
    counts = weights > 0
    if not counts.any():
        raise ValueError("a fit needs at least one row of some weight")
    scores = scores[counts].astype(np.float64)
    return labels[counts], scores, weights[counts]


def _logistic(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1 + small)
