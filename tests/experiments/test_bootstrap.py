"""Percentile bootstrap of paired values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import bootstrap

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


def interval(*values, seed=0, **options):
    arrays = [np.array(v, dtype=float) for v in values]
    rng = np.random.default_rng(seed)
    return bootstrap.paired_interval(*arrays, rng=rng, **options)


def test_estimate_by_hand_with_nan_pairs_dropped_and_counted():
    got = interval([1, 2, np.nan, 9], [0, 3, 1, np.nan])
    assert got.estimate == ((1 - 0) + (2 - 3)) / 2
    assert (got.n, got.dropped) == (2, 2)


def test_two_rows_have_quantiles_that_can_be_counted():
    # means of two draws from {0, 1}: 0, 1/2, 1 with chances 1/4, 1/2, 1/4
    got = interval([0, 1], resamples=4000)
    assert (got.low, got.high) == (0, 1)
    got = interval([0, 1], level=0.4, resamples=4000)
    assert (got.low, got.high) == (0.5, 0.5)


def test_fewer_than_two_rows_have_no_interval():
    one = interval([2.0, np.nan])
    assert (one.estimate, one.n, one.dropped) == (2.0, 1, 1)
    assert np.isnan([one.low, one.high]).all()
    none = interval([np.nan])
    assert (none.n, none.dropped) == (0, 1)
    assert np.isnan(none[:3]).all()


@settings(STEADY, max_examples=30)
@given(
    hnp.arrays(np.float64, 12, elements=st.integers(-9, 9).map(float)),
    hnp.arrays(np.float64, 12, elements=st.integers(-9, 9).map(float)),
)
def test_swapping_the_systems_mirrors_the_interval(a, b):
    one, other = interval(a, b), interval(b, a)
    assert one.low <= one.high
    assert one.estimate == pytest.approx(-other.estimate)
    ends = (-other.high, -other.low)  # same seed, same rows drawn
    assert (one.low, one.high) == pytest.approx(ends)
    assert min(a - b) <= one.low and one.high <= max(a - b)


def test_pairing_removes_what_users_share():
    rng = np.random.default_rng(3)
    user = rng.normal(scale=5, size=300)
    a = user + rng.normal(scale=0.1, size=300) + 0.1
    paired = interval(a, user)
    assert paired.low > 0.05 and paired.high < 0.15
    alone = interval(a)
    assert alone.high - alone.low > 20 * (paired.high - paired.low)


def test_agrees_with_scipy_on_many_rows():
    from scipy import stats

    rows = np.random.default_rng(1).exponential(size=400)
    got = interval(rows, resamples=4000)
    peer = stats.bootstrap(
        (rows,),
        np.mean,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(2),
    ).confidence_interval
    width = peer.high - peer.low
    assert got.low == pytest.approx(peer.low, abs=0.05 * width)
    assert got.high == pytest.approx(peer.high, abs=0.05 * width)


def test_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        rows = rng.normal(loc=1.0, size=60)
        got = bootstrap.paired_interval(
            rows, rng=rng, level=0.9, resamples=400
        )
        hits += got.low <= 1.0 <= got.high
    # 400 trials at 0.9: standard deviation 0.015
    assert 0.84 <= hits / 400 <= 0.95


def test_blocks_do_not_change_the_draws(monkeypatch):
    rows = np.random.default_rng(1).normal(size=50)
    whole = interval(rows)
    # one resample at a time
    monkeypatch.setattr(bootstrap, "BLOCK_VALUES", 70)
    assert interval(rows) == pytest.approx(whole)


def test_refuses():
    with pytest.raises(ValueError, match=r"alike, got \(2,\) and \(3,\)"):
        interval([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"must be \(n,\)"):
        interval([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="must be finite and at most 1e"):
        interval([1, np.inf])
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match=f"level .*, got {level}"):
            interval([1, 2], level=level)
    with pytest.raises(ValueError, match="at least 100, got 99"):
        interval([1, 2], resamples=99)


def ratio(top, bottom, seed=0, **options):
    return bootstrap.ratio_interval(
        np.array(top, float),
        np.array(bottom, float),
        rng=np.random.default_rng(seed),
        **options,
    )


def test_ratio_by_hand():
    got = ratio([1, 3, np.nan, 9], [2, 6, 1, np.nan])
    assert got.estimate == (1 + 3) / (2 + 6)
    assert (got.low, got.high, got.n, got.dropped) == (0.5, 0.5, 2, 2)
    # of two draws from (0, 1) and (3, 1): 0, 3/2, 3
    got = ratio([0, 3], [1, 1], resamples=4000)
    assert (got.low, got.high) == (0, 3)
    # 0 / 0 is left out: (1, 2) with itself or with (0, 0)
    got = ratio([1, 0], [2, 0])
    assert got[:3] == (0.5, 0.5, 0.5)


def test_ratio_is_undefined_where_nothing_is_divided_by():
    for got in (ratio([], []), ratio([1, 2], [0, 0]), ratio([1], [0])):
        assert np.isnan(got[:3]).all()
    one = ratio([1, 2], [4, np.nan])
    assert one.estimate == 0.25 and np.isnan([one.low, one.high]).all()


def test_ratio_with_denominators_of_one_is_the_mean():
    x = np.random.default_rng(1).normal(size=60)
    assert ratio(x, np.ones(60)) == pytest.approx(interval(x))


def test_ratio_agrees_with_scipy_and_with_the_delta_method():
    from scipy import stats

    rng = np.random.default_rng(2)
    views = rng.poisson(20, size=500) + 1.0
    clicks = rng.binomial(views.astype(int), rng.beta(2, 6, size=500))
    got = ratio(clicks, views, resamples=4000)
    peer = stats.bootstrap(
        (clicks, views),
        lambda c, v, axis: c.sum(axis=axis) / v.sum(axis=axis),
        method="percentile",
        paired=True,
        vectorized=True,
        n_resamples=4000,
        rng=np.random.default_rng(3),
    ).confidence_interval
    width = peer.high - peer.low
    assert got.low == pytest.approx(peer.low, abs=0.05 * width)
    assert got.high == pytest.approx(peer.high, abs=0.05 * width)
    residual = clicks - got.estimate * views
    error = residual.std(ddof=1) / views.mean() / 500**0.5
    assert width == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_ratio_refuses():
    with pytest.raises(ValueError, match=r"got \(2,\) and \(1,\)"):
        ratio([1, 2], [1])
    with pytest.raises(ValueError, match=r"alike, got \(1, 1\)"):
        ratio([[1]], [[1]])
    with pytest.raises(ValueError, match="must be finite and at most 1e"):
        ratio([1, np.inf], [1, 1])
    with pytest.raises(
        ValueError, match="denominators of the ratio must be at least 0"
    ):
        ratio([1, 1], [1, -1])
    with pytest.raises(ValueError, match=r"level .*, got 1"):
        ratio([1, 1], [1, 1], level=1)
    with pytest.raises(ValueError, match="at least 100, got 9"):
        ratio([1, 1], [1, 1], resamples=9)


# ----------------------------------------------------------------------------
# draws, percentiles


def test_draws_are_rows_with_replacement_in_small_blocks():
    rng = np.random.default_rng(0)
    blocks = list(bootstrap.draws(40_000, rng=rng, resamples=5))
    assert all(b.size <= bootstrap.BLOCK_VALUES for b in blocks)
    drawn = np.concatenate(blocks)
    assert drawn.shape == (5, 40_000)
    assert drawn.min() >= 0 and drawn.max() < 40_000
    for row in drawn:  # 1 - 1 / e of the rows occur
        assert len(np.unique(row)) / 40_000 == pytest.approx(
            1 - np.exp(-1), abs=0.01
        )


def test_percentiles_by_hand():
    values = np.arange(201.0)[::-1]
    assert bootstrap.percentiles(values, 0.95) == pytest.approx((5, 195))
    assert bootstrap.percentiles(np.array([3.0]), 0.95) == (3, 3)
