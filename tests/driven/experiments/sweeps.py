"""Cases of utils.experiments.sweeps."""

import numpy as np

from tests.driven import case, within
from utils.experiments import sweeps

case(
    sweeps.crossing,
    lambda rng: {"knob": np.arange(5.0), "difference": rng.normal(size=5)},
    lambda got, given: (
        within(*given["knob"][[0, -1]])(got, given)
        if len(given["knob"])
        else within(0, 0)(got, given)
    ),
)

case(
    sweeps.check_oracle,
    lambda rng: {
        "scores": {"model": rng.random(3), "oracle": 1 + rng.random(3)},
        "oracle": "oracle", "tolerance": 0.0,
    },
    keep="oracle",
)  # fmt: skip
