import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from utils.models import ease


def random_matrix(seed, n_users=30, n_items=12, share=0.3):
    rng = np.random.default_rng(seed)
    return sparse.csr_matrix((rng.random((n_users, n_items)) < share) * 1.0)


def test_by_hand():
    # Two items, gram [[2, 1], [1, 1]]: regressing one on the other alone.
    X = sparse.csr_matrix([[1, 1], [1, 0]])
    expected = [[0, 1 / (2 + 3)], [1 / (1 + 3), 0]]
    assert ease.fit_ease(X, l2=3.0) == pytest.approx(np.array(expected))


def test_against_a_ridge_regression_per_item():
    X, l2 = random_matrix(0), 2.5
    dense = X.toarray()
    expected = np.zeros((12, 12))
    for item in range(12):
        others = np.delete(np.arange(12), item)
        A = dense[:, others]
        expected[others, item] = np.linalg.solve(
            A.T @ A + l2 * np.eye(11), A.T @ dense[:, item]
        )
    assert ease.fit_ease(X, l2=l2) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 1000))
def test_diagonal_is_zero_and_weights_follow_the_items(seed, l2):
    X = random_matrix(seed)
    weights = ease.fit_ease(X, l2=l2)
    assert weights.dtype == np.float32
    assert (np.diag(weights) == 0).all()
    order = np.random.default_rng(seed).permutation(12)
    assert ease.fit_ease(X[:, order], l2=l2) == pytest.approx(
        weights[np.ix_(order, order)], abs=1e-5
    )


def test_edges():
    one = ease.fit_ease(sparse.csr_matrix([[1.0]]), l2=1.0)
    assert one.tolist() == [[0.0]]
    unused = ease.fit_ease(sparse.csr_matrix([[1, 1, 0]]), l2=1.0)
    assert (unused[2] == 0).all() and (unused[:, 2] == 0).all()


def test_refusals():
    X = random_matrix(0)
    for l2 in (0.0, -1.0, float("nan")):
        with pytest.raises(
            ValueError, match=r"l2 must be above 0 and at most .*, got"
        ):
            ease.fit_ease(X, l2=l2)
    with pytest.raises(ValueError, match="at least 1 item, got 0"):
        ease.fit_ease(sparse.csr_matrix((3, 0)), l2=1.0)
    with pytest.raises(ValueError, match="must be finite"):
        ease.fit_ease(sparse.csr_matrix([[np.nan]]), l2=1.0)
