"""Tables: those that the worlds wrote, and a user's own log."""

from utils.data.tables import CASES, generate, load, world, write

__all__ = ["CASES", "generate", "load", "world", "write"]
