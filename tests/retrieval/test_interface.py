"""What holds for every index of vectors, whatever is inside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.retrieval.exact import ExactIndex
from utils.retrieval.hnsw import HNSWIndex
from utils.retrieval.ivf import IVFIndex
from utils.retrieval.ivfpq import IVFPQIndex
from utils.retrieval.lsh import LSHIndex
from utils.retrieval.pq import PQIndex

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)
BOTH = {
    "exact": lambda rng, **o: ExactIndex(**o),
    "ivf": lambda rng, **o: IVFIndex(cells=3, probes=2, rng=rng, **o),
    "pq": lambda rng, **o: PQIndex(subvectors=2, centroids=4, rng=rng, **o),
    "ivfpq": lambda rng, **o: IVFPQIndex(
        cells=3, probes=2, subvectors=2, centroids=4, rng=rng, **o
    ),
    "hnsw": lambda rng, **o: HNSWIndex(
        m=2, ef_construction=4, ef_search=3, rng=rng, **o
    ),
}
EUCLIDEAN = {
    f"{name}, distances": lambda rng, make=make: make(rng, euclidean=True)
    for name, make in BOTH.items()
}
ALL = (
    BOTH | EUCLIDEAN | {"lsh": lambda rng: LSHIndex(bits=2, tables=3, rng=rng)}
)
every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
# no zero vectors: they have no direction for the cells of IVF
SMALL = st.integers(-3, 3)
VECTORS = hnp.arrays(np.float64, (12, 4), elements=SMALL).map(
    lambda v: np.where(v.any(axis=1, keepdims=True), v, 1.0)
)


def made(make, vectors, seed=0):
    return make(np.random.default_rng(seed)).fit(vectors)


@every
@settings(STEADY, max_examples=25)
@given(VECTORS, hnp.arrays(np.float64, (3, 4), elements=SMALL), st.data())
def test_what_comes_back(make, vectors, queries, data):
    k = data.draw(st.integers(1, 15))
    index = made(make, vectors)
    ids, scores = index.search(queries, k)
    assert ids.shape == scores.shape == (3, k)
    assert ids.dtype == np.int64 and scores.dtype == np.float64
    assert index.computed.shape == (3,) and (index.computed > 0).all()
    for row, values in zip(ids, scores, strict=True):
        found = row[row >= 0]
        assert len(set(found)) == len(found) and (found < 12).all()
        assert (row[len(found) :] == -1).all()  # empty places come last
        assert (values[len(found) :] == -np.inf).all()
        assert np.isfinite(values[: len(found)]).all()
        assert (np.diff(values[: len(found)]) <= 0).all()
        same = np.diff(values[: len(found)]) == 0
        assert (np.diff(found)[same] > 0).all()  # ties: lower id first


@every
@settings(STEADY, max_examples=10)
@given(VECTORS, hnp.arrays(np.float64, (4, 4), elements=SMALL))
def test_a_batch_is_its_queries_one_by_one(make, vectors, queries):
    index = made(make, vectors)
    ids, scores = index.search(queries, 5)
    work = index.computed
    for q in range(len(queries)):
        alone, values = index.search(queries[q : q + 1], 5)
        np.testing.assert_allclose(values[0], scores[q], atol=1e-9)
        assert index.computed[0] == work[q]
        if len(set(scores[q].round(9))) == 5:  # rounding may swap near ties
            assert alone[0].tolist() == ids[q].tolist()


@every
def test_scores_are_those_of_the_vectors_or_of_their_codes(make):
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(40, 4)), rng.normal(size=(9, 4))
    index = made(make, vectors)
    ids, scores = index.search(queries, 3)
    if hasattr(index, "quantiser"):
        return  # see test_pq and test_ivfpq
    rows, places = np.nonzero(ids >= 0)
    q, x = queries[rows], vectors[ids[rows, places]]
    expected = (q * x).sum(1)
    if getattr(index, "euclidean", False):
        expected = -((q - x) ** 2).sum(1)
    np.testing.assert_allclose(scores[rows, places], expected, atol=1e-12)


@every
def test_single_precision_stays_and_nothing_given_is_changed(make):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 4)).astype(np.float32)
    queries = rng.normal(size=(5, 4)).astype(np.float32)
    before = vectors.copy(), queries.copy()
    _, scores = made(make, vectors).search(queries, 3)
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(vectors, before[0])
    np.testing.assert_array_equal(queries, before[1])


@every
def test_same_seed_same_answer(make):
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(50, 4)), rng.normal(size=(9, 4))
    one = made(make, vectors, seed=4).search(queries, 6)
    two = made(make, vectors, seed=4).search(queries, 6)
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@every
def test_refuses(make):
    index = make(np.random.default_rng(0))
    for shape in ((8,), (0, 4), (8, 0)):
        with pytest.raises(ValueError, match="vectors must be"):
            index.fit(np.zeros(shape))
    with pytest.raises(ValueError, match="vectors must be finite"):
        index.fit(np.full((8, 4), np.nan))
    index.fit(np.arange(1.0, 33).reshape(8, 4))
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        index.search(np.ones((1, 4)), 0)
    with pytest.raises(ValueError, match="have 4 dimensions, got 3"):
        index.search(np.ones((1, 3)), 1)
    with pytest.raises(ValueError, match="queries must be finite"):
        index.search(np.array([[1, 2, 3, np.inf]]), 1)
    with pytest.raises(ValueError, match="queries must be"):
        index.search(np.ones((0, 4)), 1)
