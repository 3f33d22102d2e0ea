"""Sorting by score and top-k selection, equal scores by lower index.

It is decided here and nowhere else. `utils.metrics.ranking` has the same
names, so that chapters say `ranking.top_k`.
"""

from __future__ import annotations

import numpy as np


def rank_by_score(scores: np.ndarray) -> np.ndarray:
    """Ranking by score: positions from the best to the worst.

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
    """Top-k selection: first k of `rank_by_score`, the rest unsorted.

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
    kept = scores >= last
    if np.count_nonzero(kept) > last.size * k:  # the first of the tied only
        above, tied = scores > last, scores == last
        places = k - above.sum(-1, keepdims=True)
        kept = above | (tied & (np.cumsum(tied, axis=-1) <= places))
    positions = np.nonzero(kept)[-1].reshape(*scores.shape[:-1], k)
    best = rank_by_score(np.take_along_axis(scores, positions, axis=-1))
    return np.take_along_axis(positions, best, axis=-1)


def largest(values: np.ndarray, *, k: int) -> np.ndarray:
    """Largest k values, descending, without sorting the rest.

    Args:
        values: (..., n) numbers, not nan.
        k: how many, at least 1; all of them if there are fewer.

    Returns:
        (..., min(k, n)) values, contiguous.

    >>> largest(np.array([1.0, 3.0, 2.0]), k=2)
    array([3., 2.])
    """
    n = values.shape[-1]
    if n > k:
        values = np.partition(values, n - k, axis=-1)[..., n - k :]
    return np.ascontiguousarray(np.sort(values, axis=-1)[..., ::-1])


def gains_of(ranked_ids: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Gains of retrieved items, in ranked order.

    Args:
        ranked_ids: (..., k) integer items, best first; -1 marks a place
            left empty, and gains nothing.
        relevance: (..., N) gain of every item; leading axes as above.

    Returns:
        (..., k) gains, of the dtype of `relevance`.

    Raises:
        ValueError: ids that are not integers, or not in -1..N-1; leading
            axes that do not match.

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
    np.broadcast_shapes(ranked_ids.shape[:-1], relevance.shape[:-1])
    gains = np.take_along_axis(relevance, np.maximum(ranked_ids, 0), axis=-1)
    return np.where(ranked_ids < 0, np.zeros_like(gains), gains)


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
