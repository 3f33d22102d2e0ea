"""A column of noise helps where a split leaks, and only there."""

import numpy as np
import pytest

from utils.experiments import leakage

U, D, N = 60, 60, 1_500


def log(rng):
    """user, document, features and a label that both entities move."""
    user, document = rng.integers(0, U, N), rng.integers(0, D, N)
    x = rng.normal(size=(N, 2))
    y = x[:, 0] + rng.normal(size=D)[document]
    y += 0.3 * rng.normal(size=U)[user] + rng.normal(size=N)
    return user, document, x, y


def tree(y, train, test):
    from sklearn.tree import DecisionTreeRegressor

    def score(features):
        model = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        model.fit(features[train], y[train])
        return -((model.predict(features[test]) - y[test]) ** 2)

    return score


def splits(rng, user, document):
    """by user alone, and by both: (train, test) each."""
    new_user = (rng.random(U) < 0.3)[user]
    new_document = (rng.random(D) < 0.3)[document]
    return {
        "user": (~new_user, new_user),
        "both": (~new_user & ~new_document, new_user & new_document),
    }


def gains(seed):
    """(split, entity) -> gain."""
    rng = np.random.default_rng(seed)
    user, document, x, y = log(rng)
    got = {}
    for name, (train, test) in splits(rng, user, document).items():
        for entity, ids in (("user", user), ("document", document)):
            got[name, entity] = leakage.noise_column_gain(
                tree(y, train, test), x, ids, test=test, rng=rng
            )
    return got


def test_a_split_by_user_leaks_by_document():
    """Documents stand on both sides, as when a search log is cut by query."""
    found = [gains(seed)["user", "document"].low > 0 for seed in range(6)]
    assert sum(found) >= 5


def test_nothing_is_found_where_nothing_leaks():
    for seed in range(6):
        got = gains(seed)
        for clean in (
            ("user", "user"),
            ("both", "user"),
            ("both", "document"),
        ):
            assert got[clean].low <= 0, (seed, clean)


def test_gain_by_hand():
    """A score that is paid where the column names documents."""
    document = np.repeat([0, 1], 20)
    test = np.arange(40) >= 18  # 2 rows of document 0, 20 of document 1
    paid = np.where(document[test] == 0, 2.0, 5.0)

    def score(features):
        noise = features[:, -1]
        return paid * (noise[document == 0] == noise[0]).all()

    got = leakage.noise_column_gain(
        score, np.zeros((40, 1)), document, test=test,
        rng=np.random.default_rng(0), repeats=3,
    )  # fmt: skip
    assert got.estimate == pytest.approx((2 * 2 + 20 * 5) / (2 + 20))
    assert got.n == 2
    # one document drawn twice, or the other
    assert (got.low, got.high) == pytest.approx((2, 5))


def test_a_score_that_looks_at_nothing_gains_nothing():
    document, test = np.arange(8) // 2, np.arange(8) % 2 == 0
    got = leakage.noise_column_gain(
        lambda features: np.ones(4), np.zeros((8, 0)), document, test=test,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert got[:3] == (0, 0, 0)


def test_refusals():
    rng, x = np.random.default_rng(0), np.zeros((4, 1))
    entity, test = np.array([0, 0, 1, 1]), np.array([False, True, False, True])

    def ask(x=x, entity=entity, test=test, score=lambda f: np.ones(2), **o):
        return leakage.noise_column_gain(
            score, x, entity, test=test, rng=rng, **o
        )

    with pytest.raises(ValueError, match=r"features must be \(n, F\)"):
        ask(x=x[:3])
    with pytest.raises(ValueError, match="test must be bool, got int64"):
        ask(test=test.astype(int))
    with pytest.raises(ValueError, match="entity must be integers, got float"):
        ask(entity=entity / 2)
    with pytest.raises(ValueError, match="entity must be at least 0, got -1"):
        ask(entity=entity - 1)
    with pytest.raises(ValueError, match="at least 2 entities, got 1"):
        ask(entity=entity * 0)
    with pytest.raises(ValueError, match="one value per test row"):
        ask(score=lambda f: np.ones(4))
    with pytest.raises(ValueError, match="scores must be finite"):
        ask(score=lambda f: np.full(2, np.nan))
    with pytest.raises(ValueError, match="repeats must be at least 2, got 1"):
        ask(repeats=1)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\), got 1"):
        ask(level=1)
