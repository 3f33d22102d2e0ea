"""Binary classification metrics: ROC, precision and recall.

Labels are 0 and 1 (or bool), one per row; `weights` say how often a row
counts. Rows with the same score are one step of every curve: no metric here
depends on the order of its input. Most functions return one float; nan where
the rows cannot tell, because a class is missing. What one threshold decides
(F-beta, MCC, costs) is written in `thresholds`, what probabilities are worth
in `probabilities`; both can be called from here.
"""

from __future__ import annotations

import numpy as np

from ..experiments import bootstrap
from .binary import (
    checked_groups,
    checked_rows,
    positive_steps,
    ratio,
    share,
    starts_of_runs,
    threshold_counts,
)
from .probabilities import brier, log_loss, normalised_entropy
from .thresholds import (
    ConfusionMatrix,
    CostPoint,
    OperatingPoint,
    bayes_threshold,
    confusion_matrix,
    f_beta,
    mcc,
    min_cost_threshold,
    precision_at_recall,
    recall_at_precision,
)

__all__ = [
    "ConfusionMatrix",
    "CostPoint",
    "OperatingPoint",
    "auc_by_group",
    "average_precision",
    "bayes_threshold",
    "brier",
    "confusion_matrix",
    "f_beta",
    "grouped_auc",
    "log_loss",
    "mcc",
    "min_cost_threshold",
    "normalised_entropy",
    "precision_at_recall",
    "precision_recall",
    "recall_at_precision",
    "roc_auc",
    "roc_auc_interval",
    "trapezoid_pr_auc",
]


