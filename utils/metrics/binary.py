"""Binary labels and scores: checked once, sorted once.

What `classification`, `thresholds` and `calibration` share. A row is a label,
a score and perhaps a weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MANY = 8  # one value in so many entries is looked up, not merged


class PositiveSteps(NamedTuple):
    """Positives and negatives at each distinct score of the positives.

    Ascending, (t,) each.

    Attributes:
        positives: weight of the positives that have this score.
        tied_negatives: weight of the negatives that have it too.
        higher_negatives: weight of the negatives that score higher.
        negatives: weight of all negatives, one number.
    """

    positives: np.ndarray
    tied_negatives: np.ndarray
    higher_negatives: np.ndarray
    negatives: float


class ThresholdCounts(NamedTuple):
    """True and false positives at each threshold, highest first, (t,) each.

    Thresholds are the distinct scores; those that only rows of no weight
    have are left out.

    Attributes:
        threshold: a row is predicted positive from this score on.
        true_positives: weight of the positives that score at least this much.
        false_positives: weight of the negatives that do.
    """

    threshold: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray


class SortedScores(NamedTuple):
    """Sorted scores of one class.

    Attributes:
        scores: (n,) ascending.
        weight_above: (n + 1,) weight of the rows i, i + 1, ..., the last entry
            is 0; None if rows are counted, which needs no table.
    """

    scores: np.ndarray
    weight_above: np.ndarray | None

    def weight_from(self, place: np.ndarray) -> np.ndarray:
        """Weight of the rows from each place on, integers if counted."""
        if self.weight_above is None:
            return len(self.scores) - place
        return self.weight_above[place]


def sorted_scores(
    chosen: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> SortedScores:
    """Scores of the chosen rows, ascending, with their cumulated weight.

    Args:
        chosen: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None, which counts rows.

    >>> sorted_scores(np.array([True, True, False]), np.array([0.5, 0.2, 0.9]),
    ...           np.array([3.0, 1.0, 1.0]))
    SortedScores(scores=array([0.2, 0.5]), weight_above=array([4., 3., 0.]))
    """
    rows = np.flatnonzero(chosen)  # faster to take by than a mask
    values = scores[rows]
    if weights is None:  # values are sorted faster than their places
        values.sort()
        return SortedScores(values, None)
    order = np.argsort(values)
    weight_above = np.cumsum(weights[rows[order]][::-1])[::-1]
    return SortedScores(values[order], np.append(weight_above, 0.0))


def positive_steps(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> PositiveSteps:
    """Negatives tied with and above each distinct score of the positives.

    Only the smaller question is asked: scores between two positives change
    neither the area under ROC nor the step-wise area under PR.

    Args:
        labels: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None.

    Returns:
        `PositiveSteps`, integers if the weights are None.

    >>> positive_steps(np.array([True, False, True, False]),
    ...                np.array([3, 3, 2, 1]), None).higher_negatives
    array([1, 0])
    """
    positive = sorted_scores(labels, scores, weights)
    negative = sorted_scores(~labels, scores, weights)
    start = np.flatnonzero(starts_of_runs(positive.scores))
    value = positive.scores[start]
    above = positive.weight_from(start)
    least = count_below(negative.scores, value)
    more = least.copy()
    if len(negative.scores):  # only ties are looked up a second time
        level = negative.scores.take(least, mode="clip") == value
        tied = np.flatnonzero(level)
        more[tied] = np.searchsorted(negative.scores, value[tied], "right")
    higher = negative.weight_from(more)
    return PositiveSteps(
        positives=above - np.append(above[1:], 0),
        tied_negatives=negative.weight_from(least) - higher,
        higher_negatives=higher,
        negatives=negative.weight_from(0),
    )


def count_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Number of entries below each value, both in ascending order.

    It is `np.searchsorted`; but if the values are many, merging the two is
    faster than looking up each.

    >>> count_below(np.array([1, 2, 2]), np.array([0, 2, 3]))
    array([0, 1, 3])
    """
    if MANY * len(values) < len(ordered):
        return np.searchsorted(ordered, values)
    both = np.concatenate([values, ordered])  # of equal ones values first
    merged = np.argsort(both, kind="stable")  # finds the two runs, merges
    place = np.flatnonzero(merged < len(values))
    return place - np.arange(len(values))


