"""Cases of utils.recommender.rows."""

import numpy as np

from tests.driven import case
from utils.recommender import rows

TABLE = "reads tables of a world, of which it checks only lengths and users"
STUDY = "reads a Study or its Items, whose arrays it takes as they are"

EXEMPT = {
    "recommender.rows.items_of": TABLE,
    "recommender.rows.study_of": TABLE,
    "recommender.rows.Study": STUDY,
    "recommender.rows.ranker_rows": STUDY,
    "recommender.rows.rows_of": STUDY,
    "recommender.rows.chance_of": STUDY,
    "recommender.rows.unseen": STUDY,
    "recommender.rows.hits": STUDY,
}


def sized(got, given):
    n = given["n"]
    sizes = [int((got == g).sum()) for g in ("learn", "tune", "judge")]
    assert sizes[:2] == [6 * n // 10, n // 10] and sum(sizes) == n


case(
    rows.groups_of,
    lambda rng: {"n": int(rng.integers(10, 40)), "rng": rng},
    sized,
)  # fmt: skip


def tastes(got, given):
    n, columns = given["sums"].shape
    n_topics = (columns - rows.CONTENT_SIZE - 1) // 3
    assert got.shape == (n, rows.CONTENT_SIZE + 4 * n_topics + 1)
    assert got.dtype == np.float32 and np.isfinite(got).all()


def sums(rng):
    """Counts of 2 topics, below sums of content."""
    counts = rng.integers(0, 5, (3, 3 * 2 + 1))
    return np.hstack([rng.normal(size=(3, rows.CONTENT_SIZE)), counts])


case(rows.taste, lambda rng: {"sums": sums(rng)}, tastes)


def candidates(rng):
    sets = rng.integers(0, 30, (2, 60))
    return {"sets": sets, "chance": sets * 7 % 31 / 31}


def kept(got, given):
    sets, chance = given["sets"], given["chance"]
    assert got.shape == sets.shape
    for row, videos, before in zip(got, sets, chance, strict=True):
        first = np.zeros(len(videos), bool)
        first[np.unique(videos, return_index=True)[1]] = True
        np.testing.assert_array_equal(row[first], before[first])
        assert (row[~first] == -np.inf).all()


case(rows.without_repeats, candidates, kept, inf="chance")


def ten(got, given):
    assert got.shape == (len(given["sets"]), 10)
    for row, videos, chance in zip(got, *given.values(), strict=True):
        assert np.isin(row, videos).all()
        possible = len(np.unique(videos[chance > -np.inf]))
        assert len(np.unique(row)) >= min(10, possible)


case(rows.top_ten, candidates, ten, inf="chance")
