"""TwoStageRecommender beside tuned peers, on worlds of rating logs.

    python -m benchmarks.recommenders           # a table, some minutes
    python -m benchmarks.recommenders --quick   # one world, small grids

Every model gets the same training rows, must not recommend what the user has
already rated there, and is scored by nDCG@10 on the user's held-out rows:
gain 1 for each, ideal DCG over min(10, held-out) of them, mean over users
with at least one. Peers are tuned on a random quarter of the training rows,
then fitted again on all of them. `implicit` (ALS, BPR, Cosine, TF-IDF, BM25)
is a peer for the bench only and is not needed by the book.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings

import numpy as np
import pandas as pd
from scipy import sparse

from tests.ratings import RatingsConfig, RatingsWorld
from utils.models import ease
from utils.recommender.two_stage import TwoStageRecommender

WORLDS = {
    "default": {},
    "mostly fame": {"popularity_skew": 1.4, "taste_strength": 0.8},
    "mostly taste": {"popularity_skew": 0.7, "taste_strength": 1.8},
    "few factors": {"factors": 3, "own_taste": 0.2, "taste_strength": 1.5},
    "many factors": {"factors": 40, "own_taste": 0.8, "taste_strength": 1.8},
    "eras": {"era_strength": 2.0},
    "series": {"series_strength": 2.0, "taste_strength": 0.8},
    "long series": {
        "series_strength": 1.8,
        "series_length": 20,
        "taste_strength": 0.5,
    },
}
GRIDS = {
    "EASE": {"l2": [30, 100, 200, 400, 800, 1600]},
    "ALS": {
        "factors": [8, 16, 32, 64],
        "regularization": [3.0, 20.0, 60.0],
        "alpha": [1.0, 4.0, 10.0],
    },
    "BPR": {
        "factors": [16, 64],
        "learning_rate": [0.01, 0.05],
        "regularization": [0.01, 0.1],
        "iterations": [50, 200],
    },
    "Cosine": {"K": [20, 50, 100, 200, 400]},
    "TFIDF": {"K": [20, 50, 100, 200, 400]},
    "BM25": {
        "K": [20, 100, 400],
        "K1": [0.2, 1.2, 10.0],
        "B": [0.0, 0.3, 0.75],
    },
}
QUICK = {
    "EASE": {"l2": [100, 400]},
    "ALS": {"factors": [16], "regularization": [3.0], "alpha": [1.0, 4.0]},
    "BPR": {"factors": [16], "iterations": [100]},
    "Cosine": {"K": [50, 200]},
    "TFIDF": {"K": [50, 200]},
    "BM25": {"K": [100], "K1": [1.2], "B": [0.3]},
}


def held_out_rows(
    log: pd.DataFrame, *, share: float, last: bool, rng: np.random.Generator
) -> np.ndarray:
    """(R,) bool: a random share of all rows, or each user's last rows."""
    if not last:
        return rng.random(len(log)) < share
    shuffled = log.iloc[rng.permutation(len(log))]  # ties in time: by chance
    ordered = shuffled.sort_values("time", kind="stable")
    by_user = ordered.groupby("user")["time"]
    from_end = by_user.cumcount(ascending=False)
    size = by_user.transform("size")
    chosen = from_end < np.floor(size * share)
    return chosen.reindex(log.index).to_numpy()


