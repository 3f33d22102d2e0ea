"""Metrics of decisions at one threshold, and the choice of the threshold.

A row is predicted positive if its score is *at least* the threshold.
Thresholds are looked for among the scores that occur, and infinity, which
predicts no positive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .binary import (
    checked_binary,
    checked_rows,
    ratio,
    threshold_counts,
    total_weight,
)


class ConfusionMatrix(NamedTuple):
    """Confusion matrix: weight of the rows by label and prediction.

    Attributes:
        true_positives: positives predicted as such.
        false_positives: negatives predicted as positive.
        false_negatives: positives predicted as negative.
        true_negatives: negatives predicted as such.
    """

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float


class OperatingPoint(NamedTuple):
    """Operating point: a threshold with its precision and recall."""

    threshold: float
    precision: float
    recall: float


class CostPoint(NamedTuple):
    """A threshold with its mean misclassification cost per row."""

    threshold: float
    cost: float


def confusion_matrix(
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> ConfusionMatrix:
    """Confusion matrix of labels and predictions.

    Args:
        labels: (n,) 0 or 1.
        predicted: (n,) 0 or 1.
        weights: (n,) how often each row counts; once by default.

    Returns:
        A `ConfusionMatrix`; its four entries add up to the weight of all rows.

    Raises:
        ValueError: lengths differ; labels or predictions other than 0 and 1;
            weights negative or not finite.

    >>> got = confusion_matrix(np.array([1, 1, 0]), np.array([1, 0, 0]))
    >>> got.true_positives, got.false_negatives
    (1.0, 1.0)
    """
    labels, predicted, weights = checked_rows(labels, predicted, weights)
    predicted = checked_binary("predictions", predicted)
    return ConfusionMatrix(
        true_positives=total_weight(labels & predicted, weights),
        false_positives=total_weight(~labels & predicted, weights),
        false_negatives=total_weight(labels & ~predicted, weights),
        true_negatives=total_weight(~labels & ~predicted, weights),
    )


def f_beta(
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    beta: float,
    weights: np.ndarray | None = None,
) -> float:
    """F-beta: harmonic mean of precision and recall, recall weighted by beta².

    Args:
        labels: (n,) 0 or 1.
        predicted: (n,) 0 or 1.
        beta: above 0; 1 is F1.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]: (1 + beta²) TP / ((1 + beta²) TP + beta² FN + FP), with
        true positives TP, false negatives FN and false positives FP; 0 if
        there are positives and none was predicted as such; nan if nothing
        is positive and nothing was predicted positive.

    Raises:
        ValueError: as `confusion_matrix`; beta not above 0, or beyond 1e70.

    Source: van Rijsbergen (1979), Information Retrieval, chapter 7.

    >>> f_beta(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), beta=1)
    0.5
    """
    if not 0 < beta <= 1e70:  # its square times a weight stays a float
        raise ValueError(f"beta must be above 0, at most 1e70, got {beta}")
    table = confusion_matrix(labels, predicted, weights=weights)
    right = (1 + beta**2) * table.true_positives
    wrong = beta**2 * table.false_negatives + table.false_positives
    return ratio(right, right + wrong)


def mcc(
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Matthews correlation coefficient of labels and predictions.

    Args:
        labels: (n,) 0 or 1.
        predicted: (n,) 0 or 1.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [-1, 1], 0 if the prediction says nothing about the label; nan if
        labels or predictions are all the same, where other libraries say 0.

    Raises:
        ValueError: as `confusion_matrix`.

    Source: Matthews (1975), doi:10.1016/0005-2795(75)90109-9.

    >>> mcc(np.array([1, 0, 1, 0]), np.array([1, 0, 0, 0])).__round__(4)
    0.5774
    """
    tp, fp, fn, tn = confusion_matrix(labels, predicted, weights=weights)
    # four roots, not the root of a product: that may leave the floats
    spread = np.prod(np.sqrt([tp + fn, fp + tn, tp + fp, fn + tn]))
    return float(np.clip(ratio(tp * tn - fp * fn, spread), -1.0, 1.0))


