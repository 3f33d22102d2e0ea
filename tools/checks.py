"""`make check` and `make test`: stages in order, the quick ones first."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tools.chapters import ROOT
from tools.execute import environment

PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2"]
SANITIZED = ("--nbval-sanitize-with", "tests/nbval_sanitize.cfg")
NBVAL = (  # executes every chapter; `make nbval`
    *("-p", "no:cacheprovider", "--dist", "loadfile", "--nbval"),
    *("--nbval-current-env", *SANITIZED, "chapters"),
)
COMPARE = ("-p", "no:cacheprovider", "-p", "tools.compare", *SANITIZED)
BOOK = [sys.executable, "-m", "tools.book"]
RUFF = [sys.executable, "-m", "ruff"]
OUTCOMES = "failed|passed|skipped|xfailed|xpassed|errors?|warnings?|deselected"

STAGES = {
    "ruff check": [*RUFF, "check", "-q"],
    "ruff format": [*RUFF, "format", "--check", "-q"],
    "spelling": [sys.executable, "-m", "tools.checks", "spelling"],
    "quick tests": [*PYTEST, "-m", "not (slow or site or browser or peers)"],
    "slow tests": [*PYTEST, "-m", "(slow or peers) and not (site or browser)"],
    "execute": [*BOOK, "execute"],
    "compare": [sys.executable, "-m", "pytest", "-q", *COMPARE, "chapters"],
    "build": BOOK,
    "site": [*PYTEST, "-m", "site or browser", "tests"],
}
NBVAL_STAGE = {"nbval": [*PYTEST, *NBVAL]}
WITH_PICTURES = ("execute", "build", "nbval")
QUICK = ("ruff check", "ruff format", "spelling", "quick tests")


def counts(text: str) -> Counter:
    """Outcomes in the last line that pytest printed.

    >>> counts("1 failed, 12 passed in 3.21s")["passed"]
    12
    """
    lines = [li for li in text.splitlines() if re.search(r" in [\d.]+s", li)]
    last = lines[-1] if lines else ""
    found = re.findall(rf"(\d+) ({OUTCOMES})\b", last)
    return Counter({name.rstrip("s"): int(n) for n, name in found})


def total_line(total: Counter, seconds: float) -> str:
    """One closing line in pytest's words.

    >>> total_line(Counter(passed=12, skipped=1), 3.2)
    '===== 12 passed, 1 skipped in 3.20s ====='
    """
    order = ("failed", "passed", "skipped", "xfailed", "xpassed", "error")
    parts = [f"{total[name]} {name}" for name in order if total[name]]
    return f"===== {', '.join(parts) or 'no tests'} in {seconds:.2f}s ====="


def executions(text: str) -> Counter:
    """How often each chapter was executed, by what tools.book printed.

    >>> executions("executing a.ipynb: new code\\nexecuting a.ipynb: lock\\n")
    Counter({'a.ipynb': 2})
    """
    return Counter(re.findall(r"^executing (.+?): ", text, re.MULTILINE))


def run_stages(stages: dict[str, list[str]], root: Path = ROOT) -> int:
    """Run stages until one fails; close with one line for all of them."""
    start, total, printed = time.monotonic(), Counter(), ""
    env, code = environment(), 0
    for name, command in stages.items():
        print(f"--- {name}", flush=True)
        began = time.monotonic()
        # pictures of tests go nowhere; those of chapters are inline
        backend = {} if name in WITH_PICTURES else {"MPLBACKEND": "Agg"}
        text = ""
        with subprocess.Popen(
            command,
            env=env | backend,
            cwd=root,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as run:
            for line in run.stdout:
                print(line, end="", flush=True)
                text += line
        is_pytest = "pytest" in command
        code = run.returncode
        total += counts(text) if is_pytest else Counter()
        print(f"    {time.monotonic() - began:.0f} s", flush=True)
        if code:
            total["error"] += not (total["failed"] or total["error"])
            print(f"stage '{name}' failed; later stages were not run")
            break
        printed += text
    for chapter, times in executions(printed).items():
        print(f"executed {times} ×  {chapter}")
        if times > 1:  # it changed meanwhile: what was compared is gone
            total["error"] += 1
            code = code or 1
    print(total_line(total, time.monotonic() - start))
    return code


def spelling(root: Path = ROOT) -> int:
    """codespell over the prose: Markdown, study files, notebooks' text.

    Each text cell becomes a small file, so that a message names its cell.
    """
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        for path in prose(root):
            copy = Path(folder) / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix != ".ipynb":
                copy.write_bytes(path.read_bytes())
                continue
            copy.mkdir()
            cells = nbformat.read(path, as_version=4).cells
            for number, cell in enumerate(cells, start=1):
                if cell.cell_type == "markdown":
                    (copy / f"cell {number}").write_text(cell.source, "utf-8")
        config = ROOT / "pyproject.toml"
        command = [sys.executable, "-m", "codespell_lib", "--toml", config]
        return subprocess.run([*command, "."], cwd=folder).returncode


def prose(root: Path) -> list[Path]:
    """Files with sentences in them: pages and their pieces, chapters."""
    patterns = ("*.md", ".github/*.md", "study/*.yml", "data/**/*.md",
                "glossary/*.md")  # fmt: skip
    found = [path for pattern in patterns for path in root.glob(pattern)]
    for pattern in ("*.md", "*.ipynb"):
        found += (root / "chapters").rglob(pattern)
    return sorted(p for p in found if ".ipynb_checkpoints" not in p.parts)


def main() -> int:
    """`python -m tools.checks quick|all|nbval|spelling`."""
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    if what == "spelling":
        return spelling()
    if os.environ.get("BOOK_SEED"):
        print("BOOK_SEED is ignored: checks always have the default seed")
    if what == "quick":
        return run_stages({name: STAGES[name] for name in QUICK})
    return run_stages(NBVAL_STAGE if what == "nbval" else STAGES)


if __name__ == "__main__":
    sys.exit(main())
