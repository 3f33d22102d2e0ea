"""Cases of utils.models.ease."""

import numpy as np

from tests.driven import case, finite
from tests.driven.models import matrix
from utils.models import ease

EXEMPT = {
    "models.ease.inverse_gram": "a building block of fit_ease, which checks",
}

case(
    ease.fit_ease,
    lambda rng: matrix(rng, l2=2.0),
    lambda got, given: finite([got, np.diag(got)], given),
)
