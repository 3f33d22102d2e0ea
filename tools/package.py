"""The package as others install it, tried in an empty environment.

`make package` needs the registry: a fresh venv gets the package with all its
extras, and the probe runs there, in a folder with a `utils.py` of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.chapters import ROOT

# Runs where the package is installed, never in the book's folder.
PROBE = """
import importlib, pkgutil, sys
import utils  # the reader's own
import seven_steps

assert utils.MINE == "the reader's own", utils.__file__
names = [
    found.name
    for found in pkgutil.walk_packages(seven_steps.__path__, "seven_steps.")
]
for name in names:
    importlib.import_module(name)
ours = [name for name in sys.modules if name.startswith("utils.")]
assert not ours, f"a module of the book was imported: {ours}"
print(f"imported {len(names)} modules")

import numpy as np
from seven_steps.metrics import ranking
from seven_steps.worlds.search import SearchConfig, SearchWorld

gains = np.array([[2.0, 1.0, 0.0]])
assert ranking.ndcg_at_k(gains, gains, k=3) == 1
small = SearchConfig(documents=60, queries=20, sessions=50)
world = SearchWorld(small, rng=np.random.default_rng(0))
assert len(world.log(rng=np.random.default_rng(1)).impressions) == 500

from seven_steps.data import load
try:
    load("video_recommendation")
except ValueError as error:
    print(error)
else:
    raise AssertionError("a table was found outside the package")
"""


def source(folder: Path, root: Path = ROOT) -> Path:
    """A copy of what the wheel is built from: building writes beside it."""
    made = folder / "source"
    shutil.copytree(
        root / "utils",
        made / "utils",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(root / name, made)
    return made


def probe(python: Path | str, folder: Path, env: dict | None = None) -> str:
    """What the probe prints, beside a foreign `utils.py` and a `data/`.

    Raises:
        AssertionError: it fails; with its traceback.
    """
    there = folder / "theirs"
    (there / "data" / "video_recommendation").mkdir(parents=True)
    (there / "utils.py").write_text('MINE = "the reader\'s own"\n')
    (there / "probe.py").write_text(PROBE)
    done = subprocess.run(
        [str(python), "probe.py"],
        cwd=there, env=env, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


def main() -> None:
    """Install with all extras into an empty venv, and probe it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = folder / "venv" / "bin" / "python"
        made = source(folder)
        for command in (
            [sys.executable, "-m", "venv", folder / "venv"],
            [python, "-m", "pip", "install", "-q", f"{made}[all]"],
            [python, "-m", "pip", "check"],
        ):
            if subprocess.run([str(word) for word in command]).returncode:
                raise SystemExit(f"failed: {' '.join(map(str, command))}")
        print(probe(python, folder))


if __name__ == "__main__":
    main()