def roc_auc(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """ROC-AUC: chance that a positive row scores above a negative one.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive; any finite numbers.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1], ties counted as one half; nan without both classes.

    Raises:
        ValueError: lengths differ; labels other than 0 and 1; scores not
            finite; weights negative or not finite.

    Source: Fawcett (2006), doi:10.1016/j.patrec.2005.10.010.

    >>> roc_auc(np.array([1, 0, 1, 0]), np.array([3, 3, 2, 1]))
    0.625
    """
    labels, scores, weights = checked_rows(labels, scores, weights)
    step = positive_steps(labels, scores, weights)
    pairs = step.positives.sum() * step.negatives
    # twice the pairs that are lost: a tie is half lost
    lost = step.positives @ (2 * step.higher_negatives + step.tied_negatives)
    return share(pairs - lost / 2, pairs)


def roc_auc_interval(
    labels: np.ndarray,
    scores: np.ndarray,
    other: np.ndarray | None = None,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1_000,
) -> bootstrap.Interval:
    """Bootstrap interval of ROC-AUC, or of the difference of two.

    A resample of n rows is how often each row was drawn; with these numbers
    as weights nothing has to be sorted again. Rows must be independent.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        other: (n,) scores of the same rows by another model, or None.
        rng: draws the resamples.
        level: share of resamples inside the interval, in (0, 1).
        resamples: at least 100.

    Returns:
        `bootstrap.Interval` of AUC(scores), or of AUC(scores) - AUC(other)
        with the same rows drawn for both; nan without both classes.
        `dropped` counts the resamples without both classes.

    Raises:
        ValueError: as `roc_auc`; level or resamples out of range.

    Source: Efron (1979), doi:10.1214/aos/1176344552.

    >>> rng = np.random.default_rng(0)
    >>> got = roc_auc_interval(np.array([1, 0] * 50), np.arange(100), rng=rng)
    >>> got.low < got.estimate < got.high
    True
    """
    bootstrap.check_options(level, resamples)
    models = [_PairsWon(labels, scores)]
    if other is not None:
        models.append(_PairsWon(labels, other))

    def lead(times):
        first, *second = (model.share(times) for model in models)
        return first - sum(second)

    n = len(labels)
    estimate = lead(np.ones(n, dtype=np.int64))
    if np.isnan(estimate):
        return bootstrap.Interval(np.nan, np.nan, np.nan, n, resamples)
    found = np.array(
        [
            lead(np.bincount(drawn, minlength=n))
            for block in bootstrap.draws(n, rng=rng, resamples=resamples)
            for drawn in block
        ]
    )
    known = found[~np.isnan(found)]
    low, high = bootstrap.percentiles(known, level)
    return bootstrap.Interval(estimate, low, high, n, resamples - len(known))


class _PairsWon:
    """Rows sorted once, so that new weights cost no sorting."""

    def __init__(self, labels, scores):
        labels, scores, _ = checked_rows(labels, scores, None)
        order = np.argsort(scores)
        labels = labels[order]
        self.positive, self.negative = order[labels], order[~labels]
        negative, positive = scores[self.negative], scores[self.positive]
        self.below = np.searchsorted(negative, positive, "left")
        self.not_above = np.searchsorted(negative, positive, "right")

    def share(self, times: np.ndarray) -> float:
        """ROC-AUC if row i counts times[i] times."""
        positive, negative = times[self.positive], times[self.negative]
        lower = np.append(0, np.cumsum(negative))
        won = positive @ (lower[self.below] + lower[self.not_above]) / 2
        return ratio(won, positive.sum() * lower[-1])


def auc_by_group(
    labels: np.ndarray, scores: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """ROC-AUC within each group, all groups at once.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) compared within a group only.
        groups: (n,) integers from 0 to G - 1, in any order.

    Returns:
        (G,) in [0, 1], with G the largest group plus one; nan for groups
        without both classes.

    Raises:
        ValueError: as `roc_auc`; groups that are negative or not integers.

    >>> auc_by_group(np.array([1, 0, 1]), np.array([2, 1, 9]),
    ...              np.array([0, 0, 1]))
    array([ 1., nan])
    """
    labels, scores, _ = checked_rows(labels, scores, None)
    groups = checked_groups(groups, labels)
    order = np.lexsort((scores, groups))
    labels, scores, groups = labels[order], scores[order], groups[order]
    new = starts_of_runs(scores) | starts_of_runs(groups)
    of = groups[new]  # group of each step
    n_groups = int(groups.max(initial=-1)) + 1
    step = np.cumsum(new) - 1  # of each row
    positive = np.bincount(step, labels, len(of))
    negative = np.bincount(step, ~labels, len(of))
    all_positive = np.bincount(of, positive, n_groups)
    all_negative = np.bincount(of, negative, n_groups)
    earlier = np.cumsum(all_negative) - all_negative  # of groups before
    below = np.cumsum(negative) - negative - earlier[of]
    won = np.bincount(of, positive * (below + negative / 2), n_groups)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: a class is missing
        return won / (all_positive * all_negative)


def grouped_auc(
    labels: np.ndarray, scores: np.ndarray, groups: np.ndarray
) -> float:
    """Grouped AUC (GAUC): mean AUC of the groups, weighted by rows.

    What it drops: groups with one class only. Nothing that is the same for
    all rows of a group can move it.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) compared within a group only.
        groups: (n,) integers from 0, for instance users.

    Returns:
        In [0, 1]; nan if no group has both classes.

    Raises:
        ValueError: as `auc_by_group`.

    Source: Zhou et al. (2018), doi:10.1145/3219819.3219823.

    >>> grouped_auc(np.array([1, 0, 1, 0]), np.array([2, 1, 8, 9]),
    ...             np.array([0, 0, 1, 1]))
    0.5
    """
    by_group = auc_by_group(labels, scores, groups)
    rows = np.bincount(np.asarray(groups), minlength=len(by_group))
    known = ~np.isnan(by_group)
    return ratio(rows[known] @ by_group[known], rows[known].sum())


def average_precision(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Average precision: step-wise area under the precision-recall curve.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]: the sum over distinct scores, from the highest, of the
        recall gained times the precision there, never interpolated; nan
        without a positive. Scores in random order reach the base rate.

    Raises:
        ValueError: as `roc_auc`.

    Source: Davis & Goadrich (2006), doi:10.1145/1143844.1143874, on why a
    straight line between two points of the curve would be wrong.

    >>> average_precision(np.array([1, 0, 1]), np.array([3, 2, 1]))
    0.8333333333333333
    """
    labels, scores, weights = checked_rows(labels, scores, weights)
    step = positive_steps(labels, scores, weights)
    true_positives = np.cumsum(step.positives[::-1])[::-1]
    predicted = true_positives + step.higher_negatives + step.tied_negatives
    counts = step.positives > 0  # all but rows of no weight
    precision = true_positives[counts] / predicted[counts]
    return share(step.positives[counts] @ precision, step.positives.sum())


def trapezoid_pr_auc(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """PR-AUC by the trapezoid rule: straight lines between the points.

    Other libraries report it as "PR-AUC". It credits precision that no
    threshold reaches, for precision does not change linearly with recall:
    `average_precision` is the area to report, this one is here to compare.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]: the area by the trapezoid rule over the points of
        `precision_recall`, with (recall 0, precision 1) put before them;
        nan without a positive.

    Raises:
        ValueError: as `roc_auc`.

    Source: Davis & Goadrich (2006), doi:10.1145/1143844.1143874.

    >>> trapezoid_pr_auc(np.array([1, 0]), np.array([5, 5]))
    0.75
    """
    precision, recall = precision_recall(labels, scores, weights=weights)
    before = np.append(1.0, precision[:-1])
    gained = np.diff(recall, prepend=0.0)
    return float(gained @ (precision + before) / 2)


def precision_recall(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Precision-recall curve: both at every threshold, highest first.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        precision and recall, (t,) each, one entry per distinct score of a
        row that counts; recall is nan throughout without a positive, and
        both are one nan without rows.

    Raises:
        ValueError: as `roc_auc`.

    >>> precision_recall(np.array([1, 0]), np.array([5, 5]))
    (array([0.5]), array([1.]))
    """
    labels, scores, weights = checked_rows(labels, scores, weights)
    cut = threshold_counts(labels, scores, weights)
    if not len(cut.true_positives):
        return np.array([np.nan]), np.array([np.nan])
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        predicted = cut.true_positives + cut.false_positives
        recall = cut.true_positives / cut.true_positives[-1]
        return cut.true_positives / predicted, recall
