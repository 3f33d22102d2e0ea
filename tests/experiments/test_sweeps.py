"""Where a swept difference changes its sign, and who leads the oracle."""

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.experiments import sweeps


@pytest.mark.parametrize(
    "knob, difference, expected",
    [
        ([0, 1], [1, -1], 0.5),
        ([0, 1], [-3, 1], 0.75),
        ([0, 2, 4], [5, 1, -3], 2 + 2 * 1 / 4),
        ([0, 1, 2, 3], [1, -1, 1, -1], 0.5),  # the first of three
        ([0, 1, 2], [1, 0, -1], 1.0),  # touched at a value that was tried
        ([0, 1, 2, 3], [1, 0, 0, -1], 1.5),  # the middle of a level stretch
        ([0, 1, 2], [1, 0, 1], nan),  # touched, and not crossed
        ([0, 1, 2], [0, 0, 1], nan),
        ([0, 1], [2, 1], nan),
        ([3], [1], nan),
        ([], [], nan),
    ],
)
def test_crossing_by_hand(knob, difference, expected):
    got = sweeps.crossing(np.array(knob), np.array(difference))
    assert got == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "difference, expected",
    [
        ([-1, 1, 1, -1], 2.5),  # the rise before it does not count
        ([1, -1, 1, -1], 0.5),
        ([-1, 0, 1, 2], nan),
        ([1, 0, 0, -1], 1.5),
    ],
)
def test_falling_counts_one_direction_by_hand(difference, expected):
    got = sweeps.crossing(np.arange(4), np.array(difference), falling=True)
    assert got == pytest.approx(expected, nan_ok=True)


@given(
    st.lists(st.integers(-5, 5), min_size=2, max_size=8),
    st.floats(0.1, 10),
)
def test_crossing_ignores_which_side_and_which_unit(difference, unit):
    difference = np.array(difference)
    knob = np.arange(len(difference), dtype=float)
    one = sweeps.crossing(knob, difference)
    other = sweeps.crossing(unit * knob, -3.0 * difference)
    assert other == pytest.approx(unit * one, nan_ok=True)
    # a crossing exists where both signs do
    assert np.isnan(one) == (not (min(difference) < 0 < max(difference)))


@pytest.mark.parametrize(
    "knob, difference, message",
    [
        ([0, 1], [1], r"\(S,\) alike, got \(2,\) and \(1,\)"),
        ([[0]], [[1]], "alike"),
        ([0, 0], [1, -1], r"must increase, got \[0.0, 0.0\]"),
        ([1, 0], [1, -1], "must increase"),
        ([0, 1], [nan, 1], "finite"),
    ],
)
def test_crossing_refuses(knob, difference, message):
    with pytest.raises(ValueError, match=message):
        sweeps.crossing(np.array(knob), np.array(difference))


# --- the oracle --------------------------------------------------------------


def test_the_oracle_is_the_best_on_every_row():
    sweep = {
        "popular": np.array([0.2, 0.3, 0.1]),
        "oracle": np.array([0.5, 0.3, 0.4]),
        "model": np.array([0.4, 0.3, 0.4]),
    }
    sweeps.check_oracle(sweep, oracle="oracle")
    with pytest.raises(
        ValueError,
        match=r"row 2: 'oracle' scores 0\.4, more than the oracle 'popular' "
        r"with 0\.1 ",
    ):
        sweeps.check_oracle(
            {n: sweep[n] for n in ("popular", "oracle")}, oracle="popular"
        )


def test_the_largest_lead_is_named_and_a_small_one_allowed():
    sweep = {
        "oracle": np.array([0.50, 0.50]),
        "model": np.array([0.51, 0.50]),
        "trees": np.array([0.40, 0.52]),
    }
    with pytest.raises(ValueError, match=r"row 1: 'trees' scores 0\.52, "):
        sweeps.check_oracle(sweep, oracle="oracle", tolerance=0.01)
    sweeps.check_oracle(sweep, oracle="oracle", tolerance=0.021)


def test_a_sweep_over_another_world_is_found():
    """The oracle of one world, asked about the items of another."""
    rng = np.random.default_rng(0)

    def best_of_ten(believed, truth):
        return truth[np.arange(len(truth)), believed.argmax(axis=1)].mean()

    for mixed in (False, True):
        sweep = {"oracle": [], "first": []}
        for _ in range(8):
            here, elsewhere = rng.normal(size=(2, 500, 10))
            believed = elsewhere if mixed else here
            sweep["oracle"].append(best_of_ten(believed, here))
            sweep["first"].append(here[:, 0].mean())
        if not mixed:
            sweeps.check_oracle(sweep, oracle="oracle")
            continue
        with pytest.raises(ValueError, match=r"row \d: 'first' scores"):
            sweeps.check_oracle(sweep, oracle="oracle")


def test_check_oracle_refuses():
    one = {"oracle": [1.0], "model": [0.5]}
    for missing, oracle in ((one, "truth"), ({"oracle": [1.0]}, "oracle")):
        with pytest.raises(ValueError, match=r"need .* and another arm, got"):
            sweeps.check_oracle(missing, oracle=oracle)
    with pytest.raises(ValueError, match=r"\(2,\) of 'model' and \(1,\)"):
        sweeps.check_oracle(one | {"model": [0.5, 1]}, oracle="oracle")
    with pytest.raises(ValueError, match="finite, got nan of 'model' in row"):
        sweeps.check_oracle(one | {"model": [np.nan]}, oracle="oracle")
    with pytest.raises(ValueError, match="at least 0, got -1"):
        sweeps.check_oracle(one, oracle="oracle", tolerance=-1)
