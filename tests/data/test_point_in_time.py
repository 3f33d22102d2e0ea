"""What was known of a log at a moment."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import data, features
from utils.data import point_in_time
from utils.metrics import calibration

COLUMNS = {"time": "hour", "labels": ["clicked"], "reported": "reported"}
LOG = pd.DataFrame(
    {
        "ad": [0, 0, 1, 1, 0],
        "hour": [1, 2, 4, 5, 8],
        "clicked": [True, True, False, True, True],
        "reported": [3.0, 7.0, np.nan, 5.0, 8.0],
    },
    index=list("abcde"),
)


def at(now, log=LOG, **options):
    return point_in_time.as_known_at(log, now, **COLUMNS, **options)


def test_known_by_hand():
    known = at(6)
    assert known.rows.index.tolist() == ["a", "b", "c", "d"]
    # b was clicked, and nobody could know; c is not a negative either
    assert known.rows.clicked.tolist() == pytest.approx(
        [1, np.nan, np.nan, 1], nan_ok=True
    )
    assert known.rows.reported.tolist() == pytest.approx(
        [3, np.nan, np.nan, 5], nan_ok=True
    )
    assert (known.unknown, known.later) == (2, 1)
    assert LOG.clicked.tolist() == [True, True, False, True, True]


def test_what_happens_at_the_moment_is_not_known():
    known = at(5)
    assert known.rows.index.tolist() == ["a", "b", "c"]
    assert at(5.5).rows.clicked.tolist()[-1] == 1
    assert at(3).rows.clicked.isna().all()  # the report of a comes at 3
    assert (len(at(0).rows), at(0).unknown, at(0).later) == (0, 0, 5)


def test_a_window_closes_rows_that_are_old_enough():
    known = at(6, window=2)
    assert known.rows.clicked.tolist() == [1, 0, 0, 1]  # b as 0: so it was
    assert known.unknown == 0
    assert at(6, window=3).rows.clicked.tolist() == pytest.approx(
        [1, 0, np.nan, 1], nan_ok=True
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 9), st.integers(0, 10**6))
def test_nothing_that_comes_later_can_move_it(now, seed):
    rng = np.random.default_rng(seed)
    hour = rng.integers(0, 9, 20)
    clicked = rng.random(20) < 0.5
    reported = np.where(clicked, hour + rng.integers(0, 6, 20), np.nan)
    log = pd.DataFrame(
        {"hour": hour, "clicked": clicked, "reported": reported}
    )
    # another future: what was not reported by now comes never or later
    open_rows = ~(reported < now)
    comes = open_rows & (rng.random(20) < 0.5)
    other = log.assign(
        clicked=np.where(open_rows, comes, clicked),
        reported=np.where(
            open_rows,
            np.where(comes, np.maximum(hour, now) + 1, np.nan),
            reported,
        ),
    )
    for window in (None, 2):
        one = at(now, log, window=window)
        two = at(now, other, window=window)
        pd.testing.assert_frame_equal(one.rows, two.rows)
        assert one[1:] == two[1:]


def test_a_calibrator_of_that_moment():
    """Fitted on what was known it misses nothing but what was unknown."""
    rng = np.random.default_rng(0)
    n = 20_000
    p = rng.uniform(0.05, 0.5, n)
    hour = rng.integers(0, 100, n)
    clicked = rng.random(n) < p
    wait = np.where(clicked, rng.integers(1, 40, n), 40)
    log = pd.DataFrame(  # negatives are reported when the window closes
        {"hour": hour, "clicked": clicked, "reported": hour + wait}
    )
    known = at(60, log).rows
    old = known[known.hour < 20]
    assert old.clicked.notna().all()
    fit = calibration.fit_isotonic(old.clicked, p[old.index])
    assert fit(p[old.index]).mean() == pytest.approx(
        log.clicked[old.index].mean()
    )
    biased = known.clicked.fillna(0)
    short = calibration.fit_isotonic(biased, p[known.index])
    assert short(p).mean() < 0.9 * fit(p).mean()


def test_the_shipped_log_of_late_clicks():
    log = data.load("ad_click_prediction").impressions
    now = log.time.min().normalize() + pd.Timedelta(days=7)
    known = point_in_time.as_known_at(
        log, now, time="time", labels=["clicked"], reported="reported"
    )
    rows = log[log.time < now]
    assert len(known.rows) == len(rows)
    arrived = int((rows.reported < now).sum())
    assert known.unknown == len(rows) - arrived
    assert known.rows.clicked.sum() == arrived < rows.clicked.sum()
    before = features.sums_before(
        log.ad, log.time.to_numpy(), log.clicked,
        reported=log.reported.to_numpy(),
    )  # fmt: skip
    too_much = features.sums_before(log.ad, log.time.to_numpy(), log.clicked)
    assert (before <= too_much).all() and (before < too_much).any()


# --- a log that contains the fault -------------------------------------------


def test_labels_of_the_future_are_found():
    check = {"log": LOG, **COLUMNS}
    past = LOG[LOG.hour < 6]
    with pytest.raises(
        ValueError, match=r"row b has clicked = True, .*reported at 7\.0"
    ):
        point_in_time.check_known_at(past, 6, **check)
    with pytest.raises(ValueError, match=r"row e lies at 8, .*not before 6"):
        point_in_time.check_known_at(LOG, 6, **check)
    # as it was known, unknown left out or taken for negative
    known = at(6).rows
    for rows in (known, known.dropna(subset="clicked"), known.fillna(0)):
        point_in_time.check_known_at(rows, 6, **check)


# --- refusal -----------------------------------------------------------------


def test_refusals():
    with pytest.raises(ValueError, match="no column 'clicked', got"):
        at(6, LOG.drop(columns="clicked"))
    with pytest.raises(ValueError, match="row a: reported must not lie befo"):
        at(6, LOG.assign(reported=0.5))
    with pytest.raises(ValueError, match="row a: hour must not be missing"):
        at(6, LOG.assign(hour=np.nan))
    with pytest.raises(ValueError, match="label 'clicked' must hold numbers"):
        at(6, LOG.assign(clicked="yes"))
    with pytest.raises(ValueError, match="window must be at least 0, got -1"):
        at(6, window=-1)
    with pytest.raises(ValueError, match="row 9 is not in the log"):
        point_in_time.check_known_at(
            LOG[:1].set_axis([9]), 6, log=LOG, **COLUMNS
        )
