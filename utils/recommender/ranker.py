"""The second stage: LightGBM corrects what the blend of generators says.

Trees start from the blend's scores and learn from hidden items how to change
them for the best candidates, by how each generator, the item's popularity
and age, and the user's history speak.
"""

from __future__ import annotations

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


def quality(
    scores: np.ndarray, hidden: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    """(E,) nDCG@10 and (E,) recall@100; every row hides at least one.

    Args:
        scores: (E, N), what may not be recommended at -inf.
        hidden: (E, N), an entry is an item to find.
    """
    top = ranking.top_k(scores, k=min(100, scores.shape[1]))
    relevant = np.zeros(scores.shape, dtype=bool)
    relevant[hidden.nonzero()] = True
    hits = np.take_along_axis(relevant, top, axis=1)
    count = np.diff(hidden.indptr)
    discount = 1 / np.log2(np.arange(2, CUTOFF + 2))
    ideal = np.cumsum(discount)[np.minimum(count, CUTOFF) - 1]
    first = hits[:, :CUTOFF]
    return first @ discount[: first.shape[1]] / ideal, hits.sum(1) / count


def _features(blend, parts, rows, facts, which, candidates):
    """(B * C, F) table of the candidates' features."""

    def pick(table):
        return np.take_along_axis(table, candidates, axis=1).ravel()

    length = np.maximum(np.diff(rows.indptr), 1)
    # Mean log popularity of what the user has, by the user's own fold.
    usual = (binary(rows) @ facts[:, :, 0].T)[np.arange(len(which)), which]
    usual = usual / length
    of_items = facts[which[:, None], candidates]  # (B, C, 3)
    per_user = [np.log(length), usual]
    return np.column_stack(
        [pick(np.where(np.isfinite(part), part, 0)) for part in parts]
        + [pick(np.where(np.isfinite(blend), blend, 0))]
        + [of_items.reshape(-1, of_items.shape[2])]
        + [np.repeat(value, candidates.shape[1]) for value in per_user]
    )


def item_facts(X: sparse.csr_matrix, age: sparse.csr_matrix) -> np.ndarray:
    """(N, 3) log popularity, mean age, share in the newest tenth."""
    n_items = X.shape[1]
    count = np.bincount(X.indices, minlength=n_items)
    divisor = np.maximum(count, 1)
    mean_age = np.bincount(age.indices, age.data, n_items) / divisor
    recent = np.bincount(age.indices, age.data <= 1.1, n_items) / divisor
    return np.column_stack([np.log1p(count), mean_age, recent])


def fit_ranker(blend, parts, rows, facts, which, *, hidden, candidates, seed):
    """LightGBM on what the blend gets wrong, or None without any hit."""
    from lightgbm import LGBMRanker

    top = ranking.top_k(blend, k=min(candidates, blend.shape[1]))
    relevant = np.zeros(blend.shape, dtype=bool)
    relevant[hidden.nonzero()] = True
    hits = np.take_along_axis(relevant, top, axis=1)
    if not hits.any():
        return None
    start = np.take_along_axis(blend, top, axis=1)
    ranker = LGBMRanker(
        **SETTINGS, random_state=seed, n_jobs=1, verbose=-1,
        deterministic=True, force_col_wise=True,
    )  # fmt: skip
    ranker.fit(
        _features(blend, parts, rows, facts, which, top),
        hits.ravel().astype(int),
        group=np.full(len(top), top.shape[1]),
        init_score=np.where(np.isfinite(start), start, -100).ravel(),
    )
    return ranker


def reranked(ranker, blend, parts, rows, facts, which, *, candidates):
    """Blend plus the ranker's correction, for the best candidates."""
    top = ranking.top_k(blend, k=min(candidates, blend.shape[1]))
    table = _features(blend, parts, rows, facts, which, top)
    correction = ranker.booster_.predict(table).reshape(top.shape)
    corrected = np.full_like(blend, -np.inf)  # what is no candidate
    values = np.take_along_axis(blend, top, axis=1) + correction
    np.put_along_axis(corrected, top, values.astype(blend.dtype), axis=1)
    return corrected
