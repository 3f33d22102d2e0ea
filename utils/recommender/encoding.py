"""Encoding of a log as a user-item matrix, and its inner splits.

Numbers are given by what a user or item did, not by its name or its row:
renaming and shuffling a log change nothing that is drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

TUNING_CELLS = 2_500_000  # users * items whose scores are kept per generator
TUNING_USERS = 5_000  # at most
MIN_USERS = 20  # with MIN_ITEMS: below, nothing is tuned
MIN_ITEMS = 4


@dataclass(frozen=True)
class EncodedLog:
    """A log as user-item matrices, invariant to relabelling ids."""

    X: sparse.csr_matrix  # (U, N) strengths above 0, mean 1
    age: sparse.csr_matrix  # (U, N) same entries: 1 newest to 2 oldest
    users: pd.Index  # (U,) ids
    items: pd.Index  # (N,) ids


@dataclass(frozen=True)
class Fold:
    """An inner split: fit on X, evaluate on the held-out interactions."""

    X: sparse.csr_matrix  # (V, N)
    age: sparse.csr_matrix  # (V, N)
    held_out: sparse.csr_matrix  # (E, N) of the first E users

    @property
    def rows(self) -> sparse.csr_matrix:
        """(E, N) training interactions of the evaluated users."""
        return self.X[: self.held_out.shape[0]]


def kind(ids: pd.Index) -> str:
    """Type of ids: `number`, `text` or `other`."""
    inferred = pd.api.types.infer_dtype(ids, skipna=False)
    if inferred in ("integer", "floating", "mixed-integer-float"):
        return "number"
    return "text" if inferred == "string" else "other"


def padding(ids: pd.Index):
    """Padding id, for places where no item is left."""
    if ids.dtype.kind == "i":
        return -1
    if ids.dtype.kind == "u":
        return np.iinfo(ids.dtype).max
    return "" if kind(ids) == "text" else None


def encode(table: pd.DataFrame) -> EncodedLog:
    """Label-encode users and items, and validate what fitting relies on.

    Args:
        table: columns `user`, `item`, `time` (dates or numbers) and, if
            there is confidence, `weight`.

    Returns:
        Matrices of strength and age with one entry a pair; repeats are
        summed, with the age of the newest.

    Raises:
        ValueError: a column is missing; no rows; missing values; time of
            another type; weights negative or not finite.

    >>> log = encode(pd.DataFrame({"user": ["a", "b", "b"],
    ...                            "item": [5, 7, 5], "time": [0, 1, 2]}))
    >>> log.users.tolist(), log.items.tolist(), log.X.toarray().tolist()
    (['b', 'a'], [5, 7], [[1.0, 1.0], [1.0, 0.0]])
    """
    for name in ("user", "item", "time"):
        if name not in table.columns:
            raise ValueError(
                f"interactions need a column {name!r}, got "
                f"{list(table.columns)}"
            )
    if len(table) == 0:
        raise ValueError("interactions must hold at least 1 row, got 0")
    for name in ("user", "item", "time"):
        missing = int(table[name].isna().sum())
        if missing:
            raise ValueError(f"{name} must not be missing: {missing} rows are")
    seconds = _seconds(table["time"])
    weight = np.ones(len(table))
    if "weight" in table.columns:
        weight = table["weight"].to_numpy(dtype=np.float64)
        wrong = ~((weight >= 0) & (weight <= 1e300))  # sums stay floats
        if wrong.any():
            raise ValueError(
                "weight must be finite and at least 0, got "
                f"{weight[wrong][0]} in row {int(np.argmax(wrong))}"
            )
    user, users = _canonical(table["user"], seconds)
    item, items = _canonical(table["item"], seconds)
    # Sums of floats depend on their order: fix it.
    order = np.lexsort([weight, seconds, item, user])
    user, item = user[order], item[order]
    weight, seconds = weight[order], seconds[order]
    pair = user * len(items) + item
    pairs, first = np.unique(pair, return_index=True)
    strength = np.add.reduceat(weight, first)
    newest = np.maximum.reduceat(seconds, first)
    mean = strength.mean()
    # A weight of 0 is almost no confidence, but still seen.
    strength = np.maximum(strength / mean if mean > 0 else 1.0, 1e-9)
    span = max(np.ptp(newest), 1e-9)
    age = 1 + (newest.max() - newest) / span
    row, column = np.divmod(pairs, len(items))
    shape = (len(users), len(items))
    X, ages = (
        sparse.csr_matrix((data, (row, column)), shape=shape)
        for data in (np.broadcast_to(strength, len(pairs)), age)
    )
    return EncodedLog(X, ages, users, items)


def _seconds(time: pd.Series) -> np.ndarray:
    """(R,) float64 seconds since the first row's time or any fixed time."""
    if pd.api.types.is_datetime64_any_dtype(time):
        return (time - time.min()).dt.total_seconds().to_numpy()
    if pd.api.types.is_numeric_dtype(time):
        seconds = time.to_numpy(dtype=np.float64)
        wrong = ~(np.abs(seconds) <= 1e300)  # differences stay floats
        if wrong.any():
            raise ValueError(
                f"time must be finite, got {seconds[wrong][0]} in row "
                f"{int(np.argmax(wrong))}"
            )
        return seconds - seconds.min()
    raise ValueError(
        f"time must be dates or numbers, got {time.dtype}; read_interactions "
        "turns text into dates"
    )


