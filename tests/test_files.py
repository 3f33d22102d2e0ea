import os
import threading

import pytest

from utils import files
from utils.files import replace_file


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "table.parquet"
    for content in (b"first, and longer", b"second"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path, monkeypatch, error, step
):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"old")
    write = type(path).write_bytes

    def half(self, content):
        write(self, content[:2])
        raise error

    def fail(*args):
        raise error

    if step == "replace":
        monkeypatch.setattr(os, "replace", fail)
    else:
        monkeypatch.setattr(type(path), "write_bytes", half)
    with pytest.raises(error):
        replace_file(path, b"new bytes")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "results.json"
    whole = [letter * 500_000 for letter in (b"a", b"b")]
    replace_file(path, whole[0])
    over = threading.Event()

    def write():
        for turn in range(30):
            replace_file(path, whole[turn % 2])
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert path.read_bytes() in whole
    writer.join()


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "nowhere" / "a.txt", b"")


def test_book_folder_is_the_books_own_or_anybodys(tmp_path, monkeypatch):
    assert files.book_folder(files.BOOK / "data") == files.BOOK / "data"
    monkeypatch.setattr(files, "BOOK", tmp_path)  # as where it is installed
    elsewhere = tmp_path / "mine" / "data"
    assert files.book_folder(elsewhere) == elsewhere
    with pytest.raises(ValueError, match=r"data/ must be .* got .*/data; cl"):
        files.book_folder(tmp_path / "data")
    (tmp_path / "_toc.yml").touch()
    assert files.book_folder(tmp_path / "data") == tmp_path / "data"
