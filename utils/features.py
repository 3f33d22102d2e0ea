"""Features of a log: point-in-time sums, smoothed rates, hashed fields."""

from __future__ import annotations

import numpy as np


def sums_before(
    key: np.ndarray,
    moment: np.ndarray,
    values: np.ndarray,
    *,
    reported: np.ndarray | None = None,
) -> np.ndarray:
    """Point-in-time sum of a key's values: those known before each row.

    With the session as moment, rows of one session do not see each other;
    with the day as moment, this is a table refreshed every midnight.

    Args:
        key: (n,) whose feature it is (user, video), integers.
        moment: (n,) when the row happened, sortable (session, day, time).
        values: (n, F) or (n,) what is added up.
        reported: (n,) when the row's values became known, on the scale of
            moment and not before it; nan or NaT where they never did. By
            default at the row's own moment.

    Returns:
        Same shape as values, float64: the sum over rows of the same key
        that were reported strictly before the row's moment; 0 without any.

    Raises:
        ValueError: lengths that differ; other shapes; keys not integers;
            values not finite or beyond 1e200; moment nan; reported before
            the moment, or on another scale.

    >>> key, day = np.array([1, 1, 1, 2]), np.array([0, 0, 1, 1])
    >>> sums_before(key, day, np.array([5.0, 2.0, 4.0, 9.0]))
    array([0., 0., 7., 0.])
    >>> late = np.array([0.0, 1.0, 1.0, np.nan])  # the second, a day late
    >>> sums_before(key, day, np.array([5.0, 2.0, 4.0, 9.0]), reported=late)
    array([0., 0., 5., 0.])
    """
    key, moment = np.asarray(key), np.asarray(moment)
    values = np.asarray(values, dtype=np.float64)
    if key.ndim != 1 or moment.ndim != 1 or values.ndim == 0:
        raise ValueError(
            "key and moment must be (n,), values (n, ...), got shapes "
            f"{key.shape}, {moment.shape} and {values.shape}"
        )
    if not len(key) == len(moment) == len(values):
        raise ValueError(
            "key, moment and values must have one length, got "
            f"{len(key)}, {len(moment)} and {len(values)}"
        )
    if not len(key):
        return values.copy()
    _check_finite("values", values)
    _check_integers(key)
    if (moment != moment).any():  # nan, and no time
        raise ValueError("moment must not be missing, got nan")
    known = moment if reported is None else _reports(reported, moment)
    came = np.flatnonzero(known == known)
    # rows that ask, and reports that answer, in one line of time; at one
    # moment rows come first, so that they do not see what comes with them
    keys = np.r_[key, key[came]]
    times = np.r_[moment, known[came]]
    answers = np.repeat([False, True], [len(key), len(came)])
    order = np.lexsort((answers, times, keys))
    answers = answers[order]
    so_far = np.zeros((len(came) + 1, *values.shape[1:]))
    reports = came[order[answers] - len(key)]
    np.cumsum(values[reports], axis=0, out=so_far[1:])
    before = np.cumsum(answers) - answers  # reports that stand further up
    start = np.r_[True, np.diff(keys[order]) != 0]
    before_key = before[start][np.cumsum(start) - 1]
    rows = ~answers
    result = np.empty_like(values)
    result[order[rows]] = so_far[before[rows]] - so_far[before_key[rows]]
    return result


def totals(key: np.ndarray, values: np.ndarray, *, size: int) -> np.ndarray:
    """Sum of values by key.

    Args:
        key: (n,) integers in 0..size-1.
        values: (n,) or (n, F) what is added up.
        size: number of keys.

    Returns:
        (size,) or (size, F) float64; 0 where a key does not occur.

    Raises:
        ValueError: lengths that differ; a key that is not an integer or
            outside of 0..size-1; values not finite.

    >>> totals(np.array([2, 0, 2]), np.array([1.0, 5.0, 2.0]), size=4)
    array([5., 0., 3., 0.])
    """
    key = np.asarray(key)
    values = np.asarray(values, dtype=np.float64)
    if len(key) != len(values):
        raise ValueError(
            f"key and values must have one length, got {len(key)} and "
            f"{len(values)}"
        )
    if size < 0:
        raise ValueError(f"size must be at least 0, got {size}")
    _check_finite("values", values)
    _check_integers(key)
    wrong = (key < 0) | (key >= size)
    if wrong.any():
        raise ValueError(f"key must be in 0..{size - 1}, got {key[wrong][0]}")
    columns = values.reshape(len(values), -1).T
    key = key.astype(np.int64)
    sums = [np.bincount(key, weights=c, minlength=size) for c in columns]
    return np.stack(sums, axis=-1).reshape(size, *values.shape[1:])


