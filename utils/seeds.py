"""The one seed of a chapter, and how to run it under another."""

from __future__ import annotations

import os

DEFAULT_SEED = 7


def book_seed() -> int:
    """Seed of world and models: `BOOK_SEED`, or 7 when it is not set.

    Returns:
        A whole number, at least 0.

    Raises:
        ValueError: `BOOK_SEED` is not a whole number of at least 0.
    """
    text = os.environ.get("BOOK_SEED", "").strip()
    if not text:
        return DEFAULT_SEED
    if not text.isdecimal():
        raise ValueError(
            f"BOOK_SEED must be a whole number of at least 0, got {text!r}"
        )
    return int(text)