def threshold_counts(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> ThresholdCounts:
    """True and false positives at every threshold.

    Args:
        labels: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None.

    Returns:
        `ThresholdCounts`, one entry per distinct score, from the highest.

    >>> labels, scores = np.array([True, False]), np.array([5, 7])
    >>> threshold_counts(labels, scores, None).false_positives
    array([1, 1])
    """
    if weights is not None:  # as if rows of no weight were not there
        counts = weights > 0
        labels, scores = labels[counts], scores[counts]
        weights = weights[counts]
    positive = sorted_scores(labels, scores, weights)
    negative = sorted_scores(~labels, scores, weights)
    threshold = np.unique(scores)
    tp = positive.weight_from(count_below(positive.scores, threshold))
    fp = negative.weight_from(count_below(negative.scores, threshold))
    return ThresholdCounts(threshold[::-1], tp[::-1], fp[::-1])


def starts_of_runs(ordered: np.ndarray) -> np.ndarray:
    """(n,) bool: the first entry of each run of equal ones.

    >>> starts_of_runs(np.array([2, 2, 5]))
    array([ True, False,  True])
    """
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def total_weight(rows: np.ndarray, weights: np.ndarray | None) -> float:
    """Weight of the chosen rows, their number without weights.

    >>> total_weight(np.array([True, False, True]), None)
    2.0
    """
    return float(np.count_nonzero(rows) if weights is None else weights @ rows)


def ratio(part: float, whole: float) -> float:
    """part / whole; nan for 0 / 0.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, nan)
    """
    return float(part / whole) if whole else float("nan")


def share(part: float, whole: float) -> float:
    """Ratio of a part that rounding may have carried out of [0, whole].

    >>> share(0.1 + 0.2, 0.3)
    1.0
    """
    return float(np.clip(ratio(part, whole), 0.0, 1.0))


def checked_rows(
    labels: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray | None,
    *,
    probabilities: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Labels as bool, scores in their own type, weights as float64 or None.

    Integers stay integers: as floats, large ones would become ties.

    Args:
        labels, scores, weights: (n,) each; None counts every row once.
        probabilities: the scores must lie in [0, 1], not only be finite.

    Raises:
        ValueError: not one axis of one length; labels other than 0 and 1;
            scores not numbers or not allowed; weights negative or not
            finite.

    >>> checked_rows([1, 0], [3, 4], None)
    (array([ True, False]), array([3, 4]), None)
    """
    labels, scores = np.asarray(labels), checked_numbers("scores", scores)
    shapes = [labels.shape, scores.shape]
    if weights is not None:
        weights = checked_numbers("weights", weights).astype(
            np.float64, copy=False
        )
        shapes.append(weights.shape)
    if labels.ndim != 1 or len(set(shapes)) != 1:
        raise ValueError(
            "labels, scores and weights need one axis of one length, got "
            f"shapes {shapes}"
        )
    labels = checked_binary("labels", labels)
    if probabilities:
        check_probabilities(scores)
    else:
        check_finite("scores", scores)
    if weights is not None:
        check_weights(weights)
    return labels, scores, weights


def checked_probabilities(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """`checked_rows` whose scores are probabilities, as float64.

    >>> checked_probabilities([1], [1], None)[1]
    array([1.])
    """
    labels, probabilities, weights = checked_rows(
        labels, probabilities, weights, probabilities=True
    )
    return labels, probabilities.astype(np.float64, copy=False), weights


def checked_numbers(name: str, values: np.ndarray) -> np.ndarray:
    """Integers or floats in their own type, bool as integers, or refuse.

    >>> checked_numbers("scores", [True, False])
    array([1, 0], dtype=uint8)
    """
    values = np.asarray(values)
    if values.dtype.kind == "O" or not values.size:  # [] has no type to keep
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers, got {values.dtype}")
    return values.view(np.uint8) if values.dtype.kind == "b" else values


def checked_binary(name: str, values: np.ndarray) -> np.ndarray:
    """0 and 1 as bool, or refuse.

    >>> checked_binary("labels", np.array([1.0, 0.0]))
    array([ True, False])
    """
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind not in "biufO" and values.size:
        raise ValueError(f"{name} must be 0 or 1, got {values.dtype}")
    one = np.asarray(values == 1, dtype=bool)
    zero = np.asarray(values == 0, dtype=bool)
    if np.count_nonzero(one) + np.count_nonzero(zero) != values.size:
        wrong = values[~(one | zero)][0]
        raise ValueError(f"{name} must be 0 or 1, got {wrong}")
    return one


def check_finite(name: str, values: np.ndarray) -> None:
    """Refuse nan and infinity.

    >>> check_finite("scores", np.array([0.5]))
    """
    finite = np.isfinite(values)
    if not finite.all():
        raise ValueError(f"{name} must be finite, got {values[~finite][0]}")


def check_weights(weights: np.ndarray) -> None:
    """Refuse weights below 0, not finite, or too small or large to multiply.

    >>> check_weights(np.array([0.0, 2.0]))
    """
    # products of two sums of others leave the floats; nan is wrong too
    least, most = np.float64([1e-140, 1e140])
    wrong = (weights != 0) & ~((weights >= least) & (weights <= most))
    if wrong.any():
        raise ValueError(
            "weights must be finite and at least 0, and from 1e-140 to 1e140 "
            f"where they are not 0, got {weights[wrong][0]}"
        )


def check_probabilities(probabilities: np.ndarray) -> None:
    """Refuse what cannot be a probability.

    >>> check_probabilities(np.array([0.0, 1.0]))
    """
    if not probabilities.size:
        return
    if not (probabilities.min() >= 0 and probabilities.max() <= 1):
        wrong = ~((probabilities >= 0) & (probabilities <= 1))  # nan too
        raise ValueError(
            f"probabilities must be from 0 to 1, got {probabilities[wrong][0]}"
        )


def checked_groups(groups: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Groups as int64, one per label and none negative, or refuse.

    >>> checked_groups([0, 1], np.array([True, False]))
    array([0, 1])
    """
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
