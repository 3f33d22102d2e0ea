"""Execute chapters: each in a process of its own, a few side by side.

Run as a script this is the child: one notebook in, the executed notebook
and a report out. One thread per chapter; parallelism is between chapters.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.chapters import ROOT, tags_of, title

TIMEOUT_S = 600
JOBS = min(2, os.cpu_count() or 1)
RUNNING: set[subprocess.Popen] = set()
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Refused(SystemExit):
    """What a command refuses of one chapter; another one may do."""


@dataclass(frozen=True)
class Run:
    """One execution of a chapter.

    Attributes:
        path: of the chapter.
        notebook: the notebook as executed, as far as it came.
        seconds: of wall time, start of the kernel included.
        peak_gib: memory of the kernel at its highest.
        problem: what stopped it, ready to print; empty if nothing did.
        core_seconds: of computing, on all cores together.
    """

    path: Path
    notebook: dict
    seconds: float
    peak_gib: float
    problem: str
    core_seconds: float = 0.0


def environment(seed: int | None = None) -> dict[str, str]:
    """Variables for a chapter: one thread, fixed hashing, the given seed.

    `BOOK_SEED` of the shell never leaks in: with `seed=None` a chapter runs
    under its default. `MPLBACKEND` would switch off the pictures.
    """
    env = {k: v for k, v in os.environ.items() if k not in NEVER}
    env |= {
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONHASHSEED": "0",
    }
    return env if seed is None else env | {"BOOK_SEED": str(seed)}


NEVER = {"BOOK_SEED", "MPLBACKEND", "PYTEST_CURRENT_TEST"}
NEVER_STARTED = "Kernel died before replying"  # jupyter_client's words


def run_one(
    path: Path,
    *,
    seed: int | None = None,
    allow_errors: bool = False,
    timeout: float = TIMEOUT_S,
    say: Callable[[str], None] = print,
    root: Path = ROOT,
) -> Run:
    """Execute one chapter in a process of its own and report.

    Args:
        path: of the notebook, which is only read.
        seed: `BOOK_SEED`; None is the chapter's default.
        allow_errors: go on after a cell that raises.
        timeout: seconds for the whole chapter.
        say: receives progress lines.
        root: the book's folder.

    Returns:
        The run; a chapter that raises gives a `problem`, not an exception.
        A kernel that never started is started once more: two that choose
        their ports in the same moment can choose the same.
    """
    how = dict(
        seed=seed, allow_errors=allow_errors, timeout=timeout, root=root
    )
    run = attempt(path, say=say, **how)
    if NEVER_STARTED in run.problem:
        run = attempt(path, say=say, **how)
    return run


def attempt(path, *, seed, allow_errors, timeout, say, root) -> Run:
    """Execute one chapter; arguments and result as in `run_one`."""
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        out, report = Path(folder, "out.ipynb"), Path(folder, "report.json")
        how = [str(timeout), "errors" if allow_errors else "strict"]
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.execute", path, out, report, *how],
            env=environment(seed),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        RUNNING.add(child)
        for line in child.stdout:
            say(line.rstrip())
        errors = child.communicate()[1]
        RUNNING.discard(child)
        if child.returncode or not report.exists():
            words = f"{title(path, root)}: the run broke off\n{errors}"
            return Run(path, nbformat.v4.new_notebook(), 0.0, 0.0, words)
        notebook = nbformat.read(out, as_version=4)
        facts = json.loads(report.read_text("utf-8"))
    problem = facts.pop("problem")
    where = f"{title(path, root)}, " if problem else ""
    return Run(path, notebook, problem=where + problem, **facts)


def run_all(tasks: list[Callable[[], Run]], jobs: int = JOBS) -> list[Run]:
    """Run tasks, `jobs` at a time; the results keep the tasks' order."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:  # each child ends its own kernel
            for running in RUNNING:
                running.send_signal(signal.SIGINT)
            pool.shutdown(wait=False, cancel_futures=True)
            words = "interrupted; what had finished is kept"
            raise SystemExit(words) from None


def where(cells: list[dict], index: int) -> str:
    """A cell as messages name it: its place, and its number in Jupyter.

    >>> where([{"cell_type": "markdown"}, {"cell_type": "code"}], 1)
    'cell 2 of 2 ([1])'
    """
    place = f"cell {index + 1} of {len(cells)}"
    if cells[index]["cell_type"] != "code":
        return place
    number = sum(c["cell_type"] == "code" for c in cells[: index + 1])
    return f"{place} ([{number}])"


def describe(cells: list[dict], index: int, trouble: str) -> str:
    """Where a chapter stopped: cell, the head of its source, the trouble."""
    lines = "".join(cells[index]["source"]).splitlines()
    head = lines[:12] + ["…"] * (len(lines) > 12)
    source = "\n".join(f"    {line}" for line in head)
    words = COLOURS.sub("", trouble).strip()
    return f"{where(cells, index)} raised:\n{source}\n{words}"


def errors_in(cells: list[dict]) -> list[tuple[int, dict]]:
    """Cells that raised without leave, each with its error output."""
    return [
        (index, output)
        for index, cell in enumerate(cells)
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
        and "raises-exception" not in tags_of(cell)
    ]


def child(path: Path, out: Path, report: Path, timeout: float, mode: str):
    """Execute `path` with the Python that runs this; write `out`, `report`."""
    import nbformat
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            run = [sys.executable, "-m", "ipykernel_launcher"]
            return KernelSpec(
                argv=[*run, "-f", "{connection_file}"],
                display_name="Python 3",
                language="python",
            )

    notebook = nbformat.read(path, as_version=4)
    cells = notebook.cells
    start = said = time.monotonic()
    at = 0

    def progress(cell, cell_index):
        nonlocal at, said
        at, now = cell_index, time.monotonic()
        if now > said + 1:
            said = now
            words = f"{path.stem}  cell {at + 1}/{len(cells)}"
            print(f"{words}  {now - start:.0f} s", flush=True)

    client = NotebookClient(
        notebook,
        timeout_func=lambda cell: max(1, start + timeout - time.monotonic()),
        allow_errors=mode == "errors",
        record_timing=False,
        on_cell_start=progress,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.km = AsyncKernelManager(kernel_spec_manager=ThisPython())
    problem = ""
    try:
        client.execute()
    except Exception as error:  # a cell's, a timeout, a kernel that died
        found = errors_in(cells)
        trouble = "\n".join(found[0][1]["traceback"]) if found else str(error)
        at = found[0][0] if found else at
        if "Timeout" in type(error).__name__:
            trouble = f"not done {timeout:.0f} s after the chapter's start"
        problem = describe(cells, at, trouble)
    facts = {
        "seconds": time.monotonic() - start,
        "peak_gib": peak_gib(),
        "core_seconds": core_seconds(),
        "problem": problem,
    }
    out.write_text(nbformat.writes(notebook), "utf-8")
    report.write_text(json.dumps(facts), "utf-8")


def peak_gib() -> float:
    """The largest memory of any child process that has ended, in GiB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def core_seconds() -> float:
    """What all child processes that have ended computed, in seconds."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    paths, timeout_s, mode = sys.argv[1:4], sys.argv[4], sys.argv[5]
    child(*map(Path, paths), float(timeout_s), mode)
