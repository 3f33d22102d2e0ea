"""Cases of utils.metrics.diversity."""

import numpy as np

from tests.driven import case, share, within
from utils.metrics import diversity

case(
    diversity.intra_list_distance,
    lambda rng: {"vectors": rng.normal(size=(2, 3, 4))},
    within(0, 2),
)

case(
    diversity.coverage,
    lambda rng: {"ranked_ids": rng.integers(-1, 7, (2, 3)), "n_items": 7},
    share,
)

case(diversity.gini, lambda rng: {"exposure": rng.integers(0, 9, (2, 5))},
     share)  # fmt: skip

case(
    diversity.novelty,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "popularity": rng.random(5),
    },
    within(0, np.inf),
)

case(
    diversity.serendipity,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "gains": rng.integers(0, 3, (2, 3)),
        "expected_ids": rng.integers(-1, 5, (2, 2)),
    },
    within(0, np.inf),
)
