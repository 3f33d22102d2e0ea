"""Compare the chapters' stored outputs with their last run, as nbval does.

A pytest plugin: `pytest -p tools.compare chapters`. No kernel is started;
what `pytest --nbval` would execute is read from the cache that tools.book
fills. Tags, sanitiser and the comparison itself are nbval's.
"""

from __future__ import annotations

import nbformat
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams
from pytest import skip

from tools.book import entry, reason
from tools.chapters import title


def pytest_collect_file(file_path, parent):
    """Collect each notebook, to be compared with its entry in the cache."""
    if file_path.suffix == ".ipynb":
        return Chapter.from_parent(parent, path=file_path)


class Chapter(IPyNbFile):
    """A chapter whose cells have been executed by tools.book."""

    def collect(self):
        """Yield a test for each code cell.

        Raises:
            CollectError: the cache has no run of the chapter as it stands.
        """
        root, name = self.config.rootpath, self.path.stem
        why = reason(self.path, root)
        if why:
            what = f"{why} changed since it was executed"
            if why == "new code":
                what = "this code was never executed"
            raise self.CollectError(
                f"{title(self.path, root)}: {what}; `make chapter C={name}` "
                "executes it, `make book` all that need it"
            )
        file = entry(self.path, root) / "base.ipynb"
        ran = nbformat.read(file, as_version=4).cells  # code cells alone
        for cell, run in zip(super().collect(), ran, strict=True):
            yield Cell.from_parent(
                self,
                name=cell.name,
                cell_num=cell.cell_num,
                cell=cell.cell,
                options=cell.options,
                ran=run.outputs,
            )

    def setup(self):
        """Read the sanitiser's rules; nbval would start a kernel, too."""
        self.setup_sanitize_files()


class Cell(IPyNbCell):
    """A code cell: its stored outputs against those of its last run."""

    def __init__(self, *, ran, **how):
        super().__init__(**how)
        self.test_outputs = coalesce_streams(ran)

    def runtest(self):
        """Compare, unless a tag or comment says otherwise."""
        if self.options["skip"]:
            skip()
        stored = coalesce_streams(self.cell.outputs)
        if self.options["check"] and not self.compare_outputs(
            self.test_outputs, stored
        ):
            self.raise_cell_error(
                "stored outputs differ from those of the last run; if the "
                f"new ones are right, `make record C={self.path.stem}` and "
                "commit what it stores",
                "\n".join(self.comparison_traceback),
            )
