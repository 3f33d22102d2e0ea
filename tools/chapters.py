"""Which chapters there are, and what the execution of each depends on."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.setup import ROOT

# tags that change what a cell does, and not only how it looks
RUN_TAGS = {"raises-exception", "skip-execution"}
# kinds of a key that change how a figure looks, and no number
LOOKS = {"style", "evidence"}


def in_toc(root: Path = ROOT) -> list[str]:
    """Every document of `_toc.yml`, without suffix, in reading order."""
    import yaml

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("root", "file"):
                    yield str(value).removesuffix(".ipynb").removesuffix(".md")
                else:
                    yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    return list(walk(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))))


def notebooks(root: Path = ROOT) -> list[Path]:
    """The notebooks of `_toc.yml`, in reading order."""
    paths = [root / f"{name}.ipynb" for name in in_toc(root)]
    return [path for path in paths if path.exists()]


def find(name: str | None, root: Path = ROOT) -> Path:
    """The notebook of a chapter, by name or path.

    Raises:
        SystemExit: no name, or no such chapter; the message lists them all.
    """
    paths = sorted((root / "chapters").rglob("*.ipynb"))
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    known = "".join(f"\n  {path.stem}" for path in paths)
    if not name:
        raise SystemExit(f"name a chapter, C=<name>; there are:{known}")
    wanted = Path(name).with_suffix("").parts
    for path in paths:
        if path.with_suffix("").parts[-len(wanted) :] == wanted:
            return path
    raise SystemExit(f"there is no chapter {name!r}; there are:{known}")


def title(path: Path, root: Path = ROOT) -> str:
    """A chapter's path as messages print it."""
    path = path.resolve()
    return str(
        path.relative_to(root) if path.is_relative_to(root) else path.name
    )


def code_cells(notebook: dict) -> list[dict]:
    """The code cells of a notebook, in order."""
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


def as_python(source: str) -> str:
    """A cell's source with IPython's `%magic` and `!shell` made Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def parsed(source: str) -> ast.AST:
    """The syntax tree; empty where the source is none (the run will tell)."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def imported(
    tree: ast.AST, package: str = "", *, top: str = "utils"
) -> Iterator[str]:
    """Dotted names below `top` that a source may import.

    `from utils import x` may mean a module or a function: both are named.
    A string such as "utils.worlds.video" counts, as it may be imported too.
    """
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: 1 - node.level or None]
            parts = (up if node.level else []) + [node.module or ""]
            base = ".".join(part for part in parts if part)
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value] if MODULE.fullmatch(node.value) else []
        yield from (n for n in names if n.partition(".")[0] == top)


MODULE = re.compile(r"utils(\.\w+)+")


def utils_files(sources: Iterable[str], root: Path = ROOT) -> set[Path]:
    """Every module of `utils` that sources import, directly or through it."""
    waiting = [n for s in sources for n in imported(parsed(s))]
    files: set[Path] = set()
    while waiting:
        parts = waiting.pop().split(".")
        for end in range(1, len(parts) + 1):
            stem = root.joinpath(*parts[:end])
            for file in (stem.with_suffix(".py"), stem / "__init__.py"):
                if file in files or not file.exists():
                    continue
                files.add(file)
                is_package = file.name == "__init__.py"
                package = ".".join(parts[: end if is_package else end - 1])
                tree = parsed(file.read_text("utf-8"))
                waiting.extend(imported(tree, package))
    return files


def data_of(path: Path, sources: list[str], root: Path) -> dict[str, list]:
    """The cases a chapter may load, each with its tables and manifest.

    A case is the chapter's own, or one that its code names in a string. Its
    data card is read by people only.
    """
    strings = {
        node.value
        for source in sources
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        folder.name: [f for f in folder.rglob("*") if f.suffix != ".md"]
        for folder in sorted((root / "data").glob("*/"))
        if folder.name in strings | {path.stem}
    }


def worlds_of(cases: Iterable[str], root: Path) -> list[str]:
    """The worlds that cases' manifests name, as a source would import them.

    Raises:
        SystemExit: a manifest is not JSON; names it.
    """
    worlds = []
    for case in cases:
        manifest = root / "data" / case / "manifest.json"
        if not manifest.exists():
            continue
        try:
            world = json.loads(manifest.read_text("utf-8")).get("world", "")
        except json.JSONDecodeError as error:
            where = title(manifest, root)
            raise SystemExit(f"{where} is not JSON: {error}") from None
        worlds.append(f"utils.worlds.{world}")
    return worlds


def evidence_of(path: Path, root: Path = ROOT) -> Path:
    """Where a chapter's evidence lies, there or not."""
    return root / "evidence" / f"{path.stem}.csv"


def key(path: Path, root: Path = ROOT) -> dict[str, str]:
    """What a chapter's execution depends on: a hash for each kind of thing.

    Prose, captions and the tags that only change the looks are not in it,
    nor is anything of another case.

    Args:
        path: of the notebook.
        root: the book's folder.

    Returns:
        Hashes by kind: code, utils, data, style (if it draws), evidence (if
        there is any), lock.
    """
    notebook = json.loads(path.read_text("utf-8"))
    cells = code_cells(notebook)
    sources = [as_python("".join(cell["source"])) for cell in cells]
    cases = data_of(path, sources, root)
    modules = utils_files([*sources, *map(repr, worlds_of(cases, root))], root)
    draws = root / "utils" / "plots.py" in modules
    styles = (root / "utils").glob("*.mplstyle") if draws else []
    data_files = [file for files in cases.values() for file in files]
    tags = [sorted(RUN_TAGS & set(tags_of(cell))) for cell in cells]
    kernel = notebook["metadata"].get("kernelspec", {}).get("name")
    return {
        "code": digest(sources, tags, kernel),
        "utils": digest(contents(modules, root)),
        "data": digest(contents(data_files, root)),
        "style": digest(contents(styles, root)),
        "evidence": digest(contents([evidence_of(path, root)], root)),
        "lock": digest(
            contents([root / "requirements.lock"], root), sys.version_info[:2]
        ),
    }


def run_key(path: Path, root: Path = ROOT) -> dict[str, str]:
    """The part of a chapter's key on which the numbers of a run depend.

    Style and evidence are drawn and compared, and no input of a number: runs
    under other seeds, from which evidence is gathered, stay valid with them.
    """
    kinds = key(path, root)
    return {kind: kinds[kind] for kind in kinds if kind not in LOOKS}


def tags_of(cell: dict) -> list[str]:
    """A cell's tags."""
    return cell["metadata"].get("tags", [])


def contents(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Hash of each file that exists, by its path below the root."""
    return {
        str(file.relative_to(root)): hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        for file in sorted(files)
        if file.is_file()
    }


def digest(*values: object) -> str:
    """One hash of plain values."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
