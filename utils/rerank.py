"""Diversity re-ranking of lists: MMR and determinantal point processes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

LARGEST = np.float64(1e150)  # inner products of such vectors stay floats
NOTHING_NEW = 1e-9  # a smaller squared distance counts as a repetition
BLOCK = 1_000_000  # numbers in the vectors of lists done at a time: 8 MB


def mmr(
    relevance: np.ndarray, vectors: np.ndarray, *, k: int, trade_off: float
) -> np.ndarray:
    """Maximal marginal relevance (MMR), greedy.

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
    relevance, vectors = _checked(relevance, vectors, k=k, trade_off=trade_off)
    chosen = np.empty((len(relevance), k), dtype=np.int64)
    for some in _blocks(vectors):
        chosen[some] = _mmr(relevance[some], vectors[some], k, trade_off)
    return chosen


def _mmr(
    relevance: np.ndarray, vectors: np.ndarray, k: int, trade_off: float
) -> np.ndarray:
    """`mmr` of a few lists that fit into the cache, all at once."""
    vectors = vectors.astype(np.float64)
    lists = np.arange(len(relevance))
    left = relevance > -np.inf  # (Q, n) candidates not chosen yet
    value = trade_off * np.where(left, relevance, 0.0)
    redundancy = np.zeros_like(value)  # before the first choice
    chosen = np.full((len(relevance), k), -1)
    for place in range(k):
        score = value - (1 - trade_off) * redundancy
        best = np.where(left, score, -np.inf).argmax(axis=1)  # (Q,)
        chosen[:, place] = np.where(left[lists, best], best, -1)
        left[lists, best] = False
        similar = np.vecdot(vectors, vectors[lists, best][:, None])
        redundancy = np.maximum(redundancy, similar) if place else similar
    return chosen


def dpp(
    relevance: np.ndarray,
    vectors: np.ndarray,
    *,
    k: int,
    trade_off: float,
    similarity_scale: float = 1.0,
) -> np.ndarray:
    """Determinantal point process (DPP), greedy maximum a posteriori.

    The kernel is L = diag(q) S diag(q) with q = exp(alpha * relevance) and
    alpha = trade_off / (2 * (1 - trade_off)). The list that maximises
    det(L) also maximises trade_off * sum of relevance + (1 - trade_off) *
    log det(S). Finding it is NP-hard; each place goes to the candidate that
    raises the objective most. An incremental Cholesky factor of S makes
    that O(k² n) a list, and O(k n D) for the similarities.

    Args:
        relevance: (Q, n) as in `mmr`; weighed against the log of a
            squared distance.
        vectors: (Q, n, D) one vector per candidate, of any length. A vector
            of zeros is like no other candidate. The sign of a cosine is
            lost: opposite vectors span no volume, and count as alike.
        k: places to fill, from 1 to n.
        trade_off: theta of the paper, in [0, 1]: 1 takes the most relevant,
            repetitions included, 0 the least similar.
        similarity_scale: the similarity S of two candidates is this times
            their cosine, in [0, 1]. At 1 a repetition, such as a second
            video with the same one-hot topic, makes S singular: its gain is
            log 0, and no relevance makes up for it. Below 1 it is a matter
            of price: log(1 - similarity_scale²) for the second of a topic.

    Returns:
        (Q, k) positions among the candidates, in the order chosen: each
        time the largest trade_off * relevance + (1 - trade_off) * log d²,
        where d² in [0, 1] is the squared distance from the span of those
        chosen before. Equal ones by lower position. When only repetitions
        are left (d² < 1e-9), they follow in the order of relevance; -1
        when no candidate is left.

    Raises:
        ValueError: as `mmr`; similarity_scale outside [0, 1].

    Source: Chen, Zhang & Zhou (2018), Advances in Neural Information
    Processing Systems 31, arXiv:1709.05135.

    >>> twins = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> dpp(np.array([[0.9, 0.8, 0.5]]), twins, k=3, trade_off=0.5)
    array([[0, 2, 1]])
    """
    relevance, vectors = _checked(relevance, vectors, k=k, trade_off=trade_off)
    if not 0 <= similarity_scale <= 1:
        raise ValueError(
            f"similarity_scale must be in [0, 1], got {similarity_scale}"
        )
    chosen = np.empty((len(relevance), k), dtype=np.int64)
    for some in _blocks(vectors):
        chosen[some] = _dpp(
            relevance[some], vectors[some], k, trade_off, similarity_scale
        )
    return chosen


