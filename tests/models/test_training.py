from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch

from utils.models import training


def line_and_data(rng, n=200):
    with training.seeded(rng):
        model = torch.nn.Linear(2, 1)
        x = torch.randn(n, 2)
        y = x @ torch.tensor([[2.0], [-1.0]]) + 0.5 + 0.1 * torch.randn(n, 1)
    return model, x, y


def squared(model):
    return lambda x, y: ((model(x) - y) ** 2).mean()


def fitted(seed=0, **options):
    rng = np.random.default_rng(seed)
    model, x, y = line_and_data(rng)
    settings = {"epochs": 40, "batch_size": 32, "learning_rate": 0.05}
    curve = training.fit(
        model,
        squared(model),
        (x[:150], y[:150]),
        (x[150:], y[150:]),
        settings=training.Settings(**settings | options),
        rng=rng,
    )
    return model, curve


def test_one_step_by_hand():
    # Adam's first step has the size lr whatever the gradient's size.
    weight = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(weight.weight, 1.0)
    curve = training.fit(
        weight,
        lambda x: (weight(x) ** 2).mean(),
        (torch.full((4, 1), 3.0),),
        (),
        settings=training.Settings(epochs=1, batch_size=4, learning_rate=0.1),
        rng=np.random.default_rng(0),
    )
    assert weight.weight.item() == pytest.approx(1.0 - 0.1, abs=1e-5)
    assert curve[0]["train_loss"] == pytest.approx((1.0 * 3.0) ** 2)
    assert np.isnan(curve[0]["held_out_loss"])


def test_recovers_a_line():
    model, curve = fitted()
    assert model.weight.detach().numpy() == pytest.approx(
        np.array([[2.0, -1.0]]), abs=0.05
    )
    assert curve[-1]["train_loss"] < curve[0]["train_loss"] / 10


def test_best_weights_come_back():
    # A step size that jumps about: the last epoch is not the best one.
    model, curve = fitted(learning_rate=1.5, epochs=25, patience=25)
    losses = [record["held_out_loss"] for record in curve]
    assert min(losses) < losses[-1]
    rng = np.random.default_rng(0)
    _, x, y = line_and_data(rng)
    again = training._mean_loss(model, squared(model), (x[150:], y[150:]), 32)
    assert again == pytest.approx(min(losses), rel=1e-6)


def test_stops_after_patience():
    _, curve = fitted(learning_rate=1.5, epochs=200, patience=2)
    losses = [record["held_out_loss"] for record in curve]
    assert len(curve) < 200
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


def test_same_rng_same_weights_and_global_state_untouched():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, _ = fitted(seed=3)
    assert torch.rand(1) == expected
    second, _ = fitted(seed=3)
    other, _ = fitted(seed=4)
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight, other.weight)


def test_a_record_for_each_epoch():
    _, curve = fitted(epochs=3)
    assert [record["epoch"] for record in curve] == [1, 2, 3]


def test_last_batch_weighs_by_its_rows():
    # 5 rows in batches of 4 and 1; a loss that is the batch's mean of x.
    weight = torch.nn.Linear(1, 1)
    values = torch.tensor([[1.0], [2.0], [3.0], [4.0], [10.0]])
    got = training._mean_loss(weight, lambda x: x.mean(), (values,), 4)
    assert got == pytest.approx((1 + 2 + 3 + 4 + 10) / 5)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
        ({"learning_rate": np.nan}, "learning_rate must be above 0, got nan"),
        ({"learning_rate": np.inf}, "learning_rate must be above 0, got inf"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0, got -1.0"),
        ({"weight_decay": np.nan}, "weight_decay must be at least 0, got nan"),
    ],
)
def test_settings_refuse(options, words):
    with pytest.raises(ValueError, match=words):
        training.Settings(**options)
    with pytest.raises(ValueError, match=words):
        replace(training.Settings(), **options)


def test_settings_at_their_edges():
    least = {"epochs": 1, "batch_size": 1, "patience": 1, "weight_decay": 0.0}
    settings = training.Settings(**least)
    with pytest.raises(FrozenInstanceError):
        settings.epochs = 2


def test_refuses_unequal_or_no_rows_and_infinite_loss():
    model = torch.nn.Linear(1, 1)
    loss = squared(model)
    options = {
        "settings": training.Settings(epochs=1, batch_size=2),
        "rng": np.random.default_rng(0),
    }
    x = torch.ones(3, 1)
    with pytest.raises(ValueError, match=r"equal length, got \[2, 3\]"):
        training.fit(model, loss, (x, x[:2]), (), **options)
    with pytest.raises(ValueError, match="at least 1 row, got 0"):
        training.fit(model, loss, (x[:0], x[:0]), (), **options)
    with pytest.raises(ValueError, match="must stay finite, got"):
        training.fit(model, loss, (x, x * torch.inf), (), **options)
