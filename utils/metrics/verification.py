"""Biometric error rates of verification (1:1) and identification (1:N).

The terms are those of ISO/IEC 19795-1. A *mated* comparison is of one
person with the same person, a *non-mated* one of two people. Scores say how
alike the two samples are: at or above the threshold they match. A search
compares one probe with a gallery of people who enrolled; in an open set the
probe may be of somebody who did not. Rates are shares of comparisons or of
searches, nan without any; nothing is interpolated but the equal error rate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class ErrorRates(NamedTuple):
    """False match and false non-match rates by threshold, (t,) each.

    Attributes:
        threshold: each distinct score, ascending, and infinity at the end.
        fmr: share of the non-mated comparisons that match.
        fnmr: share of the mated comparisons that do not.
    """

    threshold: np.ndarray
    fmr: np.ndarray
    fnmr: np.ndarray


def false_match_rate(
    nonmated: np.ndarray, *, threshold: np.ndarray
) -> np.ndarray:
    """False match rate (FMR): non-mated comparisons that are accepted.

    Args:
        nonmated: (n,) scores of comparisons of two people.
        threshold: one or many, (...); scores at or above it match.

    Returns:
        (...) in [0, 1]: the share of scores >= threshold; nan without any.

    Raises:
        ValueError: scores not one axis or not finite; a threshold nan.

    Source: ISO/IEC 19795-1:2021.

    >>> false_match_rate(np.array([0.1, 0.4, 0.6, 0.2]), threshold=0.4)
    np.float64(0.5)
    """
    scores = _sorted("nonmated", nonmated)
    return _share(len(scores) - _below(scores, threshold), len(scores))


def false_non_match_rate(
    mated: np.ndarray, *, threshold: np.ndarray
) -> np.ndarray:
    """False non-match rate (FNMR): mated comparisons that are rejected.

    Args:
        mated: (m,) scores of comparisons of one person with themselves.
        threshold: one or many, (...); scores at or above it match.

    Returns:
        (...) in [0, 1]: the share of scores < threshold; nan without any.

    Raises:
        ValueError: scores not one axis or not finite; a threshold nan.

    Source: ISO/IEC 19795-1:2021.

    >>> false_non_match_rate(np.array([0.9, 0.4, 0.8, 0.7]), threshold=0.7)
    np.float64(0.25)
    """
    scores = _sorted("mated", mated)
    return _share(_below(scores, threshold), len(scores))


def error_rates(mated: np.ndarray, nonmated: np.ndarray) -> ErrorRates:
    """Error rates FMR and FNMR at every threshold where one changes.

    Args:
        mated: (m,) scores of comparisons of one person with themselves.
        nonmated: (n,) scores of comparisons of two people.

    Returns:
        `ErrorRates`: FMR falls from 1 to 0 and FNMR rises from 0 to 1; equal
        scores of both kinds are one step.

    Raises:
        ValueError: scores not one axis or not finite.

    >>> error_rates(np.array([3.0]), np.array([1.0])).fmr
    array([1., 0., 0.])
    """
    mated, nonmated = _sorted("mated", mated), _sorted("nonmated", nonmated)
    threshold = np.append(np.union1d(mated, nonmated), np.inf)
    return ErrorRates(
        threshold,
        false_match_rate(nonmated, threshold=threshold),
        false_non_match_rate(mated, threshold=threshold),
    )


def equal_error_rate(mated: np.ndarray, nonmated: np.ndarray) -> float:
    """Equal error rate (EER): where FMR and FNMR are the same.

    Args:
        mated: (m,) scores of comparisons of one person with themselves.
        nonmated: (n,) scores of comparisons of two people.

    Returns:
        In [0, 1]. Where no threshold makes the two equal, the point at
        which the straight line between the two neighbouring thresholds
        does: what a coin between the two would reach. nan without scores
        of both kinds.

    Raises:
        ValueError: scores not one axis or not finite.

    Source: ISO/IEC 19795-1:2021 for the rates; the line is our convention.

    >>> equal_error_rate(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    0.5
    """
    rates = error_rates(mated, nonmated)
    gap = rates.fmr - rates.fnmr  # falls from 1 to -1
    if np.isnan(gap).any():
        return float("nan")
    after = int(np.argmax(gap <= 0))  # the first; not 0, where the gap is 1
    before = after - 1
    way = gap[before] / (gap[before] - gap[after])  # 1: all the way
    return float((1 - way) * rates.fmr[before] + way * rates.fmr[after])


def threshold_at_fmr(nonmated: np.ndarray, *, fmr: float) -> np.float64:
    """Threshold at a given FMR: the lowest whose FMR is at most that.

    Given the best score of every search by somebody who is not enrolled, it
    is the threshold at that FPIR.

    Args:
        nonmated: (n,) scores of comparisons of two people.
        fmr: highest rate allowed, in [0, 1].

    Returns:
        The next float64 above the highest score that must not match, -inf
        if all may; nan without scores. An FMR below 1 / n means that no
        score seen may match: it says little about rates that rare.

    Raises:
        ValueError: scores not one axis or not finite; fmr outside [0, 1].

    >>> t = threshold_at_fmr(np.array([0.1, 0.5, 0.5, 0.3]), fmr=0.4)
    >>> bool(t > 0.5)  # matching one 0.5 would match both: half of all
    True
    """
    if not 0 <= fmr <= 1:
        raise ValueError(f"fmr must be in [0, 1], got {fmr}")
    scores = _sorted("nonmated", nonmated)
    if not len(scores):
        return np.float64(np.nan)
    may_match = np.arange(len(scores) + 1) / len(scores) <= fmr
    allowed = np.count_nonzero(may_match) - 1  # how many of the highest
    if allowed == len(scores):
        return np.float64(-np.inf)
    return np.nextafter(scores[len(scores) - 1 - allowed], np.inf)


def tar_at_fmr(
    mated: np.ndarray, nonmated: np.ndarray, *, fmr: float
) -> float:
    """True accept rate (TAR) at a given FMR.

    Args:
        mated: (m,) scores of comparisons of one person with themselves.
        nonmated: (n,) scores of comparisons of two people.
        fmr: highest rate allowed, in [0, 1].

    Returns:
        In [0, 1]: 1 - FNMR at `threshold_at_fmr`, not interpolated; nan
        without scores of both kinds.

    Raises:
        ValueError: scores not one axis or not finite; fmr outside [0, 1].

    >>> tar_at_fmr(np.array([0.9, 0.4]), np.array([0.5, 0.1]), fmr=0.4)
    0.5
    """
    threshold = threshold_at_fmr(nonmated, fmr=fmr)
    mated = _sorted("mated", mated)
    if np.isnan(threshold):
        return float("nan")
    # matching is counted in the same way, whoever is compared
    return float(false_match_rate(mated, threshold=threshold))


def false_positive_identification_rate(
    scores: np.ndarray, *, threshold: np.ndarray
) -> np.ndarray:
    """False positive identification rate (FPIR) of non-mated searches.

    Args:
        scores: (Q, N) each probe, of somebody *not* enrolled, against each
            of the gallery; N at least 1.
        threshold: one or many, (...); scores at or above it are returned.

    Returns:
        (...) in [0, 1]: the share of searches whose best score reaches the
        threshold; nan without searches.

    Raises:
        ValueError: scores not (Q, N), without a gallery or not finite; a
            threshold nan.

    Source: ISO/IEC 19795-1:2021.

    >>> strangers = np.array([[0.2, 0.7], [0.3, 0.1]])
    >>> false_positive_identification_rate(strangers, threshold=0.5)
    np.float64(0.5)
    """
    best = _gallery_scores(scores).max(axis=1)
    return false_match_rate(best, threshold=threshold)


def false_negative_identification_rate(
    scores: np.ndarray,
    mates: np.ndarray,
    *,
    threshold: np.ndarray,
    rank: int,
) -> np.ndarray:
    """False negative identification rate (FNIR) of mated searches.

    Args:
        scores: (Q, N) each probe, of somebody enrolled, against each of the
            gallery.
        mates: (Q,) integers, the place of the probe's person in the gallery.
        threshold: one or many, (...); scores at or above it are returned.
        rank: length of the list that a search returns, at least 1; the
            gallery's size for no limit.

    Returns:
        (...) in [0, 1]: the share of searches in which the person is below
        the threshold or not among the first `rank`. Of equal scores the
        lower place in the gallery comes first, as in `rank_by_score`. nan
        without searches.

    Raises:
        ValueError: scores not (Q, N), without a gallery or not finite;
            mates not (Q,) integers in 0..N-1; rank < 1; a threshold nan.

    Source: ISO/IEC 19795-1:2021.

    >>> found = np.array([[0.9, 0.2], [0.8, 0.6]])
    >>> false_negative_identification_rate(found, np.array([0, 1]),
    ...                                    threshold=0.5, rank=1)
    np.float64(0.5)
    """
    scores, mates = _gallery_scores(scores), np.asarray(mates)
    n_searches, n_enrolled = scores.shape
    if rank < 1:
        raise ValueError(f"rank must be at least 1, got {rank}")
    if mates.shape != (n_searches,) or mates.dtype.kind not in "iu":
        raise ValueError(
            f"mates must be ({n_searches},) integers, got shape "
            f"{mates.shape} of {mates.dtype}"
        )
    wrong = (mates < 0) | (mates >= n_enrolled)
    if wrong.any():
        raise ValueError(
            f"mates must be from 0 to {n_enrolled - 1}, got {mates[wrong][0]}"
        )
    own = scores[np.arange(n_searches), mates]  # (Q,)
    earlier = np.arange(n_enrolled) < mates[:, None]  # (Q, N)
    ahead = (scores > own[:, None]) | ((scores == own[:, None]) & earlier)
    listed = ahead.sum(axis=1) < rank
    missed = np.count_nonzero(~listed) + _below(
        np.sort(own[listed]), threshold
    )
    return _share(missed, n_searches)


def _below(ordered: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Number of the ascending scores below each threshold."""
    threshold = np.asarray(threshold, dtype=np.float64)
    if np.isnan(threshold).any():
        raise ValueError("threshold must be a number, got nan")
    return np.searchsorted(ordered, threshold, side="left")


def _share(count: np.ndarray, n: int) -> np.ndarray:
    """count / n; nan if n is 0."""
    return count / n if n else np.full(np.shape(count), np.nan)[()]


def _sorted(name: str, scores: np.ndarray) -> np.ndarray:
    """(n,) finite scores, ascending, as float64, or refuse."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"{name} must be (n,), got shape {scores.shape}")
    _check_finite(name, scores)
    return np.sort(scores)


def _gallery_scores(scores: np.ndarray) -> np.ndarray:
    """(Q, N) finite scores with N at least 1, or refuse."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ValueError(
            "scores must be (Q, N) against a gallery of at least one, got "
            f"shape {scores.shape}"
        )
    _check_finite("scores", scores)
    return scores


def _check_finite(name: str, scores: np.ndarray) -> None:
    wrong = ~np.isfinite(scores)
    if wrong.any():
        raise ValueError(f"{name} must be finite, got {scores[wrong][0]}")
