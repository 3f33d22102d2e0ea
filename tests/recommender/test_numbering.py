import numpy as np
import pandas as pd
import pytest

from utils.recommender import numbering


def tiny(rows, **columns):
    users, items = zip(*rows, strict=True)
    table = pd.DataFrame({"user": users, "item": items})
    return table.assign(time=np.arange(len(table)), **columns)


def test_folds_hide_what_they_say(log):
    numbered = numbering.numbered(log)
    folds = numbering.inner_folds(
        numbered, share=0.25, last=False, rng=np.random.default_rng(0)
    )
    assert len(folds) == 2
    for fold in folds:
        n_judged = fold.hidden.shape[0]
        length = np.diff(fold.rows.indptr) + np.diff(fold.hidden.indptr)
        assert n_judged == 150
        assert fold.rows.multiply(fold.hidden).nnz == 0
        assert (np.diff(fold.hidden.indptr) == length // 4).all()
        assert fold.X.nnz + fold.hidden.nnz == numbered.X.nnz
        assert fold.age.nnz == fold.X.nnz
    assert folds[0].hidden.multiply(folds[1].hidden).nnz == 0
    # Both hide items of the same users, in the same order.
    whole = [(fold.rows > 0) + (fold.hidden > 0) for fold in folds]
    assert (whole[0] != whole[1]).nnz == 0


def test_the_last_are_the_newest(log):
    numbered = numbering.numbered(log)
    (fold,) = numbering.inner_folds(
        numbered, share=0.25, last=True, rng=np.random.default_rng(0)
    )
    # A user's rows are as old as hidden and kept ones together; the hidden
    # are those that the kept ones lack.
    kept = fold.age[: fold.hidden.shape[0]]
    for row in range(0, 150, 10):
        ages = kept[row].data
        items = set(kept[row].indices) | set(fold.hidden[row].indices)
        (user,) = (
            u for u in range(150) if set(numbered.X[u].indices) == items
        )
        hidden = numbered.age[user, fold.hidden[row].indices].toarray()
        assert hidden.max() <= ages.min()


def test_sums_of_weights_do_not_depend_on_the_order_of_rows():
    log = tiny([("a", 1)] * 3 + [("b", 1)], weight=[0.1, 0.2, 0.3, 1.0])
    backwards = numbering.numbered(log[::-1]).X.data
    assert np.array_equal(numbering.numbered(log).X.data, backwards)
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
    got = numbering.numbered(log)
    assert got.users.tolist() == ["b", "a"] and got.items.tolist() == [5, 7]
    mean = (1 + 2 + 1) / 3
    want = np.array([[1.0, 2.0], [1.0, 0.0]]) / mean
    assert got.X.toarray() == pytest.approx(want)
    age = [[1 + (30 - 20) / 30, 1], [1 + 30 / 30, 0]]
    assert got.age.toarray() == pytest.approx(np.array(age))


def test_too_few_to_split(log):
    few = numbering.numbered(log[log["user"] < numbering.FEWEST_USERS])
    folds = numbering.inner_folds(
        few, share=0.2, last=False, rng=np.random.default_rng(0)
    )
    assert folds == []
