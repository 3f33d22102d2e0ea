"""Parameter sweeps: crossovers of two designs, and a check by the oracle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def crossing(
    knob: np.ndarray, difference: np.ndarray, *, falling: bool = False
) -> float:
    """Crossover: the value of a knob at which a difference changes sign.

    Args:
        knob: (S,) values that were tried, strictly increasing, finite.
        difference: (S,) of two designs at each value, finite; a value of 0
            takes no side.
        falling: whether only a change from above 0 to below counts.

    Returns:
        Where the straight line between the first two neighbours of opposite
        sign is 0; the middle of the zeros if only zeros lie between the two
        sides; nan if the sign never changes so.

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
    steps = np.diff(np.sign(difference[sided]))
    turns = np.flatnonzero(steps < 0 if falling else steps)
    if not len(turns):
        return float("nan")
    i, j = sided[turns[0]], sided[turns[0] + 1]
    if j > i + 1:
        return float((knob[i + 1] + knob[j - 1]) / 2)
    share = difference[i] / (difference[i] - difference[j])
    return float(knob[i] + share * (knob[j] - knob[i]))


def check_oracle(
    scores: Mapping[str, np.ndarray],
    *,
    oracle: str,
    tolerance: float = 0.0,
) -> None:
    """Check of a sweep: on its own rows the oracle is the best of all arms.

    An oracle knows what the others must guess. One that is beaten was asked
    about other rows or another world than it knows, and then so were they.

    Args:
        scores: arm -> (S,) score in each row of the sweep, finite; the
            higher the better, so pass minus a loss.
        oracle: name of its arm.
        tolerance: by how much another arm may lead, at least 0: what
            sampling allows, 0 where all are scored by the truth.

    Raises:
        ValueError: no such arm, or none beside it; rows that differ; scores
            not finite; tolerance negative; an arm that leads the oracle by
            more. It names row and arm of the largest lead, and both values.

    >>> check_oracle({"popular": np.array([0.2, 0.3]),
    ...               "oracle": np.array([0.5, 0.3])}, oracle="oracle")
    """
    if oracle not in scores or len(scores) < 2:
        raise ValueError(
            f"scores need {oracle!r} and another arm, got {list(scores)}"
        )
    if not 0 <= tolerance < np.inf:
        raise ValueError(
            f"tolerance must be finite and at least 0, got {tolerance}"
        )
    arms = {name: np.asarray(s, np.float64) for name, s in scores.items()}
    best = arms.pop(oracle)
    for name, score in {oracle: best, **arms}.items():
        if score.ndim != 1 or score.shape != best.shape:
            raise ValueError(
                f"scores must be (S,) alike, got {score.shape} of {name!r} "
                f"and {best.shape} of {oracle!r}"
            )
        wrong = ~np.isfinite(score)
        if wrong.any():
            raise ValueError(
                f"scores must be finite, got {score[wrong][0]} of {name!r} "
                f"in row {np.argmax(wrong)}"
            )
    if not len(best):
        return
    names, others = list(arms), np.stack(list(arms.values()))  # (A, S)
    # halves, so that a difference of two large ones stays a float
    arm, row = np.unravel_index(np.argmax(others / 2 - best / 2), others.shape)
    if others[arm, row] / 2 - best[row] / 2 > tolerance / 2:
        raise ValueError(
            f"row {row}: {names[arm]!r} scores {others[arm, row]:.6g}, more "
            f"than the oracle {oracle!r} with {best[row]:.6g} (tolerance "
            f"{tolerance:g}): is it of this world, and of these rows?"
        )
