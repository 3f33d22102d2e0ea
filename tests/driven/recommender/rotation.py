"""Cases of utils.recommender.rotation."""

import numpy as np

from tests.driven import case
from utils.recommender import rotation

EXEMPT = {
    "recommender.rotation.rebuilt": "reads tables of a world",
    "recommender.rotation.RotatingPage": "hands its fields to rotating_slates",
}


def choice(rng):
    return {
        "best": rng.permuted(np.tile(np.arange(30), (4, 1)), axis=1),
        "rotated": 12,
        "explored": 0.3,
        "drawn_from": rng.integers(60, 90, (4, 5)),
        "new": rng.integers(50, 60, (4, 3)),
        "rng": rng,
    }


def ten(got, given):
    assert got.shape == (len(given["best"]), 10)
    known = np.r_[
        given["best"].ravel(), given["drawn_from"].ravel(),
        given["new"].ravel(),
    ]  # fmt: skip
    assert np.isin(got, known).all()


case(rotation.rotating_slates, choice, ten)
