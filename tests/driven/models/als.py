"""Cases of utils.models.als."""

from tests.driven import case, finite
from tests.driven.models import matrix
from utils.models import als


def factors(got, given):
    finite(got, given)
    n_users, n_items = given["interactions"].shape
    assert (len(got[0]), len(got[1])) == (n_users, n_items)


case(
    als.fit_als,
    lambda rng: matrix(
        rng, factors=2, l2=1.0, alpha=2.0, iterations=2, rng=rng
    ),
    factors,
)  # fmt: skip

case(
    als.fold_in,
    lambda rng: {
        "rows": matrix(rng)["interactions"], "l2": 1.0, "alpha": 2.0,
        "item_factors": rng.normal(size=(4, 2)),
    },
    finite,
)  # fmt: skip
