"""The fixtures of the commands' tests: a tiny book, a quiet run."""

import pytest
from nbformat import v4

from tests.tools.tiny import write_chapter


@pytest.fixture
def root(tmp_path):
    """A book with one chapter, a package of five modules, and data."""
    files = {
        "_toc.yml": "root: index\nparts:\n- chapters:\n"
        "  - file: chapters/cases/tea\n    sections:\n"
        "    - file: chapters/cases/milk.ipynb\n",
        "requirements.lock": "torch==2.13.0\nnumpy==2.4.6\n",
        "requirements-test.lock": "",
        "pyproject.toml": "",
        "data/tea/manifest.json": '{"world": "pot.Pot"}',
        "data/milk/manifest.json": '{"world": "jug.Jug"}',
        "utils/worlds/pot.py": "",
        "utils/worlds/jug.py": "",
        "data/tea/cups.parquet": "cups",
        "data/milk/jugs.parquet": "jugs",
        "utils/__init__.py": "",
        "utils/brew.py": "def hot():\n    from utils.deep import heat\n",
        "utils/deep/__init__.py": "from .heat import warm\n",
        "utils/deep/heat.py": "from .. import water\nwarm = 1\n",
        "utils/water.py": "",
        "utils/plots.py": "",
        "utils/other.py": "",
        "utils/house.mplstyle": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    write_chapter(
        tmp_path,
        "tea",
        v4.new_markdown_cell("# Tea"),
        v4.new_code_cell("from utils import brew", id="a"),
        v4.new_code_cell("1 + 1", id="b"),
    )
    return tmp_path


@pytest.fixture
def tea(root):
    return root / "chapters" / "cases" / "tea.ipynb"


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
