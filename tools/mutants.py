"""Would the tests notice? `make mutants N=50 FROM=1`.

cosmic-ray, installed aside, lists every small change that it could make to
metrics, retrieval and experiments; N of them are drawn at random, each is
made in a copy of the book, and the tests of that module are run. A mutant
that no test notices is shown as a difference: equivalent, or a test to write.
"""

from __future__ import annotations

import ast
import difflib
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.setup import ROOT

TOOL = "cosmic-ray==8.7.0"
ROOMS = ("metrics", "retrieval", "experiments")
QUICK = ("-m", "not (slow or peers)")  # mostly they notice already
SECONDS = 600  # for the tests of a module; slower counts as noticed
CONFIG = """\
[cosmic-ray]
module-path = {paths}
timeout = 60.0
excluded-modules = []
test-command = "true"

[cosmic-ray.distributor]
name = "local"
"""


def mirrors_of(module: Path, root: Path) -> list[str]:
    """The test file that mirrors a module, or its room's, and its examples.

    >>> mirrors_of(ROOT / "utils" / "metrics" / "ranking.py", ROOT)
    ['tests/metrics/test_ranking.py', 'utils/metrics/ranking.py']
    """
    path = module.relative_to(root)
    room = Path("tests", *path.parts[1:-1])
    mirror = room / f"test_{path.name}"
    chosen = mirror if (root / mirror).exists() else room
    return [str(chosen), str(path)]


def annotated(source: str) -> list[tuple[int, int, int, int]]:
    """Where annotations stand, which nothing evaluates: changes are none.

    >>> annotated("def f(x: int | None): ...")
    [(1, 9, 1, 19)]
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        for field in ("annotation", "returns"):
            a = getattr(node, field, None)
            if a is not None:
                place = a.lineno, a.col_offset, a.end_lineno, a.end_col_offset
                found.append(place)
    return found


def specifications(tool: Path, book: Path) -> list[tuple]:
    """Every mutation that is one: module, operator, occurrence."""
    paths = [f"utils/{room}" for room in ROOMS]
    (book / "mutants.toml").write_text(CONFIG.format(paths=json.dumps(paths)))
    subprocess.run(
        [tool / "cosmic-ray", "init", "mutants.toml", "mutants.sqlite"],
        cwd=book,
        check=True,
        capture_output=True,
    )
    with sqlite3.connect(book / "mutants.sqlite") as base:
        listed = base.execute(
            "select module_path, operator_name, occurrence, start_pos_row, "
            "start_pos_col from mutation_specs order by 1, 2, 3"
        ).fetchall()
    where = {
        name: annotated((book / name).read_text("utf-8"))
        for name in {spec[0] for spec in listed}
    }
    return [
        (name, operator, occurrence)
        for name, operator, occurrence, row, column in listed
        if not any(
            (a, b) <= (row, column) <= (c, d) for a, b, c, d in where[name]
        )
    ]


def passes(tests: list[str], book: Path, *options: str) -> bool:
    """Whether these tests pass, in time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p",
               "no:cacheprovider", *options, *tests]  # fmt: skip
    try:
        run = subprocess.run(
            command, cwd=book, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def noticed(tool: Path, book: Path, mutant: tuple) -> tuple[bool, str]:
    """Make one change, run the tests, undo it; and the change in words."""
    name, operator, occurrence = mutant
    module = book / name
    before = module.read_text("utf-8")
    subprocess.run(
        [tool / "cosmic-ray", "apply", name, operator, str(occurrence)],
        cwd=book,
        check=True,
        capture_output=True,
    )
    after = module.read_text("utf-8")
    try:
        tests = mirrors_of(module, book)
        caught = not (passes(tests, book, *QUICK) and passes(tests, book))
    finally:
        module.write_text(before, "utf-8")
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, name, n=1, lineterm=""
    )
    return caught, "\n".join(lines)


def main(n: int, seed: int, root: Path = ROOT) -> None:
    """Draw, try and report; survivors are printed as differences."""
    with tempfile.TemporaryDirectory() as folder:
        tool, book = Path(folder, "tool"), Path(folder, "book")
        subprocess.run([sys.executable, "-m", "venv", tool], check=True)
        tool = tool / "bin"
        install = [tool / "python", "-m", "pip", "install", "--quiet", TOOL]
        subprocess.run(install, check=True)
        for part in ("utils", "tests", "tools", "data", "study"):
            shutil.copytree(root / part, book / part)
        for name in ("pyproject.toml", "_toc.yml"):
            shutil.copy(root / name, book)
        every = specifications(tool, book)
        drawn = random.Random(seed).sample(every, min(n, len(every)))
        tests = {t for m in drawn for t in mirrors_of(book / m[0], book)}
        if not passes(sorted(tests), book, *QUICK):
            raise SystemExit(  # every change would seem to be noticed
                "without any change these tests fail: "
                + " ".join(sorted(tests))
            )
        survived = []
        for number, mutant in enumerate(drawn, start=1):
            caught, difference = noticed(tool, book, mutant)
            word = "caught" if caught else "SURVIVED"
            print(f"{number}/{len(drawn)} {word} {mutant[0]} {mutant[1]}",
                  flush=True)  # fmt: skip
            if not caught:
                survived.append(difference)
    print(f"\n{len(drawn) - len(survived)} of {len(drawn)} caught, drawn from "
          f"{len(every):,} with seed {seed}")  # fmt: skip
    print("\n\n".join(survived))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
