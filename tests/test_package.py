"""The package `seven_steps`: what others get, and what we never have."""

import ast
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.chapters import ROOT
from tools.package import probe, source

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = sorted((ROOT / "utils").rglob("*.py"))


def test_every_room_is_listed_under_the_packages_name():
    rooms = {
        str(file.parent.relative_to(ROOT)).replace("/", ".")
        for file in MODULES
    }
    listed = PYPROJECT["tool"]["setuptools"]["packages"]
    assert sorted(r.replace("utils", "seven_steps", 1) for r in rooms) == (
        sorted(listed)
    )


def test_here_it_has_one_name_only():
    assert importlib.util.find_spec("seven_steps") is None
    assert Path(importlib.util.find_spec("utils").origin).parents[1] == ROOT


@pytest.mark.parametrize(
    "file", MODULES, ids=lambda f: str(f.relative_to(ROOT))
)
def test_it_never_imports_itself_by_name(file):
    tree = ast.parse(file.read_text("utf-8"))
    named = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    ]
    assert [n for n in named if n.split(".")[0] == "utils"] == []


@pytest.mark.slow
def test_it_works_installed_beside_a_foreign_utils(tmp_path):
    target = tmp_path / "site"
    install = [
        sys.executable, "-m", "pip", "install", "-qq",
        "--disable-pip-version-check", "--no-deps", "--no-index",
        "--no-build-isolation", "--target", target, source(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(
        [str(word) for word in install], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (target / "utils").exists()
    # a folder that happens to lie beside the package is not the book's
    (target / "data" / "video_recommendation").mkdir(parents=True)
    said = probe(sys.executable, tmp_path, env={"PYTHONPATH": str(target)})
    assert f"imported {len(MODULES) - 1} modules" in said
    assert "data/ must be a folder of the book's repository" in said
