"""Recommenders beside `implicit`, and what importing `utils` costs.

    python -m benchmarks.models           # all rows, some minutes
    python -m benchmarks.models --quick   # 100,000 interactions only

Interactions are drawn with a popular head and a long tail of users and items.
`implicit` fits ALS by a few steps of conjugate gradients unless it is told to
solve exactly, as ours does: there is a row for each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
from scipy import sparse

from benchmarks._rows import row
from utils.models import als, ease, item_knn

AREA = "models"
PRODUCT = (
    "The sparse matrix product alone, scipy's, takes about as long as the "
    "whole of its compiled loop, which keeps the nearest as it goes."
)
SIZES = ((100_000, 5_000, 2_000), (1_000_000, 50_000, 5_000))


def skewed(
    n: int, n_users: int, n_items: int, *, rng: np.random.Generator
) -> sparse.csr_matrix:
    """(U, N) binary CSR with n pairs: Zipf items, lognormal users."""
    fame = np.arange(1, n_items + 1) ** -0.8
    activity = rng.lognormal(size=n_users)
    drawn = int(1.3 * n)
    user = rng.choice(n_users, drawn, p=activity / activity.sum())
    item = rng.choice(n_items, drawn, p=fame / fame.sum())
    pairs = rng.permutation(np.unique(user * n_items + item))[:n]
    return sparse.csr_matrix(
        (np.ones(len(pairs)), np.divmod(pairs, n_items)),
        shape=(n_users, n_items),
    )


def ease_by_inverse(X: sparse.csr_matrix, *, l2: float) -> np.ndarray:
    """EASE as its paper prints it."""
    gram = (X.T @ X).toarray()
    gram[np.diag_indices_from(gram)] += l2
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def models_rows(X: sparse.csr_matrix, *, repeat: int) -> None:
    """All rows of one size."""
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

    size = f"{X.nnz:,} interactions"
    X32 = X.astype(np.float32)  # what implicit would convert to

    def fit(make, **options):
        model = make(num_threads=1, **options)
        return model.fit(X32, show_progress=False)

    options = {
        "factors": 64,
        "regularization": 1.0,
        "alpha": 4.0,
        "iterations": 3,
    }
    row(
        AREA,
        f"ALS, 64 factors, 3 iterations, {size}",
        lambda: als.fit_als(
            X,
            factors=64,
            l2=1.0,
            alpha=4.0,
            iterations=3,
            rng=np.random.default_rng(0),
        ),
        {
            "implicit, exact": partial(
                fit, AlternatingLeastSquares, use_cg=False, **options
            ),
            "implicit, conjugate gradients": partial(
                fit, AlternatingLeastSquares, use_cg=True, **options
            ),
        },
        repeat=repeat,
        bar=1.0,
        why={
            "implicit, conjugate gradients": "It takes three approximate "
            "steps where ours solves each system exactly; beside its own "
            "exact solver ours is the faster."
        },
    )
    row(
        AREA,
        f"item-kNN, cosine, 50 neighbours, {size}",
        lambda: item_knn.fit_item_knn(X, neighbours=50),
        {"implicit": partial(fit, CosineRecommender, K=50)},
        repeat=repeat,
        bar=1.0,
        why=PRODUCT,
    )
    row(
        AREA,
        f"item-kNN, BM25, 50 neighbours, {size}",
        lambda: item_knn.fit_item_knn(
            item_knn.bm25(X), neighbours=50, power=0.0
        ),
        {"implicit": partial(fit, BM25Recommender, K=50)},
        repeat=repeat,
        bar=1.0,
        why=PRODUCT,
    )
    row(
        AREA,
        f"EASE, {X.shape[1]:,} items, {size}",
        lambda: ease.fit_ease(X, l2=100.0),
        {"numpy inverse": lambda: ease_by_inverse(X, l2=100.0)},
        repeat=repeat,
        bar=1.0,
    )


def fresh(statement: str) -> None:
    """Run a statement in a new interpreter."""
    subprocess.run([sys.executable, "-c", statement], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # implicit, about BLAS threads
    row(
        AREA,
        "import utils, a fresh process (at most 1.5 times numpy's)",
        lambda: fresh("import utils"),
        {"import numpy": lambda: fresh("import numpy")},
        repeat=9,
        bar=0.67,
    )
    rng = np.random.default_rng(0)
    for n, n_users, n_items in SIZES[: 1 if options.quick else None]:
        X = skewed(n, n_users, n_items, rng=rng)
        models_rows(X, repeat=3 if n > 500_000 else 5)


if __name__ == "__main__":
    main()
