"""Product quantisation (PQ) of vectors, and search in their codes."""

from __future__ import annotations

import numpy as np

from . import common
from .exact import ExactIndex
from .kmeans import kmeans, nearest

ITERATIONS = 15  # of k-means for each codebook
TRAIN_PER_CENTROID = 256  # vectors that train a code
CHUNK = 65_536  # vectors decoded at a time


class ProductQuantiser:
    """Product quantiser: a vector as one code for each of its subvectors.

    Each subvector is replaced by the nearest of the centroids that k-means
    found for it: codes of one byte say which. That makes centroids **
    subvectors different vectors out of a few small codebooks.

    Args:
        subvectors: of equal length, into which vectors are cut; divides D.
        centroids: of each subvector, from 1 to 256.
        rng: chooses the training sample and the first centres.

    Raises:
        ValueError: subvectors < 1; centroids outside 1..256.

    Source: Jégou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    >>> vectors = np.array([[0.0, 5.0], [9.0, 5.0], [9.0, 7.0]])
    >>> rng = np.random.default_rng(0)
    >>> quantiser = ProductQuantiser(subvectors=2, centroids=2, rng=rng)
    >>> quantiser = quantiser.fit(vectors)
    >>> quantiser.decode(quantiser.encode(np.array([[8.0, 5.5], [1.0, 6.9]])))
    array([[9., 5.],
           [0., 7.]])
    """

    def __init__(
        self,
        *,
        subvectors: int,
        centroids: int = 256,
        rng: np.random.Generator,
    ) -> None:
        if subvectors < 1:
            raise ValueError(
                f"subvectors must be at least 1, got {subvectors}"
            )
        if not 1 <= centroids <= 256:
            raise ValueError(
                f"centroids must be from 1 to 256, got {centroids}"
            )
        self.subvectors, self.centroids, self._rng = subvectors, centroids, rng

    def fit(self, vectors: np.ndarray) -> ProductQuantiser:
        """Train the codebook of each subvector.

        Args:
            vectors: (N, D) finite, N at least `centroids`.

        Returns:
            The quantiser itself.

        Raises:
            ValueError: not (N, D); a value not finite; N < centroids; D that
                `subvectors` does not divide.
        """
        vectors = common.checked_vectors("vectors", vectors)
        n, dimensions = vectors.shape
        if dimensions % self.subvectors:
            raise ValueError(
                f"{self.subvectors} subvectors must divide the {dimensions} "
                "dimensions"
            )
        if n < self.centroids:
            raise ValueError(
                f"{self.centroids} centroids need as many vectors, got {n}"
            )
        size = min(n, TRAIN_PER_CENTROID * self.centroids)
        sample = vectors[self._rng.permutation(n)[:size]]
        self.books = np.stack(
            [
                kmeans(part, clusters=self.centroids, iterations=ITERATIONS)
                for part in self._cut(sample)
            ]
        )  # (subvectors, centroids, D / subvectors)
        return self

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Codes (N, subvectors), uint8, of vectors (N, D).

        Raises:
            ValueError: vectors of another width, or not finite.
        """
        vectors = common.checked_vectors("vectors", vectors)
        width = self.subvectors * self.books.shape[2]
        if vectors.shape[1] != width:
            raise ValueError(
                f"vectors must have {width} dimensions, got {vectors.shape[1]}"
            )
        codes = [
            nearest(part, book, euclidean=True)[0]
            for part, book in zip(self._cut(vectors), self.books, strict=True)
        ]
        return np.stack(codes, axis=1).astype(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Vectors (N, D) that the codes (N, subvectors) stand for."""
        parts = [book[codes[:, j]] for j, book in enumerate(self.books)]
        return np.concatenate(parts, axis=1)

    def _cut(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Subvectors, (N, D / subvectors) each."""
        parts = np.split(vectors, self.subvectors, axis=1)
        return [np.ascontiguousarray(part) for part in parts]


class PQIndex:
    """PQ index: largest inner products with product-quantised vectors.

    Every query meets every vector, as in exact search, but the vector is
    known by its codes only. The query stays as it is: the comparison is
    asymmetric, and loses less than one of codes with codes. The inner
    product with the decoded vector is the sum, over the parts, of the
    query's part with one centre. A loop in C would look these up in a
    table; here vectors are decoded by the chunk and multiplied with all
    queries, which gives the same numbers and costs numpy less.

    Args:
        subvectors: bytes of a vector; divides D.
        centroids: of each subvector, from 1 to 256.
        rng: chooses the training sample and the first centres.
        euclidean: look for the smallest distances instead; the scores are
            then minus their squares.

    Raises:
        ValueError: subvectors < 1; centroids outside 1..256.

    Attributes:
        computed: (Q,) inner products with decoded vectors computed for
            each query of the last search.
        quantiser: see there.

    Source: Jégou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    >>> vectors = np.array([[0.0, 5.0], [9.0, 5.0], [9.0, 7.0]])
    >>> rng = np.random.default_rng(0)
    >>> index = PQIndex(subvectors=2, centroids=2, rng=rng).fit(vectors)
    >>> index.search(np.array([[1.0, 1.0]]), k=2)
    (array([[2, 1]]), array([[16., 14.]]))
    """

    def __init__(
        self,
        *,
        subvectors: int,
        centroids: int = 256,
        rng: np.random.Generator,
        euclidean: bool = False,
    ) -> None:
        self.quantiser = ProductQuantiser(
            subvectors=subvectors, centroids=centroids, rng=rng
        )
        self.euclidean = euclidean

    def fit(self, vectors: np.ndarray) -> PQIndex:
        """Train the codebooks and keep the codes; the vectors are not kept.

        Args:
            vectors: (N, D) finite, N at least `centroids`.

        Returns:
            The index itself.

        Raises:
            ValueError: as `ProductQuantiser.fit`.
        """
        vectors = common.checked_vectors("vectors", vectors)
        self._codes = self.quantiser.fit(vectors).encode(vectors)
        self._dimensions = vectors.shape[1]
        return self

    def search(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Approximate top k of each query, by decoded vectors.

        Args:
            queries: (Q, D).
            k: how many, at least 1.

        Returns:
            ids (Q, k) and scores (Q, k) of the decoded vectors, best
            first, lower id first in a tie: vectors with the same codes
            are; beyond N the ids are -1 and the scores -inf.

        Raises:
            ValueError: k < 1; queries not (Q, D) or not finite.
        """
        queries = common.checked_queries(queries, self._dimensions, k)
        parts = []
        for start in range(0, len(self._codes), CHUNK):
            chunk = self.quantiser.decode(self._codes[start : start + CHUNK])
            index = ExactIndex(euclidean=self.euclidean).fit(chunk)
            ids, scores = index.search(queries, k)
            parts.append((np.where(ids < 0, -1, ids + start), scores))
        self.computed = np.full(len(queries), len(self._codes))
        ids, scores = (
            np.concatenate(p, axis=1) for p in zip(*parts, strict=True)
        )
        rows, places = np.nonzero(ids >= 0)
        return common.top_k_by_row(
            rows,
            ids[rows, places],
            scores[rows, places],
            n_rows=len(queries),
            k=k,
        )
