"""Exact search: every query against every vector."""

from __future__ import annotations

import numpy as np

from . import common

BLOCK = 4_000_000  # scores held at a time: 16 MB in float32


class ExactIndex:
    """Exact maximum inner product search, by brute force.

    The yardstick of every other index: recall 1, work N per query.

    Args:
        euclidean: look for the smallest distances instead; the scores are
            then minus their squares.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search.

    >>> index = ExactIndex().fit(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> index.search(np.array([[0.2, 0.6]]), k=1)
    (array([[1]]), array([[0.6]]))
    """

    def __init__(self, *, euclidean: bool = False) -> None:
        self.euclidean = euclidean

    def fit(self, vectors: np.ndarray) -> ExactIndex:
        """Store the vectors to be searched.

        Args:
            vectors: (N, D) finite; float32 stays float32.

        Returns:
            The index itself.

        Raises:
            ValueError: not (N, D) with N at least 1; a value not finite.
        """
        vectors = common.checked_vectors("vectors", vectors)
        self._dimensions = vectors.shape[1]
        self._points = common.augmented_vectors(
            vectors, euclidean=self.euclidean
        )
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Exact top k of each query.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and scores (Q, k), best first, lower id first in a
            tie; beyond N the ids are -1 and the scores -inf.

        Raises:
            ValueError: k < 1; queries not (Q, D) or not finite; inner
                products that overflow.
        """
        queries = common.checked_queries(queries, self._dimensions, k)
        asked = common.augmented_queries(queries, euclidean=self.euclidean)
        n, kept = len(self._points), min(k, len(self._points))
        ids = np.full((len(queries), k), -1)
        scores = np.full(
            ids.shape, -np.inf, np.result_type(asked, self._points)
        )
        step = min(max(1, BLOCK // n), len(queries))
        products = np.empty((step, n), scores.dtype)  # one for all blocks
        for start in range(0, len(queries), step):
            block = asked[start : start + step]
            out = np.matmul(block, self._points.T, out=products[: len(block)])
            rows, columns, found = common.top_k_candidates(out, kept)
            part = slice(start, start + len(block))
            ids[part, :kept], scores[part, :kept] = common.top_k_by_row(
                rows, columns, found, n_rows=len(block), k=kept
            )
        self.computed = np.full(len(queries), n)
        return ids, common.similarities(
            scores, queries, euclidean=self.euclidean
        )
