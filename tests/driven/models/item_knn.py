"""Cases of utils.models.item_knn."""

from tests.driven import case, finite
from tests.driven.models import matrix
from utils.models import item_knn


def neighbours(got, given):
    finite(got, given)
    assert got.shape == 2 * (given["interactions"].shape[1],)
    assert (got.data >= 0).all() and not got.diagonal().any()


case(
    item_knn.fit_item_knn,
    lambda rng: matrix(rng, neighbours=2, shrink=1.0, power=0.5),
    neighbours,
)

case(item_knn.bm25, lambda rng: matrix(rng, k1=1.2, b=0.5), finite)
