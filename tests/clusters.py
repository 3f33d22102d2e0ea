"""Vectors in clusters to search in, and how much of the best was found."""

import numpy as np


def clustered(seed, n=4000, *, d=16, centres=60, asked=150):
    """(n, d) vectors and (asked, d) queries around the same centres."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(centres, d))
    found, queries = (
        middle[rng.integers(centres, size=size)] + rng.normal(size=(size, d))
        for size in (n, asked)
    )
    return found.astype(np.float32), queries.astype(np.float32)


def recall(ids, expected):
    """(Q, k), (Q, k) -> share of the expected ids that were found."""
    return (ids[:, :, None] == expected[:, None, :]).any(axis=1).mean()
