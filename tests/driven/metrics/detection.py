"""Cases of utils.metrics.detection."""

import numpy as np

from tests.driven import case, finite, share
from tests.driven.metrics import BLOCK, boxes
from utils.metrics import detection

EXEMPT = {
    "metrics.detection.overlap": BLOCK,
}

case(
    detection.iou,
    lambda rng: {
        "found": boxes(rng, 3), "true": boxes(rng, 2),
        "crowd": np.array([False, True]), "inclusive": bool(rng.integers(2)),
    },
    share,
)  # fmt: skip

case(
    detection.nms,
    lambda rng: {
        "boxes": boxes(rng, 5), "scores": rng.random(5).round(1),
        "at_most": 0.3, "classes": rng.integers(0, 2, 5),
    },
    nan="classes", inf="scores classes",
)  # fmt: skip

case(
    detection.greedy_match,
    lambda rng: {
        "scores": rng.random(3), "overlap": rng.random((3, 2)),
        "at_least": 0.5,
    },
    nan="overlap", inf="scores overlap",
)  # fmt: skip

case(
    detection.interpolated_precision,
    lambda rng: {"scores": rng.random(4), "n_ground_truth": 4,
                 "is_true_positive": rng.integers(0, 2, 4).astype(bool)},
    inf="scores",
)  # fmt: skip

case(detection.checked_boxes, lambda rng: {"boxes": boxes(rng, 3)}, finite)
