"""Maximal marginal relevance."""

from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils import rerank
from utils.metrics import diversity, ranking

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)
RELEVANCE = hnp.arrays(
    np.float64, (3, 6), elements=st.sampled_from([-inf, -1.0, 0.0, 0.5, 1.0])
)
# small whole numbers: sums are exact, and ties are ties for both
VECTORS = hnp.arrays(np.float64, (3, 6, 2), elements=st.integers(-2, 2))


def slowly(relevance, vectors, k, trade_off):
    """One list, one candidate at a time, as the formula reads."""
    chosen = []
    for _ in range(k):
        scores = {}
        for i in range(len(relevance)):
            if i in chosen or relevance[i] == -inf:
                continue
            near = max((vectors[i] @ vectors[j] for j in chosen), default=0)
            scores[i] = trade_off * relevance[i] - (1 - trade_off) * near
        if not scores:
            break
        chosen.append(max(scores, key=lambda i: (scores[i], -i)))
    return chosen + [-1] * (k - len(chosen))


def test_mmr_by_hand():
    half = 1 / sqrt(2)
    vectors = np.array([[[1, 0], [1, 0], [half, half], [0, 1]]])
    relevance = np.array([[1.0, 0.9, 0.8, 0.4]])
    # after the first, at 0.5: 0.45 - 0.5, 0.4 - 0.35, 0.2 - 0 -> the last;
    # then 0.45 - 0.5 against 0.4 - 0.35 -> the third
    got = rerank.mmr(relevance, vectors, k=4, trade_off=0.5)
    assert got.tolist() == [[0, 3, 2, 1]]
    got = rerank.mmr(relevance, vectors, k=2, trade_off=1)
    assert got.tolist() == [[0, 1]]


def test_mmr_edges():
    same = np.ones((1, 3, 2))
    tied = rerank.mmr(np.zeros((1, 3)), same, k=3, trade_off=0.3)
    assert tied.tolist() == [[0, 1, 2]]  # ties go to the lower position
    short = rerank.mmr(np.array([[-inf, 2, -inf]]), same, k=3, trade_off=0.0)
    assert short.tolist() == [[1, -1, -1]]  # nothing left to choose
    none = rerank.mmr(np.zeros((0, 3)), np.ones((0, 3, 2)), k=2, trade_off=1)
    assert none.shape == (0, 2)


@settings(STEADY, max_examples=200)
@given(
    RELEVANCE,
    VECTORS,
    st.integers(1, 6),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_mmr_agrees_with_the_slow_way(relevance, vectors, k, trade_off):
    got = rerank.mmr(relevance, vectors, k=k, trade_off=trade_off)
    for q in range(len(relevance)):
        expected = slowly(relevance[q], vectors[q], k, trade_off)
        assert got[q].tolist() == expected


def test_mmr_at_1_is_the_order_of_relevance():
    rng = np.random.default_rng(0)
    relevance = rng.integers(0, 5, size=(50, 20)) / 4
    vectors = rng.normal(size=(50, 20, 3))
    np.testing.assert_array_equal(
        rerank.mmr(relevance, vectors, k=7, trade_off=1),
        ranking.top_k(relevance, k=7),
    )


def test_mmr_gives_variety_for_relevance():
    rng = np.random.default_rng(0)
    relevance = rng.random((200, 30))
    vectors = rng.normal(size=(200, 30, 4))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    gained, spread = [], []
    for trade_off in (0.2, 0.6, 1.0):
        chosen = rerank.mmr(relevance, vectors, k=6, trade_off=trade_off)
        gained.append(np.take_along_axis(relevance, chosen, axis=1).mean())
        shown = np.take_along_axis(vectors, chosen[..., None], axis=1)
        spread.append(diversity.intra_list_distance(shown).mean())
    assert gained == sorted(gained) and spread == sorted(spread)[::-1]


def test_mmr_leaves_its_input_alone():
    relevance, vectors = np.array([[1.0, 2.0]]), np.ones((1, 2, 1))
    rerank.mmr(relevance, vectors, k=2, trade_off=0.5)
    assert relevance.tolist() == [[1, 2]]


def test_mmr_refuses():
    relevance, vectors = np.zeros((2, 3)), np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 4\)"):
        rerank.mmr(relevance, vectors[0], k=1, trade_off=1)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"from 1 to 3 .*got {k}"):
            rerank.mmr(relevance, vectors, k=k, trade_off=1)
    for trade_off in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=f"got {trade_off}"):
            rerank.mmr(relevance, vectors, k=1, trade_off=trade_off)
    for bad in (nan, inf):
        with pytest.raises(ValueError, match="relevance must be finite"):
            rerank.mmr(relevance + bad, vectors, k=1, trade_off=1)
        with pytest.raises(ValueError, match="vectors must be finite"):
            rerank.mmr(relevance, vectors + bad, k=1, trade_off=1)
