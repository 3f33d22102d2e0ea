"""Variety within a list, and of what is shown at all."""

from __future__ import annotations

import numpy as np


def intra_list_distance(vectors: np.ndarray) -> np.ndarray:
    """Mean cosine distance between the items of a list.

    Args:
        vectors: (..., k, D) one vector per item shown.

    Returns:
        (...) in [0, k / (k - 1)]: the mean of 1 - cosine over all pairs;
        nan for lists of fewer than two items, or with a vector of zeros.

    Raises:
        ValueError: a value that is not finite; fewer than two axes.

    Source: Ziegler et al. (2005), doi:10.1145/1060745.1060754.

    >>> intra_list_distance(np.array([[1, 0], [0, 2], [0, 1]])).round(3)
    np.float64(0.667)
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim < 2:
        raise ValueError(
            f"vectors must be (..., k, D), got shape {vectors.shape}"
        )
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite, got nan or inf")
    k = vectors.shape[-2]
    if k < 2:
        return np.full(vectors.shape[:-2], np.nan)[()]
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        # |sum of u|^2 = k + 2 * (sum of cosines over pairs)
        squared = (unit.sum(axis=-2) ** 2).sum(axis=-1)
        distance = 1 - (squared - k) / (k * (k - 1))
    return np.maximum(distance, 0.0)  # rounding may leave -1e-16


def coverage(ranked_ids: np.ndarray, *, n_items: int) -> float:
    """Share of the catalogue that appears in at least one list.

    Args:
        ranked_ids: integer items of any shape, all lists together; -1
            marks a place left empty.
        n_items: size of the catalogue, at least 1.

    Returns:
        In [0, 1]: distinct items shown, divided by n_items.

    Raises:
        ValueError: n_items < 1; ids not integers, or not in -1..n_items-1.

    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    ids = np.asarray(ranked_ids)
    if n_items < 1:
        raise ValueError(f"n_items must be at least 1, got {n_items}")
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids must be integers, got {ids.dtype}")
    wrong = (ids < -1) | (ids >= n_items)
    if wrong.any():
        raise ValueError(
            f"ids must be from -1 to {n_items - 1}, got {ids[wrong][0]}"
        )
    return len(np.unique(ids[ids >= 0])) / n_items


def gini(exposure: np.ndarray) -> np.ndarray:
    """Inequality of exposure: 0 if all items are shown equally often.

    Args:
        exposure: (..., N) how often each item of the catalogue was shown,
            items never shown included.

    Returns:
        (...) in [0, 1 - 1/N]: with x ascending, the sum over ranks i of
        (2i - N - 1) x_i, divided by N times the sum of x; nan where
        nothing was shown.

    Raises:
        ValueError: an exposure that is negative or not finite; no items.

    Source: Gini (1912), Variabilità e mutabilità.

    >>> gini(np.array([0, 0, 0, 8]))
    np.float64(0.75)
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    if exposure.ndim == 0 or exposure.shape[-1] == 0:
        raise ValueError(
            f"exposure needs at least one item, got shape {exposure.shape}"
        )
    wrong = ~np.isfinite(exposure) | (exposure < 0)
    if wrong.any():
        raise ValueError(
            f"exposure must be finite and at least 0, got {exposure[wrong][0]}"
        )
    n = exposure.shape[-1]
    weight = 2 * np.arange(1, n + 1) - n - 1  # (N,) from 1 - N to N - 1
    total = exposure.sum(axis=-1)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing was shown
        return np.sort(exposure, axis=-1) @ weight / (n * total)
