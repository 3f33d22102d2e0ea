"""Cases of utils.metrics.trec_measures."""

from tests.driven.metrics import BLOCK

EXEMPT = {
    "metrics.trec_measures.measures": BLOCK,
}
