import numpy as np
import pytest

from utils.models import click_models


def clicks_of(theta, rng, pairs=300, shown=200):
    """Each pair at one rank only: the features alone tell pairs apart."""
    x = rng.normal(size=(pairs, 2))
    gamma = 1 / (1 + np.exp(1.0 - x[:, 0]))
    rank = rng.integers(len(theta), size=pairs)
    n = np.full(pairs, shown)
    return rank, x, rng.binomial(n, theta[rank] * gamma), n


@pytest.mark.parametrize("start", [[0.5] * 3, [0.2, 0.5, 0.9]])
def test_recovers_the_ranks_from_any_start(start):
    theta = np.array([0.9, 0.45, 0.15])
    got = click_models.examination_by_regression(
        *clicks_of(theta, np.random.default_rng(0)),
        start=np.array(start),
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose(got, theta / theta[0], rtol=0.15)


def test_one_rank_is_one():
    got = click_models.examination_by_regression(
        *clicks_of(np.array([0.5]), np.random.default_rng(0), pairs=20),
        start=np.array([0.5]),
        rng=np.random.default_rng(1),
        steps=3,
    )
    assert got.tolist() == [1.0]


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(start=np.array([0.5, 1.0])), r"start must lie in \(0, 1\)"),
        (dict(rank=np.array([0, 2])), "ranks must be in 0..1, got 0 to 2"),
        (dict(clicks=np.array([1, 9])), "at least clicks, got 2 with 9"),
    ],
)
def test_refuses(change, message):
    rows = dict(
        rank=np.array([0, 1]),
        features=np.zeros((2, 1)),
        clicks=np.array([1, 0]),
        shown=np.array([2, 2]),
        start=np.array([0.5, 0.5]),
        rng=np.random.default_rng(0),
    )
    with pytest.raises(ValueError, match=message):
        click_models.examination_by_regression(**{**rows, **change})
