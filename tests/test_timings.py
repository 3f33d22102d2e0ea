"""The page of timings: `_ext/timings.py`, and the file that it draws."""

import doctest
import json
import sys

import pytest

from tools.chapters import ROOT

sys.path.insert(0, str(ROOT / "_ext"))

import timings

KEPT = json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))
ROW = {
    "work": "count",
    "ours_ms": 2.0,
    "peer": "abacus",
    "peer_ms": 5.0,
    "ratio": 2.5,
    "bar": 3.0,
    "why": "It has more beads.",
    "ours_mib": 1,
    "peer_mib": None,
}


def test_examples_of_the_docstrings():
    assert doctest.testmod(timings).failed == 0


def test_a_row_says_what_was_measured_and_what_was_wanted():
    words = timings.table("sums", [ROW, ROW | {"bar": 2.5}]).astext()
    words = words.replace("\N{NO-BREAK SPACE}", " ")
    for said in ("count", "abacus", "2 ms", "5 ms", "2.5", "3 ✗", "2.5 ✓"):
        assert said in words


@pytest.mark.parametrize("area", KEPT["areas"])
def test_ratios_are_those_of_the_times(area):
    for row in KEPT["areas"][area]:
        assert row["ratio"] == pytest.approx(
            row["peer_ms"] / row["ours_ms"], rel=0.01
        ), row["work"]


@pytest.mark.parametrize("area", KEPT["areas"])
def test_a_bar_that_is_missed_has_its_reason(area):
    for row in KEPT["areas"][area]:
        assert not timings.missed(row) or row["why"], row["work"]


def test_only_a_bar_that_is_missed_is_explained():
    met, other = ROW | {"work": "add", "bar": 2.5}, ROW | {"work": "carry"}
    (said,) = timings.reasons([ROW, met, other])
    assert said.astext() == "✗ count; carry – abacus: It has more beads."
