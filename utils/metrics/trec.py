"""Run and qrels files in the formats of TREC, and trec_eval's measures.

A run file has six fields a line, `query Q0 item rank score name`, a qrels
file four, `query 0 item grade`, in any order of lines. Ids are strings. The
conventions are trec_eval's: the score decides and the rank field is ignored,
scores are held as 32-bit floats, equal ones stand by item id, descending as
bytes; a negative grade means pooled but not judged.
"""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import ragged, trec_measures

if TYPE_CHECKING:
    import pandas as pd


def read_run(path: str | PathLike) -> pd.DataFrame:
    """TREC run file, read as a table.

    Args:
        path: a file of `query Q0 item rank score name` lines. Blank lines
            and lines that begin with # are passed over, as is what follows
            the sixth field.

    Returns:
        Columns query, item (strings) and score (float32), a row per line.

    Raises:
        ValueError: a line with fewer than six fields, or a score that is
            not a number; text that is not UTF-8; an item twice in a query.
            The message names file and line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "run"
    >>> _ = path.write_text("q1 Q0 d7 1 0.5 mine")
    >>> read_run(path)["score"].tolist()
    [0.5]
    """
    lines, query, item, scores = _fields(path, "run", 6, slice(6), 4)
    values = np.empty(len(scores), dtype=np.float32)
    with np.errstate(over="ignore"):  # as in C, too large is infinite
        for row, score in enumerate(scores):
            try:
                if b"_" in score:  # Python's 1_000, which C does not read
                    raise ValueError
                values[row] = float(score)
            except ValueError:
                raise _malformed(
                    path, lines[row], "score must be a number", score
                ) from None
            if np.isnan(values[row]):
                raise _malformed(
                    path, lines[row], "score must not be nan", score
                )
    return _table(path, lines, query, item, "score", values)


def read_qrels(path: str | PathLike) -> pd.DataFrame:
    """TREC qrels file, read as a table.

    Args:
        path: a file of `query 0 item grade` lines. Blank lines and lines
            that begin with # are passed over.

    Returns:
        Columns query, item (strings) and gain (int64), a row per line; the
        gain is the grade of the file, negative if pooled but not judged.

    Raises:
        ValueError: a line that has not four fields, or a grade that is not
            an integer; text that is not UTF-8; an item twice in a query.
            The message names file and line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "qrels"
    >>> _ = path.write_text("q1 0 d7 2")
    >>> read_qrels(path)["gain"].tolist()
    [2]
    """
    lines, query, item, grades = _fields(path, "qrels", 4, slice(None), 3)
    for line, grade in zip(lines, grades, strict=True):
        if not re.fullmatch(rb"[+-]?[0-9]{1,9}", grade):
            rule = "grade must be an integer of at most nine digits"
            raise _malformed(path, line, rule, grade)
    values = np.array([int(grade) for grade in grades], dtype=np.int64)
    return _table(path, lines, query, item, "gain", values)


def write_run(run: pd.DataFrame, path: str | PathLike, *, name: str) -> None:
    """TREC run file, written from a table, best item first in each query.

    Args:
        run: columns query, item, score; ids are integers or strings.
        path: the file; one that exists is replaced.
        name: of the run, the last field of each line.

    Raises:
        ValueError: a column that is missing; an id or name that is empty,
            holds white space or begins with #; a score that is nan; an item
            twice in a query.
    """
    run = _checked(run, "run", "score")
    _check_words([name], "name")
    for column in ("query", "item"):
        _check_words(run[column], column)
    run = run.sort_values(["query", "item"], ascending=[True, False])
    best = np.argsort(-_narrow(run["score"].to_numpy()), kind="stable")
    run = run.iloc[best].sort_values("query", kind="stable")
    rank = run.groupby("query", sort=False).cumcount() + 1
    rows = zip(
        run["query"], run["item"], rank, run["score"].to_numpy(), strict=True
    )
    text = (f"{q} Q0 {i} {r} {s!s} {name}\n" for q, i, r, s in rows)
    Path(path).write_bytes("".join(text).encode())


