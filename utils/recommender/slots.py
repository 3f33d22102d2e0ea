"""Slot of a slate that is kept for one kind of candidate.

Shapes: R slates of K videos, C candidates.
"""

from __future__ import annotations

import numpy as np


def with_best_in_slot(
    slates: np.ndarray, sets: np.ndarray, worth: np.ndarray, *, slot: int
) -> np.ndarray:
    """Slates with the candidate of highest worth in one slot.

    Args:
        slates: (R, K) videos, none twice in a row.
        sets: (R, C) candidates.
        worth: (R, C) of putting it there; what is not above 0 never comes.
        slot: from 0.

    Returns:
        (R, K): the others keep their order, and the last gives way if the
        candidate was not among them. A slate stays as it is where no
        candidate is worth anything.

    Raises:
        ValueError: slates or sets not (R, ...) integers; no slot of that
            number; worth of another shape than sets, or nan.

    >>> with_best_in_slot(np.array([[1, 2, 3], [1, 2, 3]]),
    ...     np.array([[7, 8], [7, 8]]), np.array([[0.1, 0.2], [0.0, 0.0]]),
    ...     slot=1)
    array([[1, 8, 2],
           [1, 2, 3]])
    """
    slates, sets, worth = map(np.asarray, (slates, sets, worth))
    for name, ids in (("slates", slates), ("sets", sets)):
        if ids.ndim != 2 or ids.dtype.kind not in "iu":
            raise ValueError(
                f"{name} must be (R, ...) integers, got {ids.shape} "
                f"{ids.dtype}"
            )
    if len(slates) != len(sets) or worth.shape != sets.shape:
        raise ValueError(
            f"sets and worth must have one shape and {len(slates)} rows, got "
            f"{sets.shape} and {worth.shape}"
        )
    if not 0 <= slot < slates.shape[1]:
        raise ValueError(
            f"slot must be in 0..{slates.shape[1] - 1}, got {slot}"
        )
    if np.isnan(worth).any():
        raise ValueError("worth must be a number, got nan")
    if not sets.shape[1] or not len(slates):
        return slates.copy()
    best = np.take_along_axis(sets, worth.argmax(axis=1)[:, None], axis=1)
    others_first = np.argsort(slates == best, axis=1, kind="stable")
    rest = np.take_along_axis(slates, others_first, axis=1)[:, :-1]
    mixed = np.hstack([rest[:, :slot], best, rest[:, slot:]])
    return np.where(worth.max(axis=1, keepdims=True) > 0, mixed, slates)
