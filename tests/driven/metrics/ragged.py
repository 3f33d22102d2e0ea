"""Cases of utils.metrics.ragged."""

from tests.driven.metrics import BLOCK

EXEMPT = {
    "metrics.ragged.blocks": BLOCK,
    "metrics.ragged.rows_by_length": BLOCK,
    "metrics.ragged.padded": BLOCK,
    "metrics.ragged.groups": BLOCK,
    "metrics.ragged.check_distinct": BLOCK,
}
