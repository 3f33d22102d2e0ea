"""Running a chapter: messages, time-outs, interruption."""

import inspect
import signal
import subprocess
import sys
import time

import pytest
from nbformat import v4

from tests.tools.tiny import write_chapter
from tools import book, chapters, execute


def test_describe_shows_the_head_of_the_cell():
    long = v4.new_code_cell("\n".join(f"line {n}" for n in range(20)))
    words = execute.describe([long], 0, "\x1b[31mKeyError\x1b[0m: 7")
    assert words.startswith("cell 1 of 1 ([1]) raised:\n    line 0\n")
    assert "    line 11\n    …\nKeyError: 7" in words
    assert "line 12" not in words


def test_environment_lets_no_seed_leak(monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "3")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    assert "BOOK_SEED" not in execute.environment()
    assert "MPLBACKEND" not in execute.environment()
    assert execute.environment(5)["BOOK_SEED"] == "5"
    assert execute.environment()["OMP_NUM_THREADS"] == "1"


def test_run_all_keeps_the_order_and_goes_side_by_side():
    def slow_first(n):
        time.sleep(0.2 if n == 0 else 0)
        return n

    tasks = [lambda n=n: slow_first(n) for n in range(4)]
    assert execute.run_all(tasks, jobs=2) == [0, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, words",
    [
        ("import time\ntime.sleep(60)", "not done 4 s after the chapter"),
        ("import os\nos._exit(3)", "Kernel died"),
    ],
)
def test_a_chapter_that_hangs_or_dies(source, words, root, quiet):
    path = write_chapter(root, "bad", v4.new_code_cell(source))
    run = execute.run_one(path, timeout=4, root=root)
    assert "cell 1 of 1 ([1]) raised:" in run.problem
    assert words in run.problem


@pytest.mark.parametrize("starts_at, attempts", [(1, 1), (2, 2), (3, 2)])
def test_a_kernel_that_never_started_is_started_once_more(
    monkeypatch, starts_at, attempts
):
    tried = []

    def attempt(path, **how):
        tried.append(how)
        dead = len(tried) < starts_at
        words = f"x: {execute.NEVER_STARTED} to kernel_info" if dead else ""
        return execute.Run(path, {}, 1.0, 1.0, words)

    monkeypatch.setattr(execute, "attempt", attempt)
    run = execute.run_one("x.ipynb", seed=3)
    assert len(tried) == attempts
    assert tried[0] == tried[-1] and tried[0]["seed"] == 3
    assert bool(run.problem) == (starts_at == 3)


def test_jupyter_client_still_says_so():
    from jupyter_client import client

    assert execute.NEVER_STARTED in inspect.getsource(client)


@pytest.mark.slow
def test_interrupted_execution_ends_its_kernel(root, tmp_path, quiet):
    pid = tmp_path / "pid"
    source = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    path = write_chapter(root, "tea", v4.new_code_cell(source))
    ask = (
        "import sys; from pathlib import Path; from tools import book\n"
        "path, root = map(Path, sys.argv[1:])\n"
        "book.execute([path], root=root)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", ask, path, root],
        cwd=chapters.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()):
        assert time.monotonic() < end
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 1
    assert errors.strip() == "interrupted; what had finished is kept"
    gone = subprocess.run(["kill", "-0", pid.read_text()], capture_output=True)
    assert gone.returncode != 0
    assert book.facts_of(path, root) == {}
