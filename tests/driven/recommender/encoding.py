"""Cases of utils.recommender.encoding."""

import numpy as np
import pandas as pd

from tests.driven import case
from tests.driven.recommender import INSIDE, log_table
from utils.recommender import encoding

EXEMPT = {
    "recommender.encoding.kind": INSIDE,
    "recommender.encoding.padding": INSIDE,
}


def coherent(got, given):
    assert got.X.shape == got.age.shape == (len(got.users), len(got.items))
    assert (got.X.data > 0).all() and np.isfinite(got.X.data).all()
    assert ((got.age.data >= 1) & (got.age.data <= 2)).all()


case(
    encoding.encode,
    lambda rng: {"table": log_table(rng)},
    coherent,
    inf="table",  # an id may be called so
)


def folds(table, share, last, rng):
    log = encoding.encode(table)
    return encoding.inner_folds(log, share=share, last=last, rng=rng)


def hidden(got, given):
    for fold in got:
        assert np.diff(fold.held_out.indptr).min() >= 1
        assert not fold.rows.multiply(fold.held_out).nnz


case(
    folds,
    lambda rng: {
        "table": pd.DataFrame({
            "user": np.repeat(np.arange(60), 5),
            "item": np.concatenate([rng.permutation(9)[:5]
                                    for _ in range(60)]),
            "time": np.arange(300),
        }),
        "share": 0.3, "last": bool(rng.integers(2)), "rng": rng,
    },
    hidden,
    covers=(encoding.inner_folds,),
    keep="table",
)  # fmt: skip
