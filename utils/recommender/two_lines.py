"""Ranker of two lines: what a user likes by topic, and a video's record.

It is made of counts alone, so that a night costs milliseconds: the stand-in
of a ranker, and the ranker of a page that is rebuilt again and again.

Shapes: U users, V videos, n rows of a log, T topics.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .. import features

PRIOR = 0.12  # good watches an exposure, before any is known


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
        ValueError: available not in 1..V; topics that are no integers, or
            negative; a user or a video beyond.

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
    if topics.dtype.kind not in "iu":
        raise ValueError(f"topics must be integers, got {topics.dtype}")
    if topics.min() < 0:
        raise ValueError(f"topics must be at least 0, got {topics.min()}")
    user, video = log["user"].to_numpy(), log["video"].to_numpy()
    for name, ids, end in (
        ("user", user, users),
        ("video", video, len(topics)),
    ):
        wrong = ids[(ids < 0) | (ids >= end)]
        if wrong.size:
            raise ValueError(f"{name} must be in 0..{end - 1}, got {wrong[0]}")
    n_topics = int(topics.max()) + 1
    counted = np.c_[log["good"].to_numpy(float), np.ones(len(log))]
    liked, shown = features.totals(
        user * n_topics + topics[video], counted, size=users * n_topics
    ).T.reshape(2, users, n_topics)
    liking = features.smoothed_rate(liked, shown, prior=PRIOR, weight=5)
    hits, tries = features.totals(video, counted, size=len(topics))[
        :available
    ].T
    rate = features.smoothed_rate(hits, tries, prior=PRIOR, weight=10)
    scores = _log_odds(liking)[:, topics[:available]] + _log_odds(rate)
    gone = log["started"].to_numpy(bool) & (video < available)
    scores[user[gone], video[gone]] = -np.inf
    return scores


def _log_odds(rate: np.ndarray) -> np.ndarray:
    return np.log(rate / (1 - rate))
