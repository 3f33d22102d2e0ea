from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from utils.metrics import ranking
from utils.models import bpr
from utils.worlds.ratings import RatingsConfig, RatingsWorld

SETTINGS = {"factors": 16, "l2": 0.02, "lr": 0.05, "epochs": 60}


def test_ascent_by_hand():
    # u · (i - j) = 1 * (2 - 0) + 0 * (0 - 1) = 2, 1 - s(2) = 1 / (1 + e²)
    u, i, j = np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]]), np.eye(2)[1:]
    w, l2 = 1 / (1 + exp(2)), 0.1
    to_u, to_i, to_j = bpr.ascent(u, i, j, l2=l2)
    assert to_u == pytest.approx(np.array([[w * 2 - l2, w * -1]]))
    assert to_i == pytest.approx(np.array([[w - l2 * 2, 0]]))
    assert to_j == pytest.approx(np.array([[-w, -l2 * 1]]))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_ascent_is_the_slope_of_the_objective(seed, l2):
    def objective(x):
        u, i, j = x
        return -log(1 + exp(-u @ (i - j))) - l2 / 2 * (x**2).sum()

    x = np.random.default_rng(seed).normal(size=(3, 4))
    slopes = np.stack(bpr.ascent(*x[:, None], l2=l2))[:, 0]
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-6
        slope = (objective(x + step) - objective(x - step)) / 2e-6
        assert slopes[place] == pytest.approx(slope, abs=1e-6)


def test_ascent_does_not_overflow():
    far = np.array([[1e6]])
    with np.errstate(all="raise"):
        wrong = bpr.ascent(far, -far, far, l2=0.0)
        right = bpr.ascent(far, far, -far, l2=0.0)
    assert wrong[1][0, 0] == 1e6 and right[1][0, 0] == 0


def test_rows_that_repeat_are_summed():
    table = np.zeros((3, 2))
    bpr._add(table, np.array([2, 0, 2]), np.array([[1.0, 2], [3, 4], [5, 6]]))
    assert table.tolist() == [[3, 4], [0, 0], [6, 8]]


def test_the_biases_alone_order_items_by_how_often_they_are_seen():
    counts = np.array([10, 40, 20, 80])
    X = sparse.csr_matrix(np.arange(90)[:, None] < counts)
    users, items = bpr.fit_bpr(
        X, factors=1, l2=0.05, lr=0.05, epochs=50, rng=np.random.default_rng(0)
    )
    assert (users[:, -1] == 1).all()
    assert np.argsort(items[:, -1]).tolist() == np.argsort(counts).tolist()


def test_strengths_repeats_and_stored_zeros_do_not_count():
    rng = np.random.default_rng(0)
    X = sparse.csr_matrix((rng.random((30, 20)) < 0.2) * 1.0)
    other = (3 * X).tolil()
    other[0, int(np.argmin(X.toarray()[0]))] = 1.0
    other = other.tocsr()
    other.data[other.data == 1.0] = 0.0
    first, again = (
        bpr.fit_bpr(x, rng=np.random.default_rng(1), **SETTINGS)
        for x in (X, other)
    )
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    changed = bpr.fit_bpr(X, rng=np.random.default_rng(2), **SETTINGS)
    assert not np.array_equal(first[0], changed[0])


def test_a_user_who_has_seen_everything_teaches_nothing():
    X = sparse.csr_matrix(np.ones((2, 3)))
    users, _ = bpr.fit_bpr(
        X, factors=2, l2=1.0, lr=0.1, epochs=3, rng=np.random.default_rng(0)
    )
    drawn = np.random.default_rng(0).normal(scale=0.1, size=(2, 3))
    assert users[:, :2] == pytest.approx(drawn[:, :2], abs=1e-7)


def quality(users, items, X, hidden):
    """Recall@50, nDCG@10 of what is hidden."""
    scores = users @ items.T
    scores[X.nonzero()] = -np.inf
    relevant = hidden.toarray() > 0
    some = relevant.any(axis=1)
    gains = ranking.gains_of(ranking.top_k(scores, k=50), relevant * 1.0)
    return (
        (gains.sum(axis=1)[some] / relevant.sum(axis=1)[some]).mean(),
        ranking.ndcg_at_k(gains[some], relevant[some] * 1.0, k=10).mean(),
    )


@pytest.mark.peers
def test_as_good_as_implicit_with_its_negatives_and_better_with_uniform():
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    config = RatingsConfig(users=600, items=800, ratings=30_000)
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        log = RatingsWorld(config, rng=rng).log(rng=rng)
        out = rng.random(len(log)) < 0.25
        X, hidden = (
            sparse.csr_matrix(
                (np.ones(len(part)), (part["user"] - 1, part["item"] - 1)),
                shape=(config.users, config.items),
            )
            for part in (log[~out], log[out])
        )
        popular, uniform = (
            bpr.fit_bpr(X, rng=rng, negative_power=power, **SETTINGS)
            for power in (1.0, 0.0)
        )
        peer = BayesianPersonalizedRanking(
            factors=16,
            regularization=0.02,
            learning_rate=0.05,
            iterations=60,
            num_threads=1,
            random_state=seed,
        )
        peer.fit(X.astype(np.float32), show_progress=False)
        theirs = peer.user_factors, peer.item_factors
        found.append([quality(*f, X, hidden) for f in
                      (popular, uniform, theirs)])  # fmt: skip
    popular, uniform, theirs = np.mean(found, axis=0)
    assert popular == pytest.approx(theirs, abs=0.02)
    assert (uniform > theirs + 0.05).all()


def test_refusals():
    X = sparse.csr_matrix(np.eye(3))
    good = {"factors": 2, "l2": 0.0, "lr": 0.1, "epochs": 1}
    for bad, words in [
        ({"factors": 0}, "factors must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"l2": -1.0}, "l2 must be at least 0, got -1.0"),
        ({"lr": np.nan}, "lr must be above 0, got nan"),
        ({"negative_power": 2.0}, r"must lie in \[0, 1\], got 2.0"),
    ]:
        with pytest.raises(ValueError, match=words):
            bpr.fit_bpr(X, rng=np.random.default_rng(0), **(good | bad))
    for wrong, words in [
        (-X, "finite and at least 0"),
        (X * np.nan, "finite and at least 0"),
        (X * 0, "at least 1 pair, got 0"),
    ]:
        with pytest.raises(ValueError, match=words):
            bpr.fit_bpr(wrong, rng=np.random.default_rng(0), **good)
    with pytest.raises(ValueError, match=r"lr 1e\+30 is too large"):
        bpr.fit_bpr(
            X,
            rng=np.random.default_rng(0),
            **(good | {"lr": 1e30, "epochs": 99, "l2": 1.0}),
        )
