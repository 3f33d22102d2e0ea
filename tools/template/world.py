"""TODO: what happens in this world, in one sentence.

Process, for one row:

- TODO: what is drawn, and from what;
- the label: logistic in `strength` times the feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from .common import World, check_knobs


@dataclass(frozen=True)
class NewConfig:
    """Knobs of the world.

    Attributes:
        things: that can be shown.
        rows: logged.
        strength: TODO: the knob of the headline figure, with its unit.
    """

    things: int = 500
    rows: int = 2_000
    strength: float = 2.0

    def __post_init__(self) -> None:
        check_knobs(self, at_least={"things": 1})


class Tables(NamedTuple):
    """What production records.

    Attributes:
        things: thing, feature.
        rows: thing, feature; label (bool).
    """

    things: pd.DataFrame
    rows: pd.DataFrame


class NewTruth:
    """Hidden state: for checks and oracles only."""

    def __init__(self, config: NewConfig) -> None:
        self._strength = config.strength

    def chance(self, feature: np.ndarray) -> np.ndarray:
        """(n,) probability of the label, given (n,) features."""
        return expit(self._strength * np.asarray(feature))


class NewWorld(World):
    """TODO: the world in a sentence; see the module for its process."""

    Config = NewConfig
    config: NewConfig

    @cached_property
    def things(self) -> pd.DataFrame:
        """What can be shown: thing, feature."""
        feature = self._strand(0).normal(size=self.config.things).round(3)
        return pd.DataFrame(
            {"thing": np.arange(len(feature)), "feature": feature}
        )

    @cached_property
    def truth(self) -> NewTruth:
        """Hidden state: for checks and oracles only."""
        return NewTruth(self.config)

    def log(self, *, rng: np.random.Generator) -> Tables:
        """What production records. TODO: a logging policy that explores."""
        shown = rng.integers(self.config.things, size=self.config.rows)
        rows = self.things.iloc[shown].reset_index(drop=True)
        chance = self.truth.chance(rows.feature)
        rows["label"] = rng.random(len(rows)) < chance
        return Tables(self.things, rows)

    # TODO: expected_reward(policy, rng=...), with common random numbers,
    # and experiment(control, treatment, days=..., rng=...)
