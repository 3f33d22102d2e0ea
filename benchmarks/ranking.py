"""Six ranking metrics at 10 beside ranx, pytrec_eval, polars, scikit-learn.

    python -m benchmarks.ranking                   # the table, some minutes
    python -m benchmarks.ranking --queries 5000    # fewer than 100,000

100,000 queries with 100 ranked ids each, 5 to 15 relevant, at most 6 of them
among the first 40. The peers get their own compiled or native form of the
same lists; making it is timed only where the row says so. Every peer's
values are compared with ours before anything is timed; average precision is
divided by min(10, R) here and by R there, which the comparison undoes.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd

from benchmarks._rows import row
from utils.metrics import evaluate

K, LENGTH, ITEMS = 10, 100, 1_000_000


def lists(n_queries: int, rng: np.random.Generator):
    """Ranked ids (Q, 100), and judged ids, counts and grades, flat."""
    steps = rng.integers(1, ITEMS // LENGTH - 1, (n_queries, LENGTH))
    ranked = rng.permuted(np.cumsum(steps, axis=1), axis=1)
    counts = rng.integers(5, 16, n_queries)
    found = np.argsort(rng.random((n_queries, 40)), axis=1)[:, :6]
    missed = np.tile(np.arange(ITEMS, ITEMS + 9), (n_queries, 1))
    judged = np.hstack([np.take_along_axis(ranked, found, axis=1), missed])
    flat = judged[np.arange(15) < counts[:, None]]
    return ranked, flat, counts, rng.integers(1, 4, len(flat))


def same(ours: evaluate.RankingMetrics, theirs: dict, n_relevant=None) -> None:
    for name, values in theirs.items():
        mine = getattr(ours, name)
        if n_relevant is not None and name == "average_precision":
            mine = mine * np.minimum(K, n_relevant) / n_relevant
        np.testing.assert_allclose(mine, values, atol=1e-9, err_msg=name)


def from_arrays(ranked, flat, counts, grades):
    import numba
    from ranx import metrics

    run = np.dstack([ranked, np.tile(-np.arange(LENGTH), (len(ranked), 1))])
    run = run.astype(float)
    qrels = numba.typed.List()  # ranx wants the best judgement first
    for part in np.split(
        np.c_[flat, grades].astype(float), np.cumsum(counts)[:-1]
    ):
        qrels.append(part[np.argsort(-part[:, 1], kind="stable")])
    names = {
        "precision": metrics.precision,
        "recall": metrics.recall,
        "hit_rate": metrics.hit_rate,
        "reciprocal_rank": metrics.reciprocal_rank,
        "average_precision": metrics.average_precision,
        "ndcg": metrics.ndcg,
    }

    def peer(threads):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        return {n: metric(qrels, run, K, 1) for n, metric in names.items()}

    def ours():
        return evaluate.from_ids(ranked, flat, counts, grades, k=K)

    same(ours(), peer(1), counts)
    row(
        "ranking",
        f"six metrics at 10, arrays, {len(ranked):,} x {LENGTH}",
        ours,
        {
            "ranx, 1 thread": lambda: peer(1),
            "ranx, 2 threads": lambda: peer(2),
        },
        bar={"ranx, 1 thread": 2.5, "ranx, 2 threads": 1.5},
    )


def from_dicts(ranked, flat, counts, grades, scores, repeat):
    import pytrec_eval
    import ranx

    items, judged = (
        ranked.astype(str).tolist(),
        iter(flat.astype(str).tolist()),
    )
    run = {
        f"q{q}": dict(zip(items[q], scores[q].tolist(), strict=True))
        for q in range(len(ranked))
    }
    grade = iter(grades.tolist())
    qrels = {
        f"q{q}": {next(judged): next(grade) for _ in range(n)}
        for q, n in enumerate(counts)
    }
    measures = ("P.10", "recall.10", "success.10", "recip_rank", "map_cut.10")
    measures = {*measures, "ndcg_cut.10"}

    def trec():
        return pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)

    def compiled():
        names = ["precision", "recall", "hit_rate", "mrr", "map", "ndcg"]
        return ranx.evaluate(qrels, run, [f"{name}@10" for name in names])

    def ours():
        return evaluate.from_dicts(run, qrels, k=K)

    table = pd.DataFrame(trec()).T.loc[list(qrels)]
    names = {"precision": "P_10", "recall": "recall_10", "ndcg": "ndcg_cut_10"}
    names |= {"hit_rate": "success_10", "average_precision": "map_cut_10"}
    same(ours(), {n: table[other] for n, other in names.items()}, counts)
    row(
        "ranking",
        f"six metrics at 10, dicts, {len(ranked):,} x {LENGTH}",
        ours,
        {"pytrec_eval": trec, "ranx.evaluate": compiled},
        repeat,
        bar={"pytrec_eval": 4, "ranx.evaluate": 6},
        why="Most of our time goes into reading ten million scores out of "
        "Python dictionaries; counting takes a fifth.",
    )


def by_polars(run, qrels):
    """The same six, as one would write them in polars."""
    import polars as pl

    discount = (pl.col("rank") + 1).log(2)
    best = pl.struct("score", "item").top_k_by("score", K).alias("best")
    top = (
        run.lazy()
        .group_by("query")
        .agg(best)
        .with_columns(rank=pl.int_ranges(1, pl.col("best").list.len() + 1))
        .explode("best", "rank")
        .unnest("best")
        .join(qrels.lazy(), on=["query", "item"], maintain_order="left")
        .with_columns(hits=pl.col("rank").cum_count().over("query"))
    )
    at_hits = (pl.col("hits") / pl.col("rank")).sum()
    found = top.group_by("query").agg(
        hits=pl.len(),
        reciprocal_rank=(1 / pl.col("rank")).max(),
        at_hits=at_hits,
        dcg=(pl.col("gain") / discount).sum(),
    )
    discounts = (pl.int_range(1, pl.len() + 1).clip(upper_bound=K) + 1).log(2)
    gain = pl.col("gain").sort(descending=True).head(K)
    ideal = (
        qrels.lazy()
        .group_by("query", maintain_order=True)
        .agg(relevant=pl.len(), ideal=(gain / discounts.head(K)).sum())
    )
    hits = pl.col("hits")
    cut = pl.min_horizontal(pl.lit(K), "relevant")
    return (
        ideal.join(found, on="query", how="left", maintain_order="left")
        .with_columns(pl.exclude("query").fill_null(0))
        .select(
            "query",
            "reciprocal_rank",
            precision=hits / K,
            recall=hits / pl.col("relevant"),
            hit_rate=(hits > 0).cast(float),
            average_precision=pl.col("at_hits") / cut,
            ndcg=pl.col("dcg") / pl.col("ideal"),
        )
        .collect()
    )


def from_tables(ranked, flat, counts, grades, scores, repeat):
    import polars as pl
    import pytrec_eval

    query = np.arange(len(ranked))
    run = pd.DataFrame(
        {
            "query": np.repeat(query, LENGTH),
            "item": ranked.ravel(),
            "score": scores.ravel(),
        }
    )
    qrels = pd.DataFrame(
        {"query": np.repeat(query, counts), "item": flat, "gain": grades}
    )
    frames = pl.from_pandas(run), pl.from_pandas(qrels)

    def ours():
        return evaluate.from_tables(run, qrels, k=K)

    theirs = by_polars(*frames).drop("query")
    same(ours(), {name: theirs[name].to_numpy() for name in theirs.columns})
    work = (
        f"six metrics at 10, table of integer ids, {len(ranked):,} x {LENGTH}"
    )
    peers = {"polars join": lambda: by_polars(*frames)}
    row("ranking", work, ours, peers, repeat, 1.5)

    words = run.astype({"query": str, "item": str})
    judged = qrels.astype({"query": str, "item": str})
    frames = pl.from_pandas(words), pl.from_pandas(judged)
    measures = {"P.10", "recall.10", "success.10", "recip_rank", "ndcg_cut.10"}
    measures |= {"map_cut.10"}

    def nested(table, column):
        out = {}
        rows = (table[name].tolist() for name in ("query", "item", column))
        for q, item, value in zip(*rows, strict=True):
            out.setdefault(q, {})[item] = value
        return out

    def trec():
        evaluator = pytrec_eval.RelevanceEvaluator(
            nested(judged, "gain"), measures
        )
        return evaluator.evaluate(nested(words, "score"))

    work = (
        f"six metrics at 10, table of string ids, {len(ranked):,} x {LENGTH}"
    )
    row(
        "ranking",
        work,
        lambda: evaluate.from_tables(words, judged, k=K),
        {
            "polars join": lambda: by_polars(*frames),
            "table to pytrec_eval": trec,
        },
        repeat,
        bar={"table to pytrec_eval": 1.5},
    )


def dense(scores, rng, repeat):
    from sklearn.metrics import ndcg_score

    gains = rng.integers(0, 4, scores.shape)
    ours = evaluate.from_scores(scores[:500], gains[:500], k=K)
    theirs = ndcg_score(gains[:500], scores[:500], k=K)
    np.testing.assert_allclose(ours.ndcg.mean(), theirs)
    row(
        "ranking",
        f"nDCG@10 (ours: all six), dense scores, {len(scores):,} x {LENGTH}",
        lambda: evaluate.from_scores(scores, gains, k=K),
        {"scikit-learn ndcg_score": lambda: ndcg_score(gains, scores, k=K)},
        repeat,
        bar=15,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=100_000)
    n_queries = parser.parse_args().queries
    warnings.filterwarnings("ignore")  # numba, about its own casts
    rng = np.random.default_rng(0)
    case = lists(n_queries, rng)
    scores = -np.sort(-rng.random((n_queries, LENGTH)), axis=1)
    shuffled = rng.permuted(np.arange(LENGTH))  # the best is not always first
    case = case[0][:, shuffled], *case[1:]
    print("work | ours ms | peer ms | ratio | bar")
    from_arrays(*case)
    dense(rng.permuted(scores, axis=1), rng, repeat=3)
    mixed = scores[:, shuffled]
    from_tables(*case, mixed, repeat=3)
    from_dicts(*case, mixed, repeat=3)
