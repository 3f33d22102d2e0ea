"""Video page that lives on its own log: rebuilt, served, logged, rebuilt.

A page is made of counts alone, so that a night costs milliseconds: a video's
score for a user is the log odds of the user's good watches per exposure of
its topic plus those of the video's own. What a page shows on one day is what
it counts on the next.

Shapes: U users, V videos (all that are ever uploaded), R requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from .. import features
from ..metrics import ranking
from .video import (
    START,
    Policy,
    Requests,
    Slates,
    VideoWorld,
)

SLOTS = 10
ROTATED = 30  # a visit shows ten of so many
KEPT_DAYS = 14  # of the log, when a page is rebuilt
NEW_DAYS = 3  # a video is new for so many days
RECENT_DAYS = 14
Page = Callable[[np.ndarray, np.ndarray], np.ndarray]


def with_labels(
    log: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    typical: np.ndarray | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Log with its days and good watches: more than is typical for the length.

    Args:
        log: impressions of a `VideoWorld`.
        videos: its table of all videos.
        typical: (10,) median share seen of started videos by tenth of length,
            as an earlier call returned it; by default that of this log.

    Returns:
        The log with columns `day` and `good`, and the typical shares.

    Raises:
        ValueError: typical is not (10,).

    >>> from .video import VideoConfig
    >>> world = VideoWorld(VideoConfig(users=20, videos=600),
    ...                    rng=np.random.default_rng(0))
    >>> log, typical = with_labels(
    ...     world.log(rng=np.random.default_rng(1)).impressions, world.videos)
    >>> bool(log.good[~log.started].any()), typical.shape
    (False, (10,))
    """
    length = videos["duration_seconds"].to_numpy()
    edges = np.quantile(length, np.arange(1, 10) / 10)
    tenth = np.searchsorted(edges, length)[log["video"]]
    share = (log["watch_seconds"] / length[log["video"]]).to_numpy()
    started = log["started"].to_numpy()
    if typical is None:
        medians = pd.Series(share[started]).groupby(tenth[started]).median()
        typical = medians.reindex(range(10)).to_numpy()
    if typical.shape != (10,):
        raise ValueError(f"typical must be (10,), got {typical.shape}")
    day = (log["time"] - pd.Timestamp(START)).dt.days
    return log.assign(
        day=day, good=started & (share > typical[tenth])
    ), typical


def two_line_scores(
    log: pd.DataFrame, topics: np.ndarray, *, users: int, available: int
) -> np.ndarray:
    """Log odds of a good watch by counting: liking of the topic, and rate.

    Args:
        log: with columns user, video, started and good.
        topics: (V,) topic of each video, from 0.
        users: U.
        available: videos 0 to available - 1 are scored.

    Returns:
        (U, available) scores; -inf where the user has started the video.

    Raises:
        ValueError: available not in 1..V.

    >>> log = pd.DataFrame({"user": [0, 0], "video": [0, 1],
    ...                     "started": [True, False], "good": [True, False]})
    >>> got = two_line_scores(log, np.array([0, 1, 0]), users=1, available=3)
    >>> float(got[0, 0]), bool(got[0, 2] > got[0, 1])
    (-inf, True)
    """
    topics = np.asarray(topics)
    if not 1 <= available <= len(topics):
        raise ValueError(
            f"available must be in 1..{len(topics)}, got {available}"
        )
    user, video = log["user"].to_numpy(), log["video"].to_numpy()
    good = log["good"].to_numpy(float)
    topic = np.eye(topics.max() + 1)[topics[video]]
    own = features.totals(
        user, np.hstack([good[:, None] * topic, topic]), size=users
    )
    liked, shown = np.split(own, 2, axis=1)
    liking = features.smoothed_rate(liked, shown, prior=0.12, weight=5)
    hits, tries = features.totals(
        video, np.c_[good, np.ones(len(good))], size=len(topics)
    )[:available].T
    rate = features.smoothed_rate(hits, tries, prior=0.12, weight=10)
    scores = _log_odds(liking)[:, topics[:available]] + _log_odds(rate)
    gone = log["started"].to_numpy(bool) & (video < available)
    scores[user[gone], video[gone]] = -np.inf
    return scores


