"""Cases of utils.experiments.power."""

from tests.driven import case, within
from utils.experiments import power

case(
    power.power_of_welch,
    lambda rng: {"effect": 0.5, "sd": 1.0, "n_per_arm": 20, "alpha": 0.1},
    within(0, 1, nan=False),
)

case(
    power.sample_size_per_arm,
    lambda rng: {"effect": 0.5, "sd": 1.0, "power": 0.7, "alpha": 0.1},
    within(2, 1e300, nan=False),
)

case(
    power.power_of_two_proportions,
    lambda rng: {"control": 0.1, "treatment": 0.2, "n_per_arm": 20,
                 "alpha": 0.1},
    within(0, 1, nan=False),
)  # fmt: skip

case(
    power.sample_size_two_proportions,
    lambda rng: {"control": 0.1, "treatment": 0.2, "power": 0.7,
                 "alpha": 0.1},
    within(1, 1e300, nan=False),
)  # fmt: skip

case(
    power.minimum_detectable_effect,
    lambda rng: {"sd": 1.0, "n_per_arm": 20, "power": 0.7, "alpha": 0.1},
    within(0, 1e308, nan=False),
)
