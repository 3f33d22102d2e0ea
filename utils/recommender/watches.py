"""Label of a log of watches: more than is typical for a video's length.

Seconds grow with a video's length and the share seen falls, so a watch is
held against started videos of about its length.

Shapes: n rows of a log, G groups of length.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

GROUPS = 10


class Typical(NamedTuple):
    """Typical shares by length, as known rows say.

    Attributes:
        edges: (G - 1,) seconds between groups of equally many rows.
        share: (G,) median share seen of the started; nan if there is none.
    """

    edges: np.ndarray
    share: np.ndarray


def typical_watch(
    seconds: np.ndarray,
    share: np.ndarray,
    started: np.ndarray,
    *,
    groups: int = GROUPS,
) -> Typical:
    """Median share seen of started videos, by group of length.

    Args:
        seconds: (n,) lengths, n at least 1.
        share: (n,) of the length that was seen.
        started: (n,) bool; other rows only say where the groups end.
        groups: G, at least 1.

    Returns:
        Typical.

    Raises:
        ValueError: no rows; groups below 1; shapes that differ; started not
            bool; a length or a share that is not finite.

    >>> typical_watch(np.array([10, 20, 90, 90]), np.array([1.0, 0.5, 0.2,
    ...     0.4]), np.array([True, True, True, True]), groups=2).share
    array([0.75, 0.3 ])
    """
    seconds, share, started = _checked(seconds, share, started)
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups}")
    if not len(seconds):
        raise ValueError("a log must have at least 1 row, got 0")
    edges = np.quantile(seconds, np.arange(1, groups) / groups)
    group = np.searchsorted(edges, seconds[started])
    medians = pd.Series(share[started]).groupby(group).median()
    return Typical(edges, medians.reindex(range(groups)).to_numpy(float))


def good_watch(
    typical: Typical,
    seconds: np.ndarray,
    share: np.ndarray,
    started: np.ndarray,
) -> np.ndarray:
    """Good watch: started, and more seen than is typical for the length.

    Args:
        typical: of `typical_watch`.
        seconds, share, started: (n,) as there.

    Returns:
        (n,) bool; nothing is good where nobody knows what is typical.

    Raises:
        ValueError: as in `typical_watch`.

    >>> good_watch(Typical(np.array([30]), np.array([0.8, 0.3])),
    ...     np.array([10, 90, 90]), np.array([0.5, 0.5, 0.5]),
    ...     np.array([True, True, False]))
    array([False,  True, False])
    """
    seconds, share, started = _checked(seconds, share, started)
    usual = typical.share[np.searchsorted(typical.edges, seconds)]
    return started & (share > usual)


def with_days(log: pd.DataFrame, *, start: pd.Timestamp) -> pd.DataFrame:
    """Log with the day of each row, and when its watch was over.

    Args:
        log: with `time` and `watch_seconds`.
        start: midnight that begins day 0.

    Returns:
        The log with `reported`, the moment when the watch was over, and the
        days `day` and `over` of beginning and end.
    """
    end = log["time"] + pd.to_timedelta(log["watch_seconds"], unit="s")
    return log.assign(
        reported=end,
        day=(log["time"] - start).dt.days,
        over=(end - start).dt.days,
    )


def typical_of(log: pd.DataFrame, videos: pd.DataFrame) -> Typical:
    """Typical shares of a log: `typical_watch` of its rows.

    Args:
        log: known rows, with video, watch_seconds and started.
        videos: table of all videos, with duration_seconds.

    Returns:
        Typical.
    """
    return typical_watch(*_columns(log, videos))


def with_good_watches(
    log: pd.DataFrame, videos: pd.DataFrame, typical: Typical
) -> pd.DataFrame:
    """Log with `good`, the `share` seen, and the `tenth` of length.

    Args:
        log, videos: as in `typical_of`.
        typical: of known rows.

    Returns:
        The log with three more columns.
    """
    seconds, share, started = _columns(log, videos)
    return log.assign(
        good=good_watch(typical, seconds, share, started),
        share=share,
        tenth=np.searchsorted(typical.edges, seconds),
    )


def _columns(log, videos):
    seconds = videos["duration_seconds"].to_numpy()[log["video"]]
    share = log["watch_seconds"].to_numpy() / seconds
    return seconds, share, log["started"].to_numpy(bool)


def _checked(seconds, share, started):
    seconds, share = np.asarray(seconds, float), np.asarray(share, float)
    started = np.asarray(started)
    if not seconds.shape == share.shape == started.shape == (seconds.size,):
        raise ValueError(
            "seconds, share and started must be (n,), got "
            f"{seconds.shape}, {share.shape} and {started.shape}"
        )
    if started.dtype != bool:
        raise ValueError(f"started must be bool, got {started.dtype}")
    for name, values in (("seconds", seconds), ("share", share)):
        wrong = values[~np.isfinite(values)]
        if wrong.size:
            raise ValueError(f"{name} must be finite, got {wrong[0]}")
    return seconds, share, started
