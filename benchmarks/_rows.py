"""One row of a benchmark: ours beside named peers, timed in turn.

`row` prints a line per peer and keeps it in benchmarks/results.json, which
the book renders (chapters/reference/results). Times are medians of runs that
alternate, after one run of each to warm up; what a peer must convert before
it can begin belongs in its callable or not, and the work's words say which.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from utils.files import replace_file

RESULTS = Path(__file__).with_name("results.json")


def row(
    area: str,
    work: str,
    ours: Callable[[], object],
    peers: dict[str, Callable[[], object]],
    repeat: int = 5,
    bar: float | dict[str, float] | None = None,
    why: str | dict[str, str] = "",
) -> dict[str, float]:
    """Time ours and the peers on the same work; print and keep the result.

    Args:
        area: of the table, such as "ranking metrics".
        work: what is done on how much.
        ours: does the work once.
        peers: name -> the same by another library.
        repeat: timed runs of each.
        bar: the least ratio wanted, for all peers or by name.
        why: what keeps us from it, where that is known, likewise; the page
            says it only if the bar is missed.

    Returns:
        peer -> its time over ours; above 1 we are faster.
    """
    callables = {"ours": ours, **peers}
    mib = {name: _peak_mib(call) for name, call in callables.items()}
    seconds = {name: [] for name in callables}
    for _ in range(repeat):
        for name, call in callables.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    ms = {name: 1000 * statistics.median(s) for name, s in seconds.items()}
    ratios = {name: ms[name] / ms["ours"] for name in peers}
    for name, ratio in ratios.items():
        least = bar.get(name) if isinstance(bar, dict) else bar
        reason = why.get(name, "") if isinstance(why, dict) else why
        entry = {
            "work": work,
            "ours_ms": round(ms["ours"], 3),
            "peer": name,
            "peer_ms": round(ms[name], 3),
            "ratio": round(ratio, 3),
            "bar": least,
            "why": reason,
            "ours_mib": mib["ours"],
            "peer_mib": mib[name],
        }
        _keep(area, entry)
        print(
            f"{work} | {ms['ours']:.1f} ms, {mib['ours']} MiB | {name} "
            f"{ms[name]:.1f} ms, {mib[name]} MiB | {ratio:.2f} x"
            + (f" | bar {least}" if least is not None else ""),
            flush=True,
        )
    return ratios


def _peak_mib(call: Callable[[], object]) -> int | None:
    """Growth of the process's memory at its highest during a first run."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # what was freed, goes back
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    except OSError:
        call()
        return None
    before = _status("VmRSS")
    call()
    return max(0, round((_status("VmHWM") - before) / 1024))


def _status(field: str) -> int:
    """A field of this process's status, KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1])


def _keep(area: str, entry: dict) -> None:
    """Put a row into the results, in place of an older one of its name."""
    kept = {"areas": {}}
    if RESULTS.exists():
        kept = json.loads(RESULTS.read_text("utf-8"))
    kept["machine"] = {
        "processor": _processor(),
        "python": platform.python_version(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)),
    }
    rows = kept["areas"].setdefault(area, [])
    name = (entry["work"], entry["peer"])
    same = [i for i, r in enumerate(rows) if (r["work"], r["peer"]) == name]
    if same:
        rows[same[0]] = entry
    else:
        rows.append(entry)
    text = json.dumps(kept, indent=1, sort_keys=True) + "\n"
    replace_file(RESULTS, text.encode())


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    names = [li for li in text.splitlines() if li.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()
