"""The shipped tables: written by worlds, listed in manifests, verified.

`data/<case>/manifest.json` names the world of a case and the seed; `write`
adds, for every file, rows, schema, licence and the SHA-256 of its bytes.
No list of the cases is kept anywhere, so that a new one changes no module.
"""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..files import BOOK, book_folder, replace_file
from ..seeds import DEFAULT_SEED

DATA = BOOK / "data"
LICENCE = "CC-BY-4.0"
MANIFEST = "manifest.json"


def cases(folder: Path = DATA) -> list[str]:
    """The names of the cases that have a manifest, sorted.

    Raises:
        ValueError: the book's own folder, where only the package is.

    >>> "video_recommendation" in cases()
    True
    """
    manifests = book_folder(folder).glob(f"*/{MANIFEST}")
    return sorted(path.parent.name for path in manifests)


def world(name: str, *, seed: int = DEFAULT_SEED) -> object:
    """The world of a case, with its default knobs.

    Raises:
        ValueError: no such case, or its manifest names no world.
    """
    return _drawn(_world_class(name, read_manifest(name)), seed)


def generate(name: str, *, seed: int = DEFAULT_SEED) -> NamedTuple:
    """The tables of a case as its world logs them under a seed.

    Raises:
        ValueError: no such case, or its manifest names no world.
    """
    return _logged(_world_class(name, read_manifest(name)), seed)


def load(
    name: str, *, seed: int = DEFAULT_SEED, folder: Path = DATA
) -> NamedTuple:
    """The tables of a case, typed: shipped, or fresh under another seed.

    Args:
        name: of the case, such as "video_recommendation".
        seed: the manifest's seed reads the shipped files; any other asks
            the world.
        folder: where the folders of the cases lie.

    Returns:
        A NamedTuple of DataFrames, as the case's world defines it.

    Raises:
        ValueError: no such case, or its manifest names no world; a file that
            is missing, or whose bytes are not those of the manifest.
    """
    manifest = read_manifest(name, folder)
    made_by = _world_class(name, manifest)
    if seed != manifest["seed"]:
        return _logged(made_by, seed)
    if "files" not in manifest:
        raise ValueError(f"{name} has no tables yet: run `make data`")
    types = _tables_class(made_by)
    tables = {}
    for table in types._fields:
        path = folder / name / f"{table}.parquet"
        check_file(path, manifest["files"][path.name])
        tables[table] = pd.read_parquet(path)
    return types(**tables)


def write(name: str, *, folder: Path = DATA) -> list[Path]:
    """Write the tables of a case, and what they are into its manifest.

    World and seed stand in the manifest beforehand. It comes last, so that an
    interruption leaves files that `load` refuses, never half a file.

    Returns:
        The tables' files.

    Raises:
        ValueError: no such case, or its manifest names no world.
    """
    manifest = read_manifest(name, folder)
    tables = _logged(_world_class(name, manifest), manifest["seed"])
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
    text = json.dumps(manifest | {"files": files}, indent=2, sort_keys=True)
    replace_file(folder / name / MANIFEST, (text + "\n").encode())
    return paths


def read_manifest(name: str, folder: Path = DATA) -> dict:
    """Manifest of a case, `data/<case>/manifest.json`, checked.

    Returns:
        world (below `utils.worlds`, such as "video.VideoWorld"), seed, and,
        once they are written, files.

    Raises:
        ValueError: no such case; not JSON; a world or seed is missing.
    """
    if name not in cases(folder):
        raise ValueError(f"no case {name!r}; there are {cases(folder)}")
    path = folder / name / MANIFEST
    where = f"{name}/{MANIFEST}"
    try:
        manifest = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not (isinstance(manifest, dict) and {"world", "seed"} <= set(manifest)):
        raise ValueError(f"{where} must name world and seed, got {manifest}")
    return manifest


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


def _world_class(name: str, manifest: dict) -> type:
    """The class that a manifest names; only its module is imported."""
    named = str(manifest["world"])
    module, _, attribute = named.rpartition(".")
    try:
        # relative: the package may be installed under another name
        found = getattr(
            import_module(f"..worlds.{module}", __package__), attribute
        )
        _ = found.Config  # the knobs that it is made with
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"{name}/{MANIFEST}: world must be a class of utils.worlds with "
            f"a Config, such as 'video.VideoWorld', got {named!r} ({error})"
        ) from error
    return found


def _tables_class(made_by: type) -> type:
    """What a world's `log` returns: Tables, of the world's module."""
    return import_module(made_by.__module__).Tables


def _drawn(made_by: type, seed: int) -> object:
    world_rng, _ = np.random.default_rng(seed).spawn(2)
    return made_by(made_by.Config(), rng=world_rng)


def _logged(made_by: type, seed: int) -> NamedTuple:
    _, log_rng = np.random.default_rng(seed).spawn(2)
    return _drawn(made_by, seed).log(rng=log_rng)
