import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.recommender import watches
from utils.worlds.video import START, VideoConfig, VideoWorld


def test_by_hand():
    """Two groups of length; only what was started says what is typical."""
    seconds = np.array([10, 10, 10, 100, 100, 100])
    share = np.array([0.9, 0.5, 0.0, 0.4, 0.2, 0.1])
    started = np.array([True, True, False, True, True, True])
    typical = watches.typical_watch(seconds, share, started, groups=2)
    assert typical.edges == pytest.approx([(10 + 100) / 2])
    assert typical.share == pytest.approx([(0.9 + 0.5) / 2, 0.2])
    good = watches.good_watch(typical, seconds, share, started)
    assert good.tolist() == [True, False, False, True, False, False]


def test_nothing_is_good_where_nothing_is_typical():
    typical = watches.typical_watch(
        np.array([1, 1, 9, 9]), np.ones(4),
        np.array([True, True, False, False]), groups=2,
    )  # fmt: skip
    assert np.isnan(typical.share[1])
    got = watches.good_watch(
        typical, np.array([9.0]), np.array([1.0]), np.array([True])
    )
    assert not got.any()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 4))
def test_at_most_half_of_a_group_beats_its_median(shares, groups):
    seconds = np.arange(len(shares)) % 5 + 1.0
    known = np.ones(len(shares), bool)
    typical = watches.typical_watch(
        seconds, np.array(shares), known, groups=groups
    )
    good = watches.good_watch(typical, seconds, np.array(shares), known)
    group = np.searchsorted(typical.edges, seconds)
    for g in np.unique(group):
        assert good[group == g].mean() <= 0.5


def test_a_log_is_labelled_half_and_half_at_every_length():
    world = VideoWorld(
        VideoConfig(users=80, videos=400, uploads_per_day=5),
        rng=np.random.default_rng(0),
    )
    log = world.log(rng=np.random.default_rng(1)).impressions
    log = watches.with_days(log, start=pd.Timestamp(START))
    typical = watches.typical_of(log, world.videos)
    log = watches.with_good_watches(log, world.videos, typical)
    assert not log.good[~log.started].any()
    per_tenth = log[log.started].groupby("tenth").good.mean()
    # of the shortest few, half were seen to the end: nothing beats that
    assert per_tenth[0] in (0, pytest.approx(0.5, abs=0.05))
    assert per_tenth[1:].to_numpy() == pytest.approx(0.5, abs=0.05)
    length = world.videos.duration_seconds.to_numpy()[log.video]
    assert log.share.to_numpy() == pytest.approx(log.watch_seconds / length)
    # what is typical is known beforehand: later rows do not move it
    few = watches.with_good_watches(log[:500], world.videos, typical)
    assert (few.good == log.good[:500]).all()


def test_a_watch_past_midnight_is_over_on_the_next_day():
    start = pd.Timestamp("2026-03-02")
    log = pd.DataFrame(
        {
            "time": start + pd.to_timedelta([86_390, 86_400], unit="s"),
            "watch_seconds": [20, 0],
        }
    )
    got = watches.with_days(log, start=start)
    assert got.day.tolist() == [0, 1] and got.over.tolist() == [1, 1]
    assert got.reported[0] == start + pd.Timedelta(days=1, seconds=10)


YES = np.array([True])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: watches.typical_watch(YES, YES, YES, groups=0),
            "groups must be at least 1, got 0",
        ),
        (
            lambda: watches.typical_watch(YES[:0], YES[:0], YES[:0]),
            "at least 1 row, got 0",
        ),
        (
            lambda: watches.typical_watch(YES, YES[:0], YES),
            r"must be \(n,\), got \(1,\), \(0,\) and \(1,\)",
        ),
        (
            lambda: watches.typical_watch(YES, YES, np.array([1])),
            "started must be bool, got int64",
        ),
        (
            lambda: watches.typical_watch(YES, np.array([np.nan]), YES),
            "share must be finite, got nan",
        ),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
