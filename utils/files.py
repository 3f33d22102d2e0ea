"""Files that are replaced whole, and the folders of the book."""

from __future__ import annotations

import os
from pathlib import Path

BOOK = Path(__file__).parents[1]  # where this package is the book's `utils`


def book_folder(folder: Path) -> Path:
    """The folder as given; the book's own only where the book is.

    An installed package lies among strangers: a folder `data` beside it is
    not the book's, and no table is taken from it.

    Args:
        folder: any; those of the book lie directly below `BOOK`.

    Raises:
        ValueError: one of the book's, and the book is not there.
    """
    if folder.parent == BOOK and not (BOOK / "_toc.yml").is_file():
        raise ValueError(
            f"{folder.name}/ must be a folder of the book's repository, and "
            f"the installed package has none, got {folder}; clone the book, "
            "and pass folder= with the path there"
        )
    return folder


def replace_file(path: Path, content: bytes) -> None:
    """Atomic replacement of a file: its new bytes, or what was there.

    They are written to a file beside it, which then takes its name. Nobody
    reads half a file, and a write that fails leaves none behind.

    Args:
        path: of the file, which need not exist yet; its folder does.
        content: all of it.

    Raises:
        OSError: the folder is missing, or not to be written to.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "a.txt"), b"new")
    ...     Path(folder, "a.txt").read_text()
    'new'
    """
    # two processes that write one file do not write into one part
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException:  # also when interrupted
        part.unlink(missing_ok=True)
        raise
