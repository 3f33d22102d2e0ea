"""The built site: complete, offline, light, and usable by keyboard.

Reads _build/html (another folder: BOOK_SITE), so `make book` comes first.
The checks are functions that return complaints; each is also tried on a
page that breaks its rule.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from tools import screenshots
from tools.chapters import notebooks

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
CASE = "chapters/cases/video_recommendation.html"
CARDS = "chapters/practice/flashcards.html"
LEDGER = "chapters/reference/claims.html"
LIMIT = 1_000_000  # bytes of a page and its pictures


# --- reading pages ----------------------------------------------------------


class Page(HTMLParser):
    """Tags, ids, title and first-level headings of one page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.title, self.h1 = [], set(), "", 0
        self.styles, self._in, self._article = "", None, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        self.tags.append((tag, values))
        self.ids |= {values[k] for k in ("id", "name") if k in values}
        self.styles += values.get("style", "") + "\n"
        # The theme repeats the heading outside of the article, for print.
        self._article = self._article or tag == "article"
        self.h1 += tag == "h1" and self._article
        if tag in {"title", "style"}:
            self._in = tag if tag == "style" or not self.title else None

    def handle_endtag(self, tag):
        self._in = None if tag == self._in else self._in

    def handle_data(self, data):
        if self._in == "title":
            self.title += data
        elif self._in == "style":
            self.styles += data


@cache
def read(path):
    return Page(path.read_text("utf-8"))


def is_outside(address):
    return bool(re.match(r"\s*(https?:)?//", address, re.IGNORECASE))


def outside_sources(page):
    """What a browser would fetch from elsewhere to show the page."""
    found = []
    for tag, values in page.tags:
        if tag != "a":
            names = ["src", "srcset", "data", "poster", "xlink:href"]
            if tag == "link" and values.get("rel") not in {
                "canonical",
                "license",
            }:
                names.append("href")
            found += [
                f"<{tag} {name}={values[name]}>"
                for name in names
                if is_outside(values.get(name, ""))
            ]
        if tag == "script" and values.get("type") == "module":
            found.append("<script type=module> does not run from file://")
    return found + outside_styles(page.styles)


def outside_styles(css):
    """url(...) and @import of a style sheet that lead elsewhere."""
    pattern = r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s;]+)"
    return re.findall(pattern, css, re.IGNORECASE)


def broken_links(path, site):
    """Links and sources of a page that lead nowhere inside the site."""
    found = []
    for tag, values in read(path).tags:
        for name in ("href", "src"):
            address = values.get(name, "")
            parts = urlsplit(address)
            if not address or parts.scheme or is_outside(address):
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
                target = target / "index.html" if target.is_dir() else target
            if not target.exists() or site.resolve() not in target.parents:
                found.append(f"<{tag} {name}={address}>: no such file")
            elif parts.fragment and target.suffix == ".html":
                if unquote(parts.fragment) not in read(target).ids:
                    found.append(f"<{tag} {name}={address}>: no such anchor")
    return found


def faults_of_form(page):
    """A title, one heading of the first level, words for every picture.

    And no id twice: a clip path would be that of another figure.
    """
    ids = Counter(values["id"] for _, values in page.tags if "id" in values)
    found = [f"an id twice: {name}" for name, n in ids.items() if n > 1]
    if not page.title.strip():
        found.append("no title")
    if page.h1 != 1:
        found.append(f"{page.h1} headings of the first level")
    for tag, values in page.tags:
        if tag == "img" and not values.get("alt", "").strip():
            found.append(f"no alt text: {values.get('src')}")
        elif tag == "img" and re.search(r"\.(png|svg|jpe?g)$", values["alt"]):
            found.append(f"the alt text is a file name: {values['alt']}")
        elif values.get("role") == "img" and not (
            values.get("aria-label") or values.get("aria-labelledby")
        ):
            found.append(f"no words: {values.get('class')}")
    return found


def weight(path):
    """Bytes of a page and of its own pictures."""
    pictures = {
        (path.parent / unquote(values["src"])).resolve()
        for tag, values in read(path).tags
        if tag == "img" and not values["src"].startswith("data:")
    }
    return sum(p.stat().st_size for p in {path, *pictures})


