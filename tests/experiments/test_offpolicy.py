"""Off-policy estimates: exact expectations by enumeration, then intervals."""

from functools import partial
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import offpolicy

STEADY = settings(deadline=None, derandomize=True)


def distribution(n):
    return hnp.arrays(np.float64, n, elements=st.floats(0.05, 1)).map(
        lambda x: x / x.sum()
    )


def test_weights_by_hand():
    got = offpolicy.importance_weights([0.5, 0, 1], [0.25, 0.5, 0.1])
    assert got == pytest.approx([2, 0, 10])
    clipped = offpolicy.importance_weights([0.5, 1], [0.25, 0.1], clip=3)
    assert clipped == pytest.approx([2, 3])


def test_effective_sample_size_by_hand():
    assert offpolicy.effective_sample_size([3, 1]) == pytest.approx(16 / 10)
    assert offpolicy.effective_sample_size([1e-200] * 5) == pytest.approx(5)
    assert offpolicy.effective_sample_size([0, 7, 0]) == 1
    for nothing in ([], [0.0, 0.0]):
        assert np.isnan(offpolicy.effective_sample_size(nothing))


def test_estimates_by_hand():
    rewards, weights = np.array([1.0, 4, 2]), np.array([2, 0.5, 0.5])
    got = offpolicy.ips(rewards, weights)
    assert got.value == pytest.approx((2 + 2 + 1) / 3)
    error = np.std([2, 2, 1], ddof=1) / sqrt(3)
    assert got.high - got.value == pytest.approx(1.959964 * error, rel=1e-6)
    assert got.effective_n == pytest.approx(9 / 4.5)
    assert offpolicy.snips(rewards, weights).value == pytest.approx(5 / 3)
    weights = np.array([2, 0.5, 1.5])
    got = offpolicy.snips(rewards, weights)
    value = (2 + 2 + 3) / 4
    terms = weights * (rewards - value) / (4 / 3)
    assert got.value == pytest.approx(value)
    error = np.std(terms, ddof=1) / sqrt(3)
    assert got.high - got.value == pytest.approx(1.959964 * error, rel=1e-6)
    robust = offpolicy.doubly_robust(
        rewards, weights, np.array([1.0, 1, 1]), np.array([0.5, 0, 1])
    )
    assert robust.value == pytest.approx((0.5 + 0 + 0 + 1.5 + 1 + 1.5) / 3)


@settings(STEADY, max_examples=60)
@given(
    distribution(4),
    distribution(4),
    hnp.arrays(np.float64, 4, elements=st.floats(-3, 3)),
    hnp.arrays(np.float64, 4, elements=st.floats(-3, 3)),
)
def test_expectations_over_all_logged_actions_are_exact(
    logging, target, rewards, model
):
    truth = target @ rewards
    weights = offpolicy.importance_weights(target, logging)
    expected = offpolicy.policy_value(model[None], target[None])

    def mean(estimate):  # one row for each action, as often as it is logged
        return sum(
            logging[a] * estimate(rewards[a : a + 1], weights[a : a + 1], a)
            for a in range(4)
        )

    def robust(r, w, a, model=model, expected=expected):
        return offpolicy.doubly_robust(r, w, model[a : a + 1], expected).value

    assert mean(lambda r, w, a: offpolicy.ips(r, w).value) == pytest.approx(
        truth
    )
    assert mean(robust) == pytest.approx(truth)
    # a right model needs no right chances
    right = partial(robust, model=rewards, expected=np.array([truth]))
    assert mean(lambda r, w, a: right(r, 3 * w, a)) == pytest.approx(truth)
    direct = offpolicy.direct_method(rewards[None], target[None]).value
    assert direct == pytest.approx(truth)
    # clipping can only lose what is not negative
    low = offpolicy.importance_weights(target, logging, clip=0.5)
    clipped = logging @ (low * np.abs(rewards))
    assert clipped <= target @ np.abs(rewards) + 1e-12


@STEADY
@given(
    hnp.arrays(np.float64, 9, elements=st.floats(-5, 5)),
    hnp.arrays(np.float64, 9, elements=st.floats(0, 8)),
)
def test_properties(rewards, weights):
    none = np.zeros(9)
    got = offpolicy.doubly_robust(rewards, weights, none, none)
    np.testing.assert_equal(got, offpolicy.ips(rewards, weights))
    own = offpolicy.ips(rewards, np.ones(9))
    assert own.value == pytest.approx(rewards.mean())
    assert own.effective_n == pytest.approx(9)
    if not weights.any():
        assert np.isnan(offpolicy.snips(rewards, weights)).all()
        return
    ratio = offpolicy.snips(rewards, weights)
    assert min(rewards) - 1e-9 <= ratio.value <= max(rewards) + 1e-9
    assert 1 - 1e-9 <= ratio.effective_n <= 9 + 1e-9
    moved = offpolicy.snips(rewards + 1, weights)
    assert moved.value == pytest.approx(ratio.value + 1)
    assert moved.high - moved.low == pytest.approx(
        ratio.high - ratio.low, abs=1e-9
    )


