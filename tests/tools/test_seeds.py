"""Claims under other seeds: the table."""

import json

import pytest
from nbformat import v4

from tests.tools.tiny import write_chapter
from tools import execute, seeds
from utils.claims import Claim


def claims_of(*values, words="warm", at_least=50.0):
    made = [Claim(words, v, at_least=at_least) for v in values]
    bundle = [
        v4.new_output("display_data", c._repr_mimebundle_()) for c in made
    ]
    return seeds.claims_in([v4.new_code_cell("", outputs=bundle)])


def test_claims_in_by_hand():
    found = claims_of(61.0, 40.0)
    assert list(found) == ["cell 1, 1", "cell 1, 2"]
    assert [r["measured"] for r in found.values()] == [61.0, 40.0]
    assert found["cell 1, 2"]["margin"] == 40.0 - 50.0
    assert seeds.claims_in([v4.new_markdown_cell("text")]) == {}


def seed_run(*values, errors=(), **options):
    found = claims_of(*values, **options)
    return {"claims": found, "errors": list(errors), "seconds": 2.0}


def test_table_by_hand():
    runs = {1: seed_run(61.0), 2: seed_run(52.0), 4: seed_run(40.0)}
    _, line = seeds.table(runs).splitlines()
    words = line.split()
    assert words[:4] == ["2/3", "at", "least", "50"]
    assert words[4:8] == ["40", "52", "61", "-10"]  # least … most, margin
    assert line.endswith("warm [failed: 4]")


def test_a_claim_not_reached_did_not_hold():
    runs = {1: seed_run(61.0, 62.0), 2: seed_run(61.0)}
    text, good = seeds.report(runs)
    assert "1/2" in text and "warm [not reached: 2]" in text
    assert not good


def test_table_of_nan():
    text, good = seeds.report({1: seed_run(float("nan"))})
    assert "nan" in text
    assert not good


def test_report_with_and_without_errors():
    text, good = seeds.report({1: seed_run(61.0), 2: seed_run(70.0)})
    assert good
    assert text.endswith(
        "1 claims, 2 seeds, 0 errors; 2 s a seed, at most 2 s"
    )
    text, good = seeds.report({3: seed_run(61.0, errors=["cell 1: KeyError"])})
    assert "seed 3: cell 1: KeyError" in text
    assert not good


def test_summary_keeps_errors_that_are_no_claims():
    def failed(name):
        return v4.new_output("error", ename=name, evalue="a\nb", traceback=[])

    cells = [
        v4.new_code_cell("", outputs=[failed("ClaimError")]),
        v4.new_code_cell("", outputs=[failed("KeyError")]),
    ]
    run = execute.Run(None, v4.new_notebook(cells=cells), 2.0, 0.1, "")
    assert seeds.summary(run)["errors"] == ["cell 2 of 2 ([2]): KeyError: a"]


@pytest.mark.slow
def test_seeds_run_once_and_tell_what_failed(root, capsys, quiet):
    source = (
        "from utils.claims import claim\n"
        "from utils.seeds import book_seed\n"
        "claim('small', book_seed(), at_most=2, null=9)\n"
        "claim('always', 1, at_least=0)"
    )
    path = write_chapter(root, "odd", v4.new_code_cell(source))
    runs = seeds.run_seeds(path, range(2, 4), root=root)
    text, good = seeds.report(runs)
    assert "[failed: 3]" in text and "[not reached: 3]" in text
    assert not good
    assert "2 of 2 seeds to run" in capsys.readouterr().out
    assert seeds.run_seeds(path, range(2, 4), root=root) == {
        seed: json.loads(json.dumps(run)) for seed, run in runs.items()
    }
    assert "0 of 2 seeds to run" in capsys.readouterr().out
