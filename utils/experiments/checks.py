"""Input checks that the tests of experiments share."""

from __future__ import annotations

import numpy as np

# fourth powers of larger ones, added up, leave the floats
LARGEST = np.float64(1e70)


def check_sizes(name: str, values: np.ndarray) -> None:
    """Refuse nan, infinity, and what is too large to be squared twice.

    Raises:
        ValueError: a value that is not finite or beyond 1e70 in size.

    >>> check_sizes("control", np.array([0.5, -3.0]))
    """
    wrong = ~(np.abs(values) <= LARGEST)  # nan too
    if wrong.any():
        raise ValueError(
            f"{name} must be finite and at most {LARGEST:g} in size, got "
            f"{values[wrong][0]}"
        )


def check_denominators(name: str, values: np.ndarray) -> None:
    """Refuse what cannot be divided by and then squared; 0 is left out.

    Raises:
        ValueError: a value below 0, or so near to 0 that ratios leave the
            floats.

    >>> check_denominators("control", np.array([0.0, 3.0]))
    """
    wrong = (values != 0) & ~(values >= 1 / LARGEST)
    if wrong.any():
        raise ValueError(
            f"denominators of {name} must be at least 0, and at least "
            f"{1 / LARGEST:g} where they are not 0, got {values[wrong][0]}"
        )
