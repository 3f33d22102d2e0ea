from math import log as ln

import numpy as np
import pandas as pd
import pytest

from utils.recommender import two_lines

LOG = pd.DataFrame(
    {
        "user": [0, 0, 1],
        "video": [0, 1, 0],
        "started": [True, False, False],
        "good": [True, False, False],
    }
)
TOPICS = np.array([0, 1, 0])


def odds(p):
    return ln(p / (1 - p))


def test_by_hand():
    got = two_lines.two_line_scores(LOG, TOPICS, users=2, available=3)
    one, zero = (1 + 0.6) / (1 + 5), (0 + 0.6) / (1 + 5)  # of five pretended
    rates = (1 + 1.2) / (2 + 10), (0 + 1.2) / (1 + 10), 1.2 / 10
    assert got == pytest.approx(
        np.array(
            [
                [-np.inf, odds(zero) + odds(rates[1]), odds(one) + odds(0.12)],
                [
                    odds(zero) + odds(rates[0]),
                    odds(0.12) + odds(rates[1]),
                    odds(zero) + odds(rates[2]),
                ],
            ]
        )
    )


def test_later_uploads_have_no_score_and_leave_the_others_alone():
    three = two_lines.two_line_scores(LOG, TOPICS, users=2, available=3)
    two = two_lines.two_line_scores(LOG, TOPICS, users=2, available=2)
    assert (two == three[:, :2]).all()


def test_counts_are_those_of_a_loop():
    """Second opinion: user by user and video by video."""
    rng = np.random.default_rng(0)
    topics = rng.integers(4, size=12)
    started = rng.random(200) < 0.5
    log = pd.DataFrame(
        {
            "user": rng.integers(5, size=200),
            "video": rng.integers(12, size=200),
            "started": started,
            "good": started & (rng.random(200) < 0.5),
        }
    )
    got = two_lines.two_line_scores(log, topics, users=5, available=12)
    for u in range(5):
        for v in range(12):
            mine = log[(log.user == u) & (topics[log.video] == topics[v])]
            own = log[log.video == v]
            if (log.started & (log.user == u) & (log.video == v)).any():
                assert got[u, v] == -np.inf
                continue
            assert got[u, v] == pytest.approx(
                odds((mine.good.sum() + 0.6) / (len(mine) + 5))
                + odds((own.good.sum() + 1.2) / (len(own) + 10))
            )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"available": 0}, r"available must be in 1..3, got 0"),
        ({"available": 4}, r"available must be in 1..3, got 4"),
        ({"topics": TOPICS - 1}, r"topics must be at least 0, got -1"),
        ({"topics": TOPICS / 2}, r"topics must be integers, got float64"),
        ({"users": 1}, r"user must be in 0..0, got 1"),
    ],
)
def test_refused(options, message):
    good = {"log": LOG, "topics": TOPICS, "users": 2, "available": 3}
    with pytest.raises(ValueError, match=message):
        two_lines.two_line_scores(**good | options)
