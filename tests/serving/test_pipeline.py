"""Stages, their time, and life without one."""

import numpy as np
import pytest

from utils.serving.pipeline import (
    FanOut,
    Pipeline,
    Stage,
    StageError,
    measure,
)


def broken(state):
    raise RuntimeError("no answer")


class Clock:
    """Time that passes only when a stage says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def taking(self, ms, result=lambda state: state):
        def run(state):
            self.now += ms / 1000
            return result(state)

        return run


def union(state, found):
    return state + [item for items in found.values() for item in items]


def funnel(clock=None, **fallbacks):
    clock = clock or Clock()
    popular = Stage("popular", clock.taking(1, lambda s: [1]), 5)
    tower = Stage("tower", clock.taking(4, lambda s: [2, 3]), 5)
    return Pipeline(
        [
            Stage("features", clock.taking(2), 5),
            FanOut(
                "merge",
                [popular, tower],
                union,
                5,
                fallbacks.get("merge"),
            ),
            Stage(
                "ranker",
                clock.taking(10, lambda s: s[::-1]),
                5,
                fallbacks.get("ranker"),
            ),
        ],
        clock=clock,
    )


def test_serve_by_hand():
    got = funnel().serve([])
    assert got.state == [3, 2, 1]
    assert list(got.stage_ms) == [
        "features",
        "popular",
        "tower",
        "merge",
        "ranker",
    ]
    assert list(got.stage_ms.values()) == pytest.approx([2, 1, 4, 0, 10])
    assert got.late == ("ranker",)  # 10 ms of 5
    assert got.degraded == () and got.reasons == {}


def test_the_budget_itself_is_in_time():
    clock = Clock()
    clock.now = 0.0
    stage = Stage("exact", clock.taking(500), budget_ms=500)
    assert Pipeline([stage], clock=clock).serve(None).late == ()
    stage = Stage("over", clock.taking(500), budget_ms=499)
    assert Pipeline([stage], clock=clock).serve(None).late == ("over",)


def test_a_stage_that_raises_is_replaced_and_timed():
    clock = Clock()

    def slow_and_broken(state):
        clock.now += 0.003
        broken(state)

    stage = Stage("x", slow_and_broken, 9, clock.taking(2, lambda s: s + 1))
    got = Pipeline([stage], clock=clock).serve(1)
    assert got.state == 2 and got.degraded == ("x",)
    assert got.reasons == {"x": "RuntimeError: no answer"}
    assert got.stage_ms["x"] == pytest.approx(3 + 2)  # the attempt as well


def test_a_stage_marked_down_is_not_run():
    calls = []
    stage = Stage("x", calls.append, 9, fallback=lambda s: s + 1)
    whole = Pipeline([stage])
    got = whole.without("x").serve(1)
    assert got.state == 2 and calls == []
    assert got.reasons == {"x": "marked down"}
    assert whole.serve(1).degraded == () and calls == [1]  # a copy


def test_the_loss_of_any_generator_is_survived():
    page = funnel()
    for name, expected in [("popular", [3, 2]), ("tower", [1])]:
        got = page.without(name).serve([])
        assert got.state == expected and got.degraded == (name,)


def test_a_generator_that_raises_is_lost_alone():
    page = Pipeline(
        [
            FanOut(
                "merge",
                [Stage("a", broken, 5), Stage("b", lambda s: [7], 5)],
                union,
                5,
            )
        ]
    )
    got = page.serve([])
    assert got.state == [7] and got.degraded == ("a",)
    assert got.reasons["a"].endswith("no answer")


def test_a_generator_may_bring_its_own_fallback():
    tower = Stage("tower", broken, 5, fallback=lambda s: [8])
    got = Pipeline([FanOut("merge", [tower], union, 5)]).serve([])
    assert got.state == [8] and got.degraded == ("tower",)


def test_without_any_generator_the_group_falls_back_or_fails():
    page = funnel().without("popular").without("tower")
    with pytest.raises(StageError, match=r"'merge' .*no generator left"):
        page.serve([])
    page = funnel(merge=lambda s: [9]).without("popular", "tower")
    got = page.serve([])
    assert got.state == [9]
    assert got.degraded == ("popular", "tower", "merge")


def test_a_fan_out_marked_down_runs_no_generator():
    got = funnel(merge=lambda s: [9]).without("merge").serve([])
    assert got.state == [9] and got.degraded == ("merge",)
    assert "tower" not in got.stage_ms


def test_a_stage_without_fallback_fails_with_its_name_and_cause():
    with pytest.raises(StageError, match=r"'ranker' has no .*marked down"):
        funnel().without("ranker").serve([])
    with pytest.raises(StageError, match=r"'x' .*no answer") as caught:
        Pipeline([Stage("x", broken, 5)]).serve([])
    assert isinstance(caught.value.__cause__, RuntimeError)
    with pytest.raises(StageError, match="'x' and its fallback failed"):
        Pipeline([Stage("x", broken, 5, fallback=broken)]).serve([])


def test_interrupts_are_not_swallowed():
    def stopped(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline([Stage("x", stopped, 5, fallback=list)]).serve([])


def test_measure_by_hand():
    clock = Clock()
    takes = iter([1, 2, 3, 90])
    fast = Stage("fast", clock.taking(1), 5)
    slow = Stage("slow", lambda s: clock.taking(next(takes))(s), 5)
    table = measure(Pipeline([fast, slow], clock=clock), range(4))
    assert list(table.index) == ["fast", "slow", "total"]
    assert table.index.name == "stage"
    assert table.median_ms.tolist() == pytest.approx([1, 2.5, 3.5])
    slow_p99 = 3 + 0.97 * (90 - 3)  # linear between the last two of four
    assert table.p99_ms.tolist() == pytest.approx([1, slow_p99, 1 + slow_p99])
    assert table.share.tolist() == pytest.approx([4 / 100, 96 / 100, 1])


def test_measure_uses_real_time_by_default():
    def busy(state):
        return np.sort(np.arange(2_000_000.0)[::-1]).sum()

    stages = [Stage("busy", busy, 1e4), Stage("idle", lambda s: s, 1e4)]
    table = measure(Pipeline(stages), range(3))
    assert table.median_ms["busy"] > 10 * table.median_ms["idle"] > 0


def test_every_request_passes_once():
    seen = []
    stage = Stage("x", seen.append, 5)
    measure(Pipeline([stage]), (n for n in range(5)))
    assert seen == list(range(5))


def test_refuses():
    for budget in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"'x' .*got {budget}"):
            Stage("x", broken, budget)
    for name in ("", "total"):
        with pytest.raises(ValueError, match=f"name .*'{name}'"):
            Stage(name, broken, 1)
    with pytest.raises(ValueError, match="'g' needs at least one stage"):
        FanOut("g", [], union, 1)
    with pytest.raises(ValueError, match="at least one stage, got none"):
        Pipeline([])
    twins = [
        Stage("x", broken, 1),
        FanOut("g", [Stage("x", broken, 1)], union, 1),
    ]
    with pytest.raises(ValueError, match=r"unique, got \{'x'\} twice"):
        Pipeline(twins)
    with pytest.raises(ValueError, match=r"no stage called .*'rankr'"):
        funnel().without("rankr")
    with pytest.raises(ValueError, match="at least one request"):
        measure(funnel(), [])
