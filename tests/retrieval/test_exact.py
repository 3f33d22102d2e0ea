"""Exact search, held against sorting and FAISS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.retrieval import exact

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


def test_search_by_hand():
    index = exact.ExactIndex().fit(np.array([[1, 0], [0, 2], [3, 4]]))
    ids, scores = index.search(np.array([[1, 1], [0, -1]]), k=2)
    assert ids.tolist() == [[2, 1], [0, 1]]
    assert scores.tolist() == [[3 + 4, 2], [0, -2]]
    assert index.computed.tolist() == [3, 3]


def test_more_than_there_are_leaves_places_empty():
    index = exact.ExactIndex().fit(np.array([[1.0], [2.0]]))
    ids, scores = index.search(np.array([[1.0]]), k=4)
    assert ids.tolist() == [[1, 0, -1, -1]]
    assert scores.tolist() == [[2, 1, -np.inf, -np.inf]]


@STEADY
@given(
    hnp.arrays(np.float64, (7, 2), elements=st.integers(-2, 2)),
    hnp.arrays(np.float64, (3, 2), elements=st.integers(-2, 2)),
    st.integers(1, 7),
)
def test_search_agrees_with_sorting_ties_by_id(vectors, queries, k):
    ids, scores = exact.ExactIndex().fit(vectors).search(queries, k)
    for q, query in enumerate(queries):
        of = vectors @ query
        expected = sorted(range(7), key=lambda i: (-of[i], i))[:k]
        assert ids[q].tolist() == expected
        assert scores[q].tolist() == of[expected].tolist()


@pytest.mark.parametrize("euclidean", [False, True])
def test_search_agrees_with_faiss(euclidean):
    import faiss

    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3000, 24)).astype(np.float32)
    queries = rng.normal(size=(50, 24)).astype(np.float32)
    peer = faiss.IndexFlatL2(24) if euclidean else faiss.IndexFlatIP(24)
    peer.add(vectors)
    expected, peers = peer.search(queries, 20)[::-1]
    index = exact.ExactIndex(euclidean=euclidean).fit(vectors)
    ids, scores = index.search(queries, k=20)
    np.testing.assert_array_equal(ids, expected)
    if euclidean:
        peers = -peers  # a larger score is better here
    np.testing.assert_allclose(scores, peers, rtol=1e-4, atol=1e-4)
    assert scores.dtype == np.float32


def test_blocks_do_not_change_the_answer(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.integers(-3, 4, size=(40, 3))
    index = exact.ExactIndex().fit(vectors)
    whole = index.search(vectors, k=5)
    monkeypatch.setattr(exact, "BLOCK", 100)  # two queries at a time
    parts = index.search(vectors, k=5)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_array_equal(parts[1], whole[1])


def test_distances_by_hand():
    index = exact.ExactIndex(euclidean=True)
    index.fit(np.array([[1, 0], [0, 2], [3, 4]]))
    ids, scores = index.search(np.array([[1, 1]]), k=4)
    assert ids.tolist() == [[0, 1, 2, -1]]
    assert scores.tolist() == [[-1, -(1 + 1), -(4 + 9), -np.inf]]


def test_refuses():
    index = exact.ExactIndex()
    for shape in ((3,), (0, 3), (3, 0)):
        with pytest.raises(ValueError, match="vectors must be"):
            index.fit(np.zeros(shape))
    with pytest.raises(ValueError, match="vectors must be finite"):
        index.fit(np.array([[np.nan]]))
    index.fit(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        index.search(np.zeros((1, 2)), k=0)
    with pytest.raises(ValueError, match="have 2 dimensions, got 3"):
        index.search(np.zeros((1, 3)), k=1)
    with pytest.raises(ValueError, match="queries must be finite"):
        index.search(np.array([[np.inf, 0]]), k=1)
