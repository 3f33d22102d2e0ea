import numpy as np
import pandas as pd
import pytest

from utils.recommender import encoding


def tiny(rows, **columns):
    users, items = zip(*rows, strict=True)
    table = pd.DataFrame({"user": users, "item": items})
    return table.assign(time=np.arange(len(table)), **columns)


def test_folds_hide_what_they_say(log):
    numbered = encoding.encode(log)
    folds = encoding.inner_folds(
        numbered, share=0.25, last=False, rng=np.random.default_rng(0)
    )
    assert len(folds) == 2
    for fold in folds:
        n_judged = fold.held_out.shape[0]
        length = np.diff(fold.rows.indptr) + np.diff(fold.held_out.indptr)
        assert n_judged == 150
        assert fold.rows.multiply(fold.held_out).nnz == 0
        assert (np.diff(fold.held_out.indptr) == length // 4).all()
        assert fold.X.nnz + fold.held_out.nnz == numbered.X.nnz
        assert fold.age.nnz == fold.X.nnz
    assert folds[0].held_out.multiply(folds[1].held_out).nnz == 0
    # Both hide items of the same users, in the same order.
    whole = [(fold.rows > 0) + (fold.held_out > 0) for fold in folds]
    assert (whole[0] != whole[1]).nnz == 0


def test_the_last_are_the_newest(log):
    numbered = encoding.encode(log)
    (fold,) = encoding.inner_folds(
        numbered, share=0.25, last=True, rng=np.random.default_rng(0)
    )
    # A user's rows are as old as hidden and kept ones together; the hidden
    # are those that the kept ones lack.
    kept = fold.age[: fold.held_out.shape[0]]
    for row in range(0, 150, 10):
        ages = kept[row].data
        items = set(kept[row].indices) | set(fold.held_out[row].indices)
        (user,) = (
            u for u in range(150) if set(numbered.X[u].indices) == items
        )
        hidden = numbered.age[user, fold.held_out[row].indices].toarray()
        assert hidden.max() <= ages.min()


def test_sums_of_weights_do_not_depend_on_the_order_of_rows():
    log = tiny([("a", 1)] * 3 + [("b", 1)], weight=[0.1, 0.2, 0.3, 1.0])
    backwards = encoding.encode(log[::-1]).X.data
    assert np.array_equal(encoding.encode(log).X.data, backwards)
    assert backwards == pytest.approx(np.array([0.6, 1.0]) / 0.8)


def test_by_hand():
    log = pd.DataFrame(
        {
            "user": ["a", "b", "b", "b"],
            "item": [5, 7, 5, 5],
            "time": [0, 30, 10, 20],
            "weight": [1.0, 2.0, 0.5, 0.5],
        }
    )
    got = encoding.encode(log)
    assert got.users.tolist() == ["b", "a"] and got.items.tolist() == [5, 7]
    mean = (1 + 2 + 1) / 3
    want = np.array([[1.0, 2.0], [1.0, 0.0]]) / mean
    assert got.X.toarray() == pytest.approx(want)
    age = [[1 + (30 - 20) / 30, 1], [1 + 30 / 30, 0]]
    assert got.age.toarray() == pytest.approx(np.array(age))


def test_too_few_to_split(log):
    few = encoding.encode(log[log["user"] < encoding.MIN_USERS])
    folds = encoding.inner_folds(
        few, share=0.2, last=False, rng=np.random.default_rng(0)
    )
    assert folds == []
