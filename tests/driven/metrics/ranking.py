"""Cases of utils.metrics.ranking."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.metrics import ranked
from utils.metrics import ranking

case(
    ranking.exponential_gains,
    lambda rng: {"grades": rng.integers(0, 4, 5)},
    within(0, np.inf, nan=False),
)

case(ranking.ndcg_at_k, ranked(n_relevant=None), share)

for function in (
    ranking.recall_at_k,
    ranking.average_precision_at_k,
    ranking.f1_at_k,
):
    case(function, ranked(judged=None), share)

case(ranking.r_precision, ranked(judged=None, k=None), share)

for function in (
    ranking.precision_at_k,
    ranking.hit_rate_at_k,
    ranking.reciprocal_rank,
):
    case(function, ranked(judged=None, n_relevant=None), share)

case(
    ranking.expected_reciprocal_rank_at_k,
    ranked(judged=None, n_relevant=None, max_grade=3.0),
    share,
)

case(
    ranking.rank_biased_precision_at_k,
    ranked(judged=None, n_relevant=None, persistence=0.5),
    share,
)

case(
    ranking.bpref,
    lambda rng: {
        "judgements": rng.integers(-1, 3, (2, 5)),
        "n_relevant": np.array([5, 6]),
        "n_nonrelevant": np.array([5, 7]),
    },
    share,
)
