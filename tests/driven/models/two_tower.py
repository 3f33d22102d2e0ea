"""Cases of utils.models.two_tower."""

import numpy as np

from tests.driven import case
from tests.driven.models import NETWORK, SETTINGS, vectors, with_settings
from utils.models import two_tower

EXEMPT = {
    "models.two_tower.TwoTower": NETWORK,
}

case(
    with_settings(two_tower.fit_two_tower),
    lambda rng: {
        "pairs": np.column_stack([rng.integers(0, 3, 8),
                                  rng.integers(0, 4, 8)]),
        "n_users": 3, "n_items": 4, "rng": rng, "dim": 2, "hidden": 3,
        "item_features": rng.normal(size=(4, 2)), "temperature": 0.2,
        "log_q": np.log(rng.dirichlet(np.ones(4))), "held_out_share": 0.2,
        **SETTINGS,
    },
    vectors,
    covers=(two_tower.fit_two_tower,),
    inf="temperature",
)  # fmt: skip
