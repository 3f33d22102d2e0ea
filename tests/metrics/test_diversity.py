"""Variety of lists and of exposure."""

from math import inf, nan, sqrt

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


# --- novelty, serendipity ---------------------------------------------------


@pytest.mark.parametrize(
    "ids, expected",
    [
        ([0, 0], 0.0),  # all know it
        ([1, 2], (1 + 3) / 2),
        ([1, -1, -1], 1.0),  # empty places do not count
        ([1, 3], inf),
        ([-1, -1], nan),
        ([], nan),
    ],
)
def test_novelty_by_hand(ids, expected):
    shares = np.array([1, 1 / 2, 1 / 8, 0])
    got = diversity.novelty(np.array(ids, dtype=int), shares)
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(hnp.arrays(np.int64, (3, 4), elements=st.integers(-1, 4)))
def test_novelty_agrees_with_a_loop(lists):
    shares = np.array([0.9, 0.5, 0.3, 0.1, 0.01])
    got = diversity.novelty(lists, shares)
    expected = [
        np.mean([-np.log2(shares[i]) for i in row if i >= 0])
        if (row >= 0).any()
        else nan
        for row in lists
    ]
    np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize(
    "ids, gains, expected_ids, expected",
    [
        ([7, 8, 9], [1, 1, 0], [7], 1 / 2),  # 8 and 9 are unexpected
        ([7, 8, 9], [1, 1, 0], [-1], 2 / 3),
        ([7, 8, 9], [1, 3, 0], [7, 9, 4], 3.0),
        ([7, -1], [1, 1], [-1, 5], 1.0),  # an empty place is no item
        ([7, 8], [1, 1], [8, 7], nan),  # all as expected
        ([7, 8], [0, 0], [7, 6], 0.0),
    ],
)
def test_serendipity_by_hand(ids, gains, expected_ids, expected):
    got = diversity.serendipity(
        np.array(ids), np.array(gains), np.array(expected_ids)
    )
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(
    hnp.arrays(np.int64, (3, 4), elements=st.integers(-1, 5)),
    hnp.arrays(np.int64, (3, 4), elements=st.integers(0, 2)),
    hnp.arrays(np.int64, (3, 2), elements=st.integers(-1, 5)),
)
def test_serendipity_agrees_with_sets(ids, gains, expected_ids):
    got = diversity.serendipity(ids, gains, expected_ids)
    for value, row, gain, plain in zip(
        got, ids, gains, expected_ids, strict=True
    ):
        new = [
            g
            for i, g in zip(row, gain, strict=True)
            if i >= 0 and i not in set(plain.tolist())
        ]
        expected = np.mean(new) if new else nan
        assert value == pytest.approx(expected, nan_ok=True)


def test_novelty_and_serendipity_refuse():
    ids, shares = np.array([0, 1]), np.array([0.5, 0.5])
    with pytest.raises(ValueError, match="from -1 to 1, got 2"):
        diversity.novelty(np.array([2]), shares)
    with pytest.raises(ValueError, match="must be integers, got float64"):
        diversity.novelty(shares, shares)
    with pytest.raises(ValueError, match=r"from 0 to 1, got 1\.5"):
        diversity.novelty(ids, np.array([1.5, 1]))
    with pytest.raises(ValueError, match="from 0 to 1, got nan"):
        diversity.novelty(ids, np.array([nan, 1]))
    with pytest.raises(ValueError, match=r"popularity must be \(N,\)"):
        diversity.novelty(ids, np.ones((2, 2)))
    with pytest.raises(ValueError, match="got one id 0"):
        diversity.novelty(np.array(0), shares)
    with pytest.raises(ValueError, match=r"alike, got shapes \(2,\) and"):
        diversity.serendipity(ids, np.ones(3), ids)
    with pytest.raises(ValueError, match=r"expected_ids must be \(\.\.\., m"):
        diversity.serendipity(ids, shares, ids[None])
    with pytest.raises(ValueError, match="from -1, got -2"):
        diversity.serendipity(ids, shares, np.array([-2]))
    with pytest.raises(ValueError, match="at least 0, got -1"):
        diversity.serendipity(ids, np.array([-1, 1]), ids)
