"""Variety of lists and of exposure."""

from math import nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import diversity

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)

VECTORS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(2, 6), st.integers(1, 4)),
    elements=st.floats(-9, 9).map(lambda x: round(x, 3)),
)
COUNTS = hnp.arrays(np.int64, st.integers(1, 9), elements=st.integers(0, 50))


@pytest.mark.parametrize(
    "vectors, expected",
    [
        ([[1, 0], [0, 3]], 1.0),  # length does not matter
        ([[1, 0], [-2, 0]], 2.0),
        ([[1, 2], [2, 4], [3, 6]], 0.0),
        ([[1, 0], [1, 1], [0, 1]], (2 * (1 - 1 / sqrt(2)) + 1) / 3),
        ([[1, 0]], nan),  # no pair
        ([[1, 0], [0, 0]], nan),  # zeros have no direction
    ],
)
def test_intra_list_distance_by_hand(vectors, expected):
    got = diversity.intra_list_distance(np.array(vectors))
    assert got == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_intra_list_distance_of_one_item_is_nan_whatever_its_rounding():
    vectors = np.random.default_rng(0).normal(size=(50, 1, 7))
    assert np.isnan(diversity.intra_list_distance(vectors)).all()
    assert diversity.intra_list_distance(vectors).shape == (50,)


@STEADY
@given(VECTORS)
def test_intra_list_distance_agrees_with_scipy_and_keeps_bounds(vectors):
    from scipy.spatial.distance import pdist

    got = diversity.intra_list_distance(vectors)
    if (np.linalg.norm(vectors, axis=1) == 0).any():
        assert np.isnan(got)
    else:
        k = len(vectors)
        assert got == pytest.approx(pdist(vectors, "cosine").mean(), abs=1e-9)
        assert 0 <= got <= k / (k - 1) + 1e-9
        batch = diversity.intra_list_distance(np.stack([vectors, vectors]))
        assert batch == pytest.approx([got, got])


def test_intra_list_distance_refuses():
    with pytest.raises(ValueError, match=r"\(\.\.\., k, D\), got shape \(2,"):
        diversity.intra_list_distance(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="must be finite"):
        diversity.intra_list_distance(np.array([[1.0], [nan]]))


def test_coverage_by_hand():
    lists = np.array([[0, 1], [1, -1]])  # -1 is an empty place
    assert diversity.coverage(lists, n_items=8) == 2 / 8
    assert diversity.coverage(np.array([], dtype=int), n_items=8) == 0
    assert diversity.coverage(np.arange(8)[::-1], n_items=8) == 1


@STEADY
@given(hnp.arrays(np.int64, (3, 4), elements=st.integers(-1, 9)))
def test_coverage_agrees_with_a_set(lists):
    expected = len(set(lists.ravel().tolist()) - {-1}) / 10
    assert diversity.coverage(lists, n_items=10) == expected


def test_coverage_refuses():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        diversity.coverage(np.array([0]), n_items=0)
    with pytest.raises(ValueError, match="from -1 to 3, got 4"):
        diversity.coverage(np.array([4]), n_items=4)
    with pytest.raises(ValueError, match="must be integers"):
        diversity.coverage(np.array([0.5]), n_items=4)


@pytest.mark.parametrize(
    "exposure, expected",
    [
        ([3, 3, 3], 0.0),
        ([0, 0, 0, 7], 1 - 1 / 4),
        ([3, 1], (-1 * 1 + 1 * 3) / (2 * 4)),
        ([0, 0], nan),
        ([5], 0.0),
    ],
)
def test_gini_by_hand(exposure, expected):
    got = diversity.gini(np.array(exposure))
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(COUNTS)
def test_gini_is_half_the_relative_mean_difference(counts):
    got = diversity.gini(counts)
    if counts.sum() == 0:
        assert np.isnan(got)
    else:
        apart = np.abs(counts[:, None] - counts[None]).mean()
        assert got == pytest.approx(apart / 2 / counts.mean(), abs=1e-12)
        assert -1e-12 <= got <= 1 - 1 / len(counts) + 1e-12
        assert diversity.gini(counts[::-1] * 3) == pytest.approx(got)
        assert diversity.gini(np.stack([counts] * 2)) == pytest.approx(got)


def test_gini_refuses():
    with pytest.raises(ValueError, match="at least 0, got -1"):
        diversity.gini(np.array([1, -1]))
    with pytest.raises(ValueError, match="at least one item"):
        diversity.gini(np.array([]))
