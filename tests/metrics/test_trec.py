"""TREC's files, and trec_eval's measures of them."""

from math import exp, log, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import ragged, trec


def run_of(*rows):
    return pd.DataFrame(rows, columns=["query", "item", "score"])


def qrels_of(*rows):
    return pd.DataFrame(rows, columns=["query", "item", "gain"])


# --- files ------------------------------------------------------------------


def test_read_run_ignores_rank_order_blank_lines_and_comments(tmp_path):
    path = tmp_path / "run"
    path.write_bytes(
        b"# a comment\n\nq2\tQ0  d\xc3\xa9 1 1e-3 mine and more\r\n"
        b"  q1 Q0 a 9 -2 mine\nq1 Q0 b\xc2\xa0c 9 1e39 mine"
    )
    got = trec.read_run(path)
    assert got["query"].tolist() == ["q2", "q1", "q1"]
    assert got["item"].tolist() == ["dé", "a", "b\xa0c"]  # one word, as in C
    assert got["score"].dtype == np.float32
    assert got["score"].tolist() == [np.float32(1e-3), -2, np.inf]


@pytest.mark.parametrize(
    "line, message",
    [
        (b"q Q0 d 1 0.5", "run, line 2: .* must have 6 fields, got 'q Q0"),
        (b"q Q0 d 1 high x", "line 2: score must be a number, got 'high'"),
        (b"q Q0 d 1 1_0 x", "line 2: score must be a number, got '1_0'"),
        (b"q Q0 d 1 nan x", "line 2: score must not be nan, got 'nan'"),
        (b"q Q0 \xff 1 1 x", "line 2: ids must be UTF-8, got '.*xff'"),
        (b"q Q0 a 1 1 x", "line 2: an item .* once, got 'a' again in .* 'q'"),
    ],
)
def test_read_run_names_file_line_rule_and_value(tmp_path, line, message):
    path = tmp_path / "run"
    path.write_bytes(b"q Q0 a 1 1 x\n" + line + b"\n")
    with pytest.raises(ValueError, match=message):
        trec.read_run(path)


@pytest.mark.parametrize(
    "line, message",
    [
        (b"q 0 d", "line 3: a line of a qrels file must have 4 fields"),
        (b"q 0 d 1 x", "line 3: a line of a qrels file must have 4 fields"),
        (b"q 0 d 1.0", "line 3: grade must be an integer .* got '1.0'"),
        (b"q 0 d 1_0", "line 3: grade must be an integer .* got '1_0'"),
        (b"q 0 a 2", "line 3: an item .* once, got 'a' again in query 'q'"),
    ],
)
def test_read_qrels_names_file_line_rule_and_value(tmp_path, line, message):
    path = tmp_path / "qrels"
    path.write_bytes(b"q 0 a -1\n\n" + line)
    with pytest.raises(ValueError, match=f"qrels, {message}"):
        trec.read_qrels(path)


