"""Models: matrix factors, neighbours and networks."""

from scipy import sparse

from tests.driven import finite
from utils.models.training import Settings

NETWORK = "a network, built by its fit_... function, which checks"


def matrix(rng, /, **more):
    cells = rng.integers(0, 3, (5, 4)).astype(float)
    cells[0, 0] = 1.0
    return {"interactions": sparse.csr_matrix(cells), **more}


SETTINGS = {
    "epochs": 1, "batch_size": 4, "learning_rate": 0.01,
    "weight_decay": 0.1, "patience": 1,
}  # fmt: skip


def with_settings(function):
    """The function, its settings given one by one."""

    def called(**given):
        named = {name: given.pop(name) for name in SETTINGS if name in given}
        return function(**given, settings=Settings(**named))

    return called


def vectors(got, given):
    finite([got.user_vectors, got.item_vectors], given)
    assert len(got.user_vectors) == given["n_users"]
    assert len(got.item_vectors) == given["n_items"]
