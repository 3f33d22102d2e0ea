"""Point-in-time rows: what models read of a log of videos.

Histories, statistics and rows of a ranker, all as known before the row, or at
the midnight that begins day `today`.

Shapes: U users, N videos that exist when day `today` begins, V all that are
ever uploaded, T topics, n rows of the log, R lists of C candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import features
from ..metrics import ranking

CONTENT_SIZE = 8
START_RATE, GOOD_RATE = 0.28, 0.12  # of an impression, before any is known


class Items(NamedTuple):
    """Features of each video, known on the day of its upload.

    Attributes:
        content: (V, 8) from a frozen encoder, of unit size.
        topic: (V, T) one-hot.
        duration: (V,) seconds.
        upload_day: (V,).
    """

    content: np.ndarray
    topic: np.ndarray
    duration: np.ndarray
    upload_day: np.ndarray


class Study(NamedTuple):
    """A log as known at midnight, and what models read of it.

    Attributes:
        log: labelled rows, also those after midnight.
        past: (n,) known at midnight.
        group: (U,) learn, tune or judge.
        items: of all videos.
        then: (n, F) taste of the row's user before the row.
        now: (U, F) taste at midnight.
        stats_then: (n, 4) of the row's video, as of the midnight before it.
        stats_now: (V, 4) of all videos at midnight.
        seen: (U, N) whether the user has started the video.
        world, truth: carried along for checks; nothing here reads them.
    """

    log: pd.DataFrame
    past: np.ndarray
    group: np.ndarray
    items: Items
    then: np.ndarray
    now: np.ndarray
    stats_then: np.ndarray
    stats_now: np.ndarray
    seen: np.ndarray
    world: object = None
    truth: np.ndarray | None = None

    def mine(self, group: str) -> np.ndarray:
        """(n,) known rows of a group of users."""
        return self.past & (self.group[self.log["user"]] == group)


def groups_of(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Random groups of users: six in ten learn, one tunes, three judge.

    Args:
        n: users, at least 10.
        rng: draws them.

    Returns:
        (n,) of "learn", "tune" and "judge".

    Raises:
        ValueError: fewer than 10 users.

    >>> sorted(groups_of(10, rng=np.random.default_rng(0)))[:4]
    ['judge', 'judge', 'judge', 'learn']
    """
    if n < 10:
        raise ValueError(f"n must be at least 10 users, got {n}")
    sizes = [6 * n // 10, n // 10, n - 6 * n // 10 - n // 10]
    names = np.repeat(np.array(["learn", "tune", "judge"], object), sizes)
    return rng.permutation(names)


def items_of(videos: pd.DataFrame, *, topics: int, today: int) -> Items:
    """Features of videos; content is scaled by those uploaded before today.

    Args:
        videos: table with topic, duration_seconds, upload_day, content_0 ....
        topics: T.
        today: later uploads do not count for the scale.

    Returns:
        Items of all V videos.

    Raises:
        ValueError: fewer than 2 videos before today.
    """
    content = videos.filter(like="content_").to_numpy()
    known = content[videos["upload_day"] < today]
    if len(known) < 2:
        raise ValueError(
            f"at least 2 videos must be uploaded before day {today}, got "
            f"{len(known)}"
        )
    return Items(
        (content - known.mean(0)) / known.std(0),
        np.eye(topics)[videos["topic"]],
        videos["duration_seconds"].to_numpy(),
        videos["upload_day"].to_numpy(),
    )


def taste(sums: np.ndarray) -> np.ndarray:
    """Taste: features of a user from the sums of a history.

    Args:
        sums: (n, 8 + 3 T + 1): content of good watches; by topic good
            watches, starts, exposures; number of good watches.

    Returns:
        (n, 8 + 4 T + 1) float32: mean content; by topic the log of the rates
        of good watches and of starts, and of the topic's shares of starts and
        of exposure, each against what is usual; log of the number.

    Raises:
        ValueError: not as many columns; a sum not finite or beyond 1e30; a
            negative count.

    >>> taste(np.zeros((1, 8 + 3 * 2 + 1))).shape
    (1, 17)
    """
    sums = np.asarray(sums, dtype=float)
    n_topics, rest = divmod(sums.shape[-1] - CONTENT_SIZE - 1, 3)
    if sums.ndim != 2 or rest or n_topics < 1:
        raise ValueError(
            f"sums must be (n, {CONTENT_SIZE} + 3 T + 1), got {sums.shape}"
        )
    wrong = ~(np.abs(sums) <= 1e30)  # the result is in single precision
    wrong[:, CONTENT_SIZE:] |= sums[:, CONTENT_SIZE:] < 0
    if wrong.any():
        raise ValueError(
            "sums must be finite and within 1e30, counts at least 0, got "
            f"{sums[wrong][0]}"
        )
    liked, hits, starts, shown, amount = np.split(
        sums, np.cumsum([CONTENT_SIZE, n_topics, n_topics, n_topics]), axis=1
    )
    rate, equal = features.smoothed_rate, 1 / n_topics

    def share(counts, weight):
        whole = np.broadcast_to(counts.sum(1, keepdims=True), counts.shape)
        return rate(counts, whole, prior=equal, weight=weight) / equal

    parts = [
        rate(hits, shown, prior=GOOD_RATE, weight=3) / GOOD_RATE,
        rate(starts, shown, prior=START_RATE, weight=3) / START_RATE,
        share(starts, 3),
        share(shown, 10),
    ]
    return np.hstack(
        [liked / (amount + 2), *map(np.log, parts), np.log1p(amount)]
    ).astype("float32")


def study_of(
    log: pd.DataFrame,
    videos: pd.DataFrame,
    group: np.ndarray,
    *,
    past: np.ndarray,
    topics: int,
    today: int,
    world: object = None,
    truth: np.ndarray | None = None,
) -> Study:
    """Histories and statistics of a log, each as known then.

    Args:
        log: rows with user, video, time, started, liked; day and the day
            `over` of a watch's end, its moment `reported`, the label `good`.
        videos: table of all videos, as in `items_of`.
        group: (U,) of `groups_of`.
        past: (n,) rows that are known at the midnight which begins `today`.
        topics: T.
        today: day; videos uploaded before it may be recommended.
        world, truth: carried along.

    Returns:
        Study.

    Raises:
        ValueError: past of another length; a user without a group.
    """
    user, video = log["user"].to_numpy(), log["video"].to_numpy()
    if len(past) != len(log):
        raise ValueError(f"past must be ({len(log)},), got {len(past)}")
    if len(user) and user.max() >= len(group):
        raise ValueError(
            f"group must have every user, got {len(group)} and user "
            f"{user.max()}"
        )
    items = items_of(videos, topics=topics, today=today)
    began, good = (log[c].to_numpy()[:, None] for c in ("started", "good"))
    t = items.topic[video]
    facts = np.hstack(
        [good * items.content[video], good * t, began * t, t, good]
    )
    counted = np.c_[np.ones(len(log)), began, good, log["liked"]]
    seen = np.zeros((len(group), int((items.upload_day < today).sum())), bool)
    rows = past & began[:, 0]
    seen[user[rows], video[rows]] = True
    return Study(
        log=log,
        past=past,
        group=group,
        items=items,
        then=taste(
            features.sums_before(
                user,
                log["time"].to_numpy(),
                facts,
                reported=log["reported"].to_numpy(),
            )
        ),
        now=taste(features.totals(user[past], facts[past], size=len(group))),
        stats_then=features.sums_before(
            video,
            log["day"].to_numpy(),
            counted,
            reported=log["over"].to_numpy(),
        ),
        stats_now=features.totals(
            video[past], counted[past], size=len(items.duration)
        ),
        seen=seen,
        world=world,
        truth=truth,
    )


def ranker_rows(
    taste: np.ndarray,
    stats: np.ndarray,
    video: np.ndarray,
    *,
    day: np.ndarray | int,
    items: Items,
) -> np.ndarray:
    """Rows of a ranker: what a user's taste says of a video, and its record.

    Args:
        taste: (n, F) of `taste`.
        stats: (n, 4) impressions, starts, good watches and likes of the video.
        video: (n,).
        day: (n,) or one, of the row.
        items: of all videos.

    Returns:
        (n, 12): liking of the topic, match of content, good watches of the
        user, impressions of the video (log), its rates of starts, of good
        watches and of likes, its age (log) and length (log); then starting,
        and the shares of the topic in the user's starts and exposure.

    Raises:
        ValueError: taste of another number of topics.
    """
    n_topics = items.topic.shape[1]
    if taste.shape[1] != CONTENT_SIZE + 4 * n_topics + 1:
        raise ValueError(
            f"taste must have {CONTENT_SIZE + 4 * n_topics + 1} columns, got "
            f"{taste.shape[1]}"
        )
    shown, started, good, liked = stats.T
    rate, row = features.smoothed_rate, np.arange(len(video))
    topic = CONTENT_SIZE + items.topic[video].argmax(axis=1)
    return np.c_[
        taste[row, topic],
        (taste[:, :CONTENT_SIZE] * items.content[video]).sum(axis=1),
        taste[:, -1],
        np.log1p(shown),
        rate(started, shown, prior=0.2, weight=5),
        rate(good, started, prior=0.5, weight=3),
        rate(liked, started, prior=0.13, weight=5),
        np.log1p(np.maximum(day - items.upload_day[video], 0)),
        np.log(items.duration[video]),
        taste[row, topic + n_topics],
        taste[row, topic + 2 * n_topics],
        taste[row, topic + 3 * n_topics],
    ]


def rows_of(study: Study) -> np.ndarray:
    """Rows of a ranker for a whole log: (n, 12), each as known then."""
    return ranker_rows(
        study.then,
        study.stats_then,
        study.log["video"].to_numpy(),
        day=study.log["day"].to_numpy(),
        items=study.items,
    )


def chance_of(
    study: Study,
    predict: Callable[[np.ndarray], np.ndarray],
    taste: np.ndarray,
    sets: np.ndarray,
    *,
    day: int,
) -> np.ndarray:
    """Predicted chances of candidates, from their rows.

    Args:
        study: gives the videos' statistics at midnight.
        predict: (R C, 12) rows -> (R C,) chances.
        taste: (R, F) of those who ask.
        sets: (R, C) videos.
        day: on which they ask.

    Returns:
        (R, C).
    """
    video, row = sets.ravel(), np.repeat(np.arange(len(sets)), sets.shape[1])
    rows = ranker_rows(
        taste[row], study.stats_now[video], video, day=day, items=study.items
    )
    return predict(rows).reshape(sets.shape)


def unseen(
    study: Study, scores: np.ndarray, k: int, users: np.ndarray
) -> np.ndarray:
    """Best of what users have not started.

    Args:
        study: who has started what.
        scores: (U, N).
        k: how many.
        users: (R,) whose.

    Returns:
        (R, k), best first.
    """
    scores = np.where(study.seen[users], -np.inf, scores[users])
    return ranking.top_k(scores.astype("float32"), k=k)


def hits(study: Study, lists: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Hits: for each coming good watch of users, if it is in their list.

    Args:
        study: whose log goes on after midnight.
        lists: (R, k) videos.
        users: (R,) ascending.

    Returns:
        (W,) bool, one per good watch after midnight of a video that exists
        when day `today` begins.

    Raises:
        ValueError: users not ascending.
    """
    falls = np.flatnonzero(np.diff(users) <= 0)
    if falls.size:
        one, other = users[falls[0]], users[falls[0] + 1]
        raise ValueError(f"users must ascend, got {one} before {other}")
    log = study.log[~study.past & study.log["good"].to_numpy()]
    log = log[
        (log["video"] < study.seen.shape[1]) & np.isin(log["user"], users)
    ]
    own = lists[np.searchsorted(users, log["user"])]
    return (own == log["video"].to_numpy()[:, None]).any(axis=1)


def without_repeats(sets: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Chances of candidates, -inf where one stands in its row already.

    Args:
        sets: (R, C) videos; chance: (R, C).

    Returns:
        (R, C); of equal candidates the first keeps its chance.

    Raises:
        ValueError: sets not (R, C) integers; chance of another shape, or nan.

    >>> without_repeats(np.array([[3, 1, 3]]), np.array([[0.2, 0.1, 0.2]]))
    array([[ 0.2,  0.1, -inf]])
    """
    sets, chance = np.asarray(sets), np.asarray(chance)
    if sets.ndim != 2 or sets.dtype.kind not in "iu":
        raise ValueError(
            f"sets must be (R, C) integers, got {sets.shape} {sets.dtype}"
        )
    if chance.shape != sets.shape:
        raise ValueError(f"chance must be {sets.shape}, got {chance.shape}")
    if np.isnan(chance).any():
        raise ValueError("chance must be a number, got nan")
    order = np.argsort(sets, axis=1, kind="stable")
    ranked = np.take_along_axis(sets, order, axis=1)
    repeat = np.zeros(sets.shape, dtype=bool)
    again = ranked[:, 1:] == ranked[:, :-1]
    np.put_along_axis(repeat, order[:, 1:], again, axis=1)
    return np.where(repeat, -np.inf, chance)


def top_ten(sets: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Likeliest ten candidates of each row, without repeats.

    Args:
        sets: (R, C) videos; chance: (R, C).

    Returns:
        (R, 10), best first.

    Raises:
        ValueError: fewer than 10 candidates, or as in `without_repeats`.

    >>> sets = np.tile(np.arange(12), (1, 1))
    >>> top_ten(sets, -sets.astype(float))[0, :3]
    array([0, 1, 2])
    """
    picks = ranking.top_k(without_repeats(sets, chance), k=10)
    return np.take_along_axis(sets, picks, axis=1)
