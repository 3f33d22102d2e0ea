"""Sizing: each expectation is the arithmetic of a whiteboard."""

import inspect
import json
from math import exp, inf, log, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import capacity

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

# the calculator's script is held to the same file by test_calculator.py
VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "capacity.json").read_text("utf-8")
)
FUNCTIONS = {
    name: function
    for name, function in inspect.getmembers(capacity, inspect.isfunction)
    if not name.startswith("_")
}


def test_by_hand():
    assert capacity.requests_per_second(
        daily_users=10e6, requests_per_user_day=8, peak_factor=2.5
    ) == pytest.approx(10e6 * 8 / (24 * 60 * 60) * 2.5)
    assert capacity.storage_gib(
        rows=1e9, bytes_per_row=100, copies=3
    ) == pytest.approx(1e9 * 100 * 3 / 1024**3)
    assert capacity.index_memory_gib(
        vectors=1e8,
        dimensions=64,
        bytes_per_value=4,
        overhead_bytes_per_vector=8 * 32,
    ) == pytest.approx(1e8 * (64 * 4 + 8 * 32) / 1024**3)
    assert capacity.bandwidth_mbit_per_s(
        requests_per_second=3000, bytes_per_request=20_000
    ) == pytest.approx(3000 * 20_000 * 8 / 1_000_000)
    assert capacity.monthly_cost_usd(
        machines=12, usd_per_machine_hour=0.25
    ) == pytest.approx(12 * 0.25 * 365 * 24 / 12)
    assert capacity.cost_usd_per_thousand_requests(
        machines=12, usd_per_machine_hour=0.25, average_requests_per_second=50
    ) == pytest.approx(12 * 0.25 / (50 * 3600) * 1000)
    assert capacity.qps_per_machine(
        cores=32, cpu_ms_per_request=5
    ) == pytest.approx(32 / 0.005)
    assert capacity.training_hours(
        examples=1e9,
        flops_per_example=6e10,
        accelerators=8,
        sustained_flops_per_s=3e13,
    ) == pytest.approx(1e9 * 6e10 / (8 * 3e13) / (60 * 60))
    assert capacity.training_cost_usd(
        accelerators=8, hours=70, usd_per_accelerator_hour=4
    ) == pytest.approx(8 * 70 * 4)
    assert capacity.concurrent_requests(
        requests_per_second=1200, latency_ms=250
    ) == pytest.approx(1200 * 0.25)


@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_vectors(number):
    vector = VECTORS[number]
    function, given = FUNCTIONS[vector["function"]], vector["arguments"]
    if "error" in vector:
        with pytest.raises(ValueError) as raised:
            function(**given)
        assert str(raised.value) == vector["error"]
    else:
        assert function(**given) == pytest.approx(vector["expected"])


def test_vectors_are_arithmetic_and_name_every_function():
    for vector in VECTORS:
        if "expected" in vector:
            worked = eval(vector["arithmetic"], {"__builtins__": {}})
            assert worked == pytest.approx(vector["expected"]), vector
    for kind in ("expected", "error"):
        assert {v["function"] for v in VECTORS if kind in v} == set(FUNCTIONS)


@pytest.mark.parametrize(
    "memory, each, share, expected",
    [
        (100, 64, 0.5, 4),
        (96, 64, 0.5, 3),  # exactly full
        (96.1, 64, 0.5, 4),
        (0, 64, 0.5, 0),
        (2.1, 1, 0.7, 3),  # 2.1 / 0.7 is 3.0000000000000004
    ],
)
def test_machines_for_memory_by_hand(memory, each, share, expected):
    got = capacity.machines_for_memory(
        memory_gib=memory, memory_gib_per_machine=each, usable_share=share
    )
    assert got == expected and isinstance(got, int)


@pytest.mark.parametrize(
    "flops, spare, expected",
    [
        (6e9, 0, 20),  # 1,000 * 6 GFLOP / (500 GFLOP/s * 0.6)
        (6.01e9, 0, 21),
        (6e9, 2, 22),
        (0, 1, 1),
    ],
)
def test_accelerators_by_hand(flops, spare, expected):
    got = capacity.accelerators(
        peak_qps=1000,
        flops_per_request=flops,
        sustained_flops_per_s=5e11,
        utilisation=0.6,
        spare=spare,
    )
    assert got == expected and isinstance(got, int)


