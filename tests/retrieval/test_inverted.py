"""Inverted index, held against BM25 one document at a time."""

from math import inf, log, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.retrieval.inverted import InvertedIndex

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)
TEXTS = st.lists(st.lists(st.sampled_from("abcde"), max_size=6), max_size=7)
THREE = [["red", "bike", "red"], ["blue", "car"], ["red"]]


def slowly(documents, query, k1, b):
    """Score of each document, as the formula reads."""
    n = len(documents)
    mean = sum(map(len, documents)) / n
    scores = []
    for document in documents:
        score = 0.0
        for word in query:
            tf = document.count(word)
            df = sum(word in other for other in documents)
            if tf:
                idf = log(1 + (n - df + 0.5) / (df + 0.5))
                length = 1 - b + b * len(document) / mean
                score += idf * tf / (tf + k1 * length)
        scores.append(score)
    return scores


def test_search_by_hand():
    index = InvertedIndex(k1=2, b=0.5).fit(THREE)
    scores, ids = index.search([["red"], ["red", "bike", "sofa"]], k=2)
    red, bike = log(1 + 1.5 / 2.5), log(1 + 2.5 / 1.5)
    # Three, two and one word: the mean is 2. Twice in three words, once in
    # one word.
    first = 2 / (2 + 2 * (0.5 + 0.5 * 3 / 2))
    last = 1 / (1 + 2 * (0.5 + 0.5 * 1 / 2))
    both = red * first + bike / (1 + 2 * (0.5 + 0.5 * 3 / 2))
    assert ids.tolist() == [[0, 2], [0, 2]]
    assert scores[0] == pytest.approx([red * first, red * last])
    assert scores[1] == pytest.approx([both, red * last])
    assert index.read.tolist() == [2, 2 + 1 + 0]
    assert scores.dtype == np.float64 and ids.dtype == np.int64


def test_what_the_index_holds():
    index = InvertedIndex().fit(THREE)
    assert index.vocabulary == ("bike", "blue", "car", "red")
    assert index.lengths.tolist() == [3, 2, 1]
    ids, counts = index.postings("red")
    assert ids.tolist() == [0, 2] and counts.tolist() == [2, 1]
    assert index.document_frequency("red") == 2
    assert index.idf("red") == pytest.approx(log(1 + 1.5 / 2.5))
    ids, counts = index.postings("sofa")
    assert ids.tolist() == counts.tolist() == []
    assert index.document_frequency("sofa") == 0
    assert index.idf("sofa") == pytest.approx(log(1 + 3.5 / 0.5))
    index.postings("red")[0][:] = 1  # a copy: the index stays whole
    assert index.postings("red")[0].tolist() == [0, 2]


def test_places_without_a_document_stay_empty():
    index = InvertedIndex().fit(THREE)
    scores, ids = index.search([["car"], [], ["sofa"]], k=2)
    assert ids.tolist() == [[1, -1], [-1, -1], [-1, -1]]
    assert (scores[ids < 0] == -inf).all() and scores[0, 0] > 0
    assert index.read.tolist() == [1, 0, 0]
    scores, ids = index.search([], k=3)
    assert scores.shape == ids.shape == (0, 3)


def test_documents_without_words():
    index = InvertedIndex().fit([[], []])
    assert index.vocabulary == ()
    assert index.search([["red"]], k=1)[1].tolist() == [[-1]]
    assert index.score(["red"], np.array([0, 1])).tolist() == [0, 0]
    index.fit([[], ["red"]])
    assert index.search([["red"]], k=2)[1].tolist() == [[1, -1]]


def test_ties_go_to_the_lower_id():
    index = InvertedIndex().fit([["b"], ["a", "b"], ["b", "a"], ["a", "b"]])
    _, ids = index.search([["a"], ["a", "b"]], k=2)
    assert ids.tolist() == [[1, 2], [1, 2]]


