"""Cases of utils.monitoring.drift."""

import numpy as np

from tests.driven import case, finite, share, within
from utils.monitoring import drift

case(
    drift.quantile_edges,
    lambda rng: {"reference": rng.normal(size=9), "bins": 3},
    finite,
)

case(
    drift.bin_counts,
    lambda rng: {"values": rng.normal(size=9),
                 "edges": np.sort(rng.normal(size=2))},
    within(0, 9, nan=False),
)  # fmt: skip

case(
    drift.psi,
    lambda rng: {"reference": rng.integers(0, 9, (2, 3)),
                 "current": rng.integers(0, 9, (2, 3)), "smoothing": 0.5},
    within(0, np.inf),
)  # fmt: skip

case(
    drift.psi_limit,
    lambda rng: {"n_reference": 90, "n_current": 80, "bins": 5,
                 "false_alarm_rate": 0.1},
    within(0, 1e308, nan=False),
)  # fmt: skip

case(
    drift.chi_square,
    lambda rng: {"reference": rng.integers(0, 9, 4),
                 "current": rng.integers(0, 9, 4)},
    lambda got, given: share(got.p_value, given),
)  # fmt: skip

case(
    drift.kolmogorov_smirnov,
    lambda rng: {"reference": rng.normal(size=9).round(1),
                 "current": rng.normal(size=7).round(1)},
    within(0, 1, nan=False),
)  # fmt: skip

case(
    drift.calibration_drift,
    lambda rng: {"predicted": rng.random(4) * 9,
                 "observed": rng.integers(0, 9, 4), "level": 0.9},
    within(0, np.inf),
)  # fmt: skip
