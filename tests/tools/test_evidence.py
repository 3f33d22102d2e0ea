"""Rows of a run against the stored ones, and the seed of the week."""

import math
import statistics
import subprocess
from datetime import date, timedelta

import pytest
from nbformat import v4

from tests.tools.tiny import write_chapter
from tools import chapters, evidence, execute, seeds
from utils.claims import Claim
from utils.evidence import rows
from utils.evidence_file import Row, file_text, parsed

# what a run holds


def shown(*made):
    """The outputs of a cell."""
    bundles = [thing._repr_mimebundle_() for thing in made]
    return [v4.new_output("display_data", bundle) for bundle in bundles]


def cell(name, *made):
    return v4.new_code_cell("", id=name, outputs=shown(*made))


def cups(*values, name="cups", trained=False):
    sizes = [*range(len(values))]
    return rows(name, value=[*values], size=sizes, trained=trained)


WARM = Claim("warm", 61.0, at_least=50.0)
COLD = Claim("cold", 4.0, at_most=10.0)


def test_claims_in_by_hand():
    cells = [v4.new_markdown_cell("t"), cell("a1", cups(1.0), WARM, COLD)]
    found = evidence.claims_in(cells)
    assert list(found) == ["a1, 1", "a1, 2"]
    assert [r["measured"] for r in found.values()] == [61.0, 4.0]
    assert [r["margin"] for r in found.values()] == [11.0, 6.0]
    assert {r["cell"] for r in found.values()} == {2}
    assert evidence.claims_in([v4.new_markdown_cell("text")]) == {}


def test_claims_survive_an_inserted_cell():
    before = [cell("a1", WARM), cell("b2", COLD)]
    after = [before[0], cell("new", Claim("new", 1.0, at_least=0)), before[1]]
    old, new = (evidence.claim_rows(evidence.claims_in(cells))
                for cells in (before, after))  # fmt: skip
    assert [row.place for row in old] == [new[0].place, new[2].place]
    assert old[1].keys == "at_most=10; order=1"


def test_a_claim_of_another_threshold_is_another():
    moved = Claim("warm", 61.0, at_least=51.0)
    (old,), (new,) = (evidence.claim_rows(evidence.claims_in([cell("a", c)]))
                      for c in (WARM, moved))  # fmt: skip
    assert old.place != new.place


def test_rows_in_by_hand():
    found = evidence.rows_in([cell("a1", cups(1.5, math.inf), WARM)], 3)
    assert found[:2] == [
        Row("row", "cups", "size=0", 3, False, 1.5, *found[0][6:]),
        Row("row", "cups", "size=1", 3, False, math.inf, *found[1][6:]),
    ]
    assert len(found) == 2


def test_a_row_is_recorded_once():
    cells = [cell("a1", cups(1.0)), v4.new_markdown_cell("text"),
             cell("b2", cups(2.0))]  # fmt: skip
    words = r"got cups \(size=0\) in cell 1 and in cell 3"
    with pytest.raises(ValueError, match=words):
        evidence.rows_in(cells)
    other = [cell("a1", cups(1.0)), cell("b2", cups(2.0, name="jugs"))]
    assert len(evidence.rows_in(other)) == 2


# the file


def run_of(seed, *made):
    cells = [cell("a1", *made)]
    return {
        "claims": evidence.claims_in(cells),
        "rows": [list(row) for row in evidence.rows_in(cells, seed)],
        "core_seconds": 2.25,
    }


def test_gathered_by_hand():
    runs = {7: run_of(7, cups(1.0), WARM), 3: run_of(3, cups(2 / 3))}
    assert evidence.gathered(runs, {"lock": "ab"}) == (
        "# lock: ab\n"
        "kind,name,keys,seed,trained,value,margin,held\n"
        "claim,a1,at_least=50; order=1,7,yes,61,11,yes\n"
        "row,cups,size=0,7,no,1,,\n"
        "claim,a1,at_least=50; order=1,3,yes,nan,nan,no\n"
        "row,cups,size=0,3,no,0.6666666667,,\n"
    )


def test_header_by_hand(root, tea):
    runs = {7: run_of(7), 1: run_of(1), 2: run_of(2)}
    head = evidence.header(tea, runs, root)
    assert [*head] == [
        "lock", "processor", "commit", "worlds", "core-seconds",
    ]  # fmt: skip
    assert len(head["lock"]) == 12
    assert head["processor"]
    assert head["commit"] == "unknown"
    assert head["worlds"] == "2 and the default"
    assert head["core-seconds"] == 7  # 3 runs of 2.25, rounded
    back, _ = parsed(file_text(head, []))
    assert back == {name: str(value) for name, value in head.items()}
    with (root / "requirements.lock").open("a") as file:
        file.write("more==1\n")
    assert evidence.header(tea, runs, root)["lock"] != head["lock"]


