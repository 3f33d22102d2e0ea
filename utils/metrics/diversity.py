"""Beyond-accuracy metrics of lists: diversity, coverage, novelty."""

from __future__ import annotations

import numpy as np


def intra_list_distance(vectors: np.ndarray) -> np.ndarray:
    """Intra-list distance: mean cosine distance between items of a list.

    Args:
        vectors: (..., k, D) one vector per item shown.

    Returns:
        (...) in [0, k / (k - 1)]: the mean of 1 - cosine over all pairs;
        nan for lists of fewer than two items, or with a vector of zeros.

    Raises:
        ValueError: a value that is not finite; fewer than two axes.

    Source: Ziegler et al. (2005), doi:10.1145/1060745.1060754.

    >>> intra_list_distance(np.array([[1, 0], [0, 2], [0, 1]])).round(3)
    np.float64(0.667)
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim < 2:
        raise ValueError(
            f"vectors must be (..., k, D), got shape {vectors.shape}"
        )
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite, got nan or inf")
    k = vectors.shape[-2]
    if k < 2:
        return np.full(vectors.shape[:-2], np.nan)[()]
    # by a power of two, which is exact: squares must stay floats
    size = np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0)
    vectors = np.ldexp(vectors, -np.frexp(size)[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        # |sum of u|^2 = k + 2 * (sum of cosines over pairs)
        squared = (unit.sum(axis=-2) ** 2).sum(axis=-1)
        distance = 1 - (squared - k) / (k * (k - 1))
    return np.maximum(distance, 0.0)  # rounding may leave -1e-16


def coverage(ranked_ids: np.ndarray, *, n_items: int) -> float:
    """Catalogue coverage: share of items that appear in at least one list.

    Args:
        ranked_ids: integer items of any shape, all lists together; -1
            marks a place left empty.
        n_items: size of the catalogue, at least 1.

    Returns:
        In [0, 1]: distinct items shown, divided by n_items.

    Raises:
        ValueError: n_items < 1; ids not integers, or not in -1..n_items-1.

    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    if n_items < 1:
        raise ValueError(f"n_items must be at least 1, got {n_items}")
    ids = _checked_ids(ranked_ids, n_items)
    return len(np.unique(ids[ids >= 0])) / n_items


def gini(exposure: np.ndarray) -> np.ndarray:
    """Gini coefficient of exposure: 0 if all items are shown equally often.

    Args:
        exposure: (..., N) how often each item of the catalogue was shown,
            items never shown included.

    Returns:
        (...) in [0, 1 - 1/N]: with x ascending, the sum over ranks i of
        (2i - N - 1) x_i, divided by N times the sum of x; nan where
        nothing was shown.

    Raises:
        ValueError: an exposure that is negative or not finite; no items.

    Source: Gini (1912), Variabilità e mutabilità.

    >>> gini(np.array([0, 0, 0, 8]))
    np.float64(0.75)
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    if exposure.ndim == 0 or exposure.shape[-1] == 0:
        raise ValueError(
            f"exposure needs at least one item, got shape {exposure.shape}"
        )
    wrong = ~((exposure >= 0) & (exposure <= 1e290))  # sums stay floats
    if wrong.any():
        raise ValueError(
            "exposure must be finite, at most 1e290 and at least 0, got "
            f"{exposure[wrong][0]}"
        )
    n = exposure.shape[-1]
    weight = 2 * np.arange(1, n + 1) - n - 1  # (N,) from 1 - N to N - 1
    total = exposure.sum(axis=-1)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing was shown
        return np.sort(exposure, axis=-1) @ weight / (n * total)


def novelty(ranked_ids: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Novelty: mean self-information of the items of a list.

    Args:
        ranked_ids: (..., k) integer items; -1 marks a place left empty.
        popularity: (N,) share of users who know each item of the
            catalogue, in [0, 1], for instance those who watched it before.

    Returns:
        (...) at least 0, in bits: the mean of -log2(known share) over the
        places filled. 1 more bit is an item that half as many know;
        infinite with an item that nobody knows (count one more user of each
        item to avoid it); nan for a list without items.

    Raises:
        ValueError: ids not integers, or not in -1..N-1; shares outside
            [0, 1], not one axis.

    Source: Zhou et al. (2010), doi:10.1073/pnas.1000488107.

    >>> novelty(np.array([0, 1]), np.array([0.5, 0.125]))
    np.float64(2.0)
    """
    shares = np.asarray(popularity, dtype=np.float64)
    if shares.ndim != 1:
        raise ValueError(f"popularity must be (N,), got {shares.shape}")
    wrong = ~((shares >= 0) & (shares <= 1))
    if wrong.any():
        raise ValueError(
            f"popularity must be from 0 to 1, got {shares[wrong][0]}"
        )
    ids = _checked_ids(ranked_ids, len(shares))
    if ids.ndim == 0:
        raise ValueError(f"ranked_ids must be (..., k), got one id {ids}")
    with np.errstate(divide="ignore"):  # nobody: infinite surprise
        bits = np.append(-np.log2(shares) + 0.0, 0.0)  # id -1: no surprise
    filled = (ids >= 0).sum(axis=-1)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: an empty list
        return bits[ids].sum(axis=-1) / filled


