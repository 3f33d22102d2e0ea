"""Calibrators: Platt scaling and isotonic regression.

Each is a curve that is called with scores. A model's own rows would make it
look surer than it is: fit on others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .binary import (
    check_finite,
    checked_numbers,
    checked_rows,
    starts_of_runs,
)

NEWTON_STEPS = 100  # ten are usual


@dataclass(frozen=True)
class Platt:
    """Platt scaling as fitted: a logistic curve, see `fit_platt`.

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
        from scipy.special import expit

        scores = checked_numbers("scores", scores).astype(np.float64)
        check_finite("scores", scores)
        with np.errstate(over="ignore"):  # far off it is 0 or 1
            return expit(self.slope * scores + self.intercept)


def fit_platt(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Platt:
    """Platt scaling: maximum-likelihood logistic fit of labels on scores.

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
    from scipy.special import expit

    def loss(beta):
        z = beta @ x
        return weights @ (np.logaddexp(0.0, z) - target * z)

    beta = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        p = expit(beta @ x)
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
    """Isotonic calibration as fitted: a rising curve, see `fit_isotonic`.

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
        scores = checked_numbers("scores", scores).astype(np.float64)
        check_finite("scores", scores)
        return np.interp(scores, self.scores, self.probabilities)


def fit_isotonic(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Isotonic:
    """Isotonic regression: least-squares monotone fit of labels on scores.

    Pool adjacent violators: rows of one score are a block; wherever a block
    has no higher mean than the one before, they are merged.

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
    from scipy.optimize import isotonic_regression

    labels, scores, weights = _rows_to_fit(labels, scores, weights)
    order = np.argsort(scores)
    labels, scores, weights = labels[order], scores[order], weights[order]
    start = np.flatnonzero(starts_of_runs(scores))  # of each block
    weight = np.add.reduceat(weights, start)
    mean = np.add.reduceat(weights * labels, start) / weight
    pooled = isotonic_regression(mean, weights=weight)
    first, last = pooled.blocks[:-1], pooled.blocks[1:] - 1
    corner = np.unique(np.r_[first, last])  # one where a block has one score
    return Isotonic(scores[start[corner]], pooled.x[corner])


def _rows_to_fit(labels, scores, weights):
    """Rows of some weight, scores and weights as float64, or refuse."""
    labels, scores, weights = checked_rows(labels, scores, weights)
    weights = np.ones(len(labels)) if weights is None else weights
    counts = weights > 0
    if not counts.any():
        raise ValueError("a fit needs at least one row of some weight")
    scores = scores[counts].astype(np.float64)
    return labels[counts], scores, weights[counts]
