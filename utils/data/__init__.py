"""Tables: those that the worlds wrote, and a user's own log."""

from .interactions import Interactions, read_interactions
from .tables import cases, generate, load, world, write

__all__ = [
    "Interactions",
    "cases",
    "generate",
    "load",
    "read_interactions",
    "world",
    "write",
]
