"""What one threshold decides: a yes or a no for every row, and its price.

A row is taken if its score is *at least* the threshold. Thresholds are
looked for among the scores that occur, and infinity, which takes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .rows import (
    all_cuts,
    checked_rows,
    ratio,
    weight_of,
    zero_or_one,
)


class Confusion(NamedTuple):
    """Weight of the rows by label and decision.

    Attributes:
        hits: positives that were taken.
        false_alarms: negatives that were taken.
        overlooked: positives that were not taken.
        left: negatives that were not taken.
    """

    hits: float
    false_alarms: float
    overlooked: float
    left: float


class OperatingPoint(NamedTuple):
    """A threshold, and the precision and recall it has on these rows."""

    threshold: float
    precision: float
    recall: float


class Choice(NamedTuple):
    """A threshold, and its mean cost per row on these rows."""

    threshold: float
    cost: float


def confusion(
    labels: np.ndarray,
    taken: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Confusion:
    """How often label and decision agree, and how they differ.

    Args:
        labels: (n,) 0 or 1.
        taken: (n,) 0 or 1, the decision.
        weights: (n,) how often each row counts; once by default.

    Returns:
        A `Confusion`; its four entries add up to the weight of all rows.

    Raises:
        ValueError: lengths differ; labels or decisions other than 0 and 1;
            weights negative or not finite.

    >>> confusion(np.array([1, 1, 0]), np.array([1, 0, 0]))
    Confusion(hits=1.0, false_alarms=0.0, overlooked=1.0, left=1.0)
    """
    labels, taken, weights = checked_rows(labels, taken, weights)
    taken = zero_or_one("decisions", taken)
    return Confusion(
        hits=weight_of(labels & taken, weights),
        false_alarms=weight_of(~labels & taken, weights),
        overlooked=weight_of(labels & ~taken, weights),
        left=weight_of(~labels & ~taken, weights),
    )


def f_beta(
    labels: np.ndarray,
    taken: np.ndarray,
    *,
    beta: float,
    weights: np.ndarray | None = None,
) -> float:
    """Harmonic mean of precision and recall, recall beta times as important.

    Args:
        labels: (n,) 0 or 1.
        taken: (n,) 0 or 1, the decision.
        beta: above 0; 1 is F1.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]: (1 + beta²) hits over (1 + beta²) hits + beta² overlooked
        + false alarms; 0 if there is something to find and none of it was
        taken; nan if nothing is positive and nothing was taken.

    Raises:
        ValueError: as `confusion`; beta not above 0, or beyond 1e70.

    Source: van Rijsbergen (1979), Information Retrieval, chapter 7.

    >>> f_beta(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), beta=1)
    0.5
    """
    if not 0 < beta <= 1e70:  # its square times a weight stays a float
        raise ValueError(f"beta must be above 0, at most 1e70, got {beta}")
    table = confusion(labels, taken, weights=weights)
    hits = (1 + beta**2) * table.hits
    wrong = beta**2 * table.overlooked + table.false_alarms
    return ratio(hits, hits + wrong)


def mcc(
    labels: np.ndarray,
    taken: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Matthews correlation: of labels and decisions, as 0 and 1.

    Args:
        labels: (n,) 0 or 1.
        taken: (n,) 0 or 1, the decision.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [-1, 1], 0 if the decision says nothing about the label; nan if
        labels or decisions are all the same, where other libraries say 0.

    Raises:
        ValueError: as `confusion`.

    Source: Matthews (1975), doi:10.1016/0005-2795(75)90109-9.

    >>> mcc(np.array([1, 0, 1, 0]), np.array([1, 0, 0, 0])).__round__(4)
    0.5774
    """
    table = confusion(labels, taken, weights=weights)
    hits, false_alarms, overlooked, left = table
    # four roots, not the root of a product: that may leave the floats
    spread = np.prod(
        np.sqrt(
            [
                hits + overlooked,
                false_alarms + left,
                hits + false_alarms,
                overlooked + left,
            ]
        )
    )
    together = hits * left - false_alarms * overlooked
    return float(np.clip(ratio(together, spread), -1.0, 1.0))


def recall_at_precision(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    precision: float,
    weights: np.ndarray | None = None,
) -> OperatingPoint:
    """The threshold that finds most while it is right often enough.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        precision: asked for, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        The point with the highest recall among those whose precision is at
        least the one asked for; of equal recall the more precise, which has
        the higher threshold. If no threshold is precise enough: take
        nothing, (inf, nan, 0). Recall is nan without a positive.

    Raises:
        ValueError: as `roc_auc`; precision outside [0, 1].

    >>> recall_at_precision(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]),
    ...                     precision=0.6).threshold
    2.0
    """
    check_share("precision", precision)
    points = _points(labels, scores, weights)
    enough = points.precision >= precision
    return _best(points, enough, by=points.recall, then=points.precision)


