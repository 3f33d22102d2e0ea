"""Whatever they are given: a defined value, or a ValueError in words."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from utils import capacity, features
from utils.models import als, bpr, ease, generators, item_knn

ODD = [0.0, -0.0, -1.0, 1e-300, 0.3, 1.0, 2.5, 1e300, -np.inf, np.inf, np.nan]
odd = st.one_of(st.sampled_from(ODD), st.floats(-5, 5))
counts = st.integers(-1, 4)
few = settings(deadline=None, max_examples=60)
CALCULATIONS = [
    function
    for name, function in inspect.getmembers(capacity, inspect.isfunction)
    if not name.startswith("_")
]


def answered(function, *args, **kwargs):
    """The value, or None where it was refused in words."""
    try:
        return function(*args, **kwargs)
    except ValueError as error:
        assert len(str(error).split()) > 3, error
        return None


def all_finite(*arrays):
    for array in arrays:
        array = array.data if sparse.issparse(array) else array
        assert np.isfinite(array).all()


@pytest.mark.parametrize("function", CALCULATIONS, ids=lambda f: f.__name__)
@few
@given(data=st.data())
def test_capacity(function, data):
    given_values = {
        name: data.draw(odd, name)
        for name in inspect.signature(function).parameters
    }
    value = answered(function, **given_values)
    assert value is None or (value >= 0 and not math.isnan(value))


@st.composite
def matrices(draw):
    """Sparse, small, often with an odd value, an empty row or no items."""
    shape = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    cells = st.one_of(st.just(0.0), st.just(0.0), st.just(1.0), odd)
    size = shape[0] * shape[1]
    values = draw(st.lists(cells, min_size=size, max_size=size))
    return sparse.csr_matrix(np.array(values).reshape(shape))


@few
@given(matrices(), counts, odd, odd, counts)
def test_als(X, factors, l2, alpha, sweeps):
    got = answered(
        als.fit_als, X, factors=factors, l2=l2, alpha=alpha, sweeps=sweeps,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    if got is not None:
        assert got[0].shape == (X.shape[0], factors)
        assert got[1].shape == (X.shape[1], factors)
        all_finite(*got)


@few
@given(matrices(), counts, odd, odd, counts, odd)
def test_bpr(X, factors, l2, lr, epochs, power):
    got = answered(
        bpr.fit_bpr, X, factors=factors, l2=l2, lr=lr, epochs=epochs,
        negative_power=power, rng=np.random.default_rng(0),
    )  # fmt: skip
    if got is not None:
        assert got[0].shape == (X.shape[0], factors + 1)
        assert got[1].shape == (X.shape[1], factors + 1)
        all_finite(*got)


@few
@given(matrices(), odd)
def test_ease(X, l2):
    weights = answered(ease.fit_ease, X, l2=l2)
    if weights is not None:
        assert weights.shape == 2 * (X.shape[1],)
        assert (np.diag(weights) == 0).all()
        all_finite(weights)


@few
@given(matrices(), counts, odd, odd)
def test_item_knn(X, neighbours, shrink, power):
    similar = answered(
        item_knn.fit_item_knn,
        X,
        neighbours=neighbours,
        shrink=shrink,
        power=power,
    )
    if similar is not None:
        assert similar.shape == 2 * (X.shape[1],)
        assert (similar.data >= 0).all() and (similar.diagonal() == 0).all()
        all_finite(similar)


@few
@given(matrices(), odd, odd)
def test_bm25(X, k1, b):
    weighted = answered(item_knn.bm25, X, k1=k1, b=b)
    if weighted is not None:
        assert weighted.shape == X.shape
        all_finite(weighted)


@few
@given(
    st.lists(st.lists(odd, min_size=3, max_size=3), max_size=4), counts, odd
)
def test_greedy_blend(pool, picks, gain):
    shares = answered(
        generators.greedy_blend,
        [np.array(member) for member in pool],
        lambda total: float(np.nan_to_num(total[0])),
        picks=picks,
        gain=gain,
    )
    if shares is not None:
        assert shares.shape == (len(pool),) and (shares >= 0).all()
        assert shares.sum() == pytest.approx(1)


keys = st.lists(st.integers(-1, 4), max_size=5)
columns = st.lists(odd, max_size=5)


@few
@given(keys, columns, columns)
def test_sums_before(key, moment, values):
    got = answered(
        features.sums_before, np.array(key, int), np.array(moment),
        np.array(values),
    )  # fmt: skip
    if got is not None:
        assert got.shape == (len(values),)
        all_finite(got)


@few
@given(keys, columns, counts)
def test_totals(key, values, size):
    got = answered(
        features.totals, np.array(key, int), np.array(values), size=size
    )
    if got is not None:
        assert got.shape == (size,)
        all_finite(got)


@few
@given(columns, columns, odd, odd)
def test_smoothed_rate(hits, trials, prior, weight):
    got = answered(
        features.smoothed_rate, np.array(hits), np.array(trials),
        prior=prior, weight=weight,
    )  # fmt: skip
    if got is not None:
        all_finite(got)
