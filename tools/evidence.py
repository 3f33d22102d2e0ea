"""Recorded rows against `evidence/<chapter>.csv`, and `make spot`.

Each build compares its rows with those of the default seed; once a week one
other seed of each chapter that has evidence is run again and compared by the
same rule, and whether its claims hold as they did.
"""

from __future__ import annotations

import math
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from tools.chapters import ROOT, evidence_of, find, key, title
from tools.execute import errors_in, run_one, where
from utils import claims, evidence
from utils.evidence_file import Row, digits, file_text, keys_text, parsed
from utils.seeds import DEFAULT_SEED

RELATIVE = 1e-9  # what an untrained value may move by, as a share of it
SHARE = 0.25  # what a trained one may, as a share of the spread over seeds


# what a run holds


def payloads(cells: list[dict], media_type: str) -> Iterable[tuple]:
    """(cell, number from 1, order in the cell from 1, payload) of outputs."""
    for number, cell in enumerate(cells, start=1):
        datas = [output.get("data", {}) for output in cell.get("outputs", [])]
        found = [data[media_type] for data in datas if media_type in data]
        for order, payload in enumerate(found, start=1):
            yield cell, number, order, payload


def claims_in(cells: list[dict]) -> dict[str, dict]:
    """The claims that cells emitted, by cell id and order in the cell.

    Their words may vary, and cells may come to stand between them.

    Returns:
        Records as `utils.claims` writes them, each with the number of its
        `cell` and its `order`; keys such as "67dcb040, 1".
    """
    return {
        f"{cell['id']}, {order}": {**record, "cell": number, "order": order}
        for cell, number, order, record in payloads(cells, claims.MEDIA_TYPE)
    }


def rows_in(cells: list[dict], seed: int = DEFAULT_SEED) -> list[Row]:
    """The rows that cells recorded, in their order.

    Raises:
        ValueError: a row that is recorded twice; names the two cells.
    """
    found: dict[tuple, Row] = {}
    where: dict[tuple, int] = {}
    for _, number, _, made in payloads(cells, evidence.MEDIA_TYPE):
        for keys, value in made["rows"].items():
            row = Row("row", made["name"], keys, seed, made["trained"],
                      float(value), math.nan, None)  # fmt: skip
            if row.place in found:
                raise ValueError(
                    f"rows must differ, got {words(row)} in cell "
                    f"{where[row.place]} and in cell {number}"
                )
            found[row.place], where[row.place] = row, number
    return list(found.values())


def claim_rows(found: dict[str, dict], seed: int = DEFAULT_SEED) -> list[Row]:
    """Claims as rows: a claim of another threshold is another claim."""
    return [
        Row("claim", name.partition(",")[0], claim_keys(record), seed, True,
            float(record["measured"]),
            math.nan if record["margin"] is None else record["margin"],
            record["holds"])
        for name, record in found.items()
    ]  # fmt: skip


def claim_keys(record: dict) -> str:
    """Order and threshold of a claim's record, as its keys."""
    bound = "at_least" if record["at_most"] is None else "at_most"
    return keys_text({"order": record["order"], bound: record[bound]})


def words(row: Row) -> str:
    """A row as messages name it: `headline (bias=2)`."""
    kind = "claim in cell " if row.kind == "claim" else ""
    return f"{kind}{row.name} ({row.keys})"


# the file


def gathered(runs: dict[int, dict], header: dict[str, object]) -> str:
    """The text of an evidence file.

    Args:
        runs: summaries of `tools.seeds` by seed, the default's among them.
        header: facts for its first line.

    Returns:
        Rows of all seeds, and the default's claims: one that another seed
        did not reach did not hold there. A row that it did not reach is
        left out.
    """
    lines = [Row(*row) for run in runs.values() for row in run["rows"]]
    made = {
        seed: {row.place: row for row in claim_rows(run["claims"], seed)}
        for seed, run in runs.items()
    }
    places = list(made[DEFAULT_SEED])
    for seed, found in made.items():
        for kind, name, keys in places:
            lost = Row(kind, name, keys, seed, True, math.nan, math.nan, False)
            lines.append(found.get((kind, name, keys), lost))
    return file_text(header, lines)


