"""Cases of utils.models.list_losses, on lists as `list_rankers` makes them."""

import numpy as np
import torch

from tests.driven import case
from utils.models import list_losses, list_rankers


def after_padding(loss):
    """Values of a loss over lists that `lists_of` has checked and padded."""

    def called(scores, query, labels, shown):
        lists = list_rankers.lists_of(
            query, scores[:, None], labels, shown, width=3
        )
        got = loss(*map(torch.tensor, (lists.features[..., 0], *lists[1:])))
        return [
            part.numpy() for part in (got if type(got) is tuple else [got])
        ]

    return called


def rows(rng):
    return {
        "scores": rng.normal(size=7),
        "query": np.array([0, 0, 0, 0, 2, 2, 5]),
        "labels": rng.random(7),
        "shown": rng.integers(1, 9, 7).astype(float),
    }


def sound(got, given):
    """Losses and curvature are finite and at least 0."""
    for part in got:
        assert np.isfinite(part).all() and (part >= 0).all(), got


for loss in (
    list_losses.pointwise,
    list_losses.pairwise,
    list_losses.ranknet,
    list_losses.listwise,
    list_losses.lambdas,
):
    case(after_padding(loss), rows, sound, covers=(loss,))

case(
    after_padding(lambda scores, labels, shown: list_losses.confidence(shown)),
    rows,
    sound,
    covers=(list_losses.confidence,),
)
