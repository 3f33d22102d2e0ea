"""Scoring rules for binary probabilities: log loss and Brier score.

Labels are 0 and 1 (or bool), one per row; `weights` say how often a row
counts. The order of the rows' probabilities is not asked about here.
"""

from __future__ import annotations

import numpy as np

from .binary import (
    checked_probabilities,
    checked_rows,
    ratio,
    share,
    total_weight,
)

BLOCK_ROWS = 1 << 15  # what is worked on at a time fits the cache


def log_loss(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Log loss: mean negative log-likelihood of the labels, in nats.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        At least 0: the weighted mean of -log(probability of the label).
        Infinite if something happened that was given no chance, where other
        libraries clip; nan without rows.

    Raises:
        ValueError: as `roc_auc`; probabilities outside [0, 1].

    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    labels, probabilities, weights = checked_probabilities(
        labels, probabilities, weights
    )
    if weights is not None:  # 0 times infinity would be nan
        counts = weights > 0
        labels, probabilities = labels[counts], probabilities[counts]
        weights = weights[counts]
    loss, memory = 0.0, np.empty(min(len(labels), BLOCK_ROWS))
    for start in range(0, len(labels), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        chance = memory[: len(labels[rows])]  # the same for all blocks
        # |0 - p| is the chance of a 1, |1 - p| that of a 0
        np.subtract(~labels[rows], probabilities[rows], out=chance)
        np.abs(chance, out=chance)
        with np.errstate(divide="ignore"):
            if weights is None:
                loss -= np.log(_multiplied(chance)).sum()
            else:
                loss -= weights[rows] @ np.log(chance)
    return ratio(loss, len(labels) if weights is None else weights.sum())


def _multiplied(chance: np.ndarray) -> np.ndarray:
    """Chances multiplied in pairs, as often as the floats allow.

    The sum of logs is the log of the product, and one log takes as long as
    twenty products.

    >>> _multiplied(np.array([0.5, 0.1, 0.5, 0.2]))
    array([0.005])
    """
    least = chance.min(initial=1.0)
    while least > 1e-150 and len(chance) > 1 and len(chance) % 2 == 0:
        chance = np.multiply(*chance.reshape(2, -1))
        least *= least  # no product is smaller
    return chance


def normalised_entropy(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Normalised entropy: log loss over that of the base rate.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        At least 0: below 1 the model knows more than the base rate of these
        rows; nan without both classes.

    Raises:
        ValueError: as `log_loss`.

    Source: He et al. (2014), doi:10.1145/2648584.2648589.

    >>> normalised_entropy(np.array([1, 0]), np.array([0.5, 0.5]))
    1.0
    """
    loss = log_loss(labels, probabilities, weights=weights)
    labels, _, weights = checked_rows(labels, probabilities, weights)
    positives = total_weight(labels, weights)
    rate = ratio(positives, positives + total_weight(~labels, weights))
    if not 0 < rate < 1:
        return float("nan")
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    return float(loss / entropy)


def brier(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """Brier score: mean squared error of probabilities.

    Args:
        labels: (n,) 0 or 1.
        probabilities: (n,) of a 1, in [0, 1].
        weights: (n,) how often each row counts; once by default.

    Returns:
        In [0, 1]; nan without rows.

    Raises:
        ValueError: as `log_loss`.

    >>> brier(np.array([1, 0]), np.array([0.5, 0.0]))
    0.125
    """
    labels, probabilities, weights = checked_probabilities(
        labels, probabilities, weights
    )
    squared = (probabilities - labels) ** 2
    if weights is None:
        return ratio(squared.sum(), len(squared))
    return share(weights @ squared, weights.sum())
