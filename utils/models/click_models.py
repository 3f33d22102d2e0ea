"""Click models: how likely a rank is looked at, from clicks alone.

The position-based model says P(click) = theta[rank] * gamma: looked at, and
liked. With a gamma of its own for every pair of query and result, a pair
seen a few times is fitted by chance; here gamma is a function of the pair's
features, so that pairs help each other and a page need not vary.

Source: Wang, Golbandi, Bendersky, Metzler & Najork (2018), Position bias
estimation for unbiased learning to rank in personal search,
doi:10.1145/3159652.3159732.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from .training import seeded

LARGEST = 1e15  # of an input, so that squares stay floats


def examination_by_regression(
    rank: np.ndarray,
    features: np.ndarray,
    clicks: np.ndarray,
    shown: np.ndarray,
    *,
    start: np.ndarray,
    rng: np.random.Generator,
    hidden: int = 16,
    steps: int = 400,
) -> np.ndarray:
    """Chance that each rank is looked at, relative to the first.

    The likelihood is that of regression-based EM, climbed by gradient: the
    network's answer is the chance of a liking, after a sigmoid.

    Args:
        rank: (n,) integers from 0, of a pair at a rank.
        features: (n, F) of the pair.
        clicks: (n,) of the pair at this rank.
        shown: (n,) how often, at least `clicks` and above 0.
        start: (K,) chances to begin with, in (0, 1).
        rng: draws the network's weights.
        hidden: units of its one hidden layer.
        steps: of Adam, over all rows at once.

    Returns:
        (K,) estimates divided by the first. A common factor of all ranks is
        not determined: twice as likely looked at is half as much liked.

    Raises:
        ValueError: lengths that differ; values not finite or beyond 1e15; a
            start outside (0, 1); a rank beyond it; more clicks than shown;
            hidden or steps below 1; a first estimate of 0.
    """
    rank, start = np.asarray(rank), np.asarray(start, np.float64)
    features = np.asarray(features)
    clicks, shown = np.asarray(clicks), np.asarray(shown)
    if not (
        features.ndim == 2
        and features.size
        and rank.shape == clicks.shape == shown.shape == features.shape[:1]
        and start.ndim == 1
    ):
        raise ValueError(
            "rows must be alike in number and start one line, got shapes "
            f"{rank.shape}, {features.shape}, {clicks.shape}, {shown.shape}, "
            f"{start.shape}"
        )
    for name, part in [("features", features), ("clicks", clicks),
                       ("shown", shown)]:  # fmt: skip
        wrong = ~(np.abs(part) <= LARGEST)
        if wrong.any():
            raise ValueError(
                f"{name} must be finite and within {LARGEST:g}, got "
                f"{part[wrong][0]}"
            )
    if min(hidden, steps) < 1:
        raise ValueError(
            f"hidden and steps must be at least 1, got {hidden}, {steps}"
        )
    if not ((start > 0) & (start < 1)).all():
        raise ValueError(f"start must lie in (0, 1), got {start}")
    inside = (rank >= 0) & (rank < len(start))
    if not (inside & (rank == np.floor(rank))).all():
        raise ValueError(
            f"ranks must be in 0..{len(start) - 1}, got {rank.min()} to "
            f"{rank.max()}"
        )
    if (clicks < 0).any():
        raise ValueError(f"clicks must be at least 0, got {clicks.min()}")
    wrong = (clicks > shown) | (shown <= 0)
    if wrong.any():
        raise ValueError(
            "shown must be above 0 and at least clicks, got "
            f"{shown[wrong][0]} with {clicks[wrong][0]} clicks"
        )
    sd = features.std(axis=0)
    x = (features - features.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    x, clicked, not_clicked = (
        torch.as_tensor(np.asarray(part, np.float32))
        for part in (x, clicks, shown - clicks)
    )
    with seeded(rng):
        liked = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, 1),
        )
    logit = torch.tensor(
        np.log(start / (1 - start)), dtype=torch.float32, requires_grad=True
    )
    adam = torch.optim.Adam([*liked.parameters(), logit], lr=0.03)
    at, total = torch.as_tensor(rank).long(), float(np.sum(shown))
    for _ in range(steps):
        logs = logsigmoid(logit)[at] + logsigmoid(liked(x)[:, 0])
        none = torch.log1p(-logs.exp().clamp(max=1 - 1e-6))
        adam.zero_grad()
        (-(clicked * logs + not_clicked * none).sum() / total).backward()
        adam.step()
    theta = torch.sigmoid(logit.detach()).double().numpy()
    if not (theta[0] > 0 and np.isfinite(theta).all()):
        raise ValueError(f"the first estimate must be above 0, got {theta}")
    return theta / theta[0]