def header(path: Path, runs: dict[int, dict], root: Path = ROOT) -> dict:
    """Where, when and from what the evidence was made."""
    return {
        "lock": key(path, root)["lock"][:12],
        "processor": processor(),
        "commit": commit(root),
        "worlds": f"{len(runs) - (DEFAULT_SEED in runs)} and the default",
        "core-seconds": round(sum(r["core_seconds"] for r in runs.values())),
    }


def processor() -> str:
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    text = info.read_text("utf-8") if info.exists() else ""
    named = re.search(r"^model name\s*: (.*)$", text, re.M)
    name = named[1] if named else platform.processor() or platform.machine()
    return name.replace(";", ",")


def commit(root: Path) -> str:
    """The commit that is checked out, and whether files differ from it."""

    def git(*words: str) -> str:
        run = subprocess.run(
            ["git", *words], cwd=root, text=True, capture_output=True
        )
        return run.stdout.strip() if run.returncode == 0 else ""

    name = git("rev-parse", "--short=12", "HEAD")
    changed = " and changes" if git("status", "--porcelain", "-uno") else ""
    return name + changed if name else "unknown"


# comparing


def spread(rows: Iterable[Row]) -> dict[tuple, float]:
    """Standard deviation of each row's finite values over other seeds.

    Args:
        rows: of all seeds; those of the default one do not count.

    Returns:
        By place; 0 where fewer than two values are known.
    """
    values: dict[tuple, list[float]] = {}
    for row in rows:
        known = values.setdefault(row.place, [])
        if row.seed != DEFAULT_SEED and math.isfinite(row.value):
            known.append(row.value)
    return {
        place: statistics.stdev(known) if len(known) > 1 else 0.0
        for place, known in values.items()
    }


def allowed(old: Row, sd: float) -> float:
    """By how much a value may differ from the stored one."""
    share = RELATIVE * abs(old.value)
    return max(share, SHARE * sd) if old.trained else share


def same(old: float, new: float, room: float) -> bool:
    """Whether a value is the stored one; nan and infinity are themselves."""
    if math.isfinite(old) and math.isfinite(new):
        return abs(new - old) <= room
    return old == new or (math.isnan(old) and math.isnan(new))


def differences(
    found: list[Row], stored: list[Row], *, seed: int, kinds: tuple[str, ...]
) -> list[str]:
    """In what the rows of a run differ from the stored ones of its seed.

    Args:
        found: of the run.
        stored: of all seeds.
        seed: of the run.
        kinds: of the places that both must have. Of rows the values are
            compared, of claims whether they held.
    """
    sd = spread(stored)
    old = {r.place: r for r in stored if r.seed == seed and r.kind in kinds}
    new = {r.place: r for r in found if r.kind in kinds}
    lines = [f"{words(old[p])} is missing" for p in old if p not in new]
    lines += [f"{words(new[p])} is not stored" for p in new if p not in old]
    for place in (place for place in old if place in new):
        was, now = old[place], new[place]
        if was.kind == "claim":
            if was.held != now.held:
                lines.append(f"{words(now)} holds: {now.held}, was {was.held}")
            continue
        if was.trained != now.trained:
            lines.append(f"{words(now)}: trained is now {now.trained}")
            continue
        room = allowed(was, sd[place])
        if not same(was.value, now.value, room):
            lines.append(
                f"{words(now)} is {digits(now.value)}, was "
                f"{digits(was.value)}, and may move by {room:.2g}"
            )
    return lines


