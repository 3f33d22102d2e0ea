"""Renew requirements.lock from requirements.in, in a fresh environment."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.setup import ROOT

HEADER = """\
# Exact versions of everything; written by `make lock`, not by hand.
# Linux x86-64, Python {}.{}, PyTorch's CPU build; see CONTRIBUTING.md.
"""
# what only the CUDA build of torch brings, and no chapter uses
CUDA = re.compile(r"(nvidia|cuda|triton)", re.IGNORECASE)


def lock_text(freeze: str) -> str:
    """The lock from the output of `pip freeze`.

    Build tags (`+cpu`) are dropped, so that pip may take any build; what
    comes from a folder or an address, and CUDA's packages, are left out.

    >>> print(lock_text("torch==2.13.0+cpu\\n-e /home/me/book"), end="")
    torch==2.13.0
    """
    kept = []
    for line in freeze.splitlines():
        pin = re.fullmatch(r"([\w.\-]+)==([^+\s]+)(\+\S+)?", line.strip())
        if pin and not CUDA.match(pin[1]):
            kept.append(f"{pin[1]}=={pin[2]}")
    return "".join(f"{line}\n" for line in sorted(kept, key=str.lower))


def main(root: Path = ROOT) -> None:
    """Install requirements.in afresh, check it, and write the lock."""
    wanted = root / "requirements.in"
    torch = re.search(r"^torch==\S+", wanted.read_text("utf-8"), re.M)
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "venv", folder]
        subprocess.run(run, check=True)
        pip = [f"{folder}/bin/python", "-m", "pip"]
        for what in (["install", torch[0]], ["install", "-r", wanted]):
            subprocess.run([*pip, what[0], "--quiet", *what[1:]], check=True)
        subprocess.run([*pip, "check"], check=True)
        freeze = subprocess.run(
            [*pip, "freeze"], check=True, text=True, capture_output=True
        ).stdout
    part = root / "requirements.lock.part"
    header = HEADER.format(*sys.version_info[:2])
    part.write_text(header + lock_text(freeze), "utf-8")
    part.replace(root / "requirements.lock")
    print("requirements.lock is renewed; now run `make test`")


if __name__ == "__main__":
    main()
