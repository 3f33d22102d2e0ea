"""Recorded rows, and their bands and flips over seeds."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import evidence
from utils.evidence_file import Row, file_text, keys_text
from utils.experiments import sweeps


def recorded(made):
    return made._repr_mimebundle_()[evidence.MEDIA_TYPE]


# record


def test_one_row_by_hand():
    made = evidence.rows(
        "headline", arm="log-Q", bias=2.0, value=0.373, trained=True
    )
    assert recorded(made) == {
        "name": "headline",
        "trained": True,
        "rows": {"arm=log-Q; bias=2": 0.373},
    }


def test_a_sweep_in_one_call_by_hand():
    made = evidence.rows(
        "headline", arm="plain", bias=[0.5, 2.0], value=np.array([0.1, 0.2]),
        trained=False,
    )  # fmt: skip
    assert made.values == {
        "arm=plain; bias=0.5": 0.1,
        "arm=plain; bias=2": 0.2,
    }


def test_the_index_of_a_series_holds_keys():
    table = pd.DataFrame(
        {"plain": [0.1, 0.2], "weighted": [0.3, 0.4]},
        index=pd.Index([500, 2000], name="size"),
    )
    made = evidence.rows(
        "means",
        value=table.rename_axis(columns="labels").stack(),
        trained=True,
        learner="trees",
    )
    assert made.values == {
        "labels=plain; learner=trees; size=500": 0.1,
        "labels=weighted; learner=trees; size=500": 0.3,
        "labels=plain; learner=trees; size=2000": 0.2,
        "labels=weighted; learner=trees; size=2000": 0.4,
    }


def test_the_stored_line_holds_no_value():
    one = evidence.rows("auc", value=0.5, trained=True)
    two = evidence.rows("auc", value=[1.0, 2.0], at=[1, 2], trained=True)
    assert str(one) == "recorded 'auc': 1 row"
    assert two._repr_mimebundle_()["text/plain"] == "recorded 'auc': 2 rows"


def test_undefined_and_unbounded_values_are_plain_json():
    made = evidence.rows(
        "needed", value=[math.nan, math.inf], at=[1, 2], trained=False
    )
    rows = json.loads(json.dumps(recorded(made), allow_nan=False))["rows"]
    assert rows == {"at=1": "nan", "at=2": "inf"}


def test_record_shows_the_rows(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    evidence.record("auc", value=0.5, trained=True)
    assert [made.name for made in shown] == ["auc"]


def test_a_table_is_recorded_cell_by_cell():
    table = pd.DataFrame({"auc": [0.7, math.nan], "ndcg": [0.5, 0.6]},
                         index=["line", "trees"])  # fmt: skip
    made = evidence.rows("rungs", value=table, trained=True).values
    assert [*made] == [
        "column=auc; row=line", "column=ndcg; row=line",
        "column=auc; row=trees", "column=ndcg; row=trees",
    ]  # fmt: skip
    assert math.isnan(made["column=auc; row=trees"])
    named = table.rename_axis(index="ranker", columns="metric")
    made = evidence.rows("rungs", value=named, trained=True).values
    assert made["metric=ndcg; ranker=trees"] == 0.6


@pytest.mark.parametrize(
    "given, words",
    [
        (
            {"value": [1, 2], "at": [1, 1]},
            "keys must differ, got 'at=1' twice",
        ),
        ({"value": [1, 2], "at": [1, 1.0]}, "keys must differ, got 'at=1'"),
        ({"value": [1, 2]}, "keys must differ, got '' twice"),
        ({"value": [1, 2], "at": [1, 2, 3]}, r"one length, got \[\(2,\), \(3"),
        ({"value": []}, r"\(n,\) of them, got \(0,\)"),
        ({"value": [[1.0]]}, r"\(n,\) of them, got \(1, 1\)"),
        ({"value": 1, "at": math.nan}, "'at' must be finite, got nan"),
        ({"value": 1, "seed": 3}, "must not be one of .* got seed"),
        ({"value": pd.Series([1.0])}, "name of the index .* got None"),
    ],
)
def test_record_refuses(given, words):
    with pytest.raises(ValueError, match=words):
        evidence.rows("headline", trained=True, **given)


def test_record_refuses_a_name():
    with pytest.raises(ValueError, match="a name must"):
        evidence.rows("", value=1, trained=True)


# read


def row(seed, value, name="gain", **keys):
    text = keys_text(keys)
    return Row("row", name, text, seed, True, value, math.nan, None)


@pytest.fixture
def folder(tmp_path):
    """Two arms at two sizes under the default seed and three others."""
    values = {7: 9.0, 1: 0.1, 2: 0.2, 3: -0.3}
    lines = [
        row(seed, value * size, size=size, arm=arm)
        for seed, value in values.items()
        for size in (1, 10)
        for arm in ("a", "b")
    ]
    lines.append(row(1, 5.0, name="other"))
    lines.append(Row("claim", "gain", "order=1", 1, True, 0.1, 0.1, True))
    text = file_text({"commit": "ab"}, lines)
    (tmp_path / "tea.csv").write_text(text, "utf-8")
    return tmp_path


def test_read_by_hand(folder):
    seen = evidence.read("tea", folder=folder)
    assert seen.worlds == 3
    table = seen.table("gain", arm="a")
    assert {*table.columns} == {"arm", "size", "seed", "value"}
    assert sorted(table.value) == [-3.0, -0.3, 0.1, 0.2, 1.0, 2.0]
    assert len(seen.table("gain")) == 12
    assert len(seen.table("gain", arm="a", size=10.0)) == 3


def test_neither_the_default_nor_the_own_seed_is_another(folder):
    seen = evidence.read("tea", seed=2, folder=folder)
    assert sorted(set(seen.table("gain").seed)) == [1, 3]
    assert seen.worlds == 2


def test_without_evidence_there_is_nothing(tmp_path):
    seen = evidence.read("tea", folder=tmp_path)
    assert seen.worlds == 0
    table = seen.table("gain", arm="a")
    assert len(table) == 0
    band = evidence.band(table, along="size")
    assert len(band) == 0
    assert [*band.columns] == ["low", "middle", "high"]
    assert len(band.index.to_numpy(float)) == 0
    told = evidence.flips(table, along="size", log=True)
    assert told.words() == "other worlds: not run yet"


def test_a_key_that_nothing_has_gives_nothing(folder):
    seen = evidence.read("tea", folder=folder)
    assert len(seen.table("gain", arm="c")) == 0
    assert len(seen.table("gone")) == 0


# band


def worlds(values, size=1):
    """One value a seed, at one point."""
    return pd.DataFrame(
        {"size": size, "seed": np.arange(len(values)), "value": values}
    )


def test_band_by_hand():
    table = pd.concat(
        [worlds(np.arange(11.0), 2), worlds(np.arange(11.0) ** 2, 1)]
    )
    band = evidence.band(table, along="size")
    assert [*band.index] == [1, 2]
    assert band.loc[2].tolist() == [1.0, 5.0, 9.0]  # of 0 … 10
    assert band.loc[1].tolist() == [1.0, 25.0, 81.0]


def test_band_leaves_out_what_is_undefined():
    table = pd.concat(
        [worlds([1.0, np.nan, 2.0, 3.0]), worlds([np.nan] * 4, 2)]
    )
    band = evidence.band(table, along="size")
    assert band.loc[1].tolist() == [1.0, 2.0, 3.0]
    assert [*band.index] == [1]
    high = evidence.band(worlds([1.0, 2.0, np.inf]), along="size")
    assert high.loc[1].tolist() == [1.0, 2.0, np.inf]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25))
def test_band_lies_within_the_worlds(values):
    low, middle, high = evidence.band(worlds(values), along="size").loc[1]
    assert min(values) <= low <= middle <= high <= max(values)
    assert {low, middle, high} <= set(values)
    inside = np.mean([low <= value <= high for value in values])
    assert inside >= 0.8 - 1 / len(values)


def test_band_refuses_a_second_row_and_a_wrong_key(folder):
    table = evidence.read("tea", folder=folder).table("gain")
    with pytest.raises(ValueError, match="one row at each size; fix the"):
        evidence.band(table, along="size")
    with pytest.raises(ValueError, match="a key of the table, got 'speed'"):
        evidence.band(table, along="speed")


# flips


def sweep(*lines, sizes=(1, 10, 100)):
    return pd.DataFrame(
        [
            {"size": size, "seed": seed, "value": value}
            for seed, line in enumerate(lines)
            for size, value in zip(sizes, line, strict=True)
        ]
    )


def test_flips_by_hand():
    table = sweep((-1, 1, 1), (-1, -1, 1), (1, 1, 1))
    found = evidence.flips(table, along="size")
    assert found.at[:2].tolist() == [5.5, 55.0]
    assert np.isnan(found.at[2])
    assert found.without == 1
    assert found.interval == (5.5, 55.0)
    assert found.words(".1f") == (
        "other worlds: 5.5 to 55.0, no flip in 1 of 3"
    )


def test_flips_over_the_logarithm_by_hand():
    found = evidence.flips(sweep((-1, 1, 1)), along="size", log=True)
    assert found.at == pytest.approx([10**0.5])


def test_falling_flips_leave_out_a_rise():
    table = sweep((-1, 1, -1), (1, 1, -1), (-1, -1, 1))
    found = evidence.flips(table, along="size", falling=True)
    assert found.at[:2].tolist() == [55.0, 55.0]
    assert np.isnan(found.at[2])


def test_no_flip_found_is_an_answer():
    found = evidence.flips(sweep((1, 1, 1), (2, 1, 3)), along="size")
    assert found.words() == "other worlds: no flip found in 2"
    assert np.isnan(found.interval).all()


def test_flips_leave_out_what_is_not_finite():
    found = evidence.flips(
        sweep((-1, np.nan, 1), (np.inf, -1, 1), (np.nan, np.nan, 1)),
        along="size",
    )
    assert found.at[:2].tolist() == [50.5, 55.0]
    assert np.isnan(found.at[2])


@given(
    st.lists(st.lists(st.floats(-9, 9), min_size=3, max_size=3), min_size=1)
)
def test_each_world_is_a_sweep_of_its_own(lines):
    found = evidence.flips(sweep(*lines), along="size")
    alone = [sweeps.crossing(np.array([1, 10, 100]), line) for line in lines]
    assert found.at.tolist() == pytest.approx(alone, nan_ok=True)


def test_interval_is_four_fifths_by_hand():
    found = evidence.Flips(np.array([*range(11), np.nan]))
    assert found.interval == (1.0, 9.0)


def test_flips_refuse_a_logarithm_of_zero():
    table = sweep((-1, 1, 1), sizes=(0, 1, 2))
    with pytest.raises(ValueError, match=r"size must be positive, got \[0"):
        evidence.flips(table, along="size", log=True)
