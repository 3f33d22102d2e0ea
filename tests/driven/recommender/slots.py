"""Cases of utils.recommender.slots."""

import numpy as np

from tests.driven import case
from utils.recommender import slots


def page(rng):
    return {
        "slates": rng.permuted(np.tile(np.arange(8), (3, 1)), axis=1)[:, :5],
        "sets": rng.integers(20, size=(3, 6)),
        "worth": rng.normal(size=(3, 6)),
        "slot": int(rng.integers(5)),
    }


def changed(got, given):
    assert got.shape == given["slates"].shape
    kept = got == given["slates"]
    some = (given["worth"] > 0).any(axis=1) if got.size else []
    assert kept[~np.asarray(some, bool)].all()


case(slots.with_best_in_slot, page, changed, inf="worth")
