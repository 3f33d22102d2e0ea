"""What moved when outputs and evidence are made again."""

import math
import re

import nbformat
import pytest
from nbformat import v4

from tests.tools.tiny import append, write_chapter
from tools import execute, renew, seeds
from utils.evidence_file import Row, parsed


def row(name, value, seed=7):
    return Row("row", name, "", seed, True, value, math.nan, None)


def claim(held, seed):
    keys = "at_least=1; order=1"
    return Row("claim", "a1", keys, seed, True, 2.0, 1.0, held)


def test_moved_by_hand():
    before = [row("a", 2.0), row("b", 4.0), row("c", 1.0), row("old", 1.0)]
    after = [row("a", 2.5), row("b", 4.1), row("c", 1.0), row("new", 1.0)]
    before += [claim(True, 1), claim(True, 2), row("a", 0.0, seed=1)]
    after += [claim(True, 1), claim(False, 2), row("a", 9.0, seed=1)]
    _, first, second, gone, came, last = renew.moved(
        before, after
    ).splitlines()
    assert first.split() == ["2", "2.5", "0.25", "a", "()"]
    assert second.split()[:3] == ["4", "4.1", "0.025"]
    assert (gone, came) == ("  gone: old ()", "  new: new ()")
    assert last == (
        "  2 of 3 moved, at most by 0.25 of what it was; claims held 2 of 2 "
        "times elsewhere, now 1 of 2"
    )


def test_nothing_moved():
    same = [row("a", math.nan), row("b", 1.0)]
    assert renew.moved(same, same).startswith("  0 of 2 moved, at most by 0 ")


def test_relative_by_hand():
    assert renew.relative(4.0, 3.0) == 0.25
    assert renew.relative(math.nan, 1.0) == math.inf
    assert renew.relative(math.inf, math.inf) == 0.0


@pytest.mark.slow
def test_renews_outputs_and_evidence(root, capsys, quiet, monkeypatch):
    source = (
        "from pathlib import Path\nfrom utils import evidence\n"
        f"cups = float(Path({str(root / 'cups')!r}).read_text())\n"
        "evidence.record('cups', value=cups, trained=True)\n"
        "print(cups)"
    )
    path = write_chapter(root, "odd", v4.new_code_cell(source, id="a1"))
    monkeypatch.setattr(seeds.gather, "__defaults__", (range(1, 3),))
    (root / "cups").write_text("2")
    seeds.gather(path, root=root)
    (root / "cups").write_text("3")
    append(root / "requirements.lock")
    monkeypatch.setattr("sys.argv", ["renew", "odd"])

    # interrupted after the evidence: what it was is not forgotten
    with monkeypatch.context() as context:

        def broken(*_, **__):
            raise KeyboardInterrupt

        context.setattr(renew.book, "execute", broken)
        with pytest.raises(KeyboardInterrupt):
            renew.main(root)
    assert "3 of 3 seeds to run" in capsys.readouterr().out
    renew.main(root)
    told = capsys.readouterr().out
    assert "0 of 3 seeds to run" in told
    assert re.search(r"\n +2 +3 +0\.5  cups \(\)\n", told)
    assert "1 of 1 moved, at most by 0.5 of what it was" in told

    _, lines = parsed((root / "evidence" / "odd.csv").read_text())
    assert {line.value for line in lines} == {3.0}
    (cell,) = nbformat.read(path, as_version=4).cells
    assert cell.outputs[-1].text == "3.0\n"
    assert not list((root / "_build" / "renew").glob("*"))
    renew.main(root)
    assert "0 of 1 moved" in capsys.readouterr().out


def test_a_chapter_that_is_refused_stops_no_other(root, capsys, monkeypatch):
    def one(path, **_):
        if path.stem == "tea":
            raise execute.Refused("tea has no evidence")
        return f"{path.stem} is renewed"

    write_chapter(root, "milk", v4.new_code_cell("1"))
    monkeypatch.setattr(renew, "renew", one)
    monkeypatch.setattr("sys.argv", ["renew", "all"])
    assert renew.main(root) == 1
    told = "milk is renewed\ntea has no evidence\n"
    assert capsys.readouterr().out == told


def test_an_interruption_stops_all(root, monkeypatch):
    def one(path, **_):
        raise SystemExit("interrupted")

    monkeypatch.setattr(renew, "renew", one)
    monkeypatch.setattr("sys.argv", ["renew", "all"])
    with pytest.raises(SystemExit, match="interrupted"):
        renew.main(root)


@pytest.mark.slow
def test_a_chapter_without_evidence_gets_its_outputs(
    root, capsys, quiet, monkeypatch
):
    path = write_chapter(root, "odd", v4.new_code_cell("1 + 1", id="a1"))
    monkeypatch.setattr("sys.argv", ["renew", "odd"])
    renew.main(root)
    assert "odd.ipynb: outputs; it has no evidence" in capsys.readouterr().out
    (cell,) = nbformat.read(path, as_version=4).cells
    assert cell.outputs[0].data["text/plain"] == "2"
