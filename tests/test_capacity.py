"""Sizing: each expectation is the arithmetic of a whiteboard."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import capacity

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


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
}


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
    ],
)
def test_refuses_what_makes_no_sense(function, name, bad):
    with pytest.raises(ValueError, match=f"{name} must be .*got {bad}"):
        function(**(GOOD[function] | {name: bad}))
