from dataclasses import fields
from math import log

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from utils.models import dcn, training


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_odds(p):
    return np.log(p / (1 - p))


def products(rng, n=2000):
    """Label: do two of three features have the same sign?"""
    rows = rng.normal(size=(n, 3))
    return rows, rows[:, 0] * rows[:, 1] > 0


TRAINING = [field.name for field in fields(training.Settings)]


def fitted(seed=0, n=600, **options):
    rng = np.random.default_rng(seed)
    rows, labels = products(np.random.default_rng(9), n)
    given = {"rows": rows, "labels": labels, "epochs": 2, "batch_size": 64}
    given |= options
    settings = training.Settings(
        **{n: given.pop(n) for n in TRAINING if n in given}
    )
    return dcn.fit_dcn(
        given.pop("rows"),
        given.pop("labels"),
        rng=rng,
        settings=settings,
        **given,
    )


def test_cross_layer_by_hand():
    layer = dcn.CrossLayer(2)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        layer.linear.bias.copy_(torch.tensor([0.5, 3.0]))
    got = layer(torch.tensor([[2.0, 5.0]]), torch.tensor([[1.0, -1.0]]))
    expected = [
        2.0 * (1.0 * 1.0 + 2.0 * -1.0 + 0.5) + 1.0,
        5.0 * (0.0 * 1.0 - 1.0 * -1.0 + 3.0) - 1.0,
    ]
    assert got.tolist() == [expected]


def test_forward_by_hand():
    # One number, no deep part: two cross layers of weight 1 and bias 0
    # make x, x² + x, x (x² + x) + x² + x; the head adds that to x itself.
    net = dcn.DcnNet(
        1, [], embedding_dim=1, n_cross_layers=2, hidden=(), n_positions=3
    )
    with torch.no_grad():
        for weights in net.parameters():
            weights.fill_(1.0 if weights.ndim == 2 else 0.0)
        net.position_logit.weight[0] = 0.0
    x = 3.0
    cross = x * (x**2 + x) + x**2 + x
    numbers, none = torch.full((2, 1), x), torch.zeros(2, 0, dtype=int)
    assert net(numbers, none).tolist() == [cross + x] * 2
    in_slots = net(numbers, none, torch.tensor([1, 3])).tolist()
    assert in_slots == [cross + x, cross + x + dcn.POSITION_STEP]


@pytest.mark.parametrize("parts", [{"hidden": ()}, {"n_cross_layers": 0}])
def test_either_part_learns_a_product_a_linear_model_cannot(parts):
    rng = np.random.default_rng(1)
    rows, labels = products(rng, 4000)
    options = {"rows": rows[:3000], "labels": labels[:3000], "epochs": 20}
    right = {}
    for name, shape in {
        "parts": parts, "linear": {"hidden": (), "n_cross_layers": 0}
    }.items():  # fmt: skip
        chance = fitted(learning_rate=0.01, **options, **shape).predict(
            rows[3000:]
        )
        right[name] = ((chance > 0.5) == labels[3000:]).mean()
    assert right["parts"] > 0.93
    assert abs(right["linear"] - 0.5) < 0.06


def shown_by_an_old_policy(rng, n_pages=8000, slots=5):
    """Good rows stand high; slot r divides the odds of a click by r."""
    rows = rng.normal(size=(n_pages * slots, 2))
    appeal = rows[:, 0] + 0.5 * rows[:, 1] - 1
    noisy = (appeal + rng.normal(size=len(rows))).reshape(n_pages, slots)
    position = 1 + np.argsort(np.argsort(-noisy, axis=1), axis=1).ravel()
    clicked = rng.random(len(rows)) < sigmoid(appeal - np.log(position))
    return rows, clicked, position, appeal


def test_position_tower_takes_what_position_explains():
    rows, clicked, position, appeal = shown_by_an_old_policy(
        np.random.default_rng(2)
    )
    options = {"rows": rows, "labels": clicked, "epochs": 12}
    options |= {"batch_size": 512}
    tower = fitted(position=position, **options)
    expected = [-log(r) for r in range(1, 6)]
    assert tower.position_logits == pytest.approx(np.array(expected), abs=0.2)
    assert tower.position_logits[0] == 0
    # a second opinion: maximum likelihood with a column per slot
    columns = np.column_stack([rows, np.eye(5)[position - 1][:, 1:]])
    likeliest = LogisticRegression(C=1e6).fit(columns, clicked).coef_[0, 2:]
    assert tower.position_logits[1:] == pytest.approx(likeliest, abs=0.1)

    def error(model):  # of the log-odds in slot 1
        return np.abs(log_odds(model.predict(rows)) - appeal).mean()

    assert error(tower) < 0.16
    assert error(fitted(**options)) > 0.5


