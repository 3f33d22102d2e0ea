import json
import re

import pandas as pd
import pytest

from utils import files
from utils.data import tables

CASES = sorted(tables.CASES)


def same_content(shipped: pd.DataFrame, made: pd.DataFrame) -> None:
    """Exact for integers, text and times; to 1e-6 for floats."""
    pd.testing.assert_frame_equal(
        shipped, made.reset_index(drop=True), rtol=1e-6, atol=1e-6
    )
    exact = shipped.select_dtypes(exclude="floating").columns
    pd.testing.assert_frame_equal(
        shipped[exact], made[exact].reset_index(drop=True), check_exact=True
    )


@pytest.mark.parametrize("name", CASES)
def test_shipped_tables_are_what_the_world_writes(name):
    seed = tables.read_manifest()[name]["seed"]
    shipped, made = tables.load(name), tables.generate(name, seed=seed)
    for table in shipped._fields:
        same_content(getattr(shipped, table), getattr(made, table))


@pytest.mark.parametrize("name", CASES)
def test_manifest_says_what_the_files_hold(name):
    for file, entry in tables.read_manifest()[name]["files"].items():
        frame = pd.read_parquet(tables.DATA / name / file)
        assert len(frame) == entry["rows"]
        assert {c: str(t) for c, t in frame.dtypes.items()} == entry["schema"]
        assert entry["licence"]


def test_every_file_is_in_the_manifest_and_a_case_stays_below_its_budget():
    manifest = tables.read_manifest()
    listed = {f"{n}/{f}" for n, e in manifest.items() for f in e["files"]}
    found = {
        str(path.relative_to(tables.DATA))
        for path in tables.DATA.glob("*/*")
        if path.is_file() and path.name != "CARD.md"
    }
    assert found == listed
    for name in manifest:
        size = sum(p.stat().st_size for p in (tables.DATA / name).iterdir())
        assert size < 1.5e6


@pytest.mark.parametrize("name", CASES)
def test_another_seed_asks_the_world(name):
    fresh = tables.load(name, seed=12345)
    again = tables.generate(name, seed=12345)
    for table in fresh._fields:
        same_content(getattr(fresh, table), getattr(again, table))
    pairs = zip(fresh, tables.load(name), strict=True)
    assert not all(one.equals(other) for one, other in pairs)


def test_writing_twice_gives_the_same_bytes(tmp_path):
    name = "video_recommendation"
    tables.write(name, folder=tmp_path)
    first = (tmp_path / "manifest.json").read_text()
    tables.write(name, folder=tmp_path)
    assert (tmp_path / "manifest.json").read_text() == first
    assert not list(tmp_path.rglob("*.part"))


def test_a_changed_file_is_refused_by_name(tmp_path):
    name = "video_recommendation"
    path = tables.write(name, folder=tmp_path)[0]
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ValueError, match=f"{name}/{path.name} is not the fil"):
        tables.load(name, folder=tmp_path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    name = "video_recommendation"
    path = tables.write(name, folder=tmp_path)[-1]
    path.unlink()
    with pytest.raises(ValueError, match=f"{path.name} is missing"):
        tables.load(name, folder=tmp_path)


def test_no_manifest_no_tables(tmp_path):
    with pytest.raises(ValueError, match="not in the manifest"):
        tables.load("video_recommendation", folder=tmp_path)


def test_a_broken_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json is not JSON"):
        tables.load("video_recommendation", folder=tmp_path)


def test_unknown_case_lists_the_known():
    with pytest.raises(ValueError, match="no case 'nope'; there are"):
        tables.load("nope")


def test_interrupted_writing_leaves_what_load_refuses(tmp_path, monkeypatch):
    name = "video_recommendation"
    tables.write(name, folder=tmp_path)
    calls = []

    def fail_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    real = files.os.replace
    monkeypatch.setattr(files.os, "replace", fail_second)
    with pytest.raises(KeyboardInterrupt):
        tables.write(name, seed=99, folder=tmp_path)
    monkeypatch.undo()
    assert json.loads((tmp_path / "manifest.json").read_text())
    with pytest.raises(ValueError, match="is not the file of the manifest"):
        tables.load(name, folder=tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_world_and_tables_belong_together(name):
    world, shipped = tables.world(name), tables.load(name)
    compared = 0
    for table, frame in shipped._asdict().items():
        if hasattr(world, table):  # what exists later on is not shipped
            same_content(frame, getattr(world, table).iloc[: len(frame)])
            compared += 1
    assert compared


@pytest.mark.parametrize("name", CASES)
def test_every_column_stands_in_the_data_card(name):
    card = (tables.DATA / name / "CARD.md").read_text("utf-8")
    assert card.startswith(f"## {name}\n")
    for file, entry in tables.read_manifest()[name]["files"].items():
        (table,) = re.findall(
            rf"(?ms)^\*\*{file.removesuffix('.parquet')}\*\*.*?\n\n\|.*?\n\n",
            card,
        )
        said = set(re.findall(r"`(\w+)`", table))
        for first, last in re.findall(r"`(\w+_\d+)` to `(\w+_\d+)`", table):
            stem, low = first.rsplit("_", 1)
            high = int(last.rsplit("_", 1)[1])
            said |= {f"{stem}_{i}" for i in range(int(low), high + 1)}
        assert said == set(entry["schema"]), file
