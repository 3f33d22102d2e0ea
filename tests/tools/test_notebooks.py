"""The normal form of a notebook, and recording."""

import copy

import nbformat
import pytest
from nbformat import v4

from tests.tools.tiny import KERNEL, write_chapter
from tools import notebooks
from utils import evidence
from utils.claims import Claim

CLAIM = Claim("tea is warm", 61.0, at_least=50)._repr_mimebundle_()
ROWS = evidence.rows("tea", value=61.0, trained=True)._repr_mimebundle_()


def messy():
    """A notebook as an editor leaves it."""
    stream = [
        v4.new_output("stream", name="stdout", text=text)
        for text in ("one\n", "two\n")
    ]
    shown = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure 1>"}
    cell = v4.new_code_cell(
        "draw()",
        id="same",
        execution_count=12,
        outputs=[
            *stream,
            v4.new_output("display_data", shown, metadata={"w": 1}),
            v4.new_output("display_data", {"image/svg+xml": "<svg/>"}),
            v4.new_output("display_data", CLAIM),
            v4.new_output("display_data", ROWS),
            v4.new_output(
                "execute_result", {"text/plain": "2"}, execution_count=12
            ),
        ],
        metadata={
            "execution": {"iopub.status.busy": "2026-11-21T07:00:00Z"},
            "collapsed": False,
            "tags": ["hide-input"],
        },
    )
    cells = [
        v4.new_markdown_cell("# Tea", id="same"),
        cell,
        v4.new_code_cell("", id="empty"),
        v4.new_code_cell("1", id="last", execution_count=40),
    ]
    metadata = {"language_info": {"version": "3.12"}, "kernelspec": {}}
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def test_normal_form_by_hand():
    made = notebooks.normal(messy())
    _, drawn, empty, last = made.cells
    assert made.metadata == {"kernelspec": KERNEL}
    assert drawn.metadata == {"tags": ["hide-input"]}
    counts = [drawn.execution_count, empty.execution_count]
    assert [*counts, last.execution_count] == [1, None, 2]
    assert drawn.outputs[0].text == "one\ntwo\n"
    data = [output.data for output in drawn.outputs[1:]]
    assert data == [
        {"text/plain": "<Figure 1>"},
        {},
        {"text/plain": CLAIM["text/plain"]},
        {"text/plain": "recorded 'tea': 1 row"},
        {"text/plain": "2"},
    ]
    assert all(output.metadata == {} for output in drawn.outputs[1:])
    assert drawn.outputs[-1].execution_count == 1


def test_normal_form_twice_is_once_and_valid():
    once = notebooks.normal_text(messy())
    again = nbformat.reads(once, as_version=4)
    nbformat.validate(again)
    assert notebooks.normal_text(again) == once
    assert once.endswith("}\n")
    assert once.splitlines()[1] == ' "cells": ['


def test_normal_form_leaves_its_input_alone():
    notebook = messy()
    before = copy.deepcopy(notebook)
    notebooks.normal(notebook)
    assert notebook == before


def test_normal_form_has_stable_unique_ids():
    ids = [[c.id for c in notebooks.normal(messy()).cells] for _ in "12"]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4
    assert ids[0][0] == "same"


@pytest.mark.slow
def test_record_stores_outputs_in_normal_form(root, quiet):
    path = write_chapter(root, "tea", v4.new_code_cell("print('hot')"))
    run = notebooks.record(path, root)
    text = path.read_text()
    stored = nbformat.reads(text, as_version=4)
    assert run.problem == ""
    assert stored.cells[0].outputs[0].text == "hot\n"
    assert stored.cells[0].execution_count == 1
    assert text == notebooks.normal_text(stored)


@pytest.mark.slow
def test_record_leaves_a_failing_chapter_as_it_was(root, quiet):
    path = write_chapter(
        root, "tea", v4.new_code_cell("print(1)"), v4.new_code_cell("1/0")
    )
    before = path.read_bytes()
    run = notebooks.record(path, root)
    assert "cell 2 of 2 ([2]) raised:" in run.problem
    assert path.read_bytes() == before
    assert [f.name for f in path.parent.iterdir()] == ["tea.ipynb"]
