"""Hierarchical navigable small world (HNSW) graphs."""

from __future__ import annotations

import heapq
from math import log

import numpy as np

from . import common

Near = list[tuple[float, int]]  # (inner product, node), best first


class HNSWIndex:
    """HNSW index: largest inner products by a walk over a graph.

    Each vector is a node, linked to near ones in several directions. The
    bottom layer holds all nodes, each layer above a random 1 / m of
    those below: a walk starts at the top with long steps, and ends at the
    bottom with short ones, where the `ef_search` best seen are followed
    further. A wider beam: more work, higher recall.

    Written to be read: nodes are visited one at a time, in Python. Compare
    its work with that of other indexes by `computed`, not by the clock.

    Args:
        m: M of the paper, at least 2; of a node to others in one
            layer, and twice as many in the bottom layer.
        ef_construction: beam while the graph is built, at least 1.
        beam: ef of the paper, at least 1; k if that is more. May be
            changed between searches.
        rng: chooses how far up each node reaches.
        euclidean: look for the smallest distances instead; the scores are
            then minus their squares.

    Raises:
        ValueError: m < 2; ef_construction or ef_search < 1.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search.
        built: inner products computed by `fit`.

    Source: Malkov & Yashunin (2020), doi:10.1109/TPAMI.2018.2889473;
    neighbours are chosen by its algorithm 4.

    >>> vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> rng = np.random.default_rng(0)
    >>> index = HNSWIndex(m=2, ef_construction=3, ef_search=3, rng=rng)
    >>> index = index.fit(vectors)
    >>> index.search(np.array([[0.0, 2.0]]), k=2)
    (array([[2, 1]]), array([[2. , 0.2]]))
    """

    def __init__(
        self,
        *,
        m: int,
        ef_construction: int,
        ef_search: int,
        rng: np.random.Generator,
        euclidean: bool = False,
    ) -> None:
        if m < 2:
            raise ValueError(f"m must be at least 2, got {m}")
        if ef_construction < 1:
            raise ValueError(
                f"ef_construction must be at least 1, got {ef_construction}"
            )
        self.m, self.ef_construction = m, ef_construction
        self.ef_search = ef_search
        self._rng, self.euclidean = rng, euclidean
        self._check_ef_search()

    def fit(self, vectors: np.ndarray) -> HNSWIndex:
        """Insert the vectors into the graph, one after the other.

        Args:
            vectors: (N, D) finite.

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
        self._asked = common.augmented_queries(
            vectors, euclidean=self.euclidean
        )
        self._work = 0
        # The chance of reaching one layer further up is 1 / m.
        height = self._rng.exponential(1 / log(self.m), len(vectors))
        self._top, self._entry = int(height[0]), 0
        self._graph: list[dict[int, list[int]]] = [
            {0: []} for _ in range(self._top + 1)
        ]
        for node in range(1, len(vectors)):
            self._insert(node, int(height[node]))
        self.built = self._work
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Approximate top k of each query, among those that its walk saw.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and scores (Q, k), best first, lower id first in a
            tie; where the walk saw fewer, the ids are -1 and the scores
            -inf.

        Raises:
            ValueError: k < 1; ef_search < 1; queries not (Q, D) or not finite.
        """
        self._check_ef_search()
        queries = common.checked_queries(queries, self._dimensions, k)
        asked = common.augmented_queries(queries, euclidean=self.euclidean)
        ids = np.full((len(queries), k), -1)
        scores = np.full(
            ids.shape, -np.inf, np.result_type(queries, self._points)
        )
        self.computed = np.zeros(len(queries), dtype=np.int64)
        for q, query in enumerate(asked):
            self._work = 0
            near = self._descend(query, down_to=0)
            near = self._walk(query, near, 0, max(self.ef_search, k))[:k]
            scores[q, : len(near)] = [score for score, _ in near]
            ids[q, : len(near)] = [node for _, node in near]
            self.computed[q] = self._work
        return ids, common.similarities(
            scores, queries, euclidean=self.euclidean
        )

    def _insert(self, node: int, height: int) -> None:
        """Link a node, from its own highest layer down to the bottom."""
        query = self._asked[node]
        near = self._descend(query, down_to=min(height, self._top))
        for layer in range(min(height, self._top), -1, -1):
            near = self._walk(query, near, layer, self.ef_construction)
            graph = self._graph[layer]
            graph[node] = self._chosen(
                node, [other for _, other in near], self.m
            )
            room = self.m if layer else 2 * self.m
            for other in graph[node]:
                graph[other].append(node)
                if len(graph[other]) > room:
                    ranked = self._ranked(other, graph[other])
                    graph[other] = self._chosen(other, ranked, room)
        if height > self._top:
            more = range(self._top, height)
            self._graph += [{node: []} for _ in more]
            self._top, self._entry = height, node

    def _descend(self, query: np.ndarray, *, down_to: int) -> Near:
        """The nearest node of each layer above `down_to`, followed down."""
        start = float(self._points[self._entry] @ query)
        self._work += 1
        near = [(start, self._entry)]
        for layer in range(self._top, down_to, -1):
            near = self._walk(query, near, layer, 1)
        return near

    def _walk(
        self, query: np.ndarray, near: Near, layer: int, beam: int
    ) -> Near:
        """The best `beam` nodes of a layer that can be reached from some.

        The nearest node not yet left is left for its neighbours, until it
        is farther than the last of the beam.
        """
        graph, seen = self._graph[layer], {node for _, node in near}
        ahead = [(-score, node) for score, node in near]  # nearest on top
        best = [(score, -node) for score, node in near]  # worst on top
        heapq.heapify(ahead)
        heapq.heapify(best)
        while ahead:
            score, node = heapq.heappop(ahead)
            if len(best) >= beam and -score < best[0][0]:
                break
            new = [other for other in graph[node] if other not in seen]
            if not new:
                continue
            seen.update(new)
            self._work += len(new)
            products = (self._points[new] @ query).tolist()
            for product, other in zip(products, new, strict=True):
                if len(best) < beam or (product, -other) > best[0]:
                    heapq.heappush(ahead, (-product, other))
                    heapq.heappush(best, (product, -other))
                    if len(best) > beam:
                        heapq.heappop(best)
        ranked = sorted(best, reverse=True)[:beam]
        return [(score, -node) for score, node in ranked]

    def _ranked(self, node: int, others: list[int]) -> list[int]:
        """Other nodes, nearest first."""
        products = self._points[others] @ self._asked[node]
        self._work += len(others)
        order = np.argsort(-products, kind="stable")
        return [others[i] for i in order]

    def _chosen(self, node: int, ranked: list[int], room: int) -> list[int]:
        """Neighbours to link: each nearer to the node than to one another.

        Of several in the same direction the nearest is enough: it leads to
        the rest.
        """
        if len(ranked) < room:
            return ranked
        between = self._asked[ranked] @ self._points[ranked].T
        own = self._asked[ranked] @ self._points[node]
        self._work += len(ranked) * (len(ranked) + 1)
        open_to, chosen = np.ones(len(ranked), dtype=bool), []
        while len(chosen) < room and open_to.any():
            first = int(open_to.argmax())
            chosen.append(ranked[first])
            open_to[first] = False
            open_to &= between[:, first] <= own
        return chosen

    def _check_ef_search(self) -> None:
        if self.ef_search < 1:
            raise ValueError(
                f"ef_search must be at least 1, got {self.ef_search}"
            )
