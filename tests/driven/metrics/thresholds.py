"""Cases of utils.metrics.thresholds."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.metrics import rows_of
from utils.metrics import thresholds

case(
    thresholds.confusion_matrix,
    rows_of("predicted"),
    within(0, np.inf, nan=False),
)

case(thresholds.f_beta, rows_of("predicted", beta=2.0), share)

case(thresholds.mcc, rows_of("predicted"), within(-1, 1))

case(
    thresholds.recall_at_precision,
    rows_of(precision=0.5),
    lambda got, given: share(got[1:], given),
)

case(
    thresholds.precision_at_recall,
    rows_of(recall=0.5),
    lambda got, given: share(got[1:], given),
)

case(
    thresholds.min_cost_threshold,
    rows_of(false_positive_cost=1.0, false_negative_cost=5.0),
    lambda got, given: within(0, np.inf)(got.cost, given),
)

case(
    thresholds.bayes_threshold,
    lambda rng: {"false_positive_cost": 1.0, "false_negative_cost": 5.0},
    share,
)

case(
    thresholds.check_share,
    lambda rng: {"name": "recall", "value": 0.5},
    lambda got, given: share(given["value"], given),
    keep="name",
)
