"""The pages of the built site beside `_toc.yml`."""

import pytest

from tools import pages

DOCUMENTS = ["index", "chapters/cases/tea", "chapters/cases/milk"]


@pytest.fixture
def html(root):
    """A site of the tiny book, with what Sphinx adds to one."""
    folder = root / "_build" / "html"
    added = ["search", "genindex", "_static/webpack", "vendor/lib/demo"]
    for name in [*DOCUMENTS, *added]:
        path = folder / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_a_site_with_every_page_passes(root, html, capsys):
    assert pages.built(html) == set(DOCUMENTS)
    assert pages.difference(html, root) == ""
    pages.main(root)
    assert capsys.readouterr().out.startswith("3 pages")


def test_a_page_that_is_missing_and_one_too_many_are_named(root, html):
    (html / "chapters/cases/milk.html").rename(html / "chapters/old.html")
    said = "not built: chapters/cases/milk\nnot in _toc.yml: chapters/old"
    assert pages.difference(html, root) == said
    with pytest.raises(SystemExit, match="not built"):
        pages.main(root)


def test_no_site_has_no_page(root):
    assert len(pages.difference(root / "nowhere", root).splitlines()) == 3
