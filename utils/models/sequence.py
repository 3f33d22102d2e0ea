"""Self-attentive sequential recommendation: a user vector from a history.

Causal self-attention reads a history and predicts, after each watch, the
next one. The item tower is that of `two_tower`, so that a new item has a
vector, and there is no user id: a history is all that is known of a user.
A learned start token opens each history; a user without one is that token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import embeddings, losses, training

START, PADDING = -1, -2  # in a (W, L) table of item numbers
SETTINGS = training.Settings(epochs=20, batch_size=64, learning_rate=0.003)
ENCODED_TOGETHER = 4096  # histories; keeps memory small


class TransformerBlock(nn.Module):
    """Pre-norm transformer block: causal self-attention, then an MLP."""

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(dim)
        self.query_key_value = nn.Linear(dim, 3 * dim)
        self.output_projection = nn.Linear(dim, dim)
        self.network = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, dim),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, L, D) -> (B, L, D); row l depends on rows up to l alone."""
        q, k, v = self.query_key_value(self.before_attention(x)).chunk(3, -1)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.dropout(self.output_projection(seen))
        return x + self.dropout(self.network(x))


class SequenceNet(nn.Module):
    """Causal transformer on item histories: a user vector after each item."""

    def __init__(
        self,
        item_tower,
        *,
        dim,
        max_length,
        hidden,
        n_blocks,
        dropout,
        normalise,
    ):
        super().__init__()
        self.item_tower = item_tower
        self.start = nn.Parameter(torch.zeros(dim))
        self.position_embedding = nn.Parameter(
            0.1 * torch.randn(max_length, dim)
        )
        self.dropout = nn.Dropout(dropout)
        blocks = [
            TransformerBlock(dim, hidden, dropout) for _ in range(n_blocks)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim))
        self.normalise = normalise

    def forward(self, histories: torch.Tensor) -> torch.Tensor:
        """(B, l <= L) items, START or PADDING at the end -> (B, l, D)."""
        # what is PADDING lies behind all items: the causal mask hides it
        items = self.item_tower(histories.clamp(min=0).flatten())
        items = items.reshape(*histories.shape, -1)
        x = torch.where(histories[..., None] >= 0, items, self.start)
        x = self.dropout(x + self.position_embedding[: histories.shape[1]])
        vectors = self.head(self.blocks(x))
        if self.normalise:
            return functional.normalize(vectors, dim=-1)
        return vectors


@dataclass(frozen=True)
class SequenceVectors:
    """User and item embeddings of a trained sequence model.

    Attributes:
        user_vectors: (U, D) float32 after each user's last watch.
        item_vectors: (N, D) float32; scores are `user_vectors @
            item_vectors.T`, without temperature or log-Q.
        curve: one dict per epoch, as `training.fit` returns it.
        net: gives new histories a vector (`encode_histories`).
    """

    user_vectors: np.ndarray
    item_vectors: np.ndarray
    curve: list[dict]
    net: SequenceNet


