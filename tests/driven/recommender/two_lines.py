"""Cases of utils.recommender.two_lines."""

import numpy as np
import pandas as pd

from tests.driven import case
from utils.recommender import two_lines


def counted(rng):
    started = rng.random(40) < 0.5
    log = pd.DataFrame(
        {
            "user": rng.integers(5, size=40),
            "video": rng.integers(12, size=40),
            "started": started,
            "good": started & (rng.random(40) < 0.5),
        }
    )
    return {
        "log": log,
        "topics": rng.integers(3, size=12),
        "users": 5,
        "available": 10,
    }


def scored(got, given):
    assert got.shape == (given["users"], given["available"])
    assert (got < np.inf).all()  # nor nan


case(two_lines.two_line_scores, counted, scored, keep="log")
