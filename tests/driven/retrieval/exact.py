"""Cases of utils.retrieval.exact."""

from tests.driven import case
from tests.driven.retrieval import found
from utils.retrieval.exact import ExactIndex
from utils.retrieval.hnsw import HNSWIndex
from utils.retrieval.ivf import IVFIndex
from utils.retrieval.ivfpq import IVFPQIndex
from utils.retrieval.lsh import LSHIndex
from utils.retrieval.pq import PQIndex


def searched(make):
    """A search from nothing: settings, vectors, queries and k."""

    def function(vectors, queries, k, rng, **settings):
        settings = settings if make is ExactIndex else {**settings, "rng": rng}
        return make(**settings).fit(vectors).search(queries, k)

    return function


for make, settings in (
    (ExactIndex, {"euclidean": True}),
    (HNSWIndex, {"m": 2, "ef_construction": 3, "ef_search": 3}),
    (IVFIndex, {"cells": 2, "probes": 1}),
    (IVFPQIndex, {"cells": 2, "probes": 1, "subvectors": 2, "centroids": 3}),
    (LSHIndex, {"bits": 2, "tables": 2}),
    (PQIndex, {"subvectors": 2, "centroids": 3}),
):
    case(
        searched(make),
        lambda rng, settings=settings: {
            "vectors": rng.normal(size=(8, 4)),
            "queries": rng.normal(size=(2, 4)),
            "k": 3,
            "rng": rng,
            **settings,
        },
        found,
        covers=(make,),
    )
