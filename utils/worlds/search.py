"""Simulated document search with known relevance: a library's catalogue.

Documents are about a few meanings, in shares, and say each of them in any of
its words; they have a quality, a cover that catches the eye or does not, an
age, and loans, a little of which is merit and most of which is luck. A query
is about one to three meanings that occur together in some document, and says
each of them in one of its words; no two are the same words. Some queries are
misspelt. Relevance is
what a document is about, times a part that its quality decides; grades 0 to
4 cut it into steps.

A searcher examines rank r with chance r ** -position_bias, each rank by
itself. An examined document is clicked for its relevance, with chance
(2 ** grade - 1) / 15, or because the searcher is fooled: by its cover, or by
the rank at which it stands (trust bias). A session succeeds if a document of
grade 3 or 4 is clicked. Clicks are logged, success is not.

The logging policy takes the 50 best documents by words in common and by
loans, and orders them with some jitter. In a stated share of the searches it
draws a rank k from 2 on, and swaps it with rank 1 with chance 1/2.

Shapes: N documents, Q queries as typed (misspelt ones last), R requests, K
slots.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from .common import World, check_slates
from .documents import categorical_draws
from .search_truth import GOOD, SearchConfig, SearchTruth

START = np.datetime64("2026-03-02", "D")  # a Monday; day 0
CONTENT_SIZE = 12
TITLE, BODY, SUBJECTS = 4, 26, 5  # words, words, meanings of a document
CANDIDATES = 50  # that the old ranker orders
TRIES = 20  # at a query whose text was not asked yet
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


class Slates(NamedTuple):
    """Slates: documents that a policy shows.

    documents: (R, K); partner: (R,) rank, counted from 1, that took part in
    a swap with rank 1, 0 where there was no such experiment; swapped: (R,)
    whether the coin fell on swapping. The documents are those after it.
    """

    documents: np.ndarray
    partner: np.ndarray
    swapped: np.ndarray


Policy = Callable[..., Slates]  # policy(queries (R,), *, rng) -> Slates


class Reward(NamedTuple):
    """Expected outcome of a request, arrays of shape (R,).

    success: chance that a document of grade 3 or 4 is clicked; clicks:
    number of clicks; abandoned: chance that nothing is clicked.
    """

    success: np.ndarray
    clicks: np.ndarray
    abandoned: np.ndarray


class Tables(NamedTuple):
    """Tables of production: catalogue, queries and log."""

    documents: pd.DataFrame
    queries: pd.DataFrame
    impressions: pd.DataFrame


def fixed_slates(documents: np.ndarray, *, swap_share: float = 0.0) -> Policy:
    """Policy that shows query q the row q of documents (Q, K).

    Args:
        documents: (Q, K).
        swap_share: share of requests with a swap experiment.
    """

    def policy(queries: np.ndarray, *, rng: np.random.Generator) -> Slates:
        return swaps(documents[queries], share=swap_share, rng=rng)

    return policy


def swaps(
    documents: np.ndarray, *, share: float, rng: np.random.Generator
) -> Slates:
    """Swap interventions: ranks 1 and k, in half of a share of the pages.

    Args:
        documents: (R, K) as ranked.
        share: of the pages that take part, in [0, 1].
        rng: draws pages, ranks and coins.

    Raises:
        ValueError: share out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie in [0, 1], got {share}")
    n, slots = documents.shape
    partner = rng.integers(2, slots + 1, n) * (rng.random(n) < share)
    swapped = (rng.random(n) < 0.5) & (partner > 0)
    shown, rows = documents.copy(), np.flatnonzero(swapped)
    shown[rows, 0] = documents[rows, partner[rows] - 1]
    shown[rows, partner[rows] - 1] = documents[rows, 0]
    return Slates(shown, partner, swapped)


