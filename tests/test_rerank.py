"""Maximal marginal relevance, and determinantal point processes."""

from math import inf, log, nan, sqrt

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


def det_greedily(relevance, S, k, trade_off):
    """One list by the paper's kernel, each determinant from scratch."""
    alpha = trade_off / (2 * (1 - trade_off))
    q = np.exp(alpha * relevance)
    L = q[:, None] * S * q
    chosen = []
    for _ in range(k):
        volume = {}
        for i in range(len(relevance)):
            if i not in chosen:
                some = [*chosen, i]
                volume[i] = np.linalg.slogdet(L[np.ix_(some, some)])[1]
        chosen.append(max(volume, key=lambda i: (volume[i], -i)))
    return chosen


def test_dpp_by_hand():
    half = 1 / sqrt(2)
    vectors = np.array([[[1, 0, 0], [half, half, 0], [0, 0, 2]]])
    # After the first, d² is 1 - 1/2 for the second and 1 for the third:
    # 0.5 * 0.9 + 0.5 * log(1/2) = 0.10 against 0.5 * 0.3 + 0.5 * log 1.
    relevance = np.array([[1.0, 0.9, 0.3]])
    assert 0.5 * 0.9 + 0.5 * log(1 / 2) < 0.5 * 0.3
    got = rerank.dpp(relevance, vectors, k=3, trade_off=0.5)
    assert got.tolist() == [[0, 2, 1]]
    # At 0.6: 0.54 - 0.277 against 0.18.
    assert 0.6 * 0.9 + 0.4 * log(1 / 2) > 0.6 * 0.3
    got = rerank.dpp(relevance, vectors, k=3, trade_off=0.6)
    assert got.tolist() == [[0, 1, 2]]


def test_dpp_price_of_a_repetition_by_hand():
    # Likeness c: the second of a topic has d² = 1 - c².
    topics = np.array([[[1, 0], [1, 0], [0, 1]]])
    relevance = np.array([[2.0, 2.0, 2 + log(1 - 0.9**2) + 0.01]])
    options = {"k": 2, "trade_off": 0.5, "similarity_scale": 0.9}
    assert rerank.dpp(relevance, topics, **options).tolist() == [[0, 2]]
    relevance[0, 2] -= 0.02
    assert rerank.dpp(relevance, topics, **options).tolist() == [[0, 1]]


def test_dpp_edges():
    # Two topics, four places: the best of each, then by relevance.
    topics = np.eye(2)[None, [0, 0, 1, 1, 0]]
    relevance = np.array([[0.9, 0.8, 0.1, 0.2, 0.85]])
    got = rerank.dpp(relevance, topics, k=5, trade_off=0.9)
    assert got.tolist() == [[0, 3, 4, 1, 2]]
    # at 1 variety has no weight at all
    got = rerank.dpp(relevance, topics, k=3, trade_off=1)
    assert got.tolist() == [[0, 4, 1]]
    tied = rerank.dpp(np.zeros((1, 5)), topics, k=5, trade_off=0.3)
    assert tied.tolist() == [[0, 2, 1, 3, 4]]  # ties: lower position first
    short = rerank.dpp(
        np.array([[-inf, 2, -inf, 3, 1]]), topics, k=5, trade_off=0.0
    )
    assert short.tolist() == [[1, 3, 4, -1, -1]]
    zeros = rerank.dpp(
        np.array([[0.3, 0.2, 0.1]]), np.zeros((1, 3, 2)), k=3, trade_off=0.1
    )
    assert zeros.tolist() == [[0, 1, 2]]  # like nothing, so all are new
    none = rerank.dpp(np.zeros((0, 3)), np.ones((0, 3, 2)), k=2, trade_off=1)
    assert none.shape == (0, 2)


@pytest.mark.parametrize("similarity_scale", [1.0, 0.7])
@pytest.mark.parametrize("trade_off", [0.0, 0.3, 0.8, 0.97])
def test_dpp_maximises_the_determinant_greedily(similarity_scale, trade_off):
    rng = np.random.default_rng(3)
    relevance = rng.normal(size=(20, 12))
    vectors = rng.normal(size=(20, 12, 9))
    got = rerank.dpp(
        relevance,
        vectors,
        k=6,
        trade_off=trade_off,
        similarity_scale=similarity_scale,
    )
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    for q in range(20):
        S = similarity_scale * unit[q] @ unit[q].T
        np.fill_diagonal(S, 1.0)
        expected = det_greedily(relevance[q], S, 6, trade_off)
        assert got[q].tolist() == expected


