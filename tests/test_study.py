"""Study files: every one in study/ is sound, and faults are named."""

import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

import study_file  # noqa: E402

import study  # noqa: E402

SOUND = {
    "chapter": "demo",
    "quiz": [
        {
            "id": "q-one",
            "question": "One?",
            "answers": [
                {"text": "Yes", "correct": True, "why": "It is."},
                {
                    "text": "No",
                    "misconception": "That it is not.",
                    "see": "1-clarify-it",
                },
            ],
        }
    ],
    "cards": [{"id": "c-one", "front": "A", "back": "B"}],
    "drills": [
        {"id": f"d-{i}", "constraint": "C", "hint": "H", "answer": "A"}
        for i in range(3)
    ],
    "dialogue": {
        "title": "T",
        "turns": [{"who": who, "says": "S"} for who in study.WHO],
    },
    "rubric": [{"step": "1", "mid": "m", "senior": "s", "staff": "t"}],
}


@pytest.fixture
def book(tmp_path):
    """A folder with one chapter; write(content) gives its faults."""
    (tmp_path / "study").mkdir()
    cases = tmp_path / "chapters" / "cases"
    cases.mkdir(parents=True)
    cells = [
        nbformat.v4.new_markdown_cell(
            "# A title\n\n## 1. Clarify `it`\n\ntext\n\n### Twice\n\n"
            "### Twice\n\n#### Too deep\n"
        ),
        nbformat.v4.new_code_cell("# not a heading"),
        nbformat.v4.new_markdown_cell("```text\n# nor this\n```"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), cases / "demo.ipynb")

    def write(content, name="demo"):
        path = tmp_path / "study" / f"{name}.yml"
        if not isinstance(content, str):
            content = yaml.safe_dump(content)
        path.write_text(content, "utf-8")
        return study_file.check_study(path)

    write.root = tmp_path
    return write


def changed(*path_and_value):
    """A copy of the sound content with one place set, or deleted."""
    *path, last, value = path_and_value
    content = deepcopy(SOUND)
    place = content
    for key in path:
        place = place[key]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize(
    "path", sorted((ROOT / "study").glob("*.yml")), ids=lambda p: p.stem
)
def test_every_study_file_is_sound(path):
    assert study_file.check_study(path) == []


def test_there_are_study_files():
    assert list((ROOT / "study").glob("*.yml"))


def test_sound_content_has_no_fault(book):
    assert book(SOUND) == []


def test_headings_are_the_anchors_that_myst_gives(book):
    source = study_file.chapter_source(book.root, "demo")
    assert study_file.headings(source) == {
        "a-title": "A title",
        "1-clarify-it": "1. Clarify `it`",
        "twice": "Twice",
        "twice-1": "Twice",
    }


