"""Cases of utils.metrics.coco."""

from tests.driven import case, share
from tests.driven.metrics import coco_parts
from utils.metrics import coco

case(coco.coco_evaluate, coco_parts, share)
