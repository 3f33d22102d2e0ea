"""Serving pipeline: stages with latency budgets and fallbacks.

A state goes in and a *new* state comes out of each stage: a stage that
changes what it was given, and then fails, would hand a half-made state to
its fallback. All runs in one process, one stage after the other: what would
run in parallel in production takes the sum of its times here, and a stage
that overruns its budget is reported as late, not interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

State = Any
MARKED_DOWN = "marked down"


class StageError(RuntimeError):
    """Failure of a stage that has no fallback."""


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        name: unique within the pipeline.
        run: from the state before to the state after; in a fan-out, to
            the candidates of this generator.
        budget_ms: time it may take, above 0.
        fallback: what takes its place when it is down or raises: same
            form, cheaper and safer. None: it cannot be done without.
    """

    name: str
    run: Callable[[State], Any]
    budget_ms: float
    fallback: Callable[[State], Any] | None = None

    def __post_init__(self) -> None:
        _check(self.name, self.budget_ms)


@dataclass(frozen=True)
class FanOut:
    """Fan-out: several candidate generators, their answers merged.

    The loss of one generator (or several) is survived: the merge gets what
    the others found. Only the loss of all of them is a failure.

    Attributes:
        name: unique within the pipeline; the merge's time stands under it.
        stages: the generators; each from the state to its candidates.
        merge: from the state and {generator: candidates}, in the order of
            `stages`, to the state after.
        budget_ms: time the merge may take, above 0.
        fallback: takes the place of the whole group when no generator is
            left, or when the merge raises.
    """

    name: str
    stages: Sequence[Stage]
    merge: Callable[[State, dict[str, Any]], State]
    budget_ms: float
    fallback: Callable[[State], State] | None = None

    def __post_init__(self) -> None:
        _check(self.name, self.budget_ms)
        if not self.stages:
            raise ValueError(f"fan-out {self.name!r} needs at least one stage")
        object.__setattr__(self, "stages", tuple(self.stages))


@dataclass(frozen=True)
class Served:
    """Response of a pipeline, with latencies and degradations.

    Attributes:
        state: what the last stage returned.
        stage_ms: time of each stage and generator, in order, a fallback's
            included; a fan-out's own entry is its merge alone, so that the
            sum is the whole.
        degraded: stages that did not run as meant, in order: replaced by
            their fallback, or lost from a fan-out.
        late: stages over their budget, in order.
        reasons: why each degraded stage was.
    """

    state: State
    stage_ms: dict[str, float]
    degraded: tuple[str, ...]
    late: tuple[str, ...]
    reasons: dict[str, str]


@dataclass(frozen=True)
class Pipeline:
    """Stages in the order in which a request passes them.

    Args:
        stages: at least one; names unique, generators included.
        down: names of those marked down; see `without`.
        clock: seconds from any origin; tests put in their own.

    Raises:
        ValueError: no stages; a name twice; a name in `down` unknown.

    >>> double = Stage("double", lambda x: 2 * x, budget_ms=1000)
    >>> broken = Stage("halve", lambda x: x / 0, 1000, fallback=lambda x: x)
    >>> served = Pipeline([double, broken]).serve(21)
    >>> served.state, served.degraded, served.reasons["halve"]
    (42, ('halve',), 'ZeroDivisionError: division by zero')
    """

    stages: Sequence[Stage | FanOut]
    down: frozenset[str] = field(default=frozenset(), kw_only=True)
    clock: Callable[[], float] = field(default=time.perf_counter, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        names = [stage.name for stage in self._parts()]
        if not names:
            raise ValueError("a pipeline needs at least one stage, got none")
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"stage names must be unique, got {twice} twice")
        unknown = set(self.down) - set(names)
        if unknown:
            raise ValueError(f"no stage called {unknown}, there are {names}")

    def without(self, *names: str) -> Pipeline:
        """A copy in which some stages are down.

        Args:
            names: of stages, fan-outs or single generators.

        Returns:
            The changed copy; its stages of these names are never run.

        Raises:
            ValueError: a name that no stage has.
        """
        return replace(self, down=self.down | set(names))

    def serve(self, request: State) -> Served:
        """Send one request through all stages.

        Args:
            request: the state that the first stage receives.

        Returns:
            Served.

        Raises:
            StageError: a stage without fallback is down or raised, or a
                fallback raised; it names the stage.
        """
        run = _Run(self.down, self.clock)
        state = request
        for stage in self.stages:
            if isinstance(stage, FanOut):
                state = run.fan_out(stage, state)
            else:
                state = run.one(stage, state)
        return Served(
            state, run.ms, tuple(run.reasons), tuple(run.late), run.reasons
        )

    def _parts(self) -> list[Stage | FanOut]:
        """Stages, generators before the fan-out that merges them."""
        parts: list[Stage | FanOut] = []
        for stage in self.stages:
            if isinstance(stage, FanOut):
                parts.extend(stage.stages)
            parts.append(stage)
        return parts