def _canonical(
    ids: pd.Series, seconds: np.ndarray
) -> tuple[np.ndarray, pd.Index]:
    """(R,) numbers of the ids and the ids in order of their numbers.

    Ordered by what they did, most rows first, then by time; by name only
    where that is the same. So neither the order of rows nor renaming users
    changes what is drawn for whom.
    """
    code, unique = pd.factorize(ids)
    count = np.bincount(code)
    first = np.full(len(unique), np.inf)
    np.minimum.at(first, code, seconds)
    last = np.zeros(len(unique))
    np.maximum.at(last, code, seconds)
    by_name = np.argsort(np.array([str(name) for name in unique]))
    name = np.empty(len(unique), dtype=np.int64)
    name[by_name] = np.arange(len(unique))
    order = np.lexsort([name, last, first, -count])
    number = np.empty(len(unique), dtype=np.int64)
    number[order] = np.arange(len(unique))
    return number[code], pd.Index(unique).take(order)


def inner_folds(
    log: EncodedLog, *, share: float, last: bool, rng: np.random.Generator
) -> list[Fold]:
    """Inner train-validation splits, by items within the same users.

    Args:
        log: all interactions.
        share: of a user's items that are held out, one or more; in (0, 0.5].
        last: hold out the newest, once, instead of random ones, twice.
        rng: draws the users evaluated and the items held out.

    Returns:
        One or two folds; none if there are fewer than `MIN_USERS` users
        with `MIN_ITEMS` items.

    Raises:
        ValueError: share outside (0, 0.5].
    """
    if not 0 < share <= 0.5:
        raise ValueError(f"share must lie in (0, 0.5], got {share}")
    n_items = log.X.shape[1]
    length = np.diff(log.X.indptr)
    eligible = rng.permutation(np.flatnonzero(length >= MIN_ITEMS))
    if len(eligible) < MIN_USERS:
        return []
    judged = eligible[: max(TUNING_CELLS // n_items, 100)][:TUNING_USERS]
    others = rng.permutation(
        np.setdiff1d(np.arange(len(length)), judged, assume_unique=True)
    )[: TUNING_USERS - len(judged)]
    users = np.concatenate([judged, others])
    X, age = log.X[users], log.age[users]
    row = np.repeat(np.arange(len(users)), np.diff(X.indptr))
    by_chance = rng.random(len(row))
    keys = [by_chance, age.data] if last else [by_chance]
    order = np.lexsort([*keys, row])  # within users: newest first, or shuffled
    rank = np.empty(len(row), dtype=np.int64)
    rank[order] = np.arange(len(row)) - X.indptr[row[order]]
    n_held_out = np.maximum(np.floor(length[users] * share), 1)

    def entries(data, chosen, n_rows):
        return sparse.csr_matrix(
            (data[chosen], (row[chosen], X.indices[chosen])),
            shape=(n_rows, n_items),
        )

    folds = []
    for fold in range(1 if last else 2):
        turn = rank // n_held_out[row]
        held = (turn == fold) & (row < len(judged))
        folds.append(
            Fold(
                entries(X.data, ~held, len(users)),
                entries(age.data, ~held, len(users)),
                entries(np.ones(len(row)), held, len(judged)),
            )
        )
    return folds
