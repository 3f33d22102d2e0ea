"""Property tests are repeatable, and not timed: machines are busy."""

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
