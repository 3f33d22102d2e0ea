"""nbval: which kinds of output are not compared."""

from utils.claims import MEDIA_TYPE

# pictures are not stored, and claim records repeat the line beside them
NOT_COMPARED = ("image/png", "image/jpeg", "image/svg+xml", MEDIA_TYPE)


def pytest_collectstart(collector):
    """Add to what nbval skips in each notebook."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_COMPARED
