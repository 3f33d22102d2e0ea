from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from utils.models import item_knn


def random_matrix(seed=0, n_users=50, n_items=30, share=0.2):
    rng = np.random.default_rng(seed)
    return sparse.csr_matrix((rng.random((n_users, n_items)) < share) * 1.0)


def test_by_hand():
    # Users of the items: a {0, 1, 2, 3}, b {0}, c {0, 1}.
    X = sparse.csr_matrix([[1, 1, 1], [1, 0, 1], [1, 0, 0], [1, 0, 0]])
    ab, ac, bc = 1 / sqrt(4 * 1), 2 / sqrt(4 * 2), 1 / sqrt(1 * 2)
    got = item_knn.fit_item_knn(X, neighbours=2).toarray()
    assert got == pytest.approx(
        np.array([[0, ab, ac], [ab, 0, bc], [ac, bc, 0]])
    )
    one = item_knn.fit_item_knn(X, neighbours=1).toarray()
    # bc and ac are equal: the lower index stays.
    assert one == pytest.approx(np.array([[0, 0, ac], [0, 0, bc], [ac, 0, 0]]))


def test_shrink_and_power_by_hand():
    X = sparse.csr_matrix([[1, 1], [1, 0], [1, 0], [1, 1]])
    for options, expected in [
        ({"shrink": 3.0}, 2 / (sqrt(4 * 2) + 3)),
        ({"power": 0.5}, 2 / sqrt(sqrt(4 * 2))),
        ({"power": 0.0}, 2),
    ]:
        got = item_knn.fit_item_knn(X, neighbours=5, **options)
        assert got[0, 1] == pytest.approx(expected)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_blocks_bounds_and_count(seed, neighbours):
    X = random_matrix(seed)
    whole = item_knn.fit_item_knn(X, neighbours=neighbours)
    assert np.diff(whole.indptr).max() <= neighbours
    assert (whole.data > 0).all() and (whole.data <= 1 + 1e-6).all()
    assert (whole.diagonal() == 0).all()
    block, item_knn.BLOCK = item_knn.BLOCK, 7
    try:
        parts = item_knn.fit_item_knn(X, neighbours=neighbours)
    finally:
        item_knn.BLOCK = block
    assert (whole != parts).nnz == 0


def test_edges():
    empty = item_knn.fit_item_knn(sparse.csr_matrix((3, 2)), neighbours=1)
    assert empty.shape == (2, 2) and empty.nnz == 0
    assert item_knn.fit_item_knn(
        sparse.csr_matrix((3, 0)), neighbours=1
    ).shape == (0, 0)


def peers_similarity(recommender, X):
    recommender.fit(X.astype(np.float32), show_progress=False)
    similar = recommender.similarity.toarray()
    np.fill_diagonal(similar, 0)
    return similar


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Method expects CSR")
def test_cosine_against_implicit():
    from implicit.nearest_neighbours import CosineRecommender

    X = random_matrix()
    ours = item_knn.fit_item_knn(X, neighbours=30).toarray()
    theirs = peers_similarity(CosineRecommender(K=31, num_threads=1), X)
    assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Method expects CSR")
def test_bm25_neighbours_against_implicit():
    # implicit's idf is log(N / (1 + n)), ours log((1 + N) / (1 + n)), so
    # only with users of equal length do they differ by one factor.
    from implicit.nearest_neighbours import BM25Recommender

    rng = np.random.default_rng(0)
    X = sparse.csr_matrix(
        rng.permuted(np.tile(np.arange(30) < 6, (50, 1)), axis=1) * 1.0
    )
    weighted = item_knn.bm25(X, k1=1.2, b=0.75)
    ours = item_knn.fit_item_knn(weighted, neighbours=30, power=0).toarray()
    peer = BM25Recommender(K=31, K1=1.2, B=0.75, num_threads=1)
    theirs = peers_similarity(peer, X)
    factor = (log(31 / 7) / log(30 / 7)) ** 2
    assert ours == pytest.approx(factor * theirs, rel=1e-5)


def test_bm25_by_hand():
    X = sparse.csr_matrix([[1, 0, 2], [1, 1, 0]])
    got = item_knn.bm25(X, k1=2.0, b=0.5).toarray()
    # Sums of the items 2, 1, 2, mean 5/3; each user has 2 of 3 items.
    rarity = log(4 / 3)
    long = 2.0 * (0.5 + 0.5 * 2 / (5 / 3))
    short = 2.0 * (0.5 + 0.5 * 1 / (5 / 3))
    expected = [
        [3 * 1 / (1 + long), 0, 3 * 2 / (2 + long)],
        [3 * 1 / (1 + long), 3 * 1 / (1 + short), 0],
    ]
    assert got == pytest.approx(np.array(expected) * rarity)
    assert X.toarray().tolist() == [[1, 0, 2], [1, 1, 0]]  # left alone


def test_refusals():
    X = random_matrix()
    for options, words in [
        ({"neighbours": 0}, "neighbours must be at least 1, got 0"),
        ({"neighbours": 1, "shrink": -1.0}, "shrink must be at least 0"),
        ({"neighbours": 1, "power": 1.5}, r"power must lie in \[0, 1\]"),
    ]:
        with pytest.raises(ValueError, match=words):
            item_knn.fit_item_knn(X, **options)
    with pytest.raises(ValueError, match="must be finite"):
        item_knn.fit_item_knn(sparse.csr_matrix([[np.inf]]), neighbours=1)
    with pytest.raises(ValueError, match=r"k1 must be at least 0.*, got -1"):
        item_knn.bm25(X, k1=-1.0)
    with pytest.raises(ValueError, match=r"b must lie in \[0, 1\], got 2"):
        item_knn.bm25(X, b=2.0)
