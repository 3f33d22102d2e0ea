"""Cases of utils.serving.pipeline."""

from tests.driven import case, finite
from utils.serving import pipeline

EXEMPT = {
    "serving.pipeline.StageError": "an error",
}


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
