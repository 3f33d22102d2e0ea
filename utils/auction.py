"""A generalised second-price auction for several slots, many at a time.

The platform ranks by bid times predicted click chance, which is the expected
value of a slot to it. A slot's card pays, per click, the least bid with
which it would have kept its place. Bids are taken as given: in this auction
bidding one's true value is *not* an equilibrium when there are several slots.

Shapes: R auctions, C candidates, K slots. A slot that stays empty is -1.

Source: Edelman, Ostrovsky & Schwarz (2007), doi:10.1257/aer.97.1.242; Varian
(2007), doi:10.1016/j.ijindorg.2006.10.002.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LARGEST = 1e150  # products and ratios of two such numbers stay floats


class AuctionResult(NamedTuple):
    """Winner and price per click of each slot.

    Attributes:
        winner: (R, K) candidate in each slot, -1 where it stays empty.
        price: (R, K) per click, 0 where the slot stays empty.
    """

    winner: np.ndarray
    price: np.ndarray


def generalised_second_price(
    bids: np.ndarray,
    click_probabilities: np.ndarray,
    *,
    slots: int,
    reserve: float = 0.0,
    participating: np.ndarray | None = None,
) -> AuctionResult:
    """Generalised second-price auctions, ranked by bid times click chance.

    How much a slot is seen does not enter: it multiplies every candidate's
    worth in it alike.

    Args:
        bids: (R, C) per click, at least 0.
        click_probabilities: (R, C) predicted, above 0.
        slots: cards to fill at most, at least 1.
        reserve: least bid * chance that is shown at all: what the slot is
            worth otherwise, per examined impression, at least 0.
        participating: (R, C) bool, who takes part; all by default.

    Returns:
        AuctionResult. The price is max(score of the next one, reserve) / own
        chance, where the next one is the best that stands below, shown or
        not; equal scores go to the lower index.

    Raises:
        ValueError: shapes that differ; values out of range or not finite.

    >>> got = generalised_second_price(np.array([[2.0, 1.0, 1.0]]),
    ...                    np.array([[0.1, 0.1, 0.05]]), slots=2)
    >>> got.winner.tolist(), got.price.tolist()
    ([[0, 1]], [[1.0, 0.5]])
    """
    bids = np.asarray(bids, dtype=np.float64)
    click_probabilities = np.asarray(click_probabilities, dtype=np.float64)
    if (
        bids.ndim != 2
        or bids.shape != click_probabilities.shape
        or not bids.shape[1]
    ):
        raise ValueError(
            f"bids and click_probabilities must be (R, C) alike, C >= 1, got "
            f"{bids.shape} and {click_probabilities.shape}"
        )
    if slots < 1:
        raise ValueError(f"slots must be at least 1, got {slots}")
    for name, values in (("reserve", np.array(reserve)), ("bids", bids)):
        wrong = ~((values >= 0) & (values <= LARGEST))
        if wrong.any():
            raise ValueError(
                f"{name} must be finite and at least 0, at most "
                f"{LARGEST:g}, got {values[wrong][0]}"
            )
    wrong = ~(
        (click_probabilities >= 1 / LARGEST) & (click_probabilities <= LARGEST)
    )
    if wrong.any():
        raise ValueError(
            "click_probabilities must be finite and above 0, from "
            f"{1 / LARGEST:g} to {LARGEST:g}, got "
            f"{click_probabilities[wrong][0]}"
        )
    score = bids * click_probabilities
    if participating is not None:
        if np.shape(participating) != bids.shape:
            raise ValueError(
                f"participating must be {bids.shape}, got "
                f"{np.shape(participating)}"
            )
        score = np.where(participating, score, -1.0)
    short = max(0, slots + 1 - score.shape[1])  # one more: who comes next
    order = np.argsort(-score, axis=1, kind="stable")[:, : slots + 1]
    ranked = np.take_along_axis(score, order, axis=1)
    order = np.pad(order, ((0, 0), (0, short)), constant_values=0)
    ranked = np.pad(ranked, ((0, 0), (0, short)), constant_values=-1.0)
    shown = (ranked[:, :slots] >= reserve) & (ranked[:, :slots] >= 0)
    own = np.take_along_axis(click_probabilities, order[:, :slots], axis=1)
    price = np.maximum(ranked[:, 1:], reserve) / own
    return AuctionResult(
        np.where(shown, order[:, :slots], -1),
        np.where(shown, price, 0.0),
    )


def throttling(spend: np.ndarray, budget: np.ndarray) -> np.ndarray:
    """Budget throttling: share of auctions that each campaign enters.

    Args:
        spend: (N,) what it would spend if it entered all, at least 0.
        budget: (N,) what it may spend, at least 0.

    Returns:
        (N,) in [0, 1]: budget / spend where that is below 1, else 1. One
        step of planning: when others enter less, prices fall as well.

    Raises:
        ValueError: lengths differ; values negative or not finite.

    >>> throttling(np.array([10.0, 1.0, 0.0]), np.array([5.0, 5.0, 5.0]))
    array([0.5, 1. , 1. ])
    """
    spend = np.asarray(spend, dtype=np.float64)
    budget = np.asarray(budget, dtype=np.float64)
    if spend.shape != budget.shape:
        raise ValueError(
            f"spend and budget must be alike, got {spend.shape} and "
            f"{budget.shape}"
        )
    for name, values in (("spend", spend), ("budget", budget)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise ValueError(f"{name} must be finite and at least 0")
    share = np.ones(spend.shape)
    np.divide(budget, spend, out=share, where=spend > budget)
    return share
