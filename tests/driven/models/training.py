"""Cases of utils.models.training."""

import numpy as np
import torch

from tests.driven import case, finite
from tests.driven.models import SETTINGS
from utils.models import training

EXEMPT = {
    "models.training.seeded": "takes a generator of random numbers alone",
}


def trained(x, held_out, rng, **settings):
    line = torch.nn.Linear(1, 1)
    return training.fit(
        line,
        lambda x: ((line(x) - x) ** 2).mean(),
        [torch.from_numpy(np.ascontiguousarray(x))],
        [torch.from_numpy(np.ascontiguousarray(held_out))],
        rng=rng,
        settings=training.Settings(**settings),
    )


case(
    trained,
    lambda rng: {
        "x": rng.normal(size=(8, 1)).astype(np.float32),
        "held_out": rng.normal(size=(3, 1)).astype(np.float32),
        "rng": rng, **SETTINGS,
    },
    lambda got, given: finite([one["train_loss"] for one in got], given),
    covers=(training.fit,), keep="x held_out",
)  # fmt: skip
