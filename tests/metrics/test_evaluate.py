"""Six metrics in one pass: the same values from every kind of input."""

from dataclasses import fields
from math import inf, log2, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import evaluate, ragged, ranking

NAMES = [field.name for field in fields(evaluate.RankingMetrics)][1:]


def same(one, other):
    for name in NAMES:
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), atol=1e-12, err_msg=name
        )


def one_by_one(gains, judged, k):
    """The six metrics from the functions of `ranking`, list by list."""
    n_relevant = (judged > 0).sum(axis=-1)
    return evaluate.RankingMetrics(
        np.arange(len(gains)),
        ranking.precision_at_k(gains, k=k),
        ranking.recall_at_k(gains, n_relevant, k=k),
        ranking.hit_rate_at_k(gains, k=k),
        ranking.reciprocal_rank(gains, k=k),
        ranking.average_precision_at_k(gains, n_relevant, k=k),
        ranking.ndcg_at_k(gains, judged, k=k),
    )


# --- by hand ----------------------------------------------------------------


def test_by_hand():
    got = evaluate.from_gains(
        np.array([[0, 3, 1], [0, 0, 0]]),
        np.array([[3, 1, 1], [0, 0, 0]]),
        k=2,
    )
    ideal = 3 + 1 / log2(3)
    expected = {
        "precision": [1 / 2, 0],
        "recall": [1 / 3, nan],
        "hit_rate": [1, 0],
        "reciprocal_rank": [1 / 2, 0],
        "average_precision": [(1 / 2) / 2, nan],
        "ndcg": [3 / log2(3) / ideal, nan],
    }
    for name, values in expected.items():
        assert getattr(got, name) == pytest.approx(values, nan_ok=True), name
    for tiny in (1e-300, 1e300):  # gains compare by their ratio
        one = np.array([[tiny]])
        assert evaluate.from_gains(one, one, k=1).ndcg == [1]
    assert got.dropped == 1
    assert got.means()["precision"] == 1 / 2  # of the list with something
    assert got.table().columns.tolist() == NAMES
    assert got.table().index.tolist() == [0, 1]


def test_means_of_no_list_are_nan():
    got = evaluate.from_scores(np.zeros((2, 3)), np.zeros((2, 3)), k=1)
    assert got.dropped == 2
    assert np.isnan(list(got.means().values())).all()


# --- one set of lists, in every form ----------------------------------------


@st.composite
def cases(draw):
    """Scores with ties and gains, for items 0..n-1 of some queries."""
    n_queries, n = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    cells = st.lists(
        st.integers(0, 3), min_size=n_queries * n, max_size=n_queries * n
    )
    scores = np.array(draw(cells), dtype=float).reshape(n_queries, n)
    gains = np.array(draw(cells)).reshape(n_queries, n)
    return scores, gains, draw(st.integers(1, 9))


@settings(max_examples=60)
@given(cases(), st.sampled_from([1, 5, 1 << 18]), st.booleans())
def test_every_form_of_input_gives_the_same(case, cells, as_words):
    scores, gains, k = case
    n_queries, n = scores.shape
    order = ranking.rank_by_score(scores)
    ranked = np.take_along_axis(gains, order, axis=1)
    expected = one_by_one(ranked, gains, k)
    before, ragged.CELLS = ragged.CELLS, cells  # tiny blocks change nothing
    try:
        same(evaluate.from_gains(ranked, gains, k=k), expected)
        same(evaluate.from_scores(scores, gains, k=k), expected)
        counts = np.full(n_queries, n)
        flat = np.tile(np.arange(n), n_queries)
        got = evaluate.from_ids(order, flat, counts, gains.ravel(), k=k)
        same(got, expected)
        query = np.repeat(np.arange(n_queries) * 3, n)
        table = pd.DataFrame({"query": query, "item": flat})
        if as_words:
            table = "w" + table.astype(str)
        run = table.assign(score=scores.ravel())
        qrels = table.assign(gain=gains.ravel())
        got = evaluate.from_tables(run, qrels, k=k)
        same(got, expected)
        assert got.queries.tolist() == table["query"].unique().tolist()
        # rows of other queries in between, no judgement of gain 0
        mixed = run.sort_values("item", kind="stable")
        some = qrels[qrels["gain"] > 0]
        have = (gains > 0).any(axis=1)
        got = evaluate.from_tables(mixed, some[::-1], k=k).table()
        known = expected.table()[have].set_index(got.index[::-1])
        pd.testing.assert_frame_equal(got[::-1], known)
    finally:
        ragged.CELLS = before
    run = {q: dict(enumerate(row)) for q, row in enumerate(scores)}
    qrels = {q: dict(enumerate(row)) for q, row in enumerate(gains)}
    same(evaluate.from_dicts(run, qrels, k=k), expected)
    turned = {q: dict(list(items.items())[::-1]) for q, items in qrels.items()}
    same(evaluate.from_dicts(run, turned, k=k), expected)


