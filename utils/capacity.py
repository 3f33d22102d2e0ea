"""From users to requests, machines and money: arithmetic with units.

Arguments are keyword-only, and each name carries its unit. GiB are 2^30
bytes, Mbit are 10^6 bits, a month has 730 hours. These are estimates for a
whiteboard; a measurement of the real system replaces them.
"""

from __future__ import annotations

import math

SECONDS_PER_DAY = 86_400
HOURS_PER_MONTH = 730  # 365 * 24 / 12
BYTES_PER_GIB = 2**30


def requests_per_second(
    *, daily_users: float, requests_per_user_day: float, peak_factor: float
) -> float:
    """Requests per second at the peak.

    Args:
        daily_users: users on a day.
        requests_per_user_day: requests of one user on that day.
        peak_factor: busiest second over the average one, at least 1; with
            1 the result is the average.

    Returns:
        daily_users * requests_per_user_day / 86,400 s * peak_factor.

    Raises:
        ValueError: a value negative or not finite; peak_factor < 1.

    >>> requests_per_second(
    ...     daily_users=86_400, requests_per_user_day=10, peak_factor=3)
    30.0
    """
    _check(
        daily_users=daily_users, requests_per_user_day=requests_per_user_day
    )
    if not 1 <= peak_factor < math.inf:
        raise ValueError(f"peak_factor must be at least 1, got {peak_factor}")
    average = daily_users * requests_per_user_day / SECONDS_PER_DAY
    return average * peak_factor


def storage_gib(
    *, rows: float, bytes_per_row: float, copies: float = 1
) -> float:
    """Storage of a table, in GiB.

    Args:
        rows: rows kept.
        bytes_per_row: average size of a row, compression included.
        copies: replicas, at least 1.

    Returns:
        rows * bytes_per_row * copies / 2^30.

    Raises:
        ValueError: a value negative or not finite; copies < 1.

    >>> storage_gib(rows=2**20, bytes_per_row=2**10, copies=3)
    3.0
    """
    _check(rows=rows, bytes_per_row=bytes_per_row)
    if not 1 <= copies < math.inf:
        raise ValueError(f"copies must be at least 1, got {copies}")
    return rows * bytes_per_row * copies / BYTES_PER_GIB


def index_memory_gib(
    *,
    vectors: float,
    dimensions: float,
    bytes_per_value: float,
    overhead_bytes_per_vector: float = 0,
) -> float:
    """Memory of a vector index, in GiB.

    Args:
        vectors: how many are indexed.
        dimensions: values per vector.
        bytes_per_value: 4 for float32, 1 for int8; fractions for codes.
        overhead_bytes_per_vector: ids and links; an HNSW graph with M
            links keeps about 8 M bytes.

    Returns:
        vectors * (dimensions * bytes_per_value + overhead) / 2^30.

    Raises:
        ValueError: a value negative or not finite.

    >>> index_memory_gib(vectors=2**20, dimensions=256, bytes_per_value=4)
    1.0
    """
    _check(
        vectors=vectors,
        dimensions=dimensions,
        bytes_per_value=bytes_per_value,
        overhead_bytes_per_vector=overhead_bytes_per_vector,
    )
    per_vector = dimensions * bytes_per_value + overhead_bytes_per_vector
    return vectors * per_vector / BYTES_PER_GIB if vectors else 0.0


def machines(
    *,
    peak_qps: float,
    qps_per_machine: float,
    utilisation: float = 0.6,
    spare: int = 0,
) -> int:
    """Machines that carry the peak.

    Args:
        peak_qps: requests per second at the peak.
        qps_per_machine: what one machine carries flat out, measured.
        utilisation: share of that one dares to use, in (0, 1]; queues
            grow without bound as it nears 1.
        spare: machines beyond the load, so that as many may fail.

    Returns:
        peak_qps / (qps_per_machine * utilisation), rounded up, + spare.

    Raises:
        ValueError: a value negative or not finite; qps_per_machine 0;
            utilisation outside (0, 1].

    >>> machines(peak_qps=1000, qps_per_machine=100, utilisation=0.5, spare=2)
    22
    """
    _check(peak_qps=peak_qps, qps_per_machine=qps_per_machine, spare=spare)
    _check_above_0(qps_per_machine=qps_per_machine)
    _check_share(utilisation=utilisation)
    return _whole(peak_qps, qps_per_machine * utilisation) + spare