def rotating_page(
    best: np.ndarray,
    *,
    explored: float,
    available: int,
    new: np.ndarray | None = None,
) -> Policy:
    """Rotation policy: ten of a user's best, some slots drawn uniformly.

    Args:
        best: (U, B) videos, B at least 20, none twice in a row.
        explored: share of slots drawn from all available, in [0, 1].
        available: videos 0 to available - 1, at least 10.
        new: (U, M) videos of which slot 5 shows one, or None.

    Returns:
        A policy; its propensities are 1, as they are not logged.

    Raises:
        ValueError: explored outside [0, 1]; B below 20.

    >>> page = rotating_page(np.arange(30)[None], explored=0.0, available=40)
    >>> shown = page(Requests(np.zeros(5, int), np.zeros(5, int)),
    ...              rng=np.random.default_rng(0)).videos
    >>> shown.shape, bool(shown.max() < 30)
    ((5, 10), True)
    """
    best = np.asarray(best)
    if not 0 <= explored <= 1:
        raise ValueError(f"explored must be in [0, 1], got {explored}")
    if best.ndim != 2 or best.shape[1] < 2 * SLOTS:
        raise ValueError(f"best must be (U, 20 or more), got {best.shape}")

    def policy(requests: Requests, *, rng: np.random.Generator) -> Slates:
        mine = rng.permuted(best[requests.user], axis=1)
        uniform = rng.random(mine.shape) < explored
        uniform[:, SLOTS:] = False  # those only replace repetitions
        drawn = rng.integers(available, size=mine.shape)
        shown = np.where(uniform, drawn, mine)
        if new is not None:
            one = rng.permuted(new[requests.user], axis=1)[:, :1]
            shown = np.hstack([shown[:, :4], one, shown[:, 4:]])
        same = shown[:, :, None] == shown[:, None, :]
        repeated = np.tril(same, k=-1).any(axis=2)
        order = np.argsort(repeated, axis=1, kind="stable")
        slates = np.take_along_axis(shown, order[:, :SLOTS], axis=1)
        return Slates(slates, np.ones(slates.shape))

    return policy