def complaints(path: Path, notebook: dict, root: Path = ROOT) -> list[str]:
    """In what an executed chapter differs from its evidence.

    Args:
        path: of the chapter.
        notebook: as executed under the default seed.
        root: the book's folder.

    Returns:
        One line for each row that moved, is missing or is new, then the
        command that renews them. Without an evidence file there is nothing
        to differ from; a row that is recorded twice is refused all the same.
    """
    file, cells = evidence_of(path, root), notebook["cells"]
    try:
        found = rows_in(cells) + claim_rows(claims_in(cells))
    except ValueError as error:
        return [f"{title(path, root)}: {error}"]
    if not file.exists():
        return []
    _, stored = parsed(file.read_text("utf-8"))
    lines = differences(
        found, stored, seed=DEFAULT_SEED, kinds=("row", "claim")
    )
    if lines:
        renew = f"if that is meant: make seeds C={path.stem}"
        lines = [f"{title(path, root)}: {line}" for line in lines] + [renew]
    return lines


def check(executed: dict[Path, dict], root: Path = ROOT) -> list[str]:
    """Complaints about executed chapters; says which have no evidence."""
    found = []
    for path, notebook in executed.items():
        found += complaints(path, notebook, root)
        rows = any(payloads(notebook["cells"], evidence.MEDIA_TYPE))
        if rows and not evidence_of(path, root).exists():
            print(
                f"{title(path, root)}: its rows have no evidence from other "
                f"seeds yet; make seeds C={path.stem}"
            )
        elif rows and lock_of(path, root) != key(path, root)["lock"][:12]:
            print(
                f"{title(path, root)}: its evidence is of another lock or "
                f"Python; make renew C={path.stem}"
            )
    return found


def lock_of(path: Path, root: Path = ROOT) -> str:
    """The digest of the lock that a chapter's evidence was made under."""
    facts, _ = parsed(evidence_of(path, root).read_text("utf-8"))
    return facts.get("lock", "")


# one seed again


def of_week(seeds: Iterable[int], day: date) -> int:
    """The seed whose turn it is: the next one each Monday.

    >>> [of_week([1, 2, 3], date(2026, 11, day)) for day in (22, 23, 30)]
    [1, 2, 3]
    """
    order = sorted(seeds)
    return order[(day.toordinal() - 1) // 7 % len(order)]


def spot(path: Path, day: date, root: Path = ROOT) -> list[str]:
    """Differences of the week's seed of a chapter, run again.

    Returns:
        One line for each row that differs, each claim that holds or fails as
        it did not, and each cell that raised for another reason.
    """
    _, stored = parsed(evidence_of(path, root).read_text("utf-8"))
    others = {row.seed for row in stored} - {DEFAULT_SEED}
    if not others:
        return [f"{title(path, root)}: evidence of no other seed"]
    seed = of_week(others, day)
    run = run_one(
        path, seed=seed, allow_errors=True, root=root, say=lambda _: None
    )
    if run.problem:
        return [f"seed {seed}: {run.problem}"]
    cells = run.notebook["cells"]
    found = rows_in(cells, seed) + claim_rows(claims_in(cells), seed)
    # a claim that was not reached is stored, as one that did not hold
    places = {row.place for row in found}
    stored = [row for row in stored if row.held is not False
              or row.seed != seed or row.place in places]  # fmt: skip
    lines = differences(found, stored, seed=seed, kinds=("row", "claim"))
    lines += [
        f"{where(cells, index)}: {output['ename']}"
        for index, output in errors_in(cells)
        if output["ename"] != "ClaimError"
    ]
    print(
        f"{title(path, root)}, seed {seed}: {len(found)} rows and claims, "
        f"{len(lines)} differ; {run.seconds:.0f} s",
        flush=True,
    )
    return [f"  {line}" for line in lines]


def main(root: Path = ROOT) -> int:
    """`python -m tools.evidence`: one other seed of each file again."""
    files = sorted((root / "evidence").glob("*.csv"))
    found = [] if files else ["no chapter has evidence yet: make seeds"]
    for file in files:
        found += spot(find(file.stem, root), date.today(), root)
    print("\n".join(found) or f"{len(files)} chapters are as they were")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
