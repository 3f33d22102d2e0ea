"""Sizes, features, re-ranking, auctions and the pipeline that serves."""

import inspect

import numpy as np

from tests.driven import case, finite, within
from utils import auction, capacity, features, rerank
from utils.serving import pipeline

EXEMPT = {
    "serving.pipeline.StageError": "an error",
}
AT_LEAST_1 = {"shards": 3.0, "peak_factor": 2.0, "copies": 2.0}


def sized(function):
    """Arguments of a calculation of sizes: they are named in it."""
    names = list(inspect.signature(function).parameters)
    return lambda rng: {name: AT_LEAST_1.get(name, 0.5) for name in names}


for name, function in inspect.getmembers(capacity, inspect.isfunction):
    if not name.startswith("_") and function.__module__ == capacity.__name__:
        case(function, sized(function), within(0, np.inf, nan=False))


def keyed(rng, **more):
    return {"key": rng.integers(0, 3, 6), "values": rng.normal(size=6),
            **more}  # fmt: skip


case(
    features.sums_before,
    lambda rng: keyed(rng, moment=rng.integers(0, 3, 6).astype(float)),
    finite,
    inf="moment",
)
case(
    features.sums_before,
    lambda rng: keyed(
        rng,
        moment=rng.integers(0, 3, 6).astype(float),
        reported=rng.choice([3.0, 4.0, np.nan], 6),
    ),
    finite,
    nan="reported",
    inf="moment reported",
)
case(features.totals, lambda rng: keyed(rng, size=3), finite)
case(
    features.smoothed_rate,
    lambda rng: {"successes": rng.integers(0, 3, 4), "prior": 0.2,
                 "weight": 5.0, "trials": rng.integers(3, 9, 4)},
    finite,
)  # fmt: skip
case(
    features.hashed,
    lambda rng: {"columns": rng.integers(0, 9, (4, 2)), "buckets": 10},
    lambda got, given: within(0, given["buckets"] - 1, nan=False)(got, given),
)


def candidates(rng, **more):
    return {
        "relevance": rng.random((2, 5)), "k": 3, "trade_off": 0.6,
        "vectors": rng.normal(size=(2, 5, 3)), **more,
    }  # fmt: skip


def places(got, given):
    queries, n = np.shape(given["relevance"])
    assert got.shape == (queries, given["k"])
    assert ((got >= -1) & (got < n)).all()
    for row in got:
        chosen = row[row >= 0]
        assert len(set(chosen)) == len(chosen)


case(rerank.mmr, candidates, places, inf="relevance")
case(
    rerank.dpp,
    lambda rng: candidates(rng, similarity_scale=0.9),
    places,
    inf="relevance",
)


def sold(got, given):
    within(-1, np.shape(given["bids"])[-1] - 1, nan=False)(got.winner, given)
    within(0, np.finfo(float).max, nan=False)(got.price, given)
    assert not got.price[got.winner < 0].any()


case(
    auction.generalised_second_price,
    lambda rng: {
        "bids": rng.random((2, 4)).round(1),
        "click_probabilities": rng.random((2, 4)).round(1) + 0.1, "slots": 2,
        "reserve": 0.1, "participating": rng.random((2, 4)) > 0.2,
    },
    sold,
)  # fmt: skip
case(
    auction.throttling,
    lambda rng: {"spend": rng.random(4) * 9, "budget": rng.random(4) * 5},
    within(0, 1, nan=False),
)


def served(names, budgets, down, requests):
    """A pipeline of stages that add one; measured."""
    stages = [
        pipeline.Stage(
            name, lambda x: x + 1, budget_ms=budget, fallback=lambda x: x
        )
        for name, budget in zip(names, budgets, strict=True)
    ]
    line = pipeline.Pipeline(stages).without(*down)
    return pipeline.measure(line, requests)


case(
    served,
    lambda rng: {"names": ["a", "b"], "budgets": [1.0, 2.0], "down": ["b"],
                 "requests": [1, 2, 3]},
    lambda got, given: finite(got.to_numpy(), given),
    covers=(pipeline.Pipeline, pipeline.measure),
    nan="requests", inf="requests budgets",
)  # fmt: skip