def serve(
    world: VideoWorld,
    log: pd.DataFrame,
    typical: np.ndarray,
    days: range,
    *,
    seed: int,
    explored: float = 0.1,
    slot_for_new: bool = True,
    index_day: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Serve a page that is rebuilt on the given days from its own last log.

    Args:
        world: with enough `future_days`.
        log: what is known, as `with_labels` returns it.
        typical: likewise.
        days: of the rebuilds; each page is served until the next one.
        seed: two calls with the same seed and days get the same requests.
        explored: share of slots drawn uniformly from the index.
        slot_for_new: whether slot 5 shows a video of the last three days.
        index_day: videos uploaded on it or later are not in the index; by
            default it is rebuilt with the page.

    Returns:
        The log with what was served, and by day of rebuild, over one request
        of every user: `new`, the share of slots with a video of the last
        three days; `starts` and `satisfying`, expected; and of the best
        thirty `width`, their effective number (the exponential of entropy),
        and `recent`, the share of two weeks' uploads over that share among
        the available.

    Raises:
        ValueError: days is empty; the log knows a day to be served.

    >>> from .video import VideoConfig
    >>> world = VideoWorld(VideoConfig(users=20, videos=600),
    ...                    rng=np.random.default_rng(0))
    >>> known = with_labels(
    ...     world.log(rng=np.random.default_rng(1)).impressions, world.videos)
    >>> told = serve(world, *known, range(14, 16), seed=0)[1]
    >>> list(told.index), list(told.columns)[:2]
    ([14, 15], ['new', 'starts'])
    """
    if not len(days):
        raise ValueError(f"days must not be empty, got {days}")
    if len(log) and log["day"].max() >= days[0]:
        raise ValueError(
            f"the log must end before day {days[0]}, got {log['day'].max()}"
        )
    topics = world.videos["topic"].to_numpy()
    born = world.videos["upload_day"].to_numpy()
    told = {}
    for day in days:
        rng = np.random.default_rng([seed, day])
        built = day if index_day is None else index_day
        n = world.config.videos_on(built - 1)
        log = log[log["day"] >= day - KEPT_DAYS]
        scores = two_line_scores(
            log, topics, users=world.config.users, available=n
        )
        best = ranking.top_k(scores, k=ROTATED)
        late = np.flatnonzero(born[:n] >= built - NEW_DAYS)
        policy = rotating_page(
            best,
            explored=explored,
            available=n,
            new=late[ranking.top_k(scores[:, late], k=3)]
            if slot_for_new
            else None,
        )
        requests = world.everyone(day)
        shown = policy(requests, rng=rng).videos
        got = world.reward_of(requests, shown)
        recent = day - born[:n] <= RECENT_DAYS
        told[day] = {
            "new": (day - born[shown] <= NEW_DAYS).mean(),
            "starts": got.started.mean(),
            "satisfying": got.satisfied.mean(),
            "width": _width(best),
            "recent": recent[best].mean() / recent.mean(),
        }
        served = world.log(policy, days=days.step, from_day=day, rng=rng)
        more, _ = with_labels(
            served.impressions, world.videos, typical=typical
        )
        log = pd.concat([log, more])
    return log, pd.DataFrame(told).T.rename_axis("day")


def visits_without_repeats(
    world: VideoWorld,
    page: Page,
    *,
    users: np.ndarray,
    started: np.ndarray,
    days: Iterable[int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Visits to a page that never shows again what a user has started.

    Args:
        world: who comes, and what comes of it.
        page: (R,) users and (U, V) mask of what they must not be shown ->
            (R, 10) slates. The mask holds what was started, and what was
            shown on the same day.
        users: ids of those who take part.
        started: (U, V) what they have started before; not changed.
        days: of the visits.
        rng: draws visits and outcomes.

    Returns:
        One row per impression: visit, user, day, video, started,
        watch_seconds, skipped.

    Raises:
        ValueError: started is not a mask of two axes.

    >>> from .video import VideoConfig
    >>> world = VideoWorld(VideoConfig(users=20, videos=600),
    ...                    rng=np.random.default_rng(0))
    >>> rows = visits_without_repeats(
    ...     world, lambda u, gone: np.argsort(gone[u], axis=1)[:, :10],
    ...     users=np.arange(20), started=np.zeros((20, 600), bool),
    ...     days=[14], rng=np.random.default_rng(1))
    >>> bool(rows.duplicated(["user", "day", "video"]).any())
    False
    """
    gone = np.array(started)
    if gone.ndim != 2 or gone.dtype != bool:
        raise ValueError(
            f"started must be a (U, V) mask, got {gone.dtype} {gone.shape}"
        )
    rows, visits = [], 0
    for day in days:
        who = world.requests(day, rng=rng).user
        who = who[np.isin(who, users)]
        turn = pd.Series(who).groupby(who).cumcount().to_numpy()
        today = gone.copy()
        for k in range(turn.max() + 1 if len(turn) else 0):
            user = who[turn == k]
            slates = page(user, today)
            requests = Requests(user, np.full(len(user), day))
            got = world.outcomes(requests, slates, rng=rng)
            today[user[:, None], slates] = True
            gone[user[:, None], slates] |= got["started"]
            visit = visits + np.arange(len(user))
            visits += len(user)
            rows.append(
                pd.DataFrame(
                    {
                        "visit": visit.repeat(slates.shape[1]),
                        "user": user.repeat(slates.shape[1]),
                        "day": day,
                        "video": slates.ravel(),
                        "started": got["started"].ravel(),
                        "watch_seconds": got["watch_seconds"].ravel(),
                        "skipped": got["skipped"].ravel(),
                    }
                )
            )
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _log_odds(rate: np.ndarray) -> np.ndarray:
    return np.log(rate / (1 - rate))


def _width(videos: np.ndarray) -> float:
    share = np.bincount(videos.ravel()) / videos.size
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))
