"""Yes-or-no predictions: their order, and their probabilities.

Labels are 0 and 1 (or bool), one per row; `weights` say how often a row
counts. Rows with the same score are one step of every curve: no metric here
depends on the order of its input. Every function returns one float; nan
where the rows cannot tell, because a class is missing.
"""

from __future__ import annotations

import numpy as np


def roc_auc(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Chance that a positive row scores above a negative one.

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
    positive, negative = _by_score(labels, scores, weights)
    below = np.cumsum(negative) - negative  # negatives that score less
    won = positive @ (below + negative / 2)
    return _ratio(won, positive.sum() * negative.sum())


def auc_by_group(
    labels: np.ndarray, scores: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """`roc_auc` within each group, all groups at once.

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
    new = (np.diff(groups) != 0) | (np.diff(scores) != 0)
    start = np.flatnonzero(np.r_[True, new])[: len(labels)]
    positive = np.add.reduceat(labels, start) if len(start) else labels
    negative = np.add.reduceat(1 - labels, start) if len(start) else labels
    of = groups[start]  # group of each step
    n_groups = int(groups.max(initial=-1)) + 1
    all_positive = np.bincount(of, positive, minlength=n_groups)
    all_negative = np.bincount(of, negative, minlength=n_groups)
    earlier = np.cumsum(all_negative) - all_negative  # of groups before
    below = np.cumsum(negative) - negative - earlier[of]
    won = np.bincount(of, positive * (below + negative / 2), n_groups)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: a class is missing
        return won / (all_positive * all_negative)


def grouped_auc(
    labels: np.ndarray, scores: np.ndarray, groups: np.ndarray
) -> float:
    """Mean of the groups' AUC, weighted by their rows.

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
    return _ratio(rows[known] @ by_group[known], rows[known].sum())


def average_precision(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Precision averaged over the steps of recall: area under PR, stepwise.

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
    precision, recall = precision_recall(labels, scores, weights=weights)
    return float(precision @ np.diff(recall, prepend=0.0))


def precision_recall(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at every threshold, from the highest score.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) higher means more likely positive.
        weights: (n,) how often each row counts; once by default.

    Returns:
        precision and recall, (t,) each, one entry per distinct score that
        lets rows through; recall is nan throughout without a positive.

    Raises:
        ValueError: as `roc_auc`.

    >>> precision_recall(np.array([1, 0]), np.array([5, 5]))
    (array([0.5]), array([1.]))
    """
    labels, scores, weights = checked_rows(labels, scores, weights)
    positive, negative = _by_score(labels, scores, weights)
    hits = np.cumsum(positive[::-1])
    taken = hits + np.cumsum(negative[::-1])
    hits, taken = hits[taken > 0], taken[taken > 0]  # rows of no weight
    if not len(hits):
        return np.array([np.nan]), np.array([np.nan])
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return hits / taken, hits / hits[-1]


def log_loss(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Mean surprise at what happened, in nats.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        At least 0: the weighted mean of -log(probability of the label).
        Infinite if something happened that was given no chance, where other
        libraries clip; nan without rows.

    Raises:
        ValueError: as `roc_auc`; probabilities outside [0, 1].

    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    labels, probabilities, weights = checked_rows(
        labels, probabilities, weights
    )
    check_probabilities(probabilities)
    happened = np.where(labels == 1, probabilities, 1 - probabilities)
    counts = weights > 0  # 0 times infinity would be nan
    with np.errstate(divide="ignore"):
        loss = -np.log(happened[counts]) + 0.0  # no -0.0
    return _ratio(weights[counts] @ loss, weights.sum())


def normalised_entropy(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Log loss relative to that of always saying the base rate.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        At least 0: below 1 the model knows more than the base rate of these
        rows; nan without both classes.

    Raises:
        ValueError: as `log_loss`.

    Source: He et al. (2014), doi:10.1145/2648584.2648589.

    >>> normalised_entropy(np.array([1, 0]), np.array([0.5, 0.5]))
    1.0
    """
    loss = log_loss(labels, probabilities, weights=weights)
    labels, _, weights = checked_rows(labels, probabilities, weights)
    rate = _ratio(weights @ labels, weights.sum())
    if not 0 < rate < 1:
        return float("nan")
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    return float(loss / entropy)


def brier(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Mean squared distance of the probability from what happened.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]; nan without rows.

    Raises:
        ValueError: as `log_loss`.

    >>> brier(np.array([1, 0]), np.array([0.5, 0.0]))
    0.125
    """
    labels, probabilities, weights = checked_rows(
        labels, probabilities, weights
    )
    check_probabilities(probabilities)
    return _ratio(weights @ (probabilities - labels) ** 2, weights.sum())


def _by_score(labels, scores, weights):
    """Weight of positives and negatives at each distinct score, ascending."""
    order = np.argsort(scores, kind="stable")
    labels, scores, weights = labels[order], scores[order], weights[order]
    if not len(scores):
        return np.zeros(0), np.zeros(0)
    start = np.flatnonzero(np.r_[True, np.diff(scores) != 0])
    positive = np.add.reduceat(weights * labels, start)
    return positive, np.add.reduceat(weights * (1 - labels), start)


def checked_rows(labels, scores, weights):
    """All three as float64 of one length, weights 1 by default, or refuse."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    weights = (
        np.ones(labels.shape)
        if weights is None
        else np.asarray(weights, dtype=np.float64)
    )
    shapes = [labels.shape, scores.shape, weights.shape]
    if labels.ndim != 1 or len(set(shapes)) != 1:
        raise ValueError(
            "labels, scores and weights need one axis of one length, got "
            f"shapes {shapes}"
        )
    wrong = (labels != 0) & (labels != 1)
    if wrong.any():
        raise ValueError(f"labels must be 0 or 1, got {labels[wrong][0]}")
    wrong = ~np.isfinite(scores)
    if wrong.any():
        raise ValueError(f"scores must be finite, got {scores[wrong][0]}")
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        raise ValueError(
            f"weights must be finite and at least 0, got {weights[wrong][0]}"
        )
    return labels.astype(np.float64), scores, weights


def check_probabilities(probabilities: np.ndarray) -> None:
    """Refuse what cannot be a probability."""
    wrong = (probabilities < 0) | (probabilities > 1)
    if wrong.any():
        raise ValueError(
            f"probabilities must be from 0 to 1, got {probabilities[wrong][0]}"
        )


def checked_groups(groups: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Groups as int64, one per label and none negative, or refuse."""
    groups = np.asarray(groups)
    if groups.shape != labels.shape:
        raise ValueError(
            f"groups must be as long as labels, got shape {groups.shape} "
            f"for {labels.shape}"
        )
    if groups.dtype.kind not in "iu" and groups.size:
        raise ValueError(f"groups must be integers, got {groups.dtype}")
    if groups.size and groups.min() < 0:
        raise ValueError(f"groups must be at least 0, got {groups.min()}")
    return groups.astype(np.int64)


def _ratio(part: float, whole: float) -> float:
    """part / whole; nan for 0 / 0."""
    return float(part / whole) if whole else float("nan")
