"""Page of a user's best videos that explores a share of its slots.

It is rebuilt from a log by the ranker of two lines, as known at a midnight.

Shapes: R requests, U users, B best videos of a user, A candidates, M new ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..metrics import ranking
from .two_lines import two_line_scores

SLOTS = 10
BEST = 30
NEW_DAYS = 3  # a video is new for so many days


class RotatingPage(NamedTuple):
    """Page as a rebuild leaves it: a slate is drawn at every visit.

    Attributes:
        best: (U, B) videos, best first: the model's own choice.
        rotated: so many of the best stand in random order, 1 for none.
        explored: share of slots that are drawn.
        drawn_from: (U, A) candidates, or a number of videos, of which they
            are drawn uniformly.
        new: (U, M) videos of which slot 5 shows one, or None.
    """

    best: np.ndarray
    rotated: int
    explored: float
    drawn_from: np.ndarray | int
    new: np.ndarray | None

    def slates(
        self, user: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """(R, 10) videos for users (R,): see `rotating_slates`."""
        return rotating_slates(
            self.best[user],
            rotated=self.rotated,
            explored=self.explored,
            drawn_from=self.drawn_from
            if isinstance(self.drawn_from, int)
            else self.drawn_from[user],
            new=None if self.new is None else self.new[user],
            rng=rng,
        )


def rebuilt(
    log: pd.DataFrame,
    day: int,
    *,
    videos: pd.DataFrame,
    users: int,
    rotated: int = 1,
    explored: float = 0.0,
    among: int | None = None,
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
        rotated: so many of the best stand in random order, 1 for none.
        explored: share of slots that are drawn uniformly.
        among: they are drawn from so many of the user's best; by default
            from the whole index.
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
    wide = ranking.top_k(scores, k=max(BEST, among or 0))
    return RotatingPage(
        best=wide[:, :BEST],
        rotated=rotated,
        explored=explored,
        drawn_from=available if among is None else wide[:, :among],
        new=late[ranking.top_k(scores[:, late], k=3)]
        if slot_for_new
        else None,
    )


def rotating_slates(
    best: np.ndarray,
    *,
    rotated: int,
    explored: float,
    drawn_from: np.ndarray | int,
    new: np.ndarray | None = None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Slates of each row's best ten, or ten of more, some slots drawn.

    Args:
        best: (R, B) videos, best first, B at least 20, none twice in a row.
        rotated: so many of the best stand in random order, in 1..B; with 1
            the best ten are shown in their order.
        explored: share of slots that are drawn, in [0, 1].
        drawn_from: (R, A) candidates of each row, or n for videos 0 to n - 1.
        new: (R, M) videos of which slot 5 shows one, unless a slot above
            does, or None.
        rng: draws.

    Returns:
        (R, 10) videos, none twice in a row.

    Raises:
        ValueError: explored outside [0, 1]; B below 20; rotated not in 1..B;
            nothing to draw from; candidates or new that are not one row of
            at least one for each of best; ids that are no integers.

    >>> rotating_slates(np.arange(30)[None], rotated=1, explored=0.0,
    ...     drawn_from=40, rng=np.random.default_rng(0))
    array([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
    """
    best = np.asarray(best)
    if not 0 <= explored <= 1:
        raise ValueError(f"explored must be in [0, 1], got {explored}")
    if best.ndim != 2 or best.shape[1] < 2 * SLOTS:
        raise ValueError(f"best must be (R, 20 or more), got {best.shape}")
    if not 1 <= rotated <= best.shape[1]:
        raise ValueError(
            f"rotated must be in 1..{best.shape[1]}, got {rotated}"
        )
    _check_ids("best", best, len(best))
    shape = len(best), SLOTS
    if np.ndim(drawn_from) == 0:
        if drawn_from < 1:
            raise ValueError(f"drawn_from must hold 1, got {drawn_from}")
        drawn = rng.integers(drawn_from, size=shape)
    else:
        drawn_from = np.asarray(drawn_from)
        _check_ids("drawn_from", drawn_from, len(best))
        at = rng.integers(drawn_from.shape[1], size=shape)
        drawn = np.take_along_axis(drawn_from, at, axis=1)
    first = rng.permuted(best[:, :rotated], axis=1)
    shown = np.hstack([first, best[:, rotated:]])
    uniform = rng.random(shape) < explored
    # what follows the tenth only replaces repetitions
    top = np.where(uniform, drawn, shown[:, :SLOTS])
    shown = np.hstack([top, shown[:, SLOTS:]])
    if new is not None:
        new = np.asarray(new)
        _check_ids("new", new, len(best))
        one = rng.permuted(new, axis=1)[:, :1]
        shown = np.hstack([shown[:, :4], one, shown[:, 4:]])
    same = shown[:, :, None] == shown[:, None, :]
    repeated = np.tril(same, k=-1).any(axis=2)
    order = np.argsort(repeated, axis=1, kind="stable")
    return np.take_along_axis(shown, order[:, :SLOTS], axis=1)


def _check_ids(name: str, ids: np.ndarray, rows: int) -> None:
    if ids.ndim != 2 or len(ids) != rows or not ids.shape[1]:
        raise ValueError(
            f"{name} must be ({rows}, 1 or more), got {ids.shape}"
        )
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, got {ids.dtype}")
