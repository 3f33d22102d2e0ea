"""Cases of utils.experiments.leakage."""

import numpy as np

from tests.driven import case, finite
from utils.experiments import leakage


def probed(features, entity, test, repeats, level, rng):
    """The noise column's gain for a score that follows the last column."""
    return leakage.noise_column_gain(
        lambda x: x[np.asarray(test, dtype=bool), -1],
        features, entity, test=test, repeats=repeats, level=level, rng=rng,
    )  # fmt: skip


case(
    probed,
    lambda rng: {
        "features": rng.normal(size=(6, 2)), "repeats": 2, "level": 0.9,
        "entity": np.array([0, 1, 2, 0, 1, 2]), "rng": rng,
        "test": np.array([True, False, False, False, True, True]),
    },
    finite,
    covers=(leakage.noise_column_gain,),
)  # fmt: skip
