import numpy as np
import pytest
from scipy import sparse

from utils.models import ease
from utils.recommender import candidate_generation
from utils.recommender.candidate_generation import CandidateGenerator

X = sparse.csr_matrix(
    (np.random.default_rng(0).random((40, 15)) < np.linspace(0.6, 0.1, 15))
    * 1.0
)
USERS = np.arange(40)


def scores(generator, matrix=X, max_items=100, users=USERS):
    score = generator.fit(
        matrix, max_items=max_items, rng=np.random.default_rng(0)
    )
    return score(matrix[users], users)


ALL = [
    CandidateGenerator("popular"),
    CandidateGenerator("EASE", {"l2": 5.0}),
    CandidateGenerator("ALS", {"factors": 4, "l2": 1.0, "alpha": 2.0}),
    CandidateGenerator("item-kNN", {"neighbours": 5}),
    CandidateGenerator("item-kNN", {"neighbours": 5, "bm25_b": 0.3}),
    CandidateGenerator("two-tower", {"dim": 4}),
]


@pytest.mark.parametrize("generator", ALL, ids=str)
def test_blocks_of_users_score_like_all(generator):
    whole = scores(generator)
    assert whole.shape == (40, 15) and np.isfinite(whole).all()
    part = scores(generator, users=np.array([7, 3]))
    assert part == pytest.approx(whole[[7, 3]], abs=1e-5)


def test_popular_by_hand():
    got = scores(CandidateGenerator("popular"))
    assert got[5] == pytest.approx(X.toarray().sum(0) / 40)


@pytest.mark.parametrize("generator", [ALL[1], ALL[3], ALL[4]], ids=str)
def test_item_models_cap_their_items(generator):
    kept = candidate_generation.popular_items(X, max_items=6)
    capped = scores(generator, max_items=6)
    rest = np.setdiff1d(np.arange(15), kept)
    assert (capped[:, rest] == 0).all() and (capped[:, kept] != 0).any()
    alone = scores(generator, X[:, kept])
    assert capped[:, kept] == pytest.approx(alone, abs=1e-6)


def test_weights_speak_to_als_only():
    heavy = X.copy()
    heavy.data = 1 + np.arange(X.nnz) % 3 * 1.0
    for generator in ALL:
        same = np.array_equal(scores(generator, heavy), scores(generator))
        assert same == (generator.family != "ALS"), generator


def test_ease_is_ease():
    expected = X @ ease.fit_ease(X, l2=5.0)
    assert scores(ALL[1]) == pytest.approx(expected, abs=1e-5)


def test_name():
    assert str(ALL[2]) == "ALS (factors 4, l2 1, alpha 2)"
    assert str(ALL[0]) == "popular"


def test_standardised_by_hand():
    # Unseen 2, 4, 9: mean 5, variance (9 + 1 + 16) / 3; 100 is seen.
    got = candidate_generation.standardised(
        np.array([[2.0, 4.0, 9.0, 100.0]]), sparse.csr_matrix([[0, 0, 0, 1]])
    )
    spread = np.sqrt((9 + 1 + 16) / 3)
    assert got[0, :3] == pytest.approx(np.array([-3, -1, 4]) / spread)


def test_standardised_edges():
    flat = candidate_generation.standardised(
        np.full((1, 3), 0.7), sparse.csr_matrix((1, 3))
    )
    assert flat.tolist() == [[0, 0, 0]]
    all_seen = candidate_generation.standardised(
        np.array([[1.0, 2.0]]), sparse.csr_matrix([[1, 1]])
    )
    assert np.isfinite(all_seen).all()


def test_standardised_ignores_units():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(40, 15))
    assert candidate_generation.standardised(table, X) == pytest.approx(
        candidate_generation.standardised(1000 * table - 7, X), abs=1e-4
    )


def test_greedy_blend_is_never_worse_than_the_best_member():
    rng = np.random.default_rng(2)
    for _ in range(20):
        pool = list(rng.normal(size=(4, 30)))
        target = rng.normal(size=30)

        def quality(total, target=target):
            return np.corrcoef(total, target)[0, 1]

        shares = candidate_generation.greedy_blend(
            pool, quality, picks=6, gain=0.0
        )
        assert shares.sum() == pytest.approx(1) and (shares >= 0).all()
        blend = sum(w * member for w, member in zip(shares, pool, strict=True))
        assert quality(blend) >= max(map(quality, pool)) - 1e-12


def test_greedy_blend_stops():
    pool = [np.array([1.0, 0.0]), np.array([0.9, 0.1])]

    def first(total):
        return total[0] / np.abs(total).sum()

    shares = candidate_generation.greedy_blend(pool, first, picks=9, gain=0.0)
    assert shares.tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="picks must be at least 1, got 0"):
        candidate_generation.greedy_blend(pool, first, picks=0, gain=0.0)


def test_popular_items_ties_keep_the_lower():
    even = sparse.csr_matrix(np.ones((2, 4)))
    assert candidate_generation.popular_items(even, max_items=2).tolist() == [
        0,
        1,
    ]
