"""Cases of utils.retrieval.pq."""

from tests.driven import case, finite
from utils.retrieval.pq import ProductQuantiser


def quantised(vectors, others, subvectors, centroids, rng):
    fitted = ProductQuantiser(
        subvectors=subvectors, centroids=centroids, rng=rng
    ).fit(vectors)
    return fitted.decode(fitted.encode(others))


case(
    quantised,
    lambda rng: {
        "vectors": rng.normal(size=(8, 4)), "others": rng.normal(size=(3, 4)),
        "subvectors": 2, "centroids": 3, "rng": rng,
    },
    finite,
    covers=(ProductQuantiser,),
)  # fmt: skip
