"""Hashing by hyperplanes, held against its theory and FAISS's bits."""

from functools import partial

import numpy as np
import pytest

from tests import clusters
from tests.clusters import recall
from utils.retrieval import lsh
from utils.retrieval.exact import ExactIndex
from utils.retrieval.lsh import LSHIndex

clustered = partial(clusters.clustered, asked=300)


def built(vectors, seed=0, **options):
    rng = np.random.default_rng(seed)
    return LSHIndex(rng=rng, **options).fit(vectors)


def test_buckets_by_hand(monkeypatch):
    index = LSHIndex(bits=2, tables=2, rng=np.random.default_rng(0))
    index._planes = np.array([[1, 0], [0, 1], [1, 1], [-1, 0]])
    got = index.buckets(np.array([[2, -1], [-1, 3], [0, 0]]))
    # bits 1 and 2 of each table: right and above; up-right and left
    assert got.tolist() == [[1 + 0, 1 + 0], [0 + 2, 1 + 2], [1 + 2, 1 + 2]]


def test_only_the_vectors_of_a_shared_bucket_are_seen():
    vectors, queries = clustered(0, n=500)
    index = built(vectors, bits=5, tables=2)
    ids, scores = index.search(queries, 500)
    mine, theirs = index.buckets(queries), index.buckets(vectors)
    for q in range(len(queries)):
        shared = (theirs == mine[q]).any(axis=1).nonzero()[0]
        found = ids[q][ids[q] >= 0]
        assert sorted(found) == shared.tolist()
        assert index.computed[q] == len(shared) + 2 * 5  # hyperplanes
        products = vectors[found] @ queries[q]
        np.testing.assert_allclose(
            scores[q, : len(found)], products, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("bits, tables", [(1, 1), (4, 1), (4, 3), (8, 10)])
def test_two_vectors_meet_as_often_as_theory_says(bits, tables):
    theta, trials = 0.7, 3000
    rng = np.random.default_rng(1)
    pair = np.array([[1, 0, 0], [np.cos(theta), np.sin(theta), 0]])
    index = LSHIndex(bits=bits, tables=tables, rng=rng)
    met = 0
    for _ in range(trials):
        one, two = index.fit(pair).buckets(pair)
        met += (one == two).any()
    chance = 1 - (1 - (1 - theta / np.pi) ** bits) ** tables
    error = np.sqrt(chance * (1 - chance) / trials)
    assert met / trials == pytest.approx(chance, abs=4 * error)


def test_opposites_and_repetitions():
    vectors = np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, 2.0]])
    ids, scores = built(vectors, bits=9, tables=9).search(vectors[:1], 3)
    assert ids.tolist() == [[0, 2, -1]]
    assert scores.tolist() == [[5, 5, -np.inf]]


def test_blocks_do_not_change_the_answer(monkeypatch):
    vectors = np.random.default_rng(0).integers(-3, 4, size=(60, 4)) + 0.0
    index = built(vectors, bits=2, tables=2)
    whole, work = index.search(vectors, 5), index.computed
    monkeypatch.setattr(lsh, "BLOCK", 7)
    monkeypatch.setattr(lsh, "PAIRS", 10)
    parts = index.search(vectors, 5)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_array_equal(parts[1], whole[1])
    np.testing.assert_array_equal(index.computed, work)


def test_tables_buy_recall_and_bits_save_work():
    vectors, queries = clustered(1)
    expected, _ = ExactIndex().fit(vectors).search(queries, 10)

    def tried(bits, tables):
        index = built(vectors, bits=bits, tables=tables)
        found = recall(index.search(queries, 10)[0], expected)
        return found, index.computed.mean()

    few, more, finer = tried(6, 2), tried(6, 12), tried(9, 12)
    assert few[0] < finer[0] < more[0] and finer[1] < more[1]


def test_buckets_are_those_of_faiss_with_the_same_hyperplanes():
    import faiss

    # Its own hyperplanes are at right angles, which is not Charikar's way.
    vectors, queries = clustered(0)
    index = built(vectors, bits=6, tables=8)
    for table in range(8):
        peer = faiss.IndexLSH(16, 6)
        planes = index._planes[6 * table : 6 * table + 6]
        faiss.copy_array_to_vector(
            planes.astype(np.float32).ravel(), peer.rrot.A
        )
        for some in (vectors, queries):
            codes = peer.sa_encode(some)[:, 0]
            mine = index.buckets(some)[:, table]
            assert (codes == mine).mean() > 0.999  # single precision


def test_refuses():
    rng = np.random.default_rng(0)
    for bits in (0, 63):
        with pytest.raises(ValueError, match=f"1 to 62, got {bits}"):
            LSHIndex(bits=bits, tables=1, rng=rng)
    with pytest.raises(ValueError, match=r"tables .*1, got 0"):
        LSHIndex(bits=1, tables=0, rng=rng)
