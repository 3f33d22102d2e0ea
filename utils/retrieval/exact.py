"""Exact search: every query against every vector."""

from __future__ import annotations

import numpy as np

from utils.metrics import ranking

BLOCK = 8_000_000  # scores held at a time: 32 MB in float32


class ExactIndex:
    """Largest inner products by looking at everything.

    The yardstick of every other index: recall 1, work N per query.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search.

    >>> index = ExactIndex().fit(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> index.search(np.array([[0.2, 0.6]]), k=1)
    (array([[1]]), array([[0.6]]))
    """

    def fit(self, vectors: np.ndarray) -> ExactIndex:
        """Keep the vectors to be searched.

        Args:
            vectors: (N, D) finite; float32 stays float32.

        Returns:
            The index itself.

        Raises:
            ValueError: not (N, D) with N at least 1; a value not finite.
        """
        self._vectors = checked_vectors("vectors", vectors)
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Best k vectors of each query.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and inner products (Q, k), best first, lower id
            first in a tie; beyond N the ids are -1 and the scores -inf.

        Raises:
            ValueError: k < 1; queries not (Q, D) or not finite.
        """
        queries = checked_queries(queries, self._vectors.shape[1], k)
        n, kept = len(self._vectors), min(k, len(self._vectors))
        dtype = np.result_type(queries, self._vectors)
        ids = np.full((len(queries), k), -1)
        scores = np.full((len(queries), k), -np.inf, dtype)
        step = max(1, BLOCK // n)
        for start in range(0, len(queries), step):
            rows = slice(start, start + step)
            block = queries[rows] @ self._vectors.T  # (block, N)
            best = ranking.top_k(block, k=kept)
            ids[rows, :kept] = best
            scores[rows, :kept] = np.take_along_axis(block, best, axis=1)
        self.computed = np.full(len(queries), n)
        return ids, scores


def checked_vectors(name: str, vectors: np.ndarray) -> np.ndarray:
    """Vectors as float (rows, D), or an error.

    Args:
        name: what to call them in the message.
        vectors: (rows, D); integers become float64.

    Returns:
        (rows, D) of the same float dtype, contiguous.

    Raises:
        ValueError: not two axes, or an empty one; a value not finite.

    >>> checked_vectors("vectors", np.array([[1, 2]]))
    array([[1., 2.]])
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(
            f"{name} must be (rows, D), none of them 0, got {vectors.shape}"
        )
    if vectors.dtype.kind != "f":
        vectors = vectors.astype(np.float64)
    if not np.isfinite(vectors).all():
        raise ValueError(f"{name} must be finite, got nan or inf")
    return np.ascontiguousarray(vectors)


def checked_queries(
    queries: np.ndarray, dimensions: int, k: int
) -> np.ndarray:
    """Queries that fit an index, or an error.

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
