"""Cases of utils.models.losses."""

import numpy as np

from tests.driven import case, finite, within
from utils.models import losses

EXEMPT = {
    "models.losses.in_batch_softmax_loss": "the loss of the networks",
}

case(
    losses.log_sampling_probability,
    lambda rng: {"items": rng.integers(0, 4, 6), "n_items": 4},
    within(-np.finfo(float).max, 0, nan=False),
)

case(
    losses.checked_log_q,
    lambda rng: {
        "log_q": np.log(rng.dirichlet(np.ones(4))),
        "items": np.arange(4), "n_items": 4,
    },
    finite,
    keep="items",  # checked before, as pairs
)  # fmt: skip
