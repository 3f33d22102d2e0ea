"""Learning to rank with LightGBM: the second stage, on the blend's candidates.

Trees start from the blend's scores and learn from held_out items how to change
them for the best candidates, by how each generator, the item's popularity
and age, and the user's history speak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..metrics import ranking
from .candidate_generation import binary

CUTOFF = 10
SETTINGS = {
    "n_estimators": 60,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_child_samples": 50,
    "reg_lambda": 10.0,
}


@dataclass(frozen=True)
class FirstStage:
    """Scores of the first stage, and what else the ranker's features need.

    Attributes:
        blend: (B, N) float32, blended scores; -inf for what a user may not
            be recommended.
        parts: (B, N) float32, the scores of each generator in the blend.
        history: (B, N) CSR, the interactions that the generators know.
        item_features: (K, N, 3), `item_features` of each of K folds.
        fold: (B,) int, whose entry of `item_features` is the user's.
    """

    blend: np.ndarray
    parts: list[np.ndarray]
    history: sparse.csr_matrix
    item_features: np.ndarray
    fold: np.ndarray

    def of_users(self, chosen: np.ndarray) -> FirstStage:
        """The same of some of the B users, by their row."""
        return FirstStage(
            self.blend[chosen],
            [part[chosen] for part in self.parts],
            self.history[chosen],
            self.item_features,
            self.fold[chosen],
        )


def ndcg_and_recall(
    scores: np.ndarray, held_out: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    """nDCG@10 and recall@100 of each user, (E,) both.

    Args:
        scores: (E, N), what may not be recommended at -inf.
        held_out: (E, N), an entry is a relevant item; one or more a user.
    """
    top = ranking.top_k(scores, k=min(100, scores.shape[1]))
    relevant = np.zeros(scores.shape, dtype=bool)
    relevant[held_out.nonzero()] = True
    hits = np.take_along_axis(relevant, top, axis=1)
    count = np.diff(held_out.indptr)
    discount = 1 / np.log2(np.arange(2, CUTOFF + 2))
    ideal = np.cumsum(discount)[np.minimum(count, CUTOFF) - 1]
    first = hits[:, :CUTOFF]
    return first @ discount[: first.shape[1]] / ideal, hits.sum(1) / count


def _features(first: FirstStage, candidates: np.ndarray) -> np.ndarray:
    """(B * C, F) features of the candidates, (B, C) item numbers."""

    def pick(table):
        finite = np.where(np.isfinite(table), table, 0)
        return np.take_along_axis(finite, candidates, axis=1).ravel()

    users = np.arange(len(first.fold))
    length = np.maximum(np.diff(first.history.indptr), 1)
    # Mean log popularity of what the user has, by the user's own fold.
    popularity = binary(first.history) @ first.item_features[:, :, 0].T
    usual = popularity[users, first.fold] / length
    of_items = first.item_features[
        first.fold[:, None], candidates
    ]  # (B, C, 3)
    return np.column_stack(
        [pick(part) for part in first.parts]
        + [pick(first.blend)]
        + [of_items.reshape(-1, of_items.shape[2])]
        + [
            np.repeat(value, candidates.shape[1])
            for value in (np.log(length), usual)
        ]
    )


def item_features(X: sparse.csr_matrix, age: sparse.csr_matrix) -> np.ndarray:
    """Item features (N, 3): log popularity, mean age, share in newest tenth.

    Args:
        X: (U, N) an entry for each interaction.
        age: (U, N) same entries, 1 newest to 2 oldest.
    """
    n_items = X.shape[1]
    count = np.bincount(X.indices, minlength=n_items)
    divisor = np.maximum(count, 1)
    mean_age = np.bincount(age.indices, age.data, n_items) / divisor
    recent = np.bincount(age.indices, age.data <= 1.1, n_items) / divisor
    return np.column_stack([np.log1p(count), mean_age, recent])


def fit_ranker(
    first: FirstStage,
    held_out: sparse.csr_matrix,
    *,
    candidates: int,
    seed: int,
):
    """LambdaMART on the best candidates of each user, boosting their scores.

    Args:
        first: scores and features of B users.
        held_out: (B, N), an entry is a relevant item.
        candidates: best items of the blend, a user, to learn from.
        seed: of LightGBM.

    Returns:
        A fitted `LGBMRanker`, or None if no candidate is relevant.
    """
    from lightgbm import LGBMRanker

    top = ranking.top_k(first.blend, k=min(candidates, first.blend.shape[1]))
    relevant = np.zeros(first.blend.shape, dtype=bool)
    relevant[held_out.nonzero()] = True
    hits = np.take_along_axis(relevant, top, axis=1)
    if not hits.any():
        return None
    start = np.take_along_axis(first.blend, top, axis=1)
    ranker = LGBMRanker(
        **SETTINGS, random_state=seed, n_jobs=1, verbose=-1,
        deterministic=True, force_col_wise=True,
    )  # fmt: skip
    ranker.fit(
        _features(first, top),
        hits.ravel().astype(int),
        group=np.full(len(top), top.shape[1]),
        init_score=np.where(np.isfinite(start), start, -100).ravel(),
    )
    return ranker


def rerank(ranker, first: FirstStage, *, candidates: int) -> np.ndarray:
    """Scores (B, N) after re-ranking: blend plus the ranker's correction.

    Args:
        ranker: as `fit_ranker` returns it.
        first: scores and features of B users.
        candidates: best items a user that are scored; others are -inf.
    """
    blend = first.blend
    top = ranking.top_k(blend, k=min(candidates, blend.shape[1]))
    correction = ranker.booster_.predict(_features(first, top))
    corrected = np.full_like(blend, -np.inf)  # what is no candidate
    values = np.take_along_axis(blend, top, axis=1)
    values = (values + correction.reshape(top.shape)).astype(blend.dtype)
    np.put_along_axis(corrected, top, values, axis=1)
    return corrected
