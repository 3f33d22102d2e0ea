from math import log as ln

import numpy as np
import pandas as pd
import pytest

from utils.worlds import video_loop
from utils.worlds.video import Requests, VideoConfig, VideoWorld

SMALL = VideoConfig(
    users=80, videos=400, uploads_per_day=5, cold_user_share=0.0,
    future_days=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return VideoWorld(SMALL, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def known(world):
    tables = world.log(rng=np.random.default_rng(1))
    return video_loop.with_labels(tables.impressions, world.videos)


def odds(p):
    return ln(p / (1 - p))


def test_scores_by_hand():
    log = pd.DataFrame(
        {
            "user": [0, 0, 1],
            "video": [0, 1, 0],
            "started": [True, False, False],
            "good": [True, False, False],
        }
    )
    got = video_loop.two_line_scores(
        log, np.array([0, 1, 0]), users=2, available=3
    )
    one, zero = (1 + 0.6) / (1 + 5), (0 + 0.6) / (1 + 5)  # of five pretended
    rates = (1 + 1.2) / (2 + 10), (0 + 1.2) / (1 + 10), 1.2 / 10
    assert got == pytest.approx(
        np.array(
            [
                [-np.inf, odds(zero) + odds(rates[1]), odds(one) + odds(0.12)],
                [
                    odds(zero) + odds(rates[0]),
                    odds(0.12) + odds(rates[1]),
                    odds(zero) + odds(rates[2]),
                ],
            ]
        )
    )


def test_good_watches_are_half_of_the_starts_at_every_length(world, known):
    log, typical = known
    length = world.videos.duration_seconds.to_numpy()
    tenth = np.searchsorted(
        np.quantile(length, np.arange(1, 10) / 10), length
    )[log.video]
    share = log[log.started].good.groupby(tenth[log.started]).mean()
    # of the shortest few, half were seen to the end: nothing beats that
    assert share[0] in (0, pytest.approx(0.5, abs=0.05))
    assert share[1:].to_numpy() == pytest.approx(0.5, abs=0.05)
    again, same = video_loop.with_labels(
        log, world.videos, typical=np.full(10, 2.0)
    )
    assert not again.good.any() and (same == 2.0).all()
    assert typical.shape == (10,)


@pytest.mark.parametrize("explored", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("new", [None, np.full((3, 2), 99)])
def test_a_page_shows_ten_different_and_explores_its_share(explored, new):
    best = np.tile(np.arange(30), (3, 1))
    page = video_loop.rotating_page(
        best, explored=explored, available=100_000, new=new
    )
    requests = Requests(np.tile(np.arange(3), 200), np.zeros(600, int))
    shown = page(requests, rng=np.random.default_rng(0)).videos
    assert shown.shape == (600, 10)
    assert (np.sort(shown, axis=1)[:, 1:] > np.sort(shown)[:, :-1]).all()
    chosen = shown if new is None else np.delete(shown, 4, axis=1)
    if new is not None:
        assert (shown[:, 4] == 99).all()
    assert (chosen >= 30).mean() == pytest.approx(explored, abs=0.02)


def test_a_dead_index_job_shows_nothing_new_and_changes_nothing_before(
    world, known
):
    days = range(14, 20)
    healthy = video_loop.serve(world, *known, days, seed=1)[1]
    stale = video_loop.serve(world, *known, days, seed=1, index_day=14)[1]
    assert (healthy.loc[14] == stale.loc[14]).all()
    assert (stale.new.loc[18:] == 0).all()
    assert (healthy.new >= 0.09).all()


def test_arms_get_the_same_visits_and_serve_until_the_next_rebuild(
    world, known
):
    logs = [
        video_loop.serve(
            world, *known, range(14, 28, 7), seed=1, explored=share
        )[0]
        for share in (0.0, 0.4)
    ]
    visits = [
        log[log.day >= 14].groupby("session", sort=False).user.first()
        for log in logs
    ]
    # the rebuild of day 21 has forgotten what was before day 7
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


def refusals(world, log, typical):
    serve, page = video_loop.serve, video_loop.rotating_page
    thirty = np.arange(30)[None]
    return {
        r"explored must be in \[0, 1\], got 1.5": lambda: page(
            thirty, explored=1.5, available=40
        ),
        r"best must be \(U, 20 or more\), got \(1, 9\)": lambda: page(
            thirty[:, :9], explored=0.1, available=40
        ),
        r"available must be in 1..2, got 3": lambda: (
            video_loop.two_line_scores(
                log, np.array([0, 1]), users=80, available=3
            )
        ),
        r"days must not be empty": lambda: serve(
            world, log, typical, range(14, 14), seed=0
        ),
        r"the log must end before day 13, got 13": lambda: serve(
            world, log, typical, range(13, 15), seed=0
        ),
        r"typical must be \(10,\), got \(3,\)": lambda: video_loop.with_labels(
            log, world.videos, typical=np.ones(3)
        ),
        r"started must be a \(U, V\) mask, got float64 \(2,\)": lambda: (
            video_loop.visits_without_repeats(
                world,
                lambda u, gone: gone,
                users=np.arange(2),
                started=np.ones(2),
                days=[14],
                rng=np.random.default_rng(0),
            )
        ),
    }


@pytest.mark.parametrize("which", range(7))
def test_refused(world, known, which):
    message, call = list(refusals(world, *known).items())[which]
    with pytest.raises(ValueError, match=message):
        call()
