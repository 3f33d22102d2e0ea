"""Set up `.venv` from the lock, once; run by any Python, stdlib only.

The stamp is taken away before anything changes and written at the very end,
so that a set-up that was interrupted is resumed and never believed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
VERSION = sys.version_info[:2]


def wanted(root: Path) -> str:
    """Hash of what `.venv` is made from: lock, project file, this Python."""
    digest = hashlib.sha256(repr(VERSION).encode())
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def torch_pin(root: Path) -> str:
    """The lock's line for torch: installed first, see requirements.in."""
    for line in (root / "requirements.lock").read_text("utf-8").splitlines():
        if line.startswith("torch=="):
            return line.strip()
    raise SystemExit("requirements.lock pins no torch: run `make lock`")


def usable(python: Path) -> bool:
    """Whether `.venv` has a Python of this version, with pip, that starts."""
    probe = f"import pip, sys; sys.exit(sys.version_info[:2] != {VERSION})"
    if not python.exists():
        return False
    run = subprocess.run([python, "-c", probe], stderr=subprocess.DEVNULL)
    return run.returncode == 0


def steps(root: Path, python: Path) -> list[tuple[str, list]]:
    """What set-up runs, in order, each with the words it prints."""
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "-qq"]
    make = [sys.executable, "-m", "venv", "--clear", root / ".venv"]
    return [
        *([] if usable(python) else [("creating .venv", make)]),
        ("installing torch", [*install, torch_pin(root)]),
        ("installing the lock", [*install, "-r", root / "requirements.lock"]),
        ("installing utils", [*install, "--no-deps", "-e", root]),
        ("checking", [*pip, "check"]),
    ]


def main(root: Path = ROOT) -> None:
    """Bring `.venv` to what the lock says, unless it is there already."""
    if VERSION < OLDEST:
        raise SystemExit(
            "Seven Steps needs Python {}.{} or newer, and {} is {}.{}.\n"
            "Name another one: make book PYTHON=python3.11".format(
                *OLDEST, sys.executable, *VERSION
            )
        )
    stamp = root / ".venv" / "set-up-done"
    python = root / ".venv" / "bin" / "python"
    if stamp.exists() and stamp.read_text("utf-8") == wanted(root):
        return
    stamp.unlink(missing_ok=True)
    print("set-up: once, some minutes and 2 GB", flush=True)
    for words, command in steps(root, python):
        print(f"  {words}", flush=True)
        if subprocess.run(list(map(str, command))).returncode:
            raise SystemExit(f"set-up failed while {words}; see above")
    stamp.write_text(wanted(root), "utf-8")


if __name__ == "__main__":
    main()
