"""trec_eval's measures of one query, for a block of queries at once.

The arithmetic follows trec_eval 9, its conventions too: undefined is 0, cut
average precision is divided by all relevant items, and measures of gain count
every grade above 0 whatever the level of relevance. A recall point asks for
recall * R + 0.9 items, cut to an integer, as up to version 9 (later sources
round to the nearest). `utils.metrics.ranking` has the usual measures under
this book's conventions.
"""

from __future__ import annotations

import numpy as np

CUTS = (5, 10, 15, 20, 30, 100, 200, 500, 1000)
UNPOOLED, UNJUDGED, PAST_THE_END = -1, -2, -3
LEAST = 1e-5  # stands for 0 in a geometric mean, and so divides nothing by 0


def measures(
    judgements: np.ndarray,
    n_retrieved: np.ndarray,
    judged: np.ndarray,
    *,
    level: int,
) -> dict[str, np.ndarray]:
    """All measures of a block of queries, under trec_eval's names.

    Args:
        judgements: (Q, n) grade of each retrieved item, best rank first;
            -1 without a judgement, -2 where the judgement is negative, -3
            beyond the end of the list.
        n_retrieved: (Q,) how many items each list holds, at least 1.
        judged: (Q, m) grades of all judged items, in any order; -3 beyond.
        level: an item of this grade or above is relevant, at least 1.

    Returns:
        (Q,) float64 by name; `gm_` measures are logarithms.
    """
    hits = judgements >= level
    relevant = (judged >= level).sum(axis=1)
    shape = _Shape(hits, n_retrieved, relevant)
    found = {"num_q": np.ones(len(hits)), "num_ret": n_retrieved}
    found |= {"num_rel": relevant, "num_rel_ret": shape.found}
    found |= _precision_based(shape) | _sets(shape)
    found |= _judged_only(judgements, judged, shape, level=level)
    found |= _gain_based(judgements, judged, shape)
    return {name: np.asarray(part, float) for name, part in found.items()}


class _Shape:
    """Where the hits of each list lie."""

    def __init__(self, hits, n_retrieved, relevant):
        self.hits, self.n_retrieved, self.relevant = (
            hits,
            n_retrieved,
            relevant,
        )
        self.ranks = np.arange(1, hits.shape[1] + 1)
        self.hits_so_far = np.cumsum(hits, axis=1)
        self.found = self.hits_so_far[:, -1]
        self.precision = self.hits_so_far / self.ranks

    def first(self, cut):
        """(Q,) hits among the first `cut`, a number or one for each list."""
        return _up_to(self.hits_so_far, cut)


def _up_to(cumulated, cut):
    """(Q,) a cumulated (Q, n) sum at rank `cut`, 0 at 0, its end beyond."""
    cut = np.broadcast_to(cut, len(cumulated))
    last = np.clip(cut, 1, cumulated.shape[1]) - 1
    return np.where(cut > 0, cumulated[np.arange(len(cumulated)), last], 0)


