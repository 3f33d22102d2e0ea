import os
import subprocess
import sys

import pytest

from utils.seeds import DEFAULT_SEED, book_seed

# by hand


@pytest.mark.parametrize("text, seed", [("0", 0), ("7", 7), ("101", 101)])
def test_book_seed_by_hand(text, seed, monkeypatch):
    monkeypatch.setenv("BOOK_SEED", text)
    assert book_seed() == seed


# edges


def test_not_set_is_the_default(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    assert book_seed() == DEFAULT_SEED


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_is_the_default(text, monkeypatch):
    monkeypatch.setenv("BOOK_SEED", text)
    assert book_seed() == DEFAULT_SEED


@pytest.mark.parametrize("text", [" 12 ", "012"])
def test_blanks_and_leading_zeros(text, monkeypatch):
    monkeypatch.setenv("BOOK_SEED", text)
    assert book_seed() == 12


# property: it is read at each call, not when the module is imported


def test_read_at_each_call(monkeypatch):
    seen = []
    for seed in (3, 5, 3):
        monkeypatch.setenv("BOOK_SEED", str(seed))
        seen.append(book_seed())
    assert seen == [3, 5, 3]


# second opinion: another process, as a chapter's kernel is one


@pytest.mark.parametrize("seed", [None, 42])
def test_another_process_sees_the_same(seed):
    env = {k: v for k, v in os.environ.items() if k != "BOOK_SEED"}
    env |= {} if seed is None else {"BOOK_SEED": str(seed)}
    ask = "from utils.seeds import book_seed; print(book_seed())"
    made = subprocess.run(
        [sys.executable, "-c", ask], env=env, capture_output=True, text=True
    )
    assert made.stdout == f"{DEFAULT_SEED if seed is None else seed}\n"


# refusal


@pytest.mark.parametrize("text", ["-1", "1.5", "seven", "1e3", "0x10"])
def test_refuses_what_is_no_whole_number(text, monkeypatch):
    monkeypatch.setenv("BOOK_SEED", text)
    with pytest.raises(ValueError, match=f"whole number .* got '{text}'"):
        book_seed()
