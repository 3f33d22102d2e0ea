"""A world of short documents: topics, meanings, and many words for each.

There are two places to write in. The *wide* world is what an encoder is
pretrained on: many documents, no labels. The *domain* is where the task
lies: few documents with labels, about the same things, partly in words that
the wide world does not know. A task is a question about what a document says.

Process, for one document:

- it mixes two of the topics in random shares; each topic favours some
  meanings;
- it picks a few subjects, which are meanings, from that mix;
- each of its words picks a subject, and then any of the words for it;
- in the domain, some of the words are replaced, always the same ones, by
  words of the domain's own;
- label: logistic in the mean, over the words, of the weight of their meaning.
  Part of the weights follows the topics, the rest is the meaning's own.

A word has one meaning, so the chance of a label given the words is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from .common import World


@dataclass(frozen=True)
class DocumentsConfig:
    """Knobs of the world.

    Attributes:
        topics: number of topics.
        meanings: number of meanings.
        words_per_meaning: words that say the same.
        length: words of a document.
        subjects: meanings that a document picks, with replacement.
        new_words: share, in [0, 1], of the words that the domain replaces by
            words of its own: how far it lies from the wide world.
        detail: share, in [0, 1], of the variance of a task's weights that is
            the meaning's own; the rest follows the topics.
        strength: standard deviation of a task's logits, above 0.
        task: which of the countless tasks; another number has other weights
            over the same words.
    """

    topics: int = 16
    meanings: int = 150
    words_per_meaning: int = 24
    length: int = 16
    subjects: int = 6
    new_words: float = 0.1
    detail: float = 0.3
    strength: float = 4.0
    task: int = 0

    def __post_init__(self) -> None:
        for name, least in [
            ("topics", 2), ("meanings", 2), ("words_per_meaning", 1),
            ("length", 2), ("subjects", 1), ("task", 0),
        ]:  # fmt: skip
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} must be at least {least}, "
                    f"got {getattr(self, name)}"
                )
        for name in ("new_words", "detail"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"{name} must lie in [0, 1], got {getattr(self, name)}"
                )
        if not 0 < self.strength < np.inf:
            raise ValueError(f"strength must be above 0, got {self.strength}")

    @property
    def vocabulary(self) -> int:
        """Words in all: those of the wide world, then the domain's own."""
        return 2 * self.meanings * self.words_per_meaning


@dataclass(frozen=True)
class DocumentsTruth:
    """Hidden state of a world; models never see it.

    Attributes:
        meaning: (V,) meaning of each word of the vocabulary.
        spoken: (M * S,) word that the domain says for each wide word.
        topic_meanings: (T, M) chance of a meaning in each topic.
        weights: (M,) what each meaning adds to the task's logit, times
            `length`.
        offset: the constant of the logit; about half of the labels are 1.
    """

    meaning: np.ndarray
    spoken: np.ndarray
    topic_meanings: np.ndarray
    weights: np.ndarray
    offset: float

    def probability(self, words: np.ndarray) -> np.ndarray:
        """(n,) Bayes probability of label 1 of each document.

        Args:
            words: (n, L) word ids.
        """
        logit = self.weights[self.meaning[words]].mean(axis=1) + self.offset
        return expit(logit)


class DocumentsWorld(World):
    """A language with known meanings, and a task on its documents.

    Args:
        config: the knobs.
        rng: draws language and task; documents are drawn later.

    >>> world = DocumentsWorld(DocumentsConfig(), rng=np.random.default_rng(0))
    >>> words, labels = world.log(5, rng=np.random.default_rng(1))
    >>> words.shape, labels.shape
    ((5, 16), (5,))
    """

    @cached_property
    def truth(self) -> DocumentsTruth:
        """Hidden state: for checks and oracles only."""
        return _drawn(self.config, self._seed)

    def corpus(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """(n, L) word ids of documents of the wide world."""
        return _documents(self.config, self.truth.topic_meanings, n, rng)

    def unlabelled(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """(n, L) word ids of documents of the domain."""
        return self.truth.spoken[self.corpus(n, rng=rng)]

    def log(
        self, n: int, *, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Labelled documents of the domain.

        Returns:
            (n, L) word ids and (n,) labels, 0 or 1 (int64).
        """
        words = self.unlabelled(n, rng=rng)
        chance = self.truth.probability(words)
        return words, (rng.random(n) < chance).astype(np.int64)


def _drawn(config: DocumentsConfig, seed: int) -> DocumentsTruth:
    """Language and task; every knob uses the same random numbers."""
    language = np.random.default_rng([seed, 0])
    shape = (config.topics, config.meanings)
    # gamma draws, normalised, are Dirichlet: a topic favours few meanings
    favour = language.gamma(0.15, size=shape) + 1e-6
    topic_meanings = favour / favour.sum(axis=1, keepdims=True)
    wide = config.meanings * config.words_per_meaning
    own = language.random(wide) < config.new_words
    spoken = np.arange(wide) + wide * own
    meaning = np.tile(np.arange(wide) // config.words_per_meaning, 2)

    task = np.random.default_rng([seed, 1, config.task])
    by_topic = task.normal(size=config.topics)
    share = topic_meanings / topic_meanings.sum(axis=0)  # topics of a meaning
    usual = topic_meanings.mean(axis=0)

    def standard(weights):
        centred = weights - usual @ weights
        return centred / np.sqrt(usual @ centred**2)

    weights = np.sqrt(1 - config.detail) * standard(by_topic @ share)
    weights += np.sqrt(config.detail) * standard(task.normal(size=shape[1]))
    sample = _documents(config, topic_meanings, 2_000, task)
    scores = weights[meaning[sample]].mean(axis=1)
    scale = config.strength / scores.std()
    offset = -float(np.median(scores)) * scale
    return DocumentsTruth(
        meaning, spoken, topic_meanings, weights * scale, offset
    )


def _documents(
    config: DocumentsConfig,
    topic_meanings: np.ndarray,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(n, L) wide words of n documents."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    two = rng.integers(config.topics, size=(n, 2))
    first = rng.random((n, 1))
    of_first = rng.random((n, config.subjects)) < first
    topic = np.where(of_first, two[:, :1], two[:, 1:])  # (n, subjects)
    subject = categorical_draws(topic_meanings, topic, rng)
    which = rng.integers(config.subjects, size=(n, config.length))
    meaning = np.take_along_axis(subject, which, axis=1)  # (n, L)
    word = rng.integers(config.words_per_meaning, size=meaning.shape)
    return meaning * config.words_per_meaning + word


def categorical_draws(
    chances: np.ndarray, row: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Categorical draws: for each entry one from row `row[...]` of a table."""
    rows, size = chances.shape
    steps = np.cumsum(chances, axis=1)
    steps /= steps[:, -1:]
    # one sorted line of all rows: row r occupies (r, r + 1]
    line = (steps + np.arange(rows)[:, None]).ravel()
    at = np.searchsorted(line, row + rng.random(row.shape), side="right")
    return np.minimum(at - row * size, size - 1)
