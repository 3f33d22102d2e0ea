"""Cases of utils.experiments.multiple."""

from tests.driven import case, share
from utils.experiments import multiple

for function in (multiple.holm, multiple.benjamini_hochberg):
    case(function, lambda rng: {"p_values": rng.random((2, 4))}, share)