def write_qrels(qrels: pd.DataFrame, path: str | PathLike) -> None:
    """TREC qrels file, written from a table, its rows in their order.

    Args:
        qrels: columns query, item, gain (integers).
        path: the file; one that exists is replaced.

    Raises:
        ValueError: a column that is missing; an id that is empty, holds
            white space or begins with #; a gain that is not an integer; an
            item twice in a query.
    """
    qrels = _checked(qrels, "qrels", "gain")
    for column in ("query", "item"):
        _check_words(qrels[column], column)
    rows = zip(qrels["query"], qrels["item"], qrels["gain"], strict=True)
    text = (f"{query} 0 {item} {gain}\n" for query, item, gain in rows)
    Path(path).write_bytes("".join(text).encode())


def evaluate(
    run: pd.DataFrame,
    qrels: pd.DataFrame,
    *,
    level: int = 1,
    complete: bool = False,
) -> pd.DataFrame:
    """trec_eval's measures of a run and its qrels.

    Args:
        run: columns query, item, score, as `read_run` returns them.
        qrels: columns query, item, gain, as `read_qrels` returns them.
        level: an item of this grade or above is relevant (`-l`).
        complete: average over all queries of `qrels`, those that the run
            lacks counting 0 (`-c`), rather than over those in both.

    Returns:
        A row for each query that is in both, in order of id, and the row
        `all` last; a column for each measure, under trec_eval's names.
        Undefined is 0, as there. `all` is the mean over queries, the sum
        for `num_ret`, `num_rel`, `num_rel_ret` and `num_nonrel_judged_ret`,
        the number averaged over for `num_q`, and the geometric mean for
        `gm_map` and `gm_bpref`, whose other rows hold logarithms.

    Raises:
        ValueError: level < 1; a column that is missing; a score that is
            nan; a gain that is not an integer; an item twice in a query; no
            query in both.

    >>> import pandas as pd
    >>> run = pd.DataFrame({"query": "q", "item": ["a", "b"], "score": 1.0})
    >>> qrels = pd.DataFrame({"query": ["q"], "item": ["a"], "gain": [1]})
    >>> float(evaluate(run, qrels).loc["all", "recip_rank"])  # b before a
    0.5
    """
    import pandas as pd

    if level < 1:
        raise ValueError(f"level must be at least 1, got {level}")
    run = _checked(run, "run", "score")
    qrels = _checked(qrels, "qrels", "gain")
    judged_queries = sorted(set(qrels["query"]))
    queries = sorted(set(run["query"]).intersection(judged_queries))
    if not queries:
        raise ValueError(
            f"run and qrels must share a query, got {run['query'].nunique()} "
            f"and {len(judged_queries)} that differ"
        )
    ranked, judged = _coded(run, qrels, queries)
    parts, at = [], []
    for rows in ragged.rows_by_length(ranked.counts + judged.counts):
        part = trec_measures.measures(
            ranked.block(rows),
            ranked.counts[rows],
            judged.block(rows),
            level=level,
        )
        parts.append(pd.DataFrame(part))
        at.append(rows)
    table = pd.concat(parts, ignore_index=True)
    table.index = pd.Index(np.array(queries, dtype=object)[np.concatenate(at)])
    table = table.loc[queries]
    n = len(judged_queries) if complete else len(queries)
    table.loc["all"] = _summary(table, n)
    return table.rename_axis("query")


def _summary(table, n):
    out = table.sum() / n
    missing = (n - len(table)) * np.log(trec_measures.LEAST)
    for name in table.columns:
        if name.startswith("gm_"):
            out[name] = np.exp((table[name].sum() + missing) / n)
        elif name.startswith("num_"):
            out[name] = table[name].sum()
    out["num_q"] = n
    return out


class _Lists:
    """Flat grades of all queries, in lists that stand side by side."""

    def __init__(self, grades, codes, n):
        self.grades, self.counts = grades, np.bincount(codes, minlength=n)
        self.starts = np.cumsum(self.counts) - self.counts

    def block(self, rows):
        return ragged.padded(
            self.grades,
            self.starts[rows],
            self.counts[rows],
            trec_measures.PAST_THE_END,
        )