def test_categories_get_a_vector_and_unknown_ones_none():
    rng = np.random.default_rng(3)
    names = np.array([70, -2, 31, 8])
    chance = np.array([0.9, 0.1, 0.5, 0.8])
    which = rng.integers(4, size=4000)
    rows = np.column_stack([rng.normal(size=4000), names[which]])
    labels = rng.random(4000) < chance[which]
    model = fitted(rows=rows, labels=labels, categorical=[1], epochs=10)
    ask = np.column_stack([np.zeros(4), names])
    assert model.predict(ask) == pytest.approx(chance, abs=0.08)
    unknown = model.predict(np.array([[0.0, 12345], [0.0, 30.5]]))
    assert unknown[0] == unknown[1]
    assert model.values[1].tolist() == [-2, 8, 31, 70]


def test_soft_labels_and_weights():
    rows = np.zeros((400, 1))
    model = fitted(
        rows=rows, labels=np.full(400, 0.3), epochs=60, learning_rate=0.02
    )
    assert model.predict(rows[:1]) == pytest.approx([0.3], abs=0.01)
    # three votes of weight 1 for every one of weight 9: 9 / (9 + 3)
    labels = np.arange(400) % 4 == 0
    model = fitted(
        rows=rows, labels=labels, weights=1.0 + 8.0 * labels, epochs=60
    )
    assert model.predict(rows[:1]) == pytest.approx([9 / 12], abs=0.02)


def test_units_make_no_difference():
    rows, _ = products(np.random.default_rng(9), 600)
    plain = fitted().predict(rows)
    scaled = fitted(rows=1000 * rows - 7).predict(1000 * rows - 7)
    assert scaled == pytest.approx(plain, abs=1e-4)


def test_valid_decides_when_to_stop():
    rng = np.random.default_rng(4)
    rows, noise = rng.normal(size=(200, 10)), rng.random(200) < 0.5
    options = {
        "rows": rows[:100],
        "labels": noise[:100],
        "learning_rate": 0.03,
    }
    curve = fitted(
        valid=(rows[100:], noise[100:]), epochs=100, patience=2, **options
    ).curve
    losses = [record["held_out_loss"] for record in curve]
    assert len(losses) - 1 - int(np.argmin(losses)) == 2 < 100
    assert len(fitted(epochs=7, **options).curve) == 7


def test_edges():
    model = fitted()
    assert model.position_logits.tolist() == [0]
    none = model.predict(np.empty((0, 3)))
    assert none.shape == (0,) and none.dtype == np.float64
    extreme = model.predict(np.full((1, 3), 1e6))
    assert 0 <= extreme[0] <= 1


def test_batches_of_predictions_make_no_difference(monkeypatch):
    model, rows = fitted(), np.random.default_rng(5).normal(size=(50, 3))
    whole = model.predict(rows)
    monkeypatch.setattr(dcn, "PREDICTED_TOGETHER", 7)
    assert model.predict(rows) == pytest.approx(whole, abs=1e-6)


def test_same_rng_same_predictions():
    rows, _ = products(np.random.default_rng(9), 600)
    one, two, other = (fitted(s).predict(rows) for s in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


ONES = np.ones(600, dtype=int)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"rows": np.zeros(600)}, r"rows must be \(n, 600\), got \(600,\)"),
        ({"rows": np.zeros((600, 0))}, r"rows must be \(n, 0\)"),
        ({"rows": np.full((600, 3), np.nan)}, "rows must be finite"),
        ({"rows": np.zeros((0, 3)), "labels": []}, r"labels must be \(0,\)"),
        ({"labels": np.ones(5)}, r"labels must be \(600,\), n > 0: \(5,\)"),
        ({"labels": 1.5 * ONES}, r"labels must lie in \[0, 1\]"),
        ({"labels": np.nan * ONES}, r"labels must lie in \[0, 1\]"),
        ({"position": 0 * ONES}, "position must be integers from 1"),
        ({"position": 1.0 * ONES}, "position must be integers from 1"),
        ({"position": ONES[:5]}, r"position must be \(600,\)"),
        ({"weights": 0 * ONES}, "weights must be finite, at least 0 and not"),
        ({"weights": -1 * ONES}, "weights must be finite"),
        ({"categorical": [3]}, r"columns in 0..2, got \[3\]"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
        ({"n_cross_layers": -1}, "n_cross_layers must be at least 0, got -1"),
        ({"hidden": (8, 0)}, "hidden must be at least 1, got 0"),
        ({"valid": (np.zeros((2, 2)), [0, 1])}, r"rows must be \(n, 3\)"),
        (
            {"valid": (np.zeros((2, 3)), [0, 1]), "position": ONES},
            "valid needs a position where training has one",
        ),
        (
            {"valid": (np.zeros((2, 3)), [0, 1], [1, 2]), "position": ONES},
            "valid positions must be at most 1, as in training, got 2",
        ),
    ],
)
def test_refusals(options, words):
    with pytest.raises(ValueError, match=words):
        fitted(**options)


def test_predict_refuses():
    with pytest.raises(ValueError, match=r"rows must be \(n, 3\)"):
        fitted().predict(np.zeros((2, 4)))