def matrix(
    users: np.ndarray, items: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_matrix:
    """(U, N) binary CSR."""
    X = sparse.csr_matrix((np.ones(len(users)), (users, items)), shape=shape)
    X.data[:] = 1.0
    return X


def ndcg_at_10(top: np.ndarray, held_out: sparse.csr_matrix) -> float:
    """Mean over users with held-out items; `top` (U, 10), -1 is padding."""
    n_held_out = np.diff(held_out.indptr)
    relevant = held_out.toarray() > 0
    hits = relevant[np.arange(len(top))[:, None], top] & (top >= 0)
    discount = 1 / np.log2(np.arange(2, 12))
    ideal = np.cumsum(discount)[np.clip(n_held_out, 1, 10) - 1]
    scores = hits @ discount / ideal
    return float(scores[n_held_out > 0].mean())


def top_10(scores: np.ndarray, seen: sparse.csr_matrix) -> np.ndarray:
    """(U, 10) best unseen items of dense scores."""
    scores = scores.copy()
    scores[seen.nonzero()] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    chosen = np.take_along_axis(scores, top, axis=1)
    return np.where(np.isfinite(chosen), top, -1)


def peer_top_10(
    name: str, X: sparse.csr_matrix, setting: dict, seed: int
) -> np.ndarray:
    """Fit one peer with one setting; (U, 10) recommendations."""
    if name == "EASE":
        return top_10(X @ ease.fit_ease(X, **setting), X)
    import implicit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about BLAS threads
        if name == "ALS":
            model = implicit.als.AlternatingLeastSquares(
                random_state=seed, num_threads=1, use_gpu=False, **setting
            )
        elif name == "BPR":
            model = implicit.bpr.BayesianPersonalizedRanking(
                random_state=seed, num_threads=1, use_gpu=False, **setting
            )
        else:
            kind = getattr(implicit.nearest_neighbours, f"{name}Recommender")
            model = kind(num_threads=1, **setting)
        model.fit(X.astype(np.float32), show_progress=False)
        top, scores = model.recommend(
            np.arange(X.shape[0]), X, N=10, filter_already_liked_items=True
        )
    # Filtered items come back at the end with the lowest float.
    return np.where(scores > -1e30, top, -1)


def tuned_peer(
    name: str, X: sparse.csr_matrix, grid: dict, *, seed: int
) -> tuple[np.ndarray, dict]:
    """Best setting on a random quarter of X, refitted on all of X."""
    rng = np.random.default_rng(seed)
    row, column = X.nonzero()
    inner = rng.random(len(row)) < 0.25
    train = matrix(row[~inner], column[~inner], X.shape)
    valid = matrix(row[inner], column[inner], X.shape)
    settings = [
        dict(zip(grid, values, strict=True))
        for values in itertools.product(*grid.values())
    ]
    found = [
        ndcg_at_10(peer_top_10(name, train, setting, seed), valid)
        for setting in settings
    ]
    best = settings[int(np.argmax(found))]
    return peer_top_10(name, X, best, seed), best


def ours_top_10(
    log: pd.DataFrame, n_users: int, seed: int
) -> tuple[np.ndarray, TwoStageRecommender]:
    """(U, 10) item numbers for users 1..U of the worlds."""
    model = TwoStageRecommender()
    model.fit(log, rng=np.random.default_rng(seed))
    top, _ = model.recommend(np.arange(1, n_users + 1), k=10)
    return np.where(top > 0, top - 1, -1), model


def compare(
    config: RatingsConfig, *, seed: int, last: bool, grids: dict
) -> dict:
    """One row of the table: nDCG@10 of all, seconds of ours."""
    world_rng, log_rng, split_rng = np.random.default_rng(seed).spawn(3)
    log = RatingsWorld(config, rng=world_rng).log(rng=log_rng)
    test = held_out_rows(log, share=0.25, last=last, rng=split_rng)
    shape = (config.users, config.items)
    X, held_out = (
        matrix(part.user.to_numpy() - 1, part.item.to_numpy() - 1, shape)
        for part in (log[~test], log[test])
    )
    start = time.perf_counter()
    top, model = ours_top_10(log[~test], config.users, seed)
    row = {"seconds": time.perf_counter() - start}
    row["ours"] = ndcg_at_10(top, held_out)
    for name, grid in grids.items():
        top, _ = tuned_peer(name, X, grid, seed=seed)
        row[name] = ndcg_at_10(top, held_out)
    peers = {name: row[name] for name in grids}
    row["best peer"] = max(peers, key=peers.get)
    row["ours - best"] = row["ours"] - max(peers.values())
    row["won"] = model.why
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--worlds", nargs="*", choices=list(WORLDS))
    options = parser.parse_args()
    names = options.worlds or list(WORLDS)
    grids, seeds = GRIDS, options.seeds
    if options.quick:
        names, grids, seeds = names[:1], QUICK, 1
    rows = []
    for name, last, seed in itertools.product(
        names, [False, True], range(1, seeds + 1)
    ):
        split = "last 25 %" if last else "random 25 %"
        row = {"world": name, "split": split, "seed": seed}
        row |= compare(
            RatingsConfig(**WORLDS[name]), seed=seed, last=last, grids=grids
        )
        rows.append(row)
        words = row.pop("won")
        print(
            "  ".join(
                f"{key} {value:.3f}"
                if isinstance(value, float)
                else f"{key} {value}"
                for key, value in row.items()
            ),
            flush=True,
        )
        print(f"    {words}", flush=True)
    table = pd.DataFrame(rows).round(3)
    print("\n" + table.to_string(index=False))


if __name__ == "__main__":
    main()