def test_commit_says_when_files_differ(tmp_path):
    def git(*words):
        author = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *author, *words], cwd=tmp_path, check=True,
                       capture_output=True)  # fmt: skip

    (tmp_path / "tea").write_text("warm")
    git("init")
    git("add", "tea")
    git("commit", "-m", "tea")
    name = evidence.commit(tmp_path)
    assert len(name) == 12
    (tmp_path / "tea").write_text("cold")
    assert evidence.commit(tmp_path) == f"{name} and changes"


# comparing


@pytest.fixture
def stored(root, tea):
    """Evidence of a trained and an untrained row, spread 1 over the seeds."""

    def store(value=9.876543210, trained=0.5):
        runs = {7: run_of(7, *made(value, trained), WARM)}
        for seed, shift in ((1, -1.0), (2, 0.0), (3, 1.0)):
            runs[seed] = run_of(seed, *made(value, 2.0 + shift), WARM)
        text = evidence.gathered(runs, {"lock": "ab"})
        (root / "evidence").mkdir(exist_ok=True)
        chapters.evidence_of(tea, root).write_text(text, "utf-8")

    store()
    return store


def made(value, trained):
    return cups(value), cups(trained, name="nets", trained=True)


def complaints(root, tea, *things):
    notebook = v4.new_notebook(cells=[cell("a1", *things)])
    return evidence.complaints(tea, notebook, root)


def test_the_same_rows_are_the_same(root, tea, stored):
    assert complaints(root, tea, *made(9.876543210, 0.5), WARM) == []


@pytest.mark.parametrize("value", [9.876543210, 1.0, 1 / 3, -1234.56789012345])
def test_an_untrained_value_moves_by_a_billionth(value, root, tea, stored):
    stored(value)
    for by in (1 + 4e-10, 1 - 4e-10):
        assert complaints(root, tea, *made(value * by, 0.5), WARM) == []
    for by in (1 + 2e-9, 1 - 2e-9):
        first, last = complaints(root, tea, *made(value * by, 0.5), WARM)
        assert first.startswith("chapters/cases/tea.ipynb: cups (size=0) is ")
        assert last == "if that is meant: make seeds C=tea"


def test_a_trained_value_moves_by_a_quarter_of_the_spread(root, tea, stored):
    assert statistics.stdev([1.0, 2.0, 3.0]) == 1.0
    for new in (0.5 + 0.2, 0.5 - 0.2):
        assert complaints(root, tea, *made(9.876543210, new), WARM) == []
    for new in (0.5 + 0.3, 0.5 - 0.3):
        line, _ = complaints(root, tea, *made(9.876543210, new), WARM)
        assert line.endswith(
            f"nets (size=0) is {new:g}, was 0.5, and may move by 0.25"
        )


def test_missing_new_and_renamed_rows_fail(root, tea, stored):
    nets = cups(0.5, name="nets", trained=True)
    line, _ = complaints(root, tea, nets, WARM)
    assert line.endswith("cups (size=0) is missing")
    everything = (*made(9.876543210, 0.5), WARM)
    line, _ = complaints(root, tea, *everything, cups(1.0, name="jugs"))
    assert line.endswith("jugs (size=0) is not stored")
    jugs = cups(9.876543210, name="jugs")
    gone, new, _ = complaints(root, tea, jugs, nets, WARM)
    assert gone.endswith("cups (size=0) is missing")
    assert new.endswith("jugs (size=0) is not stored")
    line, _ = complaints(root, tea, *made(9.876543210, 0.5))
    assert line.endswith("claim in cell a1 (at_least=50; order=1) is missing")


def test_untrained_cannot_become_trained_unseen(root, tea, stored):
    now = cups(9.876543210, trained=True), cups(0.5, name="nets", trained=True)
    line, _ = complaints(root, tea, *now, WARM)
    assert line.endswith("cups (size=0): trained is now True")


@pytest.mark.parametrize(
    "old, new, alike",
    [
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.nan, 0.0, False),
        (0.0, math.nan, False),
        (1.0, math.inf, False),
        (0.0, 0.0, True),
    ],
)
def test_undefined_and_unbounded_are_themselves(old, new, alike):
    assert evidence.same(old, new, 0.0) == alike


def test_spread_of_the_other_seeds_alone():
    def row(seed, value):
        return Row("row", "a", "", seed, True, value, math.nan, None)

    lines = [row(7, 900.0), row(1, 1.0), row(2, 3.0), row(3, math.inf)]
    (sd,) = evidence.spread(lines).values()
    assert sd == pytest.approx(2**0.5)
    assert [*evidence.spread(lines[:2]).values()] == [0.0]


def test_a_claim_answers_for_itself(root, tea, stored):
    cooler = Claim("warm", 52.0, at_least=50.0)
    assert complaints(root, tea, *made(9.876543210, 0.5), cooler) == []


