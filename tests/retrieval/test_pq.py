"""Product quantisation, held against look-up tables and FAISS."""

import numpy as np
import pytest

from tests.clusters import clustered, recall
from utils.retrieval import pq
from utils.retrieval.exact import ExactIndex
from utils.retrieval.pq import PQIndex, ProductQuantiser


def built(vectors, seed=0, **options):
    rng = np.random.default_rng(seed)
    return PQIndex(rng=rng, **options).fit(vectors)


def test_quantiser_by_hand():
    # first parts: 0 or 10; second parts: (1, 1) or (5, 5)
    vectors = np.array([[0, 0, 1, 1], [10, 0, 5, 5], [0, 0, 5, 5.0]])
    rng = np.random.default_rng(0)
    quantiser = ProductQuantiser(subvectors=2, centroids=2, rng=rng).fit(
        vectors
    )
    assert quantiser.books.shape == (2, 2, 2)
    codes = quantiser.encode(np.array([[9, 1, 0, 2], [4, 4, 4, 4.0]]))
    assert codes.dtype == np.uint8 and codes.shape == (2, 2)
    got = quantiser.decode(codes)
    assert got.tolist() == [[10, 0, 1, 1], [0, 0, 5, 5]]


def test_scores_are_sums_of_a_look_up_table():
    vectors, queries = clustered(0, n=600)
    index = built(vectors, subvectors=4, centroids=16)
    ids, scores = index.search(queries, 600)
    codes = index.quantiser.encode(vectors)
    for q in (0, 7):
        parts = queries[q].reshape(4, 4)
        table = np.einsum("jcd,jd->jc", index.quantiser.books, parts)
        expected = table[np.arange(4), codes].sum(1)  # (N,)
        np.testing.assert_allclose(scores[q], expected[ids[q]], rtol=1e-4)
    assert (index.computed == 600).all()


def test_as_many_codes_as_different_parts_lose_nothing():
    vectors = np.random.default_rng(0).integers(0, 3, size=(200, 6)) + 0.0
    index = built(vectors, subvectors=6, centroids=200)
    for euclidean in (False, True):
        index.euclidean = euclidean
        exact = ExactIndex(euclidean=euclidean).fit(vectors)
        expected = exact.search(vectors[:20], 9)
        ids, scores = index.search(vectors[:20], 9)
        np.testing.assert_array_equal(ids, expected[0])
        np.testing.assert_array_equal(scores, expected[1])


def test_the_same_codes_tie_and_the_lower_id_comes_first():
    index = built(np.ones((5, 2)), subvectors=1, centroids=1)
    assert index.search(np.ones((1, 2)), 3)[0].tolist() == [[0, 1, 2]]


def test_chunks_do_not_change_the_answer(monkeypatch):
    vectors = np.random.default_rng(0).integers(-3, 4, size=(50, 4)) + 0.0
    index = built(vectors, subvectors=4, centroids=50)
    for k in (5, 60):
        whole = index.search(vectors, k)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pq, "CHUNK", 7)
            parts = index.search(vectors, k)
        np.testing.assert_array_equal(parts[0], whole[0])
        np.testing.assert_array_equal(parts[1], whole[1])


def test_more_bytes_find_more():
    vectors, queries = clustered(1)
    expected, _ = ExactIndex().fit(vectors).search(queries, 10)
    found = [
        recall(
            built(vectors, subvectors=parts, centroids=32).search(queries, 10)[
                0
            ],
            expected,
        )
        for parts in (1, 4, 16)
    ]
    assert found == sorted(found) and found[0] < found[2] - 0.3


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
            vectors, seed, subvectors=8, centroids=64, euclidean=euclidean
        )
        metric = "METRIC_L2" if euclidean else "METRIC_INNER_PRODUCT"
        peer = faiss.IndexPQ(16, 8, 6, getattr(faiss, metric))
        peer.train(vectors)
        peer.add(vectors)
        theirs = recall(peer.search(queries, 10)[1], expected)
        apart.append(recall(ours.search(queries, 10)[0], expected) - theirs)
    assert abs(np.mean(apart)) <= 0.01


def test_refuses():
    rng = np.random.default_rng(0)
    with pytest.raises(
        ValueError, match=r"subvectors must .*at least 1, got 0"
    ):
        ProductQuantiser(subvectors=0, rng=rng)
    for codes in (0, 257):
        with pytest.raises(ValueError, match=f"1 to 256, got {codes}"):
            PQIndex(subvectors=1, centroids=codes, rng=rng)
    with pytest.raises(ValueError, match="3 subvectors must divide the 4"):
        built(np.ones((9, 4)), subvectors=3, centroids=2)
    with pytest.raises(ValueError, match=r"10 centroids need .*got 9"):
        built(np.ones((9, 4)), subvectors=2, centroids=10)
    fitted = ProductQuantiser(subvectors=2, centroids=2, rng=rng).fit(
        np.eye(4)
    )
    with pytest.raises(ValueError, match="must have 4 dimensions, got 6"):
        fitted.encode(np.ones((1, 6)))
