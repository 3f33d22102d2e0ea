"""Point-in-time logs: what was known of a log at a moment, and no more.

A log that is read later than its events knows too much: labels that arrived
in between, and that no label will come any more. What is trained, calibrated
or counted on it as of an earlier moment must not see them. Of the log

    known = as_known_at(log, now, time="time", labels=["clicked"],
                        reported="reported")

`known.rows` is all that a model, and also a calibrator such as
`calibration.fit_platt`, may be fitted on at `now`; what a counter knew at
the moment of each row is `features.sums_before(..., reported=...)`.

Source: Kaufman, Rosset, Perlich & Stitelman (2012), Leakage in data mining,
doi:10.1145/2382577.2382579; Chapelle (2014), Modeling delayed feedback in
display advertising, doi:10.1145/2623330.2623634.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class KnownLog(NamedTuple):
    """Log as known at a moment.

    Attributes:
        rows: events before the moment, with the index of the log; labels are
            float64 and nan where unknown, reports that had not come NaT or
            nan.
        unknown: rows whose labels had not arrived.
        later: rows of the log that lie at or after the moment, left out.
    """

    rows: pd.DataFrame
    unknown: int
    later: int


def as_known_at(
    log: pd.DataFrame,
    now,
    *,
    time: str,
    labels: Sequence[str],
    reported: str,
    window=None,
) -> KnownLog:
    """Log as known at a moment: labels that had not arrived are unknown.

    A label is known once its report arrived, before `now`. Where only
    positives are reported, such as clicks, a row without a report is unknown
    and not negative, whatever the log says today: a click under way looks
    the same. `rows.clicked.fillna(0)` makes it a negative, on purpose and
    in sight.

    Args:
        log: one row per event.
        now: the moment, on the scale of the column `time`.
        time: column of the event's time, without holes.
        labels: columns that the report brings, numbers or bool.
        reported: column of the report's time, not before the event; NaT or
            nan where none has come.
        window: attribution window: a row at least this old without a report
            counts as 0. By default none does.

    Returns:
        KnownLog. It is the same for any log that differs only in what
        happened or was reported at `now` or later.

    Raises:
        ValueError: a column is missing; a time is missing, or a report lies
            before its event; a label is not a number; window below 0.

    >>> day = pd.DataFrame({"hour": [1, 2, 3], "clicked": [True, True, False],
    ...                     "reported": [2.0, 9.0, float("nan")]})
    >>> known = as_known_at(day, 5, time="hour", labels=["clicked"],
    ...                     reported="reported")
    >>> known.rows.clicked.tolist(), known.unknown
    ([1.0, nan, nan], 2)
    """
    _check_columns(log, [time, *labels, reported])
    _check_reports(log, time, reported)
    if window is not None and window < 0 * window:
        raise ValueError(f"window must be at least 0, got {window}")
    for label in labels:
        if log[label].dtype.kind not in "biuf":
            raise ValueError(
                f"label {label!r} must hold numbers, got {log[label].dtype}"
            )
    past = (log[time] < now).to_numpy()
    rows = log[past].copy()
    known = (rows[reported] < now).to_numpy()
    values = rows[list(labels)].astype(np.float64).where(known[:, None])
    if window is not None:
        closed = ~known & (now - rows[time] >= window).to_numpy()
        values[closed] = 0.0
        known = known | closed
    rows[list(labels)] = values
    rows[reported] = rows[reported].where(rows[reported] < now)
    return KnownLog(rows, int((~known).sum()), int((~past).sum()))


def check_known_at(
    rows: pd.DataFrame,
    now,
    *,
    log: pd.DataFrame,
    time: str,
    labels: Sequence[str],
    reported: str,
) -> None:
    """Check of training rows: no event and no label from `now` or later.

    Args:
        rows: what a model is trained on; its index is that of the log.
        now: the moment at which it is trained.
        log: the whole log.
        time, labels, reported: columns, as in `as_known_at`.

    Raises:
        ValueError: as `as_known_at`; a row that the log does not have, or
            that lies at or after `now`; a label above 0 whose report had
            not arrived. It names the row.

    >>> log = pd.DataFrame({"hour": [1, 2], "clicked": [1, 1],
    ...                     "reported": [2, 9]})
    >>> check_known_at(log[:1], 5, log=log, time="hour", labels=["clicked"],
    ...                reported="reported")
    """
    _check_columns(log, [time, *labels, reported])
    _check_columns(rows, labels)
    _check_reports(log, time, reported)
    strange = ~rows.index.isin(log.index)
    if strange.any():
        raise ValueError(f"row {rows.index[strange][0]} is not in the log")
    of = log.loc[rows.index]
    late = ~(of[time] < now).to_numpy()
    if late.any():
        row = int(np.argmax(late))
        raise ValueError(
            f"row {rows.index[row]} lies at {of[time].iloc[row]}, which is "
            f"not before {now}"
        )
    waits = ~(of[reported] < now).to_numpy()
    for label in labels:
        told = waits & (rows[label] > 0).to_numpy()
        if told.any():
            row = int(np.argmax(told))
            raise ValueError(
                f"row {rows.index[row]} has {label} = "
                f"{rows[label].iloc[row]}, which was reported at "
                f"{of[reported].iloc[row]}, not before {now}"
            )


def _check_columns(log: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in log]
    if missing:
        raise ValueError(f"no column {missing[0]!r}, got {list(log)}")


def _check_reports(log: pd.DataFrame, time: str, reported: str) -> None:
    if log[time].isna().any():
        row = log.index[log[time].isna()][0]
        raise ValueError(f"row {row}: {time} must not be missing, got nan")
    early = (log[reported] < log[time]).to_numpy()
    if early.any():
        row = int(np.argmax(early))
        raise ValueError(
            f"row {log.index[row]}: {reported} must not lie before {time}, "
            f"got {log[reported].iloc[row]} before {log[time].iloc[row]}"
        )
