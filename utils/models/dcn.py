"""Deep & cross network, version 2, with a position tower against bias.

Cross layers multiply features with each other, degree by degree; a deep part
beside them learns what is no product. What the slot on the page adds to the
logit is learned by a tower of its own, which sees nothing but the slot, and
is left out when serving: slot 1 is the reference and always adds 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import training

SETTINGS = training.Settings(epochs=20, batch_size=1024, learning_rate=0.003)
PREDICTED_TOGETHER = 1 << 15  # rows; keeps memory small
# Adam moves each weight by about the learning rate a step, however far it has
# to go. A position's logit has far to go: it takes larger steps, this many
# times.
POSITION_STEP = 10.0
FAR = 1e6  # standard deviations; further off is no further


class CrossLayer(nn.Module):
    """Cross layer: x_{l+1} = x_0 * (W x_l + b) + x_l, one degree more."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x_0: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(B, W) input of the network, (B, W) of the layer -> (B, W)."""
        return x_0 * self.linear(x) + x


class DcnNet(nn.Module):
    """DCN-v2 in parallel: cross layers, an MLP, and a position logit.

    `n_values` counts the values of each categorical column; number 0 stands
    for a value unknown in training. The rest as in `fit_dcn`.
    """

    def __init__(
        self,
        n_numeric,
        n_values,
        *,
        embedding_dim,
        n_cross_layers,
        hidden,
        n_positions,
    ):
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(n + 1, embedding_dim, padding_idx=0) for n in n_values
        )
        width = n_numeric + embedding_dim * len(n_values)
        self.cross = nn.ModuleList(
            CrossLayer(width) for _ in range(n_cross_layers)
        )
        layers, n_in = [], width
        for n_out in hidden:
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
            n_in = n_out
        self.deep = nn.Sequential(*layers)
        self.head = nn.Linear(width + n_in, 1)
        # row 0 is slot 1: as padding it stays 0 and is never trained
        self.position_logit = nn.Embedding(n_positions, 1, padding_idx=0)
        nn.init.zeros_(self.position_logit.weight)

    def forward(
        self,
        numbers: torch.Tensor,
        categories: torch.Tensor,
        position: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(B, F), (B, C) and (B,) from 1 -> (B,) logits; slot 1 if None."""
        vectors = [
            embedding(categories[:, column])
            for column, embedding in enumerate(self.embeddings)
        ]
        x = x_0 = torch.cat([numbers, *vectors], dim=1)
        for layer in self.cross:
            x = layer(x_0, x)
        logit = self.head(torch.cat([x, self.deep(x_0)], dim=1))[:, 0]
        if position is None:
            return logit
        return logit + POSITION_STEP * self.position_logit(position - 1)[:, 0]


@dataclass(frozen=True)
class Dcn:
    """A trained DCN-v2 and its preprocessing.

    Attributes:
        net: the network.
        mean, sd: of the numeric columns over the training rows.
        values: column number -> its values, sorted; the categorical ones.
        position_logits: (P,) what slots 1..P add to the logit, the first of
            them 0; (1,) without a position tower.
        curve: one dict per epoch, as `training.fit` returns it.
    """

    net: DcnNet
    mean: np.ndarray
    sd: np.ndarray
    values: dict[int, np.ndarray]
    position_logits: np.ndarray
    curve: list[dict]

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Predicted probabilities at position 1: (n,) float64 in [0, 1].

        Args:
            rows: (n, columns of training). A categorical value that training
                did not see is a vector of zeros; a number a million standard
                deviations off is held there.

        Raises:
            ValueError: another number of columns; values not finite.
        """
        rows = _checked_rows(rows, len(self.mean) + len(self.values))
        tensors = _tensors(rows, self.mean, self.sd, self.values)
        probabilities = np.empty(len(rows))
        with torch.no_grad():
            for start in range(0, len(rows), PREDICTED_TOGETHER):
                part = slice(start, start + PREDICTED_TOGETHER)
                logits = self.net(*(tensor[part] for tensor in tensors))
                probabilities[part] = torch.sigmoid(logits.double()).numpy()
        return probabilities


def fit_dcn(
    rows: np.ndarray,
    labels: np.ndarray,
    *,
    rng: np.random.Generator,
    position: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    valid: tuple | None = None,
    categorical: Sequence[int] = (),
    embedding_dim: int = 8,
    n_cross_layers: int = 2,
    hidden: Sequence[int] = (32, 16),
    settings: training.Settings = SETTINGS,
) -> Dcn:
    """Train a DCN-v2 on binary or soft labels by cross-entropy.

    With a position tower the logit is f(row) + g(slot): exact where the slot
    multiplies the odds, nearly so where it multiplies a small chance; for
    larger chances the slots' logits come out steeper than log examination.
    The tower needs like rows that were shown in several slots.

    Args:
        rows: (n, F) finite numbers, standardised inside by mean and
            deviation of these rows; the position is not among them.
        labels: (n,) in [0, 1], binary or soft.
        rng: draws initial weights and batches.
        position: (n,) integer slots from 1, or None for no position tower.
        weights: (n,) at least 0, not all 0; None weighs all rows the same.
        valid: (rows, labels[, position[, weights]]) like those of training;
            decides when to stop. None trains all epochs.
        categorical: numbers of the columns whose values are names (of a
            country, a topic) and get a vector each.
        embedding_dim: length of those vectors.
        n_cross_layers: from 0; n of them make products of up to n + 1
            factors.
        hidden: widths of the deep part; () leaves it linear.
        settings: of the training.

    Returns:
        The trained network, ready to predict.

    Raises:
        ValueError: shapes that do not fit; values not finite or out of
            range; valid rows without a position that training has, or in a
            slot beyond those of training; a setting out of its range.

    Source: Wang et al. (2021), doi:10.1145/3442381.3450078; the position
    tower: Zhao et al. (2019), doi:10.1145/3298689.3346997.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.choice([-1.0, 1.0], size=(512, 2))  # label: signs agree
    >>> model = fit_dcn(x, x[:, 0] * x[:, 1] > 0, rng=rng,
    ...                 settings=training.Settings(epochs=40, batch_size=64))
    >>> model.predict(np.array([[1.0, 1.0], [1.0, -1.0]])).round(1)
    array([1., 0.])
    """
    for name, value, least in [
        ("embedding_dim", embedding_dim, 1),
        ("n_cross_layers", n_cross_layers, 0),
        ("hidden", min(hidden, default=1), 1),
    ]:  # fmt: skip
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    rows = _checked_rows(rows, np.shape(rows)[-1])
    last = rows.shape[1] - 1
    if not set(categorical) <= set(range(last + 1)):
        raise ValueError(
            f"categorical must be columns in 0..{last}, got {categorical}"
        )
    train = _checked_targets(rows, labels, position, weights)
    n_positions = int(train[0].max())
    values = {column: np.unique(rows[:, column]) for column in categorical}
    numbers = np.delete(rows, list(values), axis=1)
    mean, sd = numbers.mean(axis=0), numbers.std(axis=0)
    # a constant column says nothing
    sd[sd <= np.maximum(1e-9 * np.abs(mean), 1e-100)] = 1.0
    held_out = ()
    if valid is not None:
        valid_rows = _checked_rows(valid[0], last + 1)
        targets = _checked_targets(valid_rows, *valid[1:])
        if (position is None) != (len(valid) < 3 or valid[2] is None):
            raise ValueError("valid needs a position where training has one")
        if targets[0].max() > n_positions:
            raise ValueError(
                f"valid positions must be at most {n_positions}, as in "
                f"training, got {targets[0].max()}"
            )
        held_out = (*_tensors(valid_rows, mean, sd, values), *targets)

    with training.seeded(rng):
        net = DcnNet(
            numbers.shape[1],
            [len(known) for known in values.values()],
            embedding_dim=embedding_dim,
            n_cross_layers=n_cross_layers,
            hidden=hidden,
            n_positions=n_positions,
        )

    def loss(numbers, categories, slot, label, weight):
        return functional.binary_cross_entropy_with_logits(
            net(numbers, categories, slot), label, weight=weight
        )

    curve = training.fit(
        net,
        loss,
        (*_tensors(rows, mean, sd, values), *train),
        held_out,
        settings=settings,
        rng=rng,
    )
    learned = net.position_logit.weight.detach()[:, 0].double().numpy()
    return Dcn(net, mean, sd, values, POSITION_STEP * learned, curve)


def _tensors(rows, mean, sd, values):
    """(n, F) float32 standardised numbers and (n, C) int64 categories."""
    numbers = (np.delete(rows, list(values), axis=1) - mean) / sd
    numbers = numbers.clip(-FAR, FAR)
    categories = np.zeros((len(rows), len(values)), dtype=np.int64)
    for place, (column, known) in enumerate(values.items()):
        at = np.searchsorted(known, rows[:, column]).clip(max=len(known) - 1)
        found = known[at] == rows[:, column]
        categories[:, place] = np.where(found, at + 1, 0)
    numbers = numbers.astype(np.float32)
    return torch.from_numpy(numbers), torch.from_numpy(categories)


def _checked_rows(rows, n_columns: int) -> np.ndarray:
    """(n, n_columns) finite float64, or a ValueError."""
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != n_columns or n_columns == 0:
        raise ValueError(f"rows must be (n, {n_columns}), got {rows.shape}")
    wrong = ~(np.abs(rows) <= 1e100)  # so that squares stay floats
    if wrong.any():
        raise ValueError(
            f"rows must be finite and within 1e100, got {rows[wrong][0]}"
        )
    return rows


def _checked_targets(rows, labels, position=None, weights=None):
    """Tensors of slots (1 if None), labels, weights with mean 1."""
    n = len(rows)
    labels = np.asarray(labels, dtype=np.float64)
    slots = np.ones(n, dtype=int) if position is None else np.array(position)
    weights = np.ones(n) if weights is None else np.asarray(weights, float)
    named = {"labels": labels, "position": slots, "weights": weights}
    for name, given in named.items():
        if given.shape != (n,) or n == 0:
            raise ValueError(f"{name} must be ({n},), n > 0: {given.shape}")
    wrong = ~((labels >= 0) & (labels <= 1))
    if wrong.any():
        raise ValueError(f"labels must lie in [0, 1], got {labels[wrong][0]}")
    if slots.dtype.kind not in "iu" or slots.min() < 1:
        raise ValueError(
            f"position must be integers from 1, got {slots.min()} of "
            f"{slots.dtype}"
        )
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any() or not weights.any():
        raise ValueError(
            "weights must be finite, at least 0 and not all 0, got "
            f"{[*weights[wrong], weights.max()][0]}"
        )
    return (
        torch.from_numpy(slots.astype(np.int64)),
        torch.from_numpy(labels.astype(np.float32)),
        torch.from_numpy((weights / weights.mean()).astype(np.float32)),
    )
