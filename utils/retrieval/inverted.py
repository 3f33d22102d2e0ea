"""Inverted index with BM25 scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np

from ..metrics import ranking


class InvertedIndex:
    """Inverted index: BM25 search that reads only the query's postings.

    The score of a document is the sum over the words of the query, a word
    said twice counting twice, of

        idf * tf / (tf + k1 * (1 - b + b * length / mean length))

    where tf counts the word in the document, lengths are in words, and

        idf = log(1 + (N - df + 0.5) / (df + 0.5))

    for N documents of which df hold the word. The 1 under the logarithm
    keeps idf above 0 where more than half of the documents hold the word;
    without it such a word would speak against a document. The factor
    k1 + 1, which some put above the fraction, changes no order.

    Args:
        k1: at least 0; how slowly repetitions of a word stop to count. 0:
            a word is there or not.
        b: in [0, 1]; how far a long document is held to say less with each
            of its words. 0: not at all.

    Raises:
        ValueError: k1 negative or beyond 1e100; b outside [0, 1].

    Attributes:
        read: (Q,) postings read for each query of the last search.
        lengths: (N,) words of each document.
        vocabulary: the distinct words, in alphabetical order.

    Source: Robertson & Zaragoza (2009), doi:10.1561/1500000019.

    >>> index = InvertedIndex().fit([["red", "bike"], ["red", "red", "car"]])
    >>> ids, scores = index.search([["bike", "red"]], k=2)
    >>> ids, scores.round(2)
    (array([[0, 1]]), array([[0.43, 0.11]]))
    """

    def __init__(self, *, k1: float = 1.2, b: float = 0.75) -> None:
        if not 0 <= k1 <= 1e100:
            raise ValueError(f"k1 must be in [0, 1e100], got {k1}")
        if not 0 <= b <= 1:
            raise ValueError(f"b must be in [0, 1], got {b}")
        self.k1, self.b = k1, b

    def fit(self, documents: Sequence[Sequence[str]]) -> InvertedIndex:
        """Index the documents: postings and term frequencies of each word.

        Args:
            documents: N at least 1; the words of each, of which there may
                be none. What a word is was decided before: "Red" and "red"
                are two.

        Returns:
            The index itself.

        Raises:
            ValueError: no documents; one that is a string instead of a
                sequence of words; a word that is not a string.
        """
        documents = _checked_texts("documents", documents)
        if not documents:
            raise ValueError("an index needs at least one document, got none")
        n = len(documents)
        words = list(chain.from_iterable(documents))
        self.vocabulary = tuple(sorted(set(words)))
        self._number = {word: i for i, word in enumerate(self.vocabulary)}
        self.lengths = np.array([len(document) for document in documents])
        word = np.array([self._number[w] for w in words], dtype=np.int64)
        # One key for each pair, ascending by word and then by document.
        pairs, self._tf = np.unique(
            word * n + np.repeat(np.arange(n), self.lengths),
            return_counts=True,
        )
        word, self._ids = pairs // n, pairs % n
        self._df = np.bincount(word, minlength=len(self.vocabulary))
        self._ends = np.cumsum(self._df)
        relative = self.lengths / max(self.lengths.mean(), 1 / n)
        slowing = self.k1 * (1 - self.b + self.b * relative)  # (N,)
        weight = self._tf / (self._tf + slowing[self._ids])
        self._impact = self._idf(self._df)[word] * weight
        return self

    def search(
        self, queries: Sequence[Sequence[str]], k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Top k documents of each query by BM25.

        Args:
            queries: Q, the words of each; a word that no document holds
                finds nothing.
            k: how many, at least 1.

        Returns:
            ids (Q, k) and scores (Q, k), best first, lower id first in a
            tie; where fewer documents hold a word of the query, the ids are
            -1 and the scores -inf.

        Raises:
            ValueError: k < 1; a query that is a string instead of a
                sequence of words; a word that is not a string.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        queries = _checked_texts("queries", queries)
        scores = np.full((len(queries), k), -np.inf)
        ids = np.full((len(queries), k), -1)
        self.read = np.zeros(len(queries), dtype=np.int64)
        for q, query in enumerate(queries):
            total, self.read[q] = self._totals(query)
            found = np.flatnonzero(total)  # a word found adds more than 0
            kept = min(k, len(found))
            if kept:
                best = found[ranking.top_k(total[found], k=kept)]
                scores[q, :kept], ids[q, :kept] = total[best], best
        return ids, scores

    def score(self, query: Sequence[str], ids: np.ndarray) -> np.ndarray:
        """BM25 scores of given documents, found by the query or not.

        Args:
            query: its words.
            ids: (...) integers from 0 to N - 1, in any order.

        Returns:
            (...) scores as `search` gives them; 0 for a document with none
            of the words.

        Raises:
            ValueError: ids that are not integers or outside 0..N-1; a
                query that is a string, a word that is not.
        """
        ids = np.asarray(ids)
        if ids.dtype.kind not in "iu" and ids.size:
            raise ValueError(f"ids must be integers, got {ids.dtype}")
        wrong = ids[(ids < 0) | (ids >= len(self.lengths))]
        if wrong.size:
            raise ValueError(
                f"ids must be from 0 to {len(self.lengths) - 1}, got "
                f"{wrong[0]}"
            )
        (query,) = _checked_texts("queries", [query])
        return self._totals(query)[0][ids.astype(np.int64)]

    def postings(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """Postings of a word: the documents that hold it.

        Returns:
            ids (df,) ascending, and how often each holds the word (df,);
            both empty for a word that none holds.

        >>> index = InvertedIndex().fit([["a", "b"], ["c"], ["b", "b"]])
        >>> index.postings("b")
        (array([0, 2]), array([1, 2]))
        """
        span = self._span(word)
        return self._ids[span].copy(), self._tf[span].copy()

    def document_frequency(self, word: str) -> int:
        """Document frequency of a word; 0 for one never seen.

        >>> InvertedIndex().fit([["a"], ["a", "a"]]).document_frequency("a")
        2
        """
        span = self._span(word)
        return int(span.stop - span.start)

    def idf(self, word: str) -> float:
        """Inverse document frequency of a word, always above 0.

        >>> round(InvertedIndex().fit([["a"], ["b"]]).idf("a"), 3)  # log 2
        0.693
        """
        return float(self._idf(self.document_frequency(word)))

    def _idf(self, df: np.ndarray | int) -> np.ndarray:
        return np.log1p((len(self.lengths) - df + 0.5) / (df + 0.5))

    def _span(self, word: str) -> slice:
        """Where the postings of a word stand."""
        number = self._number.get(word)
        if number is None:
            return slice(0, 0)
        end = int(self._ends[number])
        return slice(end - int(self._df[number]), end)

    def _totals(self, query: Sequence[str]) -> tuple[np.ndarray, int]:
        """(N,) score of every document, and the postings read for it."""
        total, read = np.zeros(len(self.lengths)), 0
        for word, times in Counter(query).items():
            span = self._span(word)
            total[self._ids[span]] += times * self._impact[span]
            read += span.stop - span.start
        return total, read


def _checked_texts(
    name: str, texts: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Texts as lists of words, or the ValueError of `fit`."""
    if isinstance(texts, str):
        raise ValueError(f"{name} must be sequences of words, got {texts!r}")
    checked = []
    for text in texts:
        if isinstance(text, str):
            raise ValueError(
                f"{name} must be sequences of words, got {text!r} among them"
            )
        words = list(text)
        for word in words:
            if not isinstance(word, str):
                raise ValueError(f"words must be strings, got {word!r}")
        checked.append(words)
    return checked