def test_ragged_lists_missing_and_unknown_queries():
    run = {
        "q1": {"a": 1.0, "b": 3.0, "new": 2.0},
        "q3": {"a": -inf},
        "unjudged": {"a": 1.0},
    }
    qrels = {"q1": {"a": 1, "c": 1}, "q2": {"a": 1}, "q3": {"a": 2, "b": 0}}
    expected = one_by_one(
        np.array([[0, 0, 1], [0, 0, 0], [2, 0, 0]]),
        np.array([[1, 1], [1, 0], [2, 0]]),
        3,
    )
    got = evaluate.from_dicts(run, qrels, k=3)
    same(got, expected)
    assert got.queries.tolist() == ["q1", "q2", "q3"]
    tables = [
        pd.DataFrame(
            [(q, i, v) for q, items in part.items() for i, v in items.items()],
            columns=["query", "item", name],
        )
        for part, name in ((run, "score"), (qrels, "gain"))
    ]
    got = evaluate.from_tables(*tables, k=3)
    same(got, expected)
    assert got.queries.tolist() == ["q1", "q2", "q3"]
    ids = np.array([[7, 8, 5], [-1, -1, -1], [5, -1, -1]])
    got = evaluate.from_ids(
        ids, np.array([5, 6, 5, 5]), np.array([2, 1, 1]), k=3
    )
    np.testing.assert_allclose(got.precision, expected.precision)
    np.testing.assert_allclose(got.recall, expected.recall)


def test_nothing_at_all():
    empty = pd.DataFrame({"query": [], "item": [], "score": [], "gain": []})
    assert len(evaluate.from_tables(empty, empty, k=3).ndcg) == 0
    assert len(evaluate.from_dicts({"q": {}}, {}, k=3).ndcg) == 0
    got = evaluate.from_dicts({}, {"q": {}}, k=3)
    assert got.dropped == 1 and got.precision.tolist() == [0]
    got = evaluate.from_scores(np.zeros((2, 0)), np.zeros((2, 0)), k=3)
    assert got.dropped == 2
    none = np.zeros(0, dtype=int)
    got = evaluate.from_ids(np.zeros((2, 0), int), none, np.zeros(2, int), k=1)
    assert got.dropped == 2


# --- refusal ----------------------------------------------------------------


def run_of(**columns):
    table = {"query": [1, 1], "item": [7, 8], "score": [1.0, 2.0]}
    return pd.DataFrame(table | columns)


def qrels_of(**columns):
    table = {"query": [1, 1], "item": [7, 8], "gain": [1, 0]}
    return pd.DataFrame(table | columns)


@pytest.mark.parametrize(
    "run, qrels, message",
    [
        (run_of(item=[7, 7]), qrels_of(), "once, got 7 twice in query 1"),
        (run_of(), qrels_of(item=[8, 8]), "once, got 8 twice in query 1"),
        (run_of(score=[nan, 1]), qrels_of(), "not be nan, got one in row 0"),
        (run_of(), qrels_of(gain=[-1, 1]), "at least 0, got -1"),
        (run_of(), qrels_of(gain=[inf, 1]), "at least 0, got inf"),
        (run_of().drop(columns="score"), qrels_of(), "have a column 'score'"),
        (run_of(), qrels_of().drop(columns="item"), "have a column 'item'"),
        (run_of(item=["7", "8"]), qrels_of(), "item must be of one kind"),
        (run_of(query=["1", "1"]), qrels_of(), "query must be of one kind"),
        (
            run_of(item=["a", None]),
            qrels_of(item=["a", "b"]),
            "item must not be missing",
        ),
        (
            run_of(item=["a", "a"]),
            qrels_of(item=["a", "b"]),
            "once, got a twice in query 1",
        ),
    ],
)
def test_tables_refuse(run, qrels, message):
    with pytest.raises(ValueError, match=message):
        evaluate.from_tables(run, qrels, k=2)


