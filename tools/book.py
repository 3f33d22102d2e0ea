"""Execute what needs it, then build the site: `make book`.

What is compared (tools.compare) and what is built are read from the cache:
each chapter is executed once.

Executed chapters lie in the stock jupyter-cache, where jupyter-book finds
them. Its own key sees code cells only; beside each entry we keep ours
(tools.chapters.key), and believe no entry whose key differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from tools import evidence
from tools.chapters import ROOT, find, key, notebooks, title
from tools.execute import COLOURS, JOBS, Run, environment, run_all, run_one
from utils.files import replace_file


def cache_of(root: Path):
    """The jupyter-cache that jupyter-book reads."""
    from jupyter_cache import get_cache

    return get_cache(root / "_build" / ".jupyter_cache")


def entry(path: Path, root: Path) -> Path:
    """Folder of a chapter's entry in the cache, there or not."""
    import nbformat

    cache = cache_of(root)
    notebook = nbformat.read(path, as_version=4)
    _, hashed = cache.create_hashed_notebook(notebook)
    return cache.path / "executed" / hashed


def facts_of(path: Path, root: Path = ROOT) -> dict:
    """Key and seconds of a chapter's entry; empty if there is none."""
    facts = entry(path, root) / "facts.json"
    return json.loads(facts.read_text("utf-8")) if facts.exists() else {}


def executed(path: Path, root: Path = ROOT) -> dict:
    """A chapter with the outputs of its entry in the cache."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    return cache_of(root).merge_match_into_notebook(notebook)[1]


def reason(path: Path, root: Path = ROOT) -> str:
    """Why a chapter must be executed: what changed; empty if nothing."""
    cached, now = facts_of(path, root).get("key"), key(path, root)
    if cached is None:
        return "new code"
    return " and ".join(kind for kind in now if now[kind] != cached.get(kind))


def store(run: Run, made_from: dict[str, str], root: Path = ROOT) -> None:
    """Put an executed chapter into the cache, its facts last.

    jupyter-cache removes the whole entry before it writes a new one, the
    facts with it: an entry is complete exactly when it has facts.
    """
    from jupyter_cache.base import CacheBundleIn

    bundle = CacheBundleIn(
        run.notebook, str(run.path), data={"execution_seconds": run.seconds}
    )
    cache_of(root).cache_notebook_bundle(
        bundle, check_validity=False, overwrite=True
    )
    facts = {
        "key": made_from,
        "seconds": run.seconds,
        "peak_gib": run.peak_gib,
    }
    folder = entry(run.path, root)
    replace_file(folder / "facts.json", json.dumps(facts).encode())


def adopt(path: Path, root: Path = ROOT) -> bool:
    """Use an earlier run of the same code under new tags or captions.

    jupyter-cache's own key sees them; they change nothing that was run.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    now = key(path, root)
    for file in (cache_of(root).path / "executed").glob("*/facts.json"):
        facts = json.loads(file.read_text("utf-8"))
        if facts.pop("key") != now:
            continue
        cached = nbformat.read(file.with_name("base.ipynb"), as_version=4)
        for cell, ran in zip(cells, cached.cells, strict=True):
            cell.outputs = ran.outputs
            cell.execution_count = ran.execution_count
        notebook.metadata |= cached.metadata
        store(Run(path, notebook, problem="", **facts), now, root)
        return True
    return False


def execute(
    paths: list[Path], *, jobs: int = JOBS, root: Path = ROOT
) -> dict[Path, Run]:
    """Execute the chapters that need it, and cache each as it is done.

    Args:
        paths: of the chapters.
        jobs: how many side by side.
        root: the book's folder.

    Returns:
        A run for each chapter that was executed; those with a problem are
        not cached.
    """

    storing = threading.Lock()  # one SQLite file

    def task(path: Path, made_from: dict[str, str]) -> Run:
        run = run_one(path, root=root, say=partial(print, flush=True))
        if not run.problem:
            with storing:
                store(run, made_from, root)
        return run

    tasks = {}
    for path in paths:
        why = reason(path, root)
        if why and not adopt(path, root):
            print(f"executing {title(path, root)}: {why}", flush=True)
            tasks[path] = partial(task, path, key(path, root))
    runs = run_all(list(tasks.values()), jobs)
    return dict(zip(tasks, runs, strict=True))


def build(root: Path = ROOT) -> int:
    """Build the site; any warning is an error. Returns the exit code."""
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [tool, "build", root, "--all", "-W", "-n", "--keep-going"]
    made = subprocess.run(
        [*command, "-q"],
        env=environment(),
        cwd=root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode:
        print(COLOURS.sub("", made.stdout))
    for file in (root / "_build" / "html").rglob("*.map"):
        file.unlink()
    return made.returncode


def table(paths: list[Path], runs: dict[Path, Run], root: Path) -> str:
    """Seconds and memory of each chapter, and whether it ran just now."""
    lines = ["  seconds  peak GiB  chapter"]
    for path in paths:
        facts = facts_of(path, root)
        note = "" if path in runs else "  (from the cache)"
        lines.append(
            f"  {facts['seconds']:7.1f}  {facts['peak_gib']:8.2f}  "
            f"{title(path, root)}{note}"
        )
    return "\n".join(lines)


def main(root: Path = ROOT) -> int:
    """`python -m tools.book [execute|CHAPTER]`: all and the site, or less."""
    start = time.monotonic()
    if os.environ.get("BOOK_SEED"):
        print("BOOK_SEED is ignored: the book always has the default seed")
    what = sys.argv[1] if len(sys.argv) > 1 else "book"
    every = what in ("book", "execute")
    paths = notebooks(root) if every else [find(what, root)]
    jobs = int(os.environ.get("JOBS") or JOBS)
    runs = execute(paths, jobs=jobs, root=root)
    problems = [run.problem for run in runs.values() if run.problem]
    for problem in problems:
        print(f"\n{problem}", file=sys.stderr)
    if problems:
        print(f"\n{len(problems)} of {len(paths)} chapters raised")
        return 1
    moved = evidence.check({p: executed(p, root) for p in paths}, root)
    if moved:
        print("\n".join(moved), file=sys.stderr)
        print("recorded rows are not those of the evidence")
        return 1
    if what == "book" and build(root):
        print("the build failed; the messages above say where")
        return 1
    print(table(paths, runs, root))
    if what == "book":
        print(f"built in {time.monotonic() - start:.0f} s; open")
        print(root / "_build" / "html" / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
