"""Cases of utils.recommender.candidate_generation."""

import numpy as np

from tests.driven import case, finite
from tests.driven.recommender import INSIDE, interactions
from utils.recommender import candidate_generation

EXEMPT = {
    "recommender.candidate_generation.binary": INSIDE,
    "recommender.candidate_generation.popular_items": INSIDE,
    "recommender.candidate_generation.standardised": INSIDE,
}


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
