"""What nbval compares, and what it does not."""

import subprocess
import sys

import pytest
from nbformat import v4

from tests.tools.tiny import KERNEL
from tools import chapters, checks, execute, notebooks


def nbval(tmp_path, source, *outputs):
    """Run nbval with the house's hooks on one stored cell."""
    folder = tmp_path / "chapters"
    folder.mkdir()
    hooks = (chapters.ROOT / "chapters" / "conftest.py").read_text()
    (folder / "conftest.py").write_text(hooks)
    cell = v4.new_code_cell(source, outputs=list(outputs), execution_count=1)
    notebook = v4.new_notebook(
        cells=[cell], metadata={"kernelspec": dict(KERNEL)}
    )
    (folder / "tea.ipynb").write_text(notebooks.normal_text(notebook))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = checks.NBVAL[checks.NBVAL.index("--nbval") : -2]
    rules = str(chapters.ROOT / "tests" / "nbval_sanitize.cfg")
    pytest_here = [sys.executable, "-m", "pytest", "-c", "pytest.ini"]
    run = subprocess.run(
        [*pytest_here, *options, rules, "chapters"],
        cwd=tmp_path,
        env=execute.environment(),
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def displayed(**data):
    return v4.new_output("display_data", data)


CLAIMED = "from utils.claims import claim\nclaim('warm', 61, at_least=50)"
DRAWN = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, output, code",
    [
        ("print('tea')", printed("tea\n"), 0),
        ("print('tea')", printed("milk\n"), 1),
        ("print('took 12.5 ms at 0xff12')", printed("took 3 s at 0x1\n"), 0),
        (
            CLAIMED,
            displayed(
                **{"text/plain": "✓ warm\n  at least 50 · measured 58 · null"}
            ),
            0,
        ),
        (
            CLAIMED,
            displayed(**{"text/plain": "✓ warm\n  at least 40 · measured 61"}),
            1,
        ),
        (DRAWN, displayed(**{"text/plain": "<Figure size 1x1>"}), 0),
        (
            "from IPython.display import display\n"
            "display({'image/png': 'iVBORw0KGgo='}, raw=True)",
            displayed(**{"image/png": "iVBORw0KGgo="}),
            0,
        ),
    ],
)
def test_nbval_compares_text_alone(source, output, code, tmp_path, quiet):
    returned, text = nbval(tmp_path, source, output)
    assert returned == code, text
