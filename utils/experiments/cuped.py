"""CUPED: variance reduction by a covariate from before the experiment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import checks


class Adjusted(NamedTuple):
    """CUPED-adjusted values of both arms.

    Attributes:
        control: (n,) adjusted values; pass them to `ab.welch`.
        treatment: (m,) likewise.
        theta: weight of the covariate.
        variance_ratio: variance within the arms after over before, in [0, 1]:
            the share of traffic that the same interval now needs; nan if the
            values do not vary.
    """

    control: np.ndarray
    treatment: np.ndarray
    theta: float
    variance_ratio: float


def adjust(
    control: np.ndarray,
    treatment: np.ndarray,
    control_before: np.ndarray,
    treatment_before: np.ndarray,
) -> Adjusted:
    """CUPED adjustment: the metric less its regression on the covariate.

    Args:
        control: (n,) metric of each unit, n >= 2.
        treatment: (m,) likewise.
        control_before: (n,) covariate of the same units from *before* the
            experiment, such as the same metric last month. Anything that
            the treatment moves would take part of the effect with it.
        treatment_before: (m,) likewise.

    Returns:
        y - theta (x - mean of all x), with theta = cov(x, y) / var(x) of the
        deviations from each arm's own means, so that the effect itself does
        not bend theta; theta is 0 if x does not vary. The difference of the
        arms is that of the regression of y on arm and x.

    Raises:
        ValueError: fewer than 2 rows; lengths that differ; values not
            finite or beyond 1e70.

    Source: Deng, Xu, Kohavi & Walker (2013), doi:10.1145/2433396.2433413.

    >>> before = np.array([1.0, 2.0, 3.0])
    >>> got = adjust(2 * before, 2 * before + 5, before, before)
    >>> got.control, got.treatment, got.theta
    (array([4., 4., 4.]), array([9., 9., 9.]), 2.0)
    """
    values = [_rows("control", control), _rows("treatment", treatment)]
    before = [
        _rows("control_before", control_before),
        _rows("treatment_before", treatment_before),
    ]
    for name, y, x in zip(
        ("control", "treatment"), values, before, strict=True
    ):
        if y.shape != x.shape:
            raise ValueError(
                f"{name} and {name}_before must be alike, got {y.shape} and "
                f"{x.shape}"
            )
    y = np.concatenate([arm - arm.mean() for arm in values])
    x = np.concatenate([arm - arm.mean() for arm in before])
    theta = float(x @ y / (x @ x)) if (x @ x) > 0 else 0.0
    centre = np.concatenate(before).mean()
    left = np.square(y - theta * x).sum()
    return Adjusted(
        *(
            v - theta * (b - centre)
            for v, b in zip(values, before, strict=True)
        ),
        theta,
        # rounding may carry it beyond 1
        min(1.0, float(left / (y @ y))) if (y @ y) > 0 else np.nan,
    )


def _rows(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"{name} must be (n,), n >= 2, got {values.shape}")
    checks.check_sizes(name, values)
    return values
