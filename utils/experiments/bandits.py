"""Multi-armed bandits: epsilon-greedy, UCB1 and Thompson sampling.

A policy sees, for each arm, how often it was pulled and what that brought,
(..., K) each with replicates in front, and returns (...) arms. An arm that was
never pulled goes first; ties go to the lower index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


def epsilon_greedy(
    pulls: np.ndarray,
    rewards: np.ndarray,
    *,
    epsilon: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Epsilon-greedy: the best mean so far, or a random arm.

    Args:
        pulls: (..., K) how often each arm was pulled, at least 0.
        rewards: (..., K) sum of its rewards, finite.
        epsilon: chance of an arm drawn evenly from all, in [0, 1].
        rng: draws whether and where to explore.

    Returns:
        (...) arms in 0..K-1.

    Raises:
        ValueError: shapes that differ, no arm, pulls negative, rewards not
            finite; epsilon out of range.

    Source: Sutton & Barto (2018), Reinforcement Learning, 2nd ed., ch. 2.

    >>> rng = np.random.default_rng(0)
    >>> epsilon_greedy(np.array([9, 3]), np.array([3, 2]), epsilon=0, rng=rng)
    array(1)
    """
    pulls, rewards = _seen(pulls, rewards)
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must be in [0, 1], got {epsilon}")
    batch, arms = pulls.shape[:-1], pulls.shape[-1]
    explores = rng.random(batch) < epsilon
    anywhere = rng.integers(arms, size=batch)
    best = _means(pulls, rewards).argmax(axis=-1)
    return np.where(explores, anywhere, best)


def ucb1(pulls: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """UCB1: the arm of the largest upper confidence bound.

    Args:
        pulls: (..., K) how often each arm was pulled, at least 0.
        rewards: (..., K) sum of its rewards, each of them in [0, 1].

    Returns:
        (...) arms in 0..K-1: the largest mean + sqrt(2 ln(t) / pulls) after
        t pulls of all arms together.

    Raises:
        ValueError: shapes that differ, no arm, pulls negative; rewards below
            0 or above the pulls.

    Source: Auer, Cesa-Bianchi & Fischer (2002),
        doi:10.1023/A:1013689704352.

    >>> ucb1(np.array([100, 4]), np.array([60, 2]))
    np.int64(1)
    """
    pulls, rewards = _seen(pulls, rewards)
    _within(pulls, rewards)
    total = np.maximum(pulls.sum(axis=-1, keepdims=True), 1)
    bonus = np.sqrt(2 * np.log(total) / np.maximum(pulls, 1))
    return (_means(pulls, rewards) + bonus).argmax(axis=-1)


def thompson(
    pulls: np.ndarray, rewards: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Thompson sampling of Bernoulli arms under uniform priors.

    Args:
        pulls: (..., K) how often each arm was pulled, at least 0.
        rewards: (..., K) how many of those were a success.
        rng: draws from the beliefs.

    Returns:
        (...) arms in 0..K-1: the largest of one draw for each arm from
        Beta(1 + successes, 1 + failures).

    Raises:
        ValueError: shapes that differ, no arm, pulls negative; rewards below
            0 or above the pulls.

    Source: Thompson (1933), doi:10.1093/biomet/25.3-4.285.

    >>> rng = np.random.default_rng(0)
    >>> thompson(np.array([900, 900]), np.array([100, 800]), rng=rng)
    np.int64(1)
    """
    pulls, rewards = _seen(pulls, rewards)
    _within(pulls, rewards)
    return rng.beta(1 + rewards, 1 + pulls - rewards).argmax(axis=-1)


class BanditRun(NamedTuple):
    """Arms that a policy pulled, and its cumulated regret.

    Attributes:
        arms: (R, T) pulled at each step.
        regret: (R, T) expected reward lost so far to the best arm.
    """

    arms: np.ndarray
    regret: np.ndarray


def simulate(
    choose: Callable[[np.ndarray, np.ndarray], np.ndarray],
    means: np.ndarray,
    *,
    steps: int,
    replicates: int,
    rng: np.random.Generator,
) -> BanditRun:
    """Simulation of a policy on Bernoulli arms.

    Args:
        choose: the policy, from pulls and rewards, (R, K) each, to (R,) arms.
        means: (K,) chance of a reward of 1, in [0, 1].
        steps: T, at least 1.
        replicates: R, at least 1; all are played side by side.
        rng: draws the rewards, the same luck for every policy.

    Returns:
        Arms and regret; regret is counted in true means, not in luck.

    Raises:
        ValueError: means without an axis or outside [0, 1]; steps or
            replicates below 1.

    >>> rng = np.random.default_rng(0)
    >>> run = simulate(ucb1, [0.2, 0.7], steps=3, replicates=1, rng=rng)
    >>> run.arms[0, :2], run.regret[0, :2]
    (array([0, 1]), array([0.5, 0.5]))
    """
    means = np.asarray(means, dtype=np.float64)
    if means.ndim != 1 or not len(means):
        raise ValueError(f"means must be (K,), got shape {means.shape}")
    if not ((means >= 0) & (means <= 1)).all():
        raise ValueError(f"means must be in [0, 1], got {means}")
    if steps < 1 or replicates < 1:
        raise ValueError(
            f"steps and replicates must be at least 1, got {steps} and "
            f"{replicates}"
        )
    rows = np.arange(replicates)
    pulls, rewards = np.zeros((2, replicates, len(means)), dtype=np.int64)
    arms = np.empty((replicates, steps), dtype=np.int64)
    luck = rng.random((steps, replicates))
    for step in range(steps):
        arm = arms[:, step] = choose(pulls, rewards)
        pulls[rows, arm] += 1
        rewards[rows, arm] += luck[step] < means[arm]
    return BanditRun(arms, np.cumsum(means.max() - means[arms], axis=1))


def _means(pulls: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    never = np.full(pulls.shape, np.inf)
    return np.divide(rewards, pulls, out=never, where=pulls > 0)


def _seen(
    pulls: np.ndarray, rewards: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    pulls = np.asarray(pulls, dtype=np.float64)
    rewards = np.asarray(rewards, dtype=np.float64)
    if pulls.shape != rewards.shape or not pulls.ndim or not pulls.shape[-1]:
        raise ValueError(
            f"pulls and rewards must be (..., K) alike, got {pulls.shape} and "
            f"{rewards.shape}"
        )
    wrong = ~((pulls >= 0) & (pulls <= 1e300))  # sums stay floats; nan too
    if wrong.any():
        raise ValueError(
            f"pulls must be at least 0, at most 1e300, got {pulls[wrong][0]}"
        )
    wrong = ~np.isfinite(rewards)
    if wrong.any():
        raise ValueError(f"rewards must be finite, got {rewards[wrong][0]}")
    return pulls, rewards


def _within(pulls: np.ndarray, rewards: np.ndarray) -> None:
    wrong = ~((rewards >= 0) & (rewards <= pulls))
    if wrong.any():
        raise ValueError(
            "rewards must be in [0, 1] for each pull, got "
            f"{rewards[wrong][0]} of {pulls[wrong][0]}"
        )
