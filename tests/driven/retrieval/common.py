"""Cases of utils.retrieval.common."""

from tests.driven import case, finite
from tests.driven.retrieval import BLOCK
from utils.retrieval import common

EXEMPT = {
    "retrieval.common.augmented_vectors": BLOCK,
    "retrieval.common.augmented_queries": BLOCK,
    "retrieval.common.similarities": BLOCK,
    "retrieval.common.top_k_by_row": BLOCK,
    "retrieval.common.top_k_candidates": BLOCK,
}

case(
    common.checked_vectors,
    lambda rng: {"name": "vectors", "vectors": rng.normal(size=(3, 2))},
    finite,
    keep="name",
)

case(
    common.checked_queries,
    lambda rng: {"queries": rng.normal(size=(3, 2)), "dimensions": 2, "k": 1},
    finite,
)
