"""Cases of utils.experiments.offpolicy."""

import numpy as np

from tests.driven import case, finite, within
from utils.experiments import offpolicy

case(
    offpolicy.importance_weights,
    lambda rng: {
        "target": rng.random(4), "logged": rng.random(4) * 0.9 + 0.1,
        "clip": 5.0,
    },
    within(0, np.finfo(float).max, nan=False),
    inf="clip",
)  # fmt: skip

case(
    offpolicy.effective_sample_size,
    lambda rng: {"weights": rng.random(5)},
    within(0, 1e9),
)


def logged(rng, **more):
    return {
        "rewards": rng.random(5), "weights": rng.random(5), "level": 0.9,
        **more,
    }  # fmt: skip


def estimated(got, given):
    assert not got.low > got.high
    assert not np.isinf(got).any()


for function in (offpolicy.ips, offpolicy.snips):
    case(function, logged, estimated)

case(
    offpolicy.doubly_robust,
    lambda rng: logged(rng, predicted=rng.random(5), expected=rng.random(5)),
    estimated,
)


def model(rng, **more):
    return {
        "predicted": rng.random((4, 3)),
        "target": rng.dirichlet(np.ones(3), 4),
        **more,
    }


case(offpolicy.direct_method, lambda rng: model(rng, level=0.9), estimated)

case(offpolicy.policy_value, model, finite)
