"""Team-draft interleaving, its credit and the sign test."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import interleaving

STEADY = settings(deadline=None, derandomize=True)


def permutations(seed, rows=200, n=7):
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(n), (rows, 1)), axis=1)


def drafted(a, b, coins):
    """The algorithm as the paper tells it, one list at a time."""
    slate, team = [], []
    for coin in coins:
        lead = sum(team)
        a_picks = lead < 0 or (lead == 0 and coin < 0.5)
        mine = a if a_picks else b
        slate.append(next(item for item in mine if item not in slate))
        team.append(1 if a_picks else -1)
    return slate, team


class Coins:
    """Stands in for a generator; 0 is heads: a picks."""

    def __init__(self, values):
        self.values = values

    def random(self, shape):
        return np.broadcast_to(np.array(self.values, float), shape)


def test_team_draft_by_hand():
    a, b = np.array([[1, 2, 3, 4]]), np.array([[2, 5, 1, 6]])
    # a: 1; b: 2; coin says b: 5; a: 2 is gone, so 3
    slate, team = interleaving.team_draft(
        a, b, k=4, rng=Coins([0.1, 0.9, 0.7, 0.9])
    )
    assert slate.tolist() == [[1, 2, 5, 3]]
    assert team.tolist() == [[1, -1, -1, 1]]
    # b first: 2; a: 1; coin says a: 2 is gone, so 3; b: 5
    slate, team = interleaving.team_draft(
        a, b, k=4, rng=Coins([0.5, 0.1, 0.4, 0.1])
    )
    assert slate.tolist() == [[2, 1, 3, 5]]
    assert team.tolist() == [[-1, 1, 1, -1]]


@settings(STEADY, max_examples=40)
@given(st.integers(1, 7), st.integers(0, 9), st.integers(0, 20), st.booleans())
def test_team_draft_agrees_with_a_loop(k, rows, seed, overlap):
    a, b = permutations(seed, rows), permutations(seed + 100, rows)
    b = b if overlap else b + 50
    slates, teams = interleaving.team_draft(
        a, b, k=k, rng=np.random.default_rng(seed)
    )
    coins = np.random.default_rng(seed).random((rows, k))
    for row in range(rows):
        slate, team = drafted(a[row], b[row], coins[row])
        assert slates[row].tolist() == slate
        assert teams[row].tolist() == team
    assert (np.abs(np.cumsum(teams, axis=1)) <= 1).all()
    assert (np.diff(np.sort(slates, axis=1), axis=1) != 0).all()


def test_equal_rankings_are_shown_as_they_are_and_nobody_wins():
    a = permutations(1, rows=40_000, n=5)
    rng = np.random.default_rng(2)
    slates, teams = interleaving.team_draft(a, a, k=4, rng=rng)
    assert (slates == a[:, :4]).all()
    # each rank falls to either with chance a half: sd 0.0025
    assert (teams == 1).mean(axis=0) == pytest.approx([0.5] * 4, abs=0.01)
    # someone who always clicks the first and often the third
    clicks = rng.random((len(a), 4)) < [1, 0, 0.6, 0]
    won = interleaving.preference(interleaving.credit(clicks, teams))
    decided = won.wins + won.losses
    assert won.share == pytest.approx(0.5, abs=4 * 0.5 / decided**0.5)


def test_the_better_ranker_wins():
    relevant = permutations(3, rows=2_000)
    worse = relevant[:, ::-1]
    rng = np.random.default_rng(4)
    slates, teams = interleaving.team_draft(relevant, worse, k=4, rng=rng)
    clicks = slates == relevant[:, :1]  # everyone wants what a puts first
    got = interleaving.preference(interleaving.credit(clicks, teams))
    assert got.share == 1 and got.losses == 0 and got.p_value < 1e-100


def test_credit_by_hand():
    teams = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    clicks = np.array([[True, True, True], [True, False, True], [0, 0, 0]])
    got = interleaving.credit(clicks, teams)
    assert got.tolist() == [1 - 1 + 1, -1 - 1, 0]
    watched = interleaving.credit(np.array([[0.5, 2.0, 0]]), teams[:1])
    assert watched.tolist() == [0.5 - 2.0]


def test_preference_by_hand():
    got = interleaving.preference(np.array([3, 1, 0.2, -1, 0, 0]))
    assert (got.wins, got.losses, got.ties) == (3, 1, 2)
    assert got.share == 3 / 4
    # P(at least 3 or at most 1 of 4 coins)
    assert got.p_value == pytest.approx(2 * (comb(4, 3) + 1) / 2**4)


def test_nothing_is_known_where_every_query_is_tied():
    for credit in (np.zeros(3), np.zeros(0)):
        got = interleaving.preference(credit)
        assert np.isnan(got[:4]).all() and got.ties == len(credit)


@settings(STEADY, max_examples=40)
@given(
    hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(-2, 2)),
    st.sampled_from([0.5, 0.9, 0.99]),
)
def test_preference_mirrors_and_agrees_with_the_beta_quantiles(credit, level):
    from scipy import stats

    got = interleaving.preference(credit, level=level)
    other = interleaving.preference(-credit, level=level)
    wins, losses = (credit > 0).sum(), (credit < 0).sum()
    if wins + losses == 0:
        return
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, wins, losses + 1) if wins else 0
    high = stats.beta.isf(tail, wins + 1, losses) if losses else 1
    assert (got.low, got.high) == pytest.approx((low, high))
    assert got.share == pytest.approx(1 - other.share)
    assert (got.low, got.high) == pytest.approx(
        (1 - other.high, 1 - other.low)
    )
    assert got.p_value == pytest.approx(other.p_value)
    least = stats.binom.cdf(min(wins, losses), wins + losses, 0.5)
    assert got.p_value == pytest.approx(min(1, 2 * least))


def test_refuses():
    a, rng = np.array([[1, 2, 3]]), np.random.default_rng(0)
    for k in (0, 4):
        with pytest.raises(ValueError, match=rf"1\.\.3, got {k}"):
            interleaving.team_draft(a, a, k=k, rng=rng)
    with pytest.raises(ValueError, match=r"got \(1, 3\) and \(1, 2\)"):
        interleaving.team_draft(a, a[:, :2], k=1, rng=rng)
    with pytest.raises(ValueError, match="b must hold integers: float64"):
        interleaving.team_draft(a, a + 0.5, k=1, rng=rng)
    twice = np.array([[1, 2, 3], [1, 2, 1]])
    with pytest.raises(ValueError, match="b has an id twice in row 1"):
        interleaving.team_draft(twice[[0, 0]], twice, k=3, rng=rng)
    interleaving.team_draft(twice, twice, k=2, rng=rng)  # below the cut
    with pytest.raises(ValueError, match="at least 0"):
        interleaving.credit([[-1.0]], [[1]])
    with pytest.raises(ValueError, match="teams must be 1"):
        interleaving.credit([[1.0]], [[0]])
    with pytest.raises(ValueError, match=r"got \(1,\) and \(1, 1\)"):
        interleaving.credit([1.0], [[1]])
    with pytest.raises(ValueError, match="finite, got"):
        interleaving.preference([np.nan])
    with pytest.raises(ValueError, match=r"level .*, got 95"):
        interleaving.preference([1], level=95)
