"""Cases of utils.experiments.ab."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.experiments import arms
from utils.experiments import ab


def tested(got, given):
    """An interval around the difference, and a p-value."""
    share(got.p_value, given)
    assert not got.low > got.high and not np.isnan(got.difference)


case(ab.welch, lambda rng: arms(rng, level=0.9), tested)

case(
    ab.two_proportions,
    lambda rng: {"control": (3, 10), "treatment": (5, 12), "level": 0.9},
    tested,
)

case(
    ab.ratio_of_sums,
    lambda rng: {
        "control": rng.integers(0, 5, (6, 2)) + 1.0,
        "treatment": rng.integers(0, 5, (7, 2)) + 1.0,
        "level": 0.9,
    },
    tested,
)

case(
    ab.sample_ratio_mismatch,
    lambda rng: {
        "counts": rng.integers(1, 90, 2),
        "shares": np.array([0.5, 0.5]),
    },
    within(0, 1, nan=False),
)
