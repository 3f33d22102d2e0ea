"""Cases of utils.experiments.bandits."""

import numpy as np

from tests.driven import case, finite, within
from utils.experiments import bandits


def pulled(rng, /, **more):
    pulls = rng.integers(0, 9, (2, 3))
    return {"pulls": pulls, "rewards": pulls * rng.random((2, 3)), **more}


def chosen(got, given):
    arms = np.shape(given["pulls"])[-1]
    within(0, arms - 1, nan=False)(got, given)


case(
    bandits.epsilon_greedy,
    lambda rng: pulled(rng, epsilon=0.3, rng=rng),
    chosen,
)

case(bandits.ucb1, pulled, chosen)

case(bandits.thompson, lambda rng: pulled(rng, rng=rng), chosen)

case(
    lambda means, steps, replicates, rng: bandits.simulate(
        bandits.ucb1, means, steps=steps, replicates=replicates, rng=rng
    ),
    lambda rng: {"means": rng.random(3), "steps": 3, "replicates": 2,
                 "rng": rng},
    finite,
    covers=(bandits.simulate,),
)  # fmt: skip
