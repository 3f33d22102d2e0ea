"""nbval: which kinds of output are not compared."""

from utils import claims, evidence

# pictures are not stored, nor are the records of claims and rows: claims
# answer for themselves, and rows are compared with the evidence
NOT_COMPARED = (
    *("image/png", "image/jpeg", "image/svg+xml"),
    *(claims.MEDIA_TYPE, evidence.MEDIA_TYPE),
)


def pytest_collectstart(collector):
    """Add to what nbval skips in each notebook."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_COMPARED