class SearchWorld(World):
    """Document search world: relevance, click model, logging policy.

    Args:
        config: the knobs.
        rng: draws the world; the same state gives the same world, and
            `changed` copies keep all draws that a knob leaves alone.

    >>> small = SearchConfig(documents=60, queries=20, sessions=50)
    >>> world = SearchWorld(small, rng=np.random.default_rng(0))
    >>> tables = world.log(rng=np.random.default_rng(1))
    >>> len(tables.documents), len(tables.impressions)
    (60, 500)
    """

    Config = SearchConfig
    config: SearchConfig

    @cached_property
    def _made(self) -> _Made:
        return _made(self.config, self._strand)

    @cached_property
    def truth(self) -> SearchTruth:
        """Hidden state: for checks and oracles only."""
        made, c = self._made, self.config
        clean = np.arange(1, c.queries + 1.0) ** -c.head
        clean = self._strand(3).permutation(clean / clean.sum())
        n_wrong = len(made.meant) - c.queries
        wrong = clean[made.meant[c.queries :]]
        wrong = wrong * c.typo_share / wrong.sum() if n_wrong else wrong
        rest = 1 - wrong.sum()
        return SearchTruth(
            config=c,
            about=made.about,
            quality=made.quality,
            cover=made.cover,
            intent=made.intent[made.meant],
            meant=made.meant,
            share=np.concatenate([clean * rest, wrong]),
        )

    @cached_property
    def documents(self) -> pd.DataFrame:
        """Table of documents: title, body, age, loans, rating, cover.

        `content_0` ... are what a frozen encoder makes of the text: what it
        is about, whatever the words, with noise.
        """
        m, c = self._made, self.config
        rng = self._strand(4)
        luck = rng.standard_normal(c.documents)
        merit = np.sqrt(c.merit_share)
        loans = merit * m.quality + np.sqrt(1 - c.merit_share) * luck
        rating = 3.4 + 0.5 * m.quality + 0.6 * rng.standard_normal(c.documents)
        table = pd.DataFrame(
            {
                "document": np.arange(c.documents, dtype=np.int32),
                "title": [" ".join(m.words[row]) for row in m.title],
                "body": [" ".join(m.words[row]) for row in m.body],
                "age_years": rng.gamma(1.5, 6.0, c.documents).round(1),
                "loans": np.round(np.exp(3 + loans)).astype(np.int32),
                "rating": np.clip(rating, 1, 5).round(1),
                "cover": m.cover.round(2),
            }
        )
        return pd.concat([table, self._encoded(m.about, 5)], axis=1)

    @cached_property
    def queries(self) -> pd.DataFrame:
        """Table of queries as typed: text, and content as for documents."""
        made = self._made
        table = pd.DataFrame(
            {
                "query": np.arange(len(made.typed), dtype=np.int32),
                "text": [" ".join(words) for words in made.typed],
            }
        )
        content = self._encoded(made.intent, 6)
        right = np.arange(len(table)) < self.config.queries
        content = content.iloc[made.meant].reset_index(drop=True)
        # an encoder makes nothing of a word that it does not know
        content = content.mul(right.astype(np.float32), axis=0)
        return pd.concat([table, content], axis=1)

    def _encoded(self, about: np.ndarray, strand: int) -> pd.DataFrame:
        codes = self._strand(7).standard_normal((about.shape[1], CONTENT_SIZE))
        clear = about @ codes
        noise = self._strand(strand).standard_normal(clear.shape)
        vectors = clear + 0.6 * clear.std() * noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [f"content_{i}" for i in range(CONTENT_SIZE)]
        return pd.DataFrame(vectors.astype(np.float32).round(3), columns=names)

    @cached_property
    def _old_best(self) -> tuple[np.ndarray, np.ndarray]:
        """(Q, 50) best of the old ranker, and their points before jitter."""
        m, c = self._made, self.config
        known = {word: i for i, word in enumerate(m.words)}
        counts = np.zeros((c.documents, len(m.words)))
        rows = np.arange(c.documents)[:, None]
        np.add.at(counts, (rows, m.body), 1.0)
        np.add.at(counts, (rows, m.title), 3.0)  # a title's word counts more
        weight = np.log1p(counts)
        scores = np.zeros((len(m.typed), c.documents))
        for q, words in enumerate(m.typed):
            ids = [known[word] for word in words if word in known]
            scores[q] = 2.0 * weight[:, ids].sum(axis=1)
            scores[q, scores[q] > 0] += 4.0  # all that match, then the rest
        loans = np.log1p(self.documents["loans"].to_numpy())
        loans = (loans - loans.mean()) / loans.std()
        scores += c.popularity_bias * loans
        best = np.argsort(-scores, axis=1, kind="stable")[:, :CANDIDATES]
        return best, np.take_along_axis(scores, best, axis=1)

    def logging_policy(
        self, queries: np.ndarray, *, rng: np.random.Generator
    ) -> Slates:
        """Logging policy: what production showed when the log was written."""
        c = self.config
        best, points = self._old_best
        points = points[queries]
        points = points + c.jitter * rng.standard_normal(points.shape)
        order = np.argsort(-points, axis=1, kind="stable")[:, : c.slots]
        shown = np.take_along_axis(best[queries], order, axis=1)
        return swaps(shown, share=c.exploration_share, rng=rng)

    def searches(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """(n,) queries of n searches, drawn by their shares."""
        return rng.choice(len(self.truth.share), n, p=self.truth.share)

    def reward_of(self, queries: np.ndarray, documents: np.ndarray) -> Reward:
        """Expected outcome of showing documents (R, K), nothing sampled."""
        self._check(queries, documents)
        click = self.truth.click(queries, documents)
        good = self.truth.grades_of(queries, documents) >= GOOD
        return Reward(
            1 - np.prod(1 - click * good, axis=1),
            click.sum(axis=1),
            np.prod(1 - click, axis=1),
        )

    def expected_reward(
        self,
        policy: Policy,
        *,
        rng: np.random.Generator,
        queries: np.ndarray | None = None,
    ) -> Reward:
        """Expected outcome of a policy, by default of every query once.

        Weigh by `truth.share`, or pass `searches`, for the mean search.
        """
        if queries is None:
            queries = np.arange(len(self.truth.share))
        return self.reward_of(queries, policy(queries, rng=rng).documents)

    def clicks(
        self,
        queries: np.ndarray,
        documents: np.ndarray,
        *,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """(R, K) sampled clicks."""
        self._check(queries, documents)
        chance = self.truth.click(queries, documents)
        return rng.random(documents.shape) < chance

    def log(
        self,
        policy: Policy | None = None,
        *,
        rng: np.random.Generator,
        sessions: int | None = None,
    ) -> Tables:
        """Log of impressions under a policy, by default the logging policy.

        Args:
            policy: maps queries to pages.
            rng: draws searches, pages and clicks.
            sessions: searches; by default as many as the config says.

        Returns:
            documents and queries, and one row per impression: session, day,
            query, document, position (1 is the top), clicked, partner,
            swapped (see `Slates`).
        """
        n = self.config.sessions if sessions is None else sessions
        queries = self.searches(n, rng=rng)
        slates = (policy or self.logging_policy)(queries, rng=rng)
        clicked = self.clicks(queries, slates.documents, rng=rng)
        slots = slates.documents.shape[1]
        day = np.arange(n) * self.config.log_days // n
        impressions = pd.DataFrame(
            {
                "session": np.repeat(np.arange(n, dtype=np.int32), slots),
                "day": np.repeat(day.astype(np.int8), slots),
                "query": np.repeat(queries.astype(np.int16), slots),
                "document": slates.documents.ravel().astype(np.int16),
                "position": np.tile(np.arange(1, slots + 1, dtype=np.int8), n),
                "clicked": clicked.ravel(),
                "partner": np.repeat(slates.partner.astype(np.int8), slots),
                "swapped": np.repeat(slates.swapped, slots),
            }
        )
        return Tables(self.documents, self.queries, impressions)

    def experiment(
        self,
        control: Policy,
        treatment: Policy,
        *,
        sessions: int,
        rng: np.random.Generator,
    ) -> pd.DataFrame:
        """Sampled A/B test, searches randomised.

        Returns:
            One row per search: query, treated, success, clicks.
        """
        queries = self.searches(sessions, rng=rng)
        treated = rng.permutation(sessions) < sessions // 2
        table = pd.DataFrame({"query": queries, "treated": treated})
        success, clicks = np.zeros(sessions, dtype=bool), np.zeros(sessions)
        for arm, policy in ((False, control), (True, treatment)):
            mine = np.flatnonzero(treated == arm)
            shown = policy(queries[mine], rng=rng).documents
            clicked = self.clicks(queries[mine], shown, rng=rng)
            good = self.truth.grades_of(queries[mine], shown) >= GOOD
            success[mine] = (clicked & good).any(axis=1)
            clicks[mine] = clicked.sum(axis=1)
        return table.assign(success=success, clicks=clicks.astype(int))

    def _check(self, queries: np.ndarray, documents: np.ndarray) -> None:
        check_slates(documents, requests=len(queries), slots=self.config.slots)
        wrong = (documents < 0) | (documents >= self.config.documents)
        if wrong.any():
            raise ValueError(f"no document {documents[wrong][0]}")


class _Made(NamedTuple):
    """What is drawn before any click: text, and what it is about."""

    words: np.ndarray  # (V,) text of each word; those of a meaning adjoin
    title: np.ndarray  # (N, TITLE) word ids
    body: np.ndarray  # (N, BODY)
    about: np.ndarray  # (N, M)
    quality: np.ndarray  # (N,)
    cover: np.ndarray  # (N,)
    intent: np.ndarray  # (queries, M), of those without a typo
    typed: list[list[str]]  # Q lists of words
    meant: np.ndarray  # (Q,)


def _made(c: SearchConfig, strand: Callable) -> _Made:
    rng = strand(1)
    words = _words(c.meanings * c.words_per_meaning, rng)
    # gamma draws, normalised, are Dirichlet: a topic favours few meanings
    favour = rng.gamma(0.2, size=(c.topics, c.meanings)) + 1e-6
    topic = rng.integers(c.topics, size=c.documents)
    subject = categorical_draws(
        favour / favour.sum(axis=1, keepdims=True),
        np.repeat(topic[:, None], SUBJECTS, axis=1),
        rng,
    )
    weight = rng.dirichlet(np.linspace(1.6, 0.4, SUBJECTS), c.documents)
    about = np.zeros((c.documents, c.meanings))
    np.add.at(about, (np.arange(c.documents)[:, None], subject), weight)

    def said(length):  # words about the subjects, in their shares
        row = np.repeat(np.arange(c.documents)[:, None], length, axis=1)
        which = categorical_draws(weight, row, rng)
        meaning = np.take_along_axis(subject, which, axis=1)
        word = rng.integers(c.words_per_meaning, size=meaning.shape)
        return meaning * c.words_per_meaning + word

    title, body = said(TITLE), said(BODY)
    quality, cover = rng.standard_normal((2, c.documents))

    rng = strand(2)
    intent, typed, taken = [], [], set()
    for _ in range(TRIES * c.queries):  # each text is asked by one query
        if len(typed) == c.queries:
            break
        of = rng.integers(c.documents)
        size = rng.choice([1, 2, 3], p=[0.25, 0.5, 0.25])
        asked = np.unique(rng.choice(subject[of], size, p=weight[of]))
        said_as = rng.integers(c.words_per_meaning, size=len(asked))
        text = list(words[asked * c.words_per_meaning + said_as])
        if frozenset(text) in taken:
            continue
        taken.add(frozenset(text))
        typed.append(text)
        intent.append(np.bincount(asked, minlength=c.meanings) / len(asked))
    if len(typed) < c.queries:
        raise ValueError(
            f"queries must differ, got no more than {len(typed)} of "
            f"{c.queries} from {len(words)} words"
        )
    intent = np.array(intent)
    meant = np.arange(c.queries)
    wrong = rng.choice(c.queries, c.queries // 4, replace=False)
    known, misspelt = set(words), []
    for q in np.sort(wrong):
        at = rng.integers(len(typed[q]))
        slip = _slip(typed[q][at], rng)
        text = [slip if i == at else w for i, w in enumerate(typed[q])]
        if slip not in known and frozenset(text) not in taken:
            taken.add(frozenset(text))
            misspelt.append((q, text))
    meant = np.concatenate([meant, [q for q, _ in misspelt]]).astype(int)
    typed = typed + [text for _, text in misspelt]
    return _Made(
        words, title, body, about, quality, cover, intent, typed, meant
    )


def _words(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) different words of two to four syllables."""
    found: dict[str, None] = {}
    while len(found) < n:
        size = rng.integers(2, 5)
        onset = rng.choice(list(CONSONANTS), size)
        vowel = rng.choice(list(VOWELS), size)
        word = "".join(a + b for a, b in zip(onset, vowel, strict=True))
        if rng.random() < 0.5:
            word += rng.choice(list(CONSONANTS))
        found[str(word)] = None
    return np.array(list(found))


def _slip(word: str, rng: np.random.Generator) -> str:
    """The word with one slip: two letters swapped, one lost, new or wrong."""
    at = int(rng.integers(len(word) - 1))
    letter = str(rng.choice(list(CONSONANTS + VOWELS)))
    kind = rng.integers(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + letter + word[at:]
    return word[:at] + letter + word[at + 1 :]
