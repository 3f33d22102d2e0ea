"""Outputs and evidence again, and what moved: `make renew C=all`.

For the day the lock changes. Resumable: seeds and executions that were done
are kept by their keys, and so is what the evidence was, in `_build/renew/`
until the chapter is done. A chapter that is refused stops no other.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
from pathlib import Path

from tools import book
from tools.chapters import (
    ROOT,
    digest,
    evidence_of,
    find,
    notebooks,
    run_key,
    title,
)
from tools.evidence import words
from tools.execute import JOBS, Refused
from tools.notebooks import normal_text
from tools.seeds import gather
from utils.evidence_file import Row, digits, parsed
from utils.files import replace_file
from utils.seeds import DEFAULT_SEED


def relative(old: float, new: float) -> float:
    """How far a value moved, as a share of what it was.

    >>> relative(2.0, 2.5), relative(0.0, 0.0), relative(0.0, 0.1)
    (0.25, 0.0, inf)
    """
    if old == new or (math.isnan(old) and math.isnan(new)):
        return 0.0
    share = abs(new - old) / abs(old) if old else math.inf
    return math.inf if math.isnan(share) else share


def moved(before: list[Row], after: list[Row]) -> str:
    """Rows and claims of the default seed that moved, the furthest first.

    Args:
        before, after: all rows of a chapter's evidence.

    Returns:
        A line for each, then those that came and went, then how many
        moved, and how often claims held under the other seeds.
    """
    old, new = (
        {row.place: row for row in rows if row.seed == DEFAULT_SEED}
        for rows in (before, after)
    )
    both = [place for place in old if place in new]
    shares = {p: relative(old[p].value, new[p].value) for p in both}
    changed = sorted((p for p in both if shares[p]), key=shares.get)[::-1]
    lines = [f"  {'was':>14} {'is':>14} {'moved by':>9}"] * bool(changed)
    for place in changed:
        was, now = (digits(rows[place].value) for rows in (old, new))
        lines.append(
            f"  {was:>14} {now:>14} {shares[place]:>9.2g}  {words(old[place])}"
        )
    lines += [f"  gone: {words(old[p])}" for p in old if p not in new]
    lines += [f"  new: {words(new[p])}" for p in new if p not in old]
    largest = max(shares.values(), default=0.0)
    lines.append(
        f"  {len(changed)} of {len(both)} moved, at most by {largest:.2g} of "
        f"what it was; claims held {held(before)} times elsewhere, "
        f"now {held(after)}"
    )
    return "\n".join(lines)


def held(rows: list[Row]) -> str:
    """How often claims held under other seeds, as "40 of 42"."""
    found = [
        row.held
        for row in rows
        if row.kind == "claim" and row.seed != DEFAULT_SEED
    ]
    return f"{sum(found)} of {len(found)}"


def renew(path: Path, *, jobs: int = JOBS, root: Path = ROOT) -> str:
    """A chapter's evidence again, if it has any, then its outputs.

    In this order, since the headline figure draws the evidence.

    Returns:
        What moved, ready to print.

    Raises:
        Refused: the chapter raises, has no evidence to give, or was edited
            while it ran.
    """
    file = evidence_of(path, root)
    folder = root / "_build" / "renew" / path.stem
    # of this renewal, and not of one that was given up
    kept = folder / f"{digest(run_key(path, root))[:12]}.csv"
    if file.exists():
        if not kept.exists():
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(kept, file.read_bytes())
        gather(path, jobs=jobs, root=root)
    before = path.read_bytes()
    problems = [r.problem for r in book.execute([path], root=root).values()]
    if any(problems):
        raise Refused("\n".join(problems))
    if path.read_bytes() != before:
        raise Refused(f"{title(path, root)} was edited while it ran")
    replace_file(path, normal_text(book.executed(path, root)).encode())
    if not kept.exists():
        return f"{title(path, root)}: outputs; it has no evidence"
    _, old = parsed(kept.read_text("utf-8"))
    _, new = parsed(file.read_text("utf-8"))
    shutil.rmtree(folder)
    return f"{title(path, root)}:\n{moved(old, new)}"


def main(root: Path = ROOT) -> int:
    """`python -m tools.renew <chapter or all>`."""
    name = " ".join(sys.argv[1:])
    paths = notebooks(root) if name == "all" else [find(name, root)]
    jobs = int(os.environ.get("JOBS") or JOBS)
    told, refused = [], []
    for path in paths:
        try:
            told.append(renew(path, jobs=jobs, root=root))
        except Refused as error:
            refused.append(str(error))
    print("\n".join([*told, *refused]))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