def _coded(run, qrels, queries):
    """Grades in the order of the run, and all grades, query by query."""
    import pandas as pd

    both = pd.concat([run["item"], qrels["item"]])
    items, names = pd.factorize(both, sort=True)  # by code point, as bytes
    sides = []
    for table, of_it in ((run, items[: len(run)]), (qrels, items[len(run) :])):
        codes = pd.Index(queries).get_indexer(pd.Index(table["query"]))
        known = codes >= 0
        key = codes[known] * len(names) + of_it[known]
        values = table["score" if table is run else "gain"].to_numpy()[known]
        sides.append((codes[known], key, values))
    (codes, key, scores), (judged_codes, judged_key, grades) = sides
    order = np.argsort(judged_key)
    judged_key, grades = judged_key[order], grades[order]
    place = np.minimum(np.searchsorted(judged_key, key), len(grades) - 1)
    grade = np.maximum(grades, trec_measures.UNJUDGED)
    grade = np.where(grades < 0, trec_measures.UNJUDGED, grade)[place]
    grade[judged_key[place] != key] = trec_measures.UNPOOLED
    best = np.lexsort((-key, -_narrow(scores), codes))
    n = len(queries)
    judged = _Lists(grades.astype(np.int64), judged_codes, n)
    return _Lists(grade[best], codes, n), judged


def _narrow(scores: np.ndarray) -> np.ndarray:
    """Scores as trec_eval holds them; beyond 32 bits they are infinite."""
    with np.errstate(over="ignore"):
        return scores.astype(np.float32)


def _checked(table, name, column):
    """A copy with ids as strings."""
    import pandas as pd

    for wanted in ("query", "item", column):
        if wanted not in table:
            raise ValueError(
                f"{name} must have a column {wanted!r}, got "
                f"{list(table.columns)}"
            )
    values = table[column].to_numpy()
    if column == "gain" and values.dtype.kind not in "iu":
        raise ValueError(f"gain must be an integer, got {values.dtype}")
    if column == "score" and values.dtype.kind not in "iuf":
        raise ValueError(f"score must be a number, got {values.dtype}")
    if column == "score" and np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise ValueError(f"score must not be nan, got one in row {row}")
    ids = {name: _words(table[name], name) for name in ("query", "item")}
    out = pd.DataFrame({**ids, column: values})
    twice = out.duplicated(["query", "item"]).to_numpy()
    if twice.any():
        query, item = out.loc[twice, ["query", "item"]].iloc[0]
        raise ValueError(
            "an item must be in a query once, got "
            f"{item!r} twice in query {query!r}"
        )
    return out


def _words(column, name):
    if column.isna().any():
        raise ValueError(f"{name} must not be missing, got one that is")
    return column.astype(str).astype(object).to_numpy()


def _check_words(words, name):
    """Refuse what a line of fields could not hold."""
    for word in set(words):
        comment = name == "query" and word.startswith("#")
        if not word or comment or re.search(r"\s", word, re.ASCII):
            raise ValueError(
                f"{name} must be one word, and a query not begin with #, "
                f"got {word!r}"
            )


def _fields(path, kind, n, kept, last):
    """Line numbers, queries, items and the field `last` of each line."""
    lines, rows = [], []
    for number, line in enumerate(Path(path).read_bytes().split(b"\n"), 1):
        fields = line.split()  # at ASCII white space, as C does
        if not fields or fields[0].startswith(b"#"):
            continue
        if len(fields[kept]) != n:
            rule = f"a line of a {kind} file must have {n} fields"
            raise _malformed(path, number, rule, line)
        lines.append(number)
        rows.append((fields[0], fields[2], fields[last]))
    words = [[], []]
    for number, row in zip(lines, rows, strict=True):
        for column, word in zip(words, row, strict=False):
            try:
                column.append(word.decode())
            except UnicodeDecodeError:
                rule = "ids must be UTF-8"
                raise _malformed(path, number, rule, word) from None
    return lines, *words, [row[2] for row in rows]


def _malformed(path, number, rule, got):
    shown = got.decode(errors="backslashreplace").strip()
    return ValueError(f"{path}, line {number}: {rule}, got {shown!r}")


def _table(path, lines, query, item, column, values):
    import pandas as pd

    table = pd.DataFrame({"query": query, "item": item, column: values})
    twice = table.duplicated(["query", "item"]).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        raise ValueError(
            f"{path}, line {lines[row]}: an item must be in a query once, "
            f"got {item[row]!r} again in query {query[row]!r}"
        )
    return table
