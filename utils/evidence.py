"""Recorded numbers of a chapter, and their spread over seeds.

A chapter records what it measured as rows: keys and a value. What the same
rows were under other seeds of world and models lies in
`evidence/<chapter>.csv`, one line a row and seed, written by `make seeds`.
A figure draws the run at hand over the band of the others; what a claim
measures must not depend on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .evidence_file import Row, keys_of, keys_text, parsed, plain_word
from .experiments.sweeps import crossing
from .files import BOOK, book_folder
from .seeds import DEFAULT_SEED

if TYPE_CHECKING:
    import pandas as pd

MEDIA_TYPE = "application/vnd.sevensteps.rows+json"
EVIDENCE = BOOK / "evidence"
LOW, HIGH = 0.1, 0.9  # quantiles over the seeds: four fifths lie between
RESERVED = ("seed", "value")  # the other columns of a table


# recording


@dataclass(frozen=True)
class Rows:
    """One table of a cell: values by their keys, as a cell's output.

    Attributes:
        name: of the table.
        trained: whether training is in the values, so that another
            processor may change them.
        values: by the text of their keys; nan is undefined, inf unbounded.
    """

    name: str
    trained: bool
    values: dict[str, float]

    def __str__(self) -> str:
        many = len(self.values)
        return f"recorded {self.name!r}: {many} row{'s' * (many != 1)}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """How many rows, for readers, and the rows that tools collect."""
        rows = {
            key: value if math.isfinite(value) else str(value)
            for key, value in self.values.items()
        }  # JSON has no nan
        made = {"name": self.name, "trained": self.trained, "rows": rows}
        return {MEDIA_TYPE: made, "text/plain": str(self)}


def rows(name: str, /, *, value, trained: bool, **keys) -> Rows:
    """Values by their keys, checked; arguments as in `record`.

    >>> rows("auc", value=[0.7, 0.8], trained=True, clip=[0.1, 0.2]).values
    {'clip=0.1': 0.7, 'clip=0.2': 0.8}
    """
    plain_word("a name", name)
    if hasattr(value, "columns"):  # a table: one row a cell of it
        value = value.rename_axis(
            index=[level or "row" for level in value.index.names],
            columns=[level or "column" for level in value.columns.names],
        ).stack()
    if hasattr(value, "to_frame"):  # a Series: its index holds keys
        index = value.index
        keys |= {
            plain_word("a name of the index", level): index.get_level_values(
                level
            )
            for level in index.names
        }
    for key in keys:
        if key in RESERVED:
            raise ValueError(f"a key must not be one of {RESERVED}, got {key}")
    values = np.asarray(value, dtype=np.float64)
    columns = [np.asarray(part, dtype=object) for part in keys.values()]
    try:
        values, *columns = np.broadcast_arrays(values, *columns)
    except ValueError:
        shapes = [np.shape(part) for part in (values, *columns)]
        raise ValueError(
            f"value and keys must have one length, got {shapes}"
        ) from None
    if values.ndim > 1 or not values.size:
        raise ValueError(
            f"value must be a number or (n,) of them, got {values.shape}"
        )
    found: dict[str, float] = {}
    for number, *parts in zip(
        np.atleast_1d(values), *map(np.atleast_1d, columns), strict=True
    ):
        text = keys_text(dict(zip(keys, parts, strict=True)))
        if text in found:
            raise ValueError(f"keys must differ, got {text!r} twice")
        found[text] = float(number)
    return Rows(name, bool(trained), found)


def record(name: str, /, *, value, trained: bool, **keys) -> None:
    """Record measurements as rows, an output of the cell.

    A build compares them with the stored ones, `make seeds` gathers them
    under other seeds.

    Args:
        name: of the table that the rows belong to.
        value: a number, (n,) numbers, or a Series or DataFrame whose index
            levels and columns are keys, called row and column if they have
            no name. nan means undefined, an infinity unbounded; both are
            stored, and equal themselves alone.
        trained: whether training is in the values: another processor may
            then change them a little.
        **keys: what tells the rows apart; strings or finite numbers, each
            one or (n,) of them.

    Raises:
        ValueError: lengths differ; two rows with the same keys; a key that
            is no plain string or finite number, or is called seed or value.
    """
    made = rows(name, value=value, trained=trained, **keys)
    try:
        from IPython.display import display
    except ImportError:  # outside of Jupyter the line is enough
        print(made)
    else:
        display(made)


# reading it beside a run


@dataclass(frozen=True)
class Evidence:
    """Rows of a chapter under seeds other than the run's own.

    Attributes:
        rows: of all the other seeds; empty before `make seeds` was run.
    """

    rows: list[Row] = field(default_factory=list)

    @property
    def worlds(self) -> int:
        """Number of other seeds."""
        return len({row.seed for row in self.rows})

    def table(self, name: str, **fixed: str | float) -> pd.DataFrame:
        """Recorded rows over the seeds.

        Args:
            name: of the table.
            **fixed: keys that must have these values.

        Returns:
            Columns: the keys, those fixed among them, then seed and value;
            no rows where nothing is known.
        """
        import pandas as pd

        found = [
            keys_of(row.keys) | {"seed": row.seed, "value": row.value}
            for row in self.rows
            if (row.kind, row.name) == ("row", name)
        ]
        found = [
            row
            for row in found
            if all(row.get(key) == value for key, value in fixed.items())
        ]
        return pd.DataFrame(found or None, columns=None if found else RESERVED)


def read(
    chapter: str, *, seed: int = DEFAULT_SEED, folder: Path = EVIDENCE
) -> Evidence:
    """The evidence of a chapter, for a run to be compared with.

    Args:
        chapter: its name, such as "search_ranking".
        seed: of the run. Its own rows are left out, and so are always
            those of the default seed, which the book shows.
        folder: of the files.

    Returns:
        Rows of the other seeds; none if the chapter has no file yet.

    Raises:
        ValueError: the book's own folder, where only the package is.

    >>> read("no_such_chapter").worlds
    0
    """
    path = book_folder(Path(folder)) / f"{chapter}.csv"
    if not path.exists():
        return Evidence()
    _, found = parsed(path.read_text("utf-8"))
    own = (seed, DEFAULT_SEED)
    return Evidence([row for row in found if row.seed not in own])


def _sweeps(table: pd.DataFrame, along: str) -> pd.DataFrame:
    """(worlds, points) one sweep a seed; nan where a point is missing."""
    if len(table) and along not in table:
        raise ValueError(
            f"along must be a key of the table, got {along!r} of "
            f"{[*table.columns]}"
        )
    if not len(table):  # nothing known: its keys are unknown too
        return table[[]]
    twice = table.duplicated(["seed", along])
    if twice.any():
        row = table[twice].iloc[0].to_dict()
        raise ValueError(
            f"each seed must have one row at each {along}; fix the other "
            f"keys, got a second row {row}"
        )
    return table.pivot(index="seed", columns=along, values="value")


def band(table: pd.DataFrame, *, along: str) -> pd.DataFrame:
    """Quantiles over the seeds of a measurement, at each point of a sweep.

    Args:
        table: of `Evidence.table`, with one row a seed at each point.
        along: the key that is swept.

    Returns:
        Columns low, middle, high by `along`, increasing: the tenth, half
        and nine tenths quantile of the seeds that have a value. Each is the
        value of some seed, so that an infinite one does no harm. No rows
        if the table has none.

    Raises:
        ValueError: no such key; a seed with several rows at a point.
    """
    import pandas as pd

    levels = {"low": LOW, "middle": 0.5, "high": HIGH}
    made = _sweeps(table, along).dropna(axis=1, how="all")
    return pd.DataFrame(
        {
            name: made.quantile(level, interpolation="nearest")
            for name, level in levels.items()
        },
        index=made.columns,
        dtype=float,
    )


@dataclass(frozen=True)
class Flips:
    """Crossings of a sweep, one a seed.

    Attributes:
        at: (W,) crossings; nan for a seed in which the sign never changes.
    """

    at: np.ndarray

    @property
    def without(self) -> int:
        """Seeds without a crossing."""
        return int(np.isnan(self.at).sum())

    @property
    def interval(self) -> tuple[float, float]:
        """Tenth and nine tenths quantile of the crossings; nan if none."""
        found = self.at[~np.isnan(self.at)]
        if not len(found):
            return math.nan, math.nan
        low, high = np.quantile(found, [LOW, HIGH], method="nearest")
        return float(low), float(high)

    def words(self, spec: str = ".3g") -> str:
        """The interval, and how many worlds are without.

        Args:
            spec: format of the two ends, such as ",.0f".

        >>> Flips(np.array([1.0, 3.0, np.nan])).words(".1f")
        'other worlds: 1.0 to 3.0, no flip in 1 of 3'
        >>> Flips(np.array([1.0, 2.0, 3.0])).words(".1f")
        'all 3 other worlds flip, most at 1.0 to 3.0'
        """
        worlds, (low, high) = len(self.at), self.interval
        if not worlds:
            return "other worlds: not run yet"
        if self.without == worlds:
            return f"other worlds: no flip found in {worlds}"
        ends = f"{low:{spec}} to {high:{spec}}"
        if not self.without:
            return f"all {worlds} other worlds flip, most at {ends}"
        return f"other worlds: {ends}, no flip in {self.without} of {worlds}"


def flips(
    table: pd.DataFrame,
    *,
    along: str,
    log: bool = False,
    falling: bool = False,
) -> Flips:
    """The crossing of a sweep in each world (`sweeps.crossing`).

    Args:
        table: of `Evidence.table`; its value is the difference of two
            designs, with one row a seed at each point.
        along: the key that is swept.
        log: whether the line between two points is straight over the
            logarithm of the key, which must then be positive.
        falling: whether only a change from above 0 to below counts.

    Returns:
        One crossing a seed; values that are not finite are left out.

    Raises:
        ValueError: as `band`; a key of 0 or less under `log`.
    """
    made = _sweeps(table, along)
    knob = made.columns.to_numpy(float)
    if log and (knob <= 0).any():
        raise ValueError(f"{along} must be positive, got {knob.tolist()}")
    knob = np.log10(knob) if log else knob
    found = []
    for line in made.to_numpy(float):
        there = np.isfinite(line)
        turn = crossing(knob[there], line[there], falling=falling)
        found.append(turn)
    at = np.array(found, dtype=float)
    return Flips(10.0**at if log else at)
