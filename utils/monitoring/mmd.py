"""Drift of embeddings: maximum mean discrepancy of two samples."""

from __future__ import annotations

import numpy as np

from .drift import DriftResult


def median_distance(points: np.ndarray) -> float:
    """Median heuristic for the bandwidth: median distance of two rows.

    Args:
        points: (n, D) finite, n >= 2; n^2 / 2 numbers are held.

    Returns:
        At least 0.

    Raises:
        ValueError: shape; not finite.

    Source: Gretton et al. (2012), A Kernel Two-Sample Test, Journal of
        Machine Learning Research 13, 723-773.

    >>> median_distance(np.array([[0.0], [1.0], [3.0]]))
    2.0
    """
    points = _points("points", points)
    squares = _squared_distances(points)
    upper = squares[np.triu_indices(len(points), k=1)]
    return float(np.sqrt(np.median(upper)))


def mmd(
    reference: np.ndarray,
    current: np.ndarray,
    *,
    bandwidth: float,
    permutations: int,
    rng: np.random.Generator,
) -> DriftResult:
    """Maximum mean discrepancy (MMD) of embeddings, with permutation test.

    Args:
        reference: (n, D) finite, n >= 2.
        current: (m, D) likewise; (n + m)^2 numbers are held, so thin out
            above some thousands.
        bandwidth: of the kernel exp(-|x - y|^2 / (2 bandwidth^2)), above 0
            and finite, its square too.
        permutations: at least 1; p cannot be below 1 / (permutations + 1).
        rng: shuffles which rows belong to which sample.

    Returns:
        Unbiased MMD squared, so that it is 0 on average and can be negative
        if nothing has moved; p is the share of shuffles, the data itself
        counted as one, that reach it: exact for any n.

    Raises:
        ValueError: shapes; not finite; bandwidth or permutations out of
            range.

    Source: Gretton et al. (2012), A Kernel Two-Sample Test, Journal of
        Machine Learning Research 13, 723-773.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 1
    >>> mmd(x, y, bandwidth=1.0, permutations=99, rng=rng).p_value
    0.01
    """
    x, y = _points("reference", reference), _points("current", current)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"D must be the same, got {x.shape} and {y.shape}")
    if not 1e-150 < bandwidth < 1e150:  # its square is divided by
        raise ValueError(
            f"bandwidth must be in (1e-150, 1e150), got {bandwidth}"
        )
    if permutations < 1:
        raise ValueError(f"permutations must be at least 1: {permutations}")
    n, m = len(x), len(y)
    kernel = _squared_distances(np.concatenate([x, y]))
    kernel = np.exp(kernel / (-2 * bandwidth**2))
    np.fill_diagonal(kernel, 0)  # no row is compared with itself
    members = np.zeros((n + m, permutations + 1))  # first column: the data
    members[:n] = 1
    members[:, 1:] = rng.permuted(members[:, 1:], axis=0)
    within_x = np.einsum("ip,ip->p", members, kernel @ members)
    touching_x = kernel.sum(axis=1) @ members  # pairs with their x end in x
    across = touching_x - within_x
    within_y = kernel.sum() - touching_x - across
    squared = within_x / (n * (n - 1)) + within_y / (m * (m - 1))
    squared -= 2 * across / (n * m)
    reached = squared >= squared[0] - 1e-12  # equal ones differ by rounding
    return DriftResult(float(squared[0]), float(reached.mean()))


def _points(name: str, points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"{name} must be (n, D), n >= 2, got {points.shape}")
    wrong = ~(np.abs(points) <= 1e150)  # squares of larger ones overflow
    if wrong.any():
        raise ValueError(
            f"{name} must be finite and at most 1e150 in size, got "
            f"{points[wrong][0]}: count what is missing apart"
        )
    return points


def _squared_distances(points: np.ndarray) -> np.ndarray:
    points = points - points.mean(axis=0)  # large means cancel digits
    squares = np.einsum("ij,ij->i", points, points)
    distances = squares[:, None] + squares - 2 * (points @ points.T)
    return np.maximum(distances, 0)
