"""Inverted-file search, held against exact search and FAISS."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests import clusters
from tests.clusters import recall
from utils.retrieval.exact import ExactIndex
from utils.retrieval.ivf import IVFIndex

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)
# two directions, far apart, interleaved
TWO = np.array([[5.0, 0.1], [0.1, 4.0], [3.0, 0.0], [0.0, 6.0], [2.0, 0.2]])


clustered = partial(clusters.clustered, n=6000)


def built(vectors, cells, probes, seed=0, **options):
    rng = np.random.default_rng(seed)
    index = IVFIndex(cells=cells, probes=probes, rng=rng, **options)
    return index.fit(vectors)


def test_one_probe_sees_its_own_cell_alone():
    index = built(TWO, cells=2, probes=1)
    ids, scores = index.search(np.array([[1.0, 0.0], [0.0, 1.0]]), k=4)
    assert ids.tolist() == [[0, 2, 4, -1], [3, 1, -1, -1]]
    assert scores.tolist() == [[5, 3, 2, -np.inf], [6, 4, -np.inf, -np.inf]]
    assert index.computed.tolist() == [2 + 3, 2 + 2]  # centres, members


@pytest.mark.parametrize("euclidean", [False, True])
@settings(STEADY, max_examples=60)
@given(
    hnp.arrays(np.float64, (9, 2), elements=st.integers(1, 3)),
    hnp.arrays(np.float64, (4, 2), elements=st.integers(-2, 2)),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_all_probes_are_exact_search_ties_included(
    euclidean, vectors, queries, cells, k
):
    index = built(vectors, cells, cells, euclidean=euclidean)
    ids, scores = index.search(queries, k)
    exact = ExactIndex(euclidean=euclidean).fit(vectors)
    expected, peers = exact.search(queries, k)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_array_equal(scores, peers)
    assert (index.computed == cells + 9).all()


def test_probes_buy_recall_with_work():
    vectors, queries = clustered(0)
    expected, _ = ExactIndex().fit(vectors).search(queries, 10)
    index = built(vectors, cells=64, probes=1)
    found, work = [], []
    for index.probes in (1, 4, 16, 64):
        found.append(recall(index.search(queries, 10)[0], expected))
        work.append(index.computed.mean())
    assert found == sorted(found) and found[-1] == 1.0
    assert work == sorted(work) and work[0] < len(vectors) / 20


def test_blocks_do_not_change_the_answer(monkeypatch):
    vectors = np.random.default_rng(0).integers(1, 5, size=(60, 4)) + 0.0
    index = built(vectors, cells=6, probes=3)
    whole, work = index.search(vectors, 5), index.computed
    monkeypatch.setattr("utils.retrieval.ivf.BLOCK", 7)
    parts = index.search(vectors, 5)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_array_equal(parts[1], whole[1])
    np.testing.assert_array_equal(index.computed, work)


def test_same_seed_same_index():
    vectors, queries = clustered(1, n=800)
    one = built(vectors, 16, 2, seed=3).search(queries, 5)[0]
    two = built(vectors, 16, 2, seed=3).search(queries, 5)[0]
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("euclidean", [False, True])
def test_recall_and_work_are_those_of_faiss(euclidean):
    import faiss

    faiss.omp_set_num_threads(1)
    apart, more = [], []
    for seed in range(3):
        vectors, queries = clustered(seed)
        exact = ExactIndex(euclidean=euclidean).fit(vectors)
        expected, _ = exact.search(queries, 10)
        ours = built(vectors, 64, 8, seed=seed, euclidean=euclidean)
        found = recall(ours.search(queries, 10)[0], expected)
        flat = faiss.IndexFlatL2(16) if euclidean else faiss.IndexFlatIP(16)
        metric = "METRIC_L2" if euclidean else "METRIC_INNER_PRODUCT"
        peer = faiss.IndexIVFFlat(flat, 16, 64, getattr(faiss, metric))
        peer.train(vectors)
        peer.add(vectors)
        peer.nprobe = 8
        faiss.cvar.indexIVF_stats.reset()
        theirs = recall(peer.search(queries, 10)[1], expected)
        work = faiss.cvar.indexIVF_stats.ndis / len(queries)
        apart.append(found - theirs)
        more.append((ours.computed.mean() - 64) / work)  # members alone
    assert abs(np.mean(apart)) <= 0.01
    assert 0.85 <= np.mean(more) <= 1.15


def test_refuses():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        built(TWO, cells=0, probes=1)
    for probes in (0, 3):
        with pytest.raises(ValueError, match=f"1 to 2 .*got {probes}"):
            built(TWO, cells=2, probes=probes)
    with pytest.raises(ValueError, match=r"6 cells need .*got 5"):
        built(TWO, cells=6, probes=1)
    index = built(TWO, cells=2, probes=1)
    index.probes = 3
    with pytest.raises(ValueError, match=r"1 to 2 .*got 3"):
        index.search(TWO, 1)
    index.probes = 1
    with pytest.raises(ValueError, match="have 2 dimensions, got 1"):
        index.search(np.zeros((1, 1)), 1)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        index.search(TWO, 0)
