"""Model selection for a two-stage recommender, on held-out items of a log.

Every generator of a pool is fitted on the first inner split and evaluated on
what it holds out; the best few of each family, unless far behind, are
evaluated on the other split too and may be blended. Then a ranker is tried on
the blend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from . import encoding, ranker
from .candidate_generation import (
    CandidateGenerator,
    greedy_blend,
    standardised,
)

BLOCK = 256  # users scored at a time
POOL = (
    CandidateGenerator("popular"),
    *(
        CandidateGenerator("EASE", {"l2": l2})
        for l2 in (30.0, 100.0, 300.0, 1000.0)
    ),
    *(
        CandidateGenerator(
            "ALS", {"factors": factors, "l2": l2, "alpha": alpha}
        )
        for factors in (8, 16, 32, 64)
        for l2, alpha in ((20.0, 1.0), (20.0, 4.0), (60.0, 4.0), (60.0, 10.0))
        if factors < 64 or alpha / l2 < 0.1  # many factors want shrinkage
    ),
    CandidateGenerator("item-kNN", {"neighbours": 50}),
    CandidateGenerator("item-kNN", {"neighbours": 400}),
    *(
        CandidateGenerator("item-kNN", {"neighbours": neighbours, "bm25_b": b})
        for neighbours in (20, 80, 400)
        for b in (0.0, 0.3, 0.75)
    ),
    CandidateGenerator("two-tower", {"dim": 32}),
)

COLUMNS = ["stage", "model", "ndcg@10", "recall@100", "share"]
KEPT_PER_FAMILY = 3  # what the blend may choose from
IN_BLEND = 0.8  # of the best: a family's best above this is in the blend
FAR_BEHIND = 0.75  # of the best: what is below is not judged twice


@dataclass(frozen=True)
class Choice:
    """The blend and the ranker selected on the inner splits.

    Attributes:
        blend: the generators in it and their shares, which sum to 1.
        ranker: fitted to reorder what they find, or None.
        report: DataFrame, a row for each thing tried, with `COLUMNS`.
        why: what won and by how much, in words.
    """

    blend: list[tuple[CandidateGenerator, float]]
    ranker: object | None
    report: pd.DataFrame
    why: str


def choose(
    folds: list[encoding.Fold],
    pool: tuple[CandidateGenerator, ...],
    *,
    max_items: int,
    candidates: int,
    picks: int,
    gain: float,
    rng: np.random.Generator,
    ranker_rng: np.random.Generator,
) -> Choice:
    """Model selection: generators, blend and ranker by the inner splits.

    Args:
        folds: one or more, as `encoding.inner_folds` makes them.
        pool: generators to choose from, at least 1.
        max_items: items that item-item models know.
        candidates: items a user that the ranker reorders.
        picks, gain: as for `candidate_generation.greedy_blend`.
        rng: of the generators, a child for each.
        ranker_rng: splits the users into learning and checking ones.
    """
    children = rng.spawn(len(pool))
    tried = []
    for generator, child in zip(pool, children, strict=True):
        tried.append(_Tried(generator, child))
        tried[-1].judge(folds[0], max_items)
        kept = _worth_keeping(tried)
        for entry in tried:
            if entry not in kept:  # its scores need not be held
                entry.members.clear()
    for entry in kept:
        for fold in folds[1:]:
            entry.judge(fold, max_items)
    members = [np.vstack(entry.members) for entry in kept]
    held_out = sparse.vstack([fold.held_out for fold in folds], format="csr")

    shares = greedy_blend(
        members,
        lambda scores: ranker.ndcg_and_recall(scores, held_out)[0].mean(),
        picks=picks,
        gain=gain,
        start=_family_bests(kept),
    )
    used = np.flatnonzero(shares)
    used_generators = [(kept[i].generator, float(shares[i])) for i in used]
    blend = sum(shares[i] * members[i] for i in used)
    n_users = len(blend) // len(folds)
    first = ranker.FirstStage(
        blend,
        [members[i] for i in used],
        sparse.vstack([fold.rows for fold in folds], format="csr"),
        np.stack([ranker.item_features(fold.X, fold.age) for fold in folds]),
        np.repeat(np.arange(len(folds)), n_users),
    )
    second, checked, words = _ranker_if_better(
        first, held_out, candidates=candidates, rng=ranker_rng
    )
    ndcg, recall = ranker.ndcg_and_recall(blend, held_out)
    share_of = {id(kept[i]): shares[i] for i in used}
    report = pd.DataFrame(
        [
            [
                "first",
                str(entry.generator),
                entry.ndcg.mean(),
                entry.recall.mean(),
                share_of.get(id(entry), 0.0),
            ]
            for entry in tried
        ]
        + [["first", "blend", ndcg.mean(), recall.mean(), 1.0]]
        + checked,
        columns=COLUMNS,
    )
    best = {}
    for entry in sorted(kept, key=lambda entry: -entry.ndcg.mean()):
        best.setdefault(entry.generator.family, entry)
    why = (
        f"nDCG@10 on held-out items of {folds[0].held_out.shape[0]:,} users: "
        + "; ".join(
            f"{entry.generator} {entry.ndcg.mean():.3f}"
            for entry in best.values()
        )
        + ". Blend of "
        + ", ".join(f"{g} {share:.0%}" for g, share in used_generators)
        + f": {ndcg.mean():.3f}. "
        + words
    )
    return Choice(used_generators, second, report, why)


def _ranker_if_better(first, held_out, *, candidates, rng):
    """Ranker or None, its two rows of the report, and the words."""
    n_folds = len(first.item_features)
    n_users = len(first.blend) // n_folds
    user = np.tile(np.arange(n_users), n_folds)
    seed = int(rng.integers(2**31))
    in_check = rng.permutation(n_users) < n_users // 2
    learn, check = (
        np.flatnonzero(chosen[user]) for chosen in (~in_check, in_check)
    )

    def fitted(chosen):
        return ranker.fit_ranker(
            first.of_users(chosen),
            held_out[chosen],
            candidates=candidates,
            seed=seed,
        )

    learned = fitted(learn)
    if learned is None:
        return None, [], "No ranker: too little held out to learn from."
    checking = first.of_users(check)
    reranked = ranker.rerank(learned, checking, candidates=candidates)
    before = ranker.ndcg_and_recall(checking.blend, held_out[check])
    after = ranker.ndcg_and_recall(reranked, held_out[check])
    # A user's folds are not independent: one mean a user.
    gains = (after[0] - before[0]).reshape(n_folds, -1).mean(axis=0)
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    keep = gains.mean() > error
    words = (
        f"A ranker changes it by {gains.mean():+.4f} ± {error:.4f} on "
        f"users it has not learned from: {'kept' if keep else 'dropped'}."
    )
    checked = [
        ["second", name, ndcg.mean(), recall.mean(), share]
        for name, (ndcg, recall), share in [
            ("blend, users for checking", before, float(not keep)),
            ("blend and ranker, same users", after, float(keep)),
        ]
    ]
    everybody = np.arange(len(first.blend))
    return fitted(everybody) if keep else None, checked, words


class _Tried:
    """A generator and how it did on the folds it was judged on."""

    def __init__(
        self, generator: CandidateGenerator, rng: np.random.Generator
    ):
        self.generator = generator
        self.members: list[np.ndarray] = []  # (E, N) each, seen at -inf
        self.ndcg = self.recall = np.zeros(0)
        self._rng = rng

    def judge(self, fold: encoding.Fold, max_items: int) -> None:
        """Fit on the fold, score its judged users, note the quality."""
        score = self.generator.fit(
            fold.X, max_items=max_items, rng=self._rng.spawn(1)[0]
        )
        rows = fold.rows
        member = np.vstack(
            [
                standardised(score(rows[part], part), rows[part])
                for part in _blocks(np.arange(rows.shape[0]))
            ]
        )
        member[rows.nonzero()] = -np.inf
        ndcg, recall = ranker.ndcg_and_recall(member, fold.held_out)
        self.members.append(member)
        self.ndcg = np.append(self.ndcg, ndcg)
        self.recall = np.append(self.recall, recall)


def _worth_keeping(tried: list[_Tried]) -> list[_Tried]:
    """The best few of each family, unless the family is far behind."""
    by_quality = sorted(tried, key=lambda entry: -entry.ndcg.mean())
    enough = FAR_BEHIND * by_quality[0].ndcg.mean()
    kept, count = [], {}
    for entry in by_quality:
        family = entry.generator.family
        count[family] = count.get(family, 0) + 1
        if count[family] <= KEPT_PER_FAMILY and entry.ndcg.mean() >= enough:
            kept.append(entry)
    return kept


def _family_bests(kept: list[_Tried]) -> tuple[int, ...]:
    """The best of each family whose nDCG@10 is not far below the best."""
    order = sorted(range(len(kept)), key=lambda i: -kept[i].ndcg.mean())
    enough = IN_BLEND * kept[order[0]].ndcg.mean()
    firsts = {}
    for i in order:
        firsts.setdefault(kept[i].generator.family, i)
    return tuple(
        i
        for family, i in firsts.items()
        if kept[i].ndcg.mean() >= enough and family != "popular"
    )


def _blocks(numbers: np.ndarray) -> list[np.ndarray]:
    """The numbers in blocks of at most BLOCK."""
    return np.array_split(numbers, -(-len(numbers) // BLOCK))
