"""Off-policy evaluation: the value of another policy, from a log.

One row per decision: its reward, and how likely either policy was to act as
the log did. All needs a logging policy that gives every action of the other
one a chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import checks


def importance_weights(
    target: np.ndarray, logged: np.ndarray, *, clip: float = np.inf
) -> np.ndarray:
    """Importance weights: target over logging propensity, clipped.

    Args:
        target: (...) chance of the logged action under the policy in
            question, in [0, 1].
        logged: (...) chance under the policy that wrote the log, above 0
            (1e-70 at least, so that ratios stay floats) and at most 1.
        clip: no weight is larger; above 0. It bounds the variance and pulls
            estimates of rewards that are not negative towards 0.

    Returns:
        (...) min(target / logged, clip).

    Raises:
        ValueError: shapes that differ; chances out of range; clip not above
            0.

    Source: Horvitz & Thompson (1952), doi:10.1080/01621459.1952.10483446.

    >>> importance_weights([0.5, 0.9], [0.25, 0.01], clip=9)
    array([2., 9.])
    """
    target = np.asarray(target, dtype=np.float64)
    logged = np.asarray(logged, dtype=np.float64)
    if target.shape != logged.shape:
        raise ValueError(
            f"target and logged must be alike, got {target.shape} and "
            f"{logged.shape}"
        )
    wrong = ~((target >= 0) & (target <= 1))
    if wrong.any():
        raise ValueError(f"target must be in [0, 1], got {target[wrong][0]}")
    wrong = ~((logged >= 1 / checks.LARGEST) & (logged <= 1))
    if wrong.any():
        raise ValueError(
            f"logged must be from {1 / checks.LARGEST:g} to 1: it happened, "
            f"got {logged[wrong][0]}"
        )
    if not clip > 0:
        raise ValueError(f"clip must be above 0, got {clip}")
    return np.minimum(target / logged, clip)


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size of weighted rows.

    Args:
        weights: (n,) finite and at least 0.

    Returns:
        sum(w)^2 / sum(w^2), in [1, n]; nan if all weights are 0.

    Raises:
        ValueError: not one axis; weights negative, not finite or beyond
            1e70.

    Source: Kish (1965), Survey Sampling.

    >>> effective_sample_size(np.array([1, 1, 1, 1, 0, 0]))
    4.0
    """
    weights = _weights(weights)
    if not weights.any():
        return np.nan
    shares = weights / weights.max()  # squares of tiny ones would vanish
    return float(shares.sum() ** 2 / (shares @ shares))


class Estimate(NamedTuple):
    """Off-policy estimate of the mean reward per decision.

    Attributes:
        value: the estimate.
        low: lower end of its interval, by the normal distribution.
        high: upper end.
        effective_n: what the rows are worth; read a small one as a warning
            that the interval cannot be trusted either.
    """

    value: float
    low: float
    high: float
    effective_n: float


def ips(
    rewards: np.ndarray, weights: np.ndarray, *, level: float = 0.95
) -> Estimate:
    """Inverse propensity scoring (IPS): the mean of weight times reward.

    Args:
        rewards: (n,) finite.
        weights: (n,) of `importance_weights`; unclipped it is unbiased.
        level: of the interval, in (0, 1).

    Returns:
        The estimate; nan without rows, its interval nan with one.

    Raises:
        ValueError: lengths that differ; values not finite or beyond 1e70;
            weights negative; level not in (0, 1).

    Source: Horvitz & Thompson (1952), doi:10.1080/01621459.1952.10483446.

    >>> ips(np.array([1, 0, 1, 0]), np.array([2, 1, 0, 1])).value
    0.5
    """
    rewards, weights = _rows(rewards, weights)
    return _mean(weights * rewards, weights, level)


def snips(
    rewards: np.ndarray, weights: np.ndarray, *, level: float = 0.95
) -> Estimate:
    """Self-normalised IPS: the weighted mean reward.

    It does not change its mind when 1 is added to every reward, never leaves
    their range, and pays with a bias of the order of 1 / n.

    Args:
        rewards: (n,) finite.
        weights: (n,) of `importance_weights`.
        level: of the interval, in (0, 1).

    Returns:
        sum(w r) / sum(w), with an interval by the delta method; nan if all
        weights are 0, its interval nan with one row.

    Raises:
        ValueError: lengths that differ; values not finite or beyond 1e70;
            weights negative; level not in (0, 1).

    Source: Swaminathan & Joachims (2015), The Self-Normalized Estimator for
        Counterfactual Learning, NeurIPS 28.

    >>> snips(np.array([1, 0, 1, 0]), np.array([2, 1, 0, 1])).value
    0.5
    """
    rewards, weights = _rows(rewards, weights)
    if not weights.any():
        return _mean(np.full(len(weights), np.nan), weights, level)
    shares = weights / weights.mean()
    value = (shares * rewards).mean()
    return _mean(value + shares * (rewards - value), weights, level)


