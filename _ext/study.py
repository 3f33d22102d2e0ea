"""Study files: one source per chapter for quiz, cards, dialogue and rubric.

`check_study` says what is wrong with a file, in words that name file, item
and field; the directives `quiz`, `dialogue`, `rubric` and `flashcards` put
its parts on the page. Answers and turns are counted from 1, as a reader does.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml
from docutils.parsers.rst import Directive
from markup import inline, markdown, scrolling, tag, text, unwrapped

WHO = {
    "interviewer": "Interviewer",
    "weak": "A weak answer",
    "strong": "A strong answer",
    "next": "What comes next",
}
LEVELS = {"mid": "Mid-level", "senior": "Senior", "staff": "Staff"}
LETTERS = "ABCDE"
# The fields that an item of each list must have, and may have.
FIELDS = {
    "quiz": {"id", "question", "answers"},
    "cards": {"id", "front", "back"},
    "drills": {"id", "constraint", "hint", "answer"},
    "rubric": {"step", *LEVELS},
}
TOP = {"chapter", "dialogue", *FIELDS}
# A diagnostic stands on one page only, and is no part of a case.
QUESTION = {"id", "competence", "question", "read", "answers"}
READ = {"id", "title", "page"}


class StudyError(ValueError):
    """A study file that cannot be shown, with every reason."""


# --- reading and checking ---------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice instead of keeping the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key.value}' twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load_study(path: Path) -> dict:
    """What a study file holds, unchecked.

    Raises:
        StudyError: it is not YAML (with the line), or not a mapping.
    """
    path = Path(path)
    name = f"{path.parent.name}/{path.name}"
    try:
        found = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise StudyError(f"{name}:{line} not YAML: {problem}") from None
    if not isinstance(found, dict):
        raise StudyError(f"{name}: must hold the keys {', '.join(TOP)}")
    return found


def chapter_source(root: Path, chapter: str) -> Path | None:
    """The notebook or markdown file of a chapter, by its name."""
    found = [
        path
        for path in sorted((Path(root) / "chapters").rglob(f"{chapter}.*"))
        if path.suffix in {".ipynb", ".md"}
        and ".ipynb_checkpoints" not in path.parts
    ]
    return found[0] if found else None


def headings(source: Path) -> dict[str, str]:
    """Anchor -> title of the headings that a link can reach, levels 1-3."""
    import nbformat
    from markdown_it.renderer import RendererHTML
    from markdown_it.tree import SyntaxTreeNode
    from myst_parser.config.main import MdParserConfig
    from myst_parser.mdit_to_docutils.base import compute_unique_slug
    from myst_parser.parsers.mdit import create_md_parser

    config = MdParserConfig(enable_extensions={"dollarmath", "colon_fence"})
    parser = create_md_parser(config, RendererHTML)
    if source.suffix == ".ipynb":
        notebook = nbformat.read(source, as_version=4)
        texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    else:
        texts = [source.read_text("utf-8")]
    slugs: dict[str, str] = {}
    for words in texts:
        for node in SyntaxTreeNode(parser.parse(words)).children:
            if node.type == "heading" and int(node.tag[1]) <= 3:
                slug = compute_unique_slug(node, slugs)
                slugs[slug] = node.children[0].content
    return slugs


def check_study(path: Path, root: Path | None = None) -> list[str]:
    """Everything that is wrong with one study file.

    Args:
        path: study/<chapter>.yml.
        root: the book's folder; the folder above `path`'s by default.

    Returns:
        One line per fault, naming file, item and field; empty if none.
    """
    path = Path(path)
    root = path.resolve().parent.parent if root is None else Path(root)
    try:
        study = load_study(path)
    except StudyError as error:
        return [str(error)]
    faults: list[str] = []

    def fault(where: str, what: str) -> None:
        faults.append(f"{path.parent.name}/{path.name}: {where}: {what}")

    def keys(where: str, item, must: set[str], may: frozenset = frozenset()):
        """The item if it is a mapping; its unknown and missing keys."""
        if not isinstance(item, dict):
            fault(where, f"must be a mapping with {', '.join(sorted(must))}")
            return {}
        for key in item:
            if key not in must | may:
                fault(where, f"unknown key '{key}'")
        for key in sorted(must - set(item)):
            fault(where, f"'{key}' is missing")
        return item

    def words(where: str, item: dict, *fields: str, dot: str = "") -> None:
        for field in fields:
            value = item.get(field, "ok")  # a missing one is reported once
            if not isinstance(value, str):
                fault(where, f"{dot}{field}: must be text, got {value!r}")
            elif not value.strip():
                fault(where, f"{dot}{field}: is empty")

    def listed(where: str, value) -> list:
        if isinstance(value, list) and value:
            return value
        fault(where, "must be a list with at least one item")
        return []

    keys("file", study, {"chapter"}, frozenset(TOP | {"diagnostic"}))
    chapter = study.get("chapter")
    source = chapter_source(root, chapter) if chapter == path.stem else None
    if chapter != path.stem:
        fault("chapter", f"must be '{path.stem}', got {chapter!r}")
    elif source is None:
        fault("chapter", f"no chapter '{chapter}' below chapters/")
    anchors = headings(source) if source else {}
    if source and source.parent.name == "cases":
        for key in sorted(TOP - set(study)):
            fault("file", f"a case needs '{key}'")
        if len(study.get("drills") or []) < 3:
            fault("drills", "a case needs at least three")

    taken: set[str] = set()
    for part, must in FIELDS.items():
        if part not in study:
            continue
        for number, item in enumerate(listed(part, study[part]), 1):
            name = item.get("id") if isinstance(item, dict) else None
            where = f"{part} item '{name}'" if name else f"{part} [{number}]"
            item = keys(where, item, must)
            words(where, item, *sorted(must - {"answers"}))
            if name is not None and name in taken:
                fault(where, "id: is used twice in this file")
            taken.add(name)
            if part == "quiz" and "answers" in item:
                _check_answers(
                    where, item["answers"], anchors, source, fault, keys, words
                )
    if "diagnostic" in study:
        _check_diagnostic(
            root, study["diagnostic"], fault, keys, words, listed
        )
    if "dialogue" in study:
        talk = keys("dialogue", study["dialogue"], {"title", "turns"})
        words("dialogue", talk, "title")
        for number, turn in enumerate(
            listed("dialogue.turns", talk.get("turns")), 1
        ):
            where = f"dialogue turns[{number}]"
            turn = keys(where, turn, {"who", "says"})
            words(where, turn, "says")
            if "who" in turn and turn["who"] not in WHO:
                fault(
                    where,
                    f"who: must be one of {', '.join(WHO)}, "
                    f"got {turn['who']!r}",
                )
    return faults


def _check_diagnostic(root, diagnostic, fault, keys, words, listed):
    """Pages with known addresses; questions, each with pages to read."""
    diagnostic = keys("diagnostic", diagnostic, {"pages", "questions"})
    known: set[str] = set()
    for number, page in enumerate(
        listed("diagnostic.pages", diagnostic.get("pages")), 1
    ):
        where = f"diagnostic pages[{number}]"
        page = keys(where, page, READ, frozenset({"section"}))
        words(where, page, *sorted(READ), "section")
        if page.get("id") in known:
            fault(where, f"id: '{page['id']}' is used twice in this file")
        known.add(page.get("id"))
        address = str(page.get("page", ""))
        source = chapter_source(root, address.rpartition("/")[2])
        if address.split("/")[0] != "chapters":
            fault(where, f"page: must begin with chapters/, got '{address}'")
        elif source and "section" in page:
            anchors = headings(source)
            if page["section"] not in anchors:
                fault(
                    where,
                    f"section: no heading '{page['section']}' in chapter "
                    f"{source.name}; there are {', '.join(anchors)}",
                )
    taken: set[str] = set()
    used: set[str] = set()
    for number, item in enumerate(
        listed("diagnostic.questions", diagnostic.get("questions")), 1
    ):
        name = item.get("id") if isinstance(item, dict) else None
        where = f"diagnostic item '{name or number}'"
        item = keys(where, item, QUESTION)
        words(where, item, "id", "competence", "question")
        if name in taken:
            fault(where, "id: is used twice in this file")
        taken.add(name)
        for page in listed(f"{where}: read", item.get("read")):
            used.add(page)
            if page not in known:
                fault(where, f"read: '{page}' is not among the pages")
        if "answers" in item:
            _check_answers(
                where,
                item["answers"],
                {},
                None,
                fault,
                keys,
                words,
                with_see=False,
            )
    for page in sorted(map(str, known - used)):
        fault("diagnostic.pages", f"no question leads to '{page}'")


def _check_answers(
    where, answers, anchors, source, fault, keys, words, with_see=True
):
    """Two to five answers, one right with a why, the others with a reason."""
    wrong = {"text", "misconception"} | ({"see"} if with_see else set())
    if not isinstance(answers, list) or not 2 <= len(answers) <= 5:
        fault(where, "answers: must be a list of 2 to 5")
        return
    right = 0
    for number, answer in enumerate(answers, 1):
        dot = f"answers[{number}]"
        is_right = isinstance(answer, dict) and "correct" in answer
        must = {"text", "correct", "why"} if is_right else wrong
        answer = keys(f"{where}: {dot}", answer, must)
        words(where, answer, *sorted(must - {"correct"}), dot=f"{dot}.")
        if is_right:
            right += 1
            if answer["correct"] is not True:
                fault(where, f"{dot}.correct: may only be true, or left out")
        see = answer.get("see")
        if source and isinstance(see, str) and see and see not in anchors:
            fault(
                where,
                f"{dot}.see: no heading '{see}' in chapter {source.name}; "
                f"there are {', '.join(anchors) or 'none'}",
            )
    if right != 1:
        fault(where, f"answers: exactly one must be correct, got {right}")


# --- showing ----------------------------------------------------------------


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