class _Run:
    """What is noted down while one request passes."""

    def __init__(
        self, down: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self.down, self.clock = down, clock
        self.ms: dict[str, float] = {}
        self.late: list[str] = []
        self.reasons: dict[str, str] = {}

    def one(self, stage: Stage, state: State) -> Any:
        """Output of a stage or its fallback; time and trouble noted."""
        start = self.clock()
        try:
            return self._attempt(stage, state)
        finally:
            self.ms[stage.name] = (self.clock() - start) * 1000
            if self.ms[stage.name] > stage.budget_ms:
                self.late.append(stage.name)

    def fan_out(self, group: FanOut, state: State) -> State:
        """State after a fan-out, generators lost or not."""
        found: dict[str, Any] = {}
        for stage in group.stages if group.name not in self.down else ():
            try:
                found[stage.name] = self.one(stage, state)
            except StageError:
                continue  # named in `reasons`, where `_attempt` put it

        def merge(state: State) -> State:
            if not found:
                raise StageError("no generator left")
            return group.merge(state, found)

        merging = Stage(group.name, merge, group.budget_ms, group.fallback)
        return self.one(merging, state)

    def _attempt(self, stage: Stage, state: State) -> Any:
        name, cause = stage.name, None
        if name in self.down:
            self.reasons[name] = MARKED_DOWN
        else:
            try:
                return stage.run(state)
            except Exception as error:
                self.reasons[name] = f"{type(error).__name__}: {error}"
                cause = error
        if stage.fallback is None:
            raise StageError(
                f"stage {name!r} has no fallback: {self.reasons[name]}"
            ) from cause
        try:
            return stage.fallback(state)
        except Exception as error:
            self.reasons[name] += f"; fallback {type(error).__name__}: {error}"
            raise StageError(
                f"stage {name!r} and its fallback failed: {self.reasons[name]}"
            ) from error


def measure(pipeline: Pipeline, requests: Iterable[State]) -> pd.DataFrame:
    """Latency percentiles by stage.

    Args:
        pipeline: what to measure.
        requests: at least one; a p99 wants several hundred. The first ones
            of a fresh process are slower: send some before.

    Returns:
        DataFrame indexed by `stage`, in order, with a last row `total`:
        `median_ms` and `p99_ms` over the requests in which the stage was
        asked, and `share`, its part of all the time, which sums to 1
        without the total. Medians do not add up to the total's, p99 even
        less: stages are seldom slow together.

    Raises:
        ValueError: no requests.
        StageError: from `serve`.

    >>> stage = Stage("double", lambda x: 2 * x, budget_ms=1000)
    >>> table = measure(Pipeline([stage]), range(10))
    >>> list(table.index), list(table.columns)
    (['double', 'total'], ['median_ms', 'p99_ms', 'share'])
    """
    import pandas as pd

    served = [pipeline.serve(request).stage_ms for request in requests]
    if not served:
        raise ValueError("measure needs at least one request, got none")
    times: dict[str, list[float]] = {}
    for stage_ms in served:
        for name, ms in stage_ms.items():
            times.setdefault(name, []).append(ms)
    times["total"] = [sum(stage_ms.values()) for stage_ms in served]
    whole = sum(times["total"])
    return pd.DataFrame(
        {
            "median_ms": {s: np.median(ms) for s, ms in times.items()},
            "p99_ms": {s: np.quantile(ms, 0.99) for s, ms in times.items()},
            "share": {
                s: sum(ms) / whole if whole else math.nan
                for s, ms in times.items()
            },
        },
    ).rename_axis("stage")


def _check(name: str, budget_ms: float) -> None:
    if not name or name == "total":
        raise ValueError(f"a stage needs a name other than that: {name!r}")
    if not 0 < budget_ms < math.inf:
        raise ValueError(
            f"budget_ms of {name!r} must be finite and above 0, got "
            f"{budget_ms}"
        )