# --- the checks, on pages that break them -----------------------------------


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.example/x.js"></script>',
        '<script src="//a.example/x.js"></script>',
        '<link rel="stylesheet" href="http://a.example/x.css">',
        '<link rel="preconnect" href="https://a.example">',
        '<img src="https://a.example/x.png">',
        '<iframe src="https://a.example"></iframe>',
        '<p style="background: url(https://a.example/x.png)">',
        "<style>@import 'https://a.example/x.css';</style>",
        "<style>@font-face {src: url('//a.example/x.woff')}</style>",
        '<script type="module">1</script>',
    ],
)
def test_outside_sources_are_found(html):
    assert len(outside_sources(Page(html))) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://a.example">out</a>',
        '<link rel="canonical" href="https://a.example">',
        '<img src="../x.png"><script src="x.js"></script>',
        '<style>a { background: url("x.png") }</style>',
    ],
)
def test_links_and_own_files_are_fine(html):
    assert outside_sources(Page(html)) == []


def test_broken_links_are_found(tmp_path):
    (tmp_path / "b.html").write_text('<p id="here">')
    page = tmp_path / "a.html"
    page.write_text(
        '<a href="b.html#here"></a><a href="#mine" id="mine"></a>'
        '<a href="https://a.example"></a><a href="mailto:a@b.example"></a>'
        '<a href="b.html#gone"></a><a href="c.html"></a><a href="#gone"></a>'
        '<a href="../../x"></a>'
    )
    assert [f.split("=")[1] for f in broken_links(page, tmp_path)] == [
        "b.html#gone>: no such anchor",
        "c.html>: no such file",
        "#gone>: no such anchor",
        "../../x>: no such file",
    ]


def test_faults_of_form_are_found():
    sound = (
        "<title>T</title><article><h1>T</h1><img alt='A curve' src='x.png'>"
    )
    assert faults_of_form(Page(sound)) == []
    broken = (
        "<article><h1>a</h1><h1>b</h1><img src=x><img alt='../x.png' src=x>"
        "<svg role=img class=plot id=a></svg><p id=a>"
    )
    assert [fault.split(":")[0] for fault in faults_of_form(Page(broken))] == [
        "an id twice",
        "no title",
        "2 headings of the first level",
        "no alt text",
        "the alt text is a file name",
        "no words",
    ]


def test_weight_counts_a_picture_once(tmp_path):
    (tmp_path / "x.png").write_bytes(b"0" * 100)
    page = tmp_path / "a.html"
    page.write_text('<img src="x.png"><img src="x.png">')
    assert weight(page) == 34 + 100


# --- the site ---------------------------------------------------------------


@pytest.fixture(scope="module")
def pages():
    found = [
        path
        for path in sorted(SITE.rglob("*.html"))
        if "_static" not in path.parts  # templates of the theme
    ]
    assert found, f"no site in {SITE}: run make book"
    return found


@pytest.mark.site
def test_nothing_comes_from_elsewhere(pages):
    found = {str(p): outside_sources(read(p)) for p in pages}
    for path in SITE.rglob("*.css"):
        found[str(path)] = outside_styles(path.read_text("utf-8"))
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.site
def test_our_scripts_ask_for_nothing():
    for path in (ROOT / "_static").glob("*.js"):
        words = path.read_text("utf-8")
        for call in ("fetch(", "XMLHttpRequest", "import(", "import "):
            assert call not in words, path.name


@pytest.mark.site
def test_no_page_mentions_thebe(pages):
    assert [p for p in pages if "thebe" in p.read_text("utf-8")] == []


