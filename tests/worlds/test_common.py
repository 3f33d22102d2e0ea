from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from utils import data
from utils.worlds.common import (
    World,
    check_joined,
    check_knobs,
    check_slates,
    joined,
)


@dataclass(frozen=True)
class Knobs:
    size: int = 3
    shift: float = 0.0
    late_share: float = 0.5

    def __post_init__(self):
        check_knobs(self, negative=("shift",), at_least={"size": 2})


@pytest.mark.parametrize(
    "knobs, words",
    [
        ({"size": -1}, "size must be finite and at least 0, got -1"),
        ({"size": 1}, "size must be at least 2, got 1"),
        ({"shift": np.inf}, "shift must be finite, got inf"),
        ({"late_share": np.nan}, "late_share must be finite and at least 0"),
        ({"late_share": 1.1}, "late_share is a share, got 1.1"),
    ],
)
def test_knobs_that_no_world_has_are_named(knobs, words):
    with pytest.raises(ValueError, match=words):
        Knobs(**knobs)
    Knobs(size=2, shift=-7.0, late_share=1.0)


class Dots(World):
    def log(self, *, rng):
        return self._strand(1).normal(size=self.config.size) + rng.normal()


def test_a_changed_world_keeps_the_draws_that_the_knob_leaves_alone():
    world = Dots(Knobs(), rng=np.random.default_rng(7))
    same = Dots(Knobs(), rng=np.random.default_rng(7))
    more = world.changed(size=5)

    def log(world):
        return world.log(rng=np.random.default_rng(0))

    assert type(more) is Dots and (more.config.size, world.config.size) == (
        5,
        3,
    )
    np.testing.assert_array_equal(log(world), log(same))
    np.testing.assert_array_equal(log(world), log(more)[:3])
    other = Dots(Knobs(), rng=np.random.default_rng(8))
    assert not np.array_equal(log(world), log(other))
    with pytest.raises(ValueError, match="at least 2, got 1"):
        world.changed(size=1)


@pytest.mark.parametrize(
    "shown, words",
    [
        ([0, 1, 2], r"must be \(2, slots\), got shape \(3,\)"),
        ([[0], [1], [2]], r"must be \(2, slots\), got shape \(3, 1\)"),
        ([[0, 1, 2, 3], [4, 5, 6, 7]], "at most 3 slots, got 4"),
        ([[0, 1], [5, 5]], "request 1: a slate shows an id once, got 5 again"),
    ],
)
def test_check_slates_refuses(shown, words):
    with pytest.raises(ValueError, match=words):
        check_slates(np.array(shown), requests=2, slots=3)


def test_check_slates_lets_empty_slots_be():
    shown = np.array([[-1, -1, 3], [2, 1, -1]])
    check_slates(shown, requests=2, slots=3, empty=-1)
    with pytest.raises(ValueError, match="got -1 again"):
        check_slates(shown, requests=2, slots=3)


# --- rows and the fields of their own world ----------------------------------


class Tables(NamedTuple):
    users: pd.DataFrame
    ads: pd.DataFrame
    log: pd.DataFrame


def tables_of(rng):
    """A world of ids, and fields that another world has otherwise."""
    return Tables(
        pd.DataFrame({"user": np.arange(6), "age": rng.integers(20, 60, 6)}),
        pd.DataFrame(
            {
                "ad": np.arange(4)[::-1],
                "format": rng.integers(0, 9, 4),
                "age": rng.integers(1, 9, 4),
            }
        ),
        pd.DataFrame(
            {"user": rng.integers(0, 6, 40), "ad": rng.integers(0, 4, 40)},
            index=np.arange(100, 140),
        ),
    )


def test_joined_by_hand():
    tables = Tables(
        pd.DataFrame({"user": [7, 3], "age": [30, 40]}),
        pd.DataFrame({"ad": [0, 1], "format": ["a", "b"], "age": [1, None]}),
        pd.DataFrame({"ad": [1, 0], "user": [3, 3]}, index=[9, 8]),
    )
    got = joined(tables)
    assert got.index.tolist() == [9, 8]
    assert got.columns.tolist() == [
        "ad",
        "user",
        "age_user",
        "format",
        "age_ad",
    ]
    assert got.age_user.tolist() == [40, 40]
    assert got.format.tolist() == ["b", "a"]
    check_joined(got, tables)
    assert tables.log.columns.tolist() == ["ad", "user"]


def test_joined_agrees_with_pandas():
    tables = tables_of(np.random.default_rng(0))
    got = joined(tables).reset_index(drop=True)
    merged = tables.log.merge(
        tables.users, on="user", how="left", validate="many_to_one"
    ).merge(
        tables.ads,
        on="ad",
        how="left",
        validate="many_to_one",
        suffixes=("_user", "_ad"),
    )
    pd.testing.assert_frame_equal(got[sorted(got)], merged[sorted(got)])


def test_fields_of_another_world_are_found():
    """A sweep that keeps the fields of the first world for all others."""
    here, there = (tables_of(np.random.default_rng(s)) for s in (1, 2))
    check_joined(joined(here), here)
    mixed = joined(Tables(here.users, there.ads, here.log))
    with pytest.raises(
        ValueError, match=r"row 100: ad \d has format = \d, in this world \d"
    ):
        check_joined(mixed, here)
    some = mixed[["user", "ad", "age_user"]]  # the fields that are right
    check_joined(some, here)
    check_joined(some[["user"]], here)
    with pytest.raises(ValueError, match=r"user \d has age_user = \d+, in"):
        check_joined(joined(there)[["user", "age_user"]], here)


@pytest.mark.parametrize(
    "name", ["ad_click_prediction", "search_ranking", "video_recommendation"]
)
def test_the_shipped_tables_join(name):
    tables = data.load(name)
    rows = joined(tables)
    assert len(rows) == len(tables[-1])
    fields = sum(table.shape[1] - 1 for table in tables[:-1])
    assert rows.shape[1] == tables[-1].shape[1] + fields
    check_joined(rows.iloc[::997], tables)
    fresh = data.load(name, seed=8)
    with pytest.raises(ValueError, match=r"of another world|no .* in its"):
        check_joined(rows.iloc[::997], fresh)


def test_joined_refuses():
    tables = tables_of(np.random.default_rng(0))
    twice = tables._replace(ads=pd.concat([tables.ads, tables.ads[:1]]))
    with pytest.raises(ValueError, match=r"ad must be unique .*got 3 twice"):
        joined(twice)
    with pytest.raises(ValueError, match=r"row 1\d\d: no ad \d in its table"):
        joined(tables._replace(ads=tables.ads[:2]))
    with pytest.raises(ValueError, match="has a field 'format' of its"):
        joined(tables._replace(log=tables.log.assign(format=1)))
    with pytest.raises(ValueError, match="rows must have ad, got"):
        joined(tables._replace(log=tables.log[["user"]]))
