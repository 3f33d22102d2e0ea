"""Base of the worlds: seeding, copies with other knobs, validation.

A world is drawn once. A copy with other knobs keeps all draws that a knob
leaves alone, so that two worlds differ by the knob and by nothing else.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple, Self

import numpy as np
import pandas as pd


class World:
    """A simulator whose truth is known.

    Args:
        config: the knobs, a frozen dataclass.
        rng: draws the seed of everything that stays when a knob turns; the
            same state gives the same world.
    """

    def __init__(self, config, *, rng: np.random.Generator) -> None:
        self.config = config
        self._seed = int(rng.integers(2**63))

    def changed(self, **knobs: float) -> Self:
        """A copy with other knobs, and the same draws otherwise."""
        copy = object.__new__(type(self))
        copy.config = replace(self.config, **knobs)
        copy._seed = self._seed
        return copy

    def _strand(self, number: int) -> np.random.Generator:
        """A generator of its own for each thing that is drawn."""
        return np.random.default_rng([self._seed, number])


def check_knobs(
    config,
    *,
    negative: tuple[str, ...] = (),
    at_least: dict[str, float] | None = None,
) -> None:
    """Validation of a config: finite, in range.

    Args:
        config: a dataclass of numbers.
        negative: names that may lie below 0.
        at_least: name -> least value, for those that have one above 0.

    Raises:
        ValueError: a knob not finite or negative, below its least value, or
            above 1 though its name ends in `_share`; names it and its value.
    """
    for field in fields(config):
        name, value = field.name, getattr(config, field.name)
        least = -np.inf if name in negative else 0
        if not (np.isfinite(value) and value >= least):
            rule = "finite" if name in negative else "finite and at least 0"
            raise ValueError(f"{name} must be {rule}, got {value}")
        if name.endswith("_share") and value > 1:
            raise ValueError(f"{name} is a share, got {value}")
    for name, least in (at_least or {}).items():
        value = getattr(config, name)
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def check_slates(
    shown: np.ndarray, *, requests: int, slots: int, empty: int | None = None
) -> None:
    """Validation of slates: shape, slots, no id twice.

    Args:
        shown: (requests, at most `slots`) ids of what each request is shown.
        requests: how many there are.
        slots: that a page has at most.
        empty: the id of an empty slot, if there are any.

    Raises:
        ValueError: another shape, too many slots, or an id twice on a page.
    """
    if shown.ndim != 2 or len(shown) != requests:
        raise ValueError(
            f"slates must be ({requests}, slots), got shape {shown.shape}"
        )
    if shown.shape[1] > slots:
        raise ValueError(
            f"a slate has at most {slots} slots, got {shown.shape[1]}"
        )
    ids = np.sort(shown, axis=1)
    twice = (np.diff(ids, axis=1) == 0) & (ids[:, 1:] != empty)
    if twice.any():
        row = int(np.argmax(twice.any(1)))
        raise ValueError(
            f"request {row}: a slate shows an id once, got "
            f"{ids[row, 1:][twice[row]][0]} again"
        )


def joined(tables: NamedTuple) -> pd.DataFrame:
    """Log of a world with the fields of its entities joined to each row.

    Ids mean nothing in another world, where every one of them exists too.
    Tables come from one call of `log`, so that fields joined here are those
    of the rows' own world; `check_joined` says so of others.

    Args:
        tables: what a world's `log` returns: tables of entities, whose first
            column is their id, and last the log, which has these ids.

    Returns:
        The rows of the log in their order and with their index, its columns
        first. A field that two tables have is called after its entity as
        well: `content_0_query`.

    Raises:
        ValueError: an id twice in its table, or in the log alone; a field
            that the log has already.

    >>> class Tables(NamedTuple):
    ...     users: pd.DataFrame
    ...     log: pd.DataFrame
    >>> users = pd.DataFrame({"user": [0, 1], "age": [30, 40]})
    >>> log = pd.DataFrame({"user": [1, 0, 1]})
    >>> joined(Tables(users, log)).age.tolist()
    [40, 30, 40]
    """
    *entities, log = tables
    parts = [log]
    for table, names in zip(entities, _field_names(tables), strict=True):
        at = _rows_of(table, log)
        fields = table.iloc[at, 1:].set_axis(names, axis=1)
        parts.append(fields.set_axis(log.index, axis=0))
    return pd.concat(parts, axis=1)


def check_joined(rows: pd.DataFrame, tables: NamedTuple) -> None:
    """Check that the fields of rows are those of their ids in these tables.

    Args:
        rows: ids and fields, as `joined` names them; tables none of whose
            fields are among the columns are passed over.
        tables: of the world to which the rows should belong.

    Raises:
        ValueError: as `joined`; a field that another world has at this id.
            It names row, id and field, and both values.

    >>> class Tables(NamedTuple):
    ...     users: pd.DataFrame
    ...     log: pd.DataFrame
    >>> users = pd.DataFrame({"user": [0, 1], "age": [30, 40]})
    >>> tables = Tables(users, pd.DataFrame({"user": [1, 0, 1]}))
    >>> check_joined(joined(tables), tables)
    """
    *entities, _ = tables
    for table, names in zip(entities, _field_names(tables), strict=True):
        there = [(i, n) for i, n in enumerate(names, 1) if n in rows]
        if not there:
            continue
        at = _rows_of(table, rows)
        for column, name in there:
            ours = table.iloc[at, column].reset_index(drop=True)
            theirs = rows[name].reset_index(drop=True)
            other = ~((ours == theirs) | (ours.isna() & theirs.isna()))
            if other.any():
                row, key = int(np.argmax(other)), table.columns[0]
                raise ValueError(
                    f"row {rows.index[row]}: {key} {rows[key].iloc[row]} has "
                    f"{name} = {theirs[row]}, in this world {ours[row]}: "
                    "the fields are those of another world"
                )


def _field_names(tables: NamedTuple) -> list[list[str]]:
    """Names that the fields of each table of entities have once joined."""
    *entities, log = tables
    fields = [list(table.columns[1:]) for table in entities]
    every = [name for names in fields for name in names]
    named = []
    for table, names in zip(entities, fields, strict=True):
        key = table.columns[0]
        named.append(
            [n if every.count(n) == 1 else f"{n}_{key}" for n in names]
        )
    for names in named:
        for name in names:
            if name in log:
                raise ValueError(f"the log has a field {name!r} of its own")
    return named


def _rows_of(table: pd.DataFrame, log: pd.DataFrame) -> np.ndarray:
    """(R,) place in the table of the id of each row."""
    key = table.columns[0]
    ids = pd.Index(table[key])
    if not ids.is_unique:
        raise ValueError(
            f"{key} must be unique in its table, got "
            f"{ids[ids.duplicated()][0]} twice"
        )
    if key not in log:
        raise ValueError(f"rows must have {key}, got {list(log)}")
    at = ids.get_indexer(pd.Index(log[key]))
    if (at < 0).any():
        row = int(np.argmax(at < 0))
        raise ValueError(
            f"row {log.index[row]}: no {key} {log[key].iloc[row]} in its table"
        )
    return at
