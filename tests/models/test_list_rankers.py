import lightgbm as lgb
import numpy as np
import pytest
import torch

from utils.metrics import ranking
from utils.models import list_losses, list_rankers
from utils.models.list_rankers import Judged, Lists

LEARNERS = {
    "network": lambda *a, **o: list_rankers.fit_network(
        *a, rng=np.random.default_rng(0), **o
    ),
    "trees": list_rankers.fit_trees,
}


def square(scores, labels, shown):
    there = (shown > 0).float()
    return (there * (scores - labels) ** 2).sum(1) / 2, there


def listwise(scores, labels, shown):
    logs = torch.log_softmax(scores.masked_fill(shown == 0, -1e9), dim=1)
    share = logs.exp().detach()
    total = labels.sum(1, keepdim=True)
    return -(labels * logs).sum(1), share * (1 - share) * total


def made(seed=0, lists=120, width=8):
    """Labels are what the first feature says; the second says nothing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(lists, width, 2))
    return Lists(x, np.exp(x[..., 0]), np.ones((lists, width)))


def judged(seed=1):
    x, y, _ = made(seed, lists=40)

    def quality(scores):  # share of lists whose best stands on top
        return float((scores.argmax(1) == y.argmax(1)).mean())

    return Judged(x, quality)


def test_lists_by_hand():
    got = list_rankers.lists_of(
        np.array([7, 2, 7, 7, 3]),
        np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]),
        np.array([0.0, 0.5, 0.2, 0.1, 0.0]),
        np.array([1, 1, 5, 1, 9]),
        width=2,
    )
    # query 3 has no label; of query 7 the result shown most comes first,
    # then the first of the equals
    assert got.features[..., 0].tolist() == [[2, 0], [3, 1]]
    np.testing.assert_allclose(got.labels, [[0.5, 0], [0.2, 0]])
    assert got.shown.tolist() == [[1, 0], [5, 1]]


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(labels=np.array([0.1])), "alike in number"),
        (dict(labels=np.array([0.1, -1.0])), "labels must be at least 0"),
        (dict(labels=np.zeros(2)), "label above 0, got at most 0.0"),
        (dict(shown=np.array([1, 0])), "shown must be above 0"),
        (dict(width=0), "width must be at least 1"),
    ],
)
def test_lists_refuse(change, message):
    rows = dict(
        query=np.array([0, 0]),
        features=np.zeros((2, 1)),
        labels=np.array([0.0, 1.0]),
        shown=np.array([1, 1]),
        width=2,
    )
    with pytest.raises(ValueError, match=message):
        list_rankers.lists_of(**{**rows, **change})


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("loss", [square, listwise])
def test_recovers_the_order(learner, loss):
    check = judged()
    ranker = LEARNERS[learner](made(), loss, check)
    assert check.quality(ranker(check.features)) == ranker.best > 0.7
    assert ranker.best == max(ranker.curve)
    one = ranker(check.features[0])
    np.testing.assert_allclose(one, ranker(check.features)[0], atol=1e-6)


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_same_twice(learner):
    x = judged().features
    first, again = (
        LEARNERS[learner](made(), listwise, judged()) for _ in range(2)
    )
    np.testing.assert_array_equal(first(x), again(x))


@pytest.mark.parametrize("learner", LEARNERS)
def test_padding_changes_nothing(learner):
    short = made(lists=60, width=5)
    long = Lists(
        *(
            np.concatenate([part, np.full_like(part[:, :2], fill)], axis=1)
            for part, fill in zip(short, (99.0, 0.0, 0.0), strict=True)
        )
    )
    x = judged().features
    got, padded = (
        LEARNERS[learner](lists, listwise, judged())(x)
        for lists in (short, long)
    )  # a constant changes no softmax, and so is not determined
    np.testing.assert_allclose(
        got - got.mean(), padded - padded.mean(), atol=1e-3
    )


def test_trees_take_the_newton_step():
    """One tree of two leaves on squared loss: shrunken means of the sides."""
    x = np.linspace(-1, 1, 40).reshape(1, 40, 1)
    y = np.where(x[..., 0] > 0, 1.0, 0.0)
    check = Judged(x, lambda scores: float(scores.std()))
    ranker = list_rankers.fit_trees(
        Lists(x, y, np.ones((1, 40))), square, check,
        leaves=2, least_rows=5, learning_rate=1.0, rounds=1,
    )  # fmt: skip
    right = 20 / (20 + 5)  # sum of labels, over curvature and lambda_l2
    np.testing.assert_allclose(ranker(x)[0, [0, -1]], [0, right], atol=1e-5)


def test_a_constant_feature_is_no_harm():
    x, y, n = made()
    x[..., 1] = 3.0
    check = judged()
    check.features[..., 1] = 3.0
    ranker = LEARNERS["network"](Lists(x, y, n), listwise, check)
    assert np.isfinite(ranker(check.features)).all()


def test_network_refuses():
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        LEARNERS["network"](made(), square, judged(), epochs=0)


def test_trees_refuse():
    with pytest.raises(ValueError, match="need 100, got 10"):
        list_rankers.fit_trees(made(lists=2, width=5), square, judged())


def test_lambdas_against_lightgbm():
    """A second opinion: LightGBM's own lambdarank on the same lists."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 20, 4))
    hidden = x[..., 0] + x[..., 1] ** 2 + 0.5 * rng.normal(size=(300, 20))
    grade = np.digitize(hidden, [0.5, 1.5, 2.5, 3.5])
    gains, fit, new = 2.0**grade - 1, slice(200), slice(200, 300)

    def ndcg(scores):
        order = ranking.rank_by_score(scores)
        got = np.take_along_axis(gains[new], order, axis=1)
        return float(np.nanmean(ranking.ndcg_at_k(got, gains[new], k=10)))

    ours = list_rankers.fit_trees(
        Lists(x[fit], gains[fit], np.full(x[fit].shape[:2], 1e6)),
        list_losses.lambdas,
        Judged(x[new], ndcg),
    )
    theirs = lgb.LGBMRanker(
        n_estimators=100, num_leaves=8, min_child_samples=50, n_jobs=1,
        verbose=-1, random_state=0,
    ).fit(
        x[fit].reshape(-1, 4), grade[fit].ravel(), group=np.full(200, 20)
    )  # fmt: skip
    other = ndcg(theirs.predict(x[new].reshape(-1, 4)).reshape(100, 20))
    assert ndcg(x[new][..., 0]) < other - 0.1
    assert ours.best == pytest.approx(other, abs=0.02)


def test_members_are_averaged():
    """More networks: the mean of their scores is kept where it is best."""
    check = judged()
    alone, three = (
        LEARNERS["network"](made(), square, check, members=m, epochs=1)
        for m in (1, 3)
    )
    x = check.features
    assert three(x).shape == alone(x).shape
    assert check.quality(three(x)) == three.best
    assert np.ptp(alone(x) - three(x)) > 0.01
    with pytest.raises(ValueError, match="members must be at least 1, got 0"):
        LEARNERS["network"](made(), square, check, members=0)


def test_members_see_the_same_lists():
    """A loss is asked about the lists of all networks at once."""
    x, y, n = made(lists=8)
    heard = []

    def listening(scores, labels, shown):
        heard.append(len(scores))
        return square(scores, labels, shown)

    check = judged()
    LEARNERS["network"](Lists(x, y, n), listening, check, members=3, epochs=1)
    assert heard == [24]  # three networks see the eight lists
