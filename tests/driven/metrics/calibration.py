"""Cases of utils.metrics.calibration."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.metrics import groups, rows_of
from utils.metrics import calibration

case(
    calibration.predicted_over_observed,
    rows_of("probabilities", slices=groups),
    within(0, np.inf),
)

case(calibration.equal_width_edges, lambda rng: {"bins": 3}, share)

case(
    calibration.equal_mass_edges,
    lambda rng: {"probabilities": rng.random(6).round(1), "bins": 3},
    share,
)

EDGES = np.array([0.0, 0.3, 1.0])

for function in (
    calibration.reliability_curve,
    calibration.expected_calibration_error,
):
    case(
        function,
        rows_of("probabilities", edges=lambda rng, n: EDGES.copy()),
        share,
    )

case(
    calibration.prior_correction,
    lambda rng: {"probabilities": rng.random(5), "downsampling_rate": 0.1},
    within(0, 1, nan=False),
)


def platt(labels, scores, weights, at):
    fit = calibration.fit_platt(labels, scores, weights=weights)
    return fit(at), fit.slope


case(
    platt,
    rows_of(at=lambda rng, n: rng.normal(size=3)),
    lambda got, given: within(0, 1, nan=False)(got[0], given),
    covers=(calibration.fit_platt, calibration.Platt),
)


def isotonic(labels, scores, weights, at):
    return calibration.fit_isotonic(labels, scores, weights=weights)(at)


case(
    isotonic,
    rows_of(at=lambda rng, n: rng.normal(size=3)),
    within(0, 1, nan=False),
    covers=(calibration.fit_isotonic, calibration.Isotonic),
)
