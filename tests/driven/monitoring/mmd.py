"""Cases of utils.monitoring.mmd."""

from tests.driven import case, within
from utils.monitoring import mmd

case(
    mmd.median_distance,
    lambda rng: {"points": rng.normal(size=(5, 2))},
    within(0, 1e308, nan=False),
)

case(
    mmd.mmd,
    lambda rng: {
        "reference": rng.normal(size=(5, 2)), "bandwidth": 1.0,
        "current": rng.normal(size=(4, 2)), "permutations": 5, "rng": rng,
    },
    lambda got, given: within(0, 1, nan=False)(got.p_value, given),
)  # fmt: skip
