"""Run a chapter under other seeds: `make seeds`.

The claims are tabulated; rows and claims of the seeds that evidence is made
of are gathered in `evidence/<chapter>.csv`.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tools.chapters import ROOT, digest, evidence_of, find, run_key, title
from tools.evidence import claims_in, gathered, header, rows_in
from tools.execute import (
    COLOURS,
    JOBS,
    Refused,
    Run,
    errors_in,
    run_all,
    run_one,
    where,
)
from utils.files import replace_file
from utils.seeds import DEFAULT_SEED

WORLDS = range(1, 21)  # what evidence is made of, and the default seed


def summary(run: Run, seed: int) -> dict:
    """What is kept of one run: claims, rows, errors that are no claims."""
    cells = run.notebook["cells"]
    errors = [
        f"{where(cells, index)}: {output['ename']}: "
        + COLOURS.sub("", output["evalue"]).partition("\n")[0]
        for index, output in errors_in(cells)
        if output["ename"] != "ClaimError"
    ]
    stopped = [run.problem] if run.problem else []
    return {
        "claims": claims_in(cells),
        "rows": [list(row) for row in rows_in(cells, seed)],
        "errors": errors + stopped,
        "problem": run.problem,
        "seconds": run.seconds,
        "core_seconds": run.core_seconds,
    }


def table(runs: dict[int, dict]) -> str:
    """Claims by what they did over the seeds.

    Args:
        runs: a summary by seed.

    Returns:
        A line for each claim: runs in which it held, threshold, smallest,
        middle and largest measurement, the smallest margin, and the seeds
        in which it failed, or was not reached because its cell raised.
    """
    names: dict[str, dict] = {}
    for run in runs.values():
        for name, record in run["claims"].items():
            names.setdefault(name, record)
    head = f"{'held':>7} {'threshold':>16} {'least':>9} {'median':>9}"
    lines = [f"{head} {'most':>9} {'margin':>9}  claim"]
    for name in sorted(names, key=lambda n: place(names[n])):
        first = names[name]
        seen = {s: r["claims"].get(name) for s, r in runs.items()}
        there = {s: record for s, record in seen.items() if record}
        failed = [s for s, record in there.items() if not record["holds"]]
        absent = [s for s in seen if s not in there]
        values = [float(record["measured"]) for record in there.values()]
        margins = [record["margin"] for record in there.values()]
        least = min((m for m in margins if m is not None), default=None)
        bound = "at least" if first["at_most"] is None else "at most"
        limit = first["at_least"] if bound == "at least" else first["at_most"]
        held = f"{len(there) - len(failed)}/{len(runs)}"
        numbers = [min(values), statistics.median(values), max(values)]
        columns = [f"{n:>9.4g}" for n in numbers]
        columns.append("      nan" if least is None else f"{least:>9.4g}")
        words = first["words"] + listed("failed", failed)
        words += listed("not reached", absent)
        lines.append(
            f"{held:>7} {f'{bound} {limit:.4g}':>16} "
            f"{' '.join(columns)}  {words}"
        )
    return "\n".join(lines)


def place(claim: dict) -> tuple[int, int]:
    """Where a claim stands in its chapter."""
    return claim["cell"], claim["order"]


def listed(words: str, seeds: list[int]) -> str:
    """` [failed: 3, 9]`, or nothing."""
    return f" [{words}: {', '.join(map(str, seeds))}]" if seeds else ""


def run_seeds(
    path: Path, seeds: Iterable[int], *, jobs: int = JOBS, root: Path = ROOT
) -> dict[int, dict]:
    """Run a chapter under each seed that was not run before.

    Results lie in `_build/seeds/<chapter>/<key>/<seed>.json`, so that an
    interrupted call goes on, and a changed chapter starts afresh. Its looks
    and its evidence change no result. A run during which the chapter or what
    it imports was edited is of neither version, and not kept.
    """
    made_from = run_key(path, root)
    folder = root / "_build" / "seeds" / path.stem
    folder /= digest(made_from)[:12]
    folder.mkdir(parents=True, exist_ok=True)
    files = {seed: folder / f"{seed}.json" for seed in seeds}

    def task(seed: int) -> Run:
        run = run_one(
            path, seed=seed, allow_errors=True, root=root, say=lambda _: None
        )
        if run_key(path, root) != made_from:
            words = f"{title(path, root)} was edited while its seeds ran"
            run = replace(run, problem=words)
        if not run.problem:  # it ran to its end, errors or not
            text = json.dumps(summary(run, seed), indent=1)
            replace_file(files[seed], text.encode())
        print(f"seed {seed}: {run.seconds:.0f} s", flush=True)
        return run

    todo = [seed for seed, file in files.items() if not file.exists()]
    print(f"{title(path, root)}: {len(todo)} of {len(files)} seeds to run")
    runs = run_all([partial(task, seed) for seed in todo], jobs)
    fresh = {
        seed: summary(run, seed) for seed, run in zip(todo, runs, strict=True)
    }
    return {
        seed: fresh[seed] if seed in fresh else json.loads(file.read_text())
        for seed, file in files.items()
    }


def gather(
    path: Path,
    seeds: Iterable[int] = WORLDS,
    *,
    jobs: int = JOBS,
    root: Path = ROOT,
) -> dict[int, dict]:
    """Run the seeds and the default one, and write the chapter's evidence.

    Returns:
        A summary by seed, the default's among them.

    Raises:
        Refused: a run broke off; the default seed's run has errors, or a
            claim that does not hold; there is neither row nor claim. Nothing
            is written then.
    """
    every = dict.fromkeys([DEFAULT_SEED, *seeds])
    runs = run_seeds(path, every, jobs=jobs, root=root)
    broken = {s: run["problem"] for s, run in runs.items() if run["problem"]}
    if broken:
        lines = "\n".join(f"seed {s}: {why}" for s, why in broken.items())
        raise Refused(f"no evidence: a run broke off; call again\n{lines}")
    own = runs[DEFAULT_SEED]
    lost = [r["words"] for r in own["claims"].values() if not r["holds"]]
    if own["errors"] or lost:
        lines = "\n".join([*own["errors"], *lost])
        raise Refused(f"no evidence: the default seed fails\n{lines}")
    if not own["rows"] and not own["claims"]:
        raise Refused(f"{title(path, root)} records no row and claims nothing")
    file = evidence_of(path, root)
    file.parent.mkdir(exist_ok=True)
    text = gathered(runs, header(path, runs, root))
    replace_file(file, text.encode())
    return runs


def report(runs: dict[int, dict]) -> tuple[str, bool]:
    """The table, the errors and the seconds; and whether all was well."""
    errors = [
        f"seed {seed}: {error}"
        for seed, run in runs.items()
        for error in run["errors"]
    ]
    names = {name for run in runs.values() for name in run["claims"]}
    held = all(
        name in run["claims"] and run["claims"][name]["holds"]
        for name in names
        for run in runs.values()
    )
    seconds = [run["seconds"] for run in runs.values()]
    lines = [table(runs) if names else "this chapter makes no claims"]
    lines += ["", *errors] if errors else []
    lines.append(
        f"{len(names)} claims, {len(runs)} seeds, {len(errors)} errors; "
        f"{statistics.median(seconds):.0f} s a seed, at most "
        f"{max(seconds):.0f} s"
    )
    return "\n".join(lines), held and not errors


def main(root: Path = ROOT) -> int:
    """`python -m tools.seeds <chapter> <how many> <from>`."""
    name, many, first = sys.argv[1:4]
    if not (many.isdecimal() and first.isdecimal() and int(many)):
        raise SystemExit(f"N and FROM are whole numbers, got {many}, {first}")
    seeds = range(int(first), int(first) + int(many))
    path, jobs = find(name, root), int(os.environ.get("JOBS") or JOBS)
    if seeds == WORLDS:
        runs = gather(path, jobs=jobs, root=root)
        # what thresholds are chosen from is not the run that is shown
        runs = {s: run for s, run in runs.items() if s != DEFAULT_SEED}
        told = f"rows and claims are in {title(evidence_of(path, root), root)}"
    else:
        runs = run_seeds(path, seeds, jobs=jobs, root=root)
        told = "evidence is made of the seeds 1 to 20, and was left as it is"
    text, good = report(runs)
    print(f"{text}\n{told}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
