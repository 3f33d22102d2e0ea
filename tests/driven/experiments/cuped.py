"""Cases of utils.experiments.cuped."""

from tests.driven import case, finite, share
from tests.driven.experiments import arms
from utils.experiments import cuped

case(
    cuped.adjust,
    lambda rng: arms(
        rng,
        control_before=rng.normal(size=6),
        treatment_before=rng.normal(size=8),
    ),
    lambda got, given: (finite(got[:3], given), share(got[3], given)),
)
