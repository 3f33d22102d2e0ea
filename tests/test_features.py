import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import features


def test_sums_before_by_hand():
    key = np.array([7, 7, 3, 7, 3])
    day = np.array([0, 1, 1, 1, 2])
    value = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40], [5, 50]])
    got = features.sums_before(key, day, value)
    # user 7 on day 1 knows day 0 alone, twice; user 3 on day 2 knows day 1
    assert got.tolist() == [[0, 0], [1, 10], [0, 0], [1, 10], [3, 30]]


def test_sums_before_of_nothing():
    assert features.sums_before([], [], np.empty((0, 3))).shape == (0, 3)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(-9, 9)),
        max_size=30,
    )
)
def test_sums_before_is_the_slow_loop_in_any_order(rows):
    key, moment, value = (
        np.array([r[i] for r in rows], dtype=int) for i in range(3)
    )
    got = features.sums_before(key, moment, value)
    slow = [
        value[(key == key[i]) & (moment < moment[i])].sum()
        for i in range(len(rows))
    ]
    assert got.tolist() == slow


def test_sums_before_counts_what_was_reported_by_then():
    key, hour = np.array([1, 1, 1, 1]), np.array([0, 2, 5, 9])
    clicked = np.array([1, 1, 0, 1])
    reported = np.array([7.0, 2.0, np.nan, 9.0])
    got = features.sums_before(key, hour, clicked, reported=reported)
    # at 5 only the click of hour 2 is known, at 9 that of hour 0 as well
    assert got.tolist() == [0, 0, 1, 1 + 1]
    as_times = hour.astype("datetime64[h]"), reported.astype("datetime64[h]")
    again = features.sums_before(
        key, as_times[0], clicked, reported=as_times[1]
    )
    assert again.tolist() == got.tolist()


@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 4, st.booleans()), max_size=30)
)
def test_sums_before_with_reports_is_the_slow_loop(rows):
    key, moment, value, wait, comes = (
        np.array([r[i] for r in rows], dtype=int) for i in range(5)
    )
    reported = np.where(comes, moment + wait, np.nan)
    got = features.sums_before(key, moment, value, reported=reported)
    slow = [
        value[(key == key[i]) & (reported < moment[i])].sum()
        for i in range(len(rows))
    ]
    assert got.tolist() == slow


def test_sums_before_refuses_reports_from_before():
    one, three = np.ones(1, dtype=int), np.array([3])
    with pytest.raises(ValueError, match="before the row's moment, got 2"):
        features.sums_before(one, three, one, reported=np.array([2]))
    with pytest.raises(ValueError, match=r"must be \(1,\), got \(2,\)"):
        features.sums_before(one, three, one, reported=np.array([4, 4]))
    with pytest.raises(ValueError, match="one scale, got int64 and datetime"):
        features.sums_before(
            one, three.astype("datetime64[h]"), one, reported=three
        )


def test_sums_before_refuses_other_lengths():
    with pytest.raises(ValueError, match="one length, got 2, 1 and 2"):
        features.sums_before([1, 2], [1], [1.0, 2.0])


def test_totals_by_hand():
    got = features.totals([2, 0, 2], [[1, 2], [3, 4], [5, 6]], size=3)
    assert got.tolist() == [[3, 4], [0, 0], [1 + 5, 2 + 6]]


@pytest.mark.parametrize("key", [[-1], [3]])
def test_totals_refuses_keys_outside(key):
    with pytest.raises(ValueError, match=rf"in 0\.\.2, got {key[0]}"):
        features.totals(np.array(key), np.ones(1), size=3)


def test_sums_before_refuses_other_shapes():
    for key in (np.array([[1, 1]]), np.array(1)):
        with pytest.raises(ValueError, match=r"key and moment must be \(n,\)"):
            features.sums_before(key, key, np.ones(key.shape))


def test_totals_refuses_other_lengths():
    with pytest.raises(ValueError, match="one length, got 1 and 2"):
        features.totals(np.array([0]), np.ones(2), size=3)


def test_smoothed_rate_by_hand():
    got = features.smoothed_rate([0, 1, 50], [0, 1, 100], prior=0.2, weight=4)
    assert got.tolist() == [0.2, (1 + 0.8) / 5, (50 + 0.8) / 104]


def test_smoothed_rate_refuses_no_weight():
    with pytest.raises(ValueError, match="above 0, got 0"):
        features.smoothed_rate(1, 2, prior=0.1, weight=0)


def test_hashed_fills_the_table_as_chance_would():
    values = np.arange(2000)[:, None]
    got = features.hashed(values, buckets=1024)
    assert got.shape == (2000, 1) and 0 <= got.min() <= got.max() < 1024
    taken = len(np.unique(got))
    assert taken == pytest.approx(1024 * (1 - np.exp(-2000 / 1024)), rel=0.05)


def test_hashed_keeps_fields_apart_and_values_together():
    got = features.hashed(np.array([[7, 7], [7, 8]]), buckets=2**20)
    assert got[0, 0] == got[1, 0] != got[0, 1]
    assert (features.hashed(np.array([[7, 9]]), buckets=1) == 0).all()


@pytest.mark.parametrize(
    "columns, buckets, message",
    [
        (np.array([1, 2]), 8, "columns must be"),
        (np.array([[0.5]]), 8, "columns must be"),
        (np.array([[-1]]), 8, "values must be at least 0"),
        (np.array([[1]]), 0, "buckets must be at least 1"),
    ],
)
def test_hashed_refuses(columns, buckets, message):
    with pytest.raises(ValueError, match=message):
        features.hashed(columns, buckets=buckets)
