"""Set up `.venv` from the locks, once; run by any Python, stdlib only.

A Python that is too old must read this file as far as the refusal: no syntax
or import younger than Python 3.6. Each lock has a stamp of its own, taken away
before anything changes and written at the very end, so that a set-up that was
interrupted is resumed and never believed.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST, NEWEST = (3, 11, 2), (3, 14)  # Debian 12's own; the last with wheels
VERSION = tuple(sys.version_info[:3])
WHEELS = ["Linux x86_64", "Darwin arm64"]
MACHINE = platform.system() + " " + platform.machine()
if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
    MACHINE += " without glibc"  # Alpine: the wheels are not for it
GB = {"book": 3, "test": 1}  # of disk, what a lock fills at most
CUDA_GB = 5  # more, where pip takes PyTorch's build for CUDA
# with none of them, pip on Linux knows PyPI alone, and takes that build
ELSEWHERE = ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_FIND_LINKS")
LOCKS = {"book": "requirements.lock", "test": "requirements-test.lock"}
PACKAGE = "seven-steps"  # what `utils` is called where it is installed

# Python of `.venv` reads the folder on this line as one of its own
LINK = f"""
import sys, sysconfig, pathlib
site = pathlib.Path(sysconfig.get_paths()["purelib"])
(site / "{PACKAGE}.pth").write_text(sys.argv[1] + "\\n", "utf-8")
"""


def dotted(version: tuple) -> str:
    """A version as people write it.

    >>> dotted((3, 11, 2))
    '3.11.2'
    """
    return ".".join(map(str, version))


def refusals(root: Path, missing: list, *, fresh: bool) -> list:
    """Why this machine cannot be set up, with what was found and wanted.

    Args:
        root: the book's folder.
        missing: names of the locks to install, keys of `LOCKS`.
        fresh: whether `.venv` has yet to be made.
    """
    found = []
    if not OLDEST <= VERSION < (NEWEST[0], NEWEST[1] + 1):
        found.append(
            f"Python {dotted(OLDEST)} to {dotted(NEWEST)} is wanted, and "
            f"{sys.executable} is {dotted(VERSION)}; name another one, as in "
            "`make book PYTHON=python3.11`"
        )
    if MACHINE not in WHEELS:
        found.append(f"{' or '.join(WHEELS)} is wanted, and this is {MACHINE}")
    for module in ("venv", "ensurepip"):
        if fresh and not importlib.util.find_spec(module):
            found.append(
                f"the module {module} is wanted, and {sys.executable} has "
                "none; Debian and Ubuntu: `apt install python3-venv`"
            )
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if "test" in missing and not (header.exists() and shutil.which("c++")):
        found.append(
            f"c++ and {header} are wanted by the tests' packages, and one is "
            "not there; Debian and Ubuntu: `apt install g++ python3-dev`"
        )
    needed, build = 1, ""  # what is renewed has most of it
    if fresh or not packages(root, "torch-*"):
        needed = sum(GB[name] for name in missing)
        if sys.platform == "linux" and not any(map(os.environ.get, ELSEWHERE)):
            needed += CUDA_GB
            build = " (PyTorch's CPU build takes 5 less; README.md says how)"
    free = shutil.disk_usage(str(root)).free / 1e9
    if free < needed:
        found.append(
            f"{needed} GB of disk are wanted{build}, and {free:.1f} free"
        )
    return found


def wanted(root: Path, name: str) -> str:
    """Hash of what a lock's part of `.venv` is made from."""
    digest = hashlib.sha256(repr(VERSION[:2]).encode())
    for file in (LOCKS[name], "pyproject.toml"):
        digest.update((root / file).read_bytes())
    return digest.hexdigest()


def stamp(root: Path, name: str) -> Path:
    """The file that says for which `wanted` a lock is installed."""
    return root / ".venv" / ("set-up-done-" + name)


def current(root: Path, name: str) -> bool:
    """Whether a lock is installed as it stands, in a `.venv` that is there."""
    file = stamp(root, name)
    if not (file.exists() and (root / ".venv" / "bin" / "python").exists()):
        return False
    return file.read_text("utf-8") == wanted(root, name)


def packages(root: Path, name: str = "*") -> list:
    """Folders of metadata in `.venv`, of all packages or those of a name."""
    infos = f"lib/python*/site-packages/{name}.dist-info"
    return sorted((root / ".venv").glob(infos))


def unfinished(folders: list) -> list:
    """Packages that pip was interrupted in, and would believe installed.

    pip writes INSTALLER after all other files, and METADATA, which it goes
    by, long before.
    """
    return [d for d in folders if not (d / "INSTALLER").exists()]


def usable(root: Path) -> bool:
    """Whether `.venv` has a whole pip and a Python of this version."""
    python, pip = root / ".venv" / "bin" / "python", packages(root, "pip-*")
    if not (python.exists() and pip) or unfinished(pip):
        return False
    probe = f"import sys; sys.exit(sys.version_info[:2] != {VERSION[:2]})"
    return subprocess.run([str(python), "-c", probe]).returncode == 0


def steps(root: Path, missing: list, *, fresh: bool) -> list:
    """What set-up runs, in order, each with the words it prints."""
    python = root / ".venv" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "-qq"]
    # not .venv's own Python, if that runs this file
    base = getattr(sys, "_base_executable", sys.executable)
    lines = []
    if fresh:
        make = [base, "-m", "venv", "--clear", root / ".venv"]
        lines.append(("creating .venv", make))
    if "book" in missing:
        wheels = [*install, "--only-binary", ":all:"]
        lines += [
            ("installing the book", [*wheels, "-r", root / LOCKS["book"]]),
            ("making way for utils", [*pip, "uninstall", "-qqy", PACKAGE]),
            ("linking utils", [python, "-c", LINK, root]),
        ]
    if "test" in missing:
        tests = [*install, "-r", root / LOCKS["test"]]
        lines.append(("installing tests and peers", tests))
    return [*lines, ("checking", [*pip, "check"])]


def main(names: list, root: Path = ROOT) -> None:
    """Bring `.venv` to what the locks say, unless it is there already."""
    if all(current(root, name) for name in names):
        return
    fresh = not usable(root)
    missing = [n for n in names if fresh or not current(root, n)]
    found = refusals(root, missing, fresh=fresh)
    if found:
        raise SystemExit("\n- ".join(["set-up is refused:", *found]))
    for name in LOCKS if fresh else missing:
        if stamp(root, name).exists():
            stamp(root, name).unlink()
    for folder in unfinished(packages(root)):
        shutil.rmtree(str(folder))
    print("set-up: once, some minutes and 2 GB", flush=True)
    for words, command in steps(root, missing, fresh=fresh):
        print("  " + words, flush=True)
        if subprocess.run([str(word) for word in command]).returncode:
            raise SystemExit(f"set-up failed while {words}; see above")
    for name in missing:
        stamp(root, name).write_text(wanted(root, name), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or list(LOCKS))