def qps_per_machine(*, cores: float, cpu_ms_per_request: float) -> float:
    """Requests per second of one machine whose cores are all busy.

    Args:
        cores: that work on requests; they do not wait for each other.
        cpu_ms_per_request: time of one core that a request takes, waiting
            for others left out; above 0.

    Returns:
        cores * 1,000 ms / cpu_ms_per_request.

    Raises:
        ValueError: a value negative or not finite; cpu_ms_per_request 0.

    >>> qps_per_machine(cores=16, cpu_ms_per_request=20)
    800.0
    """
    _check(cores=cores, cpu_ms_per_request=cpu_ms_per_request)
    _check_above_0(cpu_ms_per_request=cpu_ms_per_request)
    return cores * 1000 / cpu_ms_per_request


def machines_for_memory(
    *,
    memory_gib: float,
    memory_gib_per_machine: float,
    usable_share: float = 0.7,
) -> int:
    """Machines that hold a sharded index in memory.

    Args:
        memory_gib: all of it, one copy.
        memory_gib_per_machine: of one machine or accelerator, above 0.
        usable_share: of that memory, in (0, 1]; the rest is for the system,
            the requests and the growth until the next order.

    Returns:
        memory_gib / (memory_gib_per_machine * usable_share), rounded up.

    Raises:
        ValueError: a value negative or not finite; memory_gib_per_machine
            0; usable_share outside (0, 1].

    >>> machines_for_memory(
    ...     memory_gib=100, memory_gib_per_machine=64, usable_share=0.5)
    4
    """
    _check(
        memory_gib=memory_gib, memory_gib_per_machine=memory_gib_per_machine
    )
    _check_above_0(memory_gib_per_machine=memory_gib_per_machine)
    _check_share(usable_share=usable_share)
    return _whole(memory_gib, memory_gib_per_machine * usable_share)


def accelerators(
    *,
    peak_qps: float,
    flops_per_request: float,
    sustained_flops_per_s: float,
    utilisation: float = 0.6,
    spare: int = 0,
) -> int:
    """Accelerators that carry the arithmetic of the peak.

    Args:
        peak_qps: requests per second at the peak.
        flops_per_request: floating-point operations of one request; a
            multiplication and an addition count as two.
        sustained_flops_per_s: of one accelerator at the batch size that the
            latency allows, measured; a part of what its data sheet says.
        utilisation: share of that one dares to use, in (0, 1].
        spare: accelerators beyond the load, so that as many may fail.

    Returns:
        peak_qps * flops_per_request / (sustained_flops_per_s * utilisation),
        rounded up, + spare. Whether the model fits into their memory is
        another question: see `machines_for_memory`.

    Raises:
        ValueError: a value negative or not finite; sustained_flops_per_s 0;
            utilisation outside (0, 1].

    >>> accelerators(peak_qps=1000, flops_per_request=3e9,
    ...     sustained_flops_per_s=1e12, utilisation=0.5, spare=1)
    7
    """
    _check(
        peak_qps=peak_qps,
        flops_per_request=flops_per_request,
        sustained_flops_per_s=sustained_flops_per_s,
        spare=spare,
    )
    _check_above_0(sustained_flops_per_s=sustained_flops_per_s)
    _check_share(utilisation=utilisation)
    flops_per_s = peak_qps * flops_per_request
    return _whole(flops_per_s, sustained_flops_per_s * utilisation) + spare