WORDS = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters=" \t\n\r\v\f#"
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(WORDS, WORDS),
        st.tuples(
            st.floats(allow_nan=False, width=32), st.integers(-9, 999_999_999)
        ),
        min_size=1,
    )
)
def test_what_is_written_reads_the_same(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("trec")
    run = run_of(*[(*ids, np.float32(v[0])) for ids, v in rows.items()])
    qrels = qrels_of(*[(*ids, v[1]) for ids, v in rows.items()])
    trec.write_run(run, folder / "run", name="mine")
    trec.write_qrels(qrels, folder / "qrels")
    back = trec.read_run(folder / "run")
    together = run.merge(back, on=["query", "item"])
    assert len(back) == len(run) == len(together)
    assert (together["score_x"] == together["score_y"]).all()
    back = trec.read_qrels(folder / "qrels")
    assert back.to_numpy().tolist() == qrels.to_numpy().tolist()


def test_write_run_ranks_as_trec_eval_does(tmp_path):
    run = run_of((10, 1, 0.5), (9, 1, 0.1), (10, 3, 0.5), (10, 2, 0.75))
    trec.write_run(run, tmp_path / "run", name="mine")
    assert (tmp_path / "run").read_text().splitlines() == [
        "10 Q0 2 1 0.75 mine",
        "10 Q0 3 2 0.5 mine",
        "10 Q0 1 3 0.5 mine",
        "9 Q0 1 1 0.1 mine",
    ]


def test_writing_refuses_what_could_not_be_read(tmp_path):
    for bad in ("", "two words", "tab\t"):
        with pytest.raises(ValueError, match="item must be one word"):
            trec.write_run(run_of(("q", bad, 1)), tmp_path / "x", name="n")
        with pytest.raises(ValueError, match="name must be one word"):
            trec.write_run(run_of(("q", "d", 1)), tmp_path / "x", name=bad)
        with pytest.raises(ValueError, match="query must be one word"):
            trec.write_qrels(qrels_of((bad, "d", 1)), tmp_path / "x")
    with pytest.raises(ValueError, match="not begin with #, got '#q'"):
        trec.write_qrels(qrels_of(("#q", "d", 1)), tmp_path / "x")
    assert not (tmp_path / "x").exists()


# --- evaluate ---------------------------------------------------------------


def test_ties_stand_by_item_descending_and_scores_are_32_bits_wide():
    run = run_of(("q", "a", 1 + 1e-9), ("q", "b", 1.0), ("q", "é", 0.5))
    for item, rank in (("b", 1), ("a", 2), ("é", 3)):
        got = trec.evaluate(run, qrels_of(("q", item, 1)))
        assert got.loc["q", "recip_rank"] == 1 / rank


def test_level_negative_judgements_and_missing_queries_by_hand():
    run = run_of(
        *[("q1", "a", 4), ("q1", "b", 3), ("q1", "c", 2), ("q1", "d", 1)],
        ("q2", "a", 1),
        ("only run", "a", 1),
    )
    qrels = qrels_of(
        *[("q1", "a", 0), ("q1", "b", 2), ("q1", "c", -1), ("q1", "e", 1)],
        ("q2", "b", 1),
        ("only qrels", "a", 1),
    )
    got = trec.evaluate(run, qrels)
    assert got.index.tolist() == ["q1", "q2", "all"]
    assert got.loc["q1", ["num_rel", "num_rel_ret"]].tolist() == [2, 1]
    assert got.loc["q1", "map"] == (1 / 2) / 2
    assert got.loc["q1", "bpref"] == (1 - 1 / 1) / 2
    assert got.loc["q1", "num_nonrel_judged_ret"] == 1  # a, not c
    assert got.loc["all", "map"] == pytest.approx((1 / 4 + 0) / 2)
    assert got.loc["all", "num_q"] == 2
    assert got.loc["all", "num_ret"] == 5
    root = exp((log(1 / 4) + log(1e-5)) / 2)
    assert got.loc["all", "gm_map"] == pytest.approx(root)
    whole = trec.evaluate(run, qrels, complete=True).loc["all"]
    assert whole["num_q"] == 3 and whole["num_ret"] == 5
    assert whole["map"] == pytest.approx((1 / 4 + 0 + 0) / 3)
    root = exp((log(1 / 4) + 2 * log(1e-5)) / 3)
    assert whole["gm_map"] == pytest.approx(root)
    strict = trec.evaluate(run, qrels, level=2).loc["q1"]
    assert strict["num_rel"] == 1 and strict["map"] == 1 / 2
    assert strict["ndcg"] == got.loc["q1", "ndcg"]  # gains know no level


def test_a_query_with_negative_judgements_only_scores_0():
    got = trec.evaluate(run_of(("q", "a", 1)), qrels_of(("q", "a", -1)))
    per_query = got.loc["q"].drop(["num_q", "num_ret", "gm_map", "gm_bpref"])
    assert per_query.pop("utility") == -1
    assert (per_query == 0).all()


def test_integer_ids_and_tiny_blocks(monkeypatch):
    run = run_of(*[(q, i, i % 3) for q in (1, 2, 10) for i in range(q + 2)])
    qrels = qrels_of(*[(q, i, i % 2) for q in (1, 2, 10) for i in range(4)])
    got = trec.evaluate(run, qrels)
    assert got.index.tolist() == ["1", "10", "2", "all"]  # ids are words
    monkeypatch.setattr(ragged, "CELLS", 1)
    monkeypatch.setattr(ragged.rows_by_length, "__defaults__", (1,))
    pd.testing.assert_frame_equal(trec.evaluate(run, qrels), got)


def test_evaluate_refuses():
    run, qrels = run_of(("q", "a", 1.0)), qrels_of(("q", "a", 1))
    with pytest.raises(ValueError, match="level must be at least 1, got 0"):
        trec.evaluate(run, qrels, level=0)
    with pytest.raises(ValueError, match="must share a query, got 1 and 1"):
        trec.evaluate(run, qrels_of(("other", "a", 1)))
    with pytest.raises(ValueError, match="got 'a' twice in query 'q'"):
        trec.evaluate(pd.concat([run, run]), qrels)
    with pytest.raises(ValueError, match="got 'a' twice in query 'q'"):
        trec.evaluate(run, pd.concat([qrels, qrels]))
    with pytest.raises(
        ValueError, match=r"score must not be nan, got .* row 0"
    ):
        trec.evaluate(run_of(("q", "a", nan)), qrels)
    with pytest.raises(ValueError, match="score must be a number"):
        trec.evaluate(run_of(("q", "a", "high")), qrels)
    with pytest.raises(ValueError, match="gain must be an integer, got float"):
        trec.evaluate(run, qrels_of(("q", "a", 1.5)))
    with pytest.raises(ValueError, match="have a column 'score'"):
        trec.evaluate(run.drop(columns="score"), qrels)
    with pytest.raises(ValueError, match="item must not be missing"):
        trec.evaluate(run_of(("q", None, 1.0)), qrels)


# --- second opinion ---------------------------------------------------------


def random_pair(rng):
    """Run and qrels as dictionaries: ties, gaps, negatives, deep lists."""
    n = int(rng.choice([3, 12, 60, 1500], p=[0.3, 0.3, 0.3, 0.1]))
    items = [f"d{i}" for i in rng.permutation(2 * n)[:n]]
    run, qrels = {}, {}
    for q in range(int(rng.integers(3, 8))):
        some = rng.permutation(items)[: rng.integers(1, n + 1)].tolist()
        scores = [
            rng.integers(-2, 3, len(some)).astype(float),  # ties
            rng.normal(size=len(some)),
            1 + rng.integers(0, 9, len(some)) * 1e-8,  # ties in 32 bits
        ][rng.integers(3)]
        run[f"q{q}"] = dict(zip(some, scores.tolist(), strict=True))
        some = rng.permutation(items)[: rng.integers(1, n + 1)].tolist()
        grades = rng.choice([-2, -1, 0, 0, 0, 1, 1, 2, 4], len(some))
        grades[0] = max(grades[0], 0)  # trec_eval reads past its memory else
        qrels[f"q{q}"] = dict(zip(some, grades.tolist(), strict=True))
    del run["q0"], qrels["q1"]
    return run, qrels


def flat(nested, make):
    return make(
        *[(q, i, x) for q, part in nested.items() for i, x in part.items()]
    )


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(30))
def test_every_measure_agrees_with_pytrec_eval(seed, tmp_path):
    import pytrec_eval

    rng = np.random.default_rng(seed)
    run, qrels = random_pair(rng)
    level = int(rng.integers(1, 4))
    measures = pytrec_eval.supported_measures - {"runid", "relstring"}
    evaluator = pytrec_eval.RelevanceEvaluator(
        qrels, measures, relevance_level=level
    )
    peer = pd.DataFrame(evaluator.evaluate(run)).T
    shuffled = flat(run, run_of).sample(frac=1, random_state=seed)
    ours = trec.evaluate(shuffled, flat(qrels, qrels_of), level=level)
    assert sorted(ours.columns) == sorted(peer.columns)
    assert ours.index.tolist() == [*sorted(peer.index), "all"]
    np.testing.assert_allclose(
        ours.iloc[:-1], peer.loc[ours.index[:-1], ours.columns], atol=1e-9
    )
    for name in ours.columns:
        whole = pytrec_eval.compute_aggregated_measure(name, list(peer[name]))
        assert ours.loc["all", name] == pytest.approx(whole, abs=1e-9), name
    # and through files
    trec.write_run(shuffled, tmp_path / "run", name="mine")
    trec.write_qrels(flat(qrels, qrels_of), tmp_path / "qrels")
    with (tmp_path / "run").open() as lines:
        read = pytrec_eval.parse_run(lines)
    assert read == run
    back = trec.evaluate(
        trec.read_run(tmp_path / "run"),
        trec.read_qrels(tmp_path / "qrels"),
        level=level,
    )
    pd.testing.assert_frame_equal(back, ours)
