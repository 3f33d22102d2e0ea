"""Ranking metrics: one value per ranked list.

Metrics receive gains that are already ranked, best first (the order comes
from `utils.metrics.order`); a gain above 0 counts as relevant where a metric
knows only yes and no. All return one float64 value per list, and nan where a
list has nothing to find and the denominator tells. `utils.metrics.evaluate`
has six of them in one pass, from ids, scores, dictionaries or tables.
"""

from __future__ import annotations

import numpy as np

from .order import gains_of, largest, rank_by_score, top_k

__all__ = [
    "average_precision_at_k",
    "bpref",
    "expected_reciprocal_rank_at_k",
    "exponential_gains",
    "f1_at_k",
    "gains_of",
    "hit_rate_at_k",
    "ndcg_at_k",
    "precision_at_k",
    "r_precision",
    "rank_biased_precision_at_k",
    "rank_by_score",
    "recall_at_k",
    "reciprocal_rank",
    "top_k",
]


def exponential_gains(grades: np.ndarray) -> np.ndarray:
    """Exponential gains of graded relevance: 2^grade - 1.

    Args:
        grades: (...) grades, 0 for not relevant.

    Returns:
        (...) 2**grade - 1: grade 3 gains 7, seven times grade 1.

    Raises:
        ValueError: a grade negative or above 1000.

    Source: Burges et al. (2005), doi:10.1145/1102351.1102363.

    >>> exponential_gains(np.array([0, 1, 3]))
    array([0., 1., 7.])
    """
    grades = _checked(grades)
    if (grades > 1000).any():  # 2 to that power is still a float
        raise ValueError(f"grades must be at most 1000, got {grades.max()}")
    return np.exp2(grades) - 1


def ndcg_at_k(gains: np.ndarray, judged: np.ndarray, *, k: int) -> np.ndarray:
    """Normalised discounted cumulative gain (nDCG@k).

    Args:
        gains: (..., n) gains of the retrieved items, best rank first. They
            count as they are; for the steeper form pass
            `exponential_gains` of the grades here and in `judged`.
        judged: (..., m) gains of *all* judged items, in any order. A list
            compared with its own first k would look better than it is.
        k: cutoff, at least 1; ranks beyond n gain nothing.

    Returns:
        (...) in [0, 1]: the sum over ranks i <= k of gain_i / log2(i + 1),
        divided by the same sum for the best order of the judged items; nan
        where no judged gain is above 0.

    Raises:
        ValueError: k < 1; a gain negative or not finite; a list that gains
            more than its judged items allow.

    Source: Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418.

    >>> ndcg_at_k(np.array([0, 3]), np.array([3, 0, 0]), k=2).round(3)
    np.float64(0.631)
    """
    gains, judged = _checked_gains(gains, k), _checked_gains(judged, k)
    discount = 1 / np.log2(np.arange(2, k + 2))  # (k,) for ranks 1..k
    ideal = largest(judged, k=k)
    found = gains[..., :k] @ discount[: gains.shape[-1]]
    possible = ideal @ discount[: ideal.shape[-1]]
    if np.any(found > possible * (1 + 1e-9)):
        raise ValueError(
            "judged must hold every gain that was retrieved, got a list "
            f"gaining {found.max():.4g} with {possible.min():.4g} possible"
        )
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return np.minimum(found / possible, 1.0)


def precision_at_k(gains: np.ndarray, *, k: int) -> np.ndarray:
    """Precision@k: share of the k places that hold a relevant item.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: relevant items among the first k, divided by k,
        also where a list is shorter than k. Where nothing is relevant at
        all it is 0, since its denominator never vanishes.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    >>> precision_at_k(np.array([1, 0, 2]), k=4)
    np.float64(0.5)
    """
    return _hits(gains, k).sum(axis=-1) / k


def recall_at_k(
    gains: np.ndarray, n_relevant: np.ndarray, *, k: int
) -> np.ndarray:
    """Recall@k: share of all relevant items found among the first k.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) how many items are relevant to each list, found
            or not.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: relevant items among the first k, divided by
        n_relevant (not by the smaller of it and k, so that a list with
        more relevant items than k cannot reach 1); nan where it is 0.

    Raises:
        ValueError: k < 1; a gain negative or not finite; n_relevant below
            what was found.

    >>> recall_at_k(np.array([1, 0, 1]), 4, k=3)
    np.float64(0.5)
    """
    found = _hits(gains, k).sum(axis=-1)
    return _ratio(found, _checked_relevant(gains, n_relevant))


