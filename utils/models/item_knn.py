"""Item-based k-nearest neighbours, by cosine or BM25.

Similarities are computed in blocks of items, and only the K nearest of each
item are kept: memory is some blocks of N numbers plus N * K.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..metrics.order import top_k

BLOCK = 256  # items compared with all others at a time


def fit_item_knn(
    interactions: sparse.csr_matrix,
    *,
    neighbours: int,
    shrink: float = 0.0,
    power: float = 1.0,
) -> sparse.csr_matrix:
    """Item-item cosine similarities with shrinkage, k nearest neighbours.

    Args:
        interactions: (U, N) X, weights of user-item pairs (0 and 1, or as
            `bm25` reweighs them).
        neighbours: K kept for each item, at least 1, itself not counted.
        shrink: added to the product of the norms, at least 0: how much
            evidence a similarity needs before it is believed.
        power: of the norms, in [0, 1]: 1 is the cosine, 0 the plain product,
            which favours popular neighbours.

    Returns:
        (N, N) float32 CSR S; row j holds the at most K items most similar to
        j with x_i·x_j / ((|x_i||x_j|)^power + shrink), all above 0; ties
        keep the lower index. Scores are X @ S: each seen item votes for its
        own neighbours.

    Raises:
        ValueError: neighbours below 1; shrink negative; power outside
            [0, 1]; X not finite.

    Source: Sarwar et al. (2001), doi:10.1145/371920.372071.

    >>> X = sparse.csr_matrix([[1, 1, 0], [1, 0, 0], [0, 1, 1]])
    >>> fit_item_knn(X, neighbours=1).toarray().round(2)
    array([[0.  , 0.5 , 0.  ],
           [0.  , 0.  , 0.71],
           [0.  , 0.71, 0.  ]], dtype=float32)
    """
    if neighbours < 1:
        raise ValueError(f"neighbours must be at least 1, got {neighbours}")
    if not 0 <= shrink < np.inf:
        raise ValueError(f"shrink must be at least 0, got {shrink}")
    if not 0 <= power <= 1:
        raise ValueError(f"power must lie in [0, 1], got {power}")
    X = sparse.csr_matrix(interactions, dtype=np.float64)
    wrong = ~np.isfinite(X.data)
    if wrong.any():
        raise ValueError(
            f"interactions must be finite, got {X.data[wrong][0]}"
        )
    n_items = X.shape[1]
    with np.errstate(over="ignore"):
        norms = np.sqrt(np.asarray(X.multiply(X).sum(axis=0))).ravel()
    if not np.isfinite(norms).all():
        raise ValueError(
            "the sums of squared interactions must be finite, got one of "
            f"{np.abs(X.data).max():g}"
        )
    by_item = X.T.tocsr()
    rows, columns, values = [], [], []
    for start in range(0, n_items, BLOCK):
        dots = by_item[start : start + BLOCK] @ X  # (block, N), sparse
        dots.sort_indices()  # ties: lower item
        for row, item in enumerate(range(start, start + dots.shape[0])):
            entries = slice(dots.indptr[row], dots.indptr[row + 1])
            others, dot = dots.indices[entries], dots.data[entries]
            if not len(others):
                continue
            scale = (norms[item] * norms[others]) ** power + shrink
            similar = np.zeros(len(dot))
            np.divide(dot, scale, out=similar, where=dot > 0)
            similar[others == item] = 0.0
            kept = top_k(similar, k=min(neighbours, len(similar)))
            kept = kept[similar[kept] > 0]
            rows.append(np.full(len(kept), item))
            columns.append(others[kept])
            values.append(similar[kept])
    shape = (n_items, n_items)
    if not rows:
        return sparse.csr_matrix(shape, dtype=np.float32)
    return sparse.csr_matrix(
        (
            np.concatenate(values).astype(np.float32),
            (np.concatenate(rows), np.concatenate(columns)),
        ),
        shape=shape,
    )


def bm25(
    interactions: sparse.csr_matrix, *, k1: float = 1.2, b: float = 0.75
) -> sparse.csr_matrix:
    """BM25 weights of interactions: items as documents made of users.

    A user who has everything says little about any item, and each user of a
    popular item says less than one of a rare item does. With it, plain
    products (`power=0`) are often better similarities than cosines.

    Args:
        interactions: (U, N) strengths r, at least 0.
        k1: how soon repeated interactions stop counting, at least 0.
        b: how much popularity dilutes an item's entries, in [0, 1].

    Returns:
        (U, N) float64 CSR with r (k1 + 1) / (r + k1 (1 - b + b |i| / mean
        |i|)) * log((1 + N) / (1 + n_u)), |i| the sum of column i and n_u
        the number of items of user u.

    Raises:
        ValueError: k1 negative; b outside [0, 1]; strengths negative or not
            finite.

    Source: Robertson & Zaragoza (2009), doi:10.1561/1500000019.

    >>> X = sparse.csr_matrix([[1, 1, 1], [1, 0, 0]])
    >>> bm25(X, k1=1.0, b=0.0).toarray().round(2)  # log(4 / 4), log(4 / 2)
    array([[0.  , 0.  , 0.  ],
           [0.69, 0.  , 0.  ]])
    """
    if not 0 <= k1 <= 1e100:  # products with strengths stay floats
        raise ValueError(f"k1 must be at least 0, at most 1e100, got {k1}")
    if not 0 <= b <= 1:
        raise ValueError(f"b must lie in [0, 1], got {b}")
    X = sparse.csr_matrix(interactions, dtype=np.float64, copy=True)
    X.eliminate_zeros()
    wrong = ~((X.data >= 0) & (X.data <= 1e100))
    if wrong.any():
        raise ValueError(
            "interactions must be finite and at least 0, at most 1e100, got "
            f"{X.data[wrong][0]}"
        )
    size = np.asarray(X.sum(axis=0)).ravel()
    dilution = k1 * (
        1 - b + b * size / max(size.sum() / max(len(size), 1), 1e-12)
    )
    n_of_user = np.diff(X.indptr)
    rarity = np.log((1 + X.shape[1]) / (1 + n_of_user))
    X.data *= (k1 + 1) / (X.data + dilution[X.indices])
    X.data *= np.repeat(rarity, n_of_user)
    return X
