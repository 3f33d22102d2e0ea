"""Cases of utils.recommender.tuning."""

from tests.driven.recommender import INSIDE

EXEMPT = {
    "recommender.tuning.choose": INSIDE,
}
