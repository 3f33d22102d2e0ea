"""Cases of utils.models.dcn."""

import numpy as np

from tests.driven import case, within
from tests.driven.models import NETWORK, SETTINGS, with_settings
from utils.models import dcn

EXEMPT = {
    "models.dcn.CrossLayer": NETWORK,
    "models.dcn.DcnNet": NETWORK,
}


def predicted(asked, **given):
    return with_settings(dcn.fit_dcn)(**given).predict(asked)


case(
    predicted,
    lambda rng: {
        "rows": np.column_stack([rng.normal(size=8), np.arange(8) % 3]),
        "labels": rng.integers(0, 2, 8), "rng": rng,
        "position": rng.integers(1, 4, 8), "weights": rng.random(8) + 0.1,
        "categorical": (1,), "embedding_dim": 2, "n_cross_layers": 1,
        "hidden": (3,), "asked": rng.normal(size=(4, 2)), **SETTINGS,
    },
    within(0, 1, nan=False),
    covers=(dcn.fit_dcn, dcn.Dcn),
)  # fmt: skip