def test_the_limits_of_the_knobs():
    once, often = ["a"], ["a"] * 5
    longer = ["a", "x", "x"]
    at = np.arange(3)
    present = InvertedIndex(k1=0).fit([once, often, longer])
    assert len(set(present.score(["a"], at))) == 1  # there or not
    flat = InvertedIndex(b=0).fit([once, often, longer])
    got = flat.score(["a"], at)
    assert got[0] == got[2] < got[1]  # length does not count
    short = InvertedIndex(b=1).fit([once, often, longer]).score(["a"], at)
    assert short[0] > short[2]


def test_a_word_that_nearly_all_hold_still_speaks_for_a_document():
    index = InvertedIndex().fit([["the"]] * 9 + [["a"]])
    assert index.idf("the") > 0
    assert index.search([["the"]], k=9)[1].tolist() == [list(range(9))]


@settings(STEADY, max_examples=120)
@given(
    TEXTS.filter(len),
    TEXTS,
    st.integers(1, 9),
    st.sampled_from([0.0, 0.9, 1.2, 5.0]),
    st.sampled_from([0.0, 0.4, 1.0]),
)
def test_search_and_score_agree_with_the_slow_way(
    documents, queries, k, k1, b
):
    index = InvertedIndex(k1=k1, b=b).fit(documents)
    scores, ids = index.search(queries, k)
    assert scores.shape == ids.shape == (len(queries), k)
    for q, query in enumerate(queries):
        # a word said twice in the query counts twice
        expected = np.array(slowly(documents, query, k1, b))
        every = index.score(query, np.arange(len(documents)))
        np.testing.assert_allclose(every, expected, rtol=1e-12, atol=0)
        order = sorted(np.flatnonzero(every), key=lambda i: (-every[i], i))[:k]
        assert ids[q].tolist() == order + [-1] * (k - len(order))
        assert scores[q, : len(order)].tolist() == every[order].tolist()
        assert (scores[q, len(order) :] == -inf).all()
        assert index.read[q] == sum(
            index.document_frequency(word) for word in set(query)
        )


@pytest.mark.peers
@settings(STEADY, max_examples=50)
@given(TEXTS.filter(len))
def test_postings_agree_with_scikit_learn(documents):
    from sklearn.feature_extraction.text import CountVectorizer

    index = InvertedIndex().fit(documents)
    if not index.vocabulary:
        return
    counts = (
        CountVectorizer(analyzer=list, vocabulary=list(index.vocabulary))
        .fit_transform(documents)
        .toarray()
    )
    for column, word in enumerate(index.vocabulary):
        ids, times = index.postings(word)
        expected = np.flatnonzero(counts[:, column])
        assert ids.tolist() == expected.tolist()
        assert times.tolist() == counts[expected, column].tolist()


def test_score_keeps_the_shape_of_the_ids():
    index = InvertedIndex().fit(THREE)
    got = index.score(["red", "car"], np.array([[2, 1], [0, 2]]))
    assert got.shape == (2, 2) and got[0, 0] == got[1, 1]
    assert index.score(["red"], []).shape == (0,)


def test_refuses():
    for k1 in (-1, inf, nan):
        with pytest.raises(ValueError, match=f"k1 must .*got {k1}"):
            InvertedIndex(k1=k1)
    for b in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=f"b must .*got {b}"):
            InvertedIndex(b=b)
    index = InvertedIndex()
    with pytest.raises(ValueError, match="at least one document"):
        index.fit([])
    with pytest.raises(ValueError, match=r"documents must .*got 'red bike'"):
        index.fit(["red bike"])
    with pytest.raises(ValueError, match=r"documents must .*got 'red'"):
        index.fit("red")
    with pytest.raises(ValueError, match="strings, got 7"):
        index.fit([["red", 7]])
    index.fit(THREE)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        index.search([["red"]], k=0)
    with pytest.raises(ValueError, match=r"queries must .*got 'red'"):
        index.search(["red"], k=1)
    with pytest.raises(ValueError, match=r"queries must .*got 'red'"):
        index.score("red", np.array([0]))
    with pytest.raises(ValueError, match="ids must be integers"):
        index.score(["red"], np.array([0.5]))
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=f"0 to 2, got {wrong}"):
            index.score(["red"], np.array([0, wrong]))
