"""Calls of every public function, whose input can be made odd.

A case is a function and a recipe of good arguments. The test draws good
ones, makes some of them odd (nan, infinite, empty, of another shape,
all the same, ...) and asks for a defined value or a refusal in words.
The cases of a module of `utils` stand in the file of its name below this
folder, which is found by itself; what several share, in their room's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy import sparse

NUMBERS = [0.0, -0.0, -1.0, 0.3, 1.0, 2.5, 1e-300, 1e155, 1e300, 1.7e308,
           -1.7e308, np.inf, -np.inf, np.nan]  # fmt: skip
COUNTS = [-1, 0, 1, 2, 7, 30]
SHAPES = {
    "none": lambda a: a[:0],
    "thin": lambda a: a[..., :0],
    "shorter": lambda a: a[:-1],
    "deeper": lambda a: a[None],
    "flat": lambda a: a.ravel(),
    "last alone": lambda a: a[-1:],
    "all alike": lambda a: np.broadcast_to(a[:1], a.shape).copy(),
    "as floats": lambda a: a.astype(float),
    "in single": lambda a: a.astype(np.float32),
}
WORDS = ["", "a", "b b", "#", "nan", "-1", "1e999", "é\t", "q1 0 d1 1"]


class Case(NamedTuple):
    """What is called, with what, and what then holds.

    Attributes:
        function: takes the arguments by name; ValueError refuses them.
        good: rng -> arguments that are accepted.
        holds: (result, arguments) -> asserts.
        covers: the public functions and classes that are driven by it.
        nan, inf: arguments in which these are no mistake.
        keep: arguments that are never made odd.
    """

    function: Callable
    good: Callable[[np.random.Generator], dict]
    holds: Callable
    covers: tuple
    nan: frozenset
    inf: frozenset
    keep: frozenset


CASES: list[Case] = []


def case(
    function, good, holds=None, *, covers=None, nan="", inf="", keep=""
) -> None:
    """Enter a case; `nan`, `inf` and `keep` are names in one string."""
    CASES.append(
        Case(
            function,
            good,
            holds or (lambda got, given: None),
            covers or (function,),
            *(frozenset(names.split()) for names in (nan, inf, keep)),
        )
    )


def numbers_in(value):
    """All numbers of a result or an argument, as flat float arrays."""
    if sparse.issparse(value):
        value = value.data
    if isinstance(value, pd.DataFrame):
        value = [value[name].to_numpy() for name in value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from numbers_in(part)
    elif isinstance(value, np.ndarray | np.generic | int | float):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            yield array.astype(float).ravel()


def within(low, high, *, nan=True):
    """Every number of the result lies in [low, high], or is nan."""

    def holds(got, given):
        for part in numbers_in(got):
            known = part[~np.isnan(part)]
            assert ((known >= low) & (known <= high)).all(), got
            assert nan or len(known) == len(part), got

    return holds


share = within(0, 1)
finite = within(-np.finfo(float).max, np.finfo(float).max, nan=False)


def odd(draw, value):
    """Something like `value`, with a mistake or an extreme in it."""
    if isinstance(value, bool | np.bool_):
        return value
    if isinstance(value, int | np.integer):
        return draw(st.sampled_from(COUNTS))
    if isinstance(value, float | np.floating):
        return draw(st.sampled_from(NUMBERS))
    if isinstance(value, str):
        return draw(st.sampled_from(WORDS))
    if isinstance(value, np.ndarray):
        return odd_array(draw, value)
    if sparse.issparse(value):
        return sparse.csr_matrix(np.atleast_2d(odd_array(
            draw, value.toarray(), but=("deeper", "flat"))))  # fmt: skip
    if isinstance(value, pd.DataFrame):
        return odd_table(draw, value)
    if isinstance(value, dict | list | tuple):
        return odd_collection(draw, value)
    return value


def odd_array(draw, array, but=()):
    """Another shape, or odd entries: one of them, or all."""
    how = draw(st.sampled_from(["one", "all", *sorted({*SHAPES} - {*but})]))
    if how in SHAPES:
        return SHAPES[how](array) if array.ndim else array
    if array.dtype.kind == "i":
        entry = draw(st.sampled_from([*COUNTS, *NUMBERS]))
    elif array.dtype.kind == "b":
        entry = draw(st.booleans())
    else:
        entry = draw(st.sampled_from(NUMBERS))
    kind = np.result_type(array.dtype, np.asarray(entry).dtype)
    array = array.astype(kind)
    if how == "all" or not array.size:
        return np.full_like(array, entry)
    array.flat[draw(st.integers(0, array.size - 1))] = entry
    return array


def odd_table(draw, table):
    """No rows, a column less, a row twice, or an odd column."""
    how = draw(st.sampled_from(["none", "less", "twice", "column"]))
    if how == "none":
        return table.iloc[:0]
    if how == "twice":
        return pd.concat([table, table.iloc[:1]])
    name = draw(st.sampled_from(list(table)))
    if how == "less":
        return table.drop(columns=name)
    column = table[name].to_numpy()
    if column.dtype.kind not in "biuf":
        entry = draw(st.sampled_from([*WORDS, None]))
        changed = pd.Series(column, dtype=object, index=table.index)
        changed.iloc[0] = entry
        return table.assign(**{name: changed})
    changed = odd_array(draw, column, but=("none", "thin", "shorter",
                        "deeper", "last alone"))  # fmt: skip
    return table.assign(**{name: changed})


def odd_collection(draw, value):
    """An entry is gone, or odd."""
    if not value:
        return value
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value, key=str)))
        changed = dict(value)
        if draw(st.booleans()):
            del changed[key]
        else:
            changed[key] = odd(draw, value[key])
        return changed
    place = draw(st.integers(0, len(value) - 1))
    changed = list(value)
    if draw(st.booleans()):
        del changed[place]
    else:
        changed[place] = odd(draw, value[place])
    return type(value)(changed) if type(value) in (list, tuple) else (
        value._replace(**{value._fields[place]: odd(draw, value[place])})
    )  # fmt: skip


def alike(a, b) -> bool:
    """Whether an argument still is what it was."""
    if sparse.issparse(a):
        return a.shape == b.shape and alike(a.toarray(), b.toarray())
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, np.ndarray):
        same_kind = a.dtype == b.dtype and a.shape == b.shape
        return same_kind and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return True


def drive(case: Case, draw) -> None:
    """Good arguments, some made odd; then call and look."""
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    given = case.good(rng)
    names = sorted(set(given) - case.keep - {"rng"})
    few = st.lists(st.sampled_from(names), max_size=2, unique=True)
    chosen = draw(st.one_of(few, few, few, st.just(names)))
    for name in chosen:
        given[name] = odd(draw, given[name])
    before = {n: copy.deepcopy(given[n]) for n in given if n != "rng"}
    try:
        got = case.function(**given)
    except ValueError as error:
        assert chosen, f"good arguments were refused: {error}"
        assert len(str(error).split()) > 3, error
        return
    for name, value in before.items():
        assert alike(given[name], value), f"{name} was changed"
    for name in chosen:
        for part in numbers_in(given[name]):
            assert name in case.nan or not np.isnan(part).any(), name
            assert name in case.inf or not np.isinf(part).any(), name
    case.holds(got, given)
