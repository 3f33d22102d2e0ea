"""Importing a module of `utils` costs what its purpose needs, no more."""

import ast
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import utils
from tools.chapters import ROOT, as_python, code_cells

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
    "utils.recommender.candidate_generation": {"scipy"},
    "utils.recommender.ranker": {"scipy"},
    # networks are classes of torch
    "utils.models.training": {"torch"},
    "utils.models.losses": {"torch"},
    "utils.models.embeddings": {"torch"},
    "utils.models.two_tower": {"torch"},
    "utils.models.sequence": {"torch"},
    "utils.models.dcn": {"torch"},
    "utils.models.list_losses": {"torch"},
    "utils.models.list_rankers": {"torch"},
    "utils.models.click_models": {"torch"},
    # logs are tables; pandas brings pyarrow along
    "utils.recommender.rows": {"pandas", "pyarrow"},
    "utils.recommender.watches": {"pandas", "pyarrow"},
    "utils.recommender.two_lines": {"pandas", "pyarrow"},
    "utils.recommender.rotation": {"pandas", "pyarrow"},
    "utils.recommender.encoding": {"scipy", "pandas", "pyarrow"},
    "utils.recommender.tuning": {"scipy", "pandas", "pyarrow"},
    "utils.recommender.two_stage": {"scipy", "pandas", "pyarrow"},
    "utils.data": {"pandas", "pyarrow"},
    "utils.worlds": {"scipy", "pandas", "pyarrow"},
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


def private_names(source):
    """Names with a leading underscore that a source takes from a module.

    >>> private_names("from utils.models import als\\nals._padded(X, 1)")
    ['als._padded']
    >>> private_names("from numpy import _core\\nself._own, np.__version__")
    ['_core']
    """
    nodes = list(ast.walk(ast.parse(source)))
    imports = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    names = [alias for node in imports for alias in node.names]
    modules = {(a.asname or a.name).partition(".")[0] for a in names}
    taken = [a.name for a in names if is_private(a.name.rpartition(".")[2])]
    for node in nodes:
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            path = ast.unparse(node)
            if path.partition(".")[0] in modules:
                taken.append(path)
    return taken


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_a_leading_underscore_is_private_to_its_module():
    sources = {
        file: file.read_text("utf-8")
        for room in ("utils", "tools", "_ext", "benchmarks")
        for file in sorted((ROOT / room).rglob("*.py"))
        if "template" not in file.parts
    }
    for file in sorted((ROOT / "chapters").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in file.parts:
            cells = code_cells(json.loads(file.read_text("utf-8")))
            sources[file] = "\n".join(
                as_python("".join(cell["source"])) for cell in cells
            )
    taken = {
        str(file.relative_to(ROOT)): private_names(source)
        for file, source in sources.items()
    }
    assert len(taken) > 100
    assert {file: names for file, names in taken.items() if names} == {}
