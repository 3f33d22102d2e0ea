"""Rankers of lists: a network and boosted trees that take the same loss.

A loss over lists is any function of torch tensors

    loss(scores, labels, shown) -> (L,) losses, (L, C) curvature

of L lists of at most C results: what a ranker gives, what it should learn,
and how often each result was shown, 0 where a list is shorter. The network
descends the gradient; the trees fit it as Newton steps, which is what the
curvature is for: the diagonal of the second derivative, or what stands for
it. Both take `lists` to learn from, the `loss`, and `judged` lists that say
when to stop: at most `patience` epochs or rounds are tried without a better
quality on them, and what was best is kept, so that what differs between the
two is the model and nothing else. Both refuse, by a ValueError, lists or
judged lists of shapes that do not fit, not finite or out of range, a setting
out of its range, and scores or a quality that are not finite.

Source: Burges (2010), From RankNet to LambdaRank to LambdaMART, Microsoft
Research MSR-TR-2010-82; Friedman (2001), doi:10.1214/aos/1013203451.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from .training import seeded

FAR = 1e6  # standard deviations; further off is no further
LARGEST = 1e15  # of an input, so that squares stay floats

Loss = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Quality = Callable[[np.ndarray], float]  # (V, C) scores -> higher is better


class Lists(NamedTuple):
    """Lists of results, padded to one width.

    features: (L, C, F); labels: (L, C); shown: (L, C) how often each result
    was shown, 0 where there is none.
    """

    features: np.ndarray
    labels: np.ndarray
    shown: np.ndarray


class Judged(NamedTuple):
    """Judged lists, which say when to stop.

    features: (V, C, F); quality: scores (V, C) -> a number, the higher the
    better, such as mean nDCG.
    """

    features: np.ndarray
    quality: Quality


@dataclass(frozen=True)
class Ranker:
    """A fitted ranker: call it with (..., F) features for (...) scores.

    Attributes:
        score: what is called.
        curve: quality on the judged lists, one number a round.
    """

    score: Callable[[np.ndarray], np.ndarray]
    curve: tuple[float, ...]

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return self.score(features)

    @property
    def best(self) -> float:
        """Quality of the round that was kept."""
        return max(self.curve)


def lists_of(
    query: np.ndarray,
    features: np.ndarray,
    labels: np.ndarray,
    shown: np.ndarray,
    *,
    width: int,
) -> Lists:
    """Rows of query and result as padded lists, one a query.

    Args:
        query: (n,) integers, which list a row belongs to.
        features: (n, F).
        labels: (n,), at least 0.
        shown: (n,) how often, above 0.
        width: most results of a list; those shown most often are kept, the
            first rows among equals.

    Returns:
        Lists in the order of `query`, without those whose labels are all 0:
        they say nothing about an order.

    Raises:
        ValueError: lengths that differ; values not finite or beyond 1e15;
            labels negative; shown not above 0; width below 1; no list with
            a label.

    >>> lists_of(np.array([4, 4]), np.zeros((2, 1)), np.array([0.0, 1.0]),
    ...          np.array([2, 9]), width=3).labels
    array([[1., 0., 0.]], dtype=float32)
    """
    query, features = np.asarray(query), np.asarray(features)
    labels, shown = np.asarray(labels), np.asarray(shown)
    if not (
        features.ndim == 2
        and query.shape == labels.shape == shown.shape == features.shape[:1]
    ):
        raise ValueError(
            "rows must be alike in number, got shapes "
            f"{query.shape}, {features.shape}, {labels.shape}, {shown.shape}"
        )
    for name, part in [("query", query), ("features", features),
                       ("labels", labels), ("shown", shown)]:  # fmt: skip
        _check_finite(name, part)
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    if (labels < 0).any():
        raise ValueError(f"labels must be at least 0, got {labels.min()}")
    if (shown <= 0).any():
        raise ValueError(f"shown must be above 0, got {shown.min()}")
    order = np.lexsort((-shown, query))  # stable: the first among equals
    _, first, line = np.unique(
        query[order], return_index=True, return_inverse=True
    )
    at = np.arange(len(order)) - first[line]
    order, line, at = (part[at < width] for part in (order, line, at))
    shape = (len(first), width)
    made = Lists(
        np.zeros((*shape, features.shape[1]), np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    for padded, rows in zip(made, (features, labels, shown), strict=True):
        padded[line, at] = rows[order]
    full = made.labels.any(axis=1)
    if not full.any():
        raise ValueError(
            "at least one list needs a label above 0, got at most "
            f"{made.labels.max(initial=0)}"
        )
    return Lists(*(part[full] for part in made))


def fit_network(
    lists: Lists,
    loss: Loss,
    judged: Judged,
    *,
    rng: np.random.Generator,
    members: int = 1,
    hidden: int = 32,
    learning_rate: float = 0.01,
    weight_decay: float = 0.01,
    epochs: int = 60,
    patience: int = 8,
) -> Ranker:
    """Networks with one hidden layer that score each result by itself.

    Args:
        lists, loss, judged, patience: as above; 32 lists a step.
        rng: draws the weights and shuffles the lists.
        members: networks that begin with other weights and learn from the
            same steps; their mean score is the ranker's, and is judged.
        hidden: units of the hidden layer.
        learning_rate, weight_decay: of AdamW.
        epochs: at most so many.

    Returns:
        Ranker; features are standardised by the rows of `lists`, and held
        at a million standard deviations.

    >>> x = np.linspace(-1, 1, 8).reshape(1, 8, 1)
    >>> def square(scores, labels, shown):
    ...     return ((scores - labels) ** 2).sum(1), torch.ones_like(scores)
    >>> ranker = fit_network(
    ...     Lists(x, x[..., 0], np.ones((1, 8))), square,
    ...     Judged(x, lambda scores: -np.ptp(np.argsort(scores) - range(8))),
    ...     rng=np.random.default_rng(0))
    >>> ranker(x[0]).argmax()
    np.int64(7)
    """
    if not 0 <= weight_decay <= LARGEST:
        raise ValueError(
            f"weight_decay must be at least 0 and within {LARGEST:g}, got "
            f"{weight_decay}"
        )
    y, n = _checked(
        lists, judged, learning_rate,
        epochs=(epochs, 1), patience=(patience, 1), hidden=(hidden, 1),
        members=(members, 1),
    )  # fmt: skip
    mean, sd = _standard(lists)

    def ready(features):
        scaled = ((features - mean) / sd).clip(-FAR, FAR)
        return torch.as_tensor(scaled.astype(np.float32))

    x, check = ready(lists.features), ready(judged.features)
    with seeded(rng):
        layers = [
            (torch.nn.Linear(x.shape[-1], hidden), torch.nn.Linear(hidden, 1))
            for _ in range(members)
        ]
    weights = [
        torch.stack([part(layer[at]) for layer in layers]).detach()
        for at in (0, 1)
        for part in (lambda layer: layer.weight.T, lambda layer: layer.bias)
    ]  # (M, F, H), (M, H), (M, H, 1), (M, 1)
    for weight in weights:
        weight.requires_grad_()

    def scored(rows):
        """(..., F) -> (M, ...) scores of each network."""
        into, shift, out, level = weights
        flat = rows.reshape(1, -1, x.shape[-1]).expand(members, -1, -1)
        seen = torch.relu(torch.baddbmm(shift[:, None], flat, into))
        return (seen @ out + level[:, None]).reshape(members, *rows.shape[:-1])

    adam = torch.optim.AdamW(
        weights, lr=learning_rate, weight_decay=weight_decay, fused=True
    )
    curve: list[float] = []
    with seeded(rng):
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(32):
                losses, _ = loss(
                    scored(x[rows]).flatten(0, 1),
                    y[rows].repeat(members, 1),
                    n[rows].repeat(members, 1),
                )
                adam.zero_grad()
                (losses.sum() / len(rows)).backward()
                adam.step()
            with torch.no_grad():
                scores = scored(check).mean(0).numpy()
            curve.append(_quality(judged, scores))
            if curve[-1] == max(curve) and curve.count(curve[-1]) == 1:
                kept = [weight.detach().clone() for weight in weights]
            if len(curve) - int(np.argmax(curve)) > patience:
                break
    with torch.no_grad():
        for weight, best in zip(weights, kept, strict=True):
            weight.copy_(best)

    def score(features):
        _check_features(features, len(mean))
        with torch.no_grad():
            return scored(ready(features)).mean(0).numpy()

    return Ranker(score, tuple(curve))


def fit_trees(
    lists: Lists,
    loss: Loss,
    judged: Judged,
    *,
    leaves: int = 8,
    least_rows: int = 50,
    learning_rate: float = 0.1,
    rounds: int = 150,
    patience: int = 30,
) -> Ranker:
    """Boosted trees: each fits the loss's gradient by a Newton step.

    Args:
        lists, loss, judged, patience: as above; the loss is scaled so that
            a row's mean curvature is 1 before the first tree.
        leaves: of a tree.
        least_rows: that a leaf must hold.
        learning_rate: shrinkage of each tree.
        rounds: at most so many trees.

    Returns:
        Ranker.

    Raises:
        ValueError: also for fewer rows than two leaves must hold, and a
            loss without curvature.
    """
    y, n = _checked(
        lists, judged, learning_rate,
        rounds=(rounds, 1), patience=(patience, 1),
        leaves=(leaves, 2), least_rows=(least_rows, 1),
    )  # fmt: skip
    x, there = lists.features, lists.shown > 0
    if there.sum() < 2 * least_rows:
        raise ValueError(
            f"two leaves of {least_rows} rows need {2 * least_rows}, "
            f"got {there.sum()}"
        )
    _, bend = loss(torch.zeros(y.shape), y, n)
    mean = float(bend[there].mean())
    if not 0 < mean < np.inf:
        raise ValueError(f"mean curvature must be above 0, got {mean}")
    scale = 1 / mean

    def push(scores, _):
        now = torch.zeros(y.shape)
        now[there] = torch.as_tensor(scores, dtype=torch.float32)
        losses, bend = loss(now.requires_grad_(), y, n)
        (slope,) = torch.autograd.grad(losses.sum(), now)
        return (
            slope[there].double().numpy() * scale,
            bend.detach()[there].double().numpy() * scale + 1e-6,
        )

    shape, curve = judged.features.shape, []

    def quality(scores, _):
        curve.append(_quality(judged, scores.reshape(shape[:2])))
        return "quality", curve[-1], True

    import lightgbm as lgb  # heavy, and networks need none of it

    fit = lgb.Dataset(x[there], np.zeros(there.sum()))
    check = lgb.Dataset(
        judged.features.reshape(-1, shape[-1]),
        np.zeros(shape[0] * shape[1]),
        reference=fit,
    )
    model = lgb.train(
        dict(
            objective=push, num_leaves=leaves, min_data_in_leaf=least_rows,
            learning_rate=learning_rate, lambda_l2=5.0, metric="None",
            num_threads=1, verbose=-1, seed=0, deterministic=True,
        ),
        fit,
        num_boost_round=rounds,
        valid_sets=[check],
        feval=quality,
        callbacks=[lgb.early_stopping(patience, verbose=False)],
    )  # fmt: skip

    def score(features):
        _check_features(features, shape[-1])
        return model.predict(
            features.reshape(-1, shape[-1]),
            num_threads=1,
            num_iteration=model.best_iteration,
        ).reshape(features.shape[:-1])

    return Ranker(score, tuple(curve))


def _check_finite(name: str, array: np.ndarray) -> None:
    wrong = ~(np.abs(array) <= LARGEST)
    if wrong.any():
        raise ValueError(
            f"{name} must be finite and within {LARGEST:g}, got "
            f"{array[wrong][0]}"
        )


def _check_features(features: np.ndarray, width: int) -> None:
    if np.shape(features)[-1:] != (width,) or not np.size(features):
        raise ValueError(
            f"features must be (..., {width}) and some, got shape "
            f"{np.shape(features)}"
        )
    _check_finite("features", np.asarray(features))


def _checked(
    lists: Lists,
    judged: Judged,
    learning_rate: float,
    **counts: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor]:
    """(L, C) labels and showings, if all that both fits take is in order.

    counts: settings by name, each with the least that it may be.
    """
    for name, (value, least) in counts.items():
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if not 0 < learning_rate <= LARGEST:
        raise ValueError(
            f"learning_rate must be above 0 and within {LARGEST:g}, got "
            f"{learning_rate}"
        )
    shapes = [np.shape(part) for part in lists]
    if len(shapes[0]) != 3 or {*shapes[1:]} != {shapes[0][:2]}:
        raise ValueError(
            "features, labels and shown must be (L, C, F), (L, C) and (L, C),"
            f" got {shapes}"
        )
    if np.ndim(judged.features) != 3:
        raise ValueError(
            f"judged features must be (V, C, F), got shape "
            f"{np.shape(judged.features)}"
        )
    for features in (lists.features, judged.features):
        _check_features(features, shapes[0][-1])
    for name, part in [("labels", lists.labels), ("shown", lists.shown)]:
        _check_finite(name, part)
    if (lists.shown < 0).any():
        raise ValueError(f"shown must be at least 0, got {lists.shown.min()}")
    if not (lists.shown > 0).any():
        raise ValueError(
            f"some result must be shown, got at most {lists.shown.max()}"
        )
    return _tensor(lists.labels), _tensor(lists.shown)


def _quality(judged: Judged, scores: np.ndarray) -> float:
    """Quality of scores; both must be finite."""
    wrong = ~np.isfinite(scores)
    if wrong.any():
        raise ValueError(f"scores must stay finite, got {scores[wrong][0]}")
    quality = judged.quality(scores)
    if not np.isfinite(quality):
        raise ValueError(f"quality must be finite, got {quality}")
    return float(quality)


def _standard(lists: Lists) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the features of the rows there are."""
    rows = np.asarray(lists.features, np.float64)[lists.shown > 0]
    sd = rows.std(axis=0)
    return rows.mean(axis=0), np.where(sd > 0, sd, 1.0)


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array, np.float32))
