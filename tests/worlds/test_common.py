from dataclasses import dataclass

import numpy as np
import pytest

from utils.worlds.common import World, check_knobs, check_slates


@dataclass(frozen=True)
class Knobs:
    size: int = 3
    shift: float = 0.0
    late_share: float = 0.5

    def __post_init__(self):
        check_knobs(self, negative=("shift",), at_least={"size": 2})


@pytest.mark.parametrize(
    "knobs, words",
    [
        ({"size": -1}, "size must be finite and at least 0, got -1"),
        ({"size": 1}, "size must be at least 2, got 1"),
        ({"shift": np.inf}, "shift must be finite, got inf"),
        ({"late_share": np.nan}, "late_share must be finite and at least 0"),
        ({"late_share": 1.1}, "late_share is a share, got 1.1"),
    ],
)
def test_knobs_that_no_world_has_are_named(knobs, words):
    with pytest.raises(ValueError, match=words):
        Knobs(**knobs)
    Knobs(size=2, shift=-7.0, late_share=1.0)


class Dots(World):
    def log(self, *, rng):
        return self._strand(1).normal(size=self.config.size) + rng.normal()


def test_a_changed_world_keeps_the_draws_that_the_knob_leaves_alone():
    world = Dots(Knobs(), rng=np.random.default_rng(7))
    same = Dots(Knobs(), rng=np.random.default_rng(7))
    more = world.changed(size=5)

    def log(world):
        return world.log(rng=np.random.default_rng(0))

    assert type(more) is Dots and (more.config.size, world.config.size) == (
        5,
        3,
    )
    np.testing.assert_array_equal(log(world), log(same))
    np.testing.assert_array_equal(log(world), log(more)[:3])
    other = Dots(Knobs(), rng=np.random.default_rng(8))
    assert not np.array_equal(log(world), log(other))
    with pytest.raises(ValueError, match="at least 2, got 1"):
        world.changed(size=1)


@pytest.mark.parametrize(
    "shown, words",
    [
        ([0, 1, 2], r"must be \(2, slots\), got shape \(3,\)"),
        ([[0], [1], [2]], r"must be \(2, slots\), got shape \(3, 1\)"),
        ([[0, 1, 2, 3], [4, 5, 6, 7]], "at most 3 slots, got 4"),
        ([[0, 1], [5, 5]], "request 1: a slate shows an id once, got 5 again"),
    ],
)
def test_check_slates_refuses(shown, words):
    with pytest.raises(ValueError, match=words):
        check_slates(np.array(shown), requests=2, slots=3)


def test_check_slates_lets_empty_slots_be():
    shown = np.array([[-1, -1, 3], [2, 1, -1]])
    check_slates(shown, requests=2, slots=3, empty=-1)
    with pytest.raises(ValueError, match="got -1 again"):
        check_slates(shown, requests=2, slots=3)
