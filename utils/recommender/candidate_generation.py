"""Candidate generators behind one interface, and how to blend them.

A generator is fitted on a (U, N) matrix and scores blocks of users. Scores of
different models have different units; `standardised` gives each user's
unseen items mean 0 and deviation 1, and `greedy_blend` picks which to add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from ..models import als, ease, item_knn

# (rows (B, N) of the users, their numbers (B,)) -> scores (B, N) float32
Scorer = Callable[[sparse.csr_matrix, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class CandidateGenerator:
    """A candidate generator: a model family and its hyperparameters.

    Attributes:
        family: name of one of the functions of this module, by `FAMILIES`.
        settings: keyword arguments of that function.
    """

    family: str
    settings: dict = field(default_factory=dict)

    def fit(
        self,
        X: sparse.csr_matrix,
        *,
        max_items: int,
        rng: np.random.Generator,
    ) -> Scorer:
        """Fit on (U, N) interactions; item-item models cap their items."""
        fitted = FAMILIES[self.family]
        return fitted(X, max_items=max_items, rng=rng, **self.settings)

    def __str__(self) -> str:
        words = ", ".join(f"{k} {v:g}" for k, v in self.settings.items())
        return f"{self.family} ({words})" if words else self.family


def binary(X: sparse.csr_matrix) -> sparse.csr_matrix:
    """Binarised interactions: the same entries with value 1."""
    ones = X.copy()
    ones.data = np.ones_like(ones.data)
    return ones


def popular_items(X: sparse.csr_matrix, *, max_items: int) -> np.ndarray:
    """The `max_items` most popular items, ascending; ties keep the lower.

    >>> popular_items(sparse.csr_matrix([[1, 0, 1], [0, 0, 1]]), max_items=2)
    array([0, 2])
    """
    counts = np.bincount(X.indices, minlength=X.shape[1])
    return np.sort(np.argsort(-counts, kind="stable")[:max_items])


def _fit_popular(X, *, max_items, rng) -> Scorer:
    share = np.bincount(X.indices, minlength=X.shape[1]) / X.shape[0]
    share = share.astype(np.float32)
    return lambda rows, users: np.tile(share, (rows.shape[0], 1))


def _fit_ease(X, *, max_items, rng, l2) -> Scorer:
    kept = popular_items(X, max_items=max_items)
    weights = ease.fit_ease(binary(X)[:, kept], l2=l2)

    def scores(rows, users):
        known = binary(rows)[:, kept].astype(np.float32)
        return _spread(known @ weights, kept, rows.shape[1])

    return scores


def _fit_item_knn(X, *, max_items, rng, neighbours, bm25_b=None) -> Scorer:
    kept = popular_items(X, max_items=max_items)
    entries, power = binary(X)[:, kept], 1.0
    if bm25_b is not None:
        entries, power = item_knn.bm25(entries, b=bm25_b), 0.0
    similar = item_knn.fit_item_knn(
        entries, neighbours=neighbours, power=power
    )

    def scores(rows, users):
        known = binary(rows)[:, kept].astype(np.float32)
        return _spread((known @ similar).toarray(), kept, rows.shape[1])

    return scores


def _fit_als(
    X, *, max_items, rng, factors, l2, alpha, iterations=10
) -> Scorer:
    _, item_factors = als.fit_als(
        X, factors=factors, l2=l2, alpha=alpha, iterations=iterations, rng=rng
    )

    def scores(rows, users):
        user_factors = als.fold_in(rows, item_factors, l2=l2, alpha=alpha)
        return user_factors.astype(np.float32) @ item_factors.T

    return scores


def _fit_two_tower(X, *, max_items, rng, dim) -> Scorer:
    from ..models import losses, two_tower  # torch only where it is used

    pairs = np.column_stack(X.nonzero())
    vectors = two_tower.fit_two_tower(
        pairs,
        n_users=X.shape[0],
        n_items=X.shape[1],
        dim=dim,
        log_q=losses.log_sampling_probability(pairs[:, 1], n_items=X.shape[1]),
        # A log of ten million pairs is not passed over fifteen times.
        settings=replace(
            two_tower.SETTINGS,
            epochs=int(np.clip(600_000 // len(pairs), 1, 15)),
        ),
        rng=rng,
    )

    def scores(rows, users):
        return vectors.user_vectors[users] @ vectors.item_vectors.T

    return scores


FAMILIES = {
    "popular": _fit_popular,
    "EASE": _fit_ease,
    "ALS": _fit_als,
    "item-kNN": _fit_item_knn,
    "two-tower": _fit_two_tower,
}


def _spread(scores, kept, n_items: int) -> np.ndarray:
    """(B, kept) scores -> (B, N); items without weights get 0."""
    wide = np.zeros((len(scores), n_items), dtype=np.float32)
    wide[:, kept] = scores
    return wide


def standardised(scores: np.ndarray, seen: sparse.csr_matrix) -> np.ndarray:
    """Z-scores of each user: mean 0, deviation 1 over unseen items.

    Args:
        scores: (B, N).
        seen: (B, N) entries are seen pairs.

    Returns:
        (B, N) float32; all 0 where a user's scores do not differ.

    >>> S = standardised(np.array([[1., 3., 9.]]),
    ...                  sparse.csr_matrix([[0, 0, 1]]))
    >>> S[:, :2]
    array([[-1.,  1.]], dtype=float32)
    """
    unseen = np.ones(scores.shape, dtype=bool)
    unseen[seen.nonzero()] = False
    count = np.maximum(unseen.sum(1, keepdims=True), 1)
    mean = np.where(unseen, scores, 0).sum(1, keepdims=True) / count
    centred = scores - mean
    spread = np.sqrt(
        np.where(unseen, centred**2, 0).sum(1, keepdims=True) / count
    )
    flat = spread <= 1e-9 * np.abs(mean) + 1e-30
    return np.where(flat, 0, centred / np.where(flat, 1, spread)).astype(
        np.float32
    )


def greedy_blend(
    pool: list[np.ndarray],
    quality: Callable[[np.ndarray], float],
    *,
    picks: int,
    gain: float,
    start: tuple[int, ...] = (),
) -> np.ndarray:
    """Greedy ensemble selection: weights of a blend that maximise `quality`.

    Starts from the members in `start`, or from the best single one, and
    adds, with repetition, whichever raises the quality most, until `picks`
    are added or the best addition raises it by less than `gain`. Starting
    from several good members keeps chance from choosing between equals.

    Args:
        pool: score arrays of one shape.
        quality: array of that shape -> number, higher is better.
        picks: at most so many are added, with repetition; at least 1.
        gain: smallest worthwhile rise, at least 0.
        start: members that are in from the beginning.

    Returns:
        (len(pool),) shares, summing to 1.

    Raises:
        ValueError: an empty pool; a finite score beyond 1e100; picks below
            1; gain negative.

    Source: Caruana et al. (2004), doi:10.1145/1015330.1015432.

    >>> pool = [np.array([1., 0.]), np.array([0., 1.]), np.array([5., 5.])]
    >>> target = np.array([2., 1.])
    >>> greedy_blend(pool, lambda s: -abs(s - target).sum(), picks=3, gain=0)
    array([0.66666667, 0.33333333, 0.        ])
    """
    if not pool:
        raise ValueError("pool must hold at least 1 member, got 0")
    if not gain >= 0:
        raise ValueError(f"gain must be at least 0, got {gain}")
    if picks < 1:
        raise ValueError(f"picks must be at least 1, got {picks}")
    for i, member in enumerate(pool):
        size = np.abs(member)
        if ((size > np.float64(1e100)) & (size < np.inf)).any():
            raise ValueError(f"member {i} has scores beyond 1e100")
    counts = np.bincount(np.array(start, dtype=int), minlength=len(pool))
    total = sum((pool[i] for i in start), start=np.zeros_like(pool[0]))
    reached = quality(total) if start else -np.inf
    for _ in range(picks):
        found = [quality(total + member) for member in pool]
        best = int(np.argmax(found))
        if found[best] - reached < gain or found[best] <= reached:
            break
        reached = found[best]
        counts[best] += 1
        total = total + pool[best]
    return counts / counts.sum()
