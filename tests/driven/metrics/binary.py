"""Cases of utils.metrics.binary."""

import numpy as np

from tests.driven import case, finite, share, within
from tests.driven.metrics import BLOCK, groups, rows_of
from utils.metrics import binary

EXEMPT = {
    "metrics.binary.sorted_scores": BLOCK,
    "metrics.binary.positive_steps": BLOCK,
    "metrics.binary.count_below": BLOCK,
    "metrics.binary.threshold_counts": BLOCK,
    "metrics.binary.starts_of_runs": BLOCK,
    "metrics.binary.total_weight": BLOCK,
    "metrics.binary.ratio": BLOCK,
    "metrics.binary.share": BLOCK,
    "metrics.binary.SortedScores": "a result",
}

case(binary.checked_rows, rows_of(), finite)

case(binary.checked_probabilities, rows_of("probabilities"), finite)

for function in (binary.checked_numbers, binary.check_finite):
    case(
        function,
        lambda rng: {"name": "x", "values": rng.normal(size=4)},
        keep="name",
        **({"nan": "values", "inf": "values"}
           if function is binary.checked_numbers else {}),
    )  # fmt: skip

case(
    binary.checked_binary,
    lambda rng: {"name": "x", "values": rng.integers(0, 2, 4)},
    share,
    keep="name",
)

case(binary.check_weights, lambda rng: {"weights": rng.random(4)})

case(binary.check_probabilities, lambda rng: {"probabilities": rng.random(4)})

case(
    binary.checked_groups,
    lambda rng: {"groups": groups(rng, 4), "labels": rng.integers(0, 2, 4)},
    within(0, np.inf),
    keep="labels",
)
