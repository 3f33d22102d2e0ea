from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from utils.worlds import video_loop
from utils.worlds.video import START, VideoConfig, VideoWorld

SMALL = VideoConfig(
    users=80, videos=400, uploads_per_day=5, cold_user_share=0.0,
    future_days=30,
)  # fmt: skip


class Drawn(NamedTuple):
    """A page that draws ten of a range, the same for everybody."""

    best: np.ndarray

    def slates(self, user, *, rng):
        slots = rng.permutation(self.best.shape[1])[:10]
        return self.best[user][:, slots]


def newest(world, log, day, *, index_day=None):
    """The last twenty uploads of an index."""
    n = world.config.videos_on((day if index_day is None else index_day) - 1)
    return Drawn(np.tile(np.arange(n - 20, n), (world.config.users, 1)))


def with_day(rows):
    return rows.assign(day=(rows.time - pd.Timestamp(START)).dt.days)


@pytest.fixture(scope="module")
def world():
    return VideoWorld(SMALL, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def log(world):
    return with_day(world.log(rng=np.random.default_rng(1)).impressions)


def served(world, log, days, **options):
    return video_loop.serve(
        world, log, days, rebuild=partial(newest, world, **options),
        label=with_day, seed=1,
    )  # fmt: skip


def test_a_dead_index_job_shows_nothing_new_and_changes_nothing_before(
    world, log
):
    days = range(14, 20)
    healthy = served(world, log, days)[1]
    stale = served(world, log, days, index_day=14)[1]
    assert (healthy.loc[14] == stale.loc[14]).all()
    assert (stale.new.loc[18:] == 0).all()
    # three days of five uploads, of twenty
    assert healthy.new.to_numpy() == pytest.approx(15 / 20, abs=0.26)


def test_a_page_is_told_as_the_world_has_it(world, log):
    """Second opinion: the first day, by hand."""
    told = served(world, log, range(14, 15))[1].loc[14]
    page = newest(world, log, 14)
    shown = page.slates(np.arange(80), rng=np.random.default_rng([1, 14]))
    got = world.reward_of(world.everyone(14), shown)
    born = world.videos.upload_day.to_numpy()
    assert told.starts == pytest.approx(got.started.mean())
    assert told.satisfying == pytest.approx(got.satisfied.mean())
    assert told.new == pytest.approx((born[shown] >= 11).mean())
    assert told.width == pytest.approx(20)
    # all twenty are of the last two weeks, as five a day are of all
    assert told.recent == pytest.approx(world.config.videos_on(13) / (14 * 5))


def test_a_page_serves_until_the_next_rebuild_and_reads_two_weeks(world, log):
    read = []

    def rebuild(log, day):
        read.append((day, log.day.min(), log.day.max()))
        return newest(world, log, day)

    video_loop.serve(
        world, log, range(14, 28, 7), rebuild=rebuild, label=with_day, seed=1
    )
    assert read == [(14, 0, 13), (21, 7, 20)]


def test_arms_get_the_same_visits(world, log):
    logs = [
        served(world, log, range(14, 28, 7), index_day=day)[0]
        for day in (14, None)
    ]
    visits = [
        log[log.day >= 14].groupby("session", sort=False).user.first()
        for log in logs
    ]
    assert all(log.day.min() == 7 and log.day.max() == 27 for log in logs)
    assert (visits[0].to_numpy() == visits[1].to_numpy()).all()


def test_width_is_the_number_of_equally_frequent_videos():
    assert video_loop._width(np.array([[1, 2], [3, 4]])) == pytest.approx(4)
    assert video_loop._width(np.array([[7, 7]])) == pytest.approx(1)


def test_nobody_sees_again_what_they_started(world):
    started = np.zeros((80, 400), bool)
    started[:, :5] = True
    before = started.copy()
    rows = video_loop.visits_without_repeats(
        world,
        lambda u, gone: np.argsort(gone[u], axis=1, kind="stable")[:, :10],
        users=np.arange(40),
        started=started,
        days=range(14, 19),
        rng=np.random.default_rng(2),
    )
    assert (started == before).all() and rows.video.min() == 5
    assert rows.user.max() < 40 and set(rows.day) == set(range(14, 19))
    assert not rows.duplicated(["user", "day", "video"]).any()
    starts = rows[rows.started]
    assert not starts.duplicated(["user", "video"]).any()
    assert (rows.groupby("visit").size() == 10).all()


def visits(world, started):
    return video_loop.visits_without_repeats(
        world, lambda u, gone: gone, users=np.arange(2), started=started,
        days=[14], rng=np.random.default_rng(0),
    )  # fmt: skip


def test_refused(world, log):
    with pytest.raises(ValueError, match="days must not be empty"):
        served(world, log, range(14, 14))
    with pytest.raises(ValueError, match="must end before day 13, got 13"):
        served(world, log, range(13, 15))
    with pytest.raises(
        ValueError,
        match=r"started must be a \(U, V\) mask, got float64 \(2,\)",
    ):
        visits(world, np.ones(2))
