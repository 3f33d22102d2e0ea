"""Set-up from the locks."""

import ast
import sys
from collections import namedtuple

import pytest

from tests.tools.tiny import append
from tools import setup


def python(words):
    return [sys.executable, "-c", words]


@pytest.fixture
def tried(root, monkeypatch):
    """Which locks each set-up installed; what `.venv` is, is not asked."""
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").touch()
    calls = []

    def steps(_, missing, *, fresh):
        calls.append(missing)
        return [("trying", python(""))]

    monkeypatch.setattr(setup, "steps", steps)
    monkeypatch.setattr(setup, "usable", lambda _: True)
    monkeypatch.setattr(setup, "refusals", lambda *_, **__: [])
    return calls


def test_each_lock_is_installed_once_and_again_when_it_changes(root, tried):
    setup.main(["book"], root)
    setup.main(["book"], root)
    assert tried == [["book"]]
    setup.main(["book", "test"], root)
    assert tried[1:] == [["test"]]
    append(root / "requirements-test.lock")
    setup.main(["book"], root)
    assert len(tried) == 2
    append(root / "requirements.lock")
    setup.main(["book", "test"], root)
    setup.main(["book", "test"], root)
    assert tried[2:] == [["book", "test"]]
    append(root / "pyproject.toml")
    setup.main(["book"], root)
    assert tried[3:] == [["book"]]


def test_set_up_that_fails_leaves_no_stamp(root, tried, monkeypatch):
    setup.main(["book", "test"], root)
    append(root / "requirements.lock")
    steps = [("trying", python("raise SystemExit(1)"))]
    monkeypatch.setattr(setup, "steps", lambda *_, **__: steps)
    with pytest.raises(SystemExit, match="set-up failed while trying"):
        setup.main(["book", "test"], root)
    assert not setup.stamp(root, "book").exists()
    assert setup.current(root, "test")  # was not touched


def test_a_new_venv_has_neither_lock(root, tried, monkeypatch):
    setup.main(["book", "test"], root)
    monkeypatch.setattr(setup, "usable", lambda _: False)
    (root / ".venv" / "bin" / "python").unlink()
    setup.main(["book"], root)
    assert tried[1:] == [["book"]]
    assert not setup.stamp(root, "test").exists()


def test_a_package_that_pip_was_interrupted_in_is_installed_again(root, tried):
    site = root / ".venv" / "lib" / "python3.11" / "site-packages"
    for name in ("half-1.0.dist-info", "whole-1.0.dist-info"):
        (site / name).mkdir(parents=True)
        (site / name / "METADATA").touch()
    (site / "whole-1.0.dist-info" / "INSTALLER").touch()
    setup.main(["book"], root)
    assert [p.name for p in site.iterdir()] == ["whole-1.0.dist-info"]


def test_a_venv_is_made_anew_until_its_pip_is_whole(root):
    venv = root / ".venv"
    assert not setup.usable(root)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    assert not setup.usable(root)
    pip = venv / "lib" / "python3.11" / "site-packages" / "pip-23.dist-info"
    pip.mkdir(parents=True)
    assert not setup.usable(root)
    (pip / "INSTALLER").touch()
    assert setup.usable(root)


def test_a_venv_of_another_python_is_made_anew(root, monkeypatch):
    test_a_venv_is_made_anew_until_its_pip_is_whole(root)
    monkeypatch.setattr(setup, "VERSION", (3, 10, 1))
    assert not setup.usable(root)


def refusal(root, names=("book",), *, fresh=True):
    return "\n".join(setup.refusals(root, list(names), fresh=fresh))


def test_this_machine_is_not_refused(root):
    assert not refusal(root, ["book", "test"])


@pytest.mark.parametrize("found", [(3, 10, 13), (3, 11, 1), (3, 15, 0)])
def test_a_python_without_packages_is_refused(root, monkeypatch, found):
    monkeypatch.setattr(setup, "VERSION", found)
    said = refusal(root)
    assert "Python 3.11.2 to 3.14 is wanted" in said
    assert f" is {setup.dotted(found)};" in said


@pytest.mark.parametrize("found", [(3, 11, 2), (3, 12, 1), (3, 14, 9)])
def test_oldest_and_newest_python_are_not(root, monkeypatch, found):
    monkeypatch.setattr(setup, "VERSION", found)
    assert not refusal(root)


def test_a_machine_without_packages_is_refused(root, monkeypatch):
    monkeypatch.setattr(setup, "MACHINE", "Linux aarch64")
    assert "Linux x86_64 or Darwin arm64 is wanted" in refusal(root)
    assert "this is Linux aarch64" in refusal(root)


def test_a_missing_module_is_refused_while_there_is_no_venv(root, monkeypatch):
    there = setup.importlib.util.find_spec
    monkeypatch.setattr(
        setup.importlib.util,
        "find_spec",
        lambda name: None if name == "ensurepip" else there(name),
    )
    assert "module ensurepip is wanted" in refusal(root)
    assert "apt install python3-venv" in refusal(root)
    assert not refusal(root, fresh=False)


def test_too_little_disk_is_refused(root, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: usage(2.5e9))
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels")
    assert "3 GB of disk are wanted, and 2.5 free" in refusal(root)
    assert "4 GB of disk" in refusal(root, ["book", "test"])
    assert "3 GB of disk" in refusal(root, fresh=False)  # venv alone
    for name in setup.ELSEWHERE:
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(setup.sys, "platform", "linux")
    assert "8 GB of disk are wanted (PyTorch's CPU build" in refusal(root)
    monkeypatch.setattr(setup.sys, "platform", "darwin")
    assert "3 GB of disk are wanted, and" in refusal(root)
    torch = root / ".venv/lib/python3.11/site-packages/torch-2.dist-info"
    torch.mkdir(parents=True)
    assert not refusal(root, fresh=False)  # most of it is there


def test_only_the_tests_want_a_compiler(root, monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    assert not refusal(root)
    assert "apt install g++ python3-dev" in refusal(root, ["book", "test"])


def test_a_refusal_changes_nothing(root, tried, monkeypatch):
    setup.main(["book"], root)
    append(root / "requirements.lock")
    monkeypatch.setattr(setup, "refusals", lambda *_, **__: ["no", "never"])
    with pytest.raises(SystemExit, match=r"refused:\n- no\n- never"):
        setup.main(["book"], root)
    assert setup.stamp(root, "book").exists()


def test_an_old_python_can_read_as_far_as_the_refusal():
    text = (setup.ROOT / "tools" / "setup.py").read_text("utf-8")
    ast.parse(text, feature_version=(3, 7))
    assert "import annotations" not in text  # Python 3.6 has none


def test_the_book_needs_no_compiler_and_no_peers(root):
    python = root / ".venv" / "bin" / "python"
    for names, locks in [
        (["book"], ["requirements.lock"]),
        (["book", "test"], ["requirements.lock", "requirements-test.lock"]),
    ]:
        commands = [c for _, c in setup.steps(root, names, fresh=True)]
        lists = [c for c in commands if "-r" in c]
        assert [c[-1] for c in lists] == [root / name for name in locks]
        assert "--only-binary" in lists[0]
        assert commands[0][1:3] == ["-m", "venv"]
        assert commands[-1] == [
            *(python, "-m", "pip", "--disable-pip-version-check", "check")
        ]
