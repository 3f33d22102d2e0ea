"""The two-stage recommender of a user's log, and its parts."""

import pandas as pd
from scipy import sparse

INSIDE = "a part of TwoStageRecommender, which checks; driven through it"


def interactions(rng):
    cells = rng.integers(0, 3, (5, 4)).astype(float)
    cells[0, 0] = 1.0
    return sparse.csr_matrix(cells)


def log_table(rng):
    return pd.DataFrame({
        "user": rng.integers(0, 4, 9),
        "item": rng.integers(0, 5, 9),
        "time": rng.integers(0, 99, 9),
        "weight": rng.random(9) + 0.1,
    })  # fmt: skip
