import numpy as np
import pytest
from scipy import sparse

from utils.recommender import ranker


def test_ndcg_and_recall_by_hand():
    hidden = sparse.csr_matrix([[0, 1, 0, 1]])
    ndcg, recall = ranker.ndcg_and_recall(
        np.array([[4.0, 3.0, 2.0, 1.0]]), hidden
    )
    gain = 1 / np.log2(3) + 1 / np.log2(5)
    assert ndcg[0] == pytest.approx(gain / (1 + 1 / np.log2(3)))
    assert recall[0] == 1


def test_item_features_by_hand():
    X = sparse.csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    age = sparse.csr_matrix([[1.0, 2.0, 0.0], [1.5, 0.0, 0.0]])
    expected = [
        [np.log(1 + 2), (1.0 + 1.5) / 2, 1 / 2],
        [np.log(1 + 1), 2.0, 0.0],
        [0.0, 0.0, 0.0],
    ]
    assert ranker.item_features(X, age) == pytest.approx(np.array(expected))


def test_learns_from_a_fact_and_moves_candidates_only():
    # Hidden is always the item whose fact is 1; the blend cannot know.
    rng = np.random.default_rng(0)
    n_users, n_items = 300, 20
    blend = rng.normal(size=(n_users, n_items)).astype(np.float32)
    facts = np.zeros((1, n_items, 3))
    facts[0, 3, 2] = 1.0
    hidden = sparse.csr_matrix(
        np.tile(np.arange(n_items) == 3, (n_users, 1)) * 1.0
    )
    rows = sparse.csr_matrix((n_users, n_items))
    first = ranker.FirstStage(
        blend, [blend], rows, facts, np.zeros(n_users, dtype=int)
    )
    model = ranker.fit_ranker(first, hidden, candidates=10, seed=0)
    after = ranker.rerank(model, first, candidates=10)
    before_ndcg, after_ndcg = (
        ranker.ndcg_and_recall(scores, hidden)[0] for scores in (blend, after)
    )
    assert after_ndcg.mean() > before_ndcg.mean() + 0.1
    assert (np.isfinite(after).sum(axis=1) == 10).all()
    never = ranker.fit_ranker(
        first, sparse.csr_matrix(hidden.shape), candidates=10, seed=0
    )
    assert never is None


def test_first_stage_of_some_users():
    first = ranker.FirstStage(
        np.arange(6.0).reshape(3, 2),
        [np.arange(6.0, 12.0).reshape(3, 2)],
        sparse.csr_matrix([[1, 0], [0, 1], [1, 1]]),
        np.zeros((2, 2, 3)),
        np.array([0, 0, 1]),
    )
    some = first.of_users(np.array([2, 0]))
    assert some.blend.tolist() == [[4, 5], [0, 1]]
    assert some.parts[0].tolist() == [[10, 11], [6, 7]]
    assert some.history.toarray().tolist() == [[1, 1], [1, 0]]
    assert some.item_features is first.item_features
    assert some.fold.tolist() == [1, 0]
