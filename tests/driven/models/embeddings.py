"""Cases of utils.models.embeddings."""

from tests.driven import case, finite, within
from tests.driven.models import NETWORK
from utils.models import embeddings

EXEMPT = {
    "models.embeddings.Tower": NETWORK,
}

case(
    embeddings.checked_pairs,
    lambda rng: {
        "pairs": rng.integers(0, 4, (6, 2)), "n_users": 4, "n_items": 4,
    },
    within(0, 3, nan=False),
)  # fmt: skip

case(
    embeddings.checked_features,
    lambda rng: {
        "side": "item", "table": rng.normal(size=(4, 2)), "n_rows": 4,
    },
    finite,
    keep="side",
)  # fmt: skip
