"""Cases of utils.features."""

import numpy as np

from tests.driven import case, finite, within
from utils import features


def keyed(rng, **more):
    return {"key": rng.integers(0, 3, 6), "values": rng.normal(size=6),
            **more}  # fmt: skip


case(
    features.sums_before,
    lambda rng: keyed(rng, moment=rng.integers(0, 3, 6).astype(float)),
    finite,
    inf="moment",
)

case(
    features.sums_before,
    lambda rng: keyed(
        rng,
        moment=rng.integers(0, 3, 6).astype(float),
        reported=rng.choice([3.0, 4.0, np.nan], 6),
    ),
    finite,
    nan="reported",
    inf="moment reported",
)

case(features.totals, lambda rng: keyed(rng, size=3), finite)

case(
    features.smoothed_rate,
    lambda rng: {"successes": rng.integers(0, 3, 4), "prior": 0.2,
                 "weight": 5.0, "trials": rng.integers(3, 9, 4)},
    finite,
)  # fmt: skip

case(
    features.hashed,
    lambda rng: {"columns": rng.integers(0, 9, (4, 2)), "buckets": 10},
    lambda got, given: within(0, given["buckets"] - 1, nan=False)(got, given),
)
