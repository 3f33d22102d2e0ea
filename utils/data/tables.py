"""The shipped tables: written by worlds, listed in a manifest, verified.

`data/manifest.json` holds, for every case, the seed and the world that wrote
it and, for every file, rows, schema, licence and the SHA-256 of its bytes.
"""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..files import replace_file
from ..seeds import DEFAULT_SEED

DATA = Path(__file__).parents[2] / "data"
LICENCE = "CC-BY-4.0"


class Case(NamedTuple):
    """Source of a case's tables: module, world and config.

    Attributes:
        module: of `utils.worlds`; its class Tables is a NamedTuple of
            DataFrames, and what `world.log(rng=...)` returns.
        world: name of the class, made as World(Config(), rng=rng).
        config: name of the class with its knobs.
    """

    module: str
    world: str
    config: str


# By name, so that only the world that is asked for is imported.
CASES = {
    "ad_click_prediction": Case("ads", "AdWorld", "AdConfig"),
    "search_ranking": Case("search", "SearchWorld", "SearchConfig"),
    "video_recommendation": Case("video", "VideoWorld", "VideoConfig"),
}


def world(name: str, *, seed: int = DEFAULT_SEED):
    """The world of a case, with its default knobs.

    Raises:
        ValueError: no such case.
    """
    case, module = _case(name)
    world_rng, _ = np.random.default_rng(seed).spawn(2)
    config = getattr(module, case.config)()
    return getattr(module, case.world)(config, rng=world_rng)


def generate(name: str, *, seed: int = DEFAULT_SEED) -> NamedTuple:
    """The tables of a case as its world logs them under a seed.

    Raises:
        ValueError: no such case.
    """
    _, log_rng = np.random.default_rng(seed).spawn(2)
    return world(name, seed=seed).log(rng=log_rng)


def load(
    name: str, *, seed: int = DEFAULT_SEED, folder: Path = DATA
) -> NamedTuple:
    """The tables of a case, typed: shipped, or fresh under another seed.

    Args:
        name: of the case, such as "video_recommendation".
        seed: the manifest's seed reads the shipped files; any other asks
            the world.
        folder: where the manifest lies.

    Returns:
        A NamedTuple of DataFrames, as the case's world defines it.

    Raises:
        ValueError: no such case; a file that is missing, or whose bytes are
            not those of the manifest.
    """
    _, module = _case(name)
    entry = read_manifest(folder).get(name)
    if entry is None:
        raise ValueError(f"{name} is not in the manifest: run `make data`")
    if seed != entry["seed"]:
        return generate(name, seed=seed)
    tables = {}
    for table in module.Tables._fields:
        path = folder / name / f"{table}.parquet"
        check_file(path, entry["files"][f"{table}.parquet"])
        tables[table] = pd.read_parquet(path)
    return module.Tables(**tables)


def write(
    name: str, *, seed: int = DEFAULT_SEED, folder: Path = DATA
) -> list[Path]:
    """Write the tables of a case, and then its entry in the manifest.

    The manifest comes last, so that an interruption leaves files that `load`
    refuses, never half a file.

    Returns:
        The files written.

    Raises:
        ValueError: no such case.
    """
    tables = generate(name, seed=seed)
    (folder / name).mkdir(parents=True, exist_ok=True)
    files, paths = {}, []
    for table, frame in tables._asdict().items():
        path = folder / name / f"{table}.parquet"
        content = frame.reset_index(drop=True).to_parquet(
            compression="zstd", index=False
        )
        files[path.name] = {
            "rows": len(frame),
            "schema": {c: str(t) for c, t in frame.dtypes.items()},
            "licence": LICENCE,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        replace_file(path, content)
        paths.append(path)
    manifest = read_manifest(folder)
    case, module = _case(name)
    manifest[name] = {
        "world": f"{module.__name__}.{case.world}",
        "seed": seed,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    replace_file(folder / "manifest.json", text.encode())
    return paths


def read_manifest(folder: Path = DATA) -> dict:
    """The manifest, {} where there is none.

    Raises:
        ValueError: it is not JSON.
    """
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error


def check_file(path: Path, entry: dict) -> None:
    """Refuse a file that is not the one of the manifest.

    Raises:
        ValueError: missing, or with other bytes.
    """
    where = f"{path.parent.name}/{path.name}"
    if not path.exists():
        raise ValueError(f"{where} is missing: run `make data`")
    found = checksum(path)
    if found != entry["sha256"]:
        raise ValueError(
            f"{where} is not the file of the manifest (sha256 "
            f"{found[:12]}…, expected {entry['sha256'][:12]}…): restore it, "
            "or run `make data`"
        )


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _case(name: str) -> tuple[Case, ModuleType]:
    if name not in CASES:
        raise ValueError(f"no case {name!r}; there are {sorted(CASES)}")
    case = CASES[name]
    return case, import_module(f"..worlds.{case.module}", __package__)
