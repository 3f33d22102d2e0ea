"""The directive `diagnostic`: a quiz whose misses say what to read first.

Its questions stand in the study file of the page (checked by study.py); the
answers are those of the quiz, by the same script. Without scripts the list
of pages stands below the questions, each with what it is good for.
"""

from __future__ import annotations

import planned
from markup import inline, tag, text

from study import Quiz


class Diagnostic(Quiz):
    part = "diagnostic"

    def show(self, diagnostic, chapter):
        self.pages = {page["id"]: page for page in diagnostic["pages"]}
        questions = diagnostic["questions"]
        items = [self.item(n, item) for n, item in enumerate(questions, 1)]
        return tag(
            "div",
            [*items, self.result(questions)],
            class_="quiz diagnostic",
            data_quiz=chapter,
        )

    def see(self, item, answer):
        """After a miss: the pages of this question, in its own order."""
        parts = [text("Read: ")]
        for n, name in enumerate(item["read"]):
            parts += [text("; ")] if n else []
            parts += self.link(self.pages[name])
        return parts

    def link(self, page):
        section = page.get("section")
        if section and page["page"] in self.env.found_docs:
            source = self.env.doc2path(page["page"], base=False)
            return inline(self, f"[{page['title']}](/{source}#{section})")
        return planned.link(self.env, page["title"], page["page"])

    def result(self, questions):
        rows = []
        for name, page in self.pages.items():
            needs = [q for q in questions if name in q["read"]]
            words = [
                tag(
                    "span",
                    [text(question["competence"])],
                    data_question=question["id"],
                )
                for question in needs
            ]
            there = page["page"] in self.env.found_docs
            rows.append(
                tag(
                    "li",
                    [
                        *self.link(page),
                        tag("span", words, class_="diagnostic-for"),
                    ],
                    data_there="yes" if there else "no",
                )
            )
        head = tag(
            "p",
            [text("Where each question leads:")],
            class_="diagnostic-head",
        )
        return tag(
            "div",
            [head, tag("ol", rows, class_="diagnostic-pages")],
            class_="diagnostic-result",
            role="region",
            aria_label="What to read first",
        )


def setup(app):
    app.setup_extension("markup")
    app.setup_extension("study")
    app.setup_extension("planned")
    app.add_directive("diagnostic", Diagnostic)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
