"""Cases of utils.metrics.voc."""

import numpy as np

from tests.driven import case, share, within
from tests.driven.metrics import boxes
from utils.metrics import detection, voc

for function in (
    detection.average_precision,
    voc.average_precision,
    voc.average_precision_11,
):
    case(
        function,
        lambda rng: {"scores": rng.random(4), "n_ground_truth": 4,
                     "is_true_positive": rng.integers(0, 2, 4).astype(bool)},
        share,
        inf="scores",
    )  # fmt: skip


def voc_parts(rng):
    return {
        "objects": voc.Objects(
            np.array([0, 0, 1]), np.array([0, 1, 1]), boxes(rng, 3),
            np.array([False, True, False]),
        ),
        "detections": voc.Detections(
            np.array([0, 1, 1, 0]), np.array([0, 1, 1, 2]), boxes(rng, 4),
            rng.random(4),
        ),
        "at_least": 0.5,
        "inclusive": bool(rng.integers(2)),
    }  # fmt: skip


case(
    voc.voc_evaluate, voc_parts, share,
    covers=(voc.voc_evaluate, voc.Objects, voc.Detections),
)  # fmt: skip

case(voc.match_detections, voc_parts, within(-1, 1))
