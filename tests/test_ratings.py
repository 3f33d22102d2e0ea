import numpy as np
import pandas as pd
import pytest

from tests.ratings import RatingsConfig, RatingsWorld

SMALL = RatingsConfig(users=200, items=400, ratings=9_000)


def world_and_log(config=SMALL, seed=0):
    world = RatingsWorld(config, rng=np.random.default_rng(seed))
    return world, world.log(rng=np.random.default_rng(seed + 1))


def test_shape_of_the_public_logs():
    _, log = world_and_log(RatingsConfig())
    assert len(log) == pytest.approx(100_000, rel=0.03)
    per_user = log["user"].value_counts()
    per_item = log["item"].value_counts()
    assert len(per_user) == 943 and per_user.min() >= 20
    assert 1500 < len(per_item) <= 1682
    assert per_user.median() < 0.8 * per_user.mean()  # long tails
    assert per_item.median() < 0.8 * per_item.mean()
    assert per_item.max() < 943


def test_log_is_well_formed():
    _, log = world_and_log()
    assert not log.duplicated(["user", "item"]).any()
    assert log["rating"].between(1, 5).all()
    assert set(log["rating"]) == {1, 2, 3, 4, 5}
    assert log["time"].is_monotonic_increasing
    assert log["time"].dt.tz is not None
    span = log["time"].max() - log["time"].min()
    assert span <= pd.Timedelta(days=SMALL.days + 1)


def test_same_rng_same_log():
    assert world_and_log(seed=3)[1].equals(world_and_log(seed=3)[1])
    assert not world_and_log(seed=3)[1].equals(world_and_log(seed=4)[1])


def test_people_pick_by_log_chance():
    world, log = world_and_log()
    chosen = world.truth.log_chance[log["user"] - 1, log["item"] - 1]
    spread = world.truth.log_chance.std()
    assert chosen.mean() > world.truth.log_chance.mean() + 0.5 * spread


def test_first_pick_is_softmax_of_log_chance():
    # One pick a user: the share of an item is its mean probability.
    config = RatingsConfig(
        users=4000, items=12, ratings=4000, min_ratings=1, series_length=3
    )
    world, log = world_and_log(config)
    chance = np.exp(world.truth.log_chance)
    expected = (chance / chance.sum(1, keepdims=True)).mean(0)
    got = np.bincount(log["item"] - 1, minlength=12) / 4000
    assert got == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 4000))


def test_skew_concentrates_and_taste_is_followed():
    world, _ = world_and_log()

    def log_of(**knobs):
        return world.changed(**knobs).log(rng=np.random.default_rng(1))

    def concentration(log):
        return (log["item"].value_counts(normalize=True) ** 2).sum()

    def affinity(log):
        table = world.truth.tastes @ world.truth.places.T
        return table[log["user"] - 1, log["item"] - 1].mean()

    even, skewed = (log_of(popularity_skew=skew) for skew in (0.0, 2.0))
    assert concentration(skewed) > 2 * concentration(even)
    blind, fond = (log_of(taste_strength=taste) for taste in (0.0, 2.0))
    assert affinity(fond) > affinity(blind) + 0.5


def test_ratings_are_not_missing_at_random():
    world, log = world_and_log()
    affinity = world.truth.tastes @ world.truth.places.T
    rated = affinity[log["user"] - 1, log["item"] - 1]
    assert rated.mean() > affinity.mean() + 0.2
    high = log["rating"].to_numpy() >= 4
    assert rated[high].mean() > rated[~high].mean()


def test_changed_keeps_the_people():
    world, _ = world_and_log()
    other = world.changed(series_strength=0.0)
    assert np.array_equal(world.truth.tastes, other.truth.tastes)
    assert not np.array_equal(world.truth.log_chance, other.truth.log_chance)
    assert world.config.series_strength == 0.5


@pytest.mark.parametrize(
    "knobs, words",
    [
        ({"users": 0}, "users must be at least 1, got 0"),
        ({"ratings": 10}, "at least users \\* min_ratings = 18860, got 10"),
        ({"ratings": 900_000}, "at most a quarter"),
        ({"own_taste": 1.5}, r"own_taste must lie in \[0, 1\], got 1.5"),
    ],
)
def test_refusals(knobs, words):
    with pytest.raises(ValueError, match=words):
        RatingsConfig(**knobs)