def serendipity(
    ranked_ids: np.ndarray, gains: np.ndarray, expected_ids: np.ndarray
) -> np.ndarray:
    """Serendipity: mean gain of the unexpected items of a list.

    Unexpected is what a plain recommender, for instance the most popular
    items, would not have shown to the same user.

    Args:
        ranked_ids: (..., k) integer items; -1 marks a place left empty.
        gains: (..., k) how useful each is to the user, 0 if not at all.
        expected_ids: (..., m) what the plain recommender shows, -1 empty.

    Returns:
        (...): the sum of the gains of unexpected items over the *number of
        unexpected items*; nan for a list without any. Other definitions
        divide by all k places: multiply by the unexpected share for those.

    Raises:
        ValueError: ids not integers or below -1; gains negative or not
            finite; shapes that do not fit.

    Source: Ge, Delgado-Battenfeld & Jannach (2010),
    doi:10.1145/1864708.1864761.

    >>> serendipity(np.array([7, 8, 9]), np.array([1, 1, 0]),
    ...             np.array([7, 5, 6]))
    np.float64(0.5)
    """
    ids, expected = _checked_ids(ranked_ids), _checked_ids(expected_ids)
    gains = np.asarray(gains, dtype=np.float64)
    if ids.ndim == 0 or ids.shape != gains.shape:
        raise ValueError(
            "ranked_ids and gains must be (..., k) alike, got shapes "
            f"{ids.shape} and {gains.shape}"
        )
    if expected.ndim != ids.ndim or expected.shape[:-1] != ids.shape[:-1]:
        raise ValueError(
            f"expected_ids must be (..., m) for lists {ids.shape}, got shape "
            f"{expected.shape}"
        )
    wrong = ~np.isfinite(gains) | (gains < 0)
    if wrong.any():
        raise ValueError(
            f"gains must be finite and at least 0, got {gains[wrong][0]}"
        )
    was_expected = (ids[..., :, None] == expected[..., None, :]).any(axis=-1)
    unexpected = (ids >= 0) & ~was_expected
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing unexpected
        return (gains * unexpected).sum(axis=-1) / unexpected.sum(axis=-1)


def _checked_ids(ids: np.ndarray, n_items: int | None = None) -> np.ndarray:
    """Integers from -1, below n_items if there is a catalogue, or refuse."""
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids must be integers, got {ids.dtype}")
    wrong = ids < -1
    if n_items is not None:
        wrong |= ids >= n_items
    if wrong.any():
        top = "" if n_items is None else f" to {n_items - 1}"
        raise ValueError(f"ids must be from -1{top}, got {ids[wrong][0]}")
    return ids
