"""Parameter sweeps: where the better of two designs changes."""

from __future__ import annotations

import numpy as np


def crossing(knob: np.ndarray, difference: np.ndarray) -> float:
    """Crossover: the value of a knob at which a difference changes sign.

    Args:
        knob: (S,) values that were tried, strictly increasing, finite.
        difference: (S,) of two designs at each value, finite; a value of 0
            takes no side.

    Returns:
        Where the straight line between the first two neighbours of opposite
        sign is 0; the middle of the zeros if only zeros lie between the two
        sides; nan if the sign never changes.

    Raises:
        ValueError: not (S,) alike; not finite; knob not increasing.

    >>> crossing(np.array([0.0, 1.0, 2.0]), np.array([0.3, 0.1, -0.1]))
    1.5
    """
    knob = np.asarray(knob, dtype=np.float64)
    difference = np.asarray(difference, dtype=np.float64)
    if knob.ndim != 1 or knob.shape != difference.shape:
        raise ValueError(
            "knob and difference must be (S,) alike, "
            f"got {knob.shape} and {difference.shape}"
        )
    for name, given in (("knob", knob), ("difference", difference)):
        if not np.isfinite(given).all():
            raise ValueError(f"{name} must be finite, got {given.tolist()}")
    if (np.diff(knob) <= 0).any():
        raise ValueError(f"knob must increase, got {knob.tolist()}")
    sided = np.flatnonzero(difference)
    turns = np.flatnonzero(np.diff(np.sign(difference[sided])))
    if not len(turns):
        return float("nan")
    i, j = sided[turns[0]], sided[turns[0] + 1]
    if j > i + 1:
        return float((knob[i + 1] + knob[j - 1]) / 2)
    share = difference[i] / (difference[i] - difference[j])
    return float(knob[i] + share * (knob[j] - knob[i]))