def test_negative_and_unsigned_ids_are_ids_too():
    for kind in (np.int64, np.uint64, np.int8):
        items = np.array([3, 2]).astype(kind)
        if kind is np.int8:
            items = -items
        got = evaluate.from_tables(
            run_of(item=items), qrels_of(item=items), k=2
        )
        assert got.reciprocal_rank.tolist() == [1 / 2]


def test_arrays_refuse():
    one = np.ones((1, 2))
    ids = np.array([[4, 5]])
    for call in (
        lambda k: evaluate.from_gains(one, one, k=k),
        lambda k: evaluate.from_scores(one, one, k=k),
        lambda k: evaluate.from_ids(ids, ids[0], np.array([2]), k=k),
        lambda k: evaluate.from_dicts({}, {}, k=k),
        lambda k: evaluate.from_tables(run_of(), qrels_of(), k=k),
    ):
        with pytest.raises(ValueError, match="k must be at least 1, got 0"):
            call(0)
    with pytest.raises(ValueError, match=r"gains must be \(Q, n\)"):
        evaluate.from_gains(one[0], one, k=1)
    with pytest.raises(ValueError, match="one length, got 1 and 2"):
        evaluate.from_gains(one, np.ones((2, 2)), k=1)
    with pytest.raises(ValueError, match="less for query 0"):
        evaluate.from_gains(one, one[:, :1], k=2)
    with pytest.raises(ValueError, match="less for query 0"):
        evaluate.from_gains(3 * one, one, k=2)
    with pytest.raises(ValueError, match="at least 0, got nan"):
        evaluate.from_gains(one, nan * one, k=2)
    with pytest.raises(ValueError, match="one shape"):
        evaluate.from_scores(one, np.ones((1, 3)), k=1)
    with pytest.raises(ValueError, match="scores must not be nan"):
        evaluate.from_scores(nan * one, one, k=1)


def test_ids_and_dicts_refuse():
    ids, counts = np.array([[4, 5]]), np.array([2])
    with pytest.raises(ValueError, match="integers, got float64"):
        evaluate.from_ids(ids * 1.0, ids[0], counts, k=1)
    with pytest.raises(ValueError, match="at least -1, got -2"):
        evaluate.from_ids(np.array([[-2, 4]]), ids[0], counts, k=1)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        evaluate.from_ids(ids, np.array([-1, 4]), counts, k=1)
    with pytest.raises(ValueError, match="sum to 2, got a sum of 3"):
        evaluate.from_ids(ids, ids[0], np.array([3]), k=1)
    with pytest.raises(ValueError, match="one length, got 2 and 1"):
        evaluate.from_ids(ids, ids[0], counts, np.array([1]), k=1)
    for ranked, judged in ([[4, 4]], [4, 5]), ([[4, 5]], [5, 5]):
        with pytest.raises(ValueError, match=r"twice in query 0"):
            evaluate.from_ids(np.array(ranked), np.array(judged), counts, k=1)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        evaluate.from_dicts({}, {"q": {"a": -1}}, k=1)
    with pytest.raises(ValueError, match="must not be nan"):
        evaluate.from_dicts({"q": {"a": nan}}, {"q": {"a": 1}}, k=1)
    with pytest.raises(ValueError, match=r"numbers, got \{'a': '1'\}"):
        evaluate.from_dicts({"q": {"a": "1"}}, {"q": {"a": 1}}, k=1)
    for gain in np.float32([inf, -1]):
        with pytest.raises(ValueError, match=f"at least 0, got {gain}"):
            evaluate.from_gains(np.array([[gain]]), np.array([[gain]]), k=1)


# --- second opinion ---------------------------------------------------------