@STEADY
@given(st.floats(0.1, 1e5), st.floats(1, 1e12), st.floats(0.05, 1))
def test_accelerators_are_machines_that_count_operations(qps, flops, share):
    got = capacity.accelerators(
        peak_qps=qps,
        flops_per_request=flops,
        sustained_flops_per_s=1e13,
        utilisation=share,
    )
    each = 1e13 / flops
    same = capacity.machines(
        peak_qps=qps, qps_per_machine=each, utilisation=share
    )
    assert abs(got - same) <= 1  # where the two quotients round apart


def test_queueing_by_hand():
    def wait(utilisation):
        return capacity.queueing_delay_ms(
            service_ms=10, utilisation=utilisation
        )

    assert wait(0) == 0
    assert wait(0.5) == pytest.approx(10)  # as long as the work itself
    assert wait(0.9) == pytest.approx(9 * 10)

    def within(quantile, utilisation=0.5):
        return capacity.response_quantile_ms(
            service_ms=10, utilisation=utilisation, quantile=quantile
        )

    assert within(0) == 0
    assert within(0.5) == pytest.approx(20 * log(2))
    assert within(0.99) == pytest.approx(20 * log(100))
    # an exponential distribution exceeds its mean with probability 1 / e
    mean = 10 + wait(0.8)
    assert within(1 - exp(-1), 0.8) == pytest.approx(mean)


@STEADY
@given(st.floats(0, 0.99), st.floats(0.001, 1e4))
def test_waiting_obeys_littles_law(utilisation, service):
    """Mean number in an M/M/1 queue: u / (1 - u), whatever the service."""
    mean = service + capacity.queueing_delay_ms(
        service_ms=service, utilisation=utilisation
    )
    inside = capacity.concurrent_requests(
        requests_per_second=utilisation / service * 1000, latency_ms=mean
    )
    assert inside == pytest.approx(utilisation / (1 - utilisation))


def test_queueing_agrees_with_a_simulated_queue():
    rng = np.random.default_rng(0)
    n, service, utilisation = 400_000, 5.0, 0.7
    work = rng.exponential(service, n)
    arrive = rng.exponential(service / utilisation, n).cumsum()
    free, done = 0.0, np.empty(n)
    for i in range(n):  # one server, first come first served
        free = max(free, arrive[i]) + work[i]
        done[i] = free
    spent = done - arrive
    wait = capacity.queueing_delay_ms(
        service_ms=service, utilisation=utilisation
    )
    assert (spent - work).mean() == pytest.approx(wait, rel=0.05)
    tail = capacity.response_quantile_ms(
        service_ms=service, utilisation=utilisation, quantile=0.99
    )
    assert np.quantile(spent, 0.99) == pytest.approx(tail, rel=0.08)


@pytest.mark.parametrize(
    "peak, each, utilisation, spare, expected",
    [
        (1000, 100, 0.5, 0, 20),
        (1001, 100, 0.5, 0, 21),  # a fraction of a machine is a machine
        (1000, 100, 0.5, 2, 22),
        (0, 100, 0.5, 1, 1),
        (2.1, 1, 0.7, 0, 3),  # 2.1 / 0.7 is 3.0000000000000004
    ],
)
def test_machines_by_hand(peak, each, utilisation, spare, expected):
    got = capacity.machines(
        peak_qps=peak,
        qps_per_machine=each,
        utilisation=utilisation,
        spare=spare,
    )
    assert got == expected and isinstance(got, int)


@STEADY
@given(st.floats(0, 1e7), st.floats(0.5, 1e4), st.floats(0.05, 1))
def test_machines_are_just_enough(peak, each, utilisation):
    n = capacity.machines(
        peak_qps=peak, qps_per_machine=each, utilisation=utilisation
    )
    carried = each * utilisation
    assert n * carried >= peak - 1e-6 * carried
    assert (n - 1) * carried < peak or n == 0


def test_fan_out_tail_by_hand():
    assert capacity.fan_out_tail(shards=1, slow_share=0.01) == pytest.approx(
        0.01
    )
    two = capacity.fan_out_tail(shards=2, slow_share=0.1)
    assert two == pytest.approx(0.1 + 0.1 - 0.1 * 0.1)
    assert capacity.fan_out_tail(shards=100, slow_share=0) == 0
    assert capacity.fan_out_tail(shards=3, slow_share=1) == 1


def test_fan_out_tail_agrees_with_drawn_shards():
    slow = np.random.default_rng(0).random((20_000, 50)) < 0.02
    got = capacity.fan_out_tail(shards=50, slow_share=0.02)
    # 20,000 trials near 0.64: standard deviation 0.0034
    assert got == pytest.approx(slow.any(axis=1).mean(), abs=0.012)


