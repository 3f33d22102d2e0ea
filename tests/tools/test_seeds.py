"""Claims under other seeds: the table; and the evidence they make."""

import json
import os

import pytest
from nbformat import v4

from tests.tools.tiny import append, write_chapter
from tools import evidence, execute, seeds
from utils.claims import Claim
from utils.evidence_file import parsed


def claims_of(*values, words="warm", at_least=50.0):
    made = [Claim(words, v, at_least=at_least) for v in values]
    bundle = [
        v4.new_output("display_data", c._repr_mimebundle_()) for c in made
    ]
    cells = [v4.new_code_cell("", id="a1", outputs=bundle)]
    return evidence.claims_in(cells)


def seed_run(*values, errors=(), **options):
    found = claims_of(*values, **options)
    return {
        "claims": found,
        "rows": [],
        "errors": list(errors),
        "problem": "",
        "seconds": 2.0,
        "core_seconds": 1.5,
    }


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
    assert seeds.summary(run, 3)["errors"] == [
        "cell 2 of 2 ([2]): KeyError: a"
    ]


def test_claims_stand_in_the_order_of_their_cells():
    late = {"b2, 1": {**claims_of(61.0)["a1, 1"], "cell": 12, "order": 1}}
    first = {"a1, 1": {**claims_of(61.0, words="cold")["a1, 1"], "cell": 9}}
    runs = {
        1: {**seed_run(), "claims": late},  # its first cell raised
        2: {**seed_run(), "claims": late | first},
    }
    lines = seeds.table(runs).splitlines()
    assert lines[1].endswith("cold [not reached: 1]")
    assert lines[2].endswith("warm")


ODD = """\
from utils import evidence
from utils.claims import claim
from utils.seeds import book_seed
evidence.record("cups", value=book_seed() / 3, size=2, trained=False)
claim('small', book_seed() % 7, at_most=2, null=9)
claim('always', 1, at_least=0)"""


@pytest.mark.slow
def test_seeds_run_once_and_tell_what_failed(root, capsys, quiet):
    path = write_chapter(root, "odd", v4.new_code_cell(ODD, id="a1"))
    runs = seeds.run_seeds(path, range(2, 4), root=root)
    text, good = seeds.report(runs)
    assert "[failed: 3]" in text and "[not reached: 3]" in text
    assert not good
    assert "2 of 2 seeds to run" in capsys.readouterr().out
    kept = {s: json.loads(json.dumps(run)) for s, run in runs.items()}
    again = seeds.run_seeds(path, range(2, 4), root=root)
    assert repr(again) == repr(kept)  # nan is not itself
    assert "0 of 2 seeds to run" in capsys.readouterr().out
    # looks and evidence start nothing afresh, the lock does
    append(root / "utils" / "house.mplstyle")
    (root / "evidence").mkdir()
    (root / "evidence" / "odd.csv").write_text("# a: b\n")
    seeds.run_seeds(path, range(2, 4), root=root)
    assert "0 of 2 seeds to run" in capsys.readouterr().out
    append(root / "requirements.lock")
    (root / "evidence" / "odd.csv").unlink()
    seeds.run_seeds(path, [2], root=root)
    assert "1 of 1 seeds to run" in capsys.readouterr().out


@pytest.mark.slow
def test_evidence_is_gathered_and_resumed(root, capsys, quiet):
    path = write_chapter(root, "odd", v4.new_code_cell(ODD, id="a1"))
    seeds.run_seeds(path, [2], root=root)
    capsys.readouterr()
    seeds.gather(path, range(2, 4), root=root)
    assert "2 of 3 seeds to run" in capsys.readouterr().out
    header, rows = parsed((root / "evidence" / "odd.csv").read_text())
    assert header["worlds"] == "2 and the default"
    assert 0 < int(header["core-seconds"]) < 60
    assert [(r.kind, r.seed, r.keys, r.value) for r in rows[:3]] == [
        ("claim", 7, "at_least=0; order=2", 1.0),
        ("claim", 7, "at_most=2; order=1", 0.0),
        ("row", 7, "size=2", 2.333333333),
    ]
    cups = {row.seed: row.value for row in rows if row.kind == "row"}
    assert cups == {7: 2.333333333, 2: 0.6666666667, 3: 1.0}
    held = {(r.seed, r.keys): r.held for r in rows if r.kind == "claim"}
    assert held[2, "at_most=2; order=1"] is True
    assert held[3, "at_most=2; order=1"] is False
    assert held[3, "at_least=0; order=2"] is False  # not reached


@pytest.mark.slow
def test_no_evidence_when_the_default_seed_fails(root, quiet):
    source = "from utils.claims import claim\nclaim('cold', 9, at_most=2)"
    path = write_chapter(root, "bad", v4.new_code_cell(source, id="a1"))
    with pytest.raises(SystemExit, match="default seed fails\ncold"):
        seeds.gather(path, [], root=root)
    assert not (root / "evidence").exists()


def test_no_evidence_of_a_run_that_broke_off(root, tea, monkeypatch):
    runs = {7: seed_run(61.0), 1: seed_run(61.0)}
    monkeypatch.setattr(seeds, "run_seeds", lambda *_, **__: runs)
    seeds.gather(tea, [1], root=root)
    before = (root / "evidence" / "tea.csv").read_bytes()
    runs[1] = seed_run() | {"problem": "tea.ipynb: the run broke off"}
    with pytest.raises(execute.Refused, match=r"seed 1: tea\.ipynb: the run"):
        seeds.gather(tea, [1], root=root)
    assert (root / "evidence" / "tea.csv").read_bytes() == before
    runs |= {7: seed_run(), 1: seed_run()}
    with pytest.raises(execute.Refused, match="no row and claims nothing"):
        seeds.gather(tea, [1], root=root)


def test_a_seed_that_ran_while_its_chapter_was_edited_is_not_kept(
    root, tea, monkeypatch
):
    def ran(path, *, seed, root, **how):
        if seed == 2:
            append(root / "utils" / "brew.py")
        empty = v4.new_notebook()
        return execute.Run(path, empty, 1.0, 1.0, "", 1.0)

    monkeypatch.setattr(seeds, "run_one", ran)
    runs = seeds.run_seeds(tea, [1, 2], jobs=1, root=root)
    assert not runs[1]["problem"]
    assert runs[2]["problem"].endswith("was edited while its seeds ran")
    (folder,) = (root / "_build" / "seeds" / "tea").iterdir()
    assert [file.name for file in folder.iterdir()] == ["1.json"]


def test_which_seeds_are_evidence(root, monkeypatch, capsys):
    asked = []

    def ran(path, seeds, *, jobs, root):
        asked.append([*seeds])
        return {seed: seed_run(61.0) for seed in asked[-1]}

    monkeypatch.setattr(seeds, "run_seeds", ran)

    def call(*words):
        monkeypatch.setattr("sys.argv", ["seeds", "tea", *words])
        return seeds.main(root)

    assert call("5", "101") == 0
    assert asked == [[101, 102, 103, 104, 105]]
    assert "was left as it is" in capsys.readouterr().out
    assert not (root / "evidence").exists()
    assert call("20", "1") == 0
    assert asked[1] == [7, *range(1, 7), *range(8, 21)]
    told = capsys.readouterr().out
    assert "19/19" in told  # the run that is shown does not count
    assert f"rows and claims are in evidence{os.sep}tea.csv" in told
    header, rows = parsed((root / "evidence" / "tea.csv").read_text())
    assert header["worlds"] == "19 and the default"
    assert header["core-seconds"] == "30"  # of twenty runs
    assert len(rows) == 20
