"""Losses over lists, for `list_rankers`: of single labels, of pairs, of lists.

Each takes scores, labels and how often each result was shown, all (L, C),
0 shown where a list is shorter, and returns (L,) losses and the (L, C)
curvature, the diagonal of the second derivative in the scores. Labels are at
least 0, and 0 where nothing was shown. `pointwise`, `pairwise` and `listwise`
are linear in the labels, up to what does not depend on the scores: a label
that is right in expectation, such as a click over its propensity, gives a
loss that is right in expectation; `ranknet` and `lambdas`, for grades, do not.

Lists of few showings count less, by `confidence`; so does a label of few
showings in `pointwise`.

Source: Burges et al. (2005), doi:10.1145/1102351.1102363 (pairs); Cao et al.
(2007), doi:10.1145/1273496.1273513 (lists); Burges (2010), Microsoft Research
MSR-TR-2010-82, and Wang et al. (2018), doi:10.1145/3269206.3271784 (lambdas).
"""

from __future__ import annotations

import torch
from torch.nn.functional import softplus

HALF_LIST = 100  # showings at which a list counts half
HALF_LABEL = 20  # showings at which a label counts half of its most


def confidence(shown: torch.Tensor) -> torch.Tensor:
    """(L,) weight of lists, t / (t + 100) for t showings in all."""
    total = shown.sum(dim=1)
    return total / (total + HALF_LIST)


def pointwise(
    scores: torch.Tensor, labels: torch.Tensor, shown: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared error of each label, sum of w (s - y)^2 / 2.

    >>> one = torch.ones(1, 1)
    >>> pointwise(3 * one, one, 20 * one)[0]  # weight 20 / (1 + 20 / 20)
    tensor([20.])
    """
    weight = shown / (1 + shown / HALF_LABEL)
    return (weight * (scores - labels) ** 2).sum(dim=1) / 2, weight


def pairwise(
    scores: torch.Tensor, labels: torch.Tensor, shown: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logistic loss of each labelled result against every other of its list.

    Sum over d and e of y_d log(1 + exp(s_e - s_d)), over the length of the
    list: each click weighs what its label says.
    """
    there = (shown > 0).float()
    others = there[:, None, :] * (1 - torch.eye(scores.shape[1]))
    return _logistic(
        scores,
        labels[:, :, None]
        * others
        * (confidence(shown) / there.sum(dim=1))[:, None, None],
    )


def ranknet(
    scores: torch.Tensor, labels: torch.Tensor, shown: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logistic loss of the pairs with unequal labels, their mean: for grades.

    Only which label is larger counts. Clicks want `pairwise`: which of two
    clicked results was clicked more is no matter of a weight.
    """
    there = shown > 0
    unequal = (labels[:, :, None] > labels[:, None, :]) & there[:, None, :]
    pairs = unequal.sum(dim=(1, 2)).clamp(min=1)
    weight = confidence(shown) / pairs
    return _logistic(scores, unequal * weight[:, None, None])


def listwise(
    scores: torch.Tensor, labels: torch.Tensor, shown: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of labels and the softmax of the list's scores.

    Minus the sum of y log softmax(s); labels are not divided by their sum,
    which would make the loss nonlinear in them.
    """
    logs = torch.log_softmax(scores.masked_fill(shown == 0, -1e9), dim=1)
    weight = confidence(shown)
    total = (weight * labels.sum(dim=1))[:, None]
    return (
        -weight * (labels * logs).sum(dim=1),
        total * logs.exp() * (1 - logs.exp()),
    )


def lambdas(
    scores: torch.Tensor,
    labels: torch.Tensor,
    shown: torch.Tensor,
    *,
    k: int = 10,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logistic loss of pairs, times what swapping the two changes in nDCG.

    The changes are those at the scores as they are, and held fixed: the
    gradient is LambdaRank's. Labels are gains, 2 ** grade - 1.
    """
    with torch.no_grad():
        rank = 1 + scores.masked_fill(shown == 0, -1e9).argsort(
            dim=1, descending=True, stable=True
        ).argsort(dim=1)
        discount = (rank <= k) / torch.log2(1.0 + rank)
        top = labels.sort(dim=1, descending=True).values[:, :k]
        places = torch.arange(top.shape[1], dtype=top.dtype)
        best = top @ (1 / torch.log2(2.0 + places))
        gap = (labels[:, :, None] - labels[:, None, :]).clamp(min=0)
        swing = gap * (discount[:, :, None] - discount[:, None, :]).abs()
        swing *= (shown > 0)[:, None, :] / best[:, None, None]
    return _logistic(scores, swing)


def _logistic(
    scores: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of pairs whose first should score higher; weight (L, C, C)."""
    margin = scores[:, :, None] - scores[:, None, :]
    doubt = torch.sigmoid(-margin)
    bend = (weight + weight.transpose(1, 2)) * doubt * (1 - doubt)
    return (weight * softplus(-margin)).sum(dim=(1, 2)), bend.sum(dim=2)
