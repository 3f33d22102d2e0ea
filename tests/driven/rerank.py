"""Cases of utils.rerank."""

import numpy as np

from tests.driven import case
from utils import rerank


def candidates(rng, **more):
    return {
        "relevance": rng.random((2, 5)), "k": 3, "trade_off": 0.6,
        "vectors": rng.normal(size=(2, 5, 3)), **more,
    }  # fmt: skip


def places(got, given):
    queries, n = np.shape(given["relevance"])
    assert got.shape == (queries, given["k"])
    assert ((got >= -1) & (got < n)).all()
    for row in got:
        chosen = row[row >= 0]
        assert len(set(chosen)) == len(chosen)


case(rerank.mmr, candidates, places, inf="relevance")

case(
    rerank.dpp,
    lambda rng: candidates(rng, similarity_scale=0.9),
    places,
    inf="relevance",
)
