"""The auction: who stands where, and what a click costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import auction


def test_two_slots_by_hand():
    bids = np.array([[1.0, 2.0, 4.0]])
    click_probabilities = np.array(
        [[0.10, 0.20, 0.05]]
    )  # scores 0.1, 0.4, 0.2
    got = auction.generalised_second_price(bids, click_probabilities, slots=2)
    assert got.winner.tolist() == [[1, 2]]
    np.testing.assert_allclose(got.price, [[0.2 / 0.2, 0.1 / 0.05]])


def test_the_reserve_empties_slots_and_is_the_least_price():
    bids = np.array([[1.0, 2.0, 4.0]])
    click_probabilities = np.array([[0.10, 0.20, 0.05]])
    got = auction.generalised_second_price(
        bids, click_probabilities, slots=3, reserve=0.15
    )
    assert got.winner.tolist() == [[1, 2, -1]]
    np.testing.assert_allclose(got.price, [[0.2 / 0.2, 0.15 / 0.05, 0]])


def test_ties_short_lists_and_the_absent():
    equal = auction.generalised_second_price(
        np.ones((1, 2)), np.full((1, 2), 0.1), slots=1
    )
    assert equal.winner.tolist() == [[0]]
    assert equal.price.tolist() == [[1.0]]  # the whole bid
    short = auction.generalised_second_price(
        np.ones((1, 1)), np.full((1, 1), 0.1), slots=3
    )
    assert short.winner.tolist() == [[0, -1, -1]]
    assert short.price.tolist() == [[0.0, 0.0, 0.0]]  # nobody below
    absent = auction.generalised_second_price(
        np.array([[3.0, 1.0]]),
        np.full((1, 2), 0.1),
        slots=2,
        participating=np.array([[False, True]]),
    )
    assert absent.winner.tolist() == [[1, -1]]


FACTOR = st.floats(0.05, 20.0)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 10_000), FACTOR)
def test_a_common_factor_changes_nothing_without_a_reserve(seed, factor):
    rng = np.random.default_rng(seed)
    bids = rng.lognormal(size=(5, 6))
    click_probabilities = rng.uniform(0.001, 0.05, size=(5, 6))
    plain = auction.generalised_second_price(
        bids, click_probabilities, slots=3
    )
    scaled = auction.generalised_second_price(
        bids, click_probabilities * factor, slots=3
    )
    np.testing.assert_array_equal(plain.winner, scaled.winner)
    np.testing.assert_allclose(plain.price, scaled.price)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, 0.05))
def test_like_one_auction_at_a_time(seed, reserve):
    rng = np.random.default_rng(seed)
    bids = rng.lognormal(size=(4, 5)).round(1)
    click_probabilities = rng.uniform(0.01, 0.05, size=(4, 5))
    got = auction.generalised_second_price(
        bids, click_probabilities, slots=3, reserve=reserve
    )
    for i in range(4):
        ranked = sorted(
            range(5), key=lambda c: -bids[i, c] * click_probabilities[i, c]
        )
        for slot in range(3):
            c, below = ranked[slot], ranked[slot + 1]
            if bids[i, c] * click_probabilities[i, c] < reserve:
                assert got.winner[i, slot] == -1
                continue
            assert got.winner[i, slot] == c
            next_score = max(
                bids[i, below] * click_probabilities[i, below], reserve
            )
            assert got.price[i, slot] == pytest.approx(
                next_score / click_probabilities[i, c]
            )
            assert got.price[i, slot] <= bids[i, c] + 1e-9


def test_the_price_is_the_least_bid_that_keeps_the_place():
    bids, click_probabilities = (
        np.array([[3.0, 2.0, 1.0]]),
        np.full((1, 3), 0.1),
    )
    price = auction.generalised_second_price(
        bids, click_probabilities, slots=1
    ).price[0, 0]
    for bid, first in ((price + 0.01, 0), (price - 0.01, 1)):
        bids[0, 0] = bid
        got = auction.generalised_second_price(
            bids, click_probabilities, slots=1
        )
        assert got.winner[0, 0] == first


@pytest.mark.parametrize(
    "change, message",
    [
        ({"click_probabilities": np.ones((1, 3))}, "alike"),
        ({"slots": 0}, "slots must be at least 1"),
        ({"reserve": -1.0}, "reserve must be finite"),
        (
            {"click_probabilities": np.zeros((1, 2))},
            "click_probabilities must be finite and above 0",
        ),
        ({"bids": -np.ones((1, 2))}, "bids must be finite and at least 0"),
        ({"participating": np.ones(2, bool)}, "participating must be"),
    ],
)
def test_refuses(change, message):
    given = {
        "bids": np.ones((1, 2)),
        "click_probabilities": np.full((1, 2), 0.1),
        "slots": 1,
    } | change
    bids, click_probabilities = (
        given.pop("bids"),
        given.pop("click_probabilities"),
    )
    with pytest.raises(ValueError, match=message):
        auction.generalised_second_price(bids, click_probabilities, **given)


def test_participation_by_hand():
    got = auction.throttling(
        np.array([8.0, 2.0, 0.0, 3.0]), np.array([2.0, 4.0, 0.0, 0.0])
    )
    assert got.tolist() == [0.25, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "spend, budget, message",
    [
        ([1.0], [1.0, 2.0], "alike"),
        ([-1.0], [1.0], "spend must be finite"),
        ([1.0], [np.nan], "budget must be finite"),
    ],
)
def test_participation_refuses(spend, budget, message):
    with pytest.raises(ValueError, match=message):
        auction.throttling(np.array(spend), np.array(budget))