ANSWERS = ("quiz", 0, "answers")
FAULTS = [
    (changed("chapter", "other"), "chapter: must be 'demo', got 'other'"),
    (changed("chapter", KeyError), "file: 'chapter' is a required property"),
    (changed("cards", KeyError), "file: a case needs 'cards'"),
    (
        changed("extra", 1),
        "file: Additional properties are not allowed ('extra'",
    ),
    (
        changed("cards", []),
        "cards: must be a list with at least one item, got []",
    ),
    (
        changed("cards", 0, "fornt", "x"),
        "cards item 'c-one': Additional properties are not allowed ('fornt'",
    ),
    (
        changed("cards", 0, "back", KeyError),
        "cards item 'c-one': 'back' is a required property",
    ),
    (
        changed("cards", 0, "back", "  "),
        "cards item 'c-one': back: must be text that is not empty, got '  '",
    ),
    (
        changed("cards", 0, "back", 0.5),
        "cards item 'c-one': back: must be text that is not empty, got 0.5",
    ),
    (
        changed("cards", 0, "text"),
        "cards[1]: must be of type object, got 'text'",
    ),
    (
        changed("cards", 0, "id", "q-one"),
        "cards item 'q-one': id: 'q-one' is used twice in this file",
    ),
    (
        changed("drills", SOUND["drills"][:2]),
        "drills: a case needs at least three",
    ),
    (
        changed(*ANSWERS, 1, "see", "nowhere"),
        "quiz item 'q-one': answers[2].see: no heading 'nowhere' in chapter "
        "demo.ipynb; there are a-title, 1-clarify-it",
    ),
    (
        changed(*ANSWERS, 1, "misconception", KeyError),
        "quiz item 'q-one': answers[2]: 'misconception' is a required",
    ),
    (
        changed(*ANSWERS, 1, "why", "x"),
        "quiz item 'q-one': answers[2]: Additional properties are not allowed "
        "('why' was unexpected)",
    ),
    (
        changed(*ANSWERS, 0, "correct", False),
        "quiz item 'q-one': answers[1].correct: must be true, or left out, "
        "got False",
    ),
    (
        changed(*ANSWERS, 0, SOUND["quiz"][0]["answers"][1]),
        "quiz item 'q-one': answers: must be a list in which exactly one "
        "answer is correct, got [{'misconcep",
    ),
    (
        changed(*ANSWERS, 1, SOUND["quiz"][0]["answers"][0]),
        "quiz item 'q-one': answers: must be a list in which exactly one "
        "answer is correct, got [{'correct': True",
    ),
    (
        changed(*ANSWERS, SOUND["quiz"][0]["answers"][:1]),
        "quiz item 'q-one': answers: must be a list of 2 to 5 answers, got [{",
    ),
    (
        changed("dialogue", "turns", 0, "who", "me"),
        "dialogue.turns[1].who: 'me' is not one of ['interviewer', 'weak', "
        "'strong', 'next']",
    ),
    (
        changed("dialogue", "turns", 1, "says", ""),
        "dialogue.turns[2].says: must be text that is not empty, got ''",
    ),
    (
        changed("rubric", 0, "staff", KeyError),
        "rubric[1]: 'staff' is a required property",
    ),
]


@pytest.mark.parametrize("content, message", FAULTS)
def test_fault_names_file_item_and_field(book, content, message):
    faults = book(content)
    assert any(f"study/demo.yml: {message}" in fault for fault in faults), (
        faults
    )


@pytest.mark.parametrize(
    "words, message",
    [
        ("chapter: demo\nquiz: [", "study/demo.yml: line 2: not YAML"),
        ("chapter: demo\nchapter: a\n", "line 2: not YAML: key 'chapter' tw"),
        ("- a list", "study/demo.yml: must be a mapping with the keys"),
        ("", "study/demo.yml: must be a mapping with the keys"),
    ],
)
def test_what_is_not_a_study_file(book, words, message):
    (fault,) = book(words)
    assert message in fault


def test_a_study_file_without_its_chapter(book):
    (fault,) = book({**SOUND, "chapter": "gone"}, name="gone")
    assert fault == (
        "study/gone.yml: chapter: no chapter 'gone' below chapters/"
    )


def test_every_fault_is_reported_not_only_the_first(book):
    content = changed("cards", 0, "back", "")
    content["rubric"][0]["mid"] = ""
    assert len(book(content)) == 2


def test_answers_are_arranged_the_same_way_each_time():
    item = SOUND["quiz"][0]
    turned = {**item, "answers": item["answers"][::-1]}
    assert study.arranged(item) == study.arranged(turned)
    assert sorted(map(str, study.arranged(item))) == sorted(
        map(str, item["answers"])
    )


def test_the_right_answer_is_not_always_the_first():
    items = [
        {**SOUND["quiz"][0], "id": f"q-{i}"} for i in range(40)
    ]  # writers put it first in all of them
    first = sum("correct" in study.arranged(item)[0] for item in items)
    assert 8 <= first <= 32
