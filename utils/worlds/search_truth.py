"""Hidden state of the search world: knobs, relevance, click model.

Shapes: N documents, Q queries as typed (misspelt ones last), M meanings,
K slots of a page, R requests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .common import check_knobs

GRADES = 5  # 0 is irrelevant, 4 is what was looked for
GOOD = 3  # a session succeeds with a document of this grade or better
CUTS = (0.15, 0.35, 0.55, 0.75)  # of relevance, between the grades


@dataclass(frozen=True)
class SearchConfig:
    """Knobs of the world; defaults give 160,000 impressions in 28 days.

    Attributes:
        documents: titles in the catalogue.
        queries: distinct queries without a typo.
        sessions: searches in the log.
        log_days: length of the log, in days.
        slots: documents on a page.
        topics: topics; each favours some meanings.
        meanings: meanings; documents and queries are about some of them.
        words_per_meaning: words that say the same.
        head: exponent of Zipf's law over queries; 0: all equally frequent.
        typo_share: share of searches with a typo.
        position_bias: rank r is examined with chance r ** -position_bias.
        trust_bias: chance that an examined irrelevant document is clicked
            at rank 1 because it stands there; falls as 1 / rank.
        click_noise: chance that an examined irrelevant document of median
            cover is clicked at any rank.
        cover_strength: log of the factor on `click_noise` for each standard
            deviation of a document's cover.
        popularity_bias: points of the old ranker per standard deviation of
            log loans; the words of a query bring a few points.
        merit_share: share of the variance of log loans that is quality.
        jitter: standard deviation, in points, of what differs in the old
            ranker's scores from one search to the next.
        exploration_share: share of searches in which ranks 1 and k, for a
            random k, are swapped with chance 1/2.
    """

    documents: int = 4_000
    queries: int = 900
    sessions: int = 16_000
    log_days: int = 28
    slots: int = 10
    topics: int = 20
    meanings: int = 300
    words_per_meaning: int = 2
    head: float = 0.7
    typo_share: float = 0.12
    position_bias: float = 1.0
    trust_bias: float = 0.1
    click_noise: float = 0.05
    cover_strength: float = 0.5
    popularity_bias: float = 2.5
    merit_share: float = 0.1
    jitter: float = 1.0
    exploration_share: float = 0.3

    def __post_init__(self) -> None:
        least = dict.fromkeys(("words_per_meaning", "sessions", "log_days"), 1)
        least |= {"slots": 2, "topics": 2, "meanings": 2, "queries": 4}
        check_knobs(self, at_least=least)
        if self.documents < self.slots:
            raise ValueError(
                f"documents must fill the {self.slots} slots, "
                f"got {self.documents}"
            )
        for name in ("trust_bias", "click_noise"):
            if getattr(self, name) > 1:
                raise ValueError(
                    f"{name} is a chance, got {getattr(self, name)}"
                )


@dataclass(frozen=True)
class SearchTruth:
    """Hidden state of a world; models never see it.

    Attributes:
        config: the knobs.
        about: (N, M) share of each meaning in a document; rows sum to 1.
        quality: (N,) about N(0, 1).
        cover: (N,) how much its cover catches the eye, about N(0, 1).
        intent: (Q, M) share of each meaning in what is looked for.
        meant: (Q,) the query without a typo that was meant; its own number
            where nothing is misspelt.
        share: (Q,) share of searches; adds up to 1.
    """

    config: SearchConfig
    about: np.ndarray
    quality: np.ndarray
    cover: np.ndarray
    intent: np.ndarray
    meant: np.ndarray
    share: np.ndarray

    def relevance(self, query: np.ndarray) -> np.ndarray:
        """(R, N) in [0, 1]: how well each document answers a query.

        What the document is about, times a part that its quality decides.
        """
        covered = np.minimum(self.about / 0.3, 1.0)
        match = self.intent[query] @ covered.T
        return match / (1 + np.exp(-1.0 - 1.3 * self.quality))

    def grades(self, query: np.ndarray) -> np.ndarray:
        """(R, N) grade 0 to 4 of every document for each query."""
        return np.digitize(self.relevance(query), CUTS)

    def examination(self) -> np.ndarray:
        """(K,) chance that a rank is looked at."""
        c = self.config
        return np.arange(1, c.slots + 1.0) ** -c.position_bias

    def false_click_probability(self, documents: np.ndarray) -> np.ndarray:
        """(R, K) chance of a click on an examined irrelevant document."""
        c = self.config
        rank = np.arange(1, documents.shape[1] + 1)
        noise = c.click_noise * np.exp(c.cover_strength * self.cover)
        return np.minimum(noise[documents] + c.trust_bias / rank, 1.0)

    def attraction(self, grades: np.ndarray) -> np.ndarray:
        """Chance that an examined document is clicked for its relevance."""
        return (2.0**grades - 1) / (2.0 ** (GRADES - 1) - 1)

    def click(self, query: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """(R, K) chance that each rank is examined and clicked."""
        good = self.attraction(self.grades_of(query, documents))
        clicked = good + (1 - good) * self.false_click_probability(documents)
        return self.examination()[: documents.shape[1]] * clicked

    def grades_of(
        self, query: np.ndarray, documents: np.ndarray
    ) -> np.ndarray:
        """(R, K) grades of the documents shown."""
        rows, which = np.unique(query, return_inverse=True)
        return self.grades(rows)[which[:, None], documents]
