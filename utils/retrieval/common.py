"""Shared parts of vector indexes: input checks, metrics, top-k.

An index looks for the largest inner products. The nearest by Euclidean
distance are found by the same code: with one coordinate more,

    (q, 1) . (x, -|x|^2 / 2) = q . x - |x|^2 / 2 = (|q|^2 - |q - x|^2) / 2,

so that the largest inner product belongs to the smallest distance. The
score reported is then -|q - x|^2. Vectors far from the origin, beside their
distances, lose digits that way: centre them first.
"""

from __future__ import annotations

import numpy as np

GROUP = 32  # scores of which only the largest is compared with the others


def checked_vectors(name: str, vectors: np.ndarray) -> np.ndarray:
    """Validated vectors, as float (rows, D).

    Args:
        name: what to call them in the message.
        vectors: (rows, D); integers become float64, half precision single.

    Returns:
        (rows, D) in float32 or float64, contiguous.

    Raises:
        ValueError: not two axes, or an empty one; a value not finite, not
            a real number, or so large that inner products might overflow
            (beyond 1e18 or so in float32).

    >>> checked_vectors("vectors", np.array([[1, 2]]))
    array([[1., 2.]])
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(
            f"{name} must be (rows, D), none of them 0, got {vectors.shape}"
        )
    if vectors.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be real numbers, got {vectors.dtype}")
    if vectors.dtype not in (np.float32, np.float64):
        half = vectors.dtype == np.float16
        vectors = vectors.astype(np.float32 if half else np.float64)
    least, most = vectors.min(), vectors.max()  # nan if one is
    if not np.isfinite([least, most]).all():
        raise ValueError(f"{name} must be finite, got nan or inf")
    limit = np.sqrt(np.finfo(vectors.dtype).max / (8 * vectors.shape[1]))
    if max(most, -least) > limit:
        raise ValueError(
            f"{name} must lie within {limit:.2g} of 0, so that products do "
            f"not overflow, got {max(most, -least):.2g}"
        )
    return np.ascontiguousarray(vectors)


def checked_queries(
    queries: np.ndarray, dimensions: int, k: int
) -> np.ndarray:
    """Validated queries of an index, as float (Q, D).

    Args:
        queries: (Q, D).
        dimensions: D of the index.
        k: how many results are wanted.

    Returns:
        (Q, D) as float.

    Raises:
        ValueError: k < 1; queries not (Q, D), empty or not finite.

    >>> checked_queries(np.array([[1, 2]]), dimensions=2, k=1)
    array([[1., 2.]])
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    queries = checked_vectors("queries", queries)
    if queries.shape[1] != dimensions:
        raise ValueError(
            f"queries must have {dimensions} dimensions, got "
            f"{queries.shape[1]}"
        )
    return queries


def augmented_vectors(vectors: np.ndarray, *, euclidean: bool) -> np.ndarray:
    """Vectors as stored: for Euclidean search with -|x|^2 / 2 appended.

    >>> augmented_vectors(np.array([[3.0, 4.0]]), euclidean=True)
    array([[  3. ,   4. , -12.5]])
    """
    if not euclidean:
        return vectors
    half = np.einsum("nd,nd->n", vectors, vectors)[:, None] / -2
    return np.concatenate([vectors, half], axis=1)


def augmented_queries(queries: np.ndarray, *, euclidean: bool) -> np.ndarray:
    """Queries as searched: for Euclidean search extended by a constant 1.

    >>> augmented_queries(np.array([[3.0, 4.0]]), euclidean=True)
    array([[3., 4., 1.]])
    """
    if not euclidean:
        return queries
    return np.pad(queries, [(0, 0), (0, 1)], constant_values=1)


def similarities(
    products: np.ndarray, queries: np.ndarray, *, euclidean: bool
) -> np.ndarray:
    """Similarities (Q, k): inner products, or -|q - x|^2, at most 0.

    >>> origin = np.array([[0.0, 0.0]])
    >>> similarities(np.array([[-12.5]]), origin, euclidean=True)
    array([[-25.]])
    """
    if not euclidean:
        return products
    own = np.einsum("qd,qd->q", queries, queries)[:, None]
    return np.minimum(2 * products - own, 0)


def top_k_candidates(
    scores: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Top-k candidates: entries that may belong to the best k of their row.

    The columns are put into groups, and the largest of each group is
    found. The k-th of these is a bound: k entries at least reach it, so
    nothing below can be among the best. Nothing is sorted, and only the
    groups that reach the bound are looked into.

    Args:
        scores: (Q, n); not nan.
        k: from 1 to n.

    Returns:
        rows, columns and scores of the survivors, (S,) each: all of the
        best k of each row, with all ties of the last, and some others.

    Raises:
        ValueError: a score is nan, as when inner products overflow.

    >>> top_k_candidates(np.array([[0, 3, 1, 2]]), k=2)
    (array([0, 0]), array([1, 3]), array([3, 2]))
    """
    n = scores.shape[1]
    groups = max(n // GROUP, min(4 * k, n))
    per_group, rest = divmod(n, groups)
    inside = scores[:, : n - rest].reshape(len(scores), per_group, groups)
    top = inside.max(axis=1)  # (Q, groups); group: column modulo groups
    np.maximum(top[:, :rest], scores[:, n - rest :], out=top[:, :rest])
    if np.isnan(top).any():
        raise ValueError("scores must not be nan; did products overflow?")
    bound = np.partition(top, groups - k, axis=1)[:, groups - k]
    rows, group = np.nonzero(top >= bound[:, None])
    columns = group[:, None] + groups * np.arange(per_group + (rest > 0))
    found = scores[rows[:, None], np.minimum(columns, n - 1)]
    kept = (found >= bound[rows, None]) & (columns < n)
    rows = np.broadcast_to(rows[:, None], kept.shape)
    return rows[kept], columns[kept], found[kept]


def top_k_by_row(
    rows: np.ndarray,
    ids: np.ndarray,
    scores: np.ndarray,
    *,
    n_rows: int,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Top k of each row, from candidates in any order.

    Args:
        rows: (S,) from 0 to n_rows - 1: whose candidate each is.
        ids: (S,) integers, none twice in a row.
        scores: (S,) floats, not nan.
        n_rows: Q.
        k: how many, at least 1.

    Returns:
        ids (Q, k) and scores (Q, k), best first, lower id first in a tie;
        where there are fewer, the ids are -1 and the scores -inf.

    >>> top_k_by_row(
    ...     np.array([1, 1, 1]), np.array([8, 5, 7]), np.array([1.0, 1, 2]),
    ...     n_rows=2, k=2,
    ... )
    (array([[-1, -1],
           [ 7,  5]]), array([[-inf, -inf],
           [  2.,   1.]]))
    """
    order = np.lexsort((ids, -scores, rows))
    rows, ids, scores = rows[order], ids[order], scores[order]
    sizes = np.bincount(rows, minlength=n_rows)
    place = np.arange(len(rows)) - (np.cumsum(sizes) - sizes)[rows]
    kept = place < k
    best = np.full((n_rows, k), -1)
    best_scores = np.full((n_rows, k), -np.inf, scores.dtype)
    best[rows[kept], place[kept]] = ids[kept]
    best_scores[rows[kept], place[kept]] = scores[kept]
    return best, best_scores
