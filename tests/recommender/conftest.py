"""A small log that the models of several files learn from."""

import numpy as np
import pytest

from tests.ratings import RatingsConfig, RatingsWorld


@pytest.fixture(scope="session")
def log():
    config = RatingsConfig(
        users=150, items=200, ratings=6_000, taste_strength=2.0, factors=4
    )
    world = RatingsWorld(config, rng=np.random.default_rng(0))
    return world.log(rng=np.random.default_rng(1))
