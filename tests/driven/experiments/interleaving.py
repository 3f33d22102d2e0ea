"""Cases of utils.experiments.interleaving."""

import numpy as np

from tests.driven import case, finite, share
from utils.experiments import interleaving

case(
    interleaving.team_draft,
    lambda rng: {
        "a": np.array([rng.permutation(5) for _ in range(2)]),
        "b": np.array([rng.permutation(5) for _ in range(2)]),
        "k": 3,
        "rng": rng,
    },
)

case(
    interleaving.credit,
    lambda rng: {
        "clicks": rng.integers(0, 2, (2, 3)),
        "teams": rng.choice([-1, 1], (2, 3)),
    },
    finite,
)

case(
    interleaving.preference,
    lambda rng: {"credit": rng.integers(-2, 3, 6), "level": 0.9},
    lambda got, given: share(got[:4], given),
)
