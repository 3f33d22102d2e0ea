"""Ragged lists in flat arrays, worked on in padded blocks.

A flat array holds the values of all lists, those of list q at
`flat[starts[q] : starts[q] + counts[q]]`. Blocks have some 250,000 cells: a
few arrays of that size fit the cache, and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

CELLS = 1 << 18


def blocks(width: int, n: int) -> Iterator[slice]:
    """Slices of n rows of some width, at most CELLS cells or one row each.

    >>> list(blocks(CELLS // 2, 3))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    rows = max(1, CELLS // max(1, width))
    return (slice(start, start + rows) for start in range(0, n, rows))


def rows_by_length(
    lengths: np.ndarray, cells: int = CELLS
) -> Iterator[np.ndarray]:
    """Rows, longest lists first, in blocks that pad to at most `cells`.

    One long list among many short ones then costs no more than itself.

    >>> list(rows_by_length(np.array([1, 4, 2]), cells=4))
    [array([1]), array([2, 0])]
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, cells // max(1, int(lengths[order[start]])))
        yield order[start : start + rows]
        start += rows


def padded(
    flat: np.ndarray, starts: np.ndarray, counts: np.ndarray, fill: float
) -> np.ndarray:
    """(rows, longest) the lists, each followed by `fill`; maybe a view.

    >>> padded(np.array([1, 2, 3]), np.array([0, 2]), np.array([2, 1]), -1)
    array([[ 1,  2],
           [ 3, -1]])
    """
    longest = counts.max(initial=0)
    if (
        counts.min(initial=longest) == longest
        and (np.diff(starts) == longest).all()
    ):  # they lie side by side
        first = starts[0] if len(starts) else 0
        return flat[first : first + counts.sum()].reshape(len(counts), longest)
    places = np.arange(longest)
    taken = flat.take(starts[:, None] + places, mode="clip")
    return np.where(places < counts[:, None], taken, flat.dtype.type(fill))


def groups(
    column: pd.Series, queries: pd.Index
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Group boundaries: first row and length of each query in a table.

    Args:
        column: (R,) the query of each row, in any order.
        queries: (Q,) the queries wanted; others are passed over.

    Returns:
        (Q,) starts and (Q,) counts, and the (R,) order into which the rows
        must be brought first, None where each query's are together already.

    >>> import pandas as pd
    >>> groups(pd.Series(["b", "b", "x", "a"]), pd.Index(["a", "b"]))
    (array([3, 0]), array([1, 2]), None)
    """
    import pandas as pd

    values = column.array
    change = np.asarray(values[1:] != values[:-1], dtype=bool)
    heads = np.flatnonzero(np.r_[len(column) > 0, change])
    lengths = np.diff(np.r_[heads, len(column)])
    codes = queries.get_indexer(pd.Index(column.iloc[heads]))
    known = codes >= 0
    order = None
    if np.bincount(codes[known], minlength=1).max() > 1:  # in two places
        codes = np.repeat(codes, lengths)
        order = np.argsort(codes, kind="stable")
        lengths = np.bincount(codes + 1, minlength=len(queries) + 1)
        heads = np.cumsum(lengths) - lengths
        codes = np.arange(-1, len(queries))
        known = codes >= 0
    starts, counts = np.zeros((2, len(queries)), dtype=np.int64)
    starts[codes[known]], counts[codes[known]] = heads[known], lengths[known]
    return starts, counts, order


def check_distinct(
    ids: np.ndarray, queries: np.ndarray, name_of: Callable
) -> None:
    """Refuse an id twice in a row; negative ones are empty places.

    Args:
        ids: (Q, n) integer ids.
        queries: (Q,) what the rows are called in the message.
        name_of: what an id is called there.

    Raises:
        ValueError: an id twice in a row, naming both.

    >>> check_distinct(np.array([[3, -1, -1]]), np.array(["q"]), int)
    """
    narrow = ids.max(initial=0) < 2**31  # half the bytes sort twice as fast
    for rows in blocks(ids.shape[1], len(ids)):
        here = np.sort(ids[rows].astype(np.int32 if narrow else ids.dtype))
        twice = (here[:, 1:] == here[:, :-1]) & (here[:, 1:] >= 0)
        if twice.any():
            row, place = np.argwhere(twice)[0]
            raise ValueError(
                "an item must be in a list once, got "
                f"{name_of(here[row, place])} twice in query "
                f"{queries[rows][row]}"
            )
