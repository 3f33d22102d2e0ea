"""What is executed, stored and adopted, in a tiny book."""

import nbformat
import pytest
from nbformat import v4

from tests.tools.tiny import (
    append,
    edit,
    set_metadata,
    set_source,
    write_chapter,
)
from tools import book, seeds


@pytest.mark.slow
def test_book_executes_once_and_adopts_a_caption(root, capsys, quiet):
    tea = write_chapter(
        root,
        "tea",
        v4.new_code_cell("import os\nprint(os.getpid())"),
        v4.new_code_cell("1 + 1"),
    )
    runs = book.execute([tea], root=root)
    assert list(runs) == [tea]
    assert runs[tea].problem == ""
    assert "tea.ipynb: new code" in capsys.readouterr().out
    assert book.execute([tea], root=root) == {}

    # jupyter-book would find it, and see what was run
    _, merged = book.cache_of(root).merge_match_into_notebook(
        nbformat.read(tea, as_version=4)
    )
    assert merged.cells[1].outputs[0].data["text/plain"] == "2"

    edit(tea, set_metadata(1, tags=["hide-input"]))
    assert book.execute([tea], root=root) == {}
    _, dressed = book.cache_of(root).merge_match_into_notebook(
        nbformat.read(tea, as_version=4)
    )
    assert dressed.cells[1].metadata.tags == ["hide-input"]
    assert dressed.cells[0].outputs == merged.cells[0].outputs

    append(root / "requirements.lock")
    assert book.reason(tea, root) == "lock"
    assert list(book.execute([tea], root=root)) == [tea]
    assert book.reason(tea, root) == ""


@pytest.mark.slow
def test_an_entry_without_facts_is_not_believed(root, tea, quiet):
    edit(tea, set_source(1, "2"))
    book.execute([tea], root=root)
    (book.entry(tea, root) / "facts.json").unlink()
    assert list(book.execute([tea], root=root)) == [tea]


@pytest.mark.slow
def test_a_failing_chapter_is_reported_and_not_cached(root, quiet):
    bad = write_chapter(
        root,
        "bad",
        v4.new_markdown_cell("# Bad"),
        v4.new_code_cell("cups = 0"),
        v4.new_code_cell("# all of it\n1 / cups"),
        v4.new_code_cell("print('never')"),
    )
    good = write_chapter(root, "good", v4.new_code_cell("1"))
    runs = book.execute([bad, good], root=root)
    words = runs[bad].problem
    start = "chapters/cases/bad.ipynb, cell 3 of 4 ([2]) raised:\n    # all"
    assert words.startswith(start)
    assert "    1 / cups\n" in words
    assert words.endswith("ZeroDivisionError: division by zero")
    assert book.facts_of(bad, root) == {}
    assert book.reason(good, root) == ""


@pytest.mark.slow
def test_a_row_that_moved_fails_the_build(root, capsys, quiet, monkeypatch):
    source = (
        "from utils import evidence\n"
        "evidence.record('cups', value=3, trained=False)"
    )
    path = write_chapter(root, "odd", v4.new_code_cell(source, id="a1"))
    monkeypatch.setattr("sys.argv", ["book", "odd"])
    assert book.main(root) == 0
    assert "no evidence from other seeds yet" in capsys.readouterr().out
    seeds.gather(path, [1], root=root)
    assert book.main(root) == 0
    edit(path, set_source(0, source.replace("3", "4")))
    assert book.main(root) == 1
    told = capsys.readouterr().err
    assert "odd.ipynb: cups () is 4, was 3, and may move by 3e-09" in told
    assert "make seeds C=odd" in told
