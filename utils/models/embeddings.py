"""Embeddings of users and items from their ids and content features.

A tower adds what an id has learned to what a small network makes of content
features, so that an item nobody has seen still has a vector.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Tower(nn.Module):
    """Encoder of a user or item: id embedding plus an MLP on its features.

    Args:
        n_rows: users or items.
        dim: D, length of the vectors.
        ids: whether each row has an embedding of its own.
        features: (n_rows, F) float tensor, or None.
        hidden: width of the network's one hidden layer.
        normalise: whether vectors have length 1.
    """

    def __init__(
        self,
        n_rows: int,
        *,
        dim: int,
        ids: bool,
        features: torch.Tensor | None,
        hidden: int,
        normalise: bool,
    ) -> None:
        super().__init__()
        self.normalise = normalise
        self.embedding = self.network = None
        if ids:
            self.embedding = nn.Embedding(n_rows, dim)
            # Small, so that a row nobody trains hardly speaks.
            nn.init.normal_(self.embedding.weight, std=0.1 / dim**0.5)
        if features is not None:
            self.register_buffer("features", features, persistent=False)
            self.network = nn.Sequential(
                nn.Linear(features.shape[1], hidden),
                nn.ReLU(),
                nn.Linear(hidden, dim),
            )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(B,) row numbers -> (B, D)."""
        parts = []
        if self.embedding is not None:
            parts.append(self.embedding(rows))
        if self.network is not None:
            parts.append(self.network(self.features[rows]))
        vectors = sum(parts)
        return functional.normalize(vectors) if self.normalise else vectors


def checked_pairs(
    pairs: np.ndarray, *, n_users: int, n_items: int
) -> np.ndarray:
    """Validated (user, item) pairs: (P, 2) int64, contiguous.

    Raises:
        ValueError: not (P, 2) integers with P at least 1; a user outside of
            0..n_users-1 or an item outside of 0..n_items-1.
    """
    pairs = np.asarray(pairs)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) == 0:
        raise ValueError(
            f"pairs must have shape (P, 2) with P at least 1: {pairs.shape}"
        )
    if not np.issubdtype(pairs.dtype, np.integer):
        raise ValueError(f"pairs must be integers, got {pairs.dtype}")
    for column, (name, n_rows) in enumerate(
        [("user", n_users), ("item", n_items)]
    ):
        low, high = pairs[:, column].min(), pairs[:, column].max()
        if low < 0 or high >= n_rows:
            raise ValueError(
                f"{name} numbers must lie in [0, {n_rows}), got "
                f"{low if low < 0 else high}"
            )
    return np.ascontiguousarray(pairs, dtype=np.int64)


def checked_features(
    side: str, table: np.ndarray | None, *, n_rows: int
) -> torch.Tensor | None:
    """Validated content features as a (n_rows, F) float32 tensor, or None.

    Args:
        side: "user" or "item", for the words of a refusal.
        table: (n_rows, F) floats, or None.
        n_rows: users or items.

    Raises:
        ValueError: another shape, no column, or values not finite.
    """
    if table is None:
        return None
    with np.errstate(over="ignore"):  # beyond 32 bits: refused below
        table = np.array(table, dtype=np.float32)
    if table.ndim != 2 or len(table) != n_rows or table.shape[1] == 0:
        raise ValueError(
            f"{side}_features must have shape ({n_rows}, F), got {table.shape}"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"{side}_features must be finite")
    return torch.from_numpy(table)
