from math import e, log, log2

import numpy as np
import pytest
import torch

from utils.models import list_losses

LINEAR = ["pointwise", "pairwise", "listwise"]
LOSSES = [*LINEAR, "ranknet", "lambdas"]


def drawn(seed=0, lists=3, width=5):
    rng = np.random.default_rng(seed)
    scores = torch.tensor(rng.normal(size=(lists, width)))
    labels = torch.tensor(rng.exponential(size=(lists, width)))
    shown = torch.tensor(rng.integers(1, 30, (lists, width))).double()
    return scores, labels, shown


def slope(name, scores, labels, shown):
    scores = scores.clone().requires_grad_()
    getattr(list_losses, name)(scores, labels, shown)[0].sum().backward()
    return scores.grad


def test_by_hand():
    scores, labels = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 1.0]])
    shown = torch.full((1, 2), 50.0)  # 100 in all: the list counts half
    pair = 2 * log(1 + e**-1) + log(1 + e)
    assert list_losses.pairwise(scores, labels, shown)[0] == pytest.approx(
        pair / 2 / 2
    )
    top = e / (e + 1)
    assert list_losses.listwise(scores, labels, shown)[0] == pytest.approx(
        -(2 * log(top) + log(1 - top)) / 2
    )


def test_lambdas_by_hand():
    """The better of two stands second: its push is swing times doubt."""
    swing = (3 - 1) * (1 - 1 / log2(3)) / (3 + 1 / log2(3))
    push = swing / (1 + e**-1)
    got = slope(
        "lambdas",
        torch.tensor([[1.0, 0.0]]),
        torch.tensor([[1.0, 3.0]]),
        torch.ones(1, 2),
    )
    np.testing.assert_allclose(got, [[push, -push]], rtol=1e-5)


def test_lambdas_beyond_the_cutoff():
    """A swap below the cutoff changes nothing and pushes nobody."""
    got = list_losses.lambdas(
        torch.tensor([[2.0, 1.0, 0.0]]),
        torch.tensor([[3.0, 0.0, 1.0]]),
        torch.ones(1, 3),
        k=1,
    )[0]
    swings = np.array([3.0, 2.0]) / 3  # the first against each, at rank 1
    want = swings[0] * log(1 + e**-1) + swings[1] * log(1 + e**-2)
    assert float(got) == pytest.approx(want, rel=1e-5)


def test_ranknet_by_hand():
    """Two pairs are unequal; how unequal does not matter."""
    scores, shown = torch.tensor([[1.0, 0.0, 0.0]]), torch.full((1, 3), 1e6)
    labels = torch.tensor([[7.0, 1.0, 1.0]])
    got = list_losses.ranknet(scores, labels, shown)[0]
    assert float(got) == pytest.approx(log(1 + e**-1), rel=1e-3)


@pytest.mark.parametrize("name", [*LINEAR, "ranknet"])
def test_curvature_is_the_second_derivative(name):
    scores, labels, shown = drawn()
    loss = getattr(list_losses, name)
    whole = torch.autograd.functional.hessian(
        lambda s: loss(s, labels, shown)[0].sum(), scores
    )
    size = scores.numel()
    np.testing.assert_allclose(
        loss(scores, labels, shown)[1].ravel(),
        whole.reshape(size, size).diagonal(),
        rtol=1e-6,
    )


@pytest.mark.parametrize("name", LINEAR)
def test_gradient_is_linear_in_the_labels(name):
    """So that labels right in expectation give a gradient that is."""
    scores, first, shown = drawn()
    _, second, _ = drawn(1)
    middle = slope(name, scores, (first + second) / 2, shown)
    ends = (
        slope(name, scores, first, shown),
        slope(name, scores, second, shown),
    )
    np.testing.assert_allclose(middle, (ends[0] + ends[1]) / 2, rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_padding_changes_nothing(name):
    short = drawn()
    long = [
        torch.cat([part, torch.full_like(part[:, :2], fill)], dim=1)
        for part, fill in zip(short, (9.0, 0.0, 0.0), strict=True)
    ]
    for got, want in zip(
        getattr(list_losses, name)(*long),
        getattr(list_losses, name)(*short),
        strict=True,
    ):
        np.testing.assert_allclose(got[..., : want.shape[-1]], want)
