"""Control charts: CUSUM, a limit of chosen false-alarm rate, detection delay.

Time is the last axis and is counted in steps (days); leading axes are
replicates of the same stretch of time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LARGEST = 1e150  # in size: differences, sums and squares stay floats


def standardised(series: np.ndarray, *, mean: float, sd: float) -> np.ndarray:
    """Standardised series: z-scores by mean and deviation of healthy days.

    Args:
        series: (..., T) one number per day, finite.
        mean: of healthy days.
        sd: standard deviation of healthy days, above 0.

    Returns:
        (..., T) float64: (series - mean) / sd.

    Raises:
        ValueError: sd not from 1e-150 to 1e150; series or mean not finite
            or beyond 1e150.

    >>> standardised(np.array([1.0, 4.0]), mean=2.0, sd=0.5)
    array([-2.,  4.])
    """
    if not 1 / LARGEST <= sd <= LARGEST:
        raise ValueError(f"sd must be above 0 and finite, got {sd}")
    series = _finite("series", series)
    if not abs(mean) <= LARGEST:
        raise ValueError(f"mean must be finite, got {mean}")
    return (series - mean) / sd


def lower_cusum(z: np.ndarray, *, slack: float) -> np.ndarray:
    """Lower one-sided CUSUM chart: the cumulated shortfall.

    Args:
        z: (..., T) standardised series, finite.
        slack: shortfall per step that is forgiven, at least 0; half of the
            drop that one wants to find is the usual choice.

    Returns:
        (..., T) at least 0: S_t = max(0, S_(t-1) - z_t - slack), S_0 = 0.
        It forgets good days and remembers a run of slightly bad ones. For
        rises, pass -z.

    Raises:
        ValueError: slack below 0; z not finite.

    Source: Page (1954), doi:10.1093/biomet/41.1-2.100.

    >>> lower_cusum(np.array([0.0, -2.0, -2.0, 3.0]), slack=0.5)
    array([0. , 1.5, 3. , 0. ])
    """
    z = _finite("z", z)
    if not 0 <= slack <= LARGEST:
        raise ValueError(
            f"slack must be at least 0 and at most {LARGEST:g}, got {slack}"
        )
    chart, level = np.empty_like(z), np.zeros(z.shape[:-1])
    for t in range(z.shape[-1]):
        level = np.maximum(0.0, level - z[..., t] - slack)
        chart[..., t] = level
    return chart


def control_limit(chart: np.ndarray, *, false_alarm_rate: float) -> float:
    """Control limit at a false-alarm rate, from charts of healthy stretches.

    Args:
        chart: (R, T) charts of R healthy stretches of T steps, finite.
        false_alarm_rate: probability that a new healthy stretch of T steps
            alarms, in (0, 1).

    Returns:
        The floor(rate * (R + 1))-th largest of the R maxima: of R + 1
        exchangeable stretches the new one is among so many largest with at
        most that probability.

    Raises:
        ValueError: not two axes; not finite; rate out of range; fewer
            stretches than can show so small a rate.

    >>> chart = np.arange(19.0)[:, None]
    >>> control_limit(chart, false_alarm_rate=0.05)  # 1 of 20 is above
    18.0
    """
    chart = _finite("chart", chart)
    if chart.ndim != 2:
        raise ValueError(f"chart must be (R, T), got shape {chart.shape}")
    if not 0 < false_alarm_rate < 1:
        raise ValueError(
            f"false_alarm_rate must be in (0, 1), got {false_alarm_rate}"
        )
    # guard against 0.07 * 100 = 7.000000000000001 and its kind
    place = int(np.floor(false_alarm_rate * (len(chart) + 1) + 1e-9))
    if place < 1:
        least = int(np.ceil(1 / false_alarm_rate - 1 - 1e-9))
        raise ValueError(
            f"a rate of {false_alarm_rate} needs at least {least} "
            f"stretches, got {len(chart)}"
        )
    place = min(place, len(chart))
    return float(np.sort(chart.max(axis=1))[-place])


class AlarmReport(NamedTuple):
    """False-alarm rate, detection rate and delay over replicated charts.

    Attributes:
        false_alarm_rate: share of replicates that alarmed before the break.
        detection_rate: share of the *others* that alarmed after it; nan if
            there are none.
        median_delay: of those others, steps from the break to the alarm, 0
            at the break's own step; inf if half or more never alarmed, nan
            if there are none.
        delays: (R,) of each replicate, inf where never, nan where the alarm
            was up before the break and could tell nobody anything.
    """

    false_alarm_rate: float
    detection_rate: float
    median_delay: float
    delays: np.ndarray


def alarm_report(
    chart: np.ndarray, *, limit: float, change_at: int
) -> AlarmReport:
    """False alarms and detection delay of charts with a known break.

    Args:
        chart: (R, T), finite.
        limit: alarm where the chart is above.
        change_at: first step of the break, in 0..T-1.

    Returns:
        The share of false alarms, and how soon the break was found.

    Raises:
        ValueError: not two axes or no replicates; not finite; change_at out
            of range.

    >>> chart = np.array([[0, 0, 1, 5], [0, 0, 5, 5], [5, 0, 5, 0.0]])
    >>> report = alarm_report(chart, limit=2.0, change_at=2)
    >>> report.detection_rate, report.median_delay, report.delays
    (1.0, 1.0, array([ 1.,  0., nan]))
    """
    chart = _finite("chart", chart)
    if chart.ndim != 2 or not len(chart):
        raise ValueError(f"chart must be (R, T), got shape {chart.shape}")
    if not 0 <= change_at < chart.shape[1]:
        raise ValueError(
            f"change_at must be in 0..{chart.shape[1] - 1}, got {change_at}"
        )
    if np.isnan(limit):
        raise ValueError(f"limit must be a number, got {limit}")
    alarm = chart > limit
    early = alarm[:, :change_at].any(axis=1)
    after = alarm[:, change_at:]
    found = after.any(axis=1)
    delays = np.where(found, after.argmax(axis=1).astype(float), np.inf)
    delays[early] = np.nan
    quiet = np.sort(delays[~early])
    if not len(quiet):
        return AlarmReport(1.0, np.nan, np.nan, delays)
    return AlarmReport(
        float(early.mean()),
        float(found[~early].mean()),
        float(quiet[len(quiet) // 2]),  # the later of two middles
        delays,
    )


class AlarmTrial(NamedTuple):
    """Result of a trial: false alarms and detections on fresh stretches.

    Attributes:
        limit: above which the charts alarm.
        false_alarm_rate: share of the in-control stretches that alarmed; these
            had no part in setting the limit.
        detection_rate: see AlarmReport; of the out-of-control stretches.
        median_delay: see AlarmReport.
        charts: (R, T) of the out-of-control stretches.
    """

    limit: float
    false_alarm_rate: float
    detection_rate: float
    median_delay: float
    charts: np.ndarray


def trial(
    calibration: np.ndarray,
    in_control: np.ndarray,
    out_of_control: np.ndarray,
    *,
    change_at: int,
    slack: float = 0.5,
    false_alarm_rate: float = 0.05,
) -> AlarmTrial:
    """Trial of a CUSUM: its limit set on some stretches, tried on others.

    Args:
        calibration: (S, T) healthy stretches of T days; give mean, standard
            deviation and limit. Low is bad; for rises, negate all three.
        in_control: (C, T) other healthy stretches.
        out_of_control: (R, T) stretches that break at change_at.
        change_at: first day of the break, in 0..T-1.
        slack: shortfall per day, in standard deviations, that is forgiven.
        false_alarm_rate: promised for a healthy stretch, in (0, 1).

    Returns:
        What was promised, what happened, and how long it took.

    Raises:
        ValueError: as standardised, lower_cusum, control_limit and
            alarm_report; stretches of unequal length.

    >>> rng = np.random.default_rng(0)
    >>> days = rng.normal(size=(3, 200, 20))
    >>> days[2, :, 10:] -= 2
    >>> got = trial(*days, change_at=10)
    >>> got.median_delay, got.false_alarm_rate < 0.1
    (2.0, True)
    """
    three = {
        "calibration": calibration,
        "in_control": in_control,
        "out_of_control": out_of_control,
    }
    three = {name: _finite(name, rows) for name, rows in three.items()}
    shapes = [rows.shape for rows in three.values()]
    if any(len(s) != 2 or 0 in s for s in shapes) or (
        len({s[1] for s in shapes}) > 1
    ):
        raise ValueError(
            "calibration, in_control and out_of_control must be (., T) alike, "
            f"got {shapes}"
        )
    mean, sd = three["calibration"].mean(), three["calibration"].std()
    chart = {
        name: lower_cusum(standardised(rows, mean=mean, sd=sd), slack=slack)
        for name, rows in three.items()
    }
    limit = control_limit(
        chart["calibration"], false_alarm_rate=false_alarm_rate
    )
    report = alarm_report(
        chart["out_of_control"], limit=limit, change_at=change_at
    )
    return AlarmTrial(
        limit,
        float((chart["in_control"] > limit).any(axis=1).mean()),
        report.detection_rate,
        report.median_delay,
        chart["out_of_control"],
    )


def _finite(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    wrong = ~(np.abs(values) <= LARGEST)  # nan too
    if wrong.any():
        raise ValueError(
            f"{name} must be finite and at most {LARGEST:g} in size, got "
            f"{values[wrong][0]}: decide what a missing day means"
        )
    return values
