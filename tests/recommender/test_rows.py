import numpy as np
import pandas as pd
import pytest

from utils.recommender import rows as study
from utils.worlds.video import START, VideoConfig, VideoWorld

TODAY = 3


@pytest.fixture(scope="module")
def world():
    return VideoWorld(
        VideoConfig(users=40, videos=300, uploads_per_day=10, log_days=5),
        rng=np.random.default_rng(1),
    )


@pytest.fixture(scope="module")
def log(world):
    log = world.log(rng=np.random.default_rng(2)).impressions
    over = log.time + pd.to_timedelta(log.watch_seconds, unit="s")
    days = (log.time - pd.Timestamp(START)).dt.days
    ends = (over - pd.Timestamp(START)).dt.days
    return log.assign(
        day=days, reported=over, over=ends, good=log.started & log.liked
    )


@pytest.fixture(scope="module")
def got(world, log):
    return of(world, log)


def of(world, log):
    past = log.reported < pd.Timestamp(START) + pd.Timedelta(days=TODAY)
    group = study.groups_of(40, rng=np.random.default_rng(3))
    return study.study_of(
        log, world.videos, group, past=past.to_numpy(), topics=24, today=TODAY
    )


def test_groups_have_their_sizes():
    group = study.groups_of(27, rng=np.random.default_rng(0))
    assert [(group == g).sum() for g in ("learn", "tune", "judge")] == [
        16, 2, 9,
    ]  # fmt: skip


def test_taste_by_hand():
    sums = np.zeros((1, 8 + 3 * 2 + 1))
    sums[0, 8:14] = [1, 0, 2, 1, 4, 6]  # good, starts, exposures by topic
    sums[0, 0], sums[0, -1] = 3.0, 1
    got = study.taste(sums)[0]
    assert got[0] == 3 / (1 + 2)
    assert got[8] == pytest.approx(np.log((1 + 0.36) / (4 + 3) / 0.12))
    assert got[10] == pytest.approx(np.log((2 + 0.84) / (4 + 3) / 0.28))
    assert got[12] == pytest.approx(np.log((2 + 1.5) / (3 + 3) * 2))
    assert got[14] == pytest.approx(np.log((4 + 5) / (10 + 10) * 2))
    assert got[-1] == pytest.approx(np.log(2))


def test_nobody_has_the_usual_taste():
    got = study.taste(np.zeros((1, 8 + 3 * 5 + 1)))
    np.testing.assert_allclose(got, 0, atol=1e-6)


def test_history_is_what_was_over_before_the_row(world, log, got):
    row = int(np.flatnonzero(log.day == 4)[-1])
    me = (log.user == log.user[row]) & (log.reported < log.time[row])
    assert got.then[row, -1] == pytest.approx(np.log1p(log.good[me].sum()))
    before = (log.video == log.video[row]) & (
        log.reported < pd.Timestamp(START) + pd.Timedelta(days=4)
    )
    assert got.stats_then[row].tolist() == [
        before.sum(), *(log.loc[before, c].sum() for c in (
            "started", "good", "liked")),
    ]  # fmt: skip


def test_what_comes_later_changes_nothing_known(world, log, got):
    late = log.copy()
    late.loc[~got.past, ["good", "liked", "started"]] = True
    other = of(world, late)
    np.testing.assert_array_equal(other.now, got.now)
    np.testing.assert_array_equal(other.stats_now, got.stats_now)
    np.testing.assert_array_equal(other.seen, got.seen)
    known = got.past & (log.day < TODAY).to_numpy()
    np.testing.assert_array_equal(other.then[known], got.then[known])


def test_seen_is_what_was_started(log, got):
    rows = log[got.past & log.started]
    assert got.seen.sum() == len(rows[["user", "video"]].drop_duplicates())
    assert got.seen[rows.user, rows.video].all()


def test_mine_takes_known_rows_of_a_group(log, got):
    rows = got.mine("judge")
    assert rows.any() and not (rows & ~got.past).any()
    assert set(got.group[log.user[rows]]) == {"judge"}


