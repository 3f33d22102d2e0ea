"""Start here and the tooltips: in their sources, and in a browser.

The site is that of test_site.py: _build/html, or BOOK_SITE.
"""

import os
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
START = "chapters/framework/start_here.html"
sys.path.insert(0, str(ROOT / "_ext"))

import study_file  # noqa: E402

import study  # noqa: E402

# --- the source of the diagnostic -------------------------------------------

SOUND = {
    "chapter": "start",
    "diagnostic": {
        "pages": [
            {"id": "a", "title": "A", "page": "chapters/framework/a"},
            {
                "id": "b",
                "title": "B",
                "page": "chapters/framework/start",
                "section": "here",
            },
        ],
        "questions": [
            {
                "id": "q",
                "competence": "asking",
                "question": "One?",
                "read": ["a", "b"],
                "answers": [
                    {"text": "Yes", "correct": True, "why": "It is."},
                    {"text": "No", "misconception": "That it is not."},
                ],
            }
        ],
    },
}


@pytest.fixture
def faults(tmp_path):
    """faults(content) of a book with one page."""
    (tmp_path / "study").mkdir()
    (tmp_path / "chapters" / "framework").mkdir(parents=True)
    page = tmp_path / "chapters" / "framework" / "start.md"
    page.write_text("# Start\n\n## Here\n", "utf-8")

    def check(content):
        path = tmp_path / "study" / "start.yml"
        path.write_text(yaml.safe_dump(content), "utf-8")
        return study_file.check_study(path)

    return check


def test_a_sound_diagnostic_has_no_fault(faults):
    assert faults(SOUND) == []


@pytest.mark.parametrize(
    "place, key, value, message",
    [
        (["questions", 0], "read", ["c"], "read: 'c' is not among the pages"),
        (["questions", 0], "read", ["a"], "no question leads to 'b'"),
        (["questions", 0], "read", [], "must be a list with at least one"),
        (
            ["questions", 0],
            "competence",
            " ",
            "competence: must be text that is not empty, got ' '",
        ),
        (["questions", 0], "why", "x", "not allowed ('why'"),
        (
            ["questions", 0, "answers", 0],
            "correct",
            False,
            "correct: must be true, or left out, got False",
        ),
        (
            ["questions", 0, "answers", 1],
            "misconception",
            "",
            "misconception: must be text that is not empty",
        ),
        (["questions", 0, "answers", 1], "see", "x", "not allowed ('see'"),
        (
            ["pages", 0],
            "page",
            "elsewhere/a",
            "must be an address that begins with",
        ),
        (["pages", 1], "section", "gone", "no heading 'gone'"),
        (["pages", 0], "id", "b", "id: 'b' is used twice"),
    ],
)
def test_faults_of_a_diagnostic_are_named(faults, place, key, value, message):
    content = deepcopy(SOUND)
    spot = content["diagnostic"]
    for step in place:
        spot = spot[step]
    spot[key] = value
    found = faults(content)
    assert any(message in fault for fault in found), found


def test_the_diagnostic_of_the_book():
    diagnostic = study_file.load_study(ROOT / "study/start_here.yml")[
        "diagnostic"
    ]
    questions = diagnostic["questions"]
    assert len(questions) == 10
    assert len({q["competence"] for q in questions}) == 10
    for question in questions:
        answers = study.arranged(question)
        assert sum("correct" in answer for answer in answers) == 1
        # nobody is sent to planned pages alone
        there = [
            page["page"]
            for page in diagnostic["pages"]
            if page["id"] in question["read"]
        ]
        assert any(page.split("/")[1] == "framework" for page in there) or any(
            page.endswith("video_recommendation") for page in there
        ), question["id"]


def test_right_answers_stand_in_different_places():
    diagnostic = study_file.load_study(ROOT / "study/start_here.yml")[
        "diagnostic"
    ]
    places = {
        ["correct" in a for a in study.arranged(q)].index(True)
        for q in diagnostic["questions"]
    }
    assert len(places) >= 3


# --- in a browser -----------------------------------------------------------


