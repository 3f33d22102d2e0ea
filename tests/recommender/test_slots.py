import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.recommender import slots

SLATES = np.array([[1, 2, 3, 4]])


def put(worth, sets=((3, 9),), slot=1):
    return slots.with_best_in_slot(
        SLATES, np.array(sets), np.array([worth]), slot=slot
    )[0].tolist()


def test_by_hand():
    assert put([0.1, 0.2]) == [1, 9, 2, 3]  # the last gives way
    assert put([0.2, 0.1]) == [1, 3, 2, 4]  # it was shown already
    assert put([0.1, 0.2], slot=3) == [1, 2, 3, 9]


def test_a_slate_stays_where_no_candidate_is_worth_anything():
    """Such as a page whose list of new videos is empty, or late."""
    assert put([0.0, 0.0]) == [1, 2, 3, 4]
    assert put([-1.0, -np.inf]) == [1, 2, 3, 4]
    assert put([], sets=np.empty((1, 0), int)) == [1, 2, 3, 4]


@given(st.permutations(range(12)), st.integers(0, 4))
def test_others_keep_their_order(ids, slot):
    slate, sets = np.array([ids[:5]]), np.array([ids[3:8]])
    worth = np.arange(1.0, 6.0)[None]
    got = slots.with_best_in_slot(slate, sets, worth, slot=slot)[0]
    assert got[slot] == ids[7] and len(set(got)) == 5
    rest = [v for v in got if v != ids[7]]
    assert rest == [v for v in ids[:5] if v != ids[7]][:4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slot": 4}, "slot must be in 0..3, got 4"),
        ({"slates": SLATES / 2}, r"slates must be \(R, ...\) integers"),
        ({"worth": np.ones((1, 3))}, r"got \(1, 2\) and \(1, 3\)"),
        ({"worth": np.array([[np.nan, 1.0]])}, "a number, got nan"),
    ],
)
def test_refused(options, message):
    good = {"slates": SLATES, "sets": np.array([[3, 9]]),
            "worth": np.ones((1, 2)), "slot": 1}  # fmt: skip
    with pytest.raises(ValueError, match=message):
        slots.with_best_in_slot(**good | options)
