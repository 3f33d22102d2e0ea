"""Inverted-file (IVF) index: search in the cells near the query."""

from __future__ import annotations

import numpy as np

from ..metrics import ranking
from . import common
from .kmeans import kmeans, nearest, spherical_kmeans

ITERATIONS = 10  # of k-means; recall hardly moves after that
TRAIN_PER_CELL = 256  # vectors that train a cell: more add time, not recall
BLOCK = 4096  # queries at a time


class IVFIndex:
    """IVF index: largest inner products among the vectors of a few cells.

    Spherical k-means cuts the space into cells by direction; a query visits
    the `probes` cells whose centres have the largest inner product with it.
    Fewer probes: less work, lower recall.

    Args:
        cells: how many, at least 1; near the square root of N balances
            the work on centres with that on members.
        probes: cells visited per query, from 1 to cells. May be changed
            between searches.
        rng: chooses the training sample and the first centres.
        euclidean: look for the smallest distances instead, in the cells of
            plain k-means; the scores are then minus their squares.

    Raises:
        ValueError: cells < 1; probes outside 1..cells.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search, those with the centres included.

    Source: Sivic & Zisserman (2003), doi:10.1109/ICCV.2003.1238663; the
    k-means of Dhillon & Modha (2001), doi:10.1023/A:1007612920971.

    >>> vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> rng = np.random.default_rng(0)
    >>> index = IVFIndex(cells=2, probes=1, rng=rng).fit(vectors)
    >>> index.search(np.array([[0.0, 2.0]]), k=1)
    (array([[2]]), array([[2.]]))
    """

    def __init__(
        self,
        *,
        cells: int,
        probes: int,
        rng: np.random.Generator,
        euclidean: bool = False,
    ) -> None:
        if cells < 1:
            raise ValueError(f"cells must be at least 1, got {cells}")
        self.cells, self.probes, self._rng = cells, probes, rng
        self.euclidean = euclidean
        self._check_probes()

    def fit(self, vectors: np.ndarray) -> IVFIndex:
        """Train the cells and assign each vector to its own.

        Args:
            vectors: (N, D) finite, N at least `cells`.

        Returns:
            The index itself.

        Raises:
            ValueError: not (N, D); a value not finite; N < cells.
        """
        vectors = common.checked_vectors("vectors", vectors)
        if len(vectors) < self.cells:
            raise ValueError(
                f"{self.cells} cells need as many vectors, got {len(vectors)}"
            )
        size = min(len(vectors), TRAIN_PER_CELL * self.cells)
        sample = vectors[self._rng.permutation(len(vectors))[:size]]
        train = kmeans if self.euclidean else spherical_kmeans
        centres = train(sample, clusters=self.cells, iterations=ITERATIONS)
        cell, _ = nearest(vectors, centres, euclidean=self.euclidean)
        # Members of a cell stand together, in the order of their ids.
        self._ids = np.argsort(cell, kind="stable")
        self._ends = np.cumsum(np.bincount(cell, minlength=self.cells))
        self._centres = common.augmented_vectors(
            centres, euclidean=self.euclidean
        )
        self._keep(vectors[self._ids], cell[self._ids])
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Approximate top k of each query, in the cells that it visits.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and scores (Q, k), best first, lower id first in a
            tie; where the cells hold fewer, the ids are -1 and the scores
            -inf.

        Raises:
            ValueError: k < 1; probes outside 1..cells; queries not (Q, D)
                or not finite.
        """
        self._check_probes()
        queries = common.checked_queries(queries, self._dimensions, k)
        asked = common.augmented_queries(queries, euclidean=self.euclidean)
        self.computed = np.empty(len(queries), dtype=np.int64)
        parts = []
        for start in range(0, len(queries), BLOCK):
            block = asked[start : start + BLOCK]
            visits = ranking.top_k(block @ self._centres.T, k=self.probes)
            sizes = np.diff(self._ends, prepend=0)
            self.computed[start : start + len(block)] = self.cells + sizes[
                visits
            ].sum(axis=1)
            parts.append(self._search_block(block, visits, k))
        ids, scores = map(np.concatenate, zip(*parts, strict=True))
        return ids, common.similarities(
            scores, queries, euclidean=self.euclidean
        )

    def _keep(self, members: np.ndarray, cell: np.ndarray) -> None:
        """Store the members (N, D), given with the cell of each."""
        self._dimensions = members.shape[1]
        self._points = common.augmented_vectors(
            members, euclidean=self.euclidean
        )

    def _products(self, queries: np.ndarray, cell: int) -> np.ndarray:
        """Inner products (Q', m) of queries with the members of a cell."""
        return queries @ self._points[self._span(cell)].T

    def _search_block(
        self, queries: np.ndarray, visits: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ids and inner products (Q', k), cell by cell for all its visitors.

        The k-th best of the first cell is a bound: of the other cells only
        what reaches it need be kept.
        """
        bound = np.full(len(queries), -np.inf)
        found = []
        for cell, visitors in _by_cell(visits[:, :1]):
            products = self._products(queries[visitors], cell)
            if products.shape[1] > k:
                last = products.shape[1] - k
                bound[visitors] = np.partition(products, last)[:, last]
            found.append(self._reaching(products, bound, visitors, cell))
        for cell, visitors in _by_cell(visits[:, 1:]):
            products = self._products(queries[visitors], cell)
            found.append(self._reaching(products, bound, visitors, cell))
        rows, ids, scores = map(np.concatenate, zip(*found, strict=True))
        return common.top_k_by_row(rows, ids, scores, n_rows=len(queries), k=k)

    def _reaching(self, products, bound, visitors, cell):
        """Rows, ids and scores of the products that reach the bounds."""
        reaches = products >= bound[visitors, None].astype(products.dtype)
        rows, columns = np.divmod(np.flatnonzero(reaches), products.shape[1])
        ids = self._ids[self._span(cell)][columns]
        return visitors[rows], ids, products[rows, columns]

    def _span(self, cell: int) -> slice:
        """Where the members of a cell stand."""
        return slice(self._ends[cell - 1] if cell else 0, self._ends[cell])

    def _check_probes(self) -> None:
        if not 1 <= self.probes <= self.cells:
            raise ValueError(
                f"probes must be from 1 to {self.cells} (the cells), got "
                f"{self.probes}"
            )


def _by_cell(visits: np.ndarray):
    """Each cell with the queries that visit it; `visits` is (Q, probes)."""
    order = np.argsort(visits.ravel(), kind="stable")
    cells, starts = np.unique(visits.ravel()[order], return_index=True)
    visitors = order // max(1, visits.shape[1])
    return zip(cells, np.split(visitors, starts[1:]), strict=False)
