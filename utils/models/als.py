"""Implicit-feedback matrix factorisation by alternating least squares.

A user's factors are a ridge regression on the item factors with weight
1 + alpha * r for what was seen and weight 1, target 0, for all the rest. Half
an iteration solves it for all users, the other half for all items. The part
that all normal equations share is taken out once, by a change of basis in
which it is the identity; what remains has as many equations as a user has
items, or as there are factors, whichever is less. Each solve is exact.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

CELLS = 1 << 17  # numbers gathered for rows solved together: 1 MiB


def fit_als(
    interactions: sparse.csr_matrix,
    *,
    factors: int,
    l2: float,
    alpha: float,
    iterations: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """ALS factors of implicit feedback: confidence-weighted least squares.

    Args:
        interactions: (U, N) strengths r, at least 0; 0 is "not seen".
        factors: D, at least 1.
        l2: shrinkage of each factor vector, above 0.
        alpha: confidence of a seen pair is 1 + alpha * r; above 0.
        iterations: alternations, at least 1.
        rng: draws the first item factors.

    Returns:
        (U, D) and (N, D) float32; scores are user_factors @ item_factors.T.

    Raises:
        ValueError: a setting out of its range; strengths negative or not
            finite.

    Source: Hu, Koren & Volinsky (2008), doi:10.1109/ICDM.2008.22.

    >>> X = sparse.csr_matrix([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    >>> users, items = fit_als(X, factors=2, l2=0.1, alpha=10.0, iterations=10,
    ...                        rng=np.random.default_rng(0))
    >>> (users @ items.T).round(1) + 0.0
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 0., 1., 1.]], dtype=float32)
    """
    if factors < 1:
        raise ValueError(f"factors must be at least 1, got {factors}")
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, got {iterations}")
    by_user = sparse.csr_matrix(interactions, dtype=np.float64)
    by_item = by_user.T.tocsr()
    item_factors = rng.normal(scale=0.1, size=(by_user.shape[1], factors))
    for _ in range(iterations):
        user_factors = fold_in(by_user, item_factors, l2=l2, alpha=alpha)
        item_factors = fold_in(by_item, user_factors, l2=l2, alpha=alpha)
    user_factors = fold_in(by_user, item_factors, l2=l2, alpha=alpha)
    return user_factors.astype(np.float32), item_factors.astype(np.float32)


def fold_in(
    rows: sparse.csr_matrix,
    item_factors: np.ndarray,
    *,
    l2: float,
    alpha: float,
) -> np.ndarray:
    """Fold-in: ridge regression of user factors on given item factors.

    Args:
        rows: (U, N) strengths r of users, at least 0.
        item_factors: (N, D).
        l2: as in training, above 0.
        alpha: as in training, above 0.

    Returns:
        (U, D) float64, exact: (Y'Y + alpha Y'RY + l2 I)^-1 Y'(1 + alpha r)
        with Y the item factors; 0 for a user without interactions.

    Raises:
        ValueError: l2 or alpha not above 0; strengths negative; what is not
            finite, or beyond 1e100; shapes that do not fit.

    >>> items = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> fold_in(sparse.csr_matrix([[1.0, 0.0]]), items, l2=1.0, alpha=8.0)
    array([[0.9, 0. ]])
    """
    if not (np.isfinite(l2) and l2 > 0):
        raise ValueError(f"l2 must be above 0, got {l2}")
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha must be above 0, got {alpha}")
    rows = sparse.csr_matrix(rows, dtype=np.float64, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    wrong = ~(np.isfinite(rows.data) & (rows.data >= 0))
    if wrong.any():
        raise ValueError(
            "interactions must be finite and at least 0, got "
            f"{rows.data[wrong][0]}"
        )
    most = float(alpha) * float(rows.data.max(initial=0.0))
    if most > 1e100:  # its square would be beyond floats
        raise ValueError(f"alpha * r must be at most 1e100, got {most}")
    Y = np.asarray(item_factors, dtype=np.float64)
    if Y.ndim != 2 or Y.shape[1] == 0:
        raise ValueError(f"item_factors must be (N, D), D >= 1: {Y.shape}")
    if rows.shape[1] != len(Y):
        raise ValueError(
            f"rows have {rows.shape[1]} items, item_factors {len(Y)}"
        )
    if not (np.abs(Y) <= 1e100).all() or l2 > 1e100:  # squares stay floats
        raise ValueError(
            "item_factors and l2 must be finite and at most 1e100 in size, "
            f"got {np.abs(Y).max(initial=0)} and {l2}"
        )
    # In the basis Y W the part that all rows share, Y'Y + l2 I, is I.
    W = np.linalg.inv(np.linalg.cholesky(Y.T @ Y + l2 * np.eye(Y.shape[1]))).T
    solved = np.zeros((rows.shape[0], Y.shape[1]))
    basis = Y @ W
    for block, items, strengths in _padded(rows, CELLS // Y.shape[1]):
        root = np.sqrt(alpha * strengths)  # (B, n)
        target = np.divide(1, root, out=root.copy(), where=root > 0) + root
        solved[block] = _ridge(basis[items] * root[..., None], target)
    return solved @ W.T


def _padded(rows: sparse.csr_matrix, cells: int):
    """Rows in blocks of like length: numbers, (B, n) columns, strengths.

    A place left over has strength 0 and any column; a block has at most
    `cells` places, or one row.
    """
    length = np.diff(rows.indptr)
    order = np.argsort(length, kind="stable")
    order = order[length[order] > 0]
    start = 0
    while start < len(order):
        # the last row of a block is its longest
        area = np.arange(1, len(order) - start + 1) * length[order[start:]]
        stop = start + max(int(np.searchsorted(area, cells, "right")), 1)
        block = order[start:stop]
        place = rows.indptr[block, None] + np.arange(length[block[-1]])
        real = place < rows.indptr[block + 1, None]
        place[~real] = 0
        yield (
            block,
            rows.indices[place],
            np.where(real, rows.data[place], 0.0),
        )
        start = stop


def _ridge(S: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(B, n, D), (B, n) -> (B, D): (I + S'S)^-1 S't = S' (I + SS')^-1 t."""
    n, D = S.shape[1:]
    S_t = S.swapaxes(1, 2)
    if n <= D:
        v = np.linalg.solve(np.eye(n) + S @ S_t, t[..., None])
        return (S_t @ v)[..., 0]
    return np.linalg.solve(np.eye(D) + S_t @ S, S_t @ t[..., None])[..., 0]
