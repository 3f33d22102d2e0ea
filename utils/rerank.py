"""Re-ranking a list: giving up a little relevance for variety."""

from __future__ import annotations

import numpy as np


def mmr(
    relevance: np.ndarray, vectors: np.ndarray, *, k: int, trade_off: float
) -> np.ndarray:
    """Maximal marginal relevance: each place to the best *new* item.

    Args:
        relevance: (Q, n) score of each candidate; -inf marks a place left
            empty, which is never chosen. The scale matters: it is weighed
            against a similarity, so bring it to about [0, 1].
        vectors: (Q, n, D) one vector per candidate. The similarity is the
            inner product; unit vectors make it the cosine.
        k: places to fill, from 1 to n.
        trade_off: 1 takes the most relevant, 0 the least similar.

    Returns:
        (Q, k) positions among the candidates, in the order chosen: each
        time the largest trade_off * relevance - (1 - trade_off) *
        max similarity to those chosen before (0 for the first); equal ones
        by lower position, and -1 when no candidate is left.

    Raises:
        ValueError: shapes that do not fit; k outside 1..n; trade_off
            outside [0, 1]; relevance nan or +inf; a vector not finite.

    Source: Carbonell & Goldstein (1998), doi:10.1145/290941.291025.

    >>> twins = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> mmr(np.array([[0.9, 0.8, 0.5]]), twins, k=2, trade_off=0.5)
    array([[0, 2]])
    """
    relevance, vectors = np.asarray(relevance, float), np.asarray(vectors)
    if relevance.ndim != 2 or vectors.shape[:-1] != relevance.shape:
        raise ValueError(
            "relevance must be (Q, n) and vectors (Q, n, D), got shapes "
            f"{relevance.shape} and {vectors.shape}"
        )
    n_lists, n = relevance.shape
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n} (candidates), got {k}")
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off must be in [0, 1], got {trade_off}")
    if not (relevance < np.inf).all():
        raise ValueError("relevance must be finite or -inf, got nan or inf")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite, got nan or inf")
    lists = np.arange(n_lists)
    left = relevance > -np.inf  # (Q, n) candidates not chosen yet
    value = trade_off * np.where(left, relevance, 0.0)
    redundancy = np.zeros_like(value)  # before the first choice
    chosen = np.full((n_lists, k), -1)
    for place in range(k):
        score = value - (1 - trade_off) * redundancy
        best = np.where(left, score, -np.inf).argmax(axis=1)  # (Q,)
        chosen[:, place] = np.where(left[lists, best], best, -1)
        left[lists, best] = False
        similar = np.einsum("qnd,qd->qn", vectors, vectors[lists, best])
        redundancy = np.maximum(redundancy, similar) if place else similar
    return chosen
