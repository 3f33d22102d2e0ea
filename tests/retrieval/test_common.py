"""What the indexes share, held against sorting."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.retrieval import common

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


def best(scores, k):
    """Ids and scores of one row, the slow way."""
    ids = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    return ids, [scores[i] for i in ids]


@pytest.mark.parametrize("group", [1, 3, 32])
@settings(STEADY, max_examples=150)
@given(data=st.data(), n=st.integers(1, 150), shape=st.integers(1, 3))
def test_largest_has_the_best_with_all_ties(group, data, n, shape):
    k = data.draw(st.integers(1, n))
    scores = data.draw(
        hnp.arrays(np.float64, (shape, n), elements=st.integers(-5, 5))
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(common, "GROUP", group)
        rows, columns, found = common.top_k_candidates(scores, k)
    np.testing.assert_array_equal(found, scores[rows, columns])
    assert len(set(zip(rows, columns, strict=True))) == len(rows)
    ids, values = common.top_k_by_row(rows, columns, found, n_rows=shape, k=k)
    for q in range(shape):
        assert (ids[q].tolist(), values[q].tolist()) == best(scores[q], k)
        last = values[q, -1]
        assert (found[rows == q] == last).sum() == (scores[q] == last).sum()


def test_largest_leaves_most_of_a_wide_matrix_alone():
    scores = np.random.default_rng(0).normal(size=(5, 20_000))
    rows, _, _ = common.top_k_candidates(scores, k=10)
    assert len(rows) < 5 * 20


def test_largest_takes_infinities_but_not_nan():
    scores = np.array([[-inf, 1, inf, -inf]])
    _, columns, _ = common.top_k_candidates(scores, k=3)
    assert set(columns) >= {1, 2, 0}
    with pytest.raises(ValueError, match="must not be nan"):
        common.top_k_candidates(np.array([[1.0, nan, 2.0]]), k=1)
    with pytest.raises(ValueError, match="must not be nan"):
        common.top_k_candidates(
            np.array([[*range(100), nan]]), k=1
        )  # in the rest


@STEADY
@given(
    hnp.arrays(np.float64, (4, 9), elements=st.integers(-3, 3)),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_best_of_rows_from_any_order(scores, k, random):
    entries = [(q, i) for q in range(3) for i in range(9) if (q + i) % 4]
    random.shuffle(entries)
    rows, ids = np.array(entries).T
    got, values = common.top_k_by_row(
        rows, ids, scores[rows, ids], n_rows=4, k=k
    )
    for q in range(4):
        mine = sorted(i for row, i in entries if row == q)
        order = sorted(mine, key=lambda i: (-scores[q, i], i))[:k]
        empty = k - len(order)
        assert got[q].tolist() == order + [-1] * empty
        expected = [scores[q, i] for i in order] + [-inf] * empty
        assert values[q].tolist() == expected


@STEADY
@given(
    hnp.arrays(np.float64, (5, 3), elements=st.integers(-9, 9)),
    hnp.arrays(np.float64, (2, 3), elements=st.integers(-9, 9)),
)
def test_one_coordinate_more_makes_products_distances(vectors, queries):
    points = common.augmented_vectors(vectors, euclidean=True)
    asked = common.augmented_queries(queries, euclidean=True)
    got = common.similarities(asked @ points.T, queries, euclidean=True)
    apart = queries[:, None] - vectors
    np.testing.assert_allclose(got, -(apart**2).sum(-1), atol=1e-9)


def test_without_distances_nothing_changes():
    some = np.ones((2, 3))
    assert common.augmented_vectors(some, euclidean=False) is some
    assert common.augmented_queries(some, euclidean=False) is some
    assert common.similarities(some, some, euclidean=False) is some


def test_a_distance_is_never_below_nothing():
    products = np.array([[1e-9, -inf]])
    got = common.similarities(products, np.zeros((1, 2)), euclidean=True)
    assert got.tolist() == [[0, -inf]]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_vectors_that_are_taken_have_finite_products(kind):
    limit = np.sqrt(np.finfo(kind).max / (8 * 64)) * 0.999
    vectors = np.full((1, 64), limit, dtype=kind)
    asked = common.augmented_queries(
        common.checked_vectors("x", -vectors), euclidean=True
    )
    points = common.augmented_vectors(vectors, euclidean=True)
    scores = common.similarities(asked @ points.T, -vectors, euclidean=True)
    assert np.isfinite(scores).all() and scores[0, 0] < 0


def test_half_precision_becomes_single():
    some = common.checked_vectors("x", np.ones((1, 2), dtype=np.float16))
    assert some.dtype == np.float32


def test_refuses():
    for shape in ((3,), (0, 3), (3, 0), (1, 2, 3)):
        with pytest.raises(ValueError, match=r"x must be .*got"):
            common.checked_vectors("x", np.zeros(shape))
    for bad in (nan, inf, -inf):
        with pytest.raises(ValueError, match="x must be finite"):
            common.checked_vectors("x", np.array([[1, bad]]))
    for kind, large in ((np.float32, 1e19), (np.float64, -1e154)):
        with pytest.raises(ValueError, match=r"x must lie within .*got 1e"):
            common.checked_vectors("x", np.array([[1, large]], dtype=kind))
    for words in (np.array([["a"]]), np.array([[1j]])):
        with pytest.raises(ValueError, match="x must be real numbers"):
            common.checked_vectors("x", words)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        common.checked_queries(np.ones((1, 2)), dimensions=2, k=0)
    with pytest.raises(ValueError, match="have 3 dimensions, got 2"):
        common.checked_queries(np.ones((1, 2)), dimensions=3, k=1)
