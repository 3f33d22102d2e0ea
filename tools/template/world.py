"""TODO: what happens in this world, in one sentence.

Process, for one row:

- TODO: what is drawn, and from what;
- the label: logistic in `strength` times the feature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class NewConfig:
    """Knobs of the world.

    Attributes:
        rows: logged.
        strength: TODO: the knob of the headline figure, with its unit.
    """

    rows: int = 2_000
    strength: float = 2.0


class Tables(NamedTuple):
    """What production records.

    Attributes:
        rows: feature; label (bool).
    """

    rows: pd.DataFrame


class NewTruth:
    """Hidden state: for checks and oracles only."""

    def __init__(self, config: NewConfig) -> None:
        self._strength = config.strength

    def chance(self, feature: np.ndarray) -> np.ndarray:
        """(n,) probability of the label, given (n,) features."""
        logit = self._strength * np.asarray(feature)
        return 1 / (1 + np.exp(-logit))


class NewWorld:
    """TODO: the world in a sentence; see the module for its process.

    Args:
        config: the knobs.
        rng: draws the seed of everything that stays when a knob turns.
    """

    def __init__(self, config: NewConfig, *, rng: np.random.Generator) -> None:
        self.config = config
        self._seed = int(rng.integers(2**63))

    def changed(self, **knobs: float) -> NewWorld:
        """A copy with other knobs, and the same draws otherwise."""
        copy = object.__new__(NewWorld)
        copy.config = replace(self.config, **knobs)
        copy._seed = self._seed
        return copy

    @cached_property
    def truth(self) -> NewTruth:
        """Hidden state: for checks and oracles only."""
        return NewTruth(self.config)

    def log(self, *, rng: np.random.Generator) -> Tables:
        """What production records. TODO: a logging policy that explores."""
        feature = rng.normal(size=self.config.rows).round(3)
        label = rng.random(self.config.rows) < self.truth.chance(feature)
        return Tables(pd.DataFrame({"feature": feature, "label": label}))

    # TODO: expected_reward(policy, rng=...), with common random numbers,
    # and experiment(control, treatment, days=..., rng=...)
