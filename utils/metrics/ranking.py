"""Ranked lists: their order, and how good it is.

Order is decided here and nowhere else: descending, equal scores by lower
index. Metrics receive gains that are already ranked, best first; a gain
above 0 counts as relevant where a metric knows only yes and no. All return
one float64 value per list, and nan where a list has nothing to find.
"""

from __future__ import annotations

import numpy as np


def rank_by_score(scores: np.ndarray) -> np.ndarray:
    """Positions from the best score to the worst.

    Args:
        scores: (..., n) higher is better; -inf is allowed and comes last.

    Returns:
        (..., n) integer positions; equal scores keep the lower index first.

    Raises:
        ValueError: a score is nan, which has no place in an order; scores
            without an axis.

    >>> rank_by_score(np.array([1, 3, 3, 2]))
    array([1, 2, 3, 0])
    """
    scores = _checked_scores(scores)
    # A stable ascending sort, read backwards on both sides: negating the
    # scores instead would fail for unsigned integers and booleans.
    backwards = np.argsort(scores[..., ::-1], axis=-1, kind="stable")
    return (scores.shape[-1] - 1 - backwards)[..., ::-1]


def top_k(scores: np.ndarray, *, k: int) -> np.ndarray:
    """First k positions of `rank_by_score`, without sorting the rest.

    Args:
        scores: (..., n) higher is better; -inf is allowed and comes last.
        k: how many positions, from 1 to n.

    Returns:
        (..., k) integer positions, best first, lower index first in a tie.

    Raises:
        ValueError: k outside 1..n; a score is nan.

    >>> top_k(np.array([1, 3, 3, 2]), k=2)
    array([1, 2])
    """
    scores = _checked_scores(scores)
    n = scores.shape[-1]
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n} (the scores), got {k}")
    last = np.partition(scores, n - k, axis=-1)[..., n - k, None]
    above, tied = scores > last, scores == last
    places = k - above.sum(-1, keepdims=True)  # left for the tied, in turn
    kept = above | (tied & (np.cumsum(tied, axis=-1) <= places))
    positions = np.nonzero(kept)[-1].reshape(*scores.shape[:-1], k)
    best = rank_by_score(np.take_along_axis(scores, positions, axis=-1))
    return np.take_along_axis(positions, best, axis=-1)


