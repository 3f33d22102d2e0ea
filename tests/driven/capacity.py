"""Cases of utils.capacity."""

import inspect

import numpy as np

from tests.driven import case, within
from utils import capacity

AT_LEAST_1 = {"shards": 3.0, "peak_factor": 2.0, "copies": 2.0}


def sized(function):
    """Arguments of a calculation of sizes: they are named in it."""
    names = list(inspect.signature(function).parameters)
    return lambda rng: {name: AT_LEAST_1.get(name, 0.5) for name in names}


for name, function in inspect.getmembers(capacity, inspect.isfunction):
    if not name.startswith("_") and function.__module__ == capacity.__name__:
        case(function, sized(function), within(0, np.inf, nan=False))
