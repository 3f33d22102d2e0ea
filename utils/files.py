"""Files that are replaced whole."""

from __future__ import annotations

import os
from pathlib import Path


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
