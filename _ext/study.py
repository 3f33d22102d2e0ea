"""Study files on the page: quiz, cards, dialogue and rubric.

The directives `quiz`, `dialogue`, `rubric` and `flashcards` show the parts
of `study/<chapter>.yml`, which study_file.py reads and checks.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from docutils.parsers.rst import Directive
from markup import inline, markdown, scrolling, tag, text, unwrapped
from study_file import chapter_source, check_study, load_study

WHO = {
    "interviewer": "Interviewer",
    "weak": "A weak answer",
    "strong": "A strong answer",
    "next": "What comes next",
}
LEVELS = {"mid": "Mid-level", "senior": "Senior", "staff": "Staff"}
LETTERS = "ABCDE"


def arranged(item: dict) -> list[dict]:
    """A quiz item's answers in a fixed order that does not give it away.

    Writers tend to put the right answer first; a hash of the words shuffles
    them the same way on every build.
    """
    return sorted(
        item["answers"],
        key=lambda answer: hashlib.sha256(
            f"{item['id']} {answer['text']}".encode()
        ).hexdigest(),
    )


class StudyDirective(Directive):
    """Shared: find, check and load the study file of a chapter."""

    optional_arguments = 1
    part = ""

    @property
    def env(self):
        return self.state.document.settings.env

    def load(self, path: Path) -> dict:
        """The file's content; every fault goes to the log as a warning."""
        self.env.note_dependency(str(path))
        if not path.exists():
            raise self.error(f"no study file study/{path.name}")
        faults = check_study(path, Path(self.env.srcdir))
        if faults:
            raise self.error("\n".join(faults))
        return load_study(path)

    def run(self):
        chapter = (
            self.arguments[0]
            if self.arguments
            else Path(self.env.docname).name
        )
        path = Path(self.env.srcdir) / "study" / f"{chapter}.yml"
        study = self.load(path)
        if self.part not in study:
            raise self.error(f"study/{path.name}: has no '{self.part}'")
        self.where = f"study/{path.name}"
        return [self.show(study[self.part], chapter)]

    def inline(self, source: str):
        return inline(self, source.strip())

    def unwrapped(self, source: str):
        return unwrapped(self, source, self.where)

    def blocks(self, source: str):
        return markdown(self, source, self.where)


class Quiz(StudyDirective):
    part = "quiz"

    def show(self, quiz, chapter):
        items = [self.item(n, item) for n, item in enumerate(quiz, 1)]
        return tag("div", items, class_="quiz", data_quiz=chapter)

    def item(self, number, item):
        question = f"quiz-{item['id']}-question"
        return tag(
            "div",
            [
                tag(
                    "div",
                    [
                        tag("span", [text(str(number))], class_="quiz-number"),
                        tag("div", self.blocks(item["question"])),
                    ],
                    class_="quiz-question",
                    id=question,
                ),
                *(
                    self.answer(item, letter, answer)
                    for letter, answer in zip(
                        LETTERS, arranged(item), strict=False
                    )
                ),
            ],
            class_="quiz-item",
            data_item=item["id"],
            role="group",
            aria_labelledby=question,
        )

    def see(self, item, answer):
        """After a wrong answer: where it is cleared up."""
        return [
            text("Cleared up in "),
            *self.inline(f"[](#{answer['see']})"),
        ]

    def answer(self, item, letter, answer):
        right = "correct" in answer
        # Native disclosure: keyboard and no-script readers have it for free.
        words = tag("span", self.inline(answer["text"]))
        mark = tag("span", [text(letter)], class_="quiz-letter")
        verdict = tag(
            "strong",
            [text("✓ Right." if right else "✗ Not so.")],
            class_="quiz-verdict",
        )
        if right:
            feedback = [verdict, text(" "), *self.unwrapped(answer["why"])]
        else:
            feedback = [
                verdict,
                text(" "),
                *self.unwrapped(answer["misconception"]),
                tag("div", self.see(item, answer), class_="quiz-see"),
            ]
        return tag(
            "details",
            [
                tag("summary", [mark, words]),
                tag("div", feedback, class_="quiz-feedback"),
            ],
            class_="quiz-answer",
            data_right="yes" if right else "no",
        )


class Dialogue(StudyDirective):
    part = "dialogue"

    def show(self, talk, chapter):
        turns = [
            tag(
                "div",
                [
                    tag("div", [text(WHO[turn["who"]])], class_="turn-who"),
                    tag("div", self.blocks(turn["says"]), class_="turn-says"),
                ],
                class_=f"turn turn-{turn['who']}",
            )
            for turn in talk["turns"]
        ]
        title = tag("div", self.inline(talk["title"]), class_="dialogue-title")
        return tag("div", [title, *turns], class_="dialogue")


class Rubric(StudyDirective):
    part = "rubric"

    def show(self, rows, chapter):
        names = ["Step", *LEVELS.values()]
        head = [tag("th", [text(name)], scope="col") for name in names]
        body = [
            tag(
                "tr",
                [
                    tag("th", self.inline(row["step"]), scope="row"),
                    *(
                        tag("td", self.unwrapped(row[level]))
                        for level in LEVELS
                    ),
                ],
            )
            for row in rows
        ]
        table = tag(
            "table",
            [tag("thead", [tag("tr", head)]), tag("tbody", body)],
            class_="table rubric",
        )
        return scrolling(table, "Rubric by level")


class Flashcards(StudyDirective):
    """All cards of all study files, one deck per chapter."""

    def run(self):
        paths = sorted((Path(self.env.srcdir) / "study").glob("*.yml"))
        decks = []
        for path in paths:
            study = self.load(path)
            self.where = f"study/{path.name}"
            if "cards" in study:
                decks.append(self.deck(study))
        if not decks:
            raise self.error("no study file has any cards")
        return decks

    def deck(self, study):
        chapter = study["chapter"]
        source = chapter_source(self.env.srcdir, chapter)
        page = source.relative_to(self.env.srcdir).as_posix()
        title = f"deck-{chapter}"
        cards = [
            tag(
                "li",
                [
                    tag("div", self.blocks(card["front"]), class_="front"),
                    tag("div", self.blocks(card["back"]), class_="back"),
                ],
                class_="card-face",
                data_card=card["id"],
            )
            for card in study["cards"]
        ]
        name = tag(
            "div", self.inline(f"[](/{page})"), class_="deck-title", id=title
        )
        return tag(
            "section",
            [name, tag("ol", cards, class_="deck-cards")],
            class_="deck",
            data_deck=chapter,
            aria_labelledby=title,
        )


def setup(app):
    app.setup_extension("markup")
    app.add_directive("quiz", Quiz)
    app.add_directive("dialogue", Dialogue)
    # Replaces docutils' rubric, an unlisted heading that no chapter uses.
    app.add_directive("rubric", Rubric, override=True)
    app.add_directive("flashcards", Flashcards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
