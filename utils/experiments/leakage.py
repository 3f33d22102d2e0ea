"""Leakage between training and test rows, found by columns of noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import bootstrap, checks

RESAMPLES = 1_000


def noise_column_gain(
    score: Callable[[np.ndarray], np.ndarray],
    features: np.ndarray,
    entity: np.ndarray,
    *,
    test: np.ndarray,
    rng: np.random.Generator,
    repeats: int = 10,
    level: float = 0.95,
) -> bootstrap.Interval:
    """Gain on test rows by a column of pure noise, drawn once per entity.

    The noise tells which user or document a row belongs to, and nothing
    else. It can help on test rows only if training rows of the same entity
    have told the answer: then the split leaks by that entity, and so may any
    feature that is fine enough to be a name. The column is compared with a
    shuffled copy of itself, which costs a model as much and names nobody.

    Args:
        score: (n, F + 1) features of all rows -> (t,) score of each test
            row, the higher the better, such as minus its loss. It fits a
            model that is able to memorise, such as a deep tree, on training
            rows only, and is the same for the same features.
        features: (n, F), finite.
        entity: (n,) integers from 0: whose row it is. One that is new when
            the model serves; ask for each kind (user, document) in turn.
        test: (n,) bool, t of them True, whose scores come in their order.
        rng: draws noise, shuffles and the bootstrap.
        repeats: columns of noise, whose gains are averaged, at least 2.
        level: of the interval, in (0, 1).

    Returns:
        Mean gain per test row, and its interval by the pigeonhole bootstrap:
        entities are resampled, since the rows of one rise and fall together,
        and columns of noise as well. If `low` is above 0, the split leaks;
        without a leak the gain is 0 or less, as to memorise a stranger helps
        nobody.

    Raises:
        ValueError: shapes that differ; features or scores not finite;
            entities negative or not integers; fewer than 2 of them among the
            test rows; repeats below 2; level out of range.

    Source: Kaufman, Rosset, Perlich & Stitelman (2012), Leakage in data
    mining, doi:10.1145/2382577.2382579, on what leaks; random probes as in
    Stoppiglia, Dreyfus, Dubois & Oussar (2003), JMLR 3, 1399-1414; Owen
    (2007), The pigeonhole bootstrap, doi:10.1214/07-AOAS122.

    >>> rng = np.random.default_rng(0)
    >>> document = np.repeat(np.arange(50), 4)  # answers belong to documents
    >>> y, test = rng.normal(size=50)[document], np.arange(200) % 4 == 0
    >>> def nearest(features):  # a model that memorises
    ...     train, new = features[~test], features[test]
    ...     gaps = np.abs(new[:, None] - train).sum(axis=2)
    ...     return -((y[test] - y[~test][gaps.argmin(axis=1)]) ** 2)
    >>> gain = noise_column_gain(
    ...     nearest, np.zeros((200, 0)), document, test=test, rng=rng)
    >>> gain.low > 0  # each has rows on both sides of the split
    True
    """
    features = np.asarray(features, dtype=np.float64)
    entity, test = np.asarray(entity), np.asarray(test)
    _check_rows(features, entity, test)
    checks.check_sizes("features", features)
    if repeats < 2:
        raise ValueError(f"repeats must be at least 2, got {repeats}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    of_test = entity[test]
    present = np.unique(of_test)
    if len(present) < 2:
        raise ValueError(
            f"test rows must be of at least 2 entities, got {len(present)}"
        )

    def scored(column):
        got = np.asarray(
            score(np.column_stack([features, column])), dtype=np.float64
        )
        if got.shape != of_test.shape:
            raise ValueError(
                f"score must give one value per test row, {of_test.shape}, "
                f"got {got.shape}"
            )
        checks.check_sizes("scores", got)
        return got

    rows = np.bincount(of_test)[present]
    gains = np.empty((repeats, len(present)))  # sums by column and entity
    for row in gains:
        noise = rng.standard_normal(entity.max() + 1)[entity]
        gain = scored(noise) - scored(rng.permutation(noise))
        row[:] = np.bincount(of_test, weights=gain)[present]
    means = []
    for drawn in bootstrap.draws(len(present), rng=rng, resamples=RESAMPLES):
        columns = rng.integers(repeats, size=(len(drawn), repeats))
        by_entity = gains[columns].mean(axis=1)  # (b, entities)
        total = np.take_along_axis(by_entity, drawn, axis=1).sum(axis=1)
        means.append(total / rows[drawn].sum(axis=1))
    low, high = bootstrap.percentiles(np.concatenate(means), level)
    estimate = float(gains.sum() / repeats / rows.sum())
    return bootstrap.Interval(estimate, low, high, len(present), 0)


def _check_rows(
    features: np.ndarray, entity: np.ndarray, test: np.ndarray
) -> None:
    if features.ndim != 2 or not (
        entity.shape == test.shape == features.shape[:1]
    ):
        raise ValueError(
            "features must be (n, F), entity and test (n,), got shapes "
            f"{features.shape}, {entity.shape} and {test.shape}"
        )
    if test.dtype.kind != "b":
        raise ValueError(f"test must be bool, got {test.dtype}")
    if entity.dtype.kind not in "iu" and entity.size:
        raise ValueError(f"entity must be integers, got {entity.dtype}")
    if entity.size and entity.min() < 0:
        raise ValueError(f"entity must be at least 0, got {entity.min()}")