GOOD = {
    capacity.requests_per_second: {
        "daily_users": 1,
        "requests_per_user_day": 1,
        "peak_factor": 1,
    },
    capacity.storage_gib: {"rows": 1, "bytes_per_row": 1, "copies": 1},
    capacity.index_memory_gib: {
        "vectors": 1,
        "dimensions": 1,
        "bytes_per_value": 1,
        "overhead_bytes_per_vector": 1,
    },
    capacity.machines: {
        "peak_qps": 1,
        "qps_per_machine": 1,
        "utilisation": 1,
        "spare": 1,
    },
    capacity.bandwidth_mbit_per_s: {
        "requests_per_second": 1,
        "bytes_per_request": 1,
    },
    capacity.monthly_cost_usd: {"machines": 1, "usd_per_machine_hour": 1},
    capacity.cost_usd_per_thousand_requests: {
        "machines": 1,
        "usd_per_machine_hour": 1,
        "average_requests_per_second": 1,
    },
    capacity.fan_out_tail: {"shards": 1, "slow_share": 1},
    capacity.qps_per_machine: {"cores": 1, "cpu_ms_per_request": 1},
    capacity.machines_for_memory: {
        "memory_gib": 1,
        "memory_gib_per_machine": 1,
        "usable_share": 1,
    },
    capacity.accelerators: {
        "peak_qps": 1,
        "flops_per_request": 1,
        "sustained_flops_per_s": 1,
        "utilisation": 1,
        "spare": 1,
    },
    capacity.training_hours: {
        "examples": 1,
        "flops_per_example": 1,
        "accelerators": 1,
        "sustained_flops_per_s": 1,
    },
    capacity.training_cost_usd: {
        "accelerators": 1,
        "hours": 1,
        "usd_per_accelerator_hour": 1,
    },
    capacity.concurrent_requests: {"requests_per_second": 1, "latency_ms": 1},
    capacity.queueing_delay_ms: {"service_ms": 1, "utilisation": 0.5},
    capacity.response_quantile_ms: {
        "service_ms": 1,
        "utilisation": 0.5,
        "quantile": 0.5,
    },
}


def test_refusals_are_tried_on_every_function():
    assert set(GOOD) == set(FUNCTIONS.values())


@pytest.mark.parametrize("bad", [-1, nan, inf])
@pytest.mark.parametrize(
    "function, name",
    [(function, name) for function, good in GOOD.items() for name in good],
)
def test_refuses_negative_and_not_finite(function, name, bad):
    with pytest.raises(ValueError, match=f"{name} must be .*got {bad}"):
        function(**(GOOD[function] | {name: bad}))


@pytest.mark.parametrize(
    "function, name, bad",
    [
        (capacity.requests_per_second, "peak_factor", 0.9),
        (capacity.storage_gib, "copies", 0),
        (capacity.machines, "utilisation", 0),
        (capacity.machines, "utilisation", 1.01),
        (capacity.machines, "qps_per_machine", 0),
        (
            capacity.cost_usd_per_thousand_requests,
            "average_requests_per_second",
            0,
        ),
        (capacity.fan_out_tail, "shards", 0),
        (capacity.fan_out_tail, "slow_share", 1.01),
        (capacity.qps_per_machine, "cpu_ms_per_request", 0),
        (capacity.machines_for_memory, "memory_gib_per_machine", 0),
        (capacity.machines_for_memory, "usable_share", 0),
        (capacity.machines_for_memory, "usable_share", 1.01),
        (capacity.accelerators, "sustained_flops_per_s", 0),
        (capacity.accelerators, "utilisation", 0),
        (capacity.accelerators, "utilisation", 1.01),
        (capacity.training_hours, "accelerators", 0),
        (capacity.training_hours, "sustained_flops_per_s", 0),
        (capacity.queueing_delay_ms, "utilisation", 1),
        (capacity.response_quantile_ms, "utilisation", 1),
        (capacity.response_quantile_ms, "quantile", 1),
    ],
)
def test_refuses_what_makes_no_sense(function, name, bad):
    with pytest.raises(ValueError, match=f"{name} must be .*got {bad}"):
        function(**(GOOD[function] | {name: bad}))


def test_refuses_what_is_beyond_reckoning():
    with pytest.raises(ValueError, match=r"hours of 1e\+61 is beyond"):
        capacity.training_cost_usd(
            accelerators=8, hours=1e61, usd_per_accelerator_hour=4
        )
