"""IVF of product codes, held against its two halves and FAISS."""

import numpy as np
import pytest

from tests.clusters import clustered, recall
from utils.retrieval.exact import ExactIndex
from utils.retrieval.ivf import IVFIndex
from utils.retrieval.ivfpq import IVFPQIndex
from utils.retrieval.pq import PQIndex


def built(vectors, seed=0, **options):
    rng = np.random.default_rng(seed)
    return IVFPQIndex(rng=rng, **options).fit(vectors)


def test_what_is_left_of_two_clusters_by_hand():
    # around (10, 0) and (0, 10), off by 1 in either direction
    vectors = np.array([[11, 0], [0, 11], [9, 0], [0, 9.0]])
    options = {"cells": 2, "subvectors": 1, "centroids": 4, "euclidean": True}
    index = built(vectors, probes=1, **options)
    ids, scores = index.search(np.array([[10, 0], [0, 9.5]]), 3)
    assert ids.tolist() == [[0, 2, -1], [3, 1, -1]]
    assert scores.tolist() == [[-1, -1, -np.inf], [-0.25, -2.25, -np.inf]]
    assert index.computed.tolist() == [2 + 2, 2 + 2]  # centres, members


@pytest.mark.parametrize("euclidean", [False, True])
def test_as_many_codes_as_vectors_are_ivf(euclidean):
    vectors, queries = clustered(0, n=200)
    options = {"cells": 8, "probes": 3, "euclidean": euclidean}
    index = built(vectors, subvectors=1, centroids=200, **options)
    plain = IVFIndex(rng=np.random.default_rng(0), **options).fit(vectors)
    ids, scores = index.search(queries, 5)
    expected, values = plain.search(queries, 5)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, values, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(index.computed, plain.computed)


def test_residuals_say_more_with_the_same_bytes():
    vectors, queries = clustered(1)
    expected, _ = ExactIndex().fit(vectors).search(queries, 10)
    options = {"subvectors": 4, "centroids": 16}
    whole = PQIndex(rng=np.random.default_rng(0), **options).fit(vectors)
    index = built(vectors, cells=32, probes=32, **options)
    found = recall(index.search(queries, 10)[0], expected)
    assert found > recall(whole.search(queries, 10)[0], expected) + 0.02


@pytest.mark.peers
@pytest.mark.parametrize("euclidean", [False, True])
def test_recall_is_that_of_faiss(euclidean):
    import faiss

    faiss.omp_set_num_threads(1)
    apart = []
    for seed in range(3):
        vectors, queries = clustered(seed)
        exact = ExactIndex(euclidean=euclidean).fit(vectors)
        expected, _ = exact.search(queries, 10)
        ours = built(
            vectors, seed, cells=32, probes=6, subvectors=8, centroids=64,
            euclidean=euclidean,
        )  # fmt: skip
        flat = faiss.IndexFlatL2(16) if euclidean else faiss.IndexFlatIP(16)
        metric = "METRIC_L2" if euclidean else "METRIC_INNER_PRODUCT"
        peer = faiss.IndexIVFPQ(flat, 16, 32, 8, 6, getattr(faiss, metric))
        peer.train(vectors)
        peer.add(vectors)
        peer.nprobe = 6
        theirs = recall(peer.search(queries, 10)[1], expected)
        apart.append(recall(ours.search(queries, 10)[0], expected) - theirs)
    assert abs(np.mean(apart)) <= 0.01


def test_refuses():
    vectors = np.arange(1.0, 33).reshape(8, 4)
    with pytest.raises(ValueError, match=r"9 cells need .*got 8"):
        built(vectors, cells=9, probes=1, subvectors=1, centroids=2)
    with pytest.raises(ValueError, match=r"9 centroids need .*got 8"):
        built(vectors, cells=2, probes=1, subvectors=1, centroids=9)
    with pytest.raises(ValueError, match="3 subvectors must divide the 4"):
        built(vectors, cells=2, probes=1, subvectors=3, centroids=2)
    with pytest.raises(ValueError, match=r"1 to 2 .*got 3"):
        built(vectors, cells=2, probes=3, subvectors=1, centroids=2)
