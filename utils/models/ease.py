"""EASE: a linear item-to-item autoencoder, by one ridge regression.

The closed form needs one inverse of an item-by-item matrix: N² numbers of
memory (N = 4,000: 128 MB while solving in float64, 64 MB kept as float32) and
N³ work. Callers with more items keep only the most popular.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

LARGEST = 1e100  # squares, added up over all users, stay floats


def fit_ease(interactions: sparse.csr_matrix, *, l2: float) -> np.ndarray:
    """EASE weights B: minimise |X - XB|² + l2 |B|² with diag(B) = 0.

    Scores of all items for a user are the user's row of X times B.

    Args:
        interactions: (U, N) X, usually 0 and 1.
        l2: shrinkage, above 0, in units of squared interactions: what an
            item has fewer users than this is mostly shrunk away.

    Returns:
        (N, N) float32 B; column j predicts item j, the diagonal is 0.

    Raises:
        ValueError: l2 not above 0, or beyond 1e100; no items; interactions
            not finite or beyond 1e100.

    Source: Steck (2019), doi:10.1145/3308558.3313710.

    >>> X = sparse.csr_matrix([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    >>> fit_ease(X, l2=1.0).round(2)
    array([[0.  , 0.67, 0.  ],
           [0.67, 0.  , 0.  ],
           [0.  , 0.  , 0.  ]], dtype=float32)
    """
    if not 0 < l2 <= LARGEST:
        raise ValueError(
            f"l2 must be above 0 and at most {LARGEST:g}, got {l2}"
        )
    inverse = inverse_gram(interactions, l2=l2)
    weights = 0.0 - inverse / np.diag(inverse)  # column j by its P_jj
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)


def inverse_gram(interactions: sparse.csr_matrix, *, l2: float) -> np.ndarray:
    """Inverse of the regularised Gram matrix X'X + l2 I, (N, N) float64."""
    from scipy.linalg import lapack

    X = sparse.csr_matrix(interactions, dtype=np.float64)
    if X.shape[1] == 0:
        raise ValueError("interactions must have at least 1 item, got 0")
    wrong = ~(np.abs(X.data) <= LARGEST)
    if wrong.any():
        raise ValueError(
            f"interactions must be finite and at most {LARGEST:g} in size, "
            f"got {X.data[wrong][0]}"
        )
    gram = np.asfortranarray((X.T @ X).toarray())
    gram[np.diag_indices_from(gram)] += l2
    factor, failed = lapack.dpotrf(gram, overwrite_a=True)
    if not failed:
        inverse, failed = lapack.dpotri(factor, overwrite_c=True)
    if failed:
        raise ValueError(f"X'X + l2 I must be positive definite, l2 is {l2}")
    upper = np.triu(inverse)  # dpotri fills the upper triangle only
    return upper + np.triu(upper, 1).T
