"""Where a swept difference changes its sign."""

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
