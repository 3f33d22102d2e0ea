"""Models: matrix factors, neighbours and networks."""

import numpy as np
import torch
from scipy import sparse

from tests.driven import case, finite, within
from utils.models import (
    als,
    dcn,
    ease,
    embeddings,
    item_knn,
    losses,
    sequence,
    training,
    two_tower,
)

NETWORK = "a network, built by its fit_... function, which checks"
EXEMPT = {
    "models.ease.inverse_gram": "a building block of fit_ease, which checks",
    "models.dcn.CrossLayer": NETWORK,
    "models.dcn.DcnNet": NETWORK,
    "models.sequence.TransformerBlock": NETWORK,
    "models.sequence.SequenceNet": NETWORK,
    "models.sequence.training_windows": "a building block of fit_sequence",
    "models.sequence.recent_histories": "a building block of fit_sequence",
    "models.sequence.encode_histories": "a building block of fit_sequence",
    "models.embeddings.Tower": NETWORK,
    "models.two_tower.TwoTower": NETWORK,
    "models.losses.in_batch_softmax_loss": "the loss of the networks",
    "models.training.seeded": "takes a generator of random numbers alone",
}


def matrix(rng, /, **more):
    cells = rng.integers(0, 3, (5, 4)).astype(float)
    cells[0, 0] = 1.0
    return {"interactions": sparse.csr_matrix(cells), **more}


def factors(got, given):
    finite(got, given)
    n_users, n_items = given["interactions"].shape
    assert (len(got[0]), len(got[1])) == (n_users, n_items)


case(
    als.fit_als,
    lambda rng: matrix(
        rng, factors=2, l2=1.0, alpha=2.0, iterations=2, rng=rng
    ),
    factors,
)  # fmt: skip
case(
    als.fold_in,
    lambda rng: {
        "rows": matrix(rng)["interactions"], "l2": 1.0, "alpha": 2.0,
        "item_factors": rng.normal(size=(4, 2)),
    },
    finite,
)  # fmt: skip
case(
    ease.fit_ease,
    lambda rng: matrix(rng, l2=2.0),
    lambda got, given: finite([got, np.diag(got)], given),
)


def neighbours(got, given):
    finite(got, given)
    assert got.shape == 2 * (given["interactions"].shape[1],)
    assert (got.data >= 0).all() and not got.diagonal().any()


case(
    item_knn.fit_item_knn,
    lambda rng: matrix(rng, neighbours=2, shrink=1.0, power=0.5),
    neighbours,
)
case(item_knn.bm25, lambda rng: matrix(rng, k1=1.2, b=0.5), finite)


case(
    losses.log_sampling_probability,
    lambda rng: {"items": rng.integers(0, 4, 6), "n_items": 4},
    within(-np.finfo(float).max, 0, nan=False),
)
case(
    losses.checked_log_q,
    lambda rng: {
        "log_q": np.log(rng.dirichlet(np.ones(4))),
        "items": np.arange(4), "n_items": 4,
    },
    finite,
    keep="items",  # checked before, as pairs
)  # fmt: skip
case(
    embeddings.checked_pairs,
    lambda rng: {
        "pairs": rng.integers(0, 4, (6, 2)), "n_users": 4, "n_items": 4,
    },
    within(0, 3, nan=False),
)  # fmt: skip
case(
    embeddings.checked_features,
    lambda rng: {
        "side": "item", "table": rng.normal(size=(4, 2)), "n_rows": 4,
    },
    finite,
    keep="side",
)  # fmt: skip
SETTINGS = {
    "epochs": 1, "batch_size": 4, "learning_rate": 0.01,
    "weight_decay": 0.1, "patience": 1,
}  # fmt: skip


def with_settings(function):
    """The function, its settings given one by one."""

    def called(**given):
        named = {name: given.pop(name) for name in SETTINGS if name in given}
        return function(**given, settings=training.Settings(**named))

    return called


def vectors(got, given):
    finite([got.user_vectors, got.item_vectors], given)
    assert len(got.user_vectors) == given["n_users"]
    assert len(got.item_vectors) == given["n_items"]


case(
    with_settings(two_tower.fit_two_tower),
    lambda rng: {
        "pairs": np.column_stack([rng.integers(0, 3, 8),
                                  rng.integers(0, 4, 8)]),
        "n_users": 3, "n_items": 4, "rng": rng, "dim": 2, "hidden": 3,
        "item_features": rng.normal(size=(4, 2)), "temperature": 0.2,
        "log_q": np.log(rng.dirichlet(np.ones(4))), "held_out_share": 0.2,
        **SETTINGS,
    },
    vectors,
    covers=(two_tower.fit_two_tower,),
    inf="temperature",
)  # fmt: skip
case(
    with_settings(sequence.fit_sequence),
    lambda rng: {
        "user": rng.integers(0, 3, 8), "item": rng.integers(0, 4, 8),
        "time": np.arange(8), "n_users": 3, "n_items": 4, "rng": rng,
        "item_features": rng.normal(size=(4, 2)), "temperature": 0.2,
        "max_length": 3, "dim": 2, "hidden": 3, "n_blocks": 1, "dropout": 0.1,
        "held_out_share": 0.2, **SETTINGS,
    },
    vectors,
    covers=(sequence.fit_sequence,),
    inf="temperature",
)  # fmt: skip


def predicted(asked, **given):
    return with_settings(dcn.fit_dcn)(**given).predict(asked)


case(
    predicted,
    lambda rng: {
        "rows": np.column_stack([rng.normal(size=8), np.arange(8) % 3]),
        "labels": rng.integers(0, 2, 8), "rng": rng,
        "position": rng.integers(1, 4, 8), "weights": rng.random(8) + 0.1,
        "categorical": (1,), "embedding_dim": 2, "n_cross_layers": 1,
        "hidden": (3,), "asked": rng.normal(size=(4, 2)), **SETTINGS,
    },
    within(0, 1, nan=False),
    covers=(dcn.fit_dcn, dcn.Dcn),
)  # fmt: skip


def trained(x, held_out, rng, **settings):
    line = torch.nn.Linear(1, 1)
    return training.fit(
        line,
        lambda x: ((line(x) - x) ** 2).mean(),
        [torch.from_numpy(np.ascontiguousarray(x))],
        [torch.from_numpy(np.ascontiguousarray(held_out))],
        rng=rng,
        settings=training.Settings(**settings),
    )


case(
    trained,
    lambda rng: {
        "x": rng.normal(size=(8, 1)).astype(np.float32),
        "held_out": rng.normal(size=(3, 1)).astype(np.float32),
        "rng": rng, **SETTINGS,
    },
    lambda got, given: finite([one["train_loss"] for one in got], given),
    covers=(training.fit,), keep="x held_out",
)  # fmt: skip
