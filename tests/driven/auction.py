"""Cases of utils.auction."""

import numpy as np

from tests.driven import case, within
from utils import auction


def sold(got, given):
    within(-1, np.shape(given["bids"])[-1] - 1, nan=False)(got.winner, given)
    within(0, np.finfo(float).max, nan=False)(got.price, given)
    assert not got.price[got.winner < 0].any()


case(
    auction.generalised_second_price,
    lambda rng: {
        "bids": rng.random((2, 4)).round(1),
        "click_probabilities": rng.random((2, 4)).round(1) + 0.1, "slots": 2,
        "reserve": 0.1, "participating": rng.random((2, 4)) > 0.2,
    },
    sold,
)  # fmt: skip

case(
    auction.throttling,
    lambda rng: {"spend": rng.random(4) * 9, "budget": rng.random(4) * 5},
    within(0, 1, nan=False),
)
