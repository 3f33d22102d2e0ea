"""k-means, held against its definition, scikit-learn and FAISS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.retrieval import kmeans as module
from utils.retrieval.kmeans import kmeans, nearest, spherical_kmeans

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)


def clustered(seed, n=1000, d=16):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(60, d))
    return centres[rng.integers(60, size=n)] + rng.normal(size=(n, d))


def spread(vectors, centres):
    """Sum of the squared distances to the nearest centre."""
    apart = vectors[:, None] - centres
    return (apart**2).sum(-1).min(1).sum()


def test_kmeans_by_hand():
    vectors = np.array([[0, 0], [9, 0], [2, 0], [9, 4], [1, 3]])
    got = kmeans(vectors, clusters=2, iterations=1)
    assert got.tolist() == [[(0 + 2 + 1) / 3, 1], [9, 2]]
    assert kmeans(vectors, clusters=2, iterations=0).tolist() == [
        [0, 0],
        [9, 0],
    ]


@pytest.mark.peers
@pytest.mark.parametrize("iterations", [1, 2, 7])
def test_kmeans_agrees_with_scikit_learn(iterations):
    import warnings

    from sklearn.cluster import KMeans

    vectors = clustered(0)
    peer = KMeans(
        12, init=vectors[:12], n_init=1, max_iter=iterations, tol=0,
        algorithm="lloyd",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        peer.fit(vectors)
    got = kmeans(vectors, clusters=12, iterations=iterations)
    np.testing.assert_allclose(got, peer.cluster_centers_, atol=1e-9)


def test_kmeans_spreads_no_more_than_that_of_faiss():
    import faiss

    faiss.omp_set_num_threads(1)
    ratio = []
    for seed in range(3):
        vectors = clustered(seed, n=2000).astype(np.float32)
        peer = faiss.Kmeans(16, 40, niter=10, seed=seed + 1)
        peer.train(vectors)
        ours = spread(vectors, kmeans(vectors, clusters=40, iterations=10))
        ratio.append(ours / spread(vectors, peer.centroids))
    assert np.mean(ratio) == pytest.approx(1, abs=0.02)


def test_kmeans_gives_an_empty_cell_to_the_vector_farthest_off():
    vectors = np.array([[0.0], [0.0], [1.0], [7.0]])
    assert kmeans(vectors, clusters=2, iterations=1).tolist() == [[2], [7]]
    assert kmeans(vectors, clusters=2, iterations=2)[:, 0] == pytest.approx(
        [1 / 3, 7]
    )
    same = kmeans(np.ones((4, 2)), clusters=3, iterations=3)
    assert (same == 1).all()


def test_kmeans_spreads_less_round_by_round():
    vectors = clustered(2)
    left = [
        spread(vectors, kmeans(vectors, clusters=20, iterations=r))
        for r in (0, 1, 2, 4, 8)
    ]
    assert left == sorted(left)[::-1]


@STEADY
@given(
    hnp.arrays(np.float64, (7, 2), elements=st.integers(-4, 4)),
    hnp.arrays(np.float64, (3, 2), elements=st.integers(-4, 4)),
)
def test_nearest_agrees_with_the_definition(vectors, centres):
    apart = ((vectors[:, None] - centres) ** 2).sum(-1)
    cluster, near = nearest(vectors, centres, euclidean=True)
    assert cluster.tolist() == apart.argmin(1).tolist()
    own = (vectors**2).sum(1)
    np.testing.assert_allclose(own - 2 * near, apart.min(1))
    cluster, near = nearest(vectors, centres, euclidean=False)
    products = vectors @ centres.T
    assert cluster.tolist() == products.argmax(1).tolist()
    assert near.tolist() == products.max(1).tolist()


def test_blocks_do_not_change_the_answer(monkeypatch):
    vectors = np.random.default_rng(0).integers(-9, 9, size=(50, 3))
    vectors = vectors.astype(float)
    whole = nearest(vectors, vectors[:7], euclidean=True)
    monkeypatch.setattr(module, "BLOCK", 30)  # four vectors at a time
    parts = nearest(vectors, vectors[:7], euclidean=True)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_array_equal(parts[1], whole[1])


def test_spherical_centres_are_mean_directions():
    vectors = np.array([[2, 0], [0, 9], [1, 1], [0, 1]])  # 0 and 2; 1 and 3
    got = spherical_kmeans(vectors, clusters=2, iterations=5)
    # (1,1) is as near to either: it goes to the first, and stays
    between = np.array([1, 0]) + np.array([1, 1]) / np.sqrt(2)
    assert got[0] == pytest.approx(between / np.linalg.norm(between))
    assert got[1] == pytest.approx([0, 1])


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((6, 3)),  # all alike: two centres start without vectors
        np.array([[1.0], [-1.0], [1.0], [-1.0]]),
        np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [1, 0]]),
    ],
)
def test_spherical_survives_empty_cells_and_cancelling_vectors(vectors):
    for clusters in (1, 3):
        got = spherical_kmeans(vectors, clusters=clusters, iterations=4)
        assert np.linalg.norm(got, axis=1) == pytest.approx(np.ones(clusters))


def test_spherical_gives_an_empty_cell_to_the_vector_worst_served():
    # the second centre starts where the first does, and gets no vector
    vectors = np.array([[1, 0], [1, 0], [0, 1], [-1, 0]])
    got = spherical_kmeans(vectors, clusters=3, iterations=2)
    assert got.tolist() == [[1, 0], [-1, 0], [0, 1]]


def test_spherical_serves_vectors_better_round_by_round():
    vectors = clustered(2)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    served = [
        (unit @ spherical_kmeans(vectors, clusters=20, iterations=r).T)
        .max(axis=1)
        .mean()
        for r in (0, 1, 2, 4, 8)
    ]
    assert served == sorted(served)


@pytest.mark.parametrize("find", [kmeans, spherical_kmeans])
def test_refuses(find):
    for clusters in (0, 3):
        with pytest.raises(ValueError, match=rf"from 1 to 2 .*got {clusters}"):
            find(np.ones((2, 1)), clusters=clusters, iterations=1)
    with pytest.raises(ValueError, match="vectors must be finite"):
        find(np.array([[np.nan]]), clusters=1, iterations=1)


def test_spherical_refuses_zeros():
    with pytest.raises(ValueError, match="not zero, got 1"):
        spherical_kmeans(np.array([[0.0], [1.0]]), clusters=2, iterations=1)
