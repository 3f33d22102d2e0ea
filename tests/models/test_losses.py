from math import exp, log

import numpy as np
import pytest
import torch

from utils.models import losses

# Three pairs; scores s[b, j] of user b with the item of pair j.
SCORES = [[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 1.0]]


def loss_of(items, **options):
    # Users as rows of SCORES and items as unit vectors give these scores.
    return losses.in_batch_softmax_loss(
        torch.tensor(SCORES), torch.eye(3), torch.tensor(items), **options
    ).item()


def test_loss_by_hand():
    expected = -(
        log(exp(2) / (exp(2) + exp(1) + exp(0)))
        + log(exp(3) / (exp(0) + exp(3) + exp(1)))
        + log(exp(1) / (exp(1) + exp(0) + exp(1)))
    ) / 3  # fmt: skip
    assert loss_of([0, 1, 2], temperature=1.0) == pytest.approx(expected)


def test_log_q_by_hand():
    # Subtracting log q multiplies each exponential by 1 / q.
    q = [0.5, 0.25, 0.25]
    expected = -(
        log(2 * exp(2) / (2 * exp(2) + 4 * exp(1) + 4 * exp(0)))
        + log(4 * exp(3) / (2 * exp(0) + 4 * exp(3) + 4 * exp(1)))
        + log(4 * exp(1) / (2 * exp(1) + 4 * exp(0) + 4 * exp(1)))
    ) / 3  # fmt: skip
    got = loss_of([0, 1, 2], temperature=1.0, log_q=torch.tensor(q).log())
    assert got == pytest.approx(expected)


def test_accidental_hits_are_masked_by_hand():
    # Pairs 0 and 2 hold the same item: neither is the other's negative.
    expected = (
        -(
            log(exp(4) / (exp(4) + exp(2)))
            + log(exp(6) / (exp(0) + exp(6) + exp(2)))
            + log(exp(2) / (exp(2) + exp(0)))
        )
        / 3
    )
    assert loss_of([7, 1, 7], temperature=0.5) == pytest.approx(expected)


def test_own_other_items_are_masked_by_hand():
    # Pairs 0 and 1 are of one user.
    expected = -(
        log(exp(2) / (exp(2) + exp(0)))
        + log(exp(3) / (exp(3) + exp(1)))
        + log(exp(1) / (exp(1) + exp(0) + exp(1)))
    ) / 3  # fmt: skip
    got = loss_of([0, 1, 2], temperature=1.0, users=torch.tensor([4, 4, 5]))
    assert got == pytest.approx(expected)


def test_equal_log_q_changes_nothing():
    plain = loss_of([0, 1, 2], temperature=0.3)
    equal = loss_of([0, 1, 2], temperature=0.3, log_q=torch.full((3,), -2.0))
    assert equal == pytest.approx(plain, rel=1e-6)


def test_gradient_against_finite_differences():
    rng = torch.Generator().manual_seed(0)
    users = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    items = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    ids, log_q = torch.tensor([0, 1, 0, 2]), torch.randn(4, generator=rng)
    assert torch.autograd.gradcheck(
        lambda u, v: losses.in_batch_softmax_loss(
            u, v, ids, temperature=0.5, log_q=log_q
        ),
        (users.requires_grad_(), items.requires_grad_()),
    )


def test_log_sampling_probability():
    got = losses.log_sampling_probability(np.array([0, 0, 2, 0]), n_items=4)
    expected = [log(3 / 4), log(0.5 / 4), log(1 / 4), log(0.5 / 4)]
    assert got == pytest.approx(np.array(expected))
    with pytest.raises(ValueError, match="got none"):
        losses.log_sampling_probability(np.array([], dtype=int), n_items=4)
    with pytest.raises(ValueError, match=r"in \[0, 4\)"):
        losses.log_sampling_probability(np.array([4]), n_items=4)


def test_checked_log_q():
    occur = np.array([0, 2])
    got = losses.checked_log_q([-1, -np.inf, -2], occur, n_items=3)
    assert got.dtype == torch.float32  # item 1 never occurs
    assert got.tolist() == [-1, -np.inf, -2]
    assert losses.checked_log_q(None, occur, n_items=3) is None
    with pytest.raises(ValueError, match=r"shape \(3,\), got \(2,\)"):
        losses.checked_log_q(np.zeros(2), occur, n_items=3)
    with pytest.raises(ValueError, match="got -inf for item 2"):
        losses.checked_log_q([0, 0, -np.inf], occur, n_items=3)
    with pytest.raises(ValueError, match="got inf for item 0"):
        losses.checked_log_q([1e300, 0, 0], occur, n_items=3)