@pytest.mark.site
def test_links_resolve(pages):
    found = {str(p): broken_links(p, SITE) for p in pages}
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.site
def test_pages_have_title_heading_and_words_for_pictures(pages):
    found = {
        str(path): faults_of_form(read(path))
        for path in pages
        if path.name != "search.html"  # the theme gives it no heading
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.site
def test_pages_are_light(pages):
    heavy = {str(p): weight(p) for p in pages if weight(p) >= LIMIT}
    assert heavy == {}


def figures_of(path):
    """How many figures a chapter shows, by what it stores."""
    notebook = nbformat.read(path, as_version=4)
    glued = sum(
        cell.source.count("{glue:figure}")
        for cell in notebook.cells
        if cell.cell_type == "markdown"
    )
    return glued + sum(
        output.get("data", {}).get("text/plain", "").startswith("<Figure")
        for cell in notebook.cells
        if cell.cell_type == "code"
        and "remove-output" not in cell.metadata.get("tags", [])
        for output in cell.outputs
    )


@pytest.mark.site
@pytest.mark.parametrize("path", notebooks(ROOT), ids=lambda p: p.stem)
def test_every_figure_of_a_chapter_stands_in_the_page(path):
    page = read((SITE / path.relative_to(ROOT)).with_suffix(".html"))
    plots = [v for tag, v in page.tags if v.get("class") == "plot"]
    assert len(plots) == figures_of(path) > 0
    assert not any("_images/" in v.get("src", "") for _, v in page.tags)


@pytest.mark.site
def test_the_ledger_leads_to_every_claim(pages):
    boxes = {
        f"{path.relative_to(SITE).as_posix()}#{name}"
        for path in pages
        for name in read(path).ids
        if re.fullmatch(r"claim-\d+", name)
    }
    linked = {
        (SITE / LEDGER).parent.joinpath(values["href"]).resolve()
        for tag, values in read(SITE / LEDGER).tags
        if tag == "a" and "#claim-" in values.get("href", "")
    }
    assert boxes
    assert linked == {(SITE / box).resolve() for box in boxes}


# --- in a browser -----------------------------------------------------------


@pytest.fixture
def open_page(browser):
    """open_page(name, width, theme) -> page; checks it when the test ends."""
    contexts, faults = [], []

    def open_(name, width=1280, theme="light", **options):
        name, _, query = name.partition("?")
        assert (SITE / name).exists(), f"{SITE / name}: run make book"
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=theme,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda r: (
                r.url.startswith(("file:", "data:", "blob:"))
                or faults.append(f"asks for {r.url}")
            ),
        )
        page.on(
            "requestfailed",
            lambda r: (
                "ABORTED" in r.failure  # the test itself moved on
                or not options.get("java_script_enabled", True)
                or faults.append(f"{r.failure}: {r.url}")
            ),
        )
        page.on("pageerror", lambda e: faults.append(f"script: {e}"))
        page.on(
            "console",
            lambda m: (
                m.type in {"error", "warning"}
                and faults.append(f"console: {m.text}")
            ),
        )
        page.goto(f"{(SITE / name).resolve().as_uri()}?{query}".rstrip("?"))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


# Text colour against the nearest painted background, as WCAG has it.
CONTRAST = """element => {
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let box = element, back = [0, 0, 0, 0];
  while (box && (back.length > 3 && back[3] === 0)) {
    back = rgb(getComputedStyle(box).backgroundColor);
    box = box.parentElement;
  }
  const both = [light(rgb(getComputedStyle(element).color)), light(back)];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", screenshots.PAGES)
def test_page_opens_from_a_folder(open_page, name, width, theme):
    page = open_page(name, width, theme)
    page.wait_for_timeout(300)  # formulas and scripts that come late
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"the page is {wide} px wide"


@pytest.mark.site
@pytest.mark.browser
def test_formulas_are_set(open_page):
    page = open_page(CASE)
    page.wait_for_selector("mjx-container svg")
    assert page.locator("mjx-merror").count() == 0
    assert (
        page.locator("mjx-container").count() == page.locator(".math").count()
    )


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast(open_page, theme):
    page = open_page(CASE, theme=theme)
    page.evaluate(
        "document.querySelectorAll('details').forEach(d => d.open = 1)"
    )
    chosen = [
        ".quiz-question p",
        ".quiz-answer summary span",
        ".quiz-feedback",
        ".quiz-verdict",
        ".quiz-see a",
        ".claim-mark",
        ".claim-words",
        ".claim-facts dd",
        ".turn-who",
        ".turn-says p",
        "table.rubric td",
        "table.claims a",
        "figcaption",
        ".bd-article section > p",
        ".cell_output pre",
    ]
    low = {}
    for selector in chosen:
        found = page.locator(selector)
        assert found.count(), f"nothing is {selector}"
        least = min(e.evaluate(CONTRAST) for e in found.element_handles())
        if least < 4.5:
            low[selector] = least
    assert low == {}


# Every colour that a figure paints with.
PAINT = """all => [...new Set(all.flatMap(e => {
  const style = getComputedStyle(e);
  return [style.fill, style.stroke];
}))].filter(c => c !== "none").sort()"""


@pytest.mark.site
@pytest.mark.browser
def test_figures_follow_the_theme_and_paper_is_light(open_page):
    painted = {}
    for theme in ("light", "dark"):
        page = open_page(CASE, theme=theme)
        ink = "svg.plot text, svg.plot path:not([id])"
        painted[theme] = page.eval_on_selector_all(ink, PAINT)
    page.emulate_media(media="print")
    assert page.eval_on_selector_all(ink, PAINT) == painted["light"]
    assert len(painted["light"]) > 2
    assert not set(painted["light"]) & set(painted["dark"])


@pytest.mark.site
@pytest.mark.browser
def test_words_in_a_figure_are_large_enough_on_a_phone(open_page):
    page = open_page(CASE, width=390)
    sizes = page.eval_on_selector_all(
        "svg.plot text",
        """all => all.map(e => parseFloat(getComputedStyle(e).fontSize)
             * e.getScreenCTM().a).filter(px => px > 0)  // upright ones""",
    )
    assert min(sizes) > 9
    slack = page.eval_on_selector_all(  # wide figures scroll in their frames
        ".plot-frame", "all => all.map(e => e.scrollWidth - e.clientWidth)"
    )
    assert min(slack) == 0 < max(slack)