def direct_method(
    predicted: np.ndarray, target: np.ndarray, *, level: float = 0.95
) -> Estimate:
    """Direct method: model predictions averaged over the target policy.

    Args:
        predicted: (n, A) reward that a model expects of each action, finite.
        target: (n, A) chance of each action under the policy in question,
            at least 0, adding up to 1 in each row.
        level: of the interval, in (0, 1).

    Returns:
        The mean over rows of sum_a target predicted. The interval knows the
        contexts' variation, not the model's error, which does not shrink
        with n.

    Raises:
        ValueError: shapes that differ or are not (n, A); predictions not
            finite; rows of target that are no distribution; level.

    Source: Dudík, Erhan, Langford & Li (2014), doi:10.1214/14-STS500.

    >>> direct_method([[1, 3], [0, 2]], [[1, 0], [0, 1]]).value
    1.5
    """
    expected = policy_value(predicted, target)
    return _mean(expected, np.ones(len(expected)), level)


def doubly_robust(
    rewards: np.ndarray,
    weights: np.ndarray,
    predicted: np.ndarray,
    expected: np.ndarray,
    *,
    level: float = 0.95,
) -> Estimate:
    """Doubly robust estimate: direct method plus weighted residuals.

    Args:
        rewards: (n,) finite.
        weights: (n,) of `importance_weights`.
        predicted: (n,) reward that the model expects of the logged action;
            learnt from other rows.
        expected: (n,) of `policy_value`: what it expects of the policy.
        level: of the interval, in (0, 1).

    Returns:
        The mean of expected + weight (reward - predicted): unbiased if the
        chances are right, whatever the model, and also if the model is right,
        whatever the weights. A model that always says 0 leaves `ips`.

    Raises:
        ValueError: lengths that differ; values not finite or beyond 1e70;
            weights negative; level not in (0, 1).

    Source: Dudík, Erhan, Langford & Li (2014), doi:10.1214/14-STS500.

    >>> got = doubly_robust(np.array([1, 0]), np.array([2, 0]),
    ...     np.array([0.5, 0.5]), np.array([0.7, 0.7]))
    >>> round(got.value, 2)  # 0.7 + (2 * 0.5 + 0) / 2
    1.2
    """
    rewards, weights = _rows(rewards, weights)
    predicted, _ = _rows(predicted, weights)
    expected, _ = _rows(expected, weights)
    return _mean(expected + weights * (rewards - predicted), weights, level)


def policy_value(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Expected reward of a policy under a reward model, row by row.

    Args:
        predicted: (n, A) reward expected of each action, finite.
        target: (n, A) chance of each action, at least 0, adding up to 1.

    Returns:
        (n,) sum over actions of target times predicted.

    Raises:
        ValueError: shapes that differ or are not (n, A); predictions not
            finite; rows of target that are no distribution.

    >>> policy_value(np.array([[1.0, 3.0]]), np.array([[0.5, 0.5]]))
    array([2.])
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    target = np.asarray(target, dtype=np.float64)
    if predicted.ndim != 2 or predicted.shape != target.shape:
        raise ValueError(
            f"predicted and target must be (n, A) alike, got "
            f"{predicted.shape} and {target.shape}"
        )
    checks.check_sizes("predicted", predicted)
    with np.errstate(over="ignore", invalid="ignore"):  # inf, nan: not 1
        whole = np.isclose(target.sum(axis=1), 1, atol=1e-6)
    wrong = ~((target >= 0).all(axis=1) & whole)
    if wrong.any():
        raise ValueError(
            "rows of target must be at least 0 and add up to 1, got "
            f"{target[wrong][0].tolist()}"
        )
    return np.einsum("na,na->n", predicted, target)


def _mean(terms: np.ndarray, weights: np.ndarray, level: float) -> Estimate:
    from scipy import stats

    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    n = len(terms)
    value = float(terms.mean()) if n else np.nan
    error = float(terms.std(ddof=1)) / np.sqrt(n) if n > 1 else np.nan
    width = float(stats.norm.isf((1 - level) / 2) * error)
    return Estimate(
        value, value - width, value + width, effective_sample_size(weights)
    )


def _weights(weights: np.ndarray) -> np.ndarray:
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 1:
        raise ValueError(f"weights must be (n,), got shape {weights.shape}")
    checks.check_sizes("weights", weights)
    if (weights < 0).any():
        raise ValueError(
            f"weights must be finite and at least 0, got {weights.min()}"
        )
    return weights


def _rows(
    values: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    values, weights = np.asarray(values, np.float64), _weights(weights)
    if values.shape != weights.shape:
        raise ValueError(
            f"rows must be (n,) alike, got {values.shape} and {weights.shape}"
        )
    checks.check_sizes("rewards and predictions", values)
    return values, weights
