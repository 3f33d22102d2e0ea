import numpy as np
import pytest
from scipy import sparse

from utils.models import als


def random_matrix(seed=0, n_users=40, n_items=25, share=0.25):
    rng = np.random.default_rng(seed)
    strength = rng.integers(1, 4, size=(n_users, n_items))
    return sparse.csr_matrix(
        np.where(rng.random((n_users, n_items)) < share, strength, 0) * 1.0
    )


def objective(X, users, items, *, l2, alpha):
    """Hu, Koren and Volinsky's loss, term by term."""
    r = X.toarray()
    error = (1 + alpha * r) * ((r > 0) - users @ items.T) ** 2
    return error.sum() + l2 * ((users**2).sum() + (items**2).sum())


def test_fold_in_by_hand():
    # One factor, items 1 and 2; item 0 seen with r = 3, alpha 2: c = 7.
    # x = (7 * 1) / (7 * 1² + 1 * 2² + l2)
    items = np.array([[1.0], [2.0]])
    got = als.fold_in(sparse.csr_matrix([[3.0, 0.0]]), items, l2=5, alpha=2)
    assert got == pytest.approx(np.array([[7 / (7 + 4 + 5)]]))


def test_fold_in_against_the_dense_normal_equations():
    X, l2, alpha = random_matrix(), 0.7, 3.0
    Y = np.random.default_rng(1).normal(size=(25, 6))
    expected = []
    for r in X.toarray():
        C = np.diag(1 + alpha * r)
        expected.append(
            np.linalg.solve(Y.T @ C @ Y + l2 * np.eye(6), Y.T @ C @ (r > 0))
        )
    got = als.fold_in(X, Y, l2=l2, alpha=alpha)
    assert got == pytest.approx(np.array(expected))


def test_blocks_make_no_difference(monkeypatch):
    X, Y = random_matrix(), np.random.default_rng(1).normal(size=(25, 4))
    whole = als.fold_in(X, Y, l2=1.0, alpha=1.0)
    monkeypatch.setattr(als, "CELLS", 40)
    assert als.fold_in(X, Y, l2=1.0, alpha=1.0) == pytest.approx(whole)


@pytest.mark.parametrize("n_items", [1, 5, 6, 7, 25])
def test_fewer_and_more_items_than_factors(n_items):
    # 6 factors: up to 6 items the small system is solved, beyond the large.
    Y = np.random.default_rng(1).normal(size=(25, 6))
    r = np.where(np.arange(25) < n_items, 0.5, 0.0)
    C = np.diag(1 + 3.0 * r)
    expected = np.linalg.solve(Y.T @ C @ Y + np.eye(6), Y.T @ C @ (r > 0))
    got = als.fold_in(sparse.csr_matrix(r[None]), Y, l2=1.0, alpha=3.0)
    assert got[0] == pytest.approx(expected)


def test_repeated_entries_are_summed_and_stored_zeros_are_not_seen():
    Y = np.random.default_rng(1).normal(size=(3, 2))
    stored = sparse.csr_matrix(
        (np.array([1.0, 2.0, 0.0]), np.array([2, 2, 0]), np.array([0, 3])),
        shape=(1, 3),
    )
    plain = sparse.csr_matrix(np.array([[0.0, 0.0, 3.0]]))
    for l2 in (0.1, 10.0):
        assert als.fold_in(stored, Y, l2=l2, alpha=2.0) == pytest.approx(
            als.fold_in(plain, Y, l2=l2, alpha=2.0)
        )
    assert stored.nnz == 3  # left alone


def test_every_iteration_lowers_the_loss():
    X, options = random_matrix(), {"l2": 1.0, "alpha": 4.0}
    losses = [
        objective(
            X,
            *als.fit_als(
                X,
                factors=5,
                iterations=n,
                rng=np.random.default_rng(2),
                **options,
            ),
            **options,
        )
        for n in (1, 2, 3, 5, 10, 20)
    ]
    assert (np.diff(losses) < 0).all()


def test_users_without_interactions_and_edges():
    X = sparse.csr_matrix([[1.0, 0.0], [0.0, 0.0]])
    users, items = als.fit_als(
        X,
        factors=3,
        l2=1.0,
        alpha=1.0,
        iterations=2,
        rng=np.random.default_rng(0),
    )
    assert (users[1] == 0).all() and (items[1] == 0).all()
    assert users.dtype == items.dtype == np.float32
    assert users.shape == (2, 3)


def test_same_rng_same_factors():
    options = {"factors": 4, "l2": 1.0, "alpha": 2.0, "iterations": 3}
    first, again, other = (
        als.fit_als(random_matrix(), rng=np.random.default_rng(s), **options)
        for s in (0, 0, 1)
    )
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.peers
def test_reaches_the_loss_of_implicit():
    from implicit.cpu.als import AlternatingLeastSquares

    X, l2, alpha = random_matrix(n_users=80, n_items=50), 2.0, 3.0
    users, items = als.fit_als(
        X,
        factors=6,
        l2=l2,
        alpha=alpha,
        iterations=60,
        rng=np.random.default_rng(0),
    )
    # implicit takes the confidence itself: 1 + alpha r.
    confidence = X.copy().astype(np.float32)
    confidence.data = 1 + alpha * confidence.data
    peer = AlternatingLeastSquares(
        factors=6,
        regularization=l2,
        alpha=1.0,
        iterations=60,
        use_cg=False,
        num_threads=1,
        random_state=0,
        dtype=np.float64,
    )
    peer.fit(confidence, show_progress=False)
    ours = objective(X, users, items, l2=l2, alpha=alpha)
    theirs = objective(
        X, peer.user_factors, peer.item_factors, l2=l2, alpha=alpha
    )
    # Different starts end in slightly different optima.
    assert ours == pytest.approx(theirs, rel=0.02)


def test_refusals():
    X = random_matrix()
    good = {"factors": 2, "l2": 1.0, "alpha": 1.0, "iterations": 1}
    for bad, words in [
        ({"factors": 0}, "factors must be at least 1, got 0"),
        ({"iterations": 0}, "iterations must be at least 1, got 0"),
        ({"l2": 0.0}, "l2 must be above 0, got 0.0"),
        ({"alpha": -1.0}, "alpha must be above 0, got -1.0"),
    ]:
        with pytest.raises(ValueError, match=words):
            als.fit_als(X, rng=np.random.default_rng(0), **(good | bad))
    with pytest.raises(ValueError, match="finite and at least 0"):
        als.fit_als(-X, rng=np.random.default_rng(0), **good)
    with pytest.raises(ValueError, match="rows have 25 items"):
        als.fold_in(X, np.ones((3, 2)), l2=1.0, alpha=1.0)
