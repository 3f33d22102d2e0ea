import numpy as np
import pandas as pd
import pytest

from utils.worlds.video import (
    START,
    Requests,
    VideoConfig,
    VideoWorld,
    fixed_slates,
)

SMALL = VideoConfig(users=150, videos=400, uploads_per_day=5)


def make(seed=0, **knobs):
    rng = np.random.default_rng(seed)
    return VideoWorld(SMALL, rng=rng).changed(**knobs)


@pytest.fixture(scope="module")
def world():
    return make()


@pytest.fixture(scope="module")
def log(world):
    return world.log(rng=np.random.default_rng(1))


def best_slates(world, day=14, k=10):
    relevance = world.truth.relevance_of_all(np.arange(150), day)
    return np.argsort(-relevance, axis=1)[:, :k]


def test_the_default_world_has_the_size_it_promises():
    world = VideoWorld(VideoConfig(), rng=np.random.default_rng(3))
    users, videos, impressions = world.log(rng=np.random.default_rng(4))
    assert (len(users), len(videos)) == (2000, 5000)
    assert 130_000 < len(impressions) < 180_000


def test_same_seed_same_log_other_seed_another():
    logs = [
        make(seed).log(rng=np.random.default_rng(5)).impressions
        for seed in (0, 0, 1)
    ]
    assert logs[0].equals(logs[1])
    assert not logs[0].equals(logs[2])


def test_nothing_is_shown_before_it_exists_or_to_who_has_not_joined(log):
    day = (log.impressions.time - log.impressions.time.min()).dt.days
    upload = log.videos.upload_day.to_numpy()[log.impressions.video]
    joined = log.users.set_index("user").joined_day[log.impressions.user]
    midnight = log.impressions.time.dt.normalize()
    day = (midnight - midnight.min()).dt.days
    assert (upload <= day).all()
    assert (joined.to_numpy() <= day).all()


def test_a_slate_shows_ten_different_videos_in_order(log):
    sessions = log.impressions.groupby("session")
    assert (sessions.video.nunique() == 10).all()
    assert (sessions.position.apply(list).map(tuple).unique()).tolist() == [
        tuple(range(1, 11))
    ]


def test_ids_are_in_order_of_upload(world):
    assert (np.diff(world.videos.upload_day) >= 0).all()
    for day in (0, 5, 13, 20):
        exist = (world.videos.upload_day <= day).sum()
        assert exist == world.config.videos_on(day)


def test_propensities_are_the_frequencies_of_the_draws():
    world = make(uploads_per_day=0, videos=12, slots=2, topics=4)
    user, n = 3, 60_000
    requests = Requests(np.full(n, user), np.zeros(n, dtype=int))
    slates = world.logging_policy(requests, rng=np.random.default_rng(0))
    first, second = slates.videos.T
    for video in range(12):
        mine = first == video
        assert len(set(slates.propensity[mine, 0].round(12))) == 1
        stated = slates.propensity[mine, 0][0]
        assert mine.mean() == pytest.approx(
            stated, abs=4 * np.sqrt(stated / n)
        )
    # the second draw, given the first
    given = first == np.bincount(first).argmax()
    for video in set(second[given]):
        mine = given & (second == video)
        stated = slates.propensity[mine, 1][0]
        assert mine.sum() / given.sum() == pytest.approx(
            stated, abs=4 * np.sqrt(stated / given.sum())
        )


def test_inverse_propensity_finds_the_uniform_policy(world):
    # weighted by uniform / propensity, the first slot is a uniform draw
    requests = Requests(
        np.tile(np.arange(150), 200), np.full(30_000, 5, dtype=int)
    )
    slates = world.logging_policy(requests, rng=np.random.default_rng(2))
    n = world.config.videos_on(5)
    weight = 1 / (n * slates.propensity[:, 0])
    quality = world.truth.quality[slates.videos[:, 0]]
    estimate, truth = (weight * quality).mean(), world.truth.quality[:n].mean()
    error = (weight * quality).std() / np.sqrt(len(weight))
    assert estimate == pytest.approx(truth, abs=4 * error)
    assert abs(quality.mean() - truth) > 8 * error  # unweighted it is not


def test_explored_first_slots_are_the_stated_share_and_uniform(world):
    requests = Requests(
        np.tile(np.arange(150), 100), np.full(15_000, 3, dtype=int)
    )
    slates, explored = world._logging_draws(
        requests, rng=np.random.default_rng(3)
    )
    n = world.config.videos_on(3)
    first = slates.videos[explored[:, 0], 0]
    share = len(first) / len(explored)
    assert share == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / len(explored)))
    error = n / np.sqrt(12 * len(first))
    assert first.mean() == pytest.approx((n - 1) / 2, abs=4 * error)
    taste = slates.videos[~explored[:, 0], 0]  # the others are not
    assert abs(taste.mean() - n / 2) > 6 * error


def test_expected_reward_is_the_mean_of_sampled_outcomes(world):
    requests = world.everyone()
    slates = best_slates(world)
    expected = world.reward_of(requests, slates)
    rng = np.random.default_rng(6)
    draws = [world.outcomes(requests, slates, rng=rng) for _ in range(300)]
    for name, value, unit in (
        ("satisfied", expected.satisfied, 1),
        ("started", expected.started, 1),
        ("watch_seconds", expected.watch_minutes, 60),
    ):
        sums = np.array([d[name].sum() / unit / 150 for d in draws])
        error = sums.std() / np.sqrt(len(sums))
        assert sums.mean() == pytest.approx(
            value.mean(), abs=4 * error + 0.01 * value.mean()
        )


