"""Cases of utils.monitoring.alarms."""

from tests.driven import case, finite, share, within
from utils.monitoring import alarms

case(
    alarms.standardised,
    lambda rng: {"series": rng.normal(size=(2, 4)), "mean": 0.0, "sd": 1.0},
    finite,
)

case(
    alarms.lower_cusum,
    lambda rng: {"z": rng.normal(size=(2, 4)), "slack": 0.5},
    within(0, 1e308, nan=False),
)

case(
    alarms.control_limit,
    lambda rng: {"chart": rng.normal(size=(9, 4)), "false_alarm_rate": 0.3},
    finite,
)

case(
    alarms.alarm_report,
    lambda rng: {"chart": rng.normal(size=(5, 4)), "limit": 1.0,
                 "change_at": 2},
    lambda got, given: share(got[:2], given),
    inf="limit",
)  # fmt: skip

case(
    alarms.trial,
    lambda rng: {
        "calibration": rng.normal(size=(9, 4)),
        "in_control": rng.normal(size=(3, 4)),
        "out_of_control": rng.normal(size=(5, 4)),
        "change_at": 2, "slack": 0.5,
        "false_alarm_rate": 0.3,
    },
    lambda got, given: share(got[1:3], given),
)  # fmt: skip