def average_precision_at_k(
    gains: np.ndarray, n_relevant: np.ndarray, *, k: int
) -> np.ndarray:
    """Average precision (AP@k): mean precision at the relevant ranks.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) how many items are relevant to each list, found
            or not.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: the sum of precision@i over the ranks i <= k that
        hold a relevant item, divided by min(k, n_relevant), so that a
        perfect list scores 1; nan where nothing is relevant. Others differ
        when a list is cut: trec_eval and ranx divide by n_relevant, and
        some by the number of hits, which rewards finding less. Uncut, the
        value is that of scikit-learn's `average_precision_score`.

    Raises:
        ValueError: k < 1; a gain negative or not finite; n_relevant below
            what was found.

    Source: Manning, Raghavan & Schütze (2008), section 8.4.

    >>> average_precision_at_k(np.array([1, 0, 1]), 2, k=3).round(3)
    np.float64(0.833)
    """
    hits = _hits(gains, k)
    precision = np.cumsum(hits, axis=-1) / np.arange(1, hits.shape[-1] + 1)
    n_relevant = _checked_relevant(gains, n_relevant)
    return _ratio((hits * precision).sum(axis=-1), np.minimum(k, n_relevant))


def f1_at_k(
    gains: np.ndarray, n_relevant: np.ndarray, *, k: int
) -> np.ndarray:
    """F1@k: harmonic mean of precision@k and recall@k.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) how many items are relevant to each list, found
            or not.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: twice the relevant items among the first k, divided
        by k + n_relevant, which is that mean; 0 without a hit, nan where
        nothing is relevant.

    Raises:
        ValueError: k < 1; a gain negative or not finite; n_relevant below
            what was found.

    >>> f1_at_k(np.array([1, 0, 1]), 4, k=3).round(3)
    np.float64(0.571)
    """
    found = _hits(gains, k).sum(axis=-1)
    n_relevant = _checked_relevant(gains, n_relevant)
    return np.where(n_relevant > 0, 2 * found / (k + n_relevant), np.nan)[()]


