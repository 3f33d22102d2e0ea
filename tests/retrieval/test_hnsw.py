"""The small-world graph, held against exact search and hnswlib."""

from functools import partial

import numpy as np
import pytest

from tests import clusters
from tests.clusters import recall
from utils.retrieval.exact import ExactIndex
from utils.retrieval.hnsw import HNSWIndex

clustered = partial(clusters.clustered, n=1200, centres=30, asked=200)


def built(vectors, seed=0, **options):
    rng = np.random.default_rng(seed)
    return HNSWIndex(rng=rng, **options).fit(vectors)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_neighbours_chosen_by_hand():
    # 1 and 2 lie in one direction from 0, and 3 in another
    line = np.array([[0, 0], [1, 0], [2.5, 0], [0, 3]])
    index = built(line, m=2, ef_construction=4, ef_search=1, euclidean=True)
    assert index._chosen(0, [1, 2, 3], 2) == [1, 3]
    assert index._chosen(0, [1, 2, 3], 3) == [1, 3]
    assert index._chosen(0, [1, 2], 3) == [1, 2]  # room for all
    # at equal distances from the node and from one another: both
    index = built(np.array([[0, 0], [2, 0], [1, 3**0.5]]), m=2,
                  ef_construction=3, ef_search=1, euclidean=True)  # fmt: skip
    assert len(index._chosen(0, [1, 2], 2)) >= 1


@pytest.mark.parametrize("euclidean", [False, True])
def test_a_beam_as_wide_as_the_graph_is_exact(euclidean):
    vectors, queries = clustered(0, n=150)
    exact = ExactIndex(euclidean=euclidean).fit(vectors)
    index = built(
        vectors, m=8, ef_construction=60, ef_search=150, euclidean=euclidean
    )
    expected, values = exact.search(queries, 10)
    ids, scores = index.search(queries, 10)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, values, rtol=1e-3, atol=1e-4)
    assert (index.computed >= 150).all()


def test_the_graph_keeps_its_rules():
    vectors, _ = clustered(1, n=400)
    index = built(vectors, m=4, ef_construction=20, ef_search=10)
    sizes = [len(graph) for graph in index._graph]
    assert sizes[0] == 400 and sizes == sorted(sizes)[::-1]
    assert 40 <= sizes[1] <= 180  # one in four, more or less
    for layer, graph in enumerate(index._graph):
        for node, others in graph.items():
            assert len(others) <= (4 if layer else 8)
            assert node not in others and len(set(others)) == len(others)
            assert set(others) <= set(graph)
    assert index._entry in index._graph[-1]


def test_a_wider_beam_buys_recall_with_work():
    vectors, queries = clustered(2)
    expected, _ = ExactIndex().fit(unit(vectors)).search(queries, 10)
    index = built(unit(vectors), m=6, ef_construction=30, ef_search=1)
    found, work = [], []
    for index.ef_search in (10, 30, 90):
        found.append(recall(index.search(queries, 10)[0], expected))
        work.append(index.computed.mean())
    assert found == sorted(found) and found[-1] > 0.97
    assert work == sorted(work) and work[0] < len(vectors) / 8
    assert index.built > 0


def test_repetitions_and_single_vectors():
    index = built(np.ones((20, 2)), m=2, ef_construction=5, ef_search=20)
    ids, scores = index.search(np.ones((1, 2)), 3)
    assert (ids >= 0).all() and (scores == 2).all()
    one = built(np.array([[3.0]]), m=2, ef_construction=1, ef_search=1)
    assert one.search(np.array([[2.0]]), 2)[0].tolist() == [[0, -1]]
    assert one.built == 0 and one.computed.tolist() == [1]


@pytest.mark.peers
@pytest.mark.parametrize("euclidean", [False, True])
def test_recall_is_that_of_hnswlib(euclidean):
    import hnswlib

    apart = []
    for seed in range(3):
        vectors, queries = clustered(seed)
        if not euclidean:
            vectors = unit(vectors)
        exact = ExactIndex(euclidean=euclidean).fit(vectors)
        expected, _ = exact.search(queries, 10)
        ours = built(
            vectors,
            seed,
            m=8,
            ef_construction=40,
            ef_search=20,
            euclidean=euclidean,
        )
        peer = hnswlib.Index("l2" if euclidean else "ip", 16)
        peer.init_index(
            len(vectors), M=8, ef_construction=40, random_seed=seed
        )
        peer.set_num_threads(1)
        peer.add_items(vectors)
        peer.set_ef(20)
        theirs = recall(peer.knn_query(queries, 10)[0].astype(int), expected)
        apart.append(recall(ours.search(queries, 10)[0], expected) - theirs)
    assert abs(np.mean(apart)) <= 0.01


def test_refuses():
    rng = np.random.default_rng(0)
    for m in (0, 1):
        with pytest.raises(ValueError, match=f"m .*2, got {m}"):
            HNSWIndex(m=m, ef_construction=1, ef_search=1, rng=rng)
    with pytest.raises(ValueError, match=r"ef_construction .*1, got 0"):
        HNSWIndex(m=2, ef_construction=0, ef_search=1, rng=rng)
    with pytest.raises(ValueError, match=r"ef_search .*1, got 0"):
        HNSWIndex(m=2, ef_construction=1, ef_search=0, rng=rng)
    index = built(np.ones((3, 2)), m=2, ef_construction=1, ef_search=1)
    index.ef_search = -1
    with pytest.raises(ValueError, match=r"ef_search .*1, got -1"):
        index.search(np.ones((1, 2)), 1)
