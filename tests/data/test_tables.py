import json
import re

import pandas as pd
import pytest

from utils import files
from utils.data import tables

CASES = tables.cases()
VIDEO = "video_recommendation"


@pytest.fixture
def folder(tmp_path):
    """Data of which nothing is written yet but a case's world and seed."""
    stub(tmp_path, world="video.VideoWorld", seed=7)
    return tmp_path


def stub(folder, name=VIDEO, **manifest):
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "manifest.json").write_text(json.dumps(manifest))


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
    seed = tables.read_manifest(name)["seed"]
    shipped, made = tables.load(name), tables.generate(name, seed=seed)
    for table in shipped._fields:
        same_content(getattr(shipped, table), getattr(made, table))


@pytest.mark.parametrize("name", CASES)
def test_manifest_says_what_the_files_hold(name):
    for file, entry in tables.read_manifest(name)["files"].items():
        frame = pd.read_parquet(tables.DATA / name / file)
        assert len(frame) == entry["rows"]
        assert {c: str(t) for c, t in frame.dtypes.items()} == entry["schema"]
        assert entry["licence"]


def test_every_folder_is_a_case():
    folders = {p.name for p in tables.DATA.iterdir() if p.is_dir()}
    assert folders == set(CASES) != set()


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_in_the_manifest_and_a_case_stays_below_its_budget(name):
    files = list((tables.DATA / name).iterdir())
    listed = set(tables.read_manifest(name)["files"])
    assert {f.name for f in files} == listed | {"manifest.json", "CARD.md"}
    assert sum(f.stat().st_size for f in files) < 1.5e6


@pytest.mark.parametrize("name", CASES)
def test_another_seed_asks_the_world(name):
    fresh = tables.load(name, seed=12345)
    again = tables.generate(name, seed=12345)
    for table in fresh._fields:
        same_content(getattr(fresh, table), getattr(again, table))
    pairs = zip(fresh, tables.load(name), strict=True)
    assert not all(one.equals(other) for one, other in pairs)


def test_writing_gives_the_shipped_bytes_and_twice_the_same(folder):
    tables.write(VIDEO, folder=folder)
    first = (folder / VIDEO / "manifest.json").read_text()
    assert first == (tables.DATA / VIDEO / "manifest.json").read_text()
    tables.write(VIDEO, folder=folder)
    assert (folder / VIDEO / "manifest.json").read_text() == first
    assert not list(folder.rglob("*.part"))


def test_the_manifest_names_the_seed(folder):
    stub(folder, world="video.VideoWorld", seed=8)
    tables.write(VIDEO, folder=folder)
    same_content(
        tables.load(VIDEO, seed=8, folder=folder).impressions,
        tables.generate(VIDEO, seed=8).impressions,
    )


def test_a_changed_file_is_refused_by_name(folder):
    path = tables.write(VIDEO, folder=folder)[0]
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(
        ValueError, match=f"{VIDEO}/{path.name} is not the fil"
    ):
        tables.load(VIDEO, folder=folder)


def test_a_missing_file_is_refused_by_name(folder):
    path = tables.write(VIDEO, folder=folder)[-1]
    path.unlink()
    with pytest.raises(ValueError, match=f"{path.name} is missing"):
        tables.load(VIDEO, folder=folder)


def test_a_case_is_a_folder_with_a_manifest(folder):
    (folder / "empty").mkdir()
    assert tables.cases(folder) == [VIDEO]


def test_no_tables_yet(folder):
    with pytest.raises(ValueError, match="has no tables yet: run `make data`"):
        tables.load(VIDEO, folder=folder)


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", f"{VIDEO}/manifest.json is not JSON: Expecting property"),
        ("[7]", r"must name world and seed, got \[7\]"),
        ('{"seed": 7}', "must name world and seed, got {'seed': 7}"),
    ],
)
def test_a_broken_manifest_is_named(text, words, folder):
    (folder / VIDEO / "manifest.json").write_text(text)
    for use in (tables.load, tables.write):
        with pytest.raises(ValueError, match=words):
            use(VIDEO, folder=folder)


@pytest.mark.parametrize(
    "world",
    [
        "", "video", "video.Nope", "nope.VideoWorld", "video.START", 3,
        "utils.worlds.video.VideoWorld", "common.World",
    ],
)  # fmt: skip
def test_an_unknown_world_is_named(world, folder):
    stub(folder, world=world, seed=7)
    words = f"json: world must be a class of utils.worlds.*, got '{world}' "
    for use in (tables.load, tables.write):
        with pytest.raises(ValueError, match=words):
            use(VIDEO, folder=folder)


@pytest.mark.parametrize("use", [tables.load, tables.generate, tables.world])
def test_unknown_case_lists_the_known(use):
    with pytest.raises(ValueError, match=r"no case 'nope'; there are .*ad_cl"):
        use("nope")


def test_interrupted_writing_leaves_what_load_refuses(folder, monkeypatch):
    tables.write(VIDEO, folder=folder)
    stub(folder, **(tables.read_manifest(VIDEO, folder) | {"seed": 99}))
    calls = []

    def fail_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    real = files.os.replace
    monkeypatch.setattr(files.os, "replace", fail_second)
    with pytest.raises(KeyboardInterrupt):
        tables.write(VIDEO, folder=folder)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="is not the file of the manifest"):
        tables.load(VIDEO, seed=99, folder=folder)


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
    for file, entry in tables.read_manifest(name)["files"].items():
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
