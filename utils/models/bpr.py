"""Bayesian personalised ranking: an item that was seen goes before another.

Each step draws a seen pair and an item that the user has not seen, and moves
the factors so that the first scores above the second. What is learned is an
order of a user's items; the scores are no chances and compare with nothing
else. Steps are taken in small batches whose gradients are added up, which is
close to one pair at a time as long as a batch is small beside the data.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

BATCH = 512  # pairs a step


def fit_bpr(
    interactions: sparse.csr_matrix,
    *,
    factors: int,
    l2: float,
    lr: float,
    epochs: int,
    rng: np.random.Generator,
    negative_power: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Factors whose inner products put seen items before the others.

    Args:
        interactions: (U, N); what is above 0 is a seen pair, whatever its
            strength.
        factors: D, at least 1; the last column is one more, see Returns.
        l2: shrinkage at each step of the vectors that take part, at least 0.
        lr: step size, above 0.
        epochs: passes over the seen pairs, at least 1. The number is fixed:
            choose it on held-out pairs.
        rng: draws first factors, the order of the pairs and the negatives.
        negative_power: an item is drawn as a negative with a chance that
            grows as this power of its count, from 0 to 1: 0 draws all items
            alike, 1 as often as they are seen, which takes popularity out
            of the scores. A negative that the user has seen is passed over.

    Returns:
        (U, D + 1) and (N, D + 1) float32; scores are user_factors @
        item_factors.T. The last column holds the items' biases; it is 1 for
        users.

    Raises:
        ValueError: a setting out of its range; no seen pair; strengths
            negative or not finite; factors that overflow, for which `lr` is
            too large.

    Source: Rendle et al. (2009), arXiv:1205.2618.

    >>> X = sparse.csr_matrix([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    >>> users, items = fit_bpr(X, factors=2, l2=0.01, lr=0.1, epochs=400,
    ...                        rng=np.random.default_rng(0))
    >>> users @ items.T > 0
    array([[ True,  True, False, False],
           [ True,  True, False, False],
           [False, False,  True,  True]])
    """
    for name, count in [("factors", factors), ("epochs", epochs)]:
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    if not 0 <= l2 < np.inf:
        raise ValueError(f"l2 must be at least 0, got {l2}")
    if not 0 < lr < np.inf:
        raise ValueError(f"lr must be above 0, got {lr}")
    if not 0 <= negative_power <= 1:
        raise ValueError(
            f"negative_power must lie in [0, 1], got {negative_power}"
        )
    X = sparse.csr_matrix(interactions, dtype=np.float64, copy=True)
    X.sum_duplicates()
    wrong = ~(np.isfinite(X.data) & (X.data >= 0))
    if wrong.any():
        raise ValueError(
            f"interactions must be finite and at least 0, got "
            f"{X.data[wrong][0]}"
        )
    X.sort_indices()
    user, liked = X.nonzero()
    if len(user) == 0:
        raise ValueError("interactions must hold at least 1 pair, got 0")
    n_users, n_items = X.shape
    user = user.astype(np.int64)  # room for user * n_items
    seen = user * n_items + liked  # ascending, for nonzero goes by rows
    chance = np.cumsum(np.bincount(liked, minlength=n_items) ** negative_power)
    P, Q = (
        rng.normal(scale=0.1, size=(n, factors + 1)).astype(np.float32)
        for n in (n_users, n_items)
    )
    P[:, -1], Q[:, -1] = 1.0, 0.0
    for _ in range(epochs):
        draws = rng.random(len(user)) * chance[-1]
        other = np.searchsorted(chance, draws, side="right")
        pair = user * n_items + other
        found = np.searchsorted(seen, pair).clip(max=len(seen) - 1)
        order = rng.permutation(len(user))
        order = order[seen[found[order]] != pair[order]]  # not seen
        for start in range(0, len(order), BATCH):
            b = order[start : start + BATCH]
            with np.errstate(over="ignore", invalid="ignore"):
                _step(P, Q, user[b], liked[b], other[b], l2=l2, lr=lr)
        if not (np.isfinite(P).all() and np.isfinite(Q).all()):
            raise ValueError(f"factors must stay finite: lr {lr} is too large")
    return P, Q


def _step(P, Q, user, liked, other, *, l2: float, lr: float) -> None:
    """Move the factors of a batch of triples, in place."""
    to_user, to_liked, to_other = ascent(P[user], Q[liked], Q[other], l2=l2)
    to_user[:, -1] = 0.0  # the biases' column stays 1
    _add(P, user, lr * to_user)
    _add(Q, np.r_[liked, other], lr * np.concatenate([to_liked, to_other]))


def ascent(
    user: np.ndarray, liked: np.ndarray, other: np.ndarray, *, l2: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of log s(u · (i - j)) - l2 / 2 (|u|² + |i|² + |j|²).

    Args:
        user, liked, other: (B, D) vectors u, i and j of each triple; s is
            the logistic function.
        l2: shrinkage.

    Returns:
        Three (B, D) arrays, the direction in which each vector should move.

    >>> u, i, j = np.array([[1.0]]), np.array([[2.0]]), np.array([[2.0]])
    >>> [g.tolist() for g in ascent(u, i, j, l2=0.0)]  # a coin: s(0) = 1/2
    [[[0.0]], [[0.5]], [[-0.5]]]
    """
    margin = np.einsum("bd,bd->b", user, liked - other)
    surprise = (0.5 - 0.5 * np.tanh(margin / 2))[:, None]  # 1 - s, no overflow
    return (
        surprise * (liked - other) - l2 * user,
        surprise * user - l2 * liked,
        -surprise * user - l2 * other,
    )


def _add(table: np.ndarray, rows: np.ndarray, steps: np.ndarray) -> None:
    """table[rows] += steps in place, rows that repeat summed."""
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    first = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    table[rows[first]] += np.add.reduceat(steps[order], first, axis=0)
