"""Training loop for torch models: mini-batches, AdamW, early stopping.

Mini-batches are taken by indexing tensors with a shuffled permutation, which
is some hundred times faster than a `DataLoader` for tables that fit in
memory. The number of threads is the caller's: set `OMP_NUM_THREADS` or call
`torch.set_num_threads` before training; nothing is set here. On one machine
with one thread the same `rng` gives the same weights, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Hyperparameters of training: AdamW and early stopping.

    Attributes:
        epochs: passes over the training rows, at least 1; fewer if the
            held-out loss stops them.
        batch_size: rows a step, at least 1.
        learning_rate: Adam's step size, above 0.
        weight_decay: decoupled shrinkage of all weights, per step and
            relative to `learning_rate`; at least 0.
        patience: epochs without a better held-out loss before stopping, at
            least 1.

    Raises:
        ValueError: one of them out of its range.

    >>> Settings(epochs=5).learning_rate
    0.003
    """

    epochs: int = 20
    batch_size: int = 1024
    learning_rate: float = 0.003
    weight_decay: float = 0.0
    patience: int = 3

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            if not getattr(self, name) >= 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if not 0 < self.learning_rate < np.inf:
            raise ValueError(
                f"learning_rate must be above 0, got {self.learning_rate}"
            )
        if not 0 <= self.weight_decay < np.inf:
            raise ValueError(
                f"weight_decay must be at least 0, got {self.weight_decay}"
            )


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Context in which torch's global generator is seeded from `rng`.

    Layers initialise themselves from torch's global generator. This lends
    it a seed and puts the old state back afterwards.

    Args:
        rng: one draw is taken from it.

    >>> with seeded(np.random.default_rng(1)):
    ...     first = torch.rand(3)
    >>> with seeded(np.random.default_rng(1)):
    ...     bool((torch.rand(3) == first).all())
    True
    """
    seed = int(rng.integers(2**63))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def fit(
    model: torch.nn.Module,
    loss: Callable[..., torch.Tensor],
    train: Sequence[torch.Tensor],
    held_out: Sequence[torch.Tensor],
    *,
    settings: Settings,
    rng: np.random.Generator,
) -> list[dict]:
    """Mini-batch training with AdamW and early stopping; the best weights.

    Args:
        model: its parameters are changed in place, and end as they were
            after the epoch with the lowest held-out loss.
        loss: `loss(*batch)` -> the batch's mean loss, a scalar; it calls the
            model itself, so any model and any number of tensors will do.
        train: tensors of equal length (P, ...), indexed together.
        held_out: the same tensors for rows that are not trained on; empty
            tensors or `()` train for all epochs and keep the last weights.
        settings: epochs, batch size, learning rate, weight decay, patience.
        rng: shuffles the rows and seeds dropout.

    Returns:
        The training curve: one dict per epoch with `epoch` (from 1),
        `train_loss` and `held_out_loss` (nan without held-out rows). The
        training loss is the mean over the epoch, while weights still moved,
        and with dropout on.

    Raises:
        ValueError: tensors of unequal length, no training rows, or a loss
            or weights that are not finite.

    Source: Kingma & Ba (2015), arXiv:1412.6980; Loshchilov & Hutter (2019),
    arXiv:1711.05101.

    >>> line = torch.nn.Linear(1, 1)
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> curve = fit(line, lambda x: ((line(x) - 3 * x) ** 2).mean(), [x], (),
    ...             settings=Settings(epochs=60, batch_size=16,
    ...                               learning_rate=0.1),
    ...             rng=np.random.default_rng(0))
    >>> round(line.weight.item(), 2), len(curve)
    (3.0, 60)
    """
    n_train = _length("train", train)
    n_held_out = _length("held_out", held_out)
    if n_train == 0:
        raise ValueError("train must hold at least 1 row, got 0")

    adam = torch.optim.AdamW(
        model.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    batch_size = settings.batch_size
    best_loss, best_epoch, best_weights = np.inf, 0, None
    curve = []
    with seeded(rng):
        for epoch in range(1, settings.epochs + 1):
            model.train()
            order = torch.randperm(n_train)
            total = 0.0
            for start in range(0, n_train, batch_size):
                rows = order[start : start + batch_size]
                step_loss = loss(*(tensor[rows] for tensor in train))
                adam.zero_grad(set_to_none=True)
                step_loss.backward()
                adam.step()
                total += step_loss.item() * len(rows)
            record = {
                "epoch": epoch,
                "train_loss": total / n_train,
                "held_out_loss": _mean_loss(model, loss, held_out, batch_size),
            }
            curve.append(record)
            if not np.isfinite(record["train_loss"]):
                raise ValueError(
                    f"the training loss must stay finite, got "
                    f"{record['train_loss']} in epoch {epoch}"
                )
            if n_held_out == 0:
                continue
            if record["held_out_loss"] < best_loss:
                best_loss, best_epoch = record["held_out_loss"], epoch
                best_weights = {
                    name: weight.detach().clone()
                    for name, weight in model.state_dict().items()
                }
            elif epoch - best_epoch >= settings.patience:
                break
    if best_weights is not None:
        model.load_state_dict(best_weights)
    if not all(weight.isfinite().all() for weight in model.parameters()):
        raise ValueError(
            "the weights must stay finite, learning_rate is "
            f"{settings.learning_rate}"
        )
    model.eval()
    return curve


def _mean_loss(model, loss, tensors, batch_size: int) -> float:
    """Mean loss over rows in their own order, dropout off; nan if none."""
    n_rows = _length("held_out", tensors)
    if n_rows == 0:
        return float("nan")
    model.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, n_rows, batch_size):
            batch = [tensor[start : start + batch_size] for tensor in tensors]
            total += loss(*batch).item() * len(batch[0])
    return total / n_rows


def _length(name: str, tensors: Sequence[torch.Tensor]) -> int:
    """Common length of the tensors; 0 when there are none."""
    lengths = {len(tensor) for tensor in tensors}
    if len(lengths) > 1:
        raise ValueError(
            f"{name} tensors must be of equal length, got {sorted(lengths)}"
        )
    return lengths.pop() if lengths else 0