def test_ranker_rows_by_hand(got):
    v = np.array([5, 7])
    rows = study.ranker_rows(
        got.now[:2], got.stats_now[v], v, day=TODAY, items=got.items
    )
    topic = got.items.topic[v].argmax(1)
    assert rows.shape == (2, 12)
    assert rows[1, 0] == got.now[1, 8 + topic[1]]
    assert rows[1, 11] == got.now[1, 8 + 3 * 24 + topic[1]]
    assert rows[0, 3] == np.log1p(got.stats_now[5, 0])
    assert rows[0, 8] == np.log(got.items.duration[5])


def test_rows_of_a_log_are_rows_of_its_videos(log, got):
    rows = study.rows_of(got)
    assert rows.shape == (len(log), 12)
    assert rows[7, 8] == np.log(got.items.duration[log.video[7]])


def test_chances_keep_their_place(got):
    sets = np.array([[1, 2, 3], [4, 5, 6]])
    chance = study.chance_of(
        got, lambda rows: rows[:, 8], got.now[:2], sets, day=TODAY
    )
    np.testing.assert_array_equal(chance, np.log(got.items.duration[sets]))


def test_unseen_leaves_out_what_was_started(got):
    users = np.array([3, 8])
    best = study.unseen(got, np.ones(got.seen.shape), 5, users)
    assert not got.seen[users[:, None], best].any()


def test_hits_by_loop(log, got):
    users = np.array([2, 5, 9, 20])
    n = got.seen.shape[1]
    lists = np.random.default_rng(0).permuted(
        np.tile(np.arange(n), (4, 1)), axis=1
    )[:, : n // 2]
    coming = log[~got.past & log.good & (log.video < n)]
    expected = [
        v in lists[list(users).index(u)]
        for u, v in zip(coming.user, coming.video, strict=True)
        if u in users
    ]
    assert study.hits(got, lists, users).tolist() == expected
    with pytest.raises(ValueError, match="ascend, got 20 before 9"):
        study.hits(got, lists, users[::-1])


def test_top_ten_has_no_repeats():
    rng = np.random.default_rng(4)
    sets = rng.integers(30, size=(20, 60))
    chance = (sets * 7 % 31) / 31  # equal for equal videos
    got = study.top_ten(sets, chance)
    for row, all_of in zip(got, sets, strict=True):
        best = sorted(set(all_of), key=lambda v: -(v * 7 % 31))[:10]
        assert row.tolist() == best


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: study.groups_of(9, rng=np.random.default_rng(0)), "10 users"),
        (lambda: study.taste(np.zeros((1, 16))), "sums must be"),
        (lambda: study.taste(np.full((1, 15), -1.0)), "at least 0, got -1.0"),
        (lambda: study.taste(np.full((1, 15), 1e31)), "1e30, .* got 1e.31"),
        (
            lambda: study.top_ten(np.zeros((1, 12)), np.zeros((1, 12))),
            "sets must be .* float64",
        ),
        (
            lambda: study.top_ten(np.zeros((1, 12), int), np.zeros(12)),
            "chance must be .1, 12., got .12,.",
        ),
        (
            lambda: study.without_repeats(
                np.zeros((1, 2), int), np.array([[1, np.nan]])
            ),
            "got nan",
        ),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_refusals_of_a_study(world, log, got):
    for past, group, words in (
        (got.past[:-1], got.group, "past must be"),
        (got.past, got.group[:5], "group must have"),
    ):
        with pytest.raises(ValueError, match=words):
            study.study_of(
                log, world.videos, group, past=past, topics=24, today=TODAY
            )
    with pytest.raises(ValueError, match="taste must have"):
        study.ranker_rows(
            got.now[:1, :-1], got.stats_now[:1], np.array([0]), day=1,
            items=got.items,
        )  # fmt: skip
    with pytest.raises(ValueError, match="at least 2 videos"):
        study.items_of(world.videos[-1:], topics=24, today=0)