def gains_of(ranked_ids: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Gains of retrieved items, in the order in which they were retrieved.

    Args:
        ranked_ids: (..., k) integer items, best first; -1 marks a place
            left empty, and gains nothing.
        relevance: (..., N) gain of every item; leading axes as above.

    Returns:
        (..., k) gains, of the dtype of `relevance`.

    Raises:
        ValueError: ids that are not integers, or not in -1..N-1.

    >>> gains_of(np.array([[2, 0, -1]]), np.array([[1, 0, 3]]))
    array([[3, 1, 0]])
    """
    ranked_ids, relevance = np.asarray(ranked_ids), np.asarray(relevance)
    n_items = relevance.shape[-1]
    if ranked_ids.dtype.kind not in "iu":
        raise ValueError(f"ids must be integers, got {ranked_ids.dtype}")
    wrong = (ranked_ids < -1) | (ranked_ids >= n_items)
    if wrong.any():
        raise ValueError(
            f"ids must be from -1 to {n_items - 1}, got {ranked_ids[wrong][0]}"
        )
    gains = np.take_along_axis(relevance, np.maximum(ranked_ids, 0), axis=-1)
    return np.where(ranked_ids < 0, np.zeros_like(gains), gains)


def ndcg_at_k(gains: np.ndarray, judged: np.ndarray, *, k: int) -> np.ndarray:
    """Normalised discounted cumulative gain: how near to the ideal order.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first. They
            count as they are; for the steeper exponential form pass
            2**grade - 1 here and in `judged`.
        judged: (..., m) gains of *all* judged items, in any order. A list
            compared with its own first k would look better than it is.
        k: cutoff, at least 1; ranks beyond n gain nothing.

    Returns:
        (...) in [0, 1]: the sum over ranks i <= k of gain_i / log2(i + 1),
        divided by the same sum for the best order of the judged items; nan
        where no judged gain is above 0.

    Raises:
        ValueError: k < 1; a gain negative or not finite; a list that gains
            more than its judged items allow.

    Source: Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418.

    >>> ndcg_at_k(np.array([0, 3]), np.array([3, 0, 0]), k=2).round(3)
    np.float64(0.631)
    """
    gains, judged = _checked_gains(gains, k), _checked_gains(judged, k)
    discount = 1 / np.log2(np.arange(2, k + 2))  # (k,) for ranks 1..k
    ideal = -np.sort(-judged, axis=-1)[..., :k]
    found = gains[..., :k] @ discount[: gains.shape[-1]]
    possible = ideal @ discount[: ideal.shape[-1]]
    if np.any(found > possible * (1 + 1e-9)):
        raise ValueError(
            "judged must hold every gain that was retrieved, got a list "
            f"gaining {found.max():.4g} with {possible.min():.4g} possible"
        )
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return np.minimum(found / possible, 1.0)


def precision_at_k(gains: np.ndarray, *, k: int) -> np.ndarray:
    """Share of the k places that hold a relevant item.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: relevant items among the first k, divided by k,
        also where a list is shorter than k. Where nothing is relevant at
        all it is 0, since its denominator never vanishes.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    >>> precision_at_k(np.array([1, 0, 2]), k=4)
    np.float64(0.5)
    """
    return _hits(gains, k).sum(axis=-1) / k


def recall_at_k(
    gains: np.ndarray, n_relevant: np.ndarray, *, k: int
) -> np.ndarray:
    """Share of all relevant items found among the first k.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) how many items are relevant to each list, found
            or not.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: relevant items among the first k, divided by
        n_relevant (not by the smaller of it and k, so that a list with
        more relevant items than k cannot reach 1); nan where it is 0.

    Raises:
        ValueError: k < 1; a gain negative or not finite; n_relevant below
            what was found.

    >>> recall_at_k(np.array([1, 0, 1]), 4, k=3)
    np.float64(0.5)
    """
    found = _hits(gains, k).sum(axis=-1)
    return _ratio(found, _checked_relevant(gains, n_relevant))


def average_precision_at_k(
    gains: np.ndarray, n_relevant: np.ndarray, *, k: int
) -> np.ndarray:
    """Precision at the ranks of the relevant items, averaged.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) how many items are relevant to each list, found
            or not.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: the sum of precision@i over the ranks i <= k that
        hold a relevant item, divided by min(k, n_relevant), so that a
        perfect list scores 1; nan where nothing is relevant. Others differ
        when a list is cut: trec_eval and ranx divide by n_relevant, and
        some by the number of hits, which rewards finding less. Uncut, the
        value is that of scikit-learn's `average_precision_score`.

    Raises:
        ValueError: k < 1; a gain negative or not finite; n_relevant below
            what was found.

    Source: Manning, Raghavan & Schütze (2008), section 8.4.

    >>> average_precision_at_k(np.array([1, 0, 1]), 2, k=3).round(3)
    np.float64(0.833)
    """
    hits = _hits(gains, k)
    precision = np.cumsum(hits, axis=-1) / np.arange(1, hits.shape[-1] + 1)
    n_relevant = _checked_relevant(gains, n_relevant)
    return _ratio((hits * precision).sum(axis=-1), np.minimum(k, n_relevant))


def hit_rate_at_k(gains: np.ndarray, *, k: int) -> np.ndarray:
    """Whether the first k hold anything relevant.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) 1 or 0; averaged over lists, the share of lists with a hit.
        A list to which nothing is relevant scores 0: there is no
        denominator to tell, drop it where recall is nan.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    >>> hit_rate_at_k(np.array([[0, 1], [1, 0]]), k=1)
    array([0., 1.])
    """
    return _hits(gains, k).any(axis=-1).astype(float)


def reciprocal_rank(gains: np.ndarray, *, k: int) -> np.ndarray:
    """One over the rank of the first relevant item.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: 1 / rank of the first hit, 0 without one among
        the first k. A list to which nothing is relevant scores 0 too.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    Source: Voorhees (1999), the TREC-8 question answering track report.

    >>> reciprocal_rank(np.array([[0, 0, 1], [1, 1, 0]]), k=3).round(3)
    array([0.333, 1.   ])
    """
    hits = _hits(gains, k)
    by_rank = hits / np.arange(1, hits.shape[-1] + 1)  # the first is largest
    return by_rank.max(axis=-1, initial=0.0)


def expected_reciprocal_rank_at_k(
    gains: np.ndarray, *, k: int, max_grade: float
) -> np.ndarray:
    """Expected 1 / rank at which a reader who goes down the list stops.

    The reader is satisfied by an item of grade g with probability
    (2**g - 1) / 2**max_grade, and then reads no further: a relevant item
    is worth less below another one.

    Args:
        gains: (..., n) grades of the retrieved items, best rank first.
        k: cutoff, at least 1.
        max_grade: highest grade of the scale (not of this list), above 0.

    Returns:
        (...) in [0, 1): the sum over ranks i <= k of 1 / i times the
        probability to stop at i, 0 without a relevant item among the first
        k. It is not divided by its best value, which is below 1. A list to
        which nothing is relevant scores 0 too.

    Raises:
        ValueError: k < 1; a grade negative, not finite, or above
            max_grade; max_grade not above 0.

    Source: Chapelle, Metzler, Zhang & Grinspan (2009),
    doi:10.1145/1645953.1646033.

    >>> gains = np.array([0, 2, 1])
    >>> expected_reciprocal_rank_at_k(gains, k=3, max_grade=2).round(4)
    np.float64(0.3958)
    """
    if not 0 < max_grade < np.inf:
        raise ValueError(f"max_grade must be above 0, got {max_grade}")
    grades = _checked_gains(gains, k)
    if np.any(grades > max_grade):
        raise ValueError(
            f"grades must be at most max_grade = {max_grade}, got "
            f"{grades.max()}"
        )
    stops = (np.exp2(grades[..., :k]) - 1) / 2.0**max_grade
    reads_on = np.cumprod(1 - stops, axis=-1)
    reaches = np.ones_like(stops)
    reaches[..., 1:] = reads_on[..., :-1]
    return (reaches * stops / np.arange(1, stops.shape[-1] + 1)).sum(axis=-1)


def _checked_scores(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores)
    if scores.ndim == 0:
        raise ValueError(f"scores need an axis to rank, got {scores}")
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        raise ValueError(
            f"scores must not be nan, got {np.isnan(scores).sum()} of "
            f"{scores.size}"
        )
    return scores


def _checked_gains(gains: np.ndarray, k: int) -> np.ndarray:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    gains = np.asarray(gains, dtype=np.float64)
    if gains.ndim == 0:
        raise ValueError(f"gains need an axis of ranks, got {gains}")
    wrong = ~np.isfinite(gains) | (gains < 0)
    if wrong.any():
        raise ValueError(
            f"gains must be finite and at least 0, got {gains[wrong][0]}"
        )
    return gains


def _hits(gains: np.ndarray, k: int) -> np.ndarray:
    """(..., at most k) whether each rank holds a relevant item."""
    return _checked_gains(gains, k)[..., :k] > 0


def _checked_relevant(gains: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    n_relevant = np.asarray(n_relevant, dtype=np.float64)
    short = ~(n_relevant >= (np.asarray(gains) > 0).sum(axis=-1))
    if short.any():
        least = np.broadcast_to(n_relevant, short.shape)[short][0]
        raise ValueError(
            "n_relevant must be at least the relevant items retrieved, got "
            f"{least}"
        )
    return n_relevant


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return np.divide(part, whole)