def test_without_evidence_the_build_says_so(root, tea, capsys):
    notebook = v4.new_notebook(cells=[cell("a1", cups(1.0))])
    assert evidence.check({tea: notebook}, root) == []
    told = capsys.readouterr().out
    assert told == (
        "chapters/cases/tea.ipynb: its rows have no evidence from other "
        "seeds yet; make seeds C=tea\n"
    )
    nothing = v4.new_notebook(cells=[cell("a1", WARM)])
    assert evidence.check({tea: nothing}, root) == []
    assert capsys.readouterr().out == ""


def test_evidence_of_another_lock_is_told(root, tea, capsys):
    seven = Row("row", "cups", "size=0", 7, False, 1.0, math.nan, None)
    file = chapters.evidence_of(tea, root)
    file.parent.mkdir()
    notebook = v4.new_notebook(cells=[cell("a1", cups(1.0))])
    now = chapters.key(tea, root)["lock"][:12]
    for lock, told in ((now, ""), ("ab12", "of another lock or Python")):
        file.write_text(file_text({"lock": lock}, [seven]))
        assert evidence.check({tea: notebook}, root) == []
        out = capsys.readouterr().out
        assert told in out and bool(out) == bool(told)


def test_a_row_recorded_twice_is_refused_also_without_evidence(root, tea):
    twice = v4.new_notebook(
        cells=[cell("a1", cups(1.0)), cell("b2", cups(1.0))]
    )
    (line,) = evidence.check({tea: twice}, root)
    assert "got cups (size=0) in cell 1 and in cell 2" in line


# one seed again


def test_every_seed_has_its_week():
    monday = date(2026, 11, 23)
    assert monday.isoweekday() == 1
    order = [3, 1, 2]
    weeks = [monday + timedelta(weeks=n) for n in range(3)]
    turns = [evidence.of_week(order, day) for day in weeks]
    assert sorted(turns) == [1, 2, 3]
    for start, turn in zip(weeks, turns, strict=True):
        days = {evidence.of_week(order, start + timedelta(days=d))
                for d in range(7)}  # fmt: skip
        assert days == {turn}


@pytest.mark.slow
def test_spot_runs_one_other_seed(root, capsys, quiet, monkeypatch):
    source = (
        "from utils import evidence\nfrom utils.seeds import book_seed\n"
        "evidence.record('cups', value=book_seed() / 3, trained=False)"
    )
    path = write_chapter(root, "odd", v4.new_code_cell(source, id="a1"))
    seeds.gather(path, [1, 2], root=root)
    day = date(2026, 11, 23)
    seed = evidence.of_week([1, 2], day)
    capsys.readouterr()
    assert evidence.spot(path, day, root) == []
    assert f"odd.ipynb, seed {seed}: 1 rows and claims, 0 differ" in (
        capsys.readouterr().out
    )
    file = chapters.evidence_of(path, root)
    head, lines = parsed(file.read_text())
    lines = [row._replace(value=row.value * (1 + 2e-9 * (row.seed == seed)))
             for row in lines]  # fmt: skip
    file.write_text(file_text(head, lines))
    (line,) = evidence.spot(path, day, root)
    assert line.startswith("  cups () is ")
    file.write_text(file_text(head, [row for row in lines if row.seed == 7]))
    (line,) = evidence.spot(path, day, root)
    assert line.endswith("odd.ipynb: evidence of no other seed")
    monkeypatch.setattr(evidence, "spot", lambda *_: [line])
    assert evidence.main(root) == 1
    monkeypatch.setattr(evidence, "spot", lambda *_: [])
    assert evidence.main(root) == 0
    file.unlink()
    assert evidence.main(root) == 1


def test_spot_tells_of_claims_and_of_cells_that_raised(
    root, tea, capsys, monkeypatch
):
    def run(*cells):
        notebook = v4.new_notebook(cells=[*cells])
        made = execute.Run(tea, notebook, 1.0, 1.0, "")
        monkeypatch.setattr(evidence, "run_one", lambda *_, **__: made)
        return evidence.spot(tea, date(2026, 11, 23), root)

    warm = evidence.claim_rows(evidence.claims_in([cell("a1", WARM)]), 1)
    unreached = Row("claim", "b2", "at_most=9; order=1", 1, True, math.nan,
                    math.nan, False)  # fmt: skip
    file = chapters.evidence_of(tea, root)
    file.parent.mkdir()
    file.write_text(file_text({"lock": "a"}, [*warm, unreached]))
    assert run(cell("a1", WARM)) == []
    (line,) = run(cell("a1", Claim("warm", 9.0, at_least=50.0)))
    assert line.endswith("holds: False, was True")
    (line,) = run(cell("a1"))
    assert line.endswith("is missing")
    raised = v4.new_output("error", ename="KeyError", evalue="7", traceback=[])
    broken = v4.new_code_cell("d[7]", outputs=[raised])
    (line,) = run(cell("a1", WARM), broken)
    assert line.endswith("cell 2 of 2 ([2]): KeyError")
