"""Video page that lives on its own log: rebuilt, served, logged, rebuilt.

What a page shows on one day is what it learns from on the next. How it is
rebuilt, and what a row is labelled with, are functions that are passed in.

Shapes: U users, V videos (all that are ever uploaded), R requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import pandas as pd

from .video import Requests, Slates, VideoWorld

KEPT_DAYS = 14  # of the log, when a page is rebuilt
NEW_DAYS = 3  # a video is new for so many days
RECENT_DAYS = 14


class Page(Protocol):
    """Page as it was rebuilt, until the next rebuild.

    Attributes:
        best: (U, B) videos that it would choose for each user.
    """

    best: np.ndarray

    def slates(
        self, user: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """(R, K) videos for users (R,)."""


def serve(
    world: VideoWorld,
    log: pd.DataFrame,
    days: range,
    *,
    rebuild: Callable[[pd.DataFrame, int], Page],
    label: Callable[[pd.DataFrame], pd.DataFrame],
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Serve a page that is rebuilt on the given days from its own last log.

    Args:
        world: with enough `future_days`.
        log: what is logged so far, as `label` returns it.
        days: of the rebuilds; each page is served until the next one.
        rebuild: (log of the last 14 days, day that begins) -> page.
        label: impressions -> the same with `day`, and what `rebuild` reads.
        seed: two calls with the same seed and days get the same requests.

    Returns:
        The log with what was served, and by day of rebuild, over one request
        of every user: `new`, the share of slots with a video of the last
        three days; `starts` and `satisfying`, expected; and of the page's
        best `width`, their effective number (the exponential of entropy),
        and `recent`, the share of two weeks' uploads over that share among
        the available.

    Raises:
        ValueError: days is empty; the log knows a day to be served.

    >>> from .video import VideoConfig
    >>> class Oldest:
    ...     best = np.arange(10)[None].repeat(20, axis=0)
    ...     def slates(self, user, *, rng):
    ...         return self.best[user]
    >>> world = VideoWorld(VideoConfig(users=20, videos=600),
    ...                    rng=np.random.default_rng(0))
    >>> told = serve(world, pd.DataFrame(), range(14, 16), seed=0,
    ...              rebuild=lambda log, day: Oldest(),
    ...              label=lambda rows: rows.assign(day=14))[1]
    >>> list(told.index), float(told.width[14].round(6))
    ([14, 15], 10.0)
    """
    if not len(days):
        raise ValueError(f"days must not be empty, got {days}")
    if len(log) and log["day"].max() >= days[0]:
        raise ValueError(
            f"the log must end before day {days[0]}, got {log['day'].max()}"
        )
    born = world.videos["upload_day"].to_numpy()
    told = {}
    for day in days:
        rng = np.random.default_rng([seed, day])
        if len(log):
            log = log[log["day"] >= day - KEPT_DAYS]
        page = rebuild(log, day)
        requests = world.everyone(day)
        shown = page.slates(requests.user, rng=rng)
        got = world.reward_of(requests, shown)
        available = born[: world.config.videos_on(day - 1)]
        told[day] = {
            "new": (day - born[shown] <= NEW_DAYS).mean(),
            "starts": got.started.mean(),
            "satisfying": got.satisfied.mean(),
            "width": _width(page.best),
            "recent": (day - born[page.best] <= RECENT_DAYS).mean()
            / (day - available <= RECENT_DAYS).mean(),
        }
        served = world.log(
            _policy_of(page), days=days.step, from_day=day, rng=rng
        )
        log = pd.concat([log, label(served.impressions)])
    return log, pd.DataFrame(told).T.rename_axis("day")


def _policy_of(page: Page):
    """Policy that serves a page; propensities are 1, as none is logged."""

    def policy(requests: Requests, *, rng: np.random.Generator) -> Slates:
        videos = page.slates(requests.user, rng=rng)
        return Slates(videos, np.ones(videos.shape))

    return policy


def visits_without_repeats(
    world: VideoWorld,
    page: Callable[[np.ndarray, np.ndarray], np.ndarray],
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


def _width(videos: np.ndarray) -> float:
    share = np.bincount(videos.ravel()) / videos.size
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))
