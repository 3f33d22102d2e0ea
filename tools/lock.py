"""Renew the locks from requirements*.in, for every Python we support."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tools.setup import LOCKS, NEWEST, OLDEST, ROOT, dotted
from utils.files import replace_file

HEADER = """\
# {}.
# Exact versions, written by `make lock`, not by hand;
# Python {} to {}, any build of PyTorch; see CONTRIBUTING.md.
"""
TITLES = {
    "book": "The book",
    "test": "What tests and benchmarks need beyond the book",
}
# what only the CUDA build of torch brings, and no chapter uses
CUDA = re.compile(r"(nvidia|cuda|triton)", re.IGNORECASE)


def lock_text(resolved: str, *, without: Iterable[str] = ()) -> str:
    """The lock's lines from what the resolver wrote.

    Build tags (`+cpu`) are dropped, so that pip may take any build; CUDA's
    packages, comments and the lines of another lock are left out.

    >>> print(lock_text("# made by\\ntorch==2.13.0+cpu\\ntriton==3.7"), end="")
    torch==2.13.0
    """
    kept = set()
    for line in resolved.splitlines():
        pin = re.fullmatch(r"([\w.\-]+==[^+\s]+)(\+\S+)?( ; .+)?", line)
        if pin and not CUDA.match(line):
            kept.add(pin[1] + (pin[3] or ""))
    return "".join(f"{line}\n" for line in sorted(kept - set(without)))


def resolve(uv: Path, name: str, upgrade: list[str], root: Path) -> str:
    """What uv finds for a lock; pins that still fit stay as they are.

    One version serves all Pythons (`fewest`), lest numbers differ by Python;
    the book takes wheels only.
    """
    lock = root / LOCKS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / lock.name
        out.write_bytes(lock.read_bytes() if lock.exists() else b"")
        command = [
            *(uv, "pip", "compile", "--quiet", "--no-annotate"),
            *("--universal", "--fork-strategy", "fewest"),
            *("--python-version", dotted(OLDEST), "--output-file", out),
            *(["--only-binary", ":all:"] if name == "book" else []),
            *(
                ["--constraint", root / LOCKS["book"]]
                if name != "book"
                else []
            ),
            *(["--upgrade"] if upgrade == ["all"] else []),
            *(f"--upgrade-package={p}" for p in upgrade if upgrade != ["all"]),
        ]
        subprocess.run([*command, lock.with_suffix(".in")], check=True)
        return out.read_text("utf-8")


def main(root: Path = ROOT) -> None:
    """`python -m tools.lock [package … | all]`: the named ones are renewed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "uv"]
        subprocess.run(pip, check=True)
        written = ""
        for name, title in TITLES.items():
            uv = Path(folder) / "bin" / "uv"
            found = resolve(uv, name, sys.argv[1:], root)
            text = lock_text(found, without=written.splitlines())
            header = HEADER.format(title, dotted(OLDEST), dotted(NEWEST))
            replace_file(root / LOCKS[name], (header + text).encode())
            written += text
    print("the locks are renewed; now run `make test`")


if __name__ == "__main__":
    main()
