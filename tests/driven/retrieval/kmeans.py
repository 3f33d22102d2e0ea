"""Cases of utils.retrieval.kmeans."""

from tests.driven import case, finite
from tests.driven.retrieval import BLOCK
from utils.retrieval import kmeans

EXEMPT = {
    "retrieval.kmeans.nearest": BLOCK,
}

for function in (kmeans.kmeans, kmeans.spherical_kmeans):
    case(
        function,
        lambda rng: {"vectors": rng.normal(size=(6, 2)), "clusters": 2,
                     "iterations": 2},
        finite,
    )  # fmt: skip
