"""Set-up from the lock."""

import sys

import pytest

from tests.tools.tiny import append
from tools import setup


def python(words):
    return [sys.executable, "-c", words]


def test_set_up_is_wanted_again_when_the_lock_changes(root):
    before = setup.wanted(root)
    assert setup.wanted(root) == before
    append(root / "requirements.lock")
    changed = setup.wanted(root)
    append(root / "pyproject.toml")
    assert len({before, changed, setup.wanted(root)}) == 3


def test_set_up_that_fails_leaves_no_stamp(root, monkeypatch):
    stamp = root / ".venv" / "set-up-done"
    stamp.parent.mkdir()
    stamp.write_text("of another lock")
    steps = [("trying", python("raise SystemExit(1)"))]
    monkeypatch.setattr(setup, "steps", lambda *_: steps)
    with pytest.raises(SystemExit, match="set-up failed while trying"):
        setup.main(root)
    assert not stamp.exists()
    monkeypatch.setattr(setup, "steps", lambda *_: [("trying", python(""))])
    setup.main(root)
    assert stamp.read_text() == setup.wanted(root)
    monkeypatch.setattr(setup, "steps", lambda *_: 1 / 0)  # not called again
    setup.main(root)


def test_set_up_refuses_an_old_python(root, monkeypatch):
    monkeypatch.setattr(setup, "VERSION", (3, 10))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        setup.main(root)


def test_torch_is_pinned_first(root):
    assert setup.torch_pin(root) == "torch==2.13.0"
    (root / "requirements.lock").write_text("numpy==2.4.6\n")
    with pytest.raises(SystemExit, match="pins no torch"):
        setup.torch_pin(root)
