"""Cases of utils.metrics.order."""

from tests.driven import case
from tests.driven.metrics import BLOCK
from utils.metrics import order

EXEMPT = {
    "metrics.order.largest": BLOCK,
}

case(
    order.rank_by_score,
    lambda rng: {"scores": rng.integers(0, 3, (2, 5)).astype(float)},
    inf="scores",
)

case(
    order.top_k,
    lambda rng: {"scores": rng.integers(0, 3, (2, 5)).astype(float), "k": 3},
    inf="scores",
)

case(
    order.gains_of,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "relevance": rng.integers(0, 3, (2, 5)),
    },
    nan="relevance",
    inf="relevance",
)
