"""Maximum mean discrepancy beside its definition."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.monitoring import mmd

STEADY = settings(deadline=None, derandomize=True)


def unbiased(x, y, bandwidth):
    """Averages over pairs, written as the definition says."""

    def kernel(a, b):
        return np.exp(-((a - b) ** 2).sum() / 2 / bandwidth**2)

    n, m = len(x), len(y)
    within_x = [
        kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j
    ]
    within_y = [
        kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j
    ]
    across = [kernel(a, b) for a in x for b in y]
    return np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across)


@settings(STEADY, max_examples=30)
@given(st.integers(0, 99), st.integers(2, 6), st.integers(2, 6))
def test_mmd_agrees_with_a_loop(seed, n, m):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 3)) + 100, rng.normal(size=(m, 3)) + 100.5
    got = mmd.mmd(x, y, bandwidth=1.3, permutations=1, rng=rng)
    assert got.statistic == pytest.approx(unbiased(x, y, 1.3), abs=1e-9)
    assert got.p_value in (0.5, 1)


def test_permuted_statistics_are_those_of_permuted_samples():
    # four points, two a side: by counting, one of three splits is as far
    x, y = np.array([[0.0], [0.1]]), np.array([[5.0], [5.1]])
    got = mmd.mmd(
        x, y, bandwidth=1.0, permutations=6000, rng=np.random.default_rng(0)
    )
    assert got.p_value == pytest.approx(1 / 3, abs=0.025)
    same = mmd.mmd(
        x[[0, 0]],
        x[[0, 0, 0]],
        bandwidth=1.0,
        permutations=20,
        rng=np.random.default_rng(0),
    )
    assert same == (pytest.approx(0), 1)


def test_mmd_keeps_its_rate_and_sees_what_means_do_not_show():
    rng = np.random.default_rng(1)
    p = [
        mmd.mmd(
            *rng.normal(size=(2, 20, 2)),
            bandwidth=1.0,
            permutations=19,
            rng=rng,
        ).p_value
        for _ in range(600)
    ]
    # exact: 0.05 and 0.5; standard deviations 0.009 and 0.02
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.07)
    corners = rng.choice([-1.0, 1.0], size=(200, 1)) * [1, 1]
    crossed = rng.choice([-1.0, 1.0], size=(200, 1)) * [1, -1]
    noise = rng.normal(scale=0.5, size=(2, 200, 2))
    x, y = corners + noise[0], crossed + noise[1]
    bandwidth = mmd.median_distance(np.concatenate([x, y]))
    got = mmd.mmd(x, y, bandwidth=bandwidth, permutations=99, rng=rng)
    assert got.p_value == 0.01


def test_median_distance_by_hand():
    points = np.array([[0.0, 0], [3, 4], [0, 1]])  # 5, 1, sqrt(18)
    assert mmd.median_distance(points) == pytest.approx(sqrt(18))
    assert mmd.median_distance(points + 1e4) == pytest.approx(sqrt(18))


def test_refuses():
    rng, points = np.random.default_rng(0), np.zeros((2, 1))
    options = {"bandwidth": 1.0, "permutations": 1, "rng": rng}
    with pytest.raises(ValueError, match=r"current must be \(n, D\)"):
        mmd.mmd(points, points[:1], **options)
    with pytest.raises(ValueError, match="reference must be finite"):
        mmd.mmd(points * np.nan, points, **options)
    with pytest.raises(ValueError, match=r"\(2, 1\) and \(2, 2\)"):
        mmd.mmd(points, np.ones((2, 2)), **options)
    for bandwidth in (0, np.inf, np.nan, 1e-200):
        with pytest.raises(ValueError, match=f"must be .* got {bandwidth}"):
            mmd.mmd(points, points, **(options | {"bandwidth": bandwidth}))
    with pytest.raises(ValueError, match="at least 1: 0"):
        mmd.mmd(points, points, **(options | {"permutations": 0}))
