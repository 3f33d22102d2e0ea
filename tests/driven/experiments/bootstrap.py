"""Cases of utils.experiments.bootstrap."""

from tests.driven import case
from utils.experiments import bootstrap

BLOCK = "a building block: takes what was checked before"
EXEMPT = {
    "experiments.bootstrap.draws": BLOCK,
    "experiments.bootstrap.percentiles": BLOCK,
    "experiments.bootstrap.check_options": BLOCK,
}


def interval(got, given):
    assert not got.low > got.high
    assert got.n >= 0 and got.dropped >= 0


case(
    bootstrap.paired_interval,
    lambda rng: {"a": rng.normal(size=6), "b": rng.normal(size=6),
                 "level": 0.9, "resamples": 100, "rng": rng},
    interval,
    nan="a b",
)  # fmt: skip

case(
    bootstrap.ratio_interval,
    lambda rng: {
        "numerator": rng.normal(size=6), "denominator": rng.random(6),
        "level": 0.9, "resamples": 100, "rng": rng,
    },
    interval,
    nan="numerator denominator",
)  # fmt: skip