def recall_at_precision(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    precision: float,
    weights: np.ndarray | None = None,
) -> OperatingPoint:
    """Recall at a given precision: the largest, and its threshold.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        precision: asked for, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        The point with the highest recall among those whose precision is at
        least the one asked for; of equal recall the more precise, which has
        the higher threshold. If no threshold is precise enough: predict
        no positive, (inf, nan, 0). Recall is nan without a positive.

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
    """Precision at a given recall: the largest, and its threshold.

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


def min_cost_threshold(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    false_positive_cost: float,
    false_negative_cost: float,
    weights: np.ndarray | None = None,
) -> CostPoint:
    """Threshold of least misclassification cost on these rows.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        false_positive_cost: of a negative predicted as positive, at least 0.
        false_negative_cost: of a positive predicted as negative, at least 0.
        weights: (n,) how often each row counts; once by default.

    Returns:
        The cheapest of the scores that occur and infinity, and its mean
        cost per row; of equal ones the highest, which predicts fewest
        positives. The cost is nan without rows.

    Raises:
        ValueError: as `roc_auc`; a cost that is negative or not finite.

    >>> min_cost_threshold(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1]),
    ...                    false_positive_cost=1, false_negative_cost=5)
    CostPoint(threshold=2.0, cost=0.25)
    """
    _check_costs(false_positive_cost, false_negative_cost)
    labels, scores, weights = checked_rows(labels, scores, weights)
    cut = threshold_counts(labels, scores, weights)
    tp = np.append(0, cut.true_positives)  # at infinity: no positive
    fp = np.append(0, cut.false_positives)
    cost = false_positive_cost * fp + false_negative_cost * (tp[-1] - tp)
    best = int(np.argmin(cost))  # the first of equals: the highest
    threshold = np.append(np.inf, cut.threshold)[best]
    return CostPoint(float(threshold), ratio(cost[best], tp[-1] + fp[-1]))


def bayes_threshold(
    *, false_positive_cost: float, false_negative_cost: float
) -> float:
    """Bayes threshold: that of least expected cost for calibrated scores.

    A row of probability p costs (1 - p) * false_positive_cost on average if
    it is predicted positive, p * false_negative_cost if it is not; the two
    are level at the threshold.

    Args:
        false_positive_cost: of a negative predicted as positive, at least 0.
        false_negative_cost: of a positive predicted as negative, at least 0.

    Returns:
        In [0, 1]: false_positive_cost / (false_positive_cost +
        false_negative_cost); nan if both are 0. No labels are needed.

    Raises:
        ValueError: a cost that is negative or not finite.

    Source: Elkan (2001), The foundations of cost-sensitive learning, IJCAI.

    >>> bayes_threshold(false_positive_cost=1, false_negative_cost=4)
    0.2
    """
    _check_costs(false_positive_cost, false_negative_cost)
    return ratio(
        false_positive_cost, false_positive_cost + false_negative_cost
    )


def _points(labels, scores, weights) -> OperatingPoint:
    """Threshold, precision and recall, (t,) each, highest threshold first."""
    labels, scores, weights = checked_rows(labels, scores, weights)
    cut = threshold_counts(labels, scores, weights)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        recall = cut.true_positives / cut.true_positives[-1:]
    predicted = cut.true_positives + cut.false_positives
    return OperatingPoint(
        cut.threshold, cut.true_positives / predicted, recall
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


def _check_costs(
    false_positive_cost: float, false_negative_cost: float
) -> None:
    for name, cost in [
        ("false_positive_cost", false_positive_cost),
        ("false_negative_cost", false_negative_cost),
    ]:
        if not 0 <= cost <= 1e140:  # times a weight it stays a float
            raise ValueError(
                f"{name} must be a finite cost of at least 0, at most 1e140, "
                f"got {cost}"
            )
