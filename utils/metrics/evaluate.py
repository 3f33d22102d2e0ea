"""Ranking evaluation: six metrics of many lists in one pass.

`from_gains` takes gains that are ranked already, `from_scores` scores beside
gains, `from_ids` ranked ids beside the relevant ones, `from_dicts` and
`from_tables` a run and its judgements under the ids of queries and items.
The values are those of the functions in `utils.metrics.ranking`: equal scores
keep the order in which they came, an item without a judgement gains nothing,
and a list to which nothing is relevant is nan where the denominator tells.
Work goes by blocks of some million cells, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import chain, repeat
from struct import error as StructError
from struct import pack
from typing import TYPE_CHECKING

import numpy as np

from . import ragged
from .order import largest, top_k

if TYPE_CHECKING:
    import pandas as pd

LARGEST = np.float64(1e300)  # sums of gains stay floats


@dataclass(frozen=True)
class RankingMetrics:
    """Ranking metrics at k of each list, (Q,) float64 each, and query ids.

    `precision`, `hit_rate` and `reciprocal_rank` are 0 and the others nan
    where nothing is relevant to a list.
    """

    queries: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    hit_rate: np.ndarray
    reciprocal_rank: np.ndarray
    average_precision: np.ndarray
    ndcg: np.ndarray

    @property
    def dropped(self) -> int:
        """Number of lists without a relevant item; `means` leaves them out."""
        return int(np.isnan(self.recall).sum())

    def means(self) -> dict[str, float]:
        """Mean of each metric over the lists with a relevant item, or nan."""
        kept = ~np.isnan(self.recall)
        names = [field.name for field in fields(self)][1:]
        return {
            name: float(getattr(self, name)[kept].mean())
            if kept.any()
            else np.nan
            for name in names
        }

    def table(self) -> pd.DataFrame:
        """One row a list, one column a metric, indexed by `queries`."""
        import pandas as pd

        values = {
            field.name: getattr(self, field.name) for field in fields(self)
        }
        return pd.DataFrame(values).set_index("queries").rename_axis("query")


def from_gains(
    gains: np.ndarray, judged: np.ndarray, *, k: int
) -> RankingMetrics:
    """Ranking metrics at k of gains that are ranked already.

    Args:
        gains: (Q, n) gains of the retrieved items, best rank first; above 0
            is relevant.
        judged: (Q, m) gains of all judged items of each list, in any order.
        k: cutoff, at least 1.

    Returns:
        The metrics of each list, under the numbers 0..Q-1.

    Raises:
        ValueError: k < 1; shapes that do not match; a gain negative or not
            finite; a list with more relevant items, or more gain, than its
            judged items allow.

    >>> from_gains(np.array([[0, 1]]), np.array([[1, 1, 0]]), k=2).recall
    array([0.5])
    """
    gains, judged = _lists("gains", gains), _lists("judged", judged)
    _same_length(gains, judged, "gains", "judged")
    _check_k(k)
    _check_gains(gains), _check_gains(judged)
    relevant, ideal = np.empty(len(judged)), np.empty(len(judged))
    for rows in ragged.blocks(judged.shape[1], len(judged)):
        relevant[rows] = (judged[rows] > 0).sum(axis=1)
        ideal[rows] = _ideal(judged[rows], k)
    return _six(np.arange(len(gains)), gains[:, :k], relevant, ideal, k)


def from_scores(
    scores: np.ndarray, gains: np.ndarray, *, k: int
) -> RankingMetrics:
    """Ranking metrics at k of scores and the gains of the same items.

    Args:
        scores: (Q, n) higher is better; -inf is allowed and comes last.
        gains: (Q, n) gains of the same items; they are all that is judged.
        k: cutoff, at least 1.

    Returns:
        The metrics of each list, under the numbers 0..Q-1. Equal scores
        keep the lower column first.

    Raises:
        ValueError: k < 1; shapes that do not match; a score that is nan; a
            gain negative or not finite.

    >>> from_scores(np.array([[0.1, 0.9]]), np.array([[1, 0]]), k=2).ndcg
    array([0.63092975])
    """
    scores, gains = _lists("scores", scores), _lists("gains", gains)
    if scores.shape != gains.shape:
        raise ValueError(
            f"scores and gains must have one shape, got {scores.shape} and "
            f"{gains.shape}"
        )
    _check_k(k)
    _check_gains(gains)
    k_here = min(k, scores.shape[1])
    ranked = np.empty((len(scores), k_here))
    relevant, ideal = np.empty(len(scores)), np.empty(len(scores))
    for rows in ragged.blocks(scores.shape[1], len(scores)):
        here = gains[rows]
        if k_here:
            best = top_k(scores[rows], k=k_here)
            ranked[rows] = np.take_along_axis(here, best, axis=1)
        relevant[rows] = (here > 0).sum(axis=1)
        ideal[rows] = _ideal(here, k)
    return _six(np.arange(len(scores)), ranked, relevant, ideal, k)


def from_ids(
    ranked_ids: np.ndarray,
    judged_ids: np.ndarray,
    counts: np.ndarray,
    gains: np.ndarray | None = None,
    *,
    k: int,
) -> RankingMetrics:
    """Ranking metrics at k of ranked ids and the judged ids of each list.

    Args:
        ranked_ids: (Q, n) integer ids of at least 0, best rank first; -1
            marks a place left empty.
        judged_ids: (J,) integer ids of the judged items, those of the first
            list first.
        counts: (Q,) how many of them belong to each list; they sum to J.
        gains: (J,) their gains, above 0 where relevant; 1 each if absent.
        k: cutoff, at least 1.

    Returns:
        The metrics of each list, under the numbers 0..Q-1.

    Raises:
        ValueError: k < 1; ids that are not integers, or below -1; shapes
            that do not match; a gain negative or not finite; an id twice in
            a list, retrieved or judged.

    >>> ranked = np.array([[7, 3, 9], [2, -1, -1]])
    >>> from_ids(ranked, np.array([3, 5, 2]), np.array([2, 1]), k=2).recall
    array([0.5, 1. ])
    """
    _check_k(k)
    ranked_ids = _checked_ids(_lists("ranked_ids", ranked_ids), least=-1)
    judged_ids = _checked_ids(np.asarray(judged_ids), least=0)
    gains = np.ones(len(judged_ids)) if gains is None else np.asarray(gains)
    _same_length(judged_ids, gains, "judged_ids", "gains")
    counts = np.asarray(counts)
    if counts.shape != (len(ranked_ids),) or counts.dtype.kind not in "iu":
        raise ValueError(
            f"counts must be ({len(ranked_ids)},) integers, got "
            f"{counts.shape} of {counts.dtype}"
        )
    _check_gains(gains)
    queries = np.arange(len(ranked_ids))
    ragged.check_distinct(ranked_ids, queries, int)
    return _matched(queries, ranked_ids[:, :k], judged_ids, counts, gains, k)


def from_dicts(
    run: Mapping[object, Mapping[object, float]],
    qrels: Mapping[object, Mapping[object, float]],
    *,
    k: int,
) -> RankingMetrics:
    """Ranking metrics at k of a run and its qrels as dictionaries.

    Args:
        run: query -> item -> score; higher is better, -inf is allowed.
        qrels: query -> item -> gain, above 0 where relevant.
        k: cutoff, at least 1.

    Returns:
        The metrics of the queries of `qrels`, in their order. One that the
        run lacks retrieved nothing; one that only the run has is left out.
        Equal scores keep the order of the dictionary.

    Raises:
        ValueError: k < 1; a score that is nan; a gain negative or not
            finite.

    >>> run = {"q": {"a": 0.3, "b": 0.2}}
    >>> from_dicts(run, {"q": {"b": 1}}, k=2).reciprocal_rank
    array([0.5])
    """
    _check_k(k)
    queries, judgements = list(qrels), list(qrels.values())
    counts = np.fromiter(map(len, judgements), int, len(queries))
    values = chain.from_iterable(judged.values() for judged in judgements)
    gains = np.fromiter(values, float, counts.sum())
    _check_gains(gains)
    lists = list(map(run.get, queries, repeat({})))
    lengths = np.fromiter(map(len, lists), int, len(lists))
    starts = np.cumsum(counts) - counts
    ranked = np.zeros((len(queries), k))
    for rows in ragged.rows_by_length(lengths, ragged.CELLS // 8):
        retrieved = [lists[row] for row in rows]
        judged = [judgements[row] for row in rows]
        row, place, rank = _judged_ranks(
            retrieved, judged, lengths[rows], counts[rows], k
        )
        row = rows[row]
        ranked[row, rank] = gains[starts[row] + place]
    relevant, ideal = np.zeros(len(queries)), np.zeros(len(queries))
    for rows in ragged.rows_by_length(counts):
        worth = ragged.padded(gains, starts[rows], counts[rows], 0)
        relevant[rows] = (worth > 0).sum(axis=1)
        ideal[rows] = _ideal(worth, k)
    names = np.empty(len(queries), dtype=object)
    names[:] = queries
    return _six(names, ranked, relevant, ideal, k)


def _judged_ranks(retrieved, judged, lengths, counts, k):
    """Row, place in its judgements and rank of what is judged and in front.

    Only judged items are looked up in the run: the rank of one, from 0, is
    the number of scores above its own, and of equal ones before it.
    """
    packed, own = [], []
    try:
        for scored, items in zip(retrieved, judged, strict=True):
            packed.append(pack(f"{len(scored)}d", *scored.values()))
            own.extend(map(scored.get, items, repeat(np.nan)))
    except StructError:
        raise ValueError(
            f"scores must be numbers, got {str(scored)[:80]}"
        ) from None
    scores = np.frombuffer(b"".join(packed))
    if np.isnan(scores).any():
        raise ValueError("scores must not be nan, got one")
    scores = ragged.padded(
        scores, np.cumsum(lengths) - lengths, lengths, -np.inf
    )
    own = np.fromiter(own, float, len(own))
    known = np.flatnonzero(~np.isnan(own))
    row = np.repeat(np.arange(len(judged)), counts)[known]
    place = known - (np.cumsum(counts) - counts)[row]
    own = own[known, None]
    rank = np.count_nonzero(scores[row] > own, axis=1)
    front = np.flatnonzero(rank < k)
    row, place, rank = row[front], place[front], rank[front]
    level = scores[row] == own[front]
    for tied in np.flatnonzero(np.count_nonzero(level, axis=1) > 1):
        item = list(judged[row[tied]])[place[tied]]
        before = list(retrieved[row[tied]]).index(item)
        rank[tied] += np.count_nonzero(level[tied, :before])
    front = rank < k
    return row[front], place[front], rank[front]


def from_tables(
    run: pd.DataFrame, qrels: pd.DataFrame, *, k: int
) -> RankingMetrics:
    """Ranking metrics at k of a run and its qrels as tables.

    Args:
        run: columns query, item, score; rows in any order. Ids are integers
            or strings; higher scores are better, -inf is allowed.
        qrels: columns query, item, gain, above 0 where relevant.
        k: cutoff, at least 1.

    Returns:
        The metrics of the queries of `qrels`, in order of appearance. One
        that the run lacks retrieved nothing; one that only the run has is
        left out. Equal scores keep the order of the rows.

    Raises:
        ValueError: k < 1; a column that is missing; ids that are missing,
            or integers in one table and not in the other; a score that is
            nan; a gain negative or not finite; an item twice in a query.

    >>> import pandas as pd
    >>> run = pd.DataFrame({"query": [1, 1], "item": [7, 8], "score": [1, 2]})
    >>> qrels = pd.DataFrame({"query": [1], "item": [7], "gain": [1]})
    >>> from_tables(run, qrels, k=2).reciprocal_rank
    array([0.5])
    """
    import pandas as pd

    _check_k(k)
    scores = _column(run, "run", "score", float)
    gains = _column(qrels, "qrels", "gain", float)
    if np.isnan(scores).any():
        row = int(np.flatnonzero(np.isnan(scores))[0])
        raise ValueError(f"scores must not be nan, got one in row {row}")
    _check_gains(gains)
    codes, judged, name_of = _item_codes(run, qrels)
    queries = pd.Index(_column(qrels, "qrels", "query").unique())
    starts, counts, order = ragged.groups(
        _column(run, "run", "query"), queries
    )
    if order is not None:
        scores, codes = scores[order], codes[order]
    top = np.full((len(queries), k), -1, dtype=codes.dtype)
    for rows in ragged.rows_by_length(counts):
        longest = int(counts[rows].max())
        if longest == 0:
            continue
        here = starts[rows], counts[rows]
        items = ragged.padded(codes, *here, -1)
        ragged.check_distinct(items, queries[rows], name_of)
        best = top_k(ragged.padded(scores, *here, -np.inf), k=min(k, longest))
        top[rows, : best.shape[1]] = np.take_along_axis(items, best, axis=1)
    _, counts, order = ragged.groups(qrels["query"], queries)
    if order is not None:
        judged, gains = judged[order], gains[order]
    return _matched(queries, top, judged, counts, gains, k, name_of)


def _matched(
    queries, top, judged_ids, counts, gains, k, name_of=int
) -> RankingMetrics:
    """Six metrics of the best k ids, -1 for none, beside the judged ids."""
    counts = np.asarray(counts)
    _check_counts(counts, len(judged_ids))
    starts = np.cumsum(counts) - counts
    ranked = np.zeros(top.shape)
    relevant, ideal = np.zeros(len(top)), np.zeros(len(top))
    for rows in ragged.rows_by_length(
        counts, ragged.CELLS * 8 // max(top.shape[1], 8)
    ):
        here = starts[rows], counts[rows]
        ids = ragged.padded(judged_ids, *here, -2)
        worth = ragged.padded(gains, *here, 0)
        ragged.check_distinct(ids, queries[rows], name_of)
        # rows last: the comparison runs along them, whatever k and width
        best, other = (np.ascontiguousarray(x.T) for x in (top[rows], ids))
        hits = np.flatnonzero(best[:, None] == other)  # (k, width, rows)
        hits, row = np.divmod(hits, len(rows))
        rank, place = np.divmod(hits, ids.shape[1])
        ranked[rows[row], rank] = worth[row, place]
        relevant[rows] = np.count_nonzero(worth, axis=1)
        ideal[rows] = _ideal(worth, k)
    return _six(queries, ranked, relevant, ideal, k)


def _six(queries, gains, relevant, ideal, k) -> RankingMetrics:
    """From (Q, at most k) ranked gains, R and the best DCG of each list."""
    found, at_hits, first, dcg = np.zeros((4, len(gains)))
    for rank in range(1, gains.shape[1] + 1):
        gain = gains[:, rank - 1]
        hit = gain > 0
        first += hit * (found == 0) / rank
        found += hit
        at_hits += hit * found / rank
        dcg += gain / np.log2(rank + 1)
    if (found > relevant).any() or (dcg > ideal * (1 + 1e-9)).any():
        wrong = (found > relevant) | (dcg > ideal * (1 + 1e-9))
        raise ValueError(
            "judged must hold every gain that was retrieved, got less for "
            f"query {queries[wrong][0]}"
        )
    with np.errstate(invalid="ignore"):  # 0/0 is nan: nothing to find
        return RankingMetrics(
            queries=np.asarray(queries),
            precision=found / k,
            recall=found / relevant,
            hit_rate=(found > 0).astype(float),
            reciprocal_rank=first,
            average_precision=at_hits / np.minimum(k, relevant),
            ndcg=np.minimum(dcg / ideal, 1),
        )


def _ideal(judged: np.ndarray, k: int) -> np.ndarray:
    """DCG of the best order of (rows, m) judged gains, cut at k."""
    best = largest(judged, k=k)
    return best @ (1 / np.log2(np.arange(2, best.shape[1] + 2)))


def _item_codes(run, qrels):
    """Integer ids of at least 0 for both, and what they are called."""
    import pandas as pd

    retrieved = _column(run, "run", "item")
    judged = _column(qrels, "qrels", "item")
    _column(run, "run", "query"), _column(qrels, "qrels", "query")
    for name in ("query", "item"):
        kinds = run[name].dtype.kind in "iu", qrels[name].dtype.kind in "iu"
        if kinds[0] != kinds[1] and len(run) and len(qrels):
            raise ValueError(
                f"{name} must be of one kind, got {run[name].dtype} in the "
                f"run and {qrels[name].dtype} in the qrels"
            )
    if retrieved.dtype.kind == judged.dtype.kind == "i":
        ids = retrieved.to_numpy(), judged.to_numpy()
        if min(map(lambda part: part.min(initial=0), ids)) >= 0:
            return *ids, int
    codes, names = pd.factorize(pd.concat([retrieved, judged]))
    return codes[: len(run)], codes[len(run) :], names.__getitem__


def _column(table, name, column, dtype=None):
    if column not in table:
        raise ValueError(
            f"{name} must have a column {column!r}, got {list(table.columns)}"
        )
    values = table[column]
    if dtype is not None:
        return values.to_numpy(dtype=dtype)
    if values.isna().any():
        raise ValueError(f"{column} must not be missing, got {name} with one")
    return values


def _lists(name, values) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2:
        raise ValueError(f"{name} must be (Q, n), got shape {values.shape}")
    return values


def _same_length(one, other, name, second):
    if len(one) != len(other):
        raise ValueError(
            f"{name} and {second} must be of one length, got {len(one)} and "
            f"{len(other)}"
        )


def _check_k(k):
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")


def _check_counts(counts, total):
    if (counts < 0).any() or counts.sum() != total:
        raise ValueError(
            f"counts must be at least 0 and sum to {total}, got a sum of "
            f"{counts.sum()} and a least of {counts.min(initial=0)}"
        )


def _check_gains(gains):
    if not (gains.min(initial=0) >= 0 and gains.max(initial=0) <= LARGEST):
        wrong = gains[~((gains >= 0) & (gains <= LARGEST))][0]
        raise ValueError(
            f"gains must be finite, at most 1e300 and at least 0, got {wrong}"
        )


def _checked_ids(ids, *, least):
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids must be integers, got {ids.dtype}")
    if ids.min(initial=least) < least:
        raise ValueError(f"ids must be at least {least}, got {ids.min()}")
    return ids.astype(np.int64, copy=False)
