"""Cases of utils.metrics.classification."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.metrics import groups, rows_of
from utils.metrics import classification

for function in (
    classification.roc_auc,
    classification.average_precision,
    classification.trapezoid_pr_auc,
    classification.precision_recall,
):
    case(function, rows_of(), share)

for function in (classification.auc_by_group, classification.grouped_auc):
    case(function, rows_of(groups=groups, weights=None), share)

case(
    classification.roc_auc_interval,
    rows_of(
        weights=None, resamples=100, level=0.9,
        rng=lambda rng, n: rng, other=lambda rng, n: rng.random(n),
    ),
    lambda got, given: within(-1, 1)(got[:3], given),
)  # fmt: skip

for function in (classification.log_loss, classification.normalised_entropy):
    case(function, rows_of("probabilities"), within(0, np.inf))

case(classification.brier, rows_of("probabilities"), share)
