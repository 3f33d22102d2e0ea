"""Experiments and monitoring: two samples, policies, looks, charts."""

import numpy as np

from tests.driven import case, finite, within
from utils.experiments import (
    ab,
    bandits,
    bootstrap,
    checks,
    cuped,
    interleaving,
    multiple,
    offpolicy,
    power,
    sequential,
    sweeps,
)
from utils.monitoring import alarms, drift, mmd

BLOCK = "a building block: takes what was checked before"
EXEMPT = {
    f"experiments.bootstrap.{name}": BLOCK
    for name in ("draws", "percentiles", "check_options")
}
share = within(0, 1)


def arms(rng, /, **more):
    return {
        "control": rng.normal(size=6), "treatment": rng.normal(size=8),
        **more,
    }  # fmt: skip


def tested(got, given):
    """An interval around the difference, and a p-value."""
    share(got.p_value, given)
    assert not got.low > got.high and not np.isnan(got.difference)


for function in (checks.check_sizes, checks.check_denominators):
    case(
        function,
        lambda rng: {"name": "x", "values": rng.random(4)},
        keep="name",
        inf="values" if function is checks.check_denominators else "",
    )
case(ab.welch, lambda rng: arms(rng, level=0.9), tested)
case(
    ab.two_proportions,
    lambda rng: {"control": (3, 10), "treatment": (5, 12), "level": 0.9},
    tested,
)
case(
    ab.ratio_of_sums,
    lambda rng: {
        "control": rng.integers(0, 5, (6, 2)) + 1.0,
        "treatment": rng.integers(0, 5, (7, 2)) + 1.0,
        "level": 0.9,
    },
    tested,
)
case(
    ab.sample_ratio_mismatch,
    lambda rng: {
        "counts": rng.integers(1, 90, 2),
        "shares": np.array([0.5, 0.5]),
    },
    within(0, 1, nan=False),
)


def pulled(rng, /, **more):
    pulls = rng.integers(0, 9, (2, 3))
    return {"pulls": pulls, "rewards": pulls * rng.random((2, 3)), **more}


def chosen(got, given):
    arms = np.shape(given["pulls"])[-1]
    within(0, arms - 1, nan=False)(got, given)


case(
    bandits.epsilon_greedy,
    lambda rng: pulled(rng, epsilon=0.3, rng=rng),
    chosen,
)
case(bandits.ucb1, pulled, chosen)
case(bandits.thompson, lambda rng: pulled(rng, rng=rng), chosen)
case(
    lambda means, steps, replicates, rng: bandits.simulate(
        bandits.ucb1, means, steps=steps, replicates=replicates, rng=rng
    ),
    lambda rng: {"means": rng.random(3), "steps": 3, "replicates": 2,
                 "rng": rng},
    finite,
    covers=(bandits.simulate,),
)  # fmt: skip


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
case(
    cuped.adjust,
    lambda rng: arms(
        rng,
        control_before=rng.normal(size=6),
        treatment_before=rng.normal(size=8),
    ),
    lambda got, given: (finite(got[:3], given), share(got[3], given)),
)
case(
    interleaving.team_draft,
    lambda rng: {
        "a": np.array([rng.permutation(5) for _ in range(2)]),
        "b": np.array([rng.permutation(5) for _ in range(2)]),
        "k": 3,
        "rng": rng,
    },
)
case(
    interleaving.credit,
    lambda rng: {
        "clicks": rng.integers(0, 2, (2, 3)),
        "teams": rng.choice([-1, 1], (2, 3)),
    },
    finite,
)
case(
    interleaving.preference,
    lambda rng: {"credit": rng.integers(-2, 3, 6), "level": 0.9},
    lambda got, given: share(got[:4], given),
)
for function in (multiple.holm, multiple.benjamini_hochberg):
    case(function, lambda rng: {"p_values": rng.random((2, 4))}, share)

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

case(
    power.power_of_welch,
    lambda rng: {"effect": 0.5, "sd": 1.0, "n_per_arm": 20, "alpha": 0.1},
    within(0, 1, nan=False),
)
case(
    power.sample_size_per_arm,
    lambda rng: {"effect": 0.5, "sd": 1.0, "power": 0.7, "alpha": 0.1},
    within(2, 1e300, nan=False),
)
case(
    power.power_of_two_proportions,
    lambda rng: {"control": 0.1, "treatment": 0.2, "n_per_arm": 20,
                 "alpha": 0.1},
    within(0, 1, nan=False),
)  # fmt: skip
case(
    power.sample_size_two_proportions,
    lambda rng: {"control": 0.1, "treatment": 0.2, "power": 0.7,
                 "alpha": 0.1},
    within(1, 1e300, nan=False),
)  # fmt: skip
case(
    power.minimum_detectable_effect,
    lambda rng: {"sd": 1.0, "n_per_arm": 20, "power": 0.7, "alpha": 0.1},
    within(0, 1e308, nan=False),
)