@pytest.fixture(scope="module")
def worlds():
    """600 logs of 400 decisions on three contexts and four actions."""
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.1, 0.9, size=(3, 4))  # of a reward of 1
    logging = rng.dirichlet([2] * 4, size=3)
    target = rng.dirichlet([2] * 4, size=3)
    context = rng.integers(3, size=(600, 400))
    draw = rng.random((600, 400, 1))
    action = (draw > np.cumsum(logging, axis=1)[context]).sum(axis=-1)
    action = np.minimum(action, 3)
    reward = (rng.random((600, 400)) < chance[context, action]) * 1.0
    weight = offpolicy.importance_weights(
        target[context, action], logging[context, action]
    )
    model = np.clip(chance + rng.normal(scale=0.1, size=(3, 4)), 0, 1)
    predicted = model[context, action]
    expected = offpolicy.policy_value(model, target)[context]
    truth = (target * chance).sum(axis=1).mean()
    return truth, reward, weight, predicted, expected


@pytest.mark.parametrize("name", ["ips", "snips", "doubly_robust"])
def test_unbiased_and_covered_as_often_as_promised(worlds, name):
    truth, reward, weight, predicted, expected = worlds
    estimate = getattr(offpolicy, name)
    more = (predicted, expected) if name == "doubly_robust" else ()
    got = [
        estimate(*(rows[i] for rows in (reward, weight, *more)))
        for i in range(600)
    ]
    values = np.array([g.value for g in got])
    # mean of 600: four standard errors
    assert values.mean() == pytest.approx(truth, abs=4 * values.std() / 24.5)
    inside = np.mean([g.low <= truth <= g.high for g in got])
    assert 0.91 <= inside <= 0.98  # standard deviation 0.009
    error = np.mean([(g.high - g.low) / 2 / 1.96 for g in got])
    assert error == pytest.approx(values.std(), rel=0.12)


def test_the_model_takes_variance_out_of_the_robust_estimate(worlds):
    _, reward, weight, predicted, expected = worlds
    plain = offpolicy.ips(reward[0], weight[0])
    robust = offpolicy.doubly_robust(
        reward[0], weight[0], predicted[0], expected[0]
    )
    assert robust.high - robust.low < 0.9 * (plain.high - plain.low)


def test_edges():
    for estimate in (offpolicy.ips, offpolicy.snips):
        assert np.isnan(estimate([], [])).all()
        one = estimate([2.0], [3.0])
        assert one.value == (6 if estimate is offpolicy.ips else 2)
        assert np.isnan([one.low, one.high]).all() and one.effective_n == 1


def test_refuses():
    one = np.ones(1)
    with pytest.raises(ValueError, match=r"got \(2,\) and \(1,\)"):
        offpolicy.importance_weights([1, 1], [1])
    for target in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="target must be"):
            offpolicy.importance_weights([target], one)
    for logged in (0.0, 5e-324, 1.1, np.nan):
        with pytest.raises(ValueError, match=f"happened, got {logged}"):
            offpolicy.importance_weights(one, [logged])
    for clip in (0, np.nan):
        with pytest.raises(ValueError, match=f"above 0, got {clip}"):
            offpolicy.importance_weights(one, one, clip=clip)
    for estimate in (offpolicy.ips, offpolicy.snips):
        with pytest.raises(ValueError, match=r"got \(2,\) and \(1,\)"):
            estimate([1, 1], one)
        with pytest.raises(ValueError, match="rewards and predictions"):
            estimate([np.nan], one)
        for weight in (-1, np.inf):
            with pytest.raises(ValueError, match="weights must be finite"):
                estimate(one, [weight])
        with pytest.raises(ValueError, match=r"weights must be \(n,\)"):
            estimate(one, [one])
        with pytest.raises(ValueError, match=r"level .*, got 95"):
            estimate(one, one, level=95)
    with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
        offpolicy.doubly_robust([1, 1], [1, 1], one, one)
    with pytest.raises(ValueError, match=r"got \(1, 2\) and \(1, 1\)"):
        offpolicy.policy_value([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="predicted must be finite"):
        offpolicy.policy_value([[np.nan]], [[1]])
    nearly = offpolicy.policy_value([[1, 2]], [[0.5, 0.500008]])
    assert nearly == pytest.approx(1.5, abs=1e-4)  # as single precision adds
    for target in (
        [[0.5, 0.6]],
        [[1.7e308] * 2],
        [[1.5, -0.5]],
        [[np.nan, 1]],
    ):
        with pytest.raises(ValueError, match="rows of target"):
            offpolicy.policy_value([[1, 2]], target)
