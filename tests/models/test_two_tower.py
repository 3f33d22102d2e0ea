from dataclasses import replace

import numpy as np
import pytest

from utils.models import losses, two_tower


def blocks(rng, n_users=60, n_items=40, per_user=12):
    """Users of two groups who take items of their own half."""
    user = np.repeat(np.arange(n_users), per_user)
    item = 2 * rng.integers(0, n_items // 2, len(user)) + user % 2
    return np.column_stack([user, item])


def fitted(seed=0, pairs=None, epochs=15, **options):
    pairs = blocks(np.random.default_rng(9)) if pairs is None else pairs
    shape = {"n_users": 60, "n_items": 40, "dim": 8}
    settings = replace(two_tower.SETTINGS, epochs=epochs, batch_size=64)
    return two_tower.fit_two_tower(
        pairs,
        rng=np.random.default_rng(seed),
        settings=settings,
        **(shape | options),
    )


def share_of_own_group(vectors):
    scores = vectors.user_vectors @ vectors.item_vectors.T
    top = np.argsort(-scores, axis=1)[:, :10]
    return (top % 2 == np.arange(len(top))[:, None] % 2).mean()


def test_learns_two_groups_from_ids():
    assert share_of_own_group(fitted(epochs=15)) > 0.95


def test_content_reaches_items_without_a_pair():
    # Items 30..39 are never seen; their feature tells their group.
    pairs = blocks(np.random.default_rng(9))
    pairs = pairs[pairs[:, 1] < 30]
    features = np.eye(2)[np.arange(40) % 2]
    cold = np.arange(30, 40)

    def right(vectors):
        scores = vectors.user_vectors @ vectors.item_vectors[cold].T
        own = np.arange(60)[:, None] % 2 == cold % 2
        return (scores[own].mean() - scores[~own].mean()) / scores.std()

    content = fitted(pairs=pairs, item_features=features, embed_item_ids=False)
    ids = fitted(pairs=pairs)
    assert right(content) > 1.5
    assert abs(right(ids)) < 0.5


def test_log_q_recovers_popularity():
    # One taste, items of very unequal popularity. With the correction the
    # scores grow with popularity; without, popularity is explained away.
    rng = np.random.default_rng(3)
    share = 1 / np.arange(1, 21)
    share /= share.sum()
    item = rng.choice(20, p=share, size=6000)
    pairs = np.column_stack([rng.integers(0, 60, 6000), item])
    log_q = losses.log_sampling_probability(item, n_items=20)
    popularity = {}
    for name, correction in {"with": log_q, "without": None}.items():
        vectors = fitted(pairs=pairs, n_items=20, log_q=correction, epochs=8)
        scores = (vectors.user_vectors @ vectors.item_vectors.T).mean(0)
        popularity[name] = np.polyfit(log_q, scores, 1)[0]  # slope
    assert popularity["with"] > 0.1
    assert abs(popularity["without"]) < 0.02


def test_shapes_types_and_unit_length():
    vectors = fitted(epochs=1, user_features=np.ones((60, 3)))
    assert vectors.user_vectors.shape == (60, 8)
    assert vectors.item_vectors.shape == (40, 8)
    assert vectors.item_vectors.dtype == np.float32
    assert np.linalg.norm(vectors.user_vectors, axis=1) == pytest.approx(1)
    plain = fitted(epochs=1, normalise=False)
    assert np.ptp(np.linalg.norm(plain.user_vectors, axis=1)) > 0


def test_same_rng_same_vectors():
    one, two, other = fitted(1), fitted(1), fitted(2)
    assert np.array_equal(one.item_vectors, two.item_vectors)
    assert one.curve == two.curve
    assert not np.array_equal(one.item_vectors, other.item_vectors)


def test_held_out_share_0_trains_all_epochs():
    curve = fitted(epochs=6, held_out_share=0.0).curve
    assert len(curve) == 6
    assert np.isnan(curve[-1]["held_out_loss"])


@pytest.mark.parametrize(
    "options, words",
    [
        ({"n_users": 5}, r"user numbers must lie in \[0, 5\), got 59"),
        ({"n_items": 3}, r"item numbers must lie in \[0, 3\)"),
        ({"pairs": np.zeros((0, 2), int)}, r"shape \(P, 2\)"),
        ({"pairs": np.zeros((4, 3), int)}, r"shape \(P, 2\)"),
        ({"pairs": np.zeros((4, 2))}, "pairs must be integers, got float64"),
        ({"pairs": np.array([[-1, 0]])}, "got -1"),
        ({"embed_item_ids": False}, "item tower needs ids or features"),
        ({"user_features": np.ones((3, 2))}, r"user_features must have shape"),
        ({"item_features": np.full((40, 1), np.nan)}, "must be finite"),
        ({"log_q": np.zeros(3)}, r"log_q must have shape \(40,\), got \(3,\)"),
        ({"log_q": np.full(40, -np.inf)}, "log_q must be finite"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"dim": 0}, "dim must be at least 1, got 0"),
        ({"held_out_share": 1.0}, r"held_out_share must lie in \[0, 1\)"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(ValueError, match=words):
        fitted(**options)
