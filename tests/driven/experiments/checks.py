"""Cases of utils.experiments.checks."""

from tests.driven import case
from utils.experiments import checks

for function in (checks.check_sizes, checks.check_denominators):
    case(
        function,
        lambda rng: {"name": "x", "values": rng.random(4)},
        keep="name",
        inf="values" if function is checks.check_denominators else "",
    )