def _over(part, whole):
    """part / whole, and 0 where the denominator is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1e-300), 0.0)


def _precision_based(shape: _Shape) -> dict[str, np.ndarray]:
    R = shape.relevant
    at_hits = np.cumsum(shape.hits * shape.precision, axis=1)
    average = _over(at_hits[:, -1], R)
    first_hit = shape.hits.argmax(axis=1) + 1
    out = {
        "map": average,
        "gm_map": np.log(np.maximum(average, LEAST)),
        "Rprec": _over(shape.first(R), R),
        "recip_rank": (shape.found > 0) / first_hit,
    }
    best_below = np.maximum.accumulate(shape.precision[:, ::-1], axis=1)
    interpolated = []
    for recall in np.arange(11) / 10:
        wanted = (recall * R + 0.9).astype(int)
        there = shape.hits_so_far >= np.maximum(wanted, 1)[:, None]
        rank = there.argmax(axis=1)
        best = best_below[np.arange(len(R)), len(shape.ranks) - 1 - rank]
        interpolated.append(np.where(there[:, -1], best, 0.0))
        out[f"iprec_at_recall_{recall:.2f}"] = interpolated[-1]
    out["11pt_avg"] = np.mean(interpolated, axis=0)
    for multiple in np.arange(1, 11) / 5:
        cut = (multiple * R + 0.9).astype(int)
        out[f"Rprec_mult_{multiple:.2f}"] = _over(shape.first(cut), cut)
    for cut in CUTS:
        here = shape.first(cut)
        out[f"P_{cut}"] = here / cut
        out[f"recall_{cut}"] = _over(here, R)
        out[f"relative_P_{cut}"] = _over(here, np.minimum(cut, R))
        out[f"map_cut_{cut}"] = _over(_up_to(at_hits, cut), R)
    for cut in (1, 5, 10):
        out[f"success_{cut}"] = shape.first(cut) > 0
    return out


def _sets(shape: _Shape) -> dict[str, np.ndarray]:
    """The list as a set, without its order."""
    precision = shape.found / shape.n_retrieved
    recall = _over(shape.found, shape.relevant)
    least = np.minimum(shape.n_retrieved, shape.relevant)
    return {
        "set_P": precision,
        "set_recall": recall,
        "set_map": precision * recall,
        "set_F": _over(2 * precision * recall, precision + recall),
        "set_relative_P": _over(shape.found, least),
        "utility": 2 * shape.found - shape.n_retrieved,
    }


def _judged_only(judgements, judged, shape, *, level):
    """Measures that pass over what nobody judged."""
    R = shape.relevant
    nonrelevant = ((judged >= 0) & (judged < level)).sum(axis=1)
    misses = (judgements >= 0) & (judgements < level)
    misses_so_far = np.cumsum(misses, axis=1)
    above = np.minimum(misses_so_far, R[:, None])
    most = np.maximum(np.minimum(nonrelevant, R), 1)[:, None]
    bpref = _over((shape.hits * (1 - above / most)).sum(axis=1), R)
    # inferred AP: precision above a hit among the judged, and 0 among what
    # was not in the pool
    hits_above = shape.hits_so_far - shape.hits
    pooled = hits_above + misses_so_far
    unjudged = np.cumsum(judgements == UNJUDGED, axis=1)
    chance = (hits_above + LEAST) / (pooled + 2 * LEAST)
    inferred = (1 + (pooled + unjudged) * chance) / shape.ranks
    return {
        "bpref": bpref,
        "gm_bpref": np.log(np.maximum(bpref, LEAST)),
        "infAP": _over((shape.hits * inferred).sum(axis=1), R),
        "num_nonrel_judged_ret": misses.sum(axis=1),
    }


def _gain_based(judgements, judged, shape) -> dict[str, np.ndarray]:
    gains = np.maximum(judgements, 0).astype(float)
    best = np.maximum(-np.sort(-judged, axis=1), 0).astype(float)
    width = max(gains.shape[1], best.shape[1]) + 1
    gains, best = _widened(gains, width), _widened(best, width)
    ranks = np.arange(1, width + 1)
    dcg = np.cumsum(gains / np.log2(ranks + 1), axis=1)
    ideal = np.cumsum(best / np.log2(ranks + 1), axis=1)
    ratio = _over(dcg, ideal)
    out = {"ndcg": ratio[:, -1]}
    for cut in CUTS:
        out[f"ndcg_cut_{cut}"] = _over(_up_to(dcg, cut), _up_to(ideal, cut))
    # averaged where a relevant item stands, the missed ones at the end
    worthy, missed = (
        gains > 0,
        (best > 0).sum(axis=1) - (gains > 0).sum(axis=1),
    )
    at_hits = (worthy * ratio).sum(axis=1) + missed * ratio[:, -1]
    out["ndcg_rel"] = _over(at_hits, (best > 0).sum(axis=1))
    # averaged where the ideal list changes its grade, and at the end
    turns = (best[:, :-1] > 0) & (best[:, 1:] < best[:, :-1])
    last = shape.n_retrieved > (best > 0).sum(axis=1) + 1
    at_turns = (turns * ratio[:, :-1]).sum(axis=1) + last * ratio[:, -1]
    out["Rndcg"] = _over(at_turns, turns.sum(axis=1) + last)
    out["Rndcg"] = np.where(shape.relevant > 0, out["Rndcg"], 0.0)
    # discounted by the gain missed so far rather than by the rank
    cost = np.cumsum(np.maximum(best, 1), axis=1) - np.cumsum(gains, axis=1)
    out["G"] = _over((gains / np.log2(2 + cost)).sum(axis=1), best.sum(axis=1))
    misses = shape.ranks - shape.hits_so_far
    binary = (shape.hits / np.log2(2 + misses)).sum(axis=1)
    out["binG"] = _over(binary, shape.relevant)
    return out


def _widened(values, width):
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))