@pytest.mark.site
@pytest.mark.browser
def test_quiz_by_keyboard(open_page):
    page = open_page(CASE)
    item = page.locator(".quiz-item").first
    wrong = item.locator(".quiz-answer[data-right=no]").first
    right = item.locator(".quiz-answer[data-right=yes]")
    status = page.locator(".quiz-bar [role=status]")
    assert not wrong.locator(".quiz-feedback").is_visible()

    wrong.locator("summary").focus()
    page.keyboard.press("Enter")
    assert wrong.locator(".quiz-feedback").is_visible()
    assert wrong.locator(".quiz-verdict").inner_text() == "✗ Not so."
    assert wrong.locator(".quiz-letter").inner_text() == "✗"
    page.wait_for_function(
        "e => e.textContent.startsWith('0 of 1 right')",
        arg=status.element_handle(),
    )
    anchor = wrong.locator(".quiz-see a").get_attribute("href")
    assert page.locator(anchor).count() == 1

    right.locator("summary").focus()
    page.keyboard.press("Space")
    assert right.locator(".quiz-feedback").is_visible()
    assert right.locator(".quiz-verdict").inner_text() == "✓ Right."
    page.wait_for_function("e => !e.open", arg=wrong.element_handle())
    assert status.inner_text().startswith("0 of 1 right")  # the first counts

    # Tab leads from answer to answer, and to the button at the end.
    item.locator("summary").first.focus()
    page.keyboard.press("Tab")
    seen = page.evaluate(
        "document.activeElement.closest('.quiz-item') != null"
    )
    assert seen
    page.get_by_role("button", name="Start again").press("Enter")
    assert status.inner_text().startswith("Choose an answer")
    assert wrong.locator(".quiz-letter").inner_text() != "✗"


@pytest.mark.site
@pytest.mark.browser
def test_the_link_of_a_wrong_answer_moves_to_its_section(open_page):
    page = open_page(CASE)
    wrong = page.locator(".quiz-answer[data-right=no]").first
    wrong.locator("summary").click()
    link = wrong.locator(".quiz-see a")
    anchor = link.get_attribute("href")
    link.click()
    page.wait_for_function("a => location.hash === a", arg=anchor)
    assert page.locator(anchor).locator("h2, h3").first.is_visible()


@pytest.mark.site
@pytest.mark.browser
def test_flashcards_by_keyboard(open_page, reload_until):
    page = open_page(CARDS)
    deck = page.locator(".deck").first
    shown = deck.locator(".card-face:visible")
    status = deck.locator("[role=status]")
    assert shown.count() == 1
    first = shown.get_attribute("data-card")
    total = deck.locator(".card-face").count()
    assert status.inner_text() == f"Card 1 of {total} · 0 known"
    for key in ("Space", "Enter"):
        shown.focus()
        assert not shown.locator(".back").is_visible()
        page.keyboard.press(key)
        assert shown.locator(".back").is_visible()
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    assert shown.get_attribute("data-card") != first
    assert page.url.endswith("flashcards.html")  # the theme did not turn
    page.keyboard.press("ArrowLeft")
    assert shown.get_attribute("data-card") == first

    knows = deck.get_by_role("button", name="I know this")
    knows.press("Enter")
    assert knows.get_attribute("aria-pressed") == "true"
    assert status.inner_text() == f"Card 1 of {total} · 1 known"
    words = f"Card 1 of {total} · 1 known"
    reload_until(page, lambda: status.inner_text() == words)
    deck.get_by_role("button", name="Skip what I know").click()
    for _ in range(2 * total):
        deck.get_by_role("button", name="Next").click()
        assert shown.get_attribute("data-card") != first
    deck.get_by_role("button", name="Shuffle").click()
    assert shown.count() == 1


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("held", ["no json", "[]", "null", "3", '{"x": 1}'])
def test_flashcards_with_something_odd_in_the_storage(open_page, held):
    page = open_page(CARDS)
    page.evaluate("v => localStorage.setItem('seven-steps-known', v)", held)
    page.reload()
    deck = page.locator(".deck").first
    assert deck.locator(".card-face:visible").count() == 1
    deck.get_by_role("button", name="I know this").click()
    assert "1 known" in deck.locator("[role=status]").inner_text()


