"""Two-tower retrieval: user and item embeddings scored by inner product.

Both towers (`embeddings.Tower`) are trained on the positives of a batch
alone, each serving as negative for the others (`losses`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from . import embeddings, losses, training

SETTINGS = training.Settings(epochs=15, batch_size=512, learning_rate=0.005)


class TwoTower(nn.Module):
    """Dual encoder: a user tower and an item tower."""

    def __init__(self, user_tower: nn.Module, item_tower: nn.Module) -> None:
        super().__init__()
        self.user_tower = user_tower
        self.item_tower = item_tower


@dataclass(frozen=True)
class TwoTowerVectors:
    """User and item embeddings of a trained two-tower model.

    Attributes:
        user_vectors: (U, D) float32.
        item_vectors: (N, D) float32; scores are `user_vectors @
            item_vectors.T`, without temperature or log-Q: both belong to
            training only.
        curve: one dict per epoch, as `training.fit` returns it.
    """

    user_vectors: np.ndarray
    item_vectors: np.ndarray
    curve: list[dict]


def fit_two_tower(
    pairs: np.ndarray,
    *,
    n_users: int,
    n_items: int,
    rng: np.random.Generator,
    user_features: np.ndarray | None = None,
    item_features: np.ndarray | None = None,
    embed_user_ids: bool = True,
    embed_item_ids: bool = True,
    log_q: np.ndarray | None = None,
    dim: int = 32,
    hidden: int = 64,
    normalise: bool = True,
    temperature: float = 0.2,
    held_out_share: float = 0.1,
    settings: training.Settings = SETTINGS,
) -> TwoTowerVectors:
    """Train a two-tower model on positive pairs, with in-batch negatives.

    Args:
        pairs: (P, 2) int, user and item of each positive.
        n_users: U; users are 0..U-1, also those without a pair.
        n_items: N; likewise.
        rng: draws the held-out pairs, initial weights and batches.
        user_features: (U, F) floats of about unit size, or None.
        item_features: (N, G) floats of about unit size, or None.
        embed_user_ids: whether each user has an embedding of its own.
        embed_item_ids: likewise; without it unseen items are as good as any.
        log_q: (N,) log of each item's sampling probability
            (`losses.log_sampling_probability`), or
            None to leave the correction out. It turns a score of "more than
            the item's popularity explains" into one of "most likely".
        dim: D, length of the vectors.
        hidden: width of the networks on features.
        normalise: cosine scores; otherwise plain inner products, which can
            carry an item's popularity in the length of its vector.
        temperature: divides scores in training.
        held_out_share: share of the pairs, in [0, 1), that decides when to
            stop; 0 trains all epochs.
        settings: of the training; a batch of B pairs gives each of them up
            to B - 1 negatives.

    Returns:
        Vectors of all users and items, and the training curve.

    Raises:
        ValueError: pairs of the wrong shape, outside of the ids or none;
            features of the wrong shape or not finite; a tower with neither
            ids nor features; `log_q` of the wrong shape or not finite for
            an item that occurs; a setting out of its range.

    Source: Yi et al. (2019), doi:10.1145/3298689.3346996.

    >>> pairs = np.array([[u, i] for u in range(8) for i in range(8)
    ...                   if u % 2 == i % 2])
    >>> vectors = fit_two_tower(
    ...     pairs, n_users=8, n_items=8, dim=4, held_out_share=0.0,
    ...     settings=training.Settings(epochs=40, batch_size=8),
    ...     rng=np.random.default_rng(0))
    >>> scores = vectors.user_vectors @ vectors.item_vectors.T
    >>> bool(scores[0, ::2].min() > scores[0, 1::2].max())
    True
    """
    pairs = embeddings.checked_pairs(pairs, n_users=n_users, n_items=n_items)
    for name, value in [("dim", dim), ("hidden", hidden)]:
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if not 0 <= held_out_share < 1:
        raise ValueError(
            f"held_out_share must lie in [0, 1), got {held_out_share}"
        )
    sides = {
        "user": (n_users, embed_user_ids, user_features),
        "item": (n_items, embed_item_ids, item_features),
    }
    features = {}
    for side, (n_rows, ids, table) in sides.items():
        if not ids and table is None:
            raise ValueError(f"the {side} tower needs ids or features")
        features[side] = embeddings.checked_features(
            side, table, n_rows=n_rows
        )
    log_q = losses.checked_log_q(log_q, pairs[:, 1], n_items=n_items)

    with training.seeded(rng):
        towers = [
            embeddings.Tower(
                n_rows,
                dim=dim,
                ids=ids,
                features=features[side],
                hidden=hidden,
                normalise=normalise,
            )
            for side, (n_rows, ids, _) in sides.items()
        ]
    model = TwoTower(*towers)

    def loss(users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return losses.in_batch_softmax_loss(
            model.user_tower(users),
            model.item_tower(items),
            items,
            temperature=temperature,
            log_q=None if log_q is None else log_q[items],
        )

    shuffled = torch.from_numpy(pairs[rng.permutation(len(pairs))])
    n_held_out = int(len(pairs) * held_out_share)
    curve = training.fit(
        model,
        loss,
        shuffled[n_held_out:].unbind(1),
        shuffled[:n_held_out].unbind(1),
        settings=settings,
        rng=rng,
    )
    with torch.no_grad():
        user_vectors = model.user_tower(torch.arange(n_users)).numpy()
        item_vectors = model.item_tower(torch.arange(n_items)).numpy()
    return TwoTowerVectors(user_vectors, item_vectors, curve)
