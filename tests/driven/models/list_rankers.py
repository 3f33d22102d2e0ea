"""Cases of utils.models.list_rankers."""

import numpy as np

from tests.driven import case, finite
from utils.models import list_losses, list_rankers


def scored(learner):
    """Scores of the judged lists by what the learner fits to `lists`."""

    def called(features, labels, shown, judged, loss, **given):
        return learner(
            list_rankers.Lists(features, labels, shown),
            getattr(list_losses, loss),
            list_rankers.Judged(judged, lambda s: float(s.argmax())),
            **given,
        )(judged)

    return called


def lists(rng):
    return {
        "features": rng.normal(size=(3, 4, 2)),
        "labels": rng.random((3, 4)),
        "shown": rng.integers(1, 9, (3, 4)).astype(float),
        "judged": rng.normal(size=(2, 4, 2)),
        "loss": str(rng.choice(["pointwise", "pairwise", "listwise",
                                "ranknet", "lambdas"])),
    }  # fmt: skip


case(
    list_rankers.lists_of,
    lambda rng: {
        "query": np.array([0, 0, 2, 2, 2]),
        "features": rng.normal(size=(5, 2)),
        "labels": rng.random(5), "shown": rng.integers(1, 9, 5), "width": 2,
    },
    finite,
)  # fmt: skip

case(
    scored(list_rankers.fit_network),
    lambda rng: {
        **lists(rng), "rng": rng, "hidden": 3, "members": 2, "epochs": 2,
        "learning_rate": 0.01, "weight_decay": 0.1, "patience": 1,
    },
    finite,
    covers=(list_rankers.fit_network, list_rankers.Ranker),
    keep="loss",
)  # fmt: skip

case(
    scored(list_rankers.fit_trees),
    lambda rng: {
        **lists(rng), "leaves": 2, "least_rows": 2, "learning_rate": 0.1,
        "rounds": 2, "patience": 1,
    },
    finite,
    covers=(list_rankers.fit_trees,),
    keep="loss",
)  # fmt: skip