def r_precision(gains: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """R-precision: precision at rank R, with R relevant items in all.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        n_relevant: (...) R, how many items are relevant to each list, found
            or not.

    Returns:
        (...) in [0, 1]: relevant items among the first R, divided by R,
        which is precision and recall at once; nan where R is 0.

    Raises:
        ValueError: a gain negative or not finite; n_relevant below what was
            found.

    Source: Manning, Raghavan & Schütze (2008), section 8.4.

    >>> r_precision(np.array([1, 0, 1]), 2)
    np.float64(0.5)
    """
    hits = _checked(gains) > 0
    n_relevant = _checked_relevant(gains, n_relevant)
    early = np.arange(1, hits.shape[-1] + 1) <= n_relevant[..., None]
    return _ratio((hits & early).sum(axis=-1), n_relevant)


def hit_rate_at_k(gains: np.ndarray, *, k: int) -> np.ndarray:
    """Hit rate@k: 1 if anything among the first k is relevant, else 0.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) 1 or 0; averaged over lists, the share of lists with a hit.
        A list to which nothing is relevant scores 0: there is no
        denominator to tell, drop it where recall is nan.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    >>> hit_rate_at_k(np.array([[0, 1], [1, 0]]), k=1)
    array([0., 1.])
    """
    return _hits(gains, k).any(axis=-1).astype(float)


def reciprocal_rank(gains: np.ndarray, *, k: int) -> np.ndarray:
    """Reciprocal rank (RR@k) of the first relevant item.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.

    Returns:
        (...) in [0, 1]: 1 / rank of the first hit, 0 without one among
        the first k. A list to which nothing is relevant scores 0 too.

    Raises:
        ValueError: k < 1; a gain negative or not finite.

    Source: Voorhees (1999), the TREC-8 question answering track report.

    >>> reciprocal_rank(np.array([[0, 0, 1], [1, 1, 0]]), k=3).round(3)
    array([0.333, 1.   ])
    """
    hits = _hits(gains, k)
    by_rank = hits / np.arange(1, hits.shape[-1] + 1)  # the first is largest
    return by_rank.max(axis=-1, initial=0.0)


def expected_reciprocal_rank_at_k(
    gains: np.ndarray, *, k: int, max_grade: float
) -> np.ndarray:
    """Expected reciprocal rank (ERR@k) of the item that satisfies.

    The reader is satisfied by an item of grade g with probability
    (2**g - 1) / 2**max_grade, and then reads no further: a relevant item
    is worth less below another one.

    Args:
        gains: (..., n) grades of the retrieved items, best rank first.
        k: cutoff, at least 1.
        max_grade: highest grade of the scale (not of this list), above 0.

    Returns:
        (...) in [0, 1): the sum over ranks i <= k of 1 / i times the
        probability to stop at i, 0 without a relevant item among the first
        k. It is not divided by its best value, which is below 1. A list to
        which nothing is relevant scores 0 too.

    Raises:
        ValueError: k < 1; a grade negative, not finite, or above
            max_grade; max_grade not above 0, or above 1000.

    Source: Chapelle, Metzler, Zhang & Grinspan (2009),
    doi:10.1145/1645953.1646033.

    >>> gains = np.array([0, 2, 1])
    >>> expected_reciprocal_rank_at_k(gains, k=3, max_grade=2).round(4)
    np.float64(0.3958)
    """
    if not 0 < max_grade <= 1000:  # 2 to that power is still a float
        raise ValueError(
            f"max_grade must be above 0 and at most 1000, got {max_grade}"
        )
    grades = _checked_gains(gains, k)
    if np.any(grades > max_grade):
        raise ValueError(
            f"grades must be at most max_grade = {max_grade}, got "
            f"{grades.max()}"
        )
    stops = (np.exp2(grades[..., :k]) - 1) / 2.0**max_grade
    reads_on = np.cumprod(1 - stops, axis=-1)
    reaches = np.ones_like(stops)
    reaches[..., 1:] = reads_on[..., :-1]
    return (reaches * stops / np.arange(1, stops.shape[-1] + 1)).sum(axis=-1)


def rank_biased_precision_at_k(
    gains: np.ndarray, *, k: int, persistence: float
) -> np.ndarray:
    """Rank-biased precision (RBP@k) of a reader of given persistence.

    The reader looks at rank 1, and goes on from each rank to the next with
    probability `persistence`.

    Args:
        gains: (..., n) gains of the retrieved items, best rank first.
        k: cutoff, at least 1.
        persistence: above 0 and below 1; 0.5 looks at 2 ranks on average,
            0.9 at 10.

    Returns:
        (...) in [0, 1): (1 - persistence) times the sum of
        persistence**(i - 1) over the ranks i <= k that hold a relevant item.
        The ranks below k could add persistence**k at most. A list to which
        nothing is relevant scores 0.

    Raises:
        ValueError: k < 1; a gain negative or not finite; persistence not
            between 0 and 1.

    Source: Moffat & Zobel (2008), doi:10.1145/1416950.1416952.

    >>> gains = np.array([1, 0, 1])
    >>> rank_biased_precision_at_k(gains, k=3, persistence=0.5)
    np.float64(0.625)
    """
    if not 0 < persistence < 1:
        raise ValueError(
            f"persistence must be above 0 and below 1, got {persistence}"
        )
    hits = _hits(gains, k)
    looks = persistence ** np.arange(hits.shape[-1])
    return (1 - persistence) * (hits @ looks)


def bpref(
    judgements: np.ndarray, n_relevant: np.ndarray, n_nonrelevant: np.ndarray
) -> np.ndarray:
    """Binary preference (bpref): judged pairs that are in order.

    Items that nobody judged are skipped: neither good nor bad.

    Args:
        judgements: (..., n) grades of the retrieved items, best rank first;
            above 0 relevant, 0 judged and not relevant, negative not
            judged.
        n_relevant: (...) R, how many items were judged relevant to each
            list, found or not.
        n_nonrelevant: (...) N, how many were judged not relevant.

    Returns:
        (...) in [0, 1]: the sum over the relevant items found of
        1 - min(R, non-relevant above it) / min(R, N), divided by R; nan
        where R is 0. With N = 0 each found item counts 1.

    Raises:
        ValueError: a judgement that is not finite; fewer relevant or
            non-relevant items than the list holds.

    Source: Buckley & Voorhees (2004), doi:10.1145/1008992.1009000, in the
    form that trec_eval computes.

    >>> bpref(np.array([1, -1, 0, 1]), 2, 5)
    np.float64(0.75)
    """
    judgements = np.asarray(judgements, dtype=np.float64)
    _checked(np.abs(judgements))
    hits, misses = judgements > 0, judgements == 0
    n_relevant = _checked_relevant(hits, n_relevant)
    n_nonrelevant = _checked_relevant(misses, n_nonrelevant, "n_nonrelevant")
    above = np.minimum(np.cumsum(misses, axis=-1), n_relevant[..., None])
    most = np.maximum(np.minimum(n_relevant, n_nonrelevant), 1)[..., None]
    kept = (hits * (1 - above / most)).sum(axis=-1)
    return _ratio(kept, n_relevant)


def _checked_gains(gains: np.ndarray, k: int) -> np.ndarray:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    gains = _checked(gains)
    if gains.ndim == 0:
        raise ValueError(f"gains need an axis of ranks, got {gains}")
    return gains


def _checked(gains: np.ndarray) -> np.ndarray:
    gains = np.asarray(gains, dtype=np.float64)
    wrong = ~((gains >= 0) & (gains <= 1e300))  # sums stay floats; nan too
    if wrong.any():
        raise ValueError(
            "gains must be finite, at most 1e300 and at least 0, got "
            f"{gains[wrong][0]}"
        )
    return gains


def _hits(gains: np.ndarray, k: int) -> np.ndarray:
    """(..., at most k) whether each rank holds a relevant item."""
    return _checked_gains(gains, k)[..., :k] > 0


def _checked_relevant(
    gains: np.ndarray, n_relevant: np.ndarray, name: str = "n_relevant"
) -> np.ndarray:
    n_relevant = np.asarray(n_relevant, dtype=np.float64)
    found = (np.asarray(gains) > 0).sum(axis=-1)
    short = ~((n_relevant >= found) & (n_relevant < np.inf))
    if short.any():
        least = np.broadcast_to(n_relevant, short.shape)[short][0]
        raise ValueError(
            f"{name} must be finite and at least the items of that kind "
            f"retrieved, got {least}"
        )
    return n_relevant


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return np.divide(part, whole)
