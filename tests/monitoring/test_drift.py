"""Statistics of drift, their p-values and their limits."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.monitoring import drift

STEADY = settings(deadline=None, derandomize=True)
COUNTS = hnp.arrays(np.int64, 4, elements=st.integers(0, 30))
VALUES = hnp.arrays(
    np.float64,
    st.integers(1, 40),
    elements=st.one_of(
        st.integers(-4, 4).map(float), st.floats(-1e300, 1e300)
    ),
)


def test_edges_and_counts_by_hand():
    reference = np.array([1, 2, 3, 4, 5, 6, 7, 8.0])
    edges = drift.quantile_edges(reference, bins=4)
    assert edges.tolist() == [2.75, 4.5, 6.25]
    assert drift.bin_counts(reference, edges=edges).tolist() == [2, 2, 2, 2]
    got = drift.bin_counts([-1e9, 2.75, 2.75, 9, 1e9], edges=edges)
    assert got.tolist() == [1, 2, 0, 2]  # an edge belongs to the bin above
    assert drift.quantile_edges([5, 5, 5], bins=3).tolist() == [5]
    assert drift.bin_counts([], edges=[0.5]).tolist() == [0, 0]
    assert drift.bin_counts([1, 2], edges=[]).tolist() == [2]


@STEADY
@given(VALUES, st.integers(2, 9))
def test_counts_agree_with_numpy(values, bins):
    edges = drift.quantile_edges(values, bins=bins)
    got = drift.bin_counts(values, edges=edges)
    peer, _ = np.histogram(values, np.r_[-np.inf, edges, np.inf])
    assert got.tolist() == peer.tolist()


def test_psi_by_hand():
    got = drift.psi([50, 50], [75, 25], smoothing=0)
    expected = 0.25 * log(0.75 / 0.5) - 0.25 * log(0.25 / 0.5)
    assert got == pytest.approx(expected)
    smooth = drift.psi([1, 0], [0, 3])
    p, q = (1.5 / 2, 0.5 / 2), (0.5 / 4, 3.5 / 4)
    assert smooth == pytest.approx(
        sum((b - a) * log(b / a) for a, b in zip(p, q, strict=True))
    )
    assert drift.psi([1, 1], [2, 0], smoothing=0) == np.inf
    assert drift.psi([1, 1, 0], [2, 2, 0], smoothing=0) == 0
    assert np.isnan(drift.psi([0, 0], [1, 1]))
    assert np.isnan(drift.psi([0, 0], [0, 0], smoothing=0))


@STEADY
@given(COUNTS, COUNTS, st.sampled_from([0, 0.5, 2]))
def test_psi_is_symmetric_positive_and_takes_batches(a, b, smoothing):
    got = drift.psi(np.stack([a, b]), np.stack([b, a]), smoothing=smoothing)
    assert got.shape == (2,)
    alone = drift.psi(a, b, smoothing=smoothing)
    np.testing.assert_allclose(got, [alone, alone])
    assert np.isnan(alone) or alone >= 0
    assert np.isnan(alone) == (not a.any() or not b.any())


def test_limits_keep_the_rate_that_was_chosen():
    rng = np.random.default_rng(0)
    for rate in (0.05, 0.2):
        counts = rng.multinomial([[2000], [500]], [0.1] * 10, (2, 4000))
        got = drift.psi(*counts)
        limit = drift.psi_limit(2000, 500, bins=10, false_alarm_rate=rate)
        # 4000 trials at 0.2: standard deviation 0.006; and the approximation
        assert (got > limit).mean() == pytest.approx(rate, abs=0.02)
    assert limit == pytest.approx((1 / 2000 + 1 / 500) * 12.2421, rel=1e-5)


@STEADY
@given(COUNTS, COUNTS)
def test_chi_square_agrees_with_scipy(reference, current):
    from scipy import stats

    got = drift.chi_square(reference, current)
    table = np.stack([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    if not reference.any() or not current.any():
        assert np.isnan(got).all()
        return
    peer = stats.chi2_contingency(table, correction=False)
    assert got.statistic == pytest.approx(peer.statistic, abs=1e-12)
    if table.shape[1] == 1:
        assert np.isnan(got.p_value)
    else:
        assert got.p_value == pytest.approx(peer.pvalue)


def test_kolmogorov_smirnov_by_hand():
    # after 2: 2 of 3 against none of 2; after 4: all against 1 of 2
    got = drift.kolmogorov_smirnov([1, 2, 4], [3, 5])
    assert got.statistic == pytest.approx(2 / 3)
    assert drift.kolmogorov_smirnov([7, 7], [7]) == (0, 1)
    assert drift.kolmogorov_smirnov([0, 0.0], [-0.0]).statistic == 0
    assert drift.kolmogorov_smirnov([1], [2]).statistic == 1


@settings(STEADY, max_examples=150)
@given(VALUES, VALUES)
def test_kolmogorov_smirnov_agrees_with_scipy(reference, current):
    from scipy import stats

    got = drift.kolmogorov_smirnov(reference, current)
    if len(reference) > 1 and len(current) > 1:
        peer = stats.ks_2samp(reference, current, method="asymp")
        assert got.statistic == pytest.approx(peer.statistic, abs=1e-12)
        assert got.p_value == pytest.approx(peer.pvalue, abs=1e-9)
    other = drift.kolmogorov_smirnov(current, reference)
    assert got == pytest.approx(other)
    assert 0 <= got.statistic <= 1 and 0 <= got.p_value <= 1


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.integers(0, 4, n) * 1.0,  # ties
        lambda rng, n: 1e15 + rng.integers(0, 9, n),  # no digits to spare
        lambda rng, n: np.exp(20 * rng.normal(size=n)),  # a long tail
        lambda rng, n: rng.normal(size=n) * 1e-310,  # no width to divide by
        lambda rng, n: rng.choice([-1.7e308, 1.7e308, 0, 1], n),  # too much
        lambda rng, n: np.append(rng.normal(size=n), 1e9),  # one far away
    ],
)
def test_widest_gap_agrees_with_sorting_everything(draw):
    rng = np.random.default_rng(0)
    for _ in range(100):
        n, m = rng.integers(1, 60, size=2)
        a, b = np.sort(draw(rng, n)), np.sort(draw(rng, m))
        places = np.concatenate([a, b])
        got = drift.kolmogorov_smirnov(rng.permuted(a), rng.permuted(b))
        gaps = np.searchsorted(a, places, "right") / len(a)
        gaps -= np.searchsorted(b, places, "right") / len(b)
        assert got.statistic == pytest.approx(np.abs(gaps).max())


def test_kolmogorov_smirnov_keeps_its_rate_and_finds_what_moved():
    rng = np.random.default_rng(0)
    p = [
        drift.kolmogorov_smirnov(
            rng.normal(size=150), rng.normal(size=90)
        ).p_value
        for _ in range(1000)
    ]
    # 1000 trials at 0.05: standard deviation 0.007
    assert 0.025 <= np.mean(np.array(p) < 0.05) <= 0.072
    moved = drift.kolmogorov_smirnov(
        rng.normal(size=2000), rng.normal(size=2000) * 1.3
    )
    assert moved.p_value < 1e-3


@pytest.mark.parametrize("shift", [0, 0.005, 0.02])
def test_kolmogorov_smirnov_of_many_rows_agrees_with_scipy(shift):
    from scipy import stats

    rng = np.random.default_rng(0)
    rows = rng.normal(size=25_000), rng.normal(size=30_000) + shift
    got = drift.kolmogorov_smirnov(*rows)
    peer = stats.ks_2samp(*rows, method="asymp")
    assert got.statistic == pytest.approx(peer.statistic, abs=1e-12)
    assert got.p_value == pytest.approx(peer.pvalue, abs=3e-6)


def test_calibration_drift_by_hand():
    # Poisson limits of 10, from tables: 4.795 and 18.39; of 0: 0 and 3.689
    got = drift.calibration_drift(
        np.array([12.0, 2, 0, 0]), np.array([10, 0, 0, 5])
    )
    assert got.ratio[[0, 1, 3]].tolist() == [1.2, np.inf, 0]
    assert got.low[:2] == pytest.approx([12 / 18.39, 2 / 3.689], rel=1e-3)
    assert got.high[0] == pytest.approx(12 / 4.795, rel=1e-3)
    assert got.high[1] == np.inf
    assert np.isnan(got.ratio[2]) and got.low[2] == 0
    assert np.isnan(got.high[2])


def test_calibration_drift_covers_a_calibrated_model_and_finds_a_shifted_one():
    rng = np.random.default_rng(0)
    chance = rng.beta(1, 30, size=(2000, 3000))
    observed = (rng.random(chance.shape) < chance).sum(axis=1)
    got = drift.calibration_drift(chance.sum(axis=1), observed)
    inside = (got.low <= 1) & (1 <= got.high)
    # standard deviation 0.005; a little too wide, never too narrow
    assert 0.94 <= inside.mean() <= 0.985
    off = drift.calibration_drift(1.5 * chance.sum(axis=1), observed)
    assert (off.low > 1).mean() > 0.9


def test_refuses():
    one = np.ones(1)
    for wrong in ([], [np.nan], [np.inf], [[1.0]]):
        with pytest.raises(ValueError, match="reference must be"):
            drift.quantile_edges(wrong, bins=2)
        with pytest.raises(ValueError, match="current must be"):
            drift.kolmogorov_smirnov(one, wrong)
    with pytest.raises(ValueError, match="at least 2, got 1"):
        drift.quantile_edges(one, bins=1)
    with pytest.raises(ValueError, match="values must be"):
        drift.bin_counts([np.nan], edges=[1])
    for edges in ([1, 1], [2, 1]):
        with pytest.raises(ValueError, match="edges must ascend"):
            drift.bin_counts(one, edges=edges)
    with pytest.raises(ValueError, match="edges must be"):
        drift.bin_counts(one, edges=[np.inf])
    for test in (drift.psi, drift.chi_square):
        with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
            test([1], [1, 2])
        for counts in ([-1], [np.nan]):
            with pytest.raises(ValueError, match="current must be counts"):
                test([1], counts)
    for smoothing in (-1, np.inf, np.nan):
        with pytest.raises(ValueError, match=f"at least 0, got {smoothing}"):
            drift.psi([1], [1], smoothing=smoothing)
    with pytest.raises(ValueError, match=r"must be \(B,\), got \(1, 1\)"):
        drift.chi_square([[1]], [[1]])
    for good in (
        {"n_reference": 0, "n_current": 1, "bins": 2, "false_alarm_rate": 0.1},
        {"n_reference": 1, "n_current": 1, "bins": 1, "false_alarm_rate": 0.1},
        {"n_reference": 1, "n_current": 1, "bins": 2, "false_alarm_rate": 1},
    ):
        with pytest.raises(ValueError, match=r"got (0 and 1|1)"):
            drift.psi_limit(
                good.pop("n_reference"), good.pop("n_current"), **good
            )
    with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
        drift.calibration_drift([1], [1, 2])
    for predicted in (-1, np.inf):
        with pytest.raises(ValueError, match="predicted must be"):
            drift.calibration_drift(predicted, 1)
    for observed in (-1, 0.5, np.nan, np.inf):
        with pytest.raises(ValueError, match="observed must be whole"):
            drift.calibration_drift(1, observed)
    with pytest.raises(ValueError, match=r"level .*, got 95"):
        drift.calibration_drift(1, 1, level=95)