def fit_sequence(
    user: np.ndarray,
    item: np.ndarray,
    time: np.ndarray,
    *,
    n_users: int,
    n_items: int,
    rng: np.random.Generator,
    item_features: np.ndarray | None = None,
    embed_item_ids: bool = True,
    log_q: np.ndarray | None = None,
    max_length: int = 20,
    dim: int = 32,
    hidden: int = 64,
    n_blocks: int = 1,
    dropout: float = 0.1,
    normalise: bool = True,
    temperature: float = 0.2,
    held_out_share: float = 0.1,
    settings: training.Settings = SETTINGS,
) -> SequenceVectors:
    """Train next-item prediction with in-batch negatives.

    Args:
        user, item: (P,) int, the watches.
        time: (P,) sortable; watches at the same time keep their order.
        n_users, n_items: U and N, also those without a watch.
        rng: draws the held-out histories, initial weights and batches.
        item_features: (N, G) floats of about unit size, or None.
        embed_item_ids: whether each item has an embedding of its own.
        log_q: as in `two_tower.fit_two_tower`.
        max_length: L, watches that a vector can depend on; longer histories
            are cut into pieces of L for training.
        dim: D, length of the vectors.
        hidden: width of the networks on features and in the blocks.
        n_blocks: layers of attention, at least 1.
        dropout: share of values set to 0 in training, in [0, 1).
        normalise: cosine scores; otherwise inner products.
        temperature: divides scores in training.
        held_out_share: share of the histories, in [0, 1), that decides when
            to stop; 0 trains all epochs.
        settings: of the training; a batch is of histories, each watch in
            them is predicted, the watches of the others are its negatives.

    Returns:
        Vectors of all users and items, and the training curve.

    Raises:
        ValueError: arrays of unequal length; as `two_tower.fit_two_tower`.

    Source: Kang & McAuley (2018), doi:10.1109/ICDM.2018.00035, with the
    in-batch softmax of Yi et al. (2019), doi:10.1145/3298689.3346996.

    >>> user = np.repeat(np.arange(40), 5)  # items 0..4, round and round
    >>> item = (user + np.tile(np.arange(5), 40)) % 5
    >>> got = fit_sequence(
    ...     user, item, np.arange(200), n_users=40, n_items=5, dim=8,
    ...     settings=training.Settings(batch_size=64, learning_rate=0.01),
    ...     rng=np.random.default_rng(0))
    >>> scores = got.user_vectors @ got.item_vectors.T
    >>> bool((scores.argmax(axis=1) == (item[4::5] + 1) % 5).all())
    True
    """
    user, item, time = np.asarray(user), np.asarray(item), np.asarray(time)
    if not user.shape == item.shape == time.shape or user.ndim != 1:
        raise ValueError(
            "user, item and time must be of one length, got shapes "
            f"{user.shape}, {item.shape} and {time.shape}"
        )
    pairs = np.column_stack([user, item])
    pairs = embeddings.checked_pairs(pairs, n_users=n_users, n_items=n_items)
    counts = {"max_length": max_length, "dim": dim, "n_blocks": n_blocks}
    for name, value in (counts | {"hidden": hidden}).items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    shares = {"held_out_share": held_out_share, "dropout": dropout}
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise ValueError(f"{name} must lie in [0, 1), got {share}")
    if not embed_item_ids and item_features is None:
        raise ValueError("the item tower needs ids or features")
    features = embeddings.checked_features(
        "item", item_features, n_rows=n_items
    )
    log_q = losses.checked_log_q(log_q, pairs[:, 1], n_items=n_items)

    pairs = pairs[np.lexsort((time, pairs[:, 0]))]
    owner, before, after = training_windows(pairs, max_length=max_length)
    with training.seeded(rng):
        shape = {"dim": dim, "hidden": hidden, "normalise": normalise}
        tower = embeddings.Tower(
            n_items, ids=embed_item_ids, features=features, **shape
        )
        net = SequenceNet(
            tower,
            max_length=max_length,
            n_blocks=n_blocks,
            dropout=dropout,
            **shape,
        )

    def loss(owner, before, after):
        real = after >= 0  # (B, L)
        items = after[real]  # (M,), all next watches of the batch
        return losses.in_batch_softmax_loss(
            net(before)[real],
            net.item_tower(items),
            items,
            temperature=temperature,
            log_q=None if log_q is None else log_q[items],
            users=owner[:, None].expand_as(after)[real],
        )

    order = rng.permutation(len(owner))
    n_held_out = int(len(owner) * held_out_share)
    tables = [torch.from_numpy(x[order]) for x in (owner, before, after)]
    curve = training.fit(
        net,
        loss,
        [table[n_held_out:] for table in tables],
        [table[:n_held_out] for table in tables],
        settings=settings,
        rng=rng,
    )
    users = encode_histories(
        net, recent_histories(pairs, n_users, max_length=max_length)
    )
    with torch.no_grad():
        items = net.item_tower(torch.arange(n_items)).numpy()
    return SequenceVectors(users, items, curve, net)


def training_windows(
    pairs: np.ndarray, *, max_length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training sequences: histories in windows, and each next item.

    Args:
        pairs: (P, 2) user and item, by user and then by time.
        max_length: L, columns of a piece.

    Returns:
        (W,) user of each piece, (W, L) what preceded each watch, START for
        the first of a user, and (W, L) the watch itself; PADDING at the end.

    >>> training_windows(np.array([[7, 3], [7, 4], [7, 5]]), max_length=2)[1:]
    (array([[-1,  3],
           [ 4, -2]]), array([[ 3,  4],
           [ 5, -2]]))
    """
    user, item = pairs.T
    place = np.arange(len(user)) - np.searchsorted(user, user)
    column = place % max_length
    piece = np.cumsum(column == 0) - 1
    before, after = np.full((2, piece[-1] + 1, max_length), PADDING)
    after[piece, column] = item
    before[piece, column] = np.where(place == 0, START, np.roll(item, 1))
    return user[column == 0], before, after


def recent_histories(
    pairs: np.ndarray, n_users: int, *, max_length: int
) -> np.ndarray:
    """Most recent history of each user: (U, L), START first, then PADDING.

    >>> recent_histories(np.array([[0, 3], [0, 4], [2, 5]]), 3, max_length=2)
    array([[ 3,  4],
           [-1, -2],
           [-1,  5]])
    """
    user, item = pairs.T
    watches = np.bincount(user, minlength=n_users)
    skipped = np.maximum(watches + 1 - max_length, 0)  # tokens, START first
    place = 1 + np.arange(len(user)) - np.searchsorted(user, user)
    column = place - skipped[user]
    histories = np.full((n_users, max_length), PADDING)
    histories[skipped == 0, 0] = START
    kept = column >= 0
    histories[user[kept], column[kept]] = item[kept]
    return histories


def encode_histories(net: SequenceNet, histories: np.ndarray) -> np.ndarray:
    """User vectors (n, D), float32, of (n, L) histories."""
    net.eval()
    tokens = torch.from_numpy(histories)
    last = (tokens != PADDING).sum(dim=1) - 1
    vectors = []
    with torch.no_grad():
        for start in range(0, len(tokens), ENCODED_TOGETHER):
            part = slice(start, start + ENCODED_TOGETHER)
            every = net(tokens[part])  # (B, L, D)
            vectors.append(every[torch.arange(len(every)), last[part]])
    return torch.cat(vectors).numpy()