def training_hours(
    *,
    examples: float,
    flops_per_example: float,
    accelerators: float,
    sustained_flops_per_s: float,
) -> float:
    """Hours of a training run that is bound by arithmetic.

    Args:
        examples: seen, passes over the data included.
        flops_per_example: forwards and backwards, about three times the
            forward pass alone.
        accelerators: that work together, above 0.
        sustained_flops_per_s: of each of them, above 0.

    Returns:
        examples * flops_per_example
        / (accelerators * sustained_flops_per_s) / 3,600 s.

    Raises:
        ValueError: a value negative or not finite; no accelerators or
            sustained_flops_per_s 0.

    >>> training_hours(examples=3.6e9, flops_per_example=1e6,
    ...     accelerators=2, sustained_flops_per_s=1e12)
    0.5
    """
    _check(
        examples=examples,
        flops_per_example=flops_per_example,
        accelerators=accelerators,
        sustained_flops_per_s=sustained_flops_per_s,
    )
    _check_above_0(
        accelerators=accelerators, sustained_flops_per_s=sustained_flops_per_s
    )
    flops_per_s = accelerators * sustained_flops_per_s
    _check_above_0(accelerators_times_flops=flops_per_s)  # it may underflow
    return examples * flops_per_example / flops_per_s / 3600


def training_cost_usd(
    *, accelerators: float, hours: float, usd_per_accelerator_hour: float
) -> float:
    """Cost of one training run.

    Args:
        accelerators: rented for the run.
        hours: from start to end, waiting for data included.
        usd_per_accelerator_hour: price of one for an hour.

    Returns:
        accelerators * hours * usd_per_accelerator_hour.

    Raises:
        ValueError: a value negative or not finite.

    >>> training_cost_usd(
    ...     accelerators=8, hours=2.5, usd_per_accelerator_hour=4)
    80.0
    """
    _check(
        accelerators=accelerators,
        hours=hours,
        usd_per_accelerator_hour=usd_per_accelerator_hour,
    )
    return accelerators * hours * usd_per_accelerator_hour


def concurrent_requests(
    *, requests_per_second: float, latency_ms: float
) -> float:
    """Concurrent requests on average, by Little's law.

    Args:
        requests_per_second: that arrive, and are answered.
        latency_ms: mean time from arrival to answer.

    Returns:
        requests_per_second * latency_ms / 1,000 ms.

    Raises:
        ValueError: a value negative or not finite.

    Source: Little (1961), doi:10.1287/opre.9.3.383.

    >>> concurrent_requests(requests_per_second=2000, latency_ms=100)
    200.0
    """
    _check(requests_per_second=requests_per_second, latency_ms=latency_ms)
    return requests_per_second * latency_ms / 1000


def queueing_delay_ms(*, service_ms: float, utilisation: float) -> float:
    """Mean queueing delay before one server: M/M/1.

    Args:
        service_ms: mean time of the work itself.
        utilisation: share of the time the server works, in [0, 1).

    Returns:
        service_ms * utilisation / (1 - utilisation), for requests that
        arrive independently of each other and work that is exponentially
        distributed; steadier work waits less.

    Raises:
        ValueError: service_ms negative or not finite; utilisation outside
            [0, 1).

    Source: Harchol-Balter (2013), doi:10.1017/CBO9781139226424.

    >>> queueing_delay_ms(service_ms=20, utilisation=0.75)
    60.0
    """
    _check(service_ms=service_ms)
    _check_below_1(utilisation=utilisation)
    return service_ms * utilisation / (1 - utilisation)


def response_quantile_ms(
    *, service_ms: float, utilisation: float, quantile: float
) -> float:
    """Quantile of the response time, waiting included: M/M/1.

    Args:
        service_ms: mean time of the work itself.
        utilisation: share of the time the server works, in [0, 1).
        quantile: that share, in [0, 1); 0.99 for the 99th percentile.

    Returns:
        -ln(1 - quantile) * service_ms / (1 - utilisation): in this queue
        the time from arrival to answer is exponentially distributed.

    Raises:
        ValueError: service_ms negative or not finite; utilisation or
            quantile outside [0, 1).

    Source: Harchol-Balter (2013), doi:10.1017/CBO9781139226424.

    >>> round(response_quantile_ms(
    ...     service_ms=1, utilisation=0.5, quantile=0.99), 2)
    9.21
    """
    _check(service_ms=service_ms)
    _check_below_1(utilisation=utilisation, quantile=quantile)
    return -math.log1p(-quantile) * service_ms / (1 - utilisation)


