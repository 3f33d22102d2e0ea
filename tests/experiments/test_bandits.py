"""Policies for bandits, and the simulation that plays them."""

from functools import partial
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import bandits

STEADY = settings(deadline=None, derandomize=True)


def greedy(pulls, rewards, epsilon=0.0, seed=0):
    return bandits.epsilon_greedy(
        np.array(pulls),
        np.array(rewards),
        epsilon=epsilon,
        rng=np.random.default_rng(seed),
    )


def test_epsilon_greedy_by_hand():
    assert greedy([4, 2, 1], [2, 1, 0]) == 0  # means 1/2 1/2 0: lower index
    assert greedy([4, 0, 0], [4, 0, 0]) == 1  # never pulled goes first
    assert greedy([2, 2], [-3, -1]) == 1


def test_epsilon_greedy_explores_as_often_as_it_says():
    pulls = np.ones((40_000, 4))
    rewards = np.tile([0, 0, 1, 0], (40_000, 1))
    share = np.bincount(greedy(pulls, rewards, 0.2)) / 40_000
    # the best arm also comes up by exploring: sd 0.001 and 0.002
    assert share == pytest.approx([0.05, 0.05, 0.85, 0.05], abs=0.008)


def test_ucb1_by_hand():
    pulls, rewards = [90, 10], [60, 5]
    bonus = [sqrt(2 * log(100) / n) for n in pulls]
    assert 60 / 90 + bonus[0] < 5 / 10 + bonus[1]
    assert bandits.ucb1(pulls, rewards) == 1
    assert bandits.ucb1([900, 100], [600, 10]) == 0
    assert bandits.ucb1([3, 0, 0], [3, 0, 0]) == 1
    assert bandits.ucb1([0, 0], [0, 0]) == 0


@STEADY
@given(
    hnp.arrays(np.int64, (5, 3), elements=st.integers(1, 40)),
    st.integers(0, 99),
)
def test_ucb1_agrees_with_a_loop(pulls, seed):
    rewards = np.random.default_rng(seed).integers(pulls + 1)
    got = bandits.ucb1(pulls, rewards)
    for row in range(5):
        bounds = [
            r / n + sqrt(2 * log(pulls[row].sum()) / n)
            for n, r in zip(pulls[row], rewards[row], strict=True)
        ]
        assert bounds[got[row]] == pytest.approx(max(bounds))


def test_thompson_pulls_as_often_as_it_believes():
    from scipy import integrate, stats

    pulls = np.tile([8, 3], (40_000, 1))
    rewards = np.tile([4, 2], (40_000, 1))
    got = bandits.thompson(pulls, rewards, rng=np.random.default_rng(0))
    # P(Beta(5, 5) < Beta(3, 2))
    second, _ = integrate.quad(
        lambda x: stats.beta.pdf(x, 3, 2) * stats.beta.cdf(x, 5, 5), 0, 1
    )
    assert got.mean() == pytest.approx(second, abs=0.01)  # sd 0.0024


def test_simulate_counts_regret_in_true_means():
    run = bandits.simulate(
        lambda pulls, rewards: np.array([2, 0]),
        [0.1, 0.5, 0.4],
        steps=3,
        replicates=2,
        rng=np.random.default_rng(0),
    )
    assert run.arms.tolist() == [[2, 2, 2], [0, 0, 0]]
    assert run.regret == pytest.approx(np.array([[0.1], [0.4]]) * [1, 2, 3])


def test_simulate_hands_on_what_was_seen():
    seen = []

    def watch(pulls, rewards):
        seen.append((pulls.copy(), rewards.copy()))
        return np.full(2, len(seen) % 2)

    bandits.simulate(
        watch, [1.0, 0.0], steps=5, replicates=2, rng=np.random.default_rng(0)
    )
    pulls, rewards = seen[-1]
    assert pulls.tolist() == [[2, 2]] * 2
    assert rewards.tolist() == [[2, 0]] * 2  # means 1 and 0: no luck


def test_who_explores_by_doubt_loses_less():
    def lost(choose, seed=0):
        run = bandits.simulate(
            choose,
            [0.3, 0.5, 0.7],
            steps=1500,
            replicates=60,
            rng=np.random.default_rng(seed),
        )
        return run.regret.mean(axis=0)

    rng = np.random.default_rng(5)
    epsilon = lost(partial(bandits.epsilon_greedy, epsilon=0.1, rng=rng))
    thompson = lost(partial(bandits.thompson, rng=rng))
    ucb = lost(bandits.ucb1)
    assert thompson[-1] < epsilon[-1] and thompson[-1] < ucb[-1]
    # a constant share of exploration loses linearly: 0.1 * mean gap 0.2
    assert epsilon[-1] - epsilon[-501] >= 500 * 0.1 * 0.2 * 0.8
    assert thompson[-1] - thompson[-501] < 500 * 0.1 * 0.2 * 0.5
    # the theorem: sum of 8 ln(T) / gap + (1 + pi^2 / 3) gap
    bound = sum(8 * log(1500) / g + (1 + np.pi**2 / 3) * g for g in (0.4, 0.2))
    assert ucb[-1] < bound


def test_refuses():
    rng, two = np.random.default_rng(0), np.array([1, 2])
    for call in (
        partial(bandits.epsilon_greedy, epsilon=0.1, rng=rng),
        bandits.ucb1,
        partial(bandits.thompson, rng=rng),
    ):
        with pytest.raises(ValueError, match=r"got \(2,\) and \(1,\)"):
            call(two, two[:1])
        with pytest.raises(ValueError, match=r"\(\.\.\., K\) alike"):
            call(np.zeros((2, 0)), np.zeros((2, 0)))
        with pytest.raises(ValueError, match="pulls must be"):
            call(-two, two)
        with pytest.raises(ValueError, match="rewards must be finite"):
            call(two, two * np.nan)
    for call in (bandits.ucb1, partial(bandits.thompson, rng=rng)):
        for rewards in (two + 1, -two):
            with pytest.raises(ValueError, match=r"in \[0, 1\] for each"):
                call(two, rewards)
    with pytest.raises(ValueError, match=r"epsilon must be .* got 1\.5"):
        bandits.epsilon_greedy(two, two, epsilon=1.5, rng=rng)
    play = partial(bandits.simulate, bandits.ucb1, rng=rng)
    for means in ([], [[0.5]]):
        with pytest.raises(ValueError, match=r"means must be \(K,\)"):
            play(means, steps=1, replicates=1)
    with pytest.raises(ValueError, match=r"means must be in \[0, 1\]"):
        play([0.5, 1.5], steps=1, replicates=1)
    for steps, replicates in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match=f"{steps} and {replicates}"):
            play([0.5], steps=steps, replicates=replicates)