@pytest.mark.site
@pytest.mark.browser
def test_everything_can_be_read_without_scripts(open_page):
    page = open_page(CARDS, java_script_enabled=False)
    cards = page.locator(".card-face")
    assert cards.count() == page.locator(".card-face .back:visible").count()
    page = open_page(CASE, java_script_enabled=False)
    answer = page.locator(".quiz-answer").first
    answer.locator("summary").click()
    assert answer.locator(".quiz-feedback").is_visible()


@pytest.mark.site
@pytest.mark.browser
def test_search_finds_the_case(open_page):
    page = open_page("search.html?q=propensity")
    # results are set one by one: the first is no sign that all are there
    page.wait_for_selector(f'#search-results li a[href*="{CASE}"]')


# --- what must fail the build -----------------------------------------------

CLAIM = {
    "words": "it is above a half",
    "measured": 0.75,
    "at_least": 0.5,
    "at_most": None,
    "null": 0.25,
    "margin": 0.25,
    "holds": True,
}
STUDY = """
chapter: small
quiz:
  - id: q-one
    question: "How *much*?"
    answers:
      - {text: "1. Much", correct: true, why: "$x > 0$"}
      - {text: Little, misconception: It is not., see: 1-first}
cards:
  - {id: c-one, front: A, back: B}
drills:
  - {id: d-1, constraint: C, hint: H, answer: A}
  - {id: d-2, constraint: C, hint: H, answer: A}
  - {id: d-3, constraint: C, hint: H, answer: A}
dialogue: {title: T, turns: [{who: weak, says: S}]}
rubric:
  - {step: 1. First, mid: m, senior: s, staff: t}
"""
# 1x1 transparent pixel
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAC"
    "hwGA60e6kgAAAABJRU5ErkJggg=="
)
FIGURE = (
    '<svg width="9pt" viewBox="0 0 9 9"><clipPath id="a"/>'
    "<text>okapi</text></svg>"
)


