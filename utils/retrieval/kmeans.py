"""k-means clustering, Euclidean and spherical."""

from __future__ import annotations

import numpy as np

from . import common

BLOCK = 500_000  # similarities held at a time: 2 MB in float32


def kmeans(
    vectors: np.ndarray, *, clusters: int, iterations: int
) -> np.ndarray:
    """Lloyd's k-means: centres, each the mean of the vectors nearest to it.

    Args:
        vectors: (N, D) in random order: the first `clusters` are where the
            centres start.
        clusters: how many centres, from 1 to N.
        iterations: how often vectors are assigned and centres moved.

    Returns:
        (clusters, D). A centre left without vectors takes the place of the
        vector farthest from its own.

    Raises:
        ValueError: clusters outside 1..N; vectors not (N, D) or not finite.

    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> kmeans(np.array([[0.0], [9.0], [1.0]]), clusters=2, iterations=2)
    array([[0.5],
           [9. ]])
    """
    vectors = _checked(vectors, clusters)
    own = np.einsum("nd,nd->n", vectors, vectors) / 2
    centres = vectors[:clusters].copy()
    for _ in range(iterations):
        cluster, near = nearest(vectors, centres, euclidean=True)
        total, sizes, _ = _sums(vectors, cluster, clusters)
        filled = sizes > 0
        centres[filled] = total / sizes[filled, None]
        if not filled.all():
            worst = np.argsort(near - own, kind="stable")  # -distance² / 2
            centres[~filled] = vectors[worst[: (~filled).sum()]]
    return centres


def spherical_kmeans(
    vectors: np.ndarray, *, clusters: int, iterations: int
) -> np.ndarray:
    """Spherical k-means: unit centres in the mean direction of their vectors.

    Args:
        vectors: (N, D) in random order: the first `clusters` that are not
            zero are where the centres start.
        clusters: how many centres, from 1 to N.
        iterations: how often vectors are assigned and centres moved.

    Returns:
        (clusters, D) of length 1. A centre left without vectors takes the
        direction of the vector worst served by its own.

    Raises:
        ValueError: clusters outside 1..N; fewer than `clusters` vectors that
            are not zero; vectors not (N, D) or not finite.

    Source: Dhillon & Modha (2001), doi:10.1023/A:1007612920971.

    >>> vectors = np.array([[2.0, 0.0], [0.0, 3.0]])
    >>> spherical_kmeans(vectors, clusters=2, iterations=1)
    array([[1., 0.],
           [0., 1.]])
    """
    vectors = _checked(vectors, clusters)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors[length[:, 0] > 0] / length[length[:, 0] > 0]
    if len(unit) < clusters:
        raise ValueError(
            f"{clusters} clusters need as many vectors that are not zero, got "
            f"{len(unit)}"
        )
    centres = unit[:clusters].copy()
    for _ in range(iterations):
        cluster, near = nearest(unit, centres, euclidean=False)
        total, sizes, last = _sums(unit, cluster, clusters)
        filled = sizes > 0
        # vectors that cancel leave no direction: keep one of them
        gone = np.linalg.norm(total, axis=1) < 1e-6
        total[gone] = unit[last[gone]]
        centres[filled] = total
        if not filled.all():
            worst = np.argsort(near, kind="stable")
            centres[~filled] = unit[worst[: (~filled).sum()]]
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return centres


def nearest(
    vectors: np.ndarray, centres: np.ndarray, *, euclidean: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest centre of each vector, and the inner product with it.

    Args:
        vectors: (N, D).
        centres: (C, D).
        euclidean: by distance, else by inner product.

    Returns:
        (N,) centre, the lower one in a tie, and (N,) its inner product
        with the vector, less half its own squared length if euclidean.

    >>> cluster, _ = nearest(
    ...     np.array([[1.0], [5.0]]), np.array([[0.0], [4.0]]), euclidean=True
    ... )
    >>> cluster
    array([0, 1])
    """
    n = len(vectors)
    # c . x - |c|² / 2, largest where |x - c| is smallest
    half = np.einsum("cd,cd->c", centres, centres) / 2
    cluster = np.empty(n, dtype=np.int64)
    near = np.empty(n, np.result_type(vectors, centres))
    step = max(1, BLOCK // len(centres))
    products = np.empty((min(step, n), len(centres)), near.dtype)
    for start in range(0, n, step):
        block = vectors[start : start + step]
        part = slice(start, start + len(block))
        out = np.matmul(block, centres.T, out=products[: len(block)])
        if euclidean:
            out -= half
        cluster[part] = out.argmax(axis=1)
        near[part] = out[np.arange(len(block)), cluster[part]]
    return cluster, near


def _sums(
    vectors: np.ndarray, cluster: np.ndarray, clusters: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of each cluster with vectors; sizes (clusters,); a last member."""
    order = np.argsort(cluster.astype(np.int32), kind="stable")
    sizes = np.bincount(cluster, minlength=clusters)
    ends = np.cumsum(sizes)
    filled = sizes > 0
    total = np.add.reduceat(vectors[order], (ends - sizes)[filled], axis=0)
    return total, sizes, order[ends[filled] - 1]


def _checked(vectors: np.ndarray, clusters: int) -> np.ndarray:
    vectors = common.checked_vectors("vectors", vectors)
    if not 1 <= clusters <= len(vectors):
        raise ValueError(
            f"clusters must be from 1 to {len(vectors)} (vectors), got "
            f"{clusters}"
        )
    return vectors
