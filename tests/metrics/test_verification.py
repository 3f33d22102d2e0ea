"""Error rates of comparison and of search."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import ranking, verification

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True, max_examples=60)

SCORES = hnp.arrays(
    np.float64, st.integers(1, 9), elements=st.integers(0, 5).map(float)
)
SHARES = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1.0])


@st.composite
def searches(draw):
    """scores (Q, N) with ties, and the place of each probe's person."""
    q, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    value = st.integers(0, 3).map(float)
    return (
        draw(hnp.arrays(np.float64, (q, n), elements=value)),
        draw(hnp.arrays(np.int64, q, elements=st.integers(0, n - 1))),
    )


# --- comparisons ------------------------------------------------------------


def test_match_rates_by_hand():
    scores, thresholds = np.array([1.0, 2, 2, 4]), np.array([0, 1, 2, 3, 5])
    fmr = verification.false_match_rate(scores, threshold=thresholds)
    assert fmr.tolist() == [4 / 4, 4 / 4, 3 / 4, 1 / 4, 0]
    fnmr = verification.false_non_match_rate(scores, threshold=thresholds)
    assert fnmr.tolist() == [0, 0, 1 / 4, 3 / 4, 4 / 4]
    assert verification.false_match_rate(scores, threshold=-inf) == 1
    assert verification.false_non_match_rate(scores, threshold=inf) == 1


def test_rates_without_comparisons_are_nan():
    none = np.array([])
    assert np.isnan(verification.false_match_rate(none, threshold=1))
    two = verification.false_non_match_rate(none, threshold=[1, 2])
    assert np.isnan(two).all() and two.shape == (2,)
    assert np.isnan(verification.equal_error_rate(none, np.array([1.0])))
    assert np.isnan(verification.equal_error_rate(np.array([1.0]), none))
    assert np.isnan(verification.threshold_at_fmr(none, fmr=0.1))
    assert np.isnan(verification.tar_at_fmr(np.ones(1), none, fmr=0.1))
    assert np.isnan(verification.tar_at_fmr(none, np.ones(1), fmr=0.1))


@STEADY
@given(SCORES, SCORES)
def test_error_rates_agree_with_scikit_learn(mated, nonmated):
    from sklearn.metrics import roc_curve

    got = verification.error_rates(mated, nonmated)
    labels = np.r_[np.ones(len(mated)), np.zeros(len(nonmated))]
    false, true, threshold = roc_curve(
        labels, np.r_[mated, nonmated], drop_intermediate=False
    )
    np.testing.assert_allclose(got.threshold, threshold[::-1])
    np.testing.assert_allclose(got.fmr, false[::-1], atol=1e-12)
    np.testing.assert_allclose(got.fnmr, 1 - true[::-1], atol=1e-12)
    assert got.fmr[0] == 1 and got.fnmr[0] == 0
    assert got.fmr[-1] == 0 and got.fnmr[-1] == 1


@pytest.mark.parametrize(
    "mated, nonmated, expected",
    [
        ([3, 4], [1, 2], 0.0),
        ([1, 2], [3, 4], 1.0),
        ([5], [5], 1 / 2),  # one score: a coin
        ([2, 4], [1, 3], 1 / 2),
        ([1, 4, 5, 6], [0, 0, 0, 3], 1 / 4),
        # FMR, FNMR: (1/3, 0) below 2, (0, 1/2) above: level at 1/5
        ([2, 3], [0, 1, 2], 1 / 5),
    ],
)
def test_equal_error_rate_by_hand(mated, nonmated, expected):
    got = verification.equal_error_rate(
        np.array(mated, dtype=float), np.array(nonmated, dtype=float)
    )
    assert got == pytest.approx(expected)


@STEADY
@given(SCORES, SCORES)
def test_equal_error_rate_is_where_the_drawn_line_crosses(mated, nonmated):
    got = verification.equal_error_rate(mated, nonmated)
    rates = verification.error_rates(mated, nonmated)
    assert (
        np.interp(got, rates.fmr[::-1], rates.fnmr[::-1])
        == (pytest.approx(got))
        or got in rates.fmr
    )  # a step straight up has two heights
    # what is worse than chance one way is better the other way
    turned = verification.equal_error_rate(-mated, -nonmated)
    assert got + turned == pytest.approx(1)


@pytest.mark.parametrize(
    "fmr, matched",
    [(0.0, 0), (0.24, 0), (0.25, 1), (0.5, 1), (0.74, 1), (0.75, 3), (1, 4)],
)
def test_threshold_at_fmr_by_hand(fmr, matched):
    scores = np.array([1.0, 2, 2, 4])  # both 2 match, or neither
    threshold = verification.threshold_at_fmr(scores, fmr=fmr)
    assert (scores >= threshold).sum() == matched