@pytest.fixture
def small_book(tmp_path):
    """A book of one chapter that needs no kernel; build() -> (code, log)."""
    for name in ("_ext", "_static", "_extra"):
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__", "vendor"),
        )
    config = (ROOT / "_config.yml").read_text("utf-8")
    (tmp_path / "_config.yml").write_text(
        config.replace("execute_notebooks: cache", "execute_notebooks: 'off'"),
        "utf-8",
    )
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n"
        "  - file: chapters/cases/small\n"
        "  - file: chapters/reference/claims\n"
    )
    for folder in ("chapters/cases", "chapters/reference", "study"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "index.md").write_text("# Book\n\n```{flashcards}\n```\n")
    (tmp_path / "chapters/reference/claims.md").write_text(
        "# Ledger\n\n```{claims-ledger}\n```\n"
    )

    def build(
        *, outputs=(CLAIM,), alt="words", study=STUDY, body="", rows=None
    ):
        cells = [
            nbformat.v4.new_markdown_cell(
                f"# Small\n\n## 1. First\n\n{body}\n\n"
                "```{quiz}\n```\n\n```{chapter-claims}\n```"
            )
        ]
        data = [{CLAIM_TYPE: record} for record in outputs]
        data += [{"image/png": PIXEL}, {"image/svg+xml": FIGURE}]
        data += [{ROWS_TYPE: rows, "text/plain": "recorded rows"}] * bool(rows)
        for number, item in enumerate(data, start=1):
            output = nbformat.v4.new_output(
                "display_data", {"text/plain": "text", **item}
            )
            cell = nbformat.v4.new_code_cell(
                "1", outputs=[output], id=f"c{number}"
            )
            if alt and not item.keys() & {CLAIM_TYPE, ROWS_TYPE}:
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
            cells.append(cell)
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=cells,
                metadata={"language_info": {"name": "python"}},
            ),
            tmp_path / "chapters/cases/small.ipynb",
        )
        (tmp_path / "study/small.yml").write_text(study, "utf-8")
        run = subprocess.run(
            [
                *(
                    Path(sys.executable).with_name("jupyter-book"),
                    "build",
                    ".",
                ),
                *("--all", "-W", "-n", "--keep-going"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return run.returncode, run.stdout + run.stderr

    build.site = tmp_path / "_build" / "html"
    return build


CLAIM_TYPE = "application/vnd.sevensteps.claim+json"
ROWS_TYPE = "application/vnd.sevensteps.rows+json"


def test_what_the_site_repeats_is_that_of_utils():
    from utils import claims, evidence, seeds

    assert claims.MEDIA_TYPE == CLAIM_TYPE
    assert evidence.MEDIA_TYPE == ROWS_TYPE
    words = (ROOT / "_ext" / "ledger.py").read_text("utf-8")
    assert f'MEDIA_TYPE = "{CLAIM_TYPE}"' in words
    assert f'ROWS_TYPE = "{ROWS_TYPE}"' in words
    assert f"DEFAULT_SEED = {seeds.DEFAULT_SEED}\n" in words


@pytest.mark.slow
def test_a_small_book_is_built(small_book):
    code, log = small_book(outputs=(CLAIM, {**CLAIM, "words": "again"}))
    assert code == 0, log
    chapter = (small_book.site / "chapters/cases/small.html").read_text()
    ledger = (small_book.site / "chapters/reference/claims.html").read_text()
    assert 'id="claim-2"' in chapter
    assert "<em>much</em>" in chapter
    assert "1. Much" in chapter  # an answer, not a list
    assert 'alt="words"' in chapter
    assert 'aria-label="words"' in chapter
    assert '<clipPath id="plot-1-a"' in chapter  # in the page, not a file
    assert not list((small_book.site / "_images").glob("*.svg"))
    assert "okapi" not in (small_book.site / "searchindex.js").read_text()
    for words in ("#claim-1", "#claim-2", "≥ 0.5", "✓ held", "again"):
        assert words in ledger
    assert outside_sources(Page(chapter)) == []


@pytest.mark.slow
def test_the_ledger_tells_of_other_seeds(small_book):
    from utils.evidence_file import Row, file_text

    def row(seed, margin, held, order=1):
        keys = f"at_least=0.5; order={order}"
        return Row("claim", "c1", keys, seed, True, 0.5, margin, held)

    lines = [row(7, 0.5, True), row(1, 0.25, True), row(2, -0.125, False)]
    lines.append(row(1, 0.0625, True, order=2))
    folder = small_book.site.parents[1] / "evidence"
    folder.mkdir()
    (folder / "small.csv").write_text(file_text({"lock": "a"}, lines))
    rows = {"name": "cups", "trained": True, "rows": {"": 0.5}}
    code, log = small_book(
        outputs=(CLAIM, {**CLAIM, "words": "again"}), rows=rows
    )
    assert code == 0, log
    chapter = (small_book.site / "chapters/cases/small.html").read_text()
    ledger = (small_book.site / "chapters/reference/claims.html").read_text()
    for page in (chapter, ledger):
        cells = re.findall(r"<td>([^<]*)</td>", page)
        assert cells[4:6] == ["1 of 2", "-0.125"]  # not the default seed's
        assert cells[10:12] == ["–", "–"]  # another cell
    assert "recorded rows" not in chapter


@pytest.mark.slow
def test_what_fails_the_build(small_book):
    code, log = small_book(
        outputs=(),
        alt="",
        study=STUDY.replace("1-first", "gone"),
        body="[a](#nowhere)\n\n```{diagram} lost\n```\n\n```{quiz} other\n```",
    )
    assert code != 0
    log = re.sub(r"\s+", " ", log)
    for message in (
        "a case makes at least one claim",
        "cell 2: a picture needs words",
        "cell 3: a picture needs words",
        "study/small.yml: quiz item 'q-one': answers[2].see: "
        "no heading 'gone'",
        "'nowhere'",
        "no drawing diagrams/lost.svg",
        "no study file study/other.yml",
    ):
        assert message in log
