"""Multiple testing: adjusted p-values of several tests."""

from __future__ import annotations

import numpy as np


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm-Bonferroni adjusted p-values: family-wise error rate.

    Args:
        p_values: (..., m) in [0, 1], of the m tests read together.

    Returns:
        (..., m) in [0, 1], in the order given. Rejecting those up to alpha
        makes a false finding with a probability of at most alpha, however
        the tests depend on each other. The i-th smallest p is multiplied by
        m - i + 1, and none is below a smaller one's.

    Raises:
        ValueError: p-values outside [0, 1] or nan; no axis.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3)
    array([0.03, 0.06, 0.06])
    """
    p_values, order = _sorted(p_values)
    m = p_values.shape[-1]
    steps = np.take_along_axis(p_values, order, axis=-1) * np.arange(m, 0, -1)
    return _in_place(np.maximum.accumulate(steps, axis=-1), order)


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values: false discovery rate.

    Args:
        p_values: (..., m) in [0, 1], of the m tests read together.

    Returns:
        (..., m) in [0, 1], in the order given. Of those rejected up to
        alpha, a share of at most alpha is false in expectation, if the tests
        are independent or positively dependent. The i-th smallest p is
        multiplied by m / i, and none is above a larger one's.

    Raises:
        ValueError: p-values outside [0, 1] or nan; no axis.

    Source: Benjamini & Hochberg (1995),
        doi:10.1111/j.2517-6161.1995.tb02031.x.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3)
    array([0.03, 0.04, 0.04])
    """
    p_values, order = _sorted(p_values)
    m = p_values.shape[-1]
    steps = np.take_along_axis(p_values, order, axis=-1)
    steps = steps * (m / np.arange(1, m + 1))
    least = np.minimum.accumulate(steps[..., ::-1], axis=-1)[..., ::-1]
    return _in_place(least, order)


def _sorted(p_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p_values = np.asarray(p_values, dtype=np.float64)
    if p_values.ndim < 1:
        raise ValueError(f"p_values must be (..., m), got {p_values}")
    wrong = ~((p_values >= 0) & (p_values <= 1))
    if wrong.any():
        raise ValueError(f"p-values must be in [0, 1]: {p_values[wrong][0]}")
    return p_values, np.argsort(p_values, axis=-1)  # ties come out alike


def _in_place(adjusted: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty_like(adjusted)
    np.put_along_axis(out, order, np.minimum(adjusted, 1), axis=-1)
    return out
