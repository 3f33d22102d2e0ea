"""Cases of utils.recommender.watches."""

import numpy as np

from tests.driven import case
from utils.recommender import watches

TABLE = "reads tables of a world; their columns go to the driven functions"

EXEMPT = {
    "recommender.watches.with_days": TABLE,
    "recommender.watches.typical_of": TABLE,
    "recommender.watches.with_good_watches": TABLE,
}


def rows(rng):
    return {
        "seconds": rng.uniform(5, 500, 30),
        "share": rng.uniform(0, 1, 30),
        "started": rng.random(30) < 0.6,
    }


def medians(got, given):
    assert got.edges.shape == (given["groups"] - 1,)
    assert got.share.shape == (given["groups"],)
    assert np.isfinite(got.edges).all() and (np.diff(got.edges) >= 0).all()
    known = got.share[~np.isnan(got.share)]
    seen = np.asarray(given["share"])[given["started"]]
    assert (
        np.isin(known, seen).all()
        or ((known >= seen.min()) & (known <= seen.max())).all()
    )


case(
    watches.typical_watch,
    lambda rng: rows(rng) | {"groups": int(rng.integers(1, 6))},
    medians,
)


def started_only(got, given):
    assert got.dtype == bool and got.shape == given["started"].shape
    assert not (got & ~given["started"]).any()


case(
    watches.good_watch,
    lambda rng: {"typical": watches.typical_watch(**rows(rng))} | rows(rng),
    started_only,
    keep="typical",
)
