"""The two-stage recommender of a user's log, and its parts."""

import numpy as np
import pandas as pd
from scipy import sparse

from tests.driven import case, finite
from utils.recommender import candidate_generation, encoding, two_stage

INSIDE = "a part of TwoStageRecommender, which checks; driven through it"
EXEMPT = {
    "recommender.candidate_generation.binary": INSIDE,
    "recommender.candidate_generation.popular_items": INSIDE,
    "recommender.candidate_generation.standardised": INSIDE,
    "recommender.encoding.kind": INSIDE,
    "recommender.encoding.padding": INSIDE,
    "recommender.ranker.ndcg_and_recall": INSIDE,
    "recommender.ranker.item_features": INSIDE,
    "recommender.ranker.fit_ranker": INSIDE,
    "recommender.ranker.FirstStage": INSIDE,
    "recommender.ranker.rerank": INSIDE,
    "recommender.tuning.choose": INSIDE,
}


def interactions(rng):
    cells = rng.integers(0, 3, (5, 4)).astype(float)
    cells[0, 0] = 1.0
    return sparse.csr_matrix(cells)


def shares(got, given):
    assert got.shape == (len(given["pool"]),) and (got >= 0).all()
    assert abs(got.sum() - 1) < 1e-9


case(
    lambda pool, picks, gain: candidate_generation.greedy_blend(
        pool, lambda total: -float(np.abs(total - 1).sum()), picks=picks,
        gain=gain,
    ),
    lambda rng: {"pool": list(rng.random((3, 4))), "picks": 3, "gain": 0.01},
    shares,
    covers=(candidate_generation.greedy_blend,),
    nan="pool", inf="pool gain",
)  # fmt: skip


def generated(X, max_items, rng, family, **settings):
    scorer = candidate_generation.CandidateGenerator(family, settings).fit(
        X, max_items=max_items, rng=rng
    )
    return scorer(X, np.arange(X.shape[0]))


for family, settings in (
    ("popular", {}),
    ("EASE", {"l2": 2.0}),
    ("ALS", {"factors": 2, "l2": 1.0, "alpha": 2.0, "iterations": 1}),
    ("item-kNN", {"neighbours": 2, "bm25_b": 0.3}),
):
    case(
        generated,
        lambda rng, family=family, settings=settings: {
            "X": interactions(rng), "max_items": 3, "rng": rng,
            "family": family, **settings,
        },
        finite,
        covers=(candidate_generation.CandidateGenerator,),
        keep="family X",
    )  # fmt: skip


def log_table(rng):
    return pd.DataFrame({
        "user": rng.integers(0, 4, 9),
        "item": rng.integers(0, 5, 9),
        "time": rng.integers(0, 99, 9),
        "weight": rng.random(9) + 0.1,
    })  # fmt: skip


def coherent(got, given):
    assert got.X.shape == got.age.shape == (len(got.users), len(got.items))
    assert (got.X.data > 0).all() and np.isfinite(got.X.data).all()
    assert ((got.age.data >= 1) & (got.age.data <= 2)).all()


case(
    encoding.encode,
    lambda rng: {"table": log_table(rng)},
    coherent,
    inf="table",  # an id may be called so
)


def folds(table, share, last, rng):
    log = encoding.encode(table)
    return encoding.inner_folds(log, share=share, last=last, rng=rng)


def hidden(got, given):
    for fold in got:
        assert np.diff(fold.held_out.indptr).min() >= 1
        assert not fold.rows.multiply(fold.held_out).nnz


case(
    folds,
    lambda rng: {
        "table": pd.DataFrame({
            "user": np.repeat(np.arange(60), 5),
            "item": np.concatenate([rng.permutation(9)[:5]
                                    for _ in range(60)]),
            "time": np.arange(300),
        }),
        "share": 0.3, "last": bool(rng.integers(2)), "rng": rng,
    },
    hidden,
    covers=(encoding.inner_folds,),
    keep="table",
)  # fmt: skip


def recommended(interactions, users, k, rng, **settings):
    model = two_stage.TwoStageRecommender(**settings)
    return model.fit(interactions, rng=rng).recommend(users, k=k)


case(
    recommended,
    lambda rng: {
        "interactions": log_table(rng), "users": np.arange(5), "k": 1,
        "max_items": 3, "candidates": 2, "picks": 1, "gain": 0.1,
        "held_out_share": 0.2, "rng": rng,
    },
    covers=(two_stage.TwoStageRecommender,), nan="users",
    inf="interactions users gain",
)  # fmt: skip