case(
    sequential.running_difference,
    lambda rng: {"control": rng.normal(size=5),
                 "treatment": rng.normal(size=5)},
    lambda got, given: (finite(got[0], given), within(0, 1e308)(got[1], {})),
)  # fmt: skip
case(
    sequential.always_valid,
    lambda rng: {
        "difference": rng.normal(size=4), "variance": rng.random(4),
        "scale": 1.0, "level": 0.9,
    },
    lambda got, given: share(got.p_value, given),
    nan="variance",
)  # fmt: skip
case(
    sweeps.crossing,
    lambda rng: {"knob": np.arange(5.0), "difference": rng.normal(size=5)},
    lambda got, given: (
        within(*given["knob"][[0, -1]])(got, given)
        if len(given["knob"])
        else within(0, 0)(got, given)
    ),
)

case(
    alarms.standardised,
    lambda rng: {"series": rng.normal(size=(2, 4)), "mean": 0.0, "sd": 1.0},
    finite,
)
case(
    alarms.lower_cusum,
    lambda rng: {"z": rng.normal(size=(2, 4)), "slack": 0.5},
    within(0, 1e308, nan=False),
)
case(
    alarms.control_limit,
    lambda rng: {"chart": rng.normal(size=(9, 4)), "false_alarm_rate": 0.3},
    finite,
)
case(
    alarms.alarm_report,
    lambda rng: {"chart": rng.normal(size=(5, 4)), "limit": 1.0,
                 "change_at": 2},
    lambda got, given: share(got[:2], given),
    inf="limit",
)  # fmt: skip
case(
    alarms.trial,
    lambda rng: {
        "calibration": rng.normal(size=(9, 4)),
        "in_control": rng.normal(size=(3, 4)),
        "out_of_control": rng.normal(size=(5, 4)),
        "change_at": 2, "slack": 0.5,
        "false_alarm_rate": 0.3,
    },
    lambda got, given: share(got[1:3], given),
)  # fmt: skip

case(
    drift.quantile_edges,
    lambda rng: {"reference": rng.normal(size=9), "bins": 3},
    finite,
)
case(
    drift.bin_counts,
    lambda rng: {"values": rng.normal(size=9),
                 "edges": np.sort(rng.normal(size=2))},
    within(0, 9, nan=False),
)  # fmt: skip
case(
    drift.psi,
    lambda rng: {"reference": rng.integers(0, 9, (2, 3)),
                 "current": rng.integers(0, 9, (2, 3)), "smoothing": 0.5},
    within(0, np.inf),
)  # fmt: skip
case(
    drift.psi_limit,
    lambda rng: {"n_reference": 90, "n_current": 80, "bins": 5,
                 "false_alarm_rate": 0.1},
    within(0, 1e308, nan=False),
)  # fmt: skip
case(
    drift.chi_square,
    lambda rng: {"reference": rng.integers(0, 9, 4),
                 "current": rng.integers(0, 9, 4)},
    lambda got, given: share(got.p_value, given),
)  # fmt: skip
case(
    drift.kolmogorov_smirnov,
    lambda rng: {"reference": rng.normal(size=9).round(1),
                 "current": rng.normal(size=7).round(1)},
    within(0, 1, nan=False),
)  # fmt: skip
case(
    mmd.median_distance,
    lambda rng: {"points": rng.normal(size=(5, 2))},
    within(0, 1e308, nan=False),
)
case(
    mmd.mmd,
    lambda rng: {
        "reference": rng.normal(size=(5, 2)), "bandwidth": 1.0,
        "current": rng.normal(size=(4, 2)), "permutations": 5, "rng": rng,
    },
    lambda got, given: within(0, 1, nan=False)(got.p_value, given),
)  # fmt: skip
case(
    drift.calibration_drift,
    lambda rng: {"predicted": rng.random(4) * 9,
                 "observed": rng.integers(0, 9, 4), "level": 0.9},
    within(0, np.inf),
)  # fmt: skip
