"""Does the book build with the newest Sphinx, without Jupyter Book?

Jupyter Book 1 is in maintenance and pins Sphinx. Weekly, a copy of the sources
gets the configuration that it stands for, and is built by the newest releases
in an environment of their own, from the chapters that are executed already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.book import cache_of
from tools.chapters import ROOT
from tools.pages import difference
from tools.setup import NEWEST

# unpinned, all of them: that is the point
PACKAGES = [
    "Sphinx",
    "sphinx-book-theme",
    "pydata-sphinx-theme",
    "myst-nb",
    "myst-parser",
    "sphinx-external-toc",
    "sphinx-design",
    "sphinx-copybutton",
    "sphinx-togglebutton",
    "sphinx-multitoc-numbering",
    "sphinxcontrib-bibtex",
]
# what a page gets from Jupyter Book and does not need
LEFT_OUT = {
    "jupyter_book",
    "sphinx_comments",
    "sphinx_jupyterbook_latex",
    "sphinx_thebe",
}
CONF = """
extensions = [name for name in extensions if name not in {left_out}]
nb_execution_cache_path = {cache!r}
"""


def copied(root: Path, work: Path) -> Path:
    """A copy of the sources with a `conf.py` and a copy of the cache."""
    source, cache = work / "source", work / "cache"
    hidden = shutil.ignore_patterns(
        ".*", "_build", "__pycache__", "*.egg-info"
    )
    shutil.copytree(root, source, ignore=hidden)
    shutil.copytree(cache_of(root).path, cache)
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [tool, "config", "sphinx", source]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with (source / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(CONF.format(left_out=sorted(LEFT_OUT), cache=str(cache)))
    return source


def newest_python() -> str:
    """The newest Python on the PATH: the newest Sphinx may want it."""
    minors = range(NEWEST[1], sys.version_info[1], -1)
    paths = [shutil.which(f"python{NEWEST[0]}.{minor}") for minor in minors]
    return next(filter(None, paths), sys.executable)


def main(root: Path = ROOT) -> int:
    """Install, build, count the pages; the exit code of `make newest`."""
    work = root / "_build" / "newest"
    shutil.rmtree(work, ignore_errors=True)
    source, html = copied(root, work), work / "html"
    make = [newest_python(), "-m", "venv", work / "venv"]
    subprocess.run(make, check=True)
    python = work / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-qq", *PACKAGES], check=True)
    subprocess.run([*pip, "list"], check=True)
    command = [python, "-m", "sphinx", "-q", "-b", "html", "-W", "-n"]
    made = subprocess.run(
        [*command, "--keep-going", source, html],
        env=os.environ | {"PYTHONPATH": str(source / "_ext")},
    )
    wrong = difference(html, root)
    print(wrong or f"all pages are in {html}")
    return made.returncode or bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
