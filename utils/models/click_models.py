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
        ValueError: a start outside (0, 1); a rank beyond it; more clicks
            than shown.
    """
    rank, start = np.asarray(rank), np.asarray(start, np.float64)
    if ((start <= 0) | (start >= 1)).any():
        raise ValueError(f"start must lie in (0, 1), got {start}")
    if rank.min() < 0 or rank.max() >= len(start):
        raise ValueError(
            f"ranks must be in 0..{len(start) - 1}, got {rank.min()} to "
            f"{rank.max()}"
        )
    if (clicks > shown).any() or (shown <= 0).any():
        raise ValueError("shown must be above 0 and at least clicks")
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
    return theta / theta[0]
