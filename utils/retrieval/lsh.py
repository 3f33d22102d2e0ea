"""Locality-sensitive hashing (LSH) by random hyperplanes."""

from __future__ import annotations

import numpy as np

from . import common

BLOCK = 128  # queries at a time
PAIRS = 100_000  # of query and candidate, multiplied at a time


class LSHIndex:
    """LSH index: largest inner products among vectors that share a bucket.

    Random hyperplanes through the origin cut the space; a vector's bucket
    says on which side of each it lies. Two vectors at an angle of theta are
    on the same side of one with chance 1 - theta / pi, so in the same
    bucket of at least one table with chance

        1 - (1 - (1 - theta / pi) ** bits) ** tables.

    More bits: smaller buckets, less work. More tables: higher recall. What
    is found is compared by its inner product; where lengths differ widely,
    the largest may lie at an angle that no bucket shares.

    Args:
        bits: hyperplanes of a table, from 1 to 62; near log2 of N gives
            buckets of about one vector.
        tables: at least 1.
        rng: draws the hyperplanes.

    Raises:
        ValueError: bits outside 1..62; tables < 1.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search, those with the hyperplanes included.

    Source: Charikar (2002), doi:10.1145/509907.509965.

    >>> vectors = np.array([[1.0, 0.1], [-1.0, 0.2], [1.0, -0.1]])
    >>> rng = np.random.default_rng(0)
    >>> index = LSHIndex(bits=1, tables=2, rng=rng).fit(vectors)
    >>> index.search(np.array([[2.0, 0.0]]), k=3)
    (array([[ 0,  2, -1]]), array([[  2.,   2., -inf]]))
    """

    def __init__(
        self, *, bits: int, tables: int, rng: np.random.Generator
    ) -> None:
        if not 1 <= bits <= 62:
            raise ValueError(f"bits must be from 1 to 62, got {bits}")
        if tables < 1:
            raise ValueError(f"tables must be at least 1, got {tables}")
        self.bits, self.tables, self._rng = bits, tables, rng

    def fit(self, vectors: np.ndarray) -> LSHIndex:
        """Draw the hyperplanes and put each vector into its buckets.

        Args:
            vectors: (N, D) finite.

        Returns:
            The index itself.

        Raises:
            ValueError: not (N, D) with N at least 1; a value not finite.
        """
        self._vectors = common.checked_vectors("vectors", vectors)
        self._planes = self._rng.normal(
            size=(self.tables * self.bits, self._vectors.shape[1])
        )
        buckets = self.buckets(self._vectors)
        # In each table, ids by bucket: a bucket is a stretch of them.
        self._ids = np.argsort(buckets, axis=0, kind="stable")
        self._sorted = np.take_along_axis(buckets, self._ids, axis=0)
        return self

    def buckets(self, vectors: np.ndarray) -> np.ndarray:
        """Bucket of each vector in each table.

        Args:
            vectors: (N, D).

        Returns:
            (N, tables) integers from 0 to 2 ** bits - 1: one bit for each
            hyperplane, set where the vector lies on it or above.
        """
        above = vectors @ self._planes.T >= 0
        above = above.reshape(len(vectors), self.tables, self.bits)
        return above @ (1 << np.arange(self.bits, dtype=np.int64))

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Approximate top k of each query, among those in its buckets.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and inner products (Q, k), best first, lower id
            first in a tie; where the buckets hold fewer, the ids are -1
            and the scores -inf.

        Raises:
            ValueError: k < 1; queries not (Q, D) or not finite.
        """
        queries = common.checked_queries(queries, self._vectors.shape[1], k)
        self.computed = np.full(len(queries), self.tables * self.bits)
        parts = []
        for start in range(0, len(queries), BLOCK):
            block = queries[start : start + BLOCK]
            rows, ids = self._candidates(block)
            scores = self._products(block, rows, ids)
            self.computed[start : start + len(block)] += np.bincount(
                rows, minlength=len(block)
            )
            parts.append(
                common.top_k_by_row(rows, ids, scores, n_rows=len(block), k=k)
            )
        ids, scores = map(np.concatenate, zip(*parts, strict=True))
        return ids, scores

    def _products(
        self, queries: np.ndarray, rows: np.ndarray, ids: np.ndarray
    ) -> np.ndarray:
        """Inner product (C,) of the query and the vector of each pair."""
        scores = np.empty(len(rows), np.result_type(queries, self._vectors))
        for start in range(0, len(rows), PAIRS):
            part = slice(start, start + PAIRS)
            np.einsum(
                "cd,cd->c",
                queries[rows[part]],
                self._vectors[ids[part]],
                out=scores[part],
            )
        return scores

    def _candidates(self, queries: np.ndarray) -> tuple[np.ndarray, ...]:
        """Rows and ids (C,) of all that share a bucket, each pair once."""
        n, pairs = len(self._vectors), []
        for table, wanted in enumerate(self.buckets(queries).T):
            of = self._sorted[:, table]
            first = np.searchsorted(of, wanted, side="left")
            sizes = np.searchsorted(of, wanted, side="right") - first
            rows = np.repeat(np.arange(len(queries)), sizes)
            within = np.arange(len(rows)) - (np.cumsum(sizes) - sizes)[rows]
            ids = self._ids[first[rows] + within, table]
            pairs.append(rows * n + ids)
        return np.divmod(np.unique(np.concatenate(pairs)), n)