@settings(STEADY, max_examples=100)
@given(RELEVANCE, VECTORS, st.sampled_from([0.0, 0.25, 0.9, 1.0]))
def test_dpp_chooses_everyone_once(relevance, vectors, trade_off):
    got = rerank.dpp(relevance, vectors, k=6, trade_off=trade_off)
    for row, chosen in zip(relevance, got, strict=True):
        present = np.flatnonzero(row > -inf)
        assert sorted(chosen[: len(present)]) == present.tolist()
        assert (chosen[len(present) :] == -1).all()


def test_dpp_limits_are_the_order_of_relevance():
    rng = np.random.default_rng(0)
    relevance = rng.integers(0, 5, size=(50, 20)) / 4
    vectors = np.eye(4)[rng.integers(0, 4, size=(50, 20))]
    expected = ranking.top_k(relevance, k=7)
    for options in (
        {"trade_off": 1},
        {"trade_off": 0.4, "similarity_scale": 0},
    ):
        got = rerank.dpp(relevance, vectors, k=7, **options)
        np.testing.assert_array_equal(got, expected)


def test_dpp_gives_variety_for_relevance():
    rng = np.random.default_rng(0)
    relevance = rng.random((200, 30))
    vectors = rng.random((200, 30, 4))  # no cosine below 0
    gained, spread = [], []
    for trade_off in (0.2, 0.8, 1.0):
        chosen = rerank.dpp(relevance, vectors, k=4, trade_off=trade_off)
        gained.append(np.take_along_axis(relevance, chosen, axis=1).mean())
        shown = np.take_along_axis(vectors, chosen[..., None], axis=1)
        spread.append(diversity.intra_list_distance(shown).mean())
    assert gained == sorted(gained) and spread == sorted(spread)[::-1]


def test_dpp_opposites_count_as_alike():
    vectors = np.array([[[1, 0], [-1, 0], [1, 1]]])
    got = rerank.dpp(np.zeros((1, 3)), vectors, k=3, trade_off=0.5)
    assert got.tolist() == [[0, 2, 1]]


def test_dpp_refuses():
    relevance, vectors = np.zeros((2, 3)), np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 4\)"):
        rerank.dpp(relevance, vectors[0], k=1, trade_off=1)
    with pytest.raises(ValueError, match=r"from 1 to 3 .*got 4"):
        rerank.dpp(relevance, vectors, k=4, trade_off=1)
    for bad in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=f"trade_off must .*got {bad}"):
            rerank.dpp(relevance, vectors, k=1, trade_off=bad)
        with pytest.raises(
            ValueError, match=f"similarity_scale must .*got {bad}"
        ):
            rerank.dpp(
                relevance, vectors, k=1, trade_off=0, similarity_scale=bad
            )
    with pytest.raises(ValueError, match="relevance must be finite"):
        rerank.dpp(relevance + inf, vectors, k=1, trade_off=1)
    with pytest.raises(ValueError, match="vectors must be finite"):
        rerank.dpp(relevance, vectors + nan, k=1, trade_off=1)


@pytest.mark.parametrize("rerank_by", [rerank.mmr, rerank.dpp])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_first_of_twins_is_chosen(rerank_by, kind):
    """However the products of a row are rounded, twins get the same."""
    rng = np.random.default_rng(0)
    for size in (1, 3, 7, 16, 33):
        half = rng.normal(size=(40, 9, size)).astype(kind)
        relevance = rng.random((40, 9)).astype(kind)
        chosen = rerank_by(
            np.tile(relevance, 2),
            np.tile(half, (1, 2, 1)),
            k=min(size, 9),
            trade_off=0.5,
        )
        apart = chosen % 9
        second = chosen >= 9  # only after the first of the pair
        for row, twin in zip(apart, second, strict=True):
            seen = set()
            for item, late in zip(row, twin, strict=True):
                assert late == (item in seen)
                seen.add(item)