def test_threshold_at_fmr_counts_without_rounding():
    scores = np.arange(100.0)
    for allowed in range(101):  # 0.29 * 100 is 28.999999999999996
        t = verification.threshold_at_fmr(scores, fmr=allowed / 100)
        assert (scores >= t).sum() == allowed
    # a score held in 32 bits is compared in 64
    single = np.float32([0.1, 0.3])
    t = verification.threshold_at_fmr(single, fmr=0.0)
    assert not (single >= t).any()


@STEADY
@given(SCORES, SCORES, SHARES)
def test_tar_at_fmr_is_the_best_of_all_thresholds(mated, nonmated, fmr):
    got = verification.tar_at_fmr(mated, nonmated, fmr=fmr)
    rates = verification.error_rates(mated, nonmated)
    assert got == pytest.approx(1 - rates.fnmr[rates.fmr <= fmr].min())


# --- searches ---------------------------------------------------------------


def test_identification_rates_by_hand():
    strangers = np.array([[0.2, 0.7], [0.3, 0.1], [0.5, 0.5]])
    fpir = verification.false_positive_identification_rate(
        strangers, threshold=np.array([0.0, 0.4, 0.6, 0.8])
    )
    assert fpir.tolist() == [1, 2 / 3, 1 / 3, 0]
    enrolled = np.array([[0.9, 0.2, 0.1], [0.8, 0.6, 0.1], [0.4, 0.3, 0.4]])
    mates = np.array([0, 1, 2])  # first; second; level with a lower place
    for rank, threshold, expected in [
        (1, 0.0, 2 / 3),
        (2, 0.0, 0.0),
        (2, 0.5, 1 / 3),
        (2, 0.6, 1 / 3),
        (2, 0.61, 2 / 3),
        (3, inf, 1.0),
        (1, -inf, 2 / 3),
    ]:
        got = verification.false_negative_identification_rate(
            enrolled, mates, threshold=threshold, rank=rank
        )
        assert got == pytest.approx(expected)


@STEADY
@given(searches(), st.integers(1, 6), st.integers(-1, 4))
def test_identification_agrees_with_a_loop(made, rank, threshold):
    scores, mates = made
    order = ranking.rank_by_score(scores)
    missed = [
        not any(
            place == mate and row[place] >= threshold
            for place in places[:rank]
        )
        for row, places, mate in zip(scores, order, mates, strict=True)
    ]
    got = verification.false_negative_identification_rate(
        scores, mates, threshold=threshold, rank=rank
    )
    assert got == pytest.approx(np.mean(missed))
    returned = [(row >= threshold).any() for row in scores]
    got = verification.false_positive_identification_rate(
        scores, threshold=threshold
    )
    assert got == pytest.approx(np.mean(returned))


def test_the_threshold_of_a_search_is_that_of_its_best_scores():
    scores = np.random.default_rng(0).random((200, 50))
    t = verification.threshold_at_fmr(scores.max(axis=1), fmr=0.05)
    fpir = verification.false_positive_identification_rate(scores, threshold=t)
    assert fpir == pytest.approx(10 / 200)


def test_no_searches_are_nan():
    none = np.ones((0, 3))
    assert np.isnan(
        verification.false_positive_identification_rate(none, threshold=1)
    )
    got = verification.false_negative_identification_rate(
        none, np.array([], dtype=int), threshold=[1, 2], rank=1
    )
    assert np.isnan(got).all()


# --- refusal ----------------------------------------------------------------


def test_verification_refuses():
    one, square = np.array([1.0, 0.0]), np.eye(2)
    with pytest.raises(ValueError, match="nonmated must be finite, got nan"):
        verification.equal_error_rate(one, np.array([nan]))
    with pytest.raises(ValueError, match=r"mated must be \(n,\), got shape"):
        verification.error_rates(square, one)
    with pytest.raises(ValueError, match="threshold must be a number"):
        verification.false_match_rate(one, threshold=nan)
    for fmr in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=r"fmr must be in \[0, 1\]"):
            verification.tar_at_fmr(one, one, fmr=fmr)
    with pytest.raises(ValueError, match=r"gallery of at least one, got"):
        verification.false_positive_identification_rate(
            np.ones((2, 0)), threshold=1
        )
    fnir = verification.false_negative_identification_rate
    with pytest.raises(ValueError, match="rank must be at least 1, got 0"):
        fnir(square, np.array([0, 1]), threshold=1, rank=0)
    with pytest.raises(ValueError, match=r"mates must be \(2,\) integers"):
        fnir(square, one, threshold=1, rank=1)
    with pytest.raises(ValueError, match="from 0 to 1, got 2"):
        fnir(square, np.array([0, 2]), threshold=1, rank=1)
    with pytest.raises(ValueError, match="scores must be finite, got inf"):
        fnir(np.array([[inf]]), np.array([0]), threshold=1, rank=1)
