"""One row of a benchmark: ours and the named peers in the same process."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

OUT = Path(__file__).parents[1] / "_build" / "bench"


def row(
    area: str,
    work: str,
    ours: Callable[[], object],
    peers: dict[str, Callable[[], object]],
    repeat: int = 5,
    bar: float | None = None,
) -> dict:
    """Time all, taking turns, and print and store one line per peer set.

    Each is called once to warm up and to see its peak memory as far as
    Python's allocator knows it (numpy's arrays are in it, a library's own
    are not), then `repeat` times in turn. The ratio is the median of the
    fastest peer over ours: above 1, ours is faster.

    Args:
        area: names the file, `_build/bench/<area>.json`.
        work: what is computed, on how much.
        ours: called without arguments.
        peers: name to callable, at least one.
        repeat: timed calls of each.
        bar: ratio that ours must reach, if there is one.
    """
    calls = {"ours": ours, **peers}
    memory = {name: _peak_mb(call) for name, call in calls.items()}
    times = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start))
    ms = {name: median(spent) for name, spent in times.items()}
    fastest = min(peers, key=lambda name: ms[name])
    found = {
        "work": work,
        "ours_ms": ms["ours"],
        "peer": fastest,
        "peer_ms": ms[fastest],
        "ratio": ms[fastest] / ms["ours"],
        "bar": bar,
        "peers_ms": {name: ms[name] for name in peers},
        "peak_mb": memory,
    }
    print(
        f"{work} | {ms['ours']:.1f} | {ms[fastest]:.1f} ({fastest}) | "
        f"{found['ratio']:.1f} | {'' if bar is None else bar} | "
        f"{memory['ours']:.0f} and {memory[fastest]:.0f} MB",
        flush=True,
    )
    _store(area, found)
    return found


def _peak_mb(call: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _store(area: str, found: dict) -> None:
    """Append the row; one of the same work is replaced."""
    path = OUT / f"{area}.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    rows = [old for old in rows if old["work"] != found["work"]] + [found]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n")
