"""Cases of utils.metrics.verification."""

from tests.driven import case, share
from utils.metrics import verification


def comparisons(rng):
    return {
        "mated": rng.normal(size=6).round(1) + 1,
        "nonmated": rng.normal(size=9).round(1),
    }


for function, scores in (
    (verification.false_match_rate, "nonmated"),
    (verification.false_non_match_rate, "mated"),
):
    case(
        function,
        lambda rng, scores=scores: {
            scores: comparisons(rng)[scores],
            "threshold": rng.normal(size=3),
        },
        share,
        inf="threshold",
    )

case(
    verification.error_rates,
    comparisons,
    lambda got, given: share(got[1:], given),
)

case(verification.equal_error_rate, comparisons, share)

case(
    verification.threshold_at_fmr,
    lambda rng: {"nonmated": comparisons(rng)["nonmated"], "fmr": 0.3},
)

case(
    verification.tar_at_fmr,
    lambda rng: comparisons(rng) | {"fmr": 0.3},
    share,
)

case(
    verification.false_positive_identification_rate,
    lambda rng: {"scores": rng.random((3, 4)), "threshold": 0.5},
    share,
    inf="threshold",
)

case(
    verification.false_negative_identification_rate,
    lambda rng: {
        "scores": rng.random((3, 4)), "mates": rng.integers(0, 4, 3),
        "threshold": 0.5, "rank": 2,
    },
    share,
    inf="threshold",
)  # fmt: skip
