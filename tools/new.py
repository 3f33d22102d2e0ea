"""Lay out a new case: `make new C=fraud_detection W=cards PART=Predict`.

The files of tools/template, with the names filled in, the case's data, its
drawing, and a recorded chapter. Of the files that are there, its line in
_toc.yml changes one, so that no other chapter has to run again. What is left
to write says TODO, and the tests list it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.chapters import ROOT
from utils.files import replace_file

TEMPLATE = Path(__file__).parent / "template"
FILES = {
    "chapter.md": "chapters/cases/{case}.md",
    "diagram.yml": "chapters/cases/diagrams/{case}.yml",
    "study.yml": "study/{case}.yml",
    "world.py": "utils/worlds/{world}.py",
    "world_test.py": "tests/worlds/test_{world}.py",
    "manifest.json": "data/{case}/manifest.json",
    "card.md": "data/{case}/CARD.md",
    "glossary.md": "glossary/{case}.md",
    "references.bib": "references/{case}.bib",
}
CLASSES = ("World", "Config", "Truth")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def in_contents(text: str, case: str, part: str) -> str:
    """The text of _toc.yml with the case at the end of a part.

    A part that is not there yet stands before the last two, the practice and
    the reference.
    """
    line = f"      - file: chapters/cases/{case}\n"
    parts = re.split(r"(?m)^(?=  - caption: )", text)
    at = [i for i, p in enumerate(parts) if f"caption: {part}\n" in p]
    if at:
        parts[at[0]] = parts[at[0]].rstrip("\n") + "\n" + line
    else:
        head = f"  - caption: {part}\n    chapters:\n"
        parts.insert(max(1, len(parts) - 2), head + line)
    return "".join(parts)


def camel(name: str) -> str:
    """A module's name as its classes begin.

    >>> camel("street_view")
    'StreetView'
    """
    return "".join(word.capitalize() for word in name.split("_"))


def planned(
    case: str, world: str, part: str, root: Path = ROOT
) -> dict[Path, str]:
    """Every file that a new case writes or changes, with its text.

    Raises:
        SystemExit: a name that is no module's name, or is taken; names the
            rule and the name.
    """
    for kind, name in (("C", case), ("W", world)):
        if not NAME.fullmatch(name):
            raise SystemExit(
                f"{kind}={name!r}: must be words in lower case joined by _"
            )
    words = {
        "new_case": case,
        "new_world": world,
        "New case": case.replace("_", " ").capitalize(),
        **{f"New{kind}": camel(world) + kind for kind in CLASSES},
    }

    def filled(source: str) -> str:
        text = (TEMPLATE / source).read_text("utf-8")
        for old, name in words.items():
            text = text.replace(old, name)
        return text

    texts = {
        root / target.format(case=case, world=world): filled(source)
        for source, target in FILES.items()
    }
    # practice, terms and evidence are found by a chapter's name alone
    chapters = root.glob(f"chapters/**/{case}.*")
    for path in (*texts, *chapters):
        if path.exists():
            raise SystemExit(f"{path.relative_to(root)} is there already")
    contents = root / "_toc.yml"
    texts[contents] = in_contents(contents.read_text("utf-8"), case, part)
    return texts


def main(case: str, world: str, part: str, root: Path = ROOT) -> None:
    """Write the files, the data and the drawing, and record the chapter."""
    if not case:
        raise SystemExit("name the case: make new C=fraud_detection W=cards")
    texts = planned(case, world or case, part or "Cases", root)
    for path, text in texts.items():  # _toc.yml comes last
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())
    source = f"chapters/cases/{case}.md"
    write = f"from utils import data; data.write({case!r})"
    for command in (
        ["-c", write],
        ["-m", "tools.diagram"],
        ["-m", "jupytext", "--quiet", "--to", "ipynb", source],
        ["-m", "tools.notebooks", case],
    ):
        subprocess.run([sys.executable, *command], cwd=root, check=True)
        if "jupytext" in command:
            (root / source).unlink()
    print(
        f"chapters/cases/{case}.ipynb is laid out, recorded and in _toc.yml.\n"
        "Begin with the world, then the crossover; `make check` lists what\n"
        "still says TODO."
    )


if __name__ == "__main__":
    main(*[*sys.argv[1:], "", "", ""][:3])
