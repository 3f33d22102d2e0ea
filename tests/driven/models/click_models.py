"""Cases of utils.models.click_models."""

import numpy as np

from tests.driven import case, within
from utils.models import click_models

case(
    click_models.examination_by_regression,
    lambda rng: {
        "rank": np.arange(6) % 3, "features": rng.normal(size=(6, 2)),
        "clicks": rng.integers(0, 3, 6), "shown": rng.integers(3, 9, 6),
        "start": np.array([0.5, 0.4, 0.3]), "rng": rng, "hidden": 2,
        "steps": 3,
    },
    within(0, np.finfo(float).max, nan=False),
)  # fmt: skip