def test_position_one_is_always_examined_and_bias_zero_sees_all(world):
    assert world.examination()[0] == 1
    assert make(position_bias=0.0).examination().tolist() == [1.0] * 10
    assert world.examination()[3] == pytest.approx(4**-0.5)


def test_a_repeated_topic_bores_by_the_stated_share(world):
    topic = world.truth.topic[: world.config.videos_on(14)]
    same = np.flatnonzero(topic == topic[0])[:3][None]
    one = Requests(np.array([0]), np.array([14]))
    bored = make(boredom=0.5).appeal(one, same)
    fresh = make(boredom=0.0).appeal(one, same)
    assert (bored / fresh)[0] == pytest.approx([1, 0.5, 0.5 * 0.5])


def test_changed_keeps_what_its_knob_leaves_alone(world):
    other = world.changed(duration_spread=0.1, popularity_bias=0.0)
    assert (other.truth.quality == world.truth.quality).all()
    assert (other.truth.topic_taste == world.truth.topic_taste).all()
    spread = np.log(other.truth.duration_seconds).std()
    assert spread < np.log(world.truth.duration_seconds).std() / 4
    assert world.config.duration_spread == 0.8


def test_popularity_bias_shows_the_popular():
    shown = []
    for bias in (0.0, 2.0):
        world = make(popularity_bias=bias)
        slates = world.logging_policy(
            world.everyone(13), rng=np.random.default_rng(7)
        )
        shown.append(world.truth.log_popularity[slates.videos].mean())
    assert shown[1] > shown[0] + 0.5


def test_no_policy_beats_the_oracle(world):
    world = world.changed(boredom=0.0)
    oracle = world.expected_reward(
        fixed_slates(best_slates(world)), rng=np.random.default_rng(0)
    )
    logging = world.expected_reward(
        world.logging_policy, rng=np.random.default_rng(0)
    )
    assert (oracle.satisfied >= logging.satisfied - 1e-12).all()


def test_log_of_later_days_shows_what_the_policy_chose(world):
    shown = np.tile(np.arange(390, 400), (150, 1))  # uploaded by day 13
    tables = world.log(
        fixed_slates(shown), rng=np.random.default_rng(9), days=3, from_day=15
    )
    day = (tables.impressions.time - pd.Timestamp(START)).dt.days
    assert set(day) == {15, 16, 17}
    assert set(tables.impressions.video) == set(range(390, 400))
    assert tables.videos.upload_day.max() == 17


def test_people_come_back_for_what_satisfies(world):
    back = world.truth.return_probability(
        np.array([0, 2, 2]), np.array([1, 1, 0])
    )
    assert back == pytest.approx(
        [1 / (1 + np.exp(0.7)), 1 / (1 + np.exp(-0.3)), 1 / (1 + np.exp(-0.6))]
    )
    everyone, best = world.everyone(), best_slates(world)
    reward = world.reward_of(everyone, best)
    by_hand = world.truth.return_probability(
        reward.satisfied, reward.started - reward.satisfied
    )
    assert reward.returned == pytest.approx(by_hand)
    worst = world.reward_of(everyone, best[:, ::-1])
    assert reward.returned.mean() > worst.returned.mean()


def test_experiment_randomises_users_and_sees_the_lift(world):
    worst = np.argsort(
        world.truth.relevance_of_all(np.arange(150), 14), axis=1
    )[:, :10]
    table = world.experiment(
        fixed_slates(worst),
        fixed_slates(best_slates(world)),
        days=14,
        rng=np.random.default_rng(8),
    )
    assert len(table) == 150
    assert table.treated.sum() == 75
    mean = table.groupby("treated").satisfied.mean()
    assert mean[True] > 3 * mean[False]
    assert (table.sessions[table.satisfied > 0] > 0).all()


@pytest.mark.parametrize(
    "videos, message",
    [
        (np.zeros((3, 10), dtype=int), r"\(150, slots\), got shape \(3, 10\)"),
        (np.arange(150 * 11).reshape(150, 11) % 300, "at most 10"),
        (np.full((150, 1), 405), "request 0: video 405 does not exist"),
        (np.full((150, 1), -1), "video -1 does not exist on day 14"),
        (np.zeros((150, 2), dtype=int), "shows an id once"),
    ],
)
def test_bad_slates_are_refused(world, videos, message):
    with pytest.raises(ValueError, match=message):
        world.reward_of(world.everyone(), videos)


@pytest.mark.parametrize(
    "knobs, message",
    [
        ({"position_bias": -1.0}, "position_bias must be finite and at le"),
        ({"taste_strength": np.nan}, "taste_strength must be finite"),
        ({"exploration_share": 1.5}, "exploration_share is a share, got 1.5"),
        ({"boredom": 2.0}, "boredom is a share"),
        ({"slots": 0}, "slots must be at least 1"),
        ({"topics": 3}, r"topics must exceed favourites \(3\), got 3"),
        ({"videos": 70}, "day 0 needs at least 10 videos"),
    ],
)
def test_bad_knobs_are_refused(knobs, message):
    with pytest.raises(ValueError, match=message):
        make(**knobs)
