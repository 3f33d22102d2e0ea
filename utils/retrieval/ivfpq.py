"""Inverted file with product quantisation (IVF-PQ)."""

from __future__ import annotations

import numpy as np

from . import common
from .ivf import IVFIndex
from .pq import ProductQuantiser


class IVFPQIndex(IVFIndex):
    """IVF-PQ index: largest inner products in a few cells of coded vectors.

    A vector is kept as its cell and the product code of its *residual*,
    what the cell's centre leaves of it. Residuals are shorter than vectors
    and more alike from cell to cell, so the same bytes say more.

    Args:
        cells: how many, at least 1.
        probes: cells visited per query, from 1 to cells. May be changed
            between searches.
        subvectors: bytes of a vector beside its cell; divides D.
        centroids: of each subvector, from 1 to 256.
        rng: chooses the training samples and the first centres.
        euclidean: look for the smallest distances instead; the scores are
            then minus their squares.

    Raises:
        ValueError: cells < 1; probes outside 1..cells; parts < 1; codes
            outside 1..256. From `fit` also: as `ProductQuantiser.fit`.

    Attributes:
        computed: (Q,) inner products computed for each query of the last
            search, with centres and with decoded vectors.
        quantiser: that of the residuals.

    Source: Jégou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    >>> vectors = np.array([[9.0, 0.0], [8.0, 0.0], [0.0, 9.0], [0.0, 8.0]])
    >>> rng = np.random.default_rng(0)
    >>> options = {"cells": 2, "probes": 1, "subvectors": 1, "centroids": 4}
    >>> index = IVFPQIndex(**options, rng=rng).fit(vectors)
    >>> index.search(np.array([[1.0, 0.0]]), k=2)
    (array([[0, 1]]), array([[9., 8.]]))
    """

    def __init__(
        self,
        *,
        cells: int,
        probes: int,
        subvectors: int,
        centroids: int = 256,
        rng: np.random.Generator,
        euclidean: bool = False,
    ) -> None:
        super().__init__(
            cells=cells, probes=probes, rng=rng, euclidean=euclidean
        )
        self.quantiser = ProductQuantiser(
            subvectors=subvectors, centroids=centroids, rng=rng
        )

    def _keep(self, members: np.ndarray, cell: np.ndarray) -> None:
        self._dimensions = members.shape[1]
        residuals = members - self._centres[cell, : self._dimensions]
        self._codes = self.quantiser.fit(residuals).encode(residuals)

    def _products(self, queries: np.ndarray, cell: int) -> np.ndarray:
        decoded = self.quantiser.decode(self._codes[self._span(cell)])
        decoded += self._centres[cell, : self._dimensions]
        points = common.augmented_vectors(decoded, euclidean=self.euclidean)
        return queries @ points.T
