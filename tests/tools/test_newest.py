"""The build with the newest Sphinx, up to what is installed for it."""

import os
import subprocess
import sys

import pytest

from tools import newest
from tools.chapters import ROOT


@pytest.mark.slow
def test_the_copy_has_sources_a_conf_and_the_cache(root):
    (root / "_config.yml").write_bytes((ROOT / "_config.yml").read_bytes())
    for name in ("_ext", "_static"):  # where the configuration looks
        (root / name).symlink_to(ROOT / name)
    executed = root / "_build" / ".jupyter_cache" / "executed" / "tea"
    executed.mkdir(parents=True)
    (root / ".git").mkdir()

    source = newest.copied(root, root / "_build" / "newest")

    kept = {path.name for path in source.iterdir()}
    assert {"chapters", "_toc.yml", "_ext", "conf.py"} <= kept
    assert not kept & {".git", "_build"}
    assert not (root / "conf.py").exists()
    conf = {}
    exec((source / "conf.py").read_text(), conf)
    assert "myst_nb" in conf["extensions"]
    assert not newest.LEFT_OUT & set(conf["extensions"])
    cache = conf["nb_execution_cache_path"]
    assert os.listdir(os.path.join(cache, "executed")) == ["tea"]


@pytest.mark.parametrize(
    "code, pages, expected", [(0, "", 0), (2, "", 2), (0, "not built: tea", 1)]
)
def test_it_fails_with_the_build_or_for_a_missing_page(
    root, monkeypatch, code, pages, expected
):
    def run(command, **_):
        failed = code if "sphinx" in command else 0
        return subprocess.CompletedProcess(command, failed)

    monkeypatch.setattr(newest, "copied", lambda *_: root)
    monkeypatch.setattr(newest.subprocess, "run", run)
    monkeypatch.setattr(newest, "difference", lambda *_: pages)
    assert newest.main(root) == expected


def test_the_newest_python_on_the_path_is_taken(monkeypatch):
    monkeypatch.setattr(newest.sys, "version_info", (3, 11, 2))
    there = {"python3.11": "eleven", "python3.12": "twelve"}
    monkeypatch.setattr(newest.shutil, "which", there.get)
    assert newest.newest_python() == "twelve"
    monkeypatch.setattr(newest.sys, "version_info", (3, 12, 1))
    assert newest.newest_python() == sys.executable
