"""Charts, limits set on healthy days, and what an alarm does."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.monitoring import alarms

# the same examples on every machine, however busy
STEADY = settings(deadline=None, derandomize=True)
Z = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(0, 12)),
    elements=st.floats(-5, 5),
)


def test_standardised_by_hand():
    got = alarms.standardised(np.array([4.0, 5.0, 8.0]), mean=5.0, sd=2.0)
    assert got.tolist() == [(4 - 5) / 2, 0, (8 - 5) / 2]


@pytest.mark.parametrize("sd", [0, -1, np.nan])
def test_standardised_refuses(sd):
    with pytest.raises(ValueError, match=f"above 0 and finite, got {sd}"):
        alarms.standardised(np.array([1.0]), mean=0, sd=sd)


def test_cusum_low_by_hand():
    got = alarms.lower_cusum(np.array([1, -1, -1, 0.25, 9, -3]), slack=0.5)
    s_2 = 1 - 0.5
    s_3 = s_2 + 1 - 0.5
    s_4 = s_3 - 0.25 - 0.5
    assert got == pytest.approx([0, s_2, s_3, s_4, 0, 3 - 0.5])


@STEADY
@given(Z, st.floats(0, 2))
def test_cusum_low_agrees_with_its_closed_form(z, slack):
    # the walk minus the lowest point it has reached, or 0 if that is higher
    walk = np.cumsum(-z - slack, axis=-1)
    lowest = np.minimum(np.minimum.accumulate(walk, axis=-1), 0)
    got = alarms.lower_cusum(z, slack=slack)
    np.testing.assert_allclose(got, walk - lowest, atol=1e-9)
    assert (got >= 0).all()
    np.testing.assert_array_equal(
        got[0], alarms.lower_cusum(z[0], slack=slack)
    )


def test_cusum_low_finds_a_small_lasting_drop_sooner_than_single_days():
    rng = np.random.default_rng(0)
    healthy, out_of_control = rng.normal(size=(2, 400, 60))
    out_of_control[:, 30:] -= 1
    delays = []
    for chart in (lambda z: alarms.lower_cusum(z, slack=0.5), lambda z: -z):
        limit = alarms.control_limit(chart(healthy), false_alarm_rate=0.05)
        report = alarms.alarm_report(
            chart(out_of_control), limit=limit, change_at=30
        )
        delays.append(report.median_delay)
    assert delays[0] < delays[1]


def test_cusum_low_refuses():
    with pytest.raises(ValueError, match=r"at least 0.*, got -1"):
        alarms.lower_cusum(np.array([1.0]), slack=-1)
    with pytest.raises(ValueError, match="must be finite"):
        alarms.lower_cusum(np.array([np.nan]), slack=0)


def test_control_limit_by_hand():
    maxima = np.array([[0, 7], [3, 1], [5, 5], [2, 9]])  # 7, 3, 5, 9
    assert alarms.control_limit(maxima, false_alarm_rate=0.2) == 9  # 1/5
    assert alarms.control_limit(maxima, false_alarm_rate=0.39) == 9
    assert alarms.control_limit(maxima, false_alarm_rate=0.4) == 7  # 2/5
    assert alarms.control_limit(maxima, false_alarm_rate=0.99) == 3


def test_control_limit_is_not_led_astray_by_rounding():
    # 0.07 * 100 = 7.000000000000001 and 0.29 * 100 = 28.999999999999996
    for rate, rows, place in [(0.1, 29, 3), (0.07, 99, 7), (0.29, 99, 29)]:
        limit = alarms.control_limit(
            np.arange(float(rows))[:, None], false_alarm_rate=rate
        )
        assert limit == rows - place


def test_control_limit_keeps_the_rate_on_the_next_stretch():
    # by exchangeability: each of R + 1 in turn is "the next one"
    rng = np.random.default_rng(0)
    maxima = rng.normal(size=40)
    for rate in (0.05, 0.1, 0.3):
        exceeds = [
            maxima[i]
            > alarms.control_limit(
                np.delete(maxima, i)[:, None], false_alarm_rate=rate
            )
            for i in range(40)
        ]
        assert np.mean(exceeds) == pytest.approx(np.floor(40 * rate) / 40)


def test_control_limit_refuses():
    with pytest.raises(ValueError, match=r"\(R, T\), got shape \(3,\)"):
        alarms.control_limit(np.zeros(3), false_alarm_rate=0.5)
    with pytest.raises(ValueError, match=r"at least 19 .* got 18"):
        alarms.control_limit(np.zeros((18, 2)), false_alarm_rate=0.05)
    for rate in (0, 1):
        with pytest.raises(ValueError, match=f"got {rate}"):
            alarms.control_limit(np.zeros((9, 2)), false_alarm_rate=rate)


def test_alarm_report_by_hand():
    chart = np.array(
        [
            [0, 0, 3, 0],  # on the first out_of_control day
            [0, 0, 2, 3],  # the limit itself is not an alarm
            [3, 0, 0, 0],  # false, then nothing
            [0, 0, 0, 0],  # never
            [0, 0, 0, 9],
        ]
    )
    got = alarms.alarm_report(chart, limit=2, change_at=2)
    assert got.false_alarm_rate == 1 / 5
    assert got.detection_rate == 3 / 4
    assert got.delays[[0, 1, 3, 4]].tolist() == [0, 1, inf, 1]
    assert np.isnan(got.delays[2])
    assert got.median_delay == 1


def test_nothing_can_be_found_where_all_alarmed_before():
    got = alarms.alarm_report(np.ones((3, 4)), limit=0, change_at=2)
    assert got.false_alarm_rate == 1
    assert np.isnan([got.detection_rate, got.median_delay]).all()


@pytest.mark.parametrize("silent, expected", [(1, 1), (2, inf), (3, inf)])
def test_median_delay_is_infinite_once_half_are_silent(silent, expected):
    chart = np.zeros((4, 3))
    chart[silent:, 2] = 1
    got = alarms.alarm_report(chart, limit=0, change_at=1)
    assert got.median_delay == expected


@STEADY
@given(
    hnp.arrays(np.int64, (6, 5), elements=st.integers(0, 3)),
    st.integers(0, 4),
)
def test_alarm_report_agrees_with_a_loop(chart, change_at):
    got = alarms.alarm_report(chart, limit=1, change_at=change_at)
    quiet = [row for row in chart if all(s <= 1 for s in row[:change_at])]
    delays = [
        next((t for t, s in enumerate(row[change_at:]) if s > 1), inf)
        for row in quiet
    ]
    assert got.delays[~np.isnan(got.delays)].tolist() == delays
    assert got.false_alarm_rate == pytest.approx(1 - len(quiet) / 6)
    if quiet:
        assert got.detection_rate == pytest.approx(
            sum(d < inf for d in delays) / len(quiet)
        )


def test_alarm_report_refuses():
    for change_at in (-1, 3):
        with pytest.raises(ValueError, match=f"0..2, got {change_at}"):
            alarms.alarm_report(np.zeros((2, 3)), limit=0, change_at=change_at)
    for shape in ((3,), (0, 3)):
        with pytest.raises(ValueError, match=r"must be \(R, T\)"):
            alarms.alarm_report(np.zeros(shape), limit=0, change_at=0)


def test_trial_does_what_its_parts_do():
    calibration, in_control, out_of_control = np.random.default_rng(1).normal(
        size=(3, 300, 30)
    )
    out_of_control[:, 20:] -= 1.5
    got = alarms.trial(
        calibration, in_control, out_of_control, change_at=20, slack=0.25
    )

    def chart(rows):
        z = (rows - calibration.mean()) / calibration.std()
        return alarms.lower_cusum(z, slack=0.25)

    limit = alarms.control_limit(chart(calibration), false_alarm_rate=0.05)
    report = alarms.alarm_report(
        chart(out_of_control), limit=limit, change_at=20
    )
    assert got.limit == limit
    assert (
        got.false_alarm_rate == (chart(in_control).max(axis=1) > limit).mean()
    )
    assert got.detection_rate == report.detection_rate
    assert got.median_delay == report.median_delay
    np.testing.assert_array_equal(got.charts, chart(out_of_control))


def test_trial_keeps_its_promise_on_stretches_that_it_has_not_seen():
    # the limit is as uncertain as the share: twice the variance of one
    rng = np.random.default_rng(2)
    for rate in (0.05, 0.2):
        calibration, in_control = rng.normal(10, 3, size=(2, 300, 30))
        got = alarms.trial(
            calibration,
            in_control,
            in_control - 9,
            change_at=0,
            false_alarm_rate=rate,
        )
        assert abs(got.false_alarm_rate - rate) < 3.5 * np.sqrt(
            2 * rate * (1 - rate) / 300
        )
        assert got.median_delay <= 2


@pytest.mark.parametrize(
    "shapes",
    [
        [(20, 5), (20, 4), (20, 5)],
        [(20, 5), (5,), (20, 5)],
        [(20, 5), (20, 5), (0, 5)],
    ],
)
def test_trial_refuses(shapes):
    rows = [np.ones(shape) for shape in shapes]
    with pytest.raises(ValueError, match=r"must be \(., T\) alike, got"):
        alarms.trial(*rows, change_at=0)
