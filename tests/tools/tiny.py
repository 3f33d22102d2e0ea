"""A tiny book in a temporary folder, and ways to change it."""

import nbformat
from nbformat import v4

from tools import notebooks

KERNEL = notebooks.KERNEL


def write_chapter(root, name, *cells):
    path = root / "chapters" / "cases" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"kernelspec": dict(KERNEL)}
    nbformat.write(v4.new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def append(path, text="\n# changed\n"):
    path.write_text(path.read_text() + text)


def set_source(number, source):
    def change(notebook):
        notebook.cells[number].source = source

    return change


def set_metadata(number, **metadata):
    def change(notebook):
        notebook.cells[number].metadata.update(metadata)

    return change