def smoothed_rate(
    successes: np.ndarray, trials: np.ndarray, *, prior: float, weight: float
) -> np.ndarray:
    """Smoothed rate: shrunk to a prior that counts for `weight` trials.

    Args:
        successes: how often it happened, any shape.
        trials: how often it could have, same shape, at least 0.
        prior: rate without any trial.
        weight: trials that the prior counts for, above 0.

    Returns:
        (successes + prior * weight) / (trials + weight), same shape.

    Raises:
        ValueError: weight not above 0; trials negative; what is not finite.

    >>> smoothed_rate(np.array([0, 9]), np.array([0, 10]), prior=0.2, weight=5)
    array([0.2       , 0.66666667])
    """
    if not weight > 0:
        raise ValueError(f"weight must be above 0, got {weight}")
    successes, trials = (
        np.asarray(successes, dtype=float),
        np.asarray(trials, dtype=float),
    )
    for name, given in [
        ("successes", successes), ("trials", trials),
        ("prior * weight", prior * weight),
    ]:  # fmt: skip
        _check_finite(name, given)
    if (trials < 0).any():
        raise ValueError(f"trials must be at least 0, got {trials.min()}")
    return (successes + prior * weight) / (trials + weight)


def hashed(columns: np.ndarray, *, buckets: int) -> np.ndarray:
    """Feature hashing: table rows for the values of several fields.

    The field's number is part of what is hashed, so that the same value in
    two fields has two places, up to collisions.

    Args:
        columns: (n, F) integers of at least 0, one column per field.
        buckets: rows of the table, at least 1.

    Returns:
        (n, F) int64 from 0 to buckets - 1; the same on every machine and in
        every run. d distinct values leave about buckets * (1 - exp(-d /
        buckets)) places taken.

    Raises:
        ValueError: not two axes, not integers, negative; buckets < 1.

    Source: Weinberger et al. (2009), doi:10.1145/1553374.1553516; the mixing
    step is that of SplitMix64.

    >>> hashed(np.array([[3, 3], [3, 4]]), buckets=1000).tolist()
    [[53, 561], [53, 304]]
    """
    columns = np.asarray(columns)
    if columns.ndim != 2 or columns.dtype.kind not in "iu":
        raise ValueError(
            f"columns must be (n, F) integers, got {columns.shape} "
            f"{columns.dtype}"
        )
    if columns.size and columns.min() < 0:
        raise ValueError(f"values must be at least 0, got {columns.min()}")
    if buckets < 1:
        raise ValueError(f"buckets must be at least 1, got {buckets}")
    field = np.arange(1, columns.shape[1] + 1, dtype=np.uint64)
    x = columns.astype(np.uint64) + field * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return (x % np.uint64(buckets)).astype(np.int64)


def _reports(reported: np.ndarray, moment: np.ndarray) -> np.ndarray:
    reported = np.asarray(reported)
    if reported.shape != moment.shape:
        raise ValueError(
            f"reported must be {moment.shape}, got {reported.shape}"
        )
    if (reported.dtype.kind in "mM" or moment.dtype.kind in "mM") and (
        reported.dtype.kind != moment.dtype.kind
    ):
        raise ValueError(
            "reported and moment must be on one scale, got "
            f"{reported.dtype} and {moment.dtype}"
        )
    early = reported < moment  # False where it never came
    if early.any():
        raise ValueError(
            "reported must not lie before the row's moment, got "
            f"{reported[early][0]} before {moment[early][0]}"
        )
    return reported


def _check_integers(key: np.ndarray) -> None:
    if key.dtype.kind not in "iub" and key.size:  # [] has no type to keep
        raise ValueError(f"key must be integers, got {key.dtype}")


def _check_finite(name: str, values: np.ndarray) -> None:
    """One nan would spread to rows that it has nothing to do with."""
    # so that sums stay floats
    wrong = ~(np.abs(values) <= np.float64(1e200))
    if wrong.any():
        raise ValueError(
            f"{name} must be finite and within 1e200, got "
            f"{np.asarray(values)[wrong].flat[0]}"
        )
