"""Importing a module of `utils` costs what its purpose needs, no more."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import utils

HEAVY = {
    "torch", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib",
    "lightgbm", "faiss", "numba",
}  # fmt: skip
# What a module may bring, and why; all others bring none of the heavy ones.
NEEDS = {
    # interactions are sparse matrices
    "utils.models.als": {"scipy"},
    "utils.models.ease": {"scipy"},
    "utils.models.item_knn": {"scipy"},
    "utils.models.generators": {"scipy"},
    "utils.models.ranker": {"scipy"},
    # networks are classes of torch
    "utils.models.training": {"torch"},
    "utils.models.two_tower": {"torch"},
    "utils.models.sequence": {"torch"},
    "utils.models.dcn": {"torch"},
    # logs are tables; pandas brings pyarrow along
    "utils.models.numbering": {"scipy", "pandas", "pyarrow"},
    "utils.models.tuning": {"scipy", "pandas", "pyarrow"},
    "utils.models.two_stage": {"scipy", "pandas", "pyarrow"},
    "utils.data": {"pandas", "pyarrow"},
    "utils.worlds": {"pandas", "pyarrow"},
}


def needs(module):
    """Of the nearest name in NEEDS, from the module up to its package."""
    while module:
        if module in NEEDS:
            return frozenset(NEEDS[module])
        module = module.rpartition(".")[0]
    return frozenset()


MODULES = ["utils"] + [
    found.name for found in pkgutil.walk_packages(utils.__path__, "utils.")
]
GROUPS = sorted({needs(module) for module in MODULES}, key=sorted)


@pytest.mark.slow
@pytest.mark.parametrize("allowed", GROUPS, ids=lambda g: "+".join(sorted(g)))
def test_a_module_imports_what_it_needs(allowed):
    together = [name for name in MODULES if needs(name) == allowed]
    statement = (
        f"import sys, {', '.join(together)}\n"
        f"print(*sorted({HEAVY} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", statement]
    brought = subprocess.run(run, check=True, capture_output=True, text=True)
    assert set(brought.stdout.split()) <= allowed


def test_imports_inside_utils_are_relative():
    """The package works under whatever name it is installed as."""
    absolute = re.compile(r"^\s*(from|import) utils\b", re.MULTILINE)
    (folder,) = utils.__path__
    files = sorted(Path(folder).rglob("*.py"))
    assert files
    assert [f.name for f in files if absolute.search(f.read_text())] == []
