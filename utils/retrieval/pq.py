"""Product quantisation: a vector in a few bytes, compared as it stands."""

from __future__ import annotations

import numpy as np

from . import common
from .exact import ExactIndex
from .kmeans import kmeans, nearest

ROUNDS = 15  # of k-means for each codebook
TRAIN_PER_CODE = 256  # vectors that train a code
CHUNK = 65_536  # vectors decoded at a time


class ProductQuantiser:
    """A vector as one code for each of its parts.

    Each part of the vector is replaced by the nearest of the centres that
    k-means found for that part: `parts` codes of one byte say which. That
    makes codes ** parts different vectors out of `parts` small codebooks.

    Args:
        parts: of equal length, into which vectors are cut; divides D.
        codes: centres of each part, from 1 to 256.
        rng: chooses the training sample and the first centres.

    Raises:
        ValueError: parts < 1; codes outside 1..256.

    Source: Jégou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    >>> vectors = np.array([[0.0, 5.0], [9.0, 5.0], [9.0, 7.0]])
    >>> rng = np.random.default_rng(0)
    >>> quantiser = ProductQuantiser(parts=2, codes=2, rng=rng).fit(vectors)
    >>> quantiser.decode(quantiser.encode(np.array([[8.0, 5.5], [1.0, 6.9]])))
    array([[9., 5.],
           [0., 7.]])
    """

    def __init__(
        self, *, parts: int, codes: int = 256, rng: np.random.Generator
    ) -> None:
        if parts < 1:
            raise ValueError(f"parts must be at least 1, got {parts}")
        if not 1 <= codes <= 256:
            raise ValueError(f"codes must be from 1 to 256, got {codes}")
        self.parts, self.codes, self._rng = parts, codes, rng

    def fit(self, vectors: np.ndarray) -> ProductQuantiser:
        """Find the centres of each part.

        Args:
            vectors: (N, D) finite, N at least `codes`.

        Returns:
            The quantiser itself.

        Raises:
            ValueError: not (N, D); a value not finite; N < codes; D that
                `parts` does not divide.
        """
        vectors = common.checked_vectors("vectors", vectors)
        n, dimensions = vectors.shape
        if dimensions % self.parts:
            raise ValueError(
                f"{self.parts} parts must divide the {dimensions} dimensions"
            )
        if n < self.codes:
            raise ValueError(
                f"{self.codes} codes need as many vectors, got {n}"
            )
        size = min(n, TRAIN_PER_CODE * self.codes)
        sample = vectors[self._rng.permutation(n)[:size]]
        self.books = np.stack(
            [
                kmeans(part, cells=self.codes, rounds=ROUNDS)
                for part in self._cut(sample)
            ]
        )  # (parts, codes, D / parts)
        return self

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Codes (N, parts), uint8, of vectors (N, D).

        Raises:
            ValueError: vectors of another width, or not finite.
        """
        vectors = common.checked_vectors("vectors", vectors)
        width = self.parts * self.books.shape[2]
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
        """Vectors (N, D) that the codes (N, parts) stand for."""
        parts = [book[codes[:, j]] for j, book in enumerate(self.books)]
        return np.concatenate(parts, axis=1)

    def _cut(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Its parts, (N, D / parts) each."""
        parts = np.split(vectors, self.parts, axis=1)
        return [np.ascontiguousarray(part) for part in parts]


class PQIndex:
    """Largest inner products with vectors held in a few bytes each.

    Every query meets every vector, as in exact search, but the vector is
    known by its codes only. The query stays as it is: the comparison is
    asymmetric, and loses less than one of codes with codes. The inner
    product with the decoded vector is the sum, over the parts, of the
    query's part with one centre. A loop in C would look these up in a
    table; here vectors are decoded by the chunk and multiplied with all
    queries, which gives the same numbers and costs numpy less.

    Args:
        parts: bytes of a vector; divides D.
        codes: centres of each part, from 1 to 256.
        rng: chooses the training sample and the first centres.
        euclidean: look for the smallest distances instead; the scores are
            then minus their squares.

    Raises:
        ValueError: parts < 1; codes outside 1..256.

    Attributes:
        computed: (Q,) inner products with decoded vectors computed for
            each query of the last search.
        quantiser: see there.

    Source: Jégou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    >>> vectors = np.array([[0.0, 5.0], [9.0, 5.0], [9.0, 7.0]])
    >>> rng = np.random.default_rng(0)
    >>> index = PQIndex(parts=2, codes=2, rng=rng).fit(vectors)
    >>> index.search(np.array([[1.0, 1.0]]), k=2)
    (array([[2, 1]]), array([[16., 14.]]))
    """

    def __init__(
        self,
        *,
        parts: int,
        codes: int = 256,
        rng: np.random.Generator,
        euclidean: bool = False,
    ) -> None:
        self.quantiser = ProductQuantiser(parts=parts, codes=codes, rng=rng)
        self.euclidean = euclidean

    def fit(self, vectors: np.ndarray) -> PQIndex:
        """Train the codebooks and keep the codes; the vectors are not kept.

        Args:
            vectors: (N, D) finite, N at least `codes`.

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
        """Best k vectors of each query, as far as the codes know them.

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
        return common.best_of_rows(
            rows,
            ids[rows, places],
            scores[rows, places],
            n_rows=len(queries),
            k=k,
        )