@pytest.mark.peers
def test_dicts_agree_with_pytrec_eval():
    import pytrec_eval

    rng = np.random.default_rng(0)
    run, qrels = {}, {}
    for q in range(60):
        items = rng.permutation(40)[: rng.integers(1, 40)].astype(str).tolist()
        scores = rng.permutation(len(items)).astype(float).tolist()
        run[f"q{q}"] = dict(zip(items, scores, strict=True))
        judged = rng.permutation(40)[:10].astype(str).tolist()
        grades = rng.integers(0, 4, 10)
        grades[0] = 1
        qrels[f"q{q}"] = dict(zip(judged, grades.tolist(), strict=True))
    measures = {"P_10", "recall_10", "ndcg_cut_10", "map_cut_10", "success_10"}
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, measures)
    peer = pd.DataFrame(evaluator.evaluate(run)).T
    got = evaluate.from_dicts(run, qrels, k=10).table()
    peer = peer.loc[got.index]
    n_relevant = [sum(g > 0 for g in qrels[q].values()) for q in got.index]
    got["average_precision"] *= np.minimum(10, n_relevant) / n_relevant
    pairs = {
        "precision": "P_10",
        "recall": "recall_10",
        "ndcg": "ndcg_cut_10",
        "average_precision": "map_cut_10",  # over R there
        "hit_rate": "success_10",
    }
    for ours, theirs in pairs.items():
        np.testing.assert_allclose(got[ours], peer[theirs], atol=1e-9)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")  # numba, about its own casts
def test_where_libraries_differ_and_why():
    """Each line is a convention that the docstrings name."""
    import pytrec_eval
    import ranx
    from sklearn.metrics import ndcg_score

    def trec(run, qrels, measure, **options):
        evaluator = pytrec_eval.RelevanceEvaluator(qrels, {measure}, **options)
        (values,) = evaluator.evaluate(run).values()
        return values[measure.replace(".", "_")]

    def compiled(run, qrels, measure):
        return ranx.evaluate(qrels, run, measure)

    # AP@2 with R = 4, one hit at rank 1: over min(k, R), or over R
    run, qrels = {"q": {"a": 2.0, "x": 1.0}}, {"q": dict.fromkeys("abcd", 1)}
    ours = evaluate.from_dicts(run, qrels, k=2)
    assert ours.average_precision == pytest.approx([1 / 2])
    assert trec(run, qrels, "map_cut.2") == pytest.approx(1 / 4)
    assert compiled(run, qrels, "map@2") == pytest.approx(1 / 4)
    # a short list: all divide by k, so the length must not be guessed
    ours = evaluate.from_dicts(run, qrels, k=5)
    assert ours.precision == pytest.approx([1 / 5])
    assert trec(run, qrels, "P.5") == pytest.approx(1 / 5)
    assert compiled(run, qrels, "precision@5") == pytest.approx(1 / 5)
    # without k, ranx divides by the length
    assert compiled(run, qrels, "precision") == pytest.approx(1 / 2)
    # nothing to find: nan, or 0
    nothing = {"q": {"a": 0}}
    assert np.isnan(evaluate.from_dicts(run, nothing, k=2).recall).all()
    assert trec(run, nothing, "recall.5") == 0
    assert compiled(run, nothing, "recall@2") == 0
    # equal scores: as they came, or by item descending, or all orders
    tied, one = {"q": {"a": 1.0, "b": 1.0}}, {"q": {"a": 1}}
    assert evaluate.from_dicts(tied, one, k=2).reciprocal_rank == [1]
    assert trec(tied, one, "recip_rank") == 1 / 2
    got = ndcg_score([[1, 0]], [[1.0, 1.0]])
    assert got == pytest.approx((1 + 1 / log2(3)) / 2)
    # scores that differ beyond 32 bits are equal to trec_eval
    close = {"q": {"a": 1 + 1e-12, "b": 1.0}}
    assert evaluate.from_dicts(close, one, k=2).reciprocal_rank == [1]
    assert trec(close, one, "recip_rank") == 1 / 2
    # a level of relevance: trec_eval's nDCG keeps the grades below it, ranx
    # drops them
    run, qrels = {"q": {"a": 2.0, "b": 1.0}}, {"q": {"a": 1, "b": 2}}
    whole = (1 + 2 / log2(3)) / (2 + 1 / log2(3))
    assert trec(run, qrels, "ndcg", relevance_level=2) == pytest.approx(whole)
    assert compiled(run, qrels, "ndcg-l2") == pytest.approx(1 / log2(3))
    # RBP: hits, or hits times their grade
    gains = np.array([1, 2])
    got = ranking.rank_biased_precision_at_k(gains, k=2, persistence=0.5)
    assert got == pytest.approx(0.5 * (1 + 0.5))
    graded = compiled(run, qrels, "rbp.5")
    assert graded == pytest.approx(0.5 * (1 + 0.5 * 2))