def bandwidth_mbit_per_s(
    *, requests_per_second: float, bytes_per_request: float
) -> float:
    """Network bandwidth, in Mbit/s.

    Args:
        requests_per_second: at the peak, as a rule.
        bytes_per_request: sent per request, in one direction.

    Returns:
        requests_per_second * bytes_per_request * 8 / 10^6.

    Raises:
        ValueError: a value negative or not finite.

    >>> bandwidth_mbit_per_s(requests_per_second=1000, bytes_per_request=2500)
    20.0
    """
    _check(
        requests_per_second=requests_per_second,
        bytes_per_request=bytes_per_request,
    )
    return requests_per_second * bytes_per_request * 8 / 1e6


def monthly_cost_usd(*, machines: float, usd_per_machine_hour: float) -> float:
    """Cost of machines that run all month.

    Args:
        machines: how many.
        usd_per_machine_hour: price of one for an hour.

    Returns:
        machines * usd_per_machine_hour * 730 hours.

    Raises:
        ValueError: a value negative or not finite.

    >>> monthly_cost_usd(machines=10, usd_per_machine_hour=0.5)
    3650.0
    """
    _check(machines=machines, usd_per_machine_hour=usd_per_machine_hour)
    return machines * usd_per_machine_hour * HOURS_PER_MONTH


def cost_usd_per_thousand_requests(
    *,
    machines: float,
    usd_per_machine_hour: float,
    average_requests_per_second: float,
) -> float:
    """Cost of a thousand requests.

    Args:
        machines: how many run, sized for the peak.
        usd_per_machine_hour: price of one for an hour.
        average_requests_per_second: over the day: machines are paid for at
            night too.

    Returns:
        machines * usd_per_machine_hour / 3,600 s
        / average_requests_per_second * 1,000.

    Raises:
        ValueError: a value negative or not finite; no requests.

    >>> cost_usd_per_thousand_requests(machines=36, usd_per_machine_hour=1,
    ...     average_requests_per_second=1000)
    0.01
    """
    _check(
        machines=machines,
        usd_per_machine_hour=usd_per_machine_hour,
        average_requests_per_second=average_requests_per_second,
    )
    _check_above_0(average_requests_per_second=average_requests_per_second)
    usd_per_second = machines * usd_per_machine_hour / 3600
    return usd_per_second / average_requests_per_second * 1000


def fan_out_tail(*, shards: int, slow_share: float) -> float:
    """Tail at fan-out: chance that at least one shard is slow.

    Args:
        shards: asked in parallel, all of them needed; at least 1. Taken as
            slow independently of each other.
        slow_share: share of a single shard's answers that are slow.

    Returns:
        In [0, 1]: 1 - (1 - slow_share)^shards.

    Raises:
        ValueError: shards < 1; slow_share outside [0, 1].

    Source: Dean & Barroso (2013), doi:10.1145/2408776.2408794.

    >>> round(fan_out_tail(shards=100, slow_share=0.01), 3)
    0.634
    """
    if not 1 <= shards < math.inf:
        raise ValueError(f"shards must be at least 1, got {shards}")
    if not 0 <= slow_share <= 1:
        raise ValueError(f"slow_share must be in [0, 1], got {slow_share}")
    return 1 - (1 - slow_share) ** shards


def _check(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(
                f"{name} must be finite and at least 0, got {value}"
            )
        if value > 1e60:  # four of them multiplied stay floats
            raise ValueError(
                f"{name} of {value} is beyond reckoning: check the units"
            )


def _check_above_0(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}")


def _check_share(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value <= 1:
            raise ValueError(f"{name} must be in (0, 1], got {value}")


def _check_below_1(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name} must be in [0, 1), got {value}")


def _whole(load: float, each: float) -> int:
    """So many machines for a load; 10.000000000000002 are 10, not 11."""
    if not each > 0 or load / each == math.inf:
        raise ValueError(
            f"a load of {load} on machines for {each} is beyond reckoning: "
            "check the units"
        )
    return math.ceil(round(load / each, 9))