def _dpp(
    relevance: np.ndarray,
    vectors: np.ndarray,
    k: int,
    trade_off: float,
    similarity_scale: float,
) -> np.ndarray:
    """`dpp` of a few lists that fit into the cache, all at once."""
    unit = vectors.astype(np.float64)
    length = np.sqrt(np.vecdot(unit, unit))[..., None]
    unit /= np.where(length > 0, length, 1.0)
    lists = np.arange(len(relevance))
    left = relevance > -np.inf  # (Q, n) candidates not chosen yet
    value = np.where(left, relevance, 0.0)
    weighed = trade_off * value
    factor = np.zeros((len(relevance), k, relevance.shape[1]))  # Cholesky
    d2 = np.ones_like(value)
    chosen = np.full((len(relevance), k), -1)
    for place in range(k):
        gain = np.round(d2, 12)  # rounding errors must not break ties
        new = left if trade_off == 1 else left & (gain >= NOTHING_NEW)
        score = np.log(np.maximum(gain, NOTHING_NEW))
        score *= 1 - trade_off
        score += weighed
        stuck = ~new.any(axis=1)  # lists with only repetitions left
        if stuck.any():
            new = np.where(stuck[:, None], left, new)
            score[stuck] = value[stuck]
        best = np.where(new, score, -np.inf).argmax(axis=1)  # (Q,)
        chosen[:, place] = np.where(left[lists, best], best, -1)
        left[lists, best] = False
        if place == k - 1:
            break
        cosine = (unit @ unit[lists, best][:, :, None])[:, :, 0]
        above = factor[:, :place]  # (Q, place, n)
        known = np.einsum("qpn,qp->qn", above, above[lists, :, best])
        d2_best = d2[lists, best]
        direction = similarity_scale * cosine - known
        direction /= np.sqrt(np.maximum(d2_best, 1e-12))[:, None]
        # what is chosen as a repetition adds no direction of its own
        direction[d2_best < NOTHING_NEW] = 0.0
        factor[:, place] = direction
        d2 = np.maximum(d2 - direction**2, 0.0)
    return chosen


def _blocks(vectors: np.ndarray) -> Iterator[slice]:
    """Lists to be done together: few enough to stay in the cache."""
    step = max(1, BLOCK // max(1, vectors[:1].size))
    for start in range(0, len(vectors), step):
        yield slice(start, start + step)


def _checked(relevance, vectors, *, k: int, trade_off: float):
    """Relevance as float64 and vectors, or the ValueError of `mmr`."""
    relevance = np.asarray(relevance, dtype=np.float64)
    vectors = np.asarray(vectors)
    if relevance.ndim != 2 or vectors.shape[:-1] != relevance.shape:
        raise ValueError(
            "relevance must be (Q, n) and vectors (Q, n, D), got shapes "
            f"{relevance.shape} and {vectors.shape}"
        )
    n = relevance.shape[1]
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n} (candidates), got {k}")
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off must be in [0, 1], got {trade_off}")
    if not (relevance <= LARGEST).all():
        raise ValueError(
            "relevance must be finite or -inf, and at most 1e150, got "
            f"{relevance[~(relevance <= LARGEST)][0]}"
        )
    extremes = vectors.min(initial=0), vectors.max(initial=0)  # nan if one is
    if not np.abs(np.array(extremes, dtype=float)).max() <= LARGEST:
        raise ValueError(
            "vectors must be finite and at most 1e150 in size, got "
            f"{vectors[~(np.abs(vectors) <= LARGEST)][0]}"
        )
    return relevance, vectors
