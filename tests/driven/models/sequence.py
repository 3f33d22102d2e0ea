"""Cases of utils.models.sequence."""

import numpy as np

from tests.driven import case
from tests.driven.models import NETWORK, SETTINGS, vectors, with_settings
from utils.models import sequence

EXEMPT = {
    "models.sequence.TransformerBlock": NETWORK,
    "models.sequence.SequenceNet": NETWORK,
    "models.sequence.training_windows": "a building block of fit_sequence",
    "models.sequence.recent_histories": "a building block of fit_sequence",
    "models.sequence.encode_histories": "a building block of fit_sequence",
}

case(
    with_settings(sequence.fit_sequence),
    lambda rng: {
        "user": rng.integers(0, 3, 8), "item": rng.integers(0, 4, 8),
        "time": np.arange(8), "n_users": 3, "n_items": 4, "rng": rng,
        "item_features": rng.normal(size=(4, 2)), "temperature": 0.2,
        "max_length": 3, "dim": 2, "hidden": 3, "n_blocks": 1, "dropout": 0.1,
        "held_out_share": 0.2, **SETTINGS,
    },
    vectors,
    covers=(sequence.fit_sequence,),
    inf="temperature",
)  # fmt: skip
