"""The locks."""

import re

import pytest

from tools import lock
from tools.setup import LOCKS, ROOT


def lines(name):
    """Lines of a file of requirements, without comments."""
    kept = (ROOT / name).read_text("utf-8").splitlines()
    return [li for li in kept if li and not li.startswith(("#", "-r"))]


def pins(name):
    """Version by name; a name that stands twice has two versions."""
    found = {}
    for line in lines(name):
        package, version = line.partition(" ;")[0].split("==")
        assert package not in found, f"{package} is pinned twice in {name}"
        found[package] = version
    return found


def test_lock_text_by_hand():
    resolved = (
        "# made by uv\ntorch==2.13.0+cpu\nnvidia-nccl==2.1 ; os_name == 'x'\n"
        "-e ../x\nlocal @ file:///tmp/x.whl\nappnope==1.0 ; os_name == 'y'\n"
        "numpy==2.0\n"
    )
    assert lock.lock_text(resolved, without=["numpy==2.0"]) == (
        "appnope==1.0 ; os_name == 'y'\ntorch==2.13.0\n"
    )


@pytest.mark.parametrize("name", LOCKS.values())
def test_a_lock_pins_every_direct_package(name):
    locked = pins(name)
    for line in lines(name.replace(".lock", ".in")):
        package, _, version = re.match(
            r"([\w.\-]+)(==|>=)?(.*)", line
        ).groups()
        found = locked.get(package.lower().replace("_", "-"))
        assert found, f"{package}: run `make lock`"
        assert "==" not in line or found == version, line


def test_no_package_is_in_both_locks():
    first, second = map(pins, LOCKS.values())
    assert not first.keys() & second.keys()


def test_packages_that_numbers_come_from_are_the_same_everywhere():
    for line in lines("requirements.in"):
        name = re.match(r"[\w.\-]+", line)[0].lower()
        marked = [
            li for li in lines(LOCKS["book"]) if li.startswith(f"{name}==")
        ]
        assert all(";" not in li for li in marked), marked


@pytest.mark.parametrize("name", LOCKS.values())
def test_a_lock_names_no_address_and_nothing_of_cuda(name):
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not [li for li in lines(name) if lock.CUDA.match(li)]


def test_resolving_keeps_pins_and_asks_for_wheels_for_the_book(
    tmp_path, monkeypatch
):
    seen = {}

    def uv(command, check):
        out = command[command.index("--output-file") + 1]
        seen[out.name] = command, out.read_text()
        out.write_text("tea==2\n")

    monkeypatch.setattr(lock.subprocess, "run", uv)
    (tmp_path / "requirements.lock").write_text("tea==1\n")
    for name in LOCKS:
        assert lock.resolve("uv", name, ["tea"], tmp_path) == "tea==2\n"
    book, kept = seen["requirements.lock"]
    assert kept == "tea==1\n"
    assert {"--only-binary", "--upgrade-package=tea", "3.11.2"} <= set(book)
    test, kept = seen["requirements-test.lock"]
    assert kept == ""  # there is none yet
    assert "--only-binary" not in test
    assert test[test.index("--constraint") + 1].name == "requirements.lock"
    assert lock.resolve("uv", "book", ["all"], tmp_path)
    assert "--upgrade" in seen["requirements.lock"][0]
