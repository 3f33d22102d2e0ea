"""Cases of utils.experiments.sequential."""

from tests.driven import case, finite, share, within
from utils.experiments import sequential

case(
    sequential.running_difference,
    lambda rng: {"control": rng.normal(size=5),
                 "treatment": rng.normal(size=5)},
    lambda got, given: (finite(got[0], given), within(0, 1e308)(got[1], {})),
)  # fmt: skip

case(
    sequential.always_valid,
    lambda rng: {
        "difference": rng.normal(size=4), "variance": rng.random(4),
        "scale": 1.0, "level": 0.9,
    },
    lambda got, given: share(got.p_value, given),
    nan="variance",
)  # fmt: skip
