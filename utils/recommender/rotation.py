"""Page that rotates a user's best videos, and explores a share of its slots.

It is rebuilt from a log by the ranker of two lines, as known at a midnight.

Shapes: R requests, U users, B best videos of a user, M new ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..metrics import ranking
from .two_lines import two_line_scores

SLOTS = 10
ROTATED = 30  # a visit shows ten of so many
NEW_DAYS = 3  # a video is new for so many days


class RotatingPage(NamedTuple):
    """Page as a rebuild leaves it: a slate is drawn at every visit.

    Attributes:
        best: (U, B) videos, best first: the model's own choice.
        explored: share of slots drawn uniformly from all available.
        available: videos 0 to available - 1.
        new: (U, M) videos of which slot 5 shows one, or None.
    """

    best: np.ndarray
    explored: float
    available: int
    new: np.ndarray | None

    def slates(
        self, user: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """(R, 10) videos for users (R,): see `rotating_slates`."""
        return rotating_slates(
            self.best[user],
            explored=self.explored,
            available=self.available,
            new=None if self.new is None else self.new[user],
            rng=rng,
        )


def rebuilt(
    log: pd.DataFrame,
    day: int,
    *,
    videos: pd.DataFrame,
    users: int,
    explored: float,
    slot_for_new: bool = False,
    index_day: int | None = None,
) -> RotatingPage:
    """Page as rebuilt at the midnight that begins a day.

    Args:
        log: with user, video, started, good, and the day `over` on which a
            watch ended; rows that were not over before the day are unknown.
        day: that begins.
        videos: table with topic and upload_day, in order of upload.
        users: U.
        explored: share of slots drawn uniformly from the index.
        slot_for_new: whether slot 5 shows a video of the last three days.
        index_day: videos uploaded on it or later are not in the index; by
            default it is rebuilt with the page.

    Returns:
        RotatingPage.
    """
    built = day if index_day is None else index_day
    born = videos["upload_day"].to_numpy()
    available = int(np.searchsorted(born, built))
    scores = two_line_scores(
        log[log["over"] < day],
        videos["topic"].to_numpy(),
        users=users,
        available=available,
    )
    late = np.flatnonzero(born[:available] >= built - NEW_DAYS)
    return RotatingPage(
        best=ranking.top_k(scores, k=ROTATED),
        explored=explored,
        available=available,
        new=late[ranking.top_k(scores[:, late], k=3)]
        if slot_for_new
        else None,
    )


def rotating_slates(
    best: np.ndarray,
    *,
    explored: float,
    available: int,
    new: np.ndarray | None = None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Slates of ten of each row's best, some slots drawn uniformly.

    Args:
        best: (R, B) videos, B at least 20, none twice in a row.
        explored: share of slots drawn from all available, in [0, 1].
        available: videos 0 to available - 1.
        new: (R, M) videos of which slot 5 shows one, unless a slot above
            does, or None.
        rng: draws.

    Returns:
        (R, 10) videos, none twice in a row.

    Raises:
        ValueError: explored outside [0, 1]; B below 20; available below 1;
            new without a row, or without a video, for each of best; ids that
            are no integers.

    >>> slates = rotating_slates(np.arange(30)[None], explored=0.0,
    ...     available=40, rng=np.random.default_rng(0))
    >>> slates.shape, bool(slates.max() < 30)
    ((1, 10), True)
    """
    best = np.asarray(best)
    if not 0 <= explored <= 1:
        raise ValueError(f"explored must be in [0, 1], got {explored}")
    if available < 1:
        raise ValueError(f"available must be at least 1, got {available}")
    if best.ndim != 2 or best.shape[1] < 2 * SLOTS:
        raise ValueError(f"best must be (R, 20 or more), got {best.shape}")
    if new is not None:
        new = np.asarray(new)
        if new.ndim != 2 or len(new) != len(best) or not new.shape[1]:
            raise ValueError(
                f"new must be ({len(best)}, 1 or more), got {new.shape}"
            )
    for name, ids in (("best", best), ("new", new)):
        if ids is not None and ids.dtype.kind not in "iu":
            raise ValueError(f"{name} must be integers, got {ids.dtype}")
    shown = rng.permuted(best, axis=1)
    uniform = rng.random(shown.shape) < explored
    uniform[:, SLOTS:] = False  # those only replace repetitions
    drawn = rng.integers(available, size=shown.shape)
    shown = np.where(uniform, drawn, shown)
    if new is not None:
        one = rng.permuted(new, axis=1)[:, :1]
        shown = np.hstack([shown[:, :4], one, shown[:, 4:]])
    same = shown[:, :, None] == shown[:, None, :]
    repeated = np.tril(same, k=-1).any(axis=2)
    order = np.argsort(repeated, axis=1, kind="stable")
    return np.take_along_axis(shown, order[:, :SLOTS], axis=1)
