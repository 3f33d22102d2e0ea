"""Interleaving: comparison of two rankers by clicks on a shared list.

Every query sees both rankers, so that what queries and users share cancels;
an A/B test of the same rankers needs many times the traffic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


def team_draft(
    a: np.ndarray, b: np.ndarray, *, k: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Team-draft interleaving of two rankings.

    As two captains pick teams: the ranker with fewer picks is next, a coin
    decides when they are even, and each picks its best item that nobody has
    picked.

    Args:
        a: (Q, n) ids, best first; among the first k of a row none twice.
        b: (Q, n) likewise.
        k: length of the merged lists, in 1..n.
        rng: tosses the coins, k for each query.

    Returns:
        slates: (Q, k) ids, best first, none twice in a row.
        teams: (Q, k) int8: 1 where a picked the item, -1 where b did; they
            differ by at most one pick in every prefix of a row.

    Raises:
        ValueError: shapes that differ or are not (Q, n); ids that are not
            integers, or twice among a row's first k; k out of range.

    Source: Radlinski, Kurup & Joachims (2008), doi:10.1145/1458082.1458092.

    >>> rng = np.random.default_rng(0)
    >>> team_draft(np.array([[7, 8, 9]]), np.array([[9, 7, 8]]), k=3, rng=rng)
    (array([[9, 7, 8]]), array([[-1,  1,  1]], dtype=int8))
    """
    a, b = _rankings(a, b, k)
    coins = rng.random((len(a), k)) < 0.5
    rows = np.arange(len(a))
    slates = np.empty((len(a), k), dtype=np.result_type(a, b))
    teams = np.empty((len(a), k), dtype=np.int8)
    gone_a, gone_b = np.zeros((2, len(a), k), dtype=bool)
    lead = np.zeros(len(a), dtype=np.int64)  # picks of a less those of b
    for rank in range(k):
        a_picks = (lead < 0) | ((lead == 0) & coins[:, rank])
        best_a = a[rows, gone_a.argmin(axis=1)]  # first that is not gone
        best_b = b[rows, gone_b.argmin(axis=1)]
        item = slates[:, rank] = np.where(a_picks, best_a, best_b)
        team = teams[:, rank] = np.where(a_picks, 1, -1)
        lead += team
        gone_a |= a == item[:, None]
        gone_b |= b == item[:, None]
    return slates, teams


def credit(clicks: np.ndarray, teams: np.ndarray) -> np.ndarray:
    """Credit of each query: clicks on items of a less clicks on items of b.

    Args:
        clicks: (Q, k) bool, or counts or gains of at least 0.
        teams: (Q, k) 1 for a, -1 for b, of `team_draft`.

    Returns:
        (Q,) float64: above 0 where a won the query, below 0 where b did, 0
        for a tie, also without any click.

    Raises:
        ValueError: shapes that differ or are not (Q, k); clicks negative,
            not finite or beyond 1e300; teams other than 1 and -1.

    >>> credit(np.array([[1, 0, 1], [0, 0, 0]]),
    ...     np.array([[1, -1, 1], [-1, 1, 1]]))
    array([2., 0.])
    """
    clicks = np.asarray(clicks, dtype=np.float64)
    teams = np.asarray(teams)
    if clicks.ndim != 2 or clicks.shape != teams.shape:
        raise ValueError(
            f"clicks and teams must be (Q, k) alike, got {clicks.shape} and "
            f"{teams.shape}"
        )
    wrong = ~((clicks >= 0) & (clicks <= 1e300))  # sums stay floats; nan too
    if wrong.any():
        raise ValueError(
            f"clicks must be at least 0, at most 1e300, got {clicks[wrong][0]}"
        )
    wrong = ~np.isin(teams, (-1, 1))
    if wrong.any():
        raise ValueError(
            f"teams must be 1 for a or -1 for b, got {teams[wrong][0]}"
        )
    return np.einsum("qk,qk->q", clicks, teams)


class Preference(NamedTuple):
    """Share of queries that ranker a won, with interval and p-value.

    Attributes:
        share: wins of a among the queries that one of them won.
        low: lower end of the interval of that share.
        high: upper end.
        p_value: two-sided, of both winning equally often.
        wins: queries that a won.
        losses: queries that b won.
        ties: queries that neither won; they say nothing about who is better
            and are left out of the share.
    """

    share: float
    low: float
    high: float
    p_value: float
    wins: int
    losses: int
    ties: int


def preference(credit: np.ndarray, *, level: float = 0.95) -> Preference:
    """Sign test of the preference for ranker a.

    Args:
        credit: (Q,) above 0 where a won, below 0 where b won, 0 for a tie;
            one per independent unit, finite.
        level: of the interval, in (0, 1).

    Returns:
        Share of wins with the exact binomial interval of Clopper and Pearson
        and the exact p-value; all nan if every query was tied.

    Raises:
        ValueError: not one axis; not finite; level not in (0, 1).

    Source: Radlinski, Kurup & Joachims (2008), doi:10.1145/1458082.1458092;
        Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404.

    >>> got = preference(np.array([1, 2, 1, 0, 1]))  # p is 2 * 0.5**4
    >>> got.share, got.p_value, got.ties
    (1.0, 0.125, 1)
    """
    from scipy import stats

    credit = np.asarray(credit, dtype=np.float64)
    if credit.ndim != 1 or not np.isfinite(credit).all():
        raise ValueError(f"credit must be (Q,) and finite, got {credit.shape}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    wins, losses = int((credit > 0).sum()), int((credit < 0).sum())
    ties = len(credit) - wins - losses
    if wins + losses == 0:
        return Preference(np.nan, np.nan, np.nan, np.nan, 0, 0, ties)
    test = stats.binomtest(wins, wins + losses)
    low, high = test.proportion_ci(level, method="exact")
    return Preference(
        wins / (wins + losses),
        float(low),
        float(high),
        float(test.pvalue),
        wins,
        losses,
        ties,
    )


def _rankings(a: np.ndarray, b: np.ndarray, k: int) -> list[np.ndarray]:
    rankings = [np.asarray(ranking) for ranking in (a, b)]
    a, b = rankings
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(
            f"a and b must be (Q, n) alike, got {a.shape} and {b.shape}"
        )
    if not 1 <= k <= a.shape[1]:
        raise ValueError(f"k must be in 1..{a.shape[1]}, got {k}")
    for name, ranking in zip("ab", rankings, strict=True):
        if ranking.dtype.kind not in "iu":
            raise ValueError(f"{name} must hold integers: {ranking.dtype}")
        ordered = np.sort(ranking[:, :k], axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if twice.any():
            raise ValueError(f"{name} has an id twice in row {twice.argmax()}")
    return [ranking[:, :k] for ranking in rankings]
