"""Cases of utils.metrics.evaluate."""

import numpy as np

from tests.driven import case, share
from tests.driven.metrics import qrels_table, ranked, run_table
from utils.metrics import evaluate


def six(got, given):
    got.means()
    share([getattr(got, name) for name in (
        "precision", "recall", "hit_rate", "reciprocal_rank",
        "average_precision", "ndcg",
    )], given)  # fmt: skip


case(evaluate.from_gains, ranked(n_relevant=None), six)

case(
    evaluate.from_scores,
    lambda rng: {
        "scores": rng.integers(0, 3, (2, 5)).astype(float),
        "gains": rng.integers(0, 3, (2, 5)).astype(float),
        "k": 3,
    },
    six,
    inf="scores",
)

case(
    evaluate.from_ids,
    lambda rng: {
        "ranked_ids": np.array([rng.permutation(5), [1, 2, 0, -1, -1]]),
        "judged_ids": np.array([0, 3, 9, 2, 1]),
        "counts": np.array([3, 2]),
        "gains": rng.integers(0, 3, 5).astype(float),
        "k": 3,
    },
    six,
)

case(
    evaluate.from_dicts,
    lambda rng: {
        "run": {"p": {"a": 0.5, "b": 0.1}, "q": {"a": 0.2}},
        "qrels": {"p": {"a": 1.0, "c": 2.0}, "q": {"b": 0.0}},
        "k": 2,
    },
    six,
    inf="run",
    nan="run",  # of queries that nobody judged
)

case(
    evaluate.from_tables,
    lambda rng: {"run": run_table(rng), "qrels": qrels_table(rng), "k": 2},
    six,
    inf="run",
)
