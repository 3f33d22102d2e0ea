"""Base of the worlds: seeding, copies with other knobs, validation.

A world is drawn once. A copy with other knobs keeps all draws that a knob
leaves alone, so that two worlds differ by the knob and by nothing else.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Self

import numpy as np


class World:
    """A simulator whose truth is known.

    Args:
        config: the knobs, a frozen dataclass.
        rng: draws the seed of everything that stays when a knob turns; the
            same state gives the same world.
    """

    def __init__(self, config, *, rng: np.random.Generator) -> None:
        self.config = config
        self._seed = int(rng.integers(2**63))

    def changed(self, **knobs: float) -> Self:
        """A copy with other knobs, and the same draws otherwise."""
        copy = object.__new__(type(self))
        copy.config = replace(self.config, **knobs)
        copy._seed = self._seed
        return copy

    def _strand(self, number: int) -> np.random.Generator:
        """A generator of its own for each thing that is drawn."""
        return np.random.default_rng([self._seed, number])


def check_knobs(
    config,
    *,
    negative: tuple[str, ...] = (),
    at_least: dict[str, float] | None = None,
) -> None:
    """Validation of a config: finite, in range.

    Args:
        config: a dataclass of numbers.
        negative: names that may lie below 0.
        at_least: name -> least value, for those that have one above 0.

    Raises:
        ValueError: a knob not finite or negative, below its least value, or
            above 1 though its name ends in `_share`; names it and its value.
    """
    for field in fields(config):
        name, value = field.name, getattr(config, field.name)
        least = -np.inf if name in negative else 0
        if not (np.isfinite(value) and value >= least):
            rule = "finite" if name in negative else "finite and at least 0"
            raise ValueError(f"{name} must be {rule}, got {value}")
        if name.endswith("_share") and value > 1:
            raise ValueError(f"{name} is a share, got {value}")
    for name, least in (at_least or {}).items():
        value = getattr(config, name)
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def check_slates(
    shown: np.ndarray, *, requests: int, slots: int, empty: int | None = None
) -> None:
    """Validation of slates: shape, slots, no id twice.

    Args:
        shown: (requests, at most `slots`) ids of what each request is shown.
        requests: how many there are.
        slots: that a page has at most.
        empty: the id of an empty slot, if there are any.

    Raises:
        ValueError: another shape, too many slots, or an id twice on a page.
    """
    if shown.ndim != 2 or len(shown) != requests:
        raise ValueError(
            f"slates must be ({requests}, slots), got shape {shown.shape}"
        )
    if shown.shape[1] > slots:
        raise ValueError(
            f"a slate has at most {slots} slots, got {shown.shape[1]}"
        )
    ids = np.sort(shown, axis=1)
    twice = (np.diff(ids, axis=1) == 0) & (ids[:, 1:] != empty)
    if twice.any():
        row = int(np.argmax(twice.any(1)))
        raise ValueError(
            f"request {row}: a slate shows an id once, got "
            f"{ids[row, 1:][twice[row]][0]} again"
        )
