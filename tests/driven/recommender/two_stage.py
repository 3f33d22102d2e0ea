"""Cases of utils.recommender.two_stage."""

import numpy as np

from tests.driven import case
from tests.driven.recommender import log_table
from utils.recommender import two_stage


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