def precision_at_recall(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    recall: float,
    weights: np.ndarray | None = None,
) -> OperatingPoint:
    """The threshold that is right most often while it finds enough.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        recall: asked for, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        The point with the highest precision among those whose recall is at
        least the one asked for; of equal precision the one with the lower
        threshold, which finds more. (inf, nan, nan) without a positive.

    Raises:
        ValueError: as `roc_auc`; recall outside [0, 1].

    >>> precision_at_recall(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]),
    ...                     recall=0.5).threshold
    4.0
    """
    check_share("recall", recall)
    points = _points(labels, scores, weights)
    enough = points.recall >= recall
    return _best(points, enough, by=points.precision, then=points.recall)


def cheapest_threshold(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    false_alarm: float,
    overlooked: float,
    weights: np.ndarray | None = None,
) -> Choice:
    """The threshold at which mistakes cost least on these rows.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        false_alarm: cost of taking a negative, at least 0.
        overlooked: cost of not taking a positive, at least 0.
        weights: (n,) how often each row counts; once by default.

    Returns:
        The cheapest of the scores that occur and infinity, and its mean
        cost per row; of equal ones the highest, which takes fewest rows.
        The cost is nan without rows.

    Raises:
        ValueError: as `roc_auc`; a cost that is negative or not finite.

    >>> cheapest_threshold(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]),
    ...                    false_alarm=1, overlooked=5)
    Choice(threshold=2.0, cost=0.25)
    """
    _check_costs(false_alarm, overlooked)
    labels, scores, weights = checked_rows(labels, scores, weights)
    cut = all_cuts(labels, scores, weights)
    positives = cut.hits[-1] if len(cut.hits) else 0
    hits = np.append(0, cut.hits)  # the first threshold takes nothing
    misses = np.append(0, cut.misses)
    cost = false_alarm * misses + overlooked * (positives - hits)
    best = int(np.argmin(cost))  # the first of equals: the highest
    threshold = np.append(np.inf, cut.threshold)[best]
    return Choice(float(threshold), ratio(cost[best], positives + misses[-1]))


def calibrated_threshold(*, false_alarm: float, overlooked: float) -> float:
    """The cheapest threshold if scores are calibrated probabilities.

    Taking a row of probability p costs (1 - p) * false_alarm on average,
    leaving it p * overlooked; the two are level at the threshold.

    Args:
        false_alarm: cost of taking a negative, at least 0.
        overlooked: cost of not taking a positive, at least 0.

    Returns:
        In [0, 1]: false_alarm / (false_alarm + overlooked); nan if both are
        free. No labels are needed.

    Raises:
        ValueError: a cost that is negative or not finite.

    Source: Elkan (2001), The foundations of cost-sensitive learning, IJCAI.

    >>> calibrated_threshold(false_alarm=1, overlooked=4)
    0.2
    """
    _check_costs(false_alarm, overlooked)
    return ratio(false_alarm, false_alarm + overlooked)


def _points(labels, scores, weights) -> OperatingPoint:
    """Threshold, precision and recall, (t,) each, highest threshold first."""
    labels, scores, weights = checked_rows(labels, scores, weights)
    cut = all_cuts(labels, scores, weights)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        recall = cut.hits / cut.hits[-1:]
    return OperatingPoint(
        cut.threshold, cut.hits / (cut.hits + cut.misses), recall
    )


def _best(points: OperatingPoint, enough, *, by, then) -> OperatingPoint:
    """The point that is largest by the one, of equals by the other."""
    if not len(points.recall) or np.isnan(points.recall[-1]):
        return OperatingPoint(np.inf, np.nan, np.nan)
    if not enough.any():
        return OperatingPoint(np.inf, np.nan, 0.0)
    at = np.flatnonzero(enough)
    order = np.lexsort((then[at], by[at]))
    best = at[order[-1]]
    return OperatingPoint(*(float(values[best]) for values in points))


def check_share(name: str, value: float) -> None:
    """Refuse what is not in [0, 1].

    >>> check_share("recall", 0.5)
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")


def _check_costs(false_alarm: float, overlooked: float) -> None:
    for name, cost in [
        ("false_alarm", false_alarm),
        ("overlooked", overlooked),
    ]:
        if not 0 <= cost <= 1e140:  # times a weight it stays a float
            raise ValueError(
                f"{name} must be a finite cost of at least 0, at most 1e140, "
                f"got {cost}"
            )
