"""trec_eval's arithmetic, by hand; test_trec.py holds it against the peer."""

from math import log, log2

import numpy as np
import pytest

from utils.metrics import trec_measures

PADDED = [[0, 2, -1, 1, -3], [1, -2, 0, -3, -3], [0, -3, -3, -3, -3]]
JUDGED = [[2, 1, 1, 0], [1, 0, 0, -1], [0, 0, -3, -3]]


@pytest.fixture
def got():
    return trec_measures.measures(
        np.array(PADDED), np.array([4, 3, 1]), np.array(JUDGED), level=1
    )


IDEAL = 2 + 1 / log2(3) + 1 / log2(4)
DCG = 2 / log2(3) + 1 / log2(5)


@pytest.mark.parametrize(
    "name, first, second",
    [
        ("num_ret", 4, 3),
        ("num_rel", 3, 1),
        ("num_rel_ret", 2, 1),
        ("num_nonrel_judged_ret", 1, 1),
        ("map", (1 / 2 + 2 / 4) / 3, 1),
        ("gm_map", log((1 / 2 + 2 / 4) / 3), 0),
        ("Rprec", 1 / 3, 1),
        ("recip_rank", 1 / 2, 1),
        ("P_5", 2 / 5, 1 / 5),
        ("recall_5", 2 / 3, 1),
        ("relative_P_5", 2 / 3, 1),
        ("map_cut_5", (1 / 2 + 2 / 4) / 3, 1),
        ("success_1", 0, 1),
        ("iprec_at_recall_0.00", 1 / 2, 1),
        ("iprec_at_recall_0.50", 1 / 2, 1),
        ("iprec_at_recall_1.00", 0, 1),
        ("11pt_avg", (1 / 2) * 8 / 11, 1),  # up to recall 0.7, 2 of 3 do
        ("Rprec_mult_0.20", 0, 1),
        ("Rprec_mult_2.00", 2 / 6, 1 / 2),
        ("set_P", 2 / 4, 1 / 3),
        ("set_recall", 2 / 3, 1),
        ("set_map", (2 / 4) * (2 / 3), 1 / 3),
        ("set_F", 2 * (1 / 2) * (2 / 3) / (7 / 6), 2 * (1 / 3) / (4 / 3)),
        ("set_relative_P", 2 / 3, 1),
        ("utility", 2 - 2, 1 - 2),
        ("bpref", 0, 1),  # the one non-relevant item stands above both
        ("ndcg", DCG / IDEAL, 1),
        ("ndcg_cut_5", DCG / IDEAL, 1),
        ("binG", (1 / log2(3) + 1 / log2(4)) / 3, 1),
    ],
)
def test_by_hand(got, name, first, second):
    assert got[name][:2] == pytest.approx([first, second])


def test_inferred_precision_by_hand(got):
    e = trec_measures.LEAST
    at_2 = (1 + 1 * e / (1 + 2 * e)) / 2
    at_4 = (1 + 2 * (1 + e) / (2 + 2 * e)) / 4  # the unpooled one counts 0
    assert got["infAP"][0] == pytest.approx((at_2 + at_4) / 3)


def test_undefined_is_0(got):
    nothing = {name: part[2] for name, part in got.items()}
    for name in ("num_q", "num_ret", "num_nonrel_judged_ret"):
        assert nothing.pop(name) == 1
    assert nothing.pop("utility") == -1
    for name in ("gm_map", "gm_bpref"):
        assert nothing.pop(name) == log(trec_measures.LEAST)
    assert set(nothing.values()) == {0}


def test_every_value_is_a_float_per_query(got):
    assert len(got) == 93
    for name, part in got.items():
        assert part.shape == (3,) and part.dtype == np.float64, name


def test_rndcg_counts_the_end_of_a_longer_list_by_hand():
    got = trec_measures.measures(
        np.array([[-1, 1, -1]]), np.array([3]), np.array([[1]]), level=1
    )["Rndcg"]
    # rank 1, where the ideal list falls: nothing; the end: 1 / log2(3)
    assert got == pytest.approx([(0 + 1 / np.log2(3)) / 2])
    one_more = trec_measures.measures(
        np.array([[-1, 1]]), np.array([2]), np.array([[1]]), level=1
    )["Rndcg"]
    assert one_more == [0]  # one item more than there are to find is no end


def test_what_stands_for_no_grade_is_told_apart():
    codes = (
        trec_measures.UNPOOLED,
        trec_measures.UNJUDGED,
        trec_measures.PAST_THE_END,
    )
    assert len(set(codes)) == 3 and max(codes) < 0
