"""Two-stage recommender for one's own log: candidate generation, ranking.

What is tried, and which won, is decided on the log itself:

1. An eighth of each user's items is held out at random, twice.
   (`hold_out_last` takes the newest instead, once, for logs whose taste
   drifts.)
2. Each generator is fitted on the rest of the first split, the best of each
   family on that of the second too. A family's best is in the blend from
   the start if its nDCG@10 on the held-out items is at least
   `tuning.IN_BLEND` of the best one's: families err differently, and which
   is ahead changes with the amount of data. `greedy_blend` adds what raises
   the blend further.
3. A LightGBM ranker learns to reorder the blend's candidates from half of
   the users' held-out items. It stays only if nDCG@10 on the other half is
   better by more than its standard error.
4. The generators in the blend are fitted again on everything.

Interactions are binary: repeats of a pair collapse, ratings are not used. A
`weight` column, summed over repeats, is ALS's confidence and nothing else.

Memory: item-item models know the `max_items` most popular items only; the
inner split is made on so many users that users * items stays below
`encoding.TUNING_CELLS`, but on no fewer than 100; users are scored in blocks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..metrics import ranking
from . import encoding, ranker, tuning
from .candidate_generation import CandidateGenerator, standardised

UNTUNED = (
    (CandidateGenerator("popular"), 0.1),
    (CandidateGenerator("item-kNN", {"neighbours": 50}), 0.9),
)


class TwoStageRecommender:
    """Recommender of two stages, selected and fitted on a log of interactions.

    Args:
        pool: generators to choose from.
        max_items: items that item-item models know, at least 1.
        candidates: items a user that the ranker reorders, at least 1.
        picks: members of the blend, counted with repetition.
        gain: rise in nDCG@10 that a further member must bring.
        held_out_share: share of a user's items held out in an inner split,
            in (0, 0.5].
        hold_out_last: whether the newest are held out rather than random
            ones.

    Attributes (after `fit`):
        report: DataFrame, a row for each thing tried on the inner split:
            `stage`, `model`, `ndcg@10`, `recall@100`, `share` in the blend;
            empty when the log was too small to tune on.
        why: what won and by how much, in words.
        notes: list of caps and fallbacks that took effect, in words.

    >>> log = pd.DataFrame({"user": ["a", "a", "b", "b", "c"],
    ...                     "item": [1, 2, 1, 2, 1],
    ...                     "time": [1, 2, 3, 4, 5]})
    >>> model = TwoStageRecommender().fit(log, rng=np.random.default_rng(0))
    >>> items, scores = model.recommend(["c", "nobody"], k=2)
    >>> items  # c has seen 1, and no third item is left
    array([[ 2, -1],
           [ 1,  2]])
    """

    def __init__(
        self,
        *,
        pool: tuple[CandidateGenerator, ...] = tuning.POOL,
        max_items: int = 5_000,
        candidates: int = 200,
        picks: int = 8,
        gain: float = 0.0005,
        held_out_share: float = 0.125,
        hold_out_last: bool = False,
    ) -> None:
        for name, value in [
            ("max_items", max_items),
            ("candidates", candidates),
            ("picks", picks),
            ("pool size", len(pool)),
        ]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not gain >= 0:
            raise ValueError(f"gain must be at least 0, got {gain}")
        if not 0 < held_out_share <= 0.5:
            raise ValueError(
                f"held_out_share must lie in (0, 0.5], got {held_out_share}"
            )
        self.pool = tuple(pool)
        self.max_items = max_items
        self.candidates = candidates
        self.picks = picks
        self.gain = gain
        self.held_out_share = held_out_share
        self.hold_out_last = hold_out_last
        self._log: encoding.EncodedLog | None = None

    def fit(
        self, interactions, *, rng: np.random.Generator
    ) -> TwoStageRecommender:
        """Select by the inner splits, fit on everything; returns self.

        Args:
            interactions: DataFrame with columns `user`, `item`, `time` and
                optionally `weight`, or what `read_interactions` returns.
            rng: draws the inner split and all initial weights.

        Raises:
            ValueError: a column is missing; no rows; missing ids; weights
                negative or not finite.
        """
        log = encoding.encode(getattr(interactions, "table", interactions))
        self._log = self._ranker = None
        self.report = pd.DataFrame(columns=tuning.COLUMNS)
        self.notes = []
        if log.X.shape[1] > self.max_items:
            self.notes.append(
                f"item-item models know the {self.max_items:,} most popular "
                f"of {log.X.shape[1]:,} items"
            )
        split_rng, pool_rng, ranker_rng, final_rng = rng.spawn(4)
        folds = encoding.inner_folds(
            log,
            share=self.held_out_share,
            last=self.hold_out_last,
            rng=split_rng,
        )
        if not folds:
            self._blend = list(UNTUNED)
            self.why = (
                f"fewer than {encoding.MIN_USERS} users with "
                f"{encoding.MIN_ITEMS} items or more: nothing tuned, "
                "item-kNN with a little popularity"
            )
            self.notes.append(self.why)
        else:
            choice = tuning.choose(
                folds,
                self.pool,
                max_items=self.max_items,
                candidates=self.candidates,
                picks=self.picks,
                gain=self.gain,
                rng=pool_rng,
                ranker_rng=ranker_rng,
            )
            self._blend, self._ranker = choice.blend, choice.ranker
            self.report, self.why = choice.report, choice.why
        self._scorers = [
            generator.fit(log.X, max_items=self.max_items, rng=child)
            for (generator, _), child in zip(
                self._blend, final_rng.spawn(len(self._blend)), strict=True
            )
        ]
        self._item_features = ranker.item_features(log.X, log.age)
        self._log = log
        return self

    def recommend(
        self, users, *, k: int, exclude_seen: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Top-k recommendations for each user.

        Args:
            users: (Q,) ids of the kind the log has; unknown ones get the
                most popular items.
            k: items each, from 1 to the number of items.
            exclude_seen: whether what the log holds for a user is left out.

        Returns:
            (Q, k) item ids in the log's own type (text as object) and (Q, k)
            float32 scores, best first. Scores order one user's items and
            compare with nothing else; for unknown users they are the share
            of users who have the item. Where fewer than k items are left,
            the score is -inf and the id -1 for integers (the largest value
            for unsigned ones), "" for text, None for anything else.

        Raises:
            ValueError: not fitted; k out of range; numbers asked of a log
                whose users are text, or text of numbers.
        """
        if self._log is None:
            raise ValueError("recommend needs a fitted recommender: call fit")
        n_items = self._log.X.shape[1]
        if not 1 <= k <= n_items:
            raise ValueError(f"k must lie in [1, {n_items} items], got {k}")
        asked = pd.Index(users)
        log_kind, asked_kind = (
            encoding.kind(self._log.users),
            encoding.kind(asked),
        )
        if len(asked) and {log_kind, asked_kind} == {"text", "number"}:
            raise ValueError(
                "users must be of the kind the log has: its are "
                f"{log_kind}s, got the {asked_kind} {asked[0]!r}"
            )
        numbers = self._log.users.get_indexer(asked)
        top = np.zeros((len(asked), k), dtype=np.int64)
        scores = np.full((len(asked), k), -np.inf, dtype=np.float32)
        unknown = numbers < 0
        share = np.bincount(self._log.X.indices, minlength=n_items)
        share = (share / self._log.X.shape[0]).astype(np.float32)
        by_share = np.argsort(-share, kind="stable")[:k]
        top[unknown], scores[unknown] = by_share, share[by_share]
        known = np.flatnonzero(~unknown)
        for start in range(0, len(known), tuning.BLOCK):
            block = known[start : start + tuning.BLOCK]
            top[block], scores[block] = self._top(
                numbers[block], k=k, exclude_seen=exclude_seen
            )
        items = self._log.items.to_numpy()[top]
        pad = encoding.padding(self._log.items)
        if items.dtype.kind not in "iu":
            items = items.astype(object)
        items[np.isneginf(scores)] = pad
        return items, scores

    def _top(self, numbers, *, k, exclude_seen):
        """Best k of a block of known users: (B, k) item numbers, scores."""
        rows = self._log.X[numbers]
        parts = [
            standardised(score(rows, numbers), rows) for score in self._scorers
        ]
        if exclude_seen:
            for part in parts:
                part[rows.nonzero()] = -np.inf
        shares = [share for _, share in self._blend]
        blend = sum(w * part for w, part in zip(shares, parts, strict=True))
        if self._ranker is not None:
            blend = ranker.rerank(
                self._ranker,
                ranker.FirstStage(
                    blend,
                    parts,
                    rows,
                    self._item_features[None],
                    np.zeros(len(blend), dtype=int),
                ),
                candidates=max(k, self.candidates),
            )
        top = ranking.top_k(blend, k=k)
        return top, np.take_along_axis(blend, top, axis=1)