@pytest.fixture
def open_page(browser):
    contexts, faults = [], []

    def open_(name, width=1280, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.goto((SITE / name).resolve().as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def answer(page, number, right):
    """Choose the right or a wrong answer of a question, by keyboard."""
    item = page.locator(".diagnostic .quiz-item").nth(number)
    sign = "yes" if right else "no"
    summary = item.locator(f".quiz-answer[data-right={sign}] summary").first
    summary.focus()
    page.keyboard.press("Enter")


@pytest.mark.site
@pytest.mark.browser
def test_diagnostic_by_keyboard(open_page, reload_until):
    page = open_page(START)
    head = page.locator(".diagnostic-head")
    rows = page.locator(".diagnostic-pages > li:visible")
    assert head.inner_text().startswith("Answer all ten")
    assert rows.count() == 0

    for number in range(10):
        answer(page, number, right=number not in (4, 9))
    page.wait_for_function(
        "e => e.textContent.startsWith('Read these first')",
        arg=head.element_handle(),
    )
    # Both misses lead to the seven steps; what is planned comes last.
    words = rows.all_inner_texts()
    assert words[0].startswith("The seven steps")
    assert "metrics and calibration" in words[0]
    assert "cost of a miss" in words[0]
    assert "leakage" not in " ".join(words)
    planned = [
        page.locator(".planned").count() and "in prep" in w for w in words
    ]
    assert planned == sorted(planned)

    reload_until(page, lambda: rows.all_inner_texts() == words)
    assert head.inner_text().startswith("Read these first")

    page.get_by_role("button", name="Start again").press("Enter")
    assert head.inner_text().startswith("Answer all ten")
    reload_until(page, lambda: rows.count() == 0)


@pytest.mark.site
@pytest.mark.browser
def test_ten_of_ten(open_page):
    page = open_page(START)
    for number in range(10):
        answer(page, number, right=True)
    page.wait_for_function(
        "document.querySelector('.diagnostic-head').textContent"
        ".startsWith('Ten of ten')"
    )
    assert page.locator(".diagnostic-pages > li:visible").count() == 0


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("held", ["no json", "[9]", "null", '{"d-power": 99}'])
def test_diagnostic_with_something_odd_in_the_storage(open_page, held):
    page = open_page(START)
    for key in ("seven-steps-diagnostic", "seven-steps-plan"):
        page.evaluate("([k, v]) => localStorage.setItem(k, v)", [key, held])
    page.reload()
    answer(page, 0, right=False)
    page.wait_for_function(
        "document.querySelector('.diagnostic-head').textContent"
        ".startsWith('So far')"
    )


@pytest.mark.site
@pytest.mark.browser
def test_ticks_are_remembered(open_page, reload_until):
    page = open_page(START)
    plan = page.locator(".plan").first
    box = plan.get_by_role("checkbox").first
    assert box.get_attribute("aria-label").startswith("Ten questions")
    box.press("Space")
    status = plan.locator("[role=status]")
    total = plan.get_by_role("checkbox").count()
    assert status.inner_text() == f"1 of {total} done"
    reload_until(page, box.is_checked)
    assert status.inner_text() == f"1 of {total} done"
    plan.get_by_role("button", name="Clear the ticks").click()
    reload_until(page, lambda: not box.is_checked())


@pytest.mark.site
@pytest.mark.browser
def test_start_here_without_scripts(open_page):
    page = open_page(START, java_script_enabled=False)
    first = page.locator(".diagnostic .quiz-answer").first
    assert not first.locator(".quiz-feedback").is_visible()
    first.locator("summary").click()
    assert first.locator(".quiz-feedback").is_visible()
    rows = page.locator(".diagnostic-pages > li")
    assert rows.count() == rows.locator("visible=true").count() > 0


@pytest.mark.site
@pytest.mark.browser
def test_tooltip_by_keyboard_and_mouse(open_page):
    page = open_page(START)
    tip = page.locator(".tip").first
    link, words = tip.locator("a"), tip.get_by_role("tooltip")
    assert not words.is_visible()
    link.focus()
    assert words.is_visible()
    assert link.get_attribute("aria-describedby") == tip.locator(
        ".tip-words"
    ).get_attribute("id")
    page.keyboard.press("Escape")
    assert not words.is_visible()
    link.evaluate("e => e.blur()")

    link.hover()
    assert words.is_visible()
    words.hover()  # one may move onto the words
    page.wait_for_timeout(300)
    assert words.is_visible()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    assert not words.is_visible()


@pytest.mark.site
@pytest.mark.browser
def test_tooltip_by_touch_stays_on_the_screen(open_page):
    page = open_page(START, width=390, has_touch=True, is_mobile=True)
    for tip in page.locator(".tip").all():
        link, words = tip.locator("a"), tip.locator(".tip-words")
        link.tap()
        assert words.is_visible()
        assert page.url.endswith("start_here.html")
        box = words.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844
    link.tap()  # the second tap goes there
    page.wait_for_url("**/glossary.html#*")
