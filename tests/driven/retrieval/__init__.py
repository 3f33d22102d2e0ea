"""Retrieval: every index, its parts, k-means and the words of texts."""

import numpy as np

BLOCK = "a building block: takes what a checked_... function let through"


def found(got, given):
    ids, scores = got
    n, k = len(given["vectors"]), given["k"]
    assert ids.shape == scores.shape == (len(given["queries"]), k)
    assert ((ids >= -1) & (ids < n)).all()
    assert (np.isneginf(scores) == (ids < 0)).all()
    assert not np.isnan(scores).any()
