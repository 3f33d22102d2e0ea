"""Inverted-file search: look only into the cells near the query."""

from __future__ import annotations

import numpy as np

from utils.metrics import ranking
from utils.retrieval.exact import checked_queries, checked_vectors

ROUNDS = 10  # of k-means; recall hardly moves after that
TRAIN_PER_CELL = 256  # vectors that train a cell: more add time, not recall


class IVFIndex:
    """Largest inner products among the vectors of a few cells.

    Spherical k-means cuts the space into cells by direction; a query visits
    the `probes` cells whose centres have the largest inner product with it.
    Fewer probes: less work, lower recall.

    Args:
        cells: how many, at least 1; near the square root of N balances
            the work on centres with that on members.
        probes: cells visited per query, from 1 to cells. May be changed
            between searches.
        rng: chooses the training sample and the first centres.

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
        self, *, cells: int, probes: int, rng: np.random.Generator
    ) -> None:
        if cells < 1:
            raise ValueError(f"cells must be at least 1, got {cells}")
        self.cells, self.probes, self._rng = cells, probes, rng
        self._check_probes()

    def fit(self, vectors: np.ndarray) -> IVFIndex:
        """Find the cells and put each vector into its own.

        Args:
            vectors: (N, D) finite, N at least `cells`.

        Returns:
            The index itself.

        Raises:
            ValueError: not (N, D); a value not finite; N < cells.
        """
        vectors = checked_vectors("vectors", vectors)
        if len(vectors) < self.cells:
            raise ValueError(
                f"{self.cells} cells need as many vectors, got {len(vectors)}"
            )
        size = min(len(vectors), TRAIN_PER_CELL * self.cells)
        sample = vectors[self._rng.permutation(len(vectors))[:size]]
        self._centres = spherical_kmeans(
            sample, cells=self.cells, rounds=ROUNDS
        )
        cell = np.argmax(vectors @ self._centres.T, axis=1)  # (N,)
        # Members of a cell stand together, in the order of their ids.
        self._ids = np.argsort(cell, kind="stable")
        self._members = vectors[self._ids]
        self._ends = np.cumsum(np.bincount(cell, minlength=self.cells))
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Best k vectors of each query among the cells that it visits.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and inner products (Q, k), best first, lower id
            first in a tie; where the cells hold fewer, the ids are -1 and
            the scores -inf.

        Raises:
            ValueError: k < 1; probes outside 1..cells; queries not (Q, D)
                or not finite.
        """
        self._check_probes()
        queries = checked_queries(queries, self._members.shape[1], k)
        visits = ranking.top_k(queries @ self._centres.T, k=self.probes)
        dtype = np.result_type(queries, self._members)
        ids = np.full((len(queries), k), -1)
        scores = np.full((len(queries), k), -np.inf, dtype)
        self.computed = np.full(len(queries), self.cells)
        starts = np.append(0, self._ends[:-1])
        for q, query in enumerate(queries):
            spans = [slice(starts[c], self._ends[c]) for c in visits[q]]
            found = np.concatenate([self._ids[span] for span in spans])
            near = np.concatenate([self._members[s] @ query for s in spans])
            self.computed[q] += len(found)
            kept = min(k, len(found))
            if kept:
                by_id = np.argsort(found)  # so that ties go to the lower id
                best = by_id[ranking.top_k(near[by_id], k=kept)]
                ids[q, :kept], scores[q, :kept] = found[best], near[best]
        return ids, scores

    def _check_probes(self) -> None:
        if not 1 <= self.probes <= self.cells:
            raise ValueError(
                f"probes must be from 1 to {self.cells} (the cells), got "
                f"{self.probes}"
            )


def spherical_kmeans(
    vectors: np.ndarray, *, cells: int, rounds: int
) -> np.ndarray:
    """Unit centres, each in the mean direction of its vectors.

    Args:
        vectors: (N, D) in random order: the first `cells` that are not
            zero are where the centres start.
        cells: how many centres, from 1 to N.
        rounds: how often vectors are assigned and centres moved.

    Returns:
        (cells, D) of length 1. A centre left without vectors takes the
        direction of the vector worst served by its own.

    Raises:
        ValueError: cells outside 1..N; fewer than `cells` vectors that are
            not zero.

    >>> spherical_kmeans(np.array([[2.0, 0.0], [0.0, 3.0]]), cells=2, rounds=1)
    array([[1., 0.],
           [0., 1.]])
    """
    if not 1 <= cells <= len(vectors):
        raise ValueError(
            f"cells must be from 1 to {len(vectors)} (vectors), got {cells}"
        )
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors[length[:, 0] > 0] / length[length[:, 0] > 0]
    if len(unit) < cells:
        raise ValueError(
            f"{cells} cells need as many vectors that are not zero, got "
            f"{len(unit)}"
        )
    centres = unit[:cells].copy()
    for _ in range(rounds):
        similarity = unit @ centres.T  # (N, cells)
        cell = similarity.argmax(axis=1)
        order = np.argsort(cell, kind="stable")
        sizes = np.bincount(cell, minlength=cells)
        filled = sizes > 0
        starts = (np.cumsum(sizes) - sizes)[filled]
        centres[filled] = np.add.reduceat(unit[order], starts, axis=0)
        worst = np.argsort(similarity.max(axis=1), kind="stable")
        centres[~filled] = unit[worst[: (~filled).sum()]]
        norm = np.linalg.norm(centres, axis=1, keepdims=True)
        # vectors that cancel leave no direction: keep one of them
        gone = norm[:, 0] < 1e-6
        centres[gone] = unit[order[np.cumsum(sizes)[gone] - 1]]
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return centres
