"""Retrieval: every index, its parts, k-means and the words of texts."""

import numpy as np

from tests.driven import case, finite
from utils.retrieval import common, kmeans
from utils.retrieval.exact import ExactIndex
from utils.retrieval.hnsw import HNSWIndex
from utils.retrieval.inverted import InvertedIndex
from utils.retrieval.ivf import IVFIndex
from utils.retrieval.ivfpq import IVFPQIndex
from utils.retrieval.lsh import LSHIndex
from utils.retrieval.pq import PQIndex, ProductQuantiser

BLOCK = "a building block: takes what a checked_... function let through"
EXEMPT = {
    f"retrieval.{name}": BLOCK
    for name in ("common.augmented_vectors", "common.augmented_queries",
                 "common.similarities", "common.top_k_by_row",
                 "common.top_k_candidates", "kmeans.nearest")
}  # fmt: skip


def searched(make):
    """A search from nothing: settings, vectors, queries and k."""

    def function(vectors, queries, k, rng, **settings):
        settings = settings if make is ExactIndex else {**settings, "rng": rng}
        return make(**settings).fit(vectors).search(queries, k)

    return function


def found(got, given):
    ids, scores = got
    n, k = len(given["vectors"]), given["k"]
    assert ids.shape == scores.shape == (len(given["queries"]), k)
    assert ((ids >= -1) & (ids < n)).all()
    assert (np.isneginf(scores) == (ids < 0)).all()
    assert not np.isnan(scores).any()


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


def quantised(vectors, others, parts, codes, rng):
    fitted = ProductQuantiser(subvectors=parts, centroids=codes, rng=rng).fit(
        vectors
    )
    return fitted.decode(fitted.encode(others))


case(
    quantised,
    lambda rng: {
        "vectors": rng.normal(size=(8, 4)), "others": rng.normal(size=(3, 4)),
        "subvectors": 2, "centroids": 3, "rng": rng,
    },
    finite,
    covers=(ProductQuantiser,),
)  # fmt: skip


def texts(documents, queries, word, k, k1, b):
    index = InvertedIndex(k1=k1, b=b).fit(documents)
    assert index.idf(word) > 0
    index.score(queries[0], np.arange(len(documents)))
    return index.search(queries, k)


case(
    texts,
    lambda rng: {
        "documents": [["a", "b"], [], ["b", "b", "c"]],
        "queries": [["b"], ["a", "c"]], "word": "b", "k": 2, "k1": 1.2,
        "b": 0.75,
    },
    lambda got, given: found(
        got, {"vectors": given["documents"], **given}
    ),
    covers=(InvertedIndex,),
)  # fmt: skip

for function in (kmeans.kmeans, kmeans.spherical_kmeans):
    case(
        function,
        lambda rng: {"vectors": rng.normal(size=(6, 2)), "cells": 2,
                     "rounds": 2},
        finite,
    )  # fmt: skip
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
