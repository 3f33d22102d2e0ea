"""Cases of utils.metrics.coco_files."""

from tests.driven import case
from tests.driven.metrics import coco_parts
from utils.metrics import coco_files

case(
    coco_files.read_ground_truth,
    lambda rng: {"annotations": coco_parts(rng)["annotations"]},
)

case(
    coco_files.read_detections,
    lambda rng: {
        "detections": coco_parts(rng)["detections"],
        "truth": coco_files.read_ground_truth(coco_parts(rng)["annotations"]),
    },
    keep="truth",
)
