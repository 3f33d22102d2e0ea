"""The normal form of a stored notebook, and `make record`.

Text outputs stay, for nbval compares them. Pictures, records of claims and
rows (the line beside them stays), times and editors' metadata go.
"""

from __future__ import annotations

import copy
import hashlib
import sys
from pathlib import Path

from tools.chapters import ROOT, find, key, title
from tools.execute import Run, run_one
from utils import claims, evidence
from utils.files import replace_file

KERNEL = {
    "display_name": "Python 3",
    "language": "python",
    "name": "python3",
}
KEPT_METADATA = ("tags", "mystnb", "slideshow")


def is_dropped(media_type: str) -> bool:
    """Whether a payload of this type is not stored."""
    records = (claims.MEDIA_TYPE, evidence.MEDIA_TYPE)
    return "image/" in media_type or media_type in records


def normal(notebook: dict) -> dict:
    """The normal form of a notebook; applied twice it changes nothing.

    Args:
        notebook: nbformat 4, read by `nbformat` (sources as one string).

    Returns:
        A new notebook: metadata reduced to one kernelspec, cells' metadata
        to tags and what MyST-NB reads, execution counts 1…n, streams joined,
        picture data gone.
    """
    import nbformat

    cells, count, ids = [], 0, set()
    for number, old in enumerate(notebook["cells"]):
        cell = copy.deepcopy(old)
        cell.metadata = {
            name: cell.metadata[name]
            for name in KEPT_METADATA
            if cell.metadata.get(name)
        }
        if not cell.get("id") or cell.id in ids:
            text = f"{number}\n{cell.source}"
            cell.id = hashlib.sha256(text.encode()).hexdigest()[:8]
        ids.add(cell.id)
        if cell.cell_type == "code":
            ran = bool(cell.source.strip()) and (
                cell.execution_count is not None
            )
            count += ran
            cell.execution_count = count if ran else None
            cell.outputs = normal_outputs(cell.outputs, cell.execution_count)
        cells.append(cell)
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {"kernelspec": KERNEL},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def normal_outputs(outputs: list, count: int | None) -> list:
    """Outputs without pictures and metadata, neighbouring streams joined."""
    kept: list = []
    for old in outputs:
        output = copy.deepcopy(old)
        last = kept[-1] if kept else {}
        if output.output_type == "stream":
            if last.get("name") == output.name:
                last.text += output.text
                continue
        elif "data" in output:
            output.metadata = {}
            for media_type in [m for m in output.data if is_dropped(m)]:
                del output.data[media_type]
        if output.output_type == "execute_result":
            output.execution_count = count
        kept.append(output)
    return kept


def normal_text(notebook: dict) -> str:
    """A notebook in normal form, as the bytes of its file."""
    import nbformat

    return nbformat.writes(normal(notebook), indent=1).rstrip("\n") + "\n"


def record(path: Path, root: Path = ROOT) -> Run:
    """Execute a chapter and store its text outputs in the notebook.

    A chapter that raises leaves its file as it was; so does one that was
    edited while it ran.
    """
    before = path.read_bytes()
    run = run_one(path, root=root)
    if run.problem:
        return run
    if path.read_bytes() != before:
        raise SystemExit(f"{title(path, root)} was edited while it ran")
    replace_file(path, normal_text(run.notebook).encode())
    return run


def main(root: Path = ROOT) -> None:
    """`python -m tools.notebooks <chapter>`: record it."""
    from tools import book

    path = find(" ".join(sys.argv[1:]), root)
    made_from = key(path, root)
    run = record(path, root)
    if run.problem:
        raise SystemExit(run.problem)
    book.store(run, made_from, root)  # the book needs no second execution
    print(f"recorded {title(path, root)} in {run.seconds:.0f} s")


if __name__ == "__main__":
    main()
