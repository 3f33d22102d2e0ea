import numpy as np
import pytest
import torch

from utils.models import embeddings


def tower(**options):
    settings = {"dim": 2, "ids": True, "features": None, "hidden": 3,
                "normalise": False} | options  # fmt: skip
    return embeddings.Tower(3, **settings)


def test_ids_alone_are_a_table():
    table = tower()
    got = table(torch.tensor([2, 0]))
    assert torch.equal(got, table.embedding.weight[[2, 0]])


def test_ids_and_features_by_hand():
    both = tower(features=torch.tensor([[1.0], [-2.0], [3.0]]), hidden=1)
    first, _, second = both.network
    with torch.no_grad():
        both.embedding.weight.copy_(torch.tensor([[1.0, 0], [0, 5], [7, 7]]))
        for weight, value in (
            (first.weight, 2.0), (first.bias, 1.0),
            (second.weight, 10.0), (second.bias, -1.0),
        ):  # fmt: skip
            weight.fill_(value)
    # relu(2 * -2 + 1) = 0; relu(2 * 1 + 1) = 3
    expected = [[0 + 0 - 1, 5 + 0 - 1], [1 + 10 * 3 - 1, 0 + 10 * 3 - 1]]
    assert both(torch.tensor([1, 0])).tolist() == expected


def test_features_alone_tell_like_rows_apart_by_nothing():
    alike = tower(ids=False, features=torch.ones(3, 2))
    one, two, _ = alike(torch.arange(3))
    assert torch.equal(one, two)


def test_normalised_vectors_have_length_1():
    unit = tower(normalise=True)(torch.arange(3))
    assert unit.norm(dim=1).tolist() == pytest.approx([1, 1, 1])


def test_checked_pairs():
    got = embeddings.checked_pairs([[1, 0], [0, 4]], n_users=2, n_items=5)
    assert got.dtype == np.int64 and got.tolist() == [[1, 0], [0, 4]]
    for pairs, words in [
        ([], r"\(P, 2\) with P at least 1: \(0,\)"),
        ([[0.0, 1.0]], "must be integers, got float64"),
        ([[2, 0]], r"user numbers must lie in \[0, 2\), got 2"),
        ([[0, -1]], r"item numbers must lie in \[0, 5\), got -1"),
    ]:
        with pytest.raises(ValueError, match=words):
            embeddings.checked_pairs(pairs, n_users=2, n_items=5)


def test_checked_features():
    got = embeddings.checked_features("user", [[1], [2]], n_rows=2)
    assert got.dtype == torch.float32 and got.tolist() == [[1], [2]]
    assert embeddings.checked_features("user", None, n_rows=2) is None
    for table, words in [
        (np.ones((3, 1)), r"shape \(2, F\), got \(3, 1\)"),
        (np.ones((2, 0)), r"shape \(2, F\), got \(2, 0\)"),
        (np.full((2, 1), 1e300), "user_features must be finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            embeddings.checked_features("user", table, n_rows=2)
