"""Probabilities: by hand, and against scikit-learn."""

from math import inf, log, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import probabilities

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
PROBABILITIES = st.sampled_from([0.05, 0.25, 0.5, 0.9])


@st.composite
def rows(draw, value):
    """labels, scores (few distinct: ties are common) and weights."""
    n = draw(st.integers(1, 12))
    made = (
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1))),
        draw(hnp.arrays(np.float64, n, elements=value)),
        draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3))),
    )
    return made


@pytest.mark.parametrize(
    "labels, p, loss, squared",
    [
        ([1, 0], [0.5, 0.5], log(2), 1 / 4),
        ([1, 0], [0.8, 0.4], -(log(0.8) + log(0.6)) / 2, (0.04 + 0.16) / 2),
        ([1, 0], [1.0, 0.0], 0.0, 0.0),
        ([1, 0], [0.0, 0.0], inf, 1 / 2),  # not clipped
        ([], [], nan, nan),
    ],
)
def test_log_loss_and_brier_by_hand(labels, p, loss, squared):
    labels, p = np.array(labels), np.array(p)
    got = [
        probabilities.log_loss(labels, p),
        probabilities.brier(labels, p),
    ]
    assert got == pytest.approx([loss, squared], nan_ok=True)


@pytest.mark.parametrize("n", [1, 2, 37, 64, 4096])
@pytest.mark.parametrize("least", [5e-324, 1e-300, 1e-151, 1e-40, 0.1, 1.0])
def test_the_log_of_a_product_is_the_sum_of_logs(n, least):
    """However small the chances: their product must not vanish."""
    rng = np.random.default_rng(n)
    p = np.maximum(least, rng.random(n) * (least * 2))
    p = np.minimum(p, 1.0)
    p[0] = least
    got = probabilities.log_loss(np.ones(n, dtype=int), p)
    assert got == pytest.approx(-np.log(p).mean(), rel=1e-12)


def test_an_impossible_row_of_no_weight_is_ignored():
    got = probabilities.log_loss(
        np.array([1, 1]), np.array([0.0, 0.5]), weights=np.array([0, 2])
    )
    assert got == pytest.approx(log(2))


def test_normalised_entropy_by_hand():
    labels = np.array([1, 0, 0, 0])
    rate = np.full(4, 1 / 4)
    assert probabilities.normalised_entropy(labels, rate) == pytest.approx(1)
    better = probabilities.normalised_entropy(labels, [0.7, 0.1, 0.1, 0.1])
    entropy = -(log(0.25) + 3 * log(0.75)) / 4
    assert better == pytest.approx(-(log(0.7) + 3 * log(0.9)) / 4 / entropy)
    assert np.isnan(probabilities.normalised_entropy(labels[1:], rate[1:]))


@STEADY
@given(rows(PROBABILITIES))
def test_log_loss_and_brier_agree_with_scikit_learn(made):
    from sklearn.metrics import brier_score_loss, log_loss

    labels, p, weights = made
    for weight in (None, weights + 0.5):
        assert probabilities.log_loss(
            labels, p, weights=weight
        ) == pytest.approx(
            log_loss(labels, p, sample_weight=weight, labels=[0, 1])
        )
        if 0 < labels.sum() < len(labels):
            assert probabilities.brier(
                labels, p, weights=weight
            ) == pytest.approx(
                brier_score_loss(labels, p, sample_weight=weight)
            )


def test_log_loss_of_many_rows_is_that_of_its_blocks():
    rng = np.random.default_rng(0)
    n = 2 * probabilities.BLOCK_ROWS + 1
    p, weights = rng.random(n), rng.random(n)
    labels = rng.random(n) < p
    each = -np.log(np.where(labels, p, 1 - p))
    assert probabilities.log_loss(labels, p) == pytest.approx(each.mean())
    assert probabilities.log_loss(labels, p, weights=weights) == pytest.approx(
        np.average(each, weights=weights)
    )


def test_probabilities_are_refused():
    one = np.array([1, 0])
    for metric in (
        probabilities.log_loss,
        probabilities.brier,
        probabilities.normalised_entropy,
    ):
        with pytest.raises(ValueError, match=r"from 0 to 1, got 1\.5"):
            metric(one, np.array([1.5, 0]))
