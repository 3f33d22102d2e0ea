"""Labelled rows: checked once, sorted once.

What `classification`, `decisions` and `calibration` share. A row is a label,
a score and perhaps a weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MANY = 8  # one value in so many entries is looked up, not merged


class Steps(NamedTuple):
    """The distinct scores of the positives, ascending, (t,) each.

    Attributes:
        gained: weight of the positives that have this score.
        level: weight of the negatives that have it too.
        ahead: weight of the negatives that score higher.
        negatives: weight of all negatives, one number.
    """

    gained: np.ndarray
    level: np.ndarray
    ahead: np.ndarray
    negatives: float


class Cuts(NamedTuple):
    """What lies at or above each distinct score, highest first, (t,) each.

    Scores that only rows of no weight have are left out.

    Attributes:
        threshold: the scores.
        hits: weight of the positives that score at least this much.
        misses: weight of the negatives that do.
    """

    threshold: np.ndarray
    hits: np.ndarray
    misses: np.ndarray


class Ordered(NamedTuple):
    """Rows of one class by score.

    Attributes:
        scores: (n,) ascending.
        from_top: (n + 1,) weight of the rows i, i + 1, ..., the last entry
            is 0; None if rows are counted, which needs no table.
    """

    scores: np.ndarray
    from_top: np.ndarray | None

    def weight_from(self, place: np.ndarray) -> np.ndarray:
        """Weight of the rows from each place on, integers if counted."""
        if self.from_top is None:
            return len(self.scores) - place
        return self.from_top[place]


def ascending(
    chosen: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> Ordered:
    """The chosen rows in order.

    Args:
        chosen: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None, which counts rows.

    >>> ascending(np.array([True, True, False]), np.array([0.5, 0.2, 0.9]),
    ...           np.array([3.0, 1.0, 1.0]))
    Ordered(scores=array([0.2, 0.5]), from_top=array([4., 3., 0.]))
    """
    rows = np.flatnonzero(chosen)  # faster to take by than a mask
    values = scores[rows]
    if weights is None:  # values are sorted faster than their places
        values.sort()
        return Ordered(values, None)
    order = np.argsort(values)
    from_top = np.cumsum(weights[rows[order]][::-1])[::-1]
    return Ordered(values[order], np.append(from_top, 0.0))


def positive_steps(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> Steps:
    """How many negatives each distinct score of the positives lets through.

    Only the smaller question is asked: scores between two positives change
    neither the area under ROC nor the step-wise area under PR.

    Args:
        labels: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None.

    Returns:
        `Steps`, integers if the weights are None.

    >>> positive_steps(np.array([True, False, True, False]),
    ...                np.array([3, 3, 2, 1]), None).ahead
    array([1, 0])
    """
    positive = ascending(labels, scores, weights)
    negative = ascending(~labels, scores, weights)
    start = np.flatnonzero(first_of_its_kind(positive.scores))
    value = positive.scores[start]
    hits = positive.weight_from(start)
    least = count_below(negative.scores, value)
    more = least.copy()
    if len(negative.scores):  # only ties are looked up a second time
        level = negative.scores.take(least, mode="clip") == value
        tied = np.flatnonzero(level)
        more[tied] = np.searchsorted(negative.scores, value[tied], "right")
    ahead = negative.weight_from(more)
    return Steps(
        gained=hits - np.append(hits[1:], 0),
        level=negative.weight_from(least) - ahead,
        ahead=ahead,
        negatives=negative.weight_from(0),
    )


def count_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many entries are less than each value, both in ascending order.

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


def all_cuts(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None
) -> Cuts:
    """What every threshold lets through.

    Args:
        labels: (n,) bool.
        scores: (n,) numbers.
        weights: (n,) or None.

    Returns:
        `Cuts`, one entry per distinct score, from the highest.

    >>> all_cuts(np.array([True, False]), np.array([5, 7]), None).misses
    array([1, 1])
    """
    if weights is not None:  # as if rows of no weight were not there
        counts = weights > 0
        labels, scores = labels[counts], scores[counts]
        weights = weights[counts]
    positive = ascending(labels, scores, weights)
    negative = ascending(~labels, scores, weights)
    threshold = np.unique(scores)
    hits = positive.weight_from(count_below(positive.scores, threshold))
    misses = negative.weight_from(count_below(negative.scores, threshold))
    return Cuts(threshold[::-1], hits[::-1], misses[::-1])


def first_of_its_kind(ordered: np.ndarray) -> np.ndarray:
    """(n,) bool: differs from the entry before it; the first one does.

    >>> first_of_its_kind(np.array([2, 2, 5]))
    array([ True, False,  True])
    """
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def weight_of(rows: np.ndarray, weights: np.ndarray | None) -> float:
    """Weight of the chosen rows, their number without weights.

    >>> weight_of(np.array([True, False, True]), None)
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
    """`ratio` of a part that rounding may have carried out of [0, whole].

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
    labels, scores = np.asarray(labels), numbers("scores", scores)
    shapes = [labels.shape, scores.shape]
    if weights is not None:
        weights = numbers("weights", weights).astype(np.float64, copy=False)
        shapes.append(weights.shape)
    if labels.ndim != 1 or len(set(shapes)) != 1:
        raise ValueError(
            "labels, scores and weights need one axis of one length, got "
            f"shapes {shapes}"
        )
    labels = zero_or_one("labels", labels)
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


def numbers(name: str, values: np.ndarray) -> np.ndarray:
    """Integers or floats in their own type, bool as integers, or refuse.

    >>> numbers("scores", [True, False])
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


def zero_or_one(name: str, values: np.ndarray) -> np.ndarray:
    """0 and 1 as bool, or refuse.

    >>> zero_or_one("labels", np.array([1.0, 0.0]))
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
