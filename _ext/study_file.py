"""Study files: what each must hold, and where it does not.

`study.schema.yml` says which keys there are, and what may stand in each;
what a schema cannot know is checked here: ids used twice, headings and
chapters that do not exist. Items and answers are counted from 1, as a reader
does.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError

SCHEMA = yaml.safe_load(
    Path(__file__).with_name("study.schema.yml").read_text("utf-8")
)
Place = tuple[str | int, ...]  # keys and list indices, from the top
Faults = Iterator[tuple[Place, str]]
# what a case must have, beyond what the schema asks of every file
CASE = ("quiz", "cards", "drills", "dialogue", "rubric")


class StudyError(ValueError):
    """A study file that cannot be read, with the reason."""


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
        raise StudyError(f"{name}: must be {SCHEMA['description']}")
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
        One line per fault, naming file, place, rule and value; empty if
        none. Faults of shape hide the others, which build on the shape.
    """
    path = Path(path)
    root = path.resolve().parent.parent if root is None else Path(root)
    try:
        study = load_study(path)
    except StudyError as error:
        return [str(error)]
    errors = Draft202012Validator(SCHEMA).iter_errors(study)
    faults = [(tuple(e.absolute_path), rule(e)) for e in errors]
    faults = faults or list(cross_faults(study, path.stem, root))
    name = f"{path.parent.name}/{path.name}"
    return [f"{name}: {place(study, at)}: {what}" for at, what in faults]


def place(study: dict, path: Place) -> str:
    """A place in a study file in words: items by id, or counted from 1."""
    words, value = "", study
    for step in path:
        value = value[step]
        if isinstance(step, str):
            words += f"{'' if not words or words[-1] == ' ' else '.'}{step}"
        elif isinstance(value, dict) and "id" in value:
            words += f" item '{value['id']}': "
        else:
            words += f"[{step + 1}]"
    return words.removesuffix(": ") or "file"


def rule(error: ValidationError) -> str:
    """What the schema asks, and what stands there instead."""
    if error.validator in ("required", "additionalProperties", "enum"):
        return error.message  # these name key or value themselves
    asked = f"of {error.validator} {error.validator_value}"
    asked = error.schema.get("description", asked)
    return f"must be {asked}, got {reprlib.repr(error.instance)}"


def cross_faults(study: dict, stem: str, root: Path) -> Faults:
    """What no schema can say of a file whose shape is sound."""
    chapter = study["chapter"]
    source = chapter_source(root, chapter) if chapter == stem else None
    if chapter != stem:
        yield ("chapter",), f"must be '{stem}', got {chapter!r}"
    elif source is None:
        yield ("chapter",), f"no chapter '{chapter}' below chapters/"
    elif source.parent.name == "cases":
        for part in CASE:
            if part not in study:
                yield (), f"a case needs '{part}'"
        if len(study.get("drills", ())) < 3:
            yield ("drills",), "a case needs at least three"
    items = [
        (part, number)
        for part in ("quiz", "cards", "drills")
        for number in range(len(study.get(part, ())))
    ]
    yield from repeated(study, items)
    anchors = headings(source) if source else {}
    for number, item in enumerate(study.get("quiz", ()) if source else ()):
        for n, answer in enumerate(item["answers"]):
            if "see" in answer and answer["see"] not in anchors:
                what = lost(answer["see"], anchors, source)
                yield ("quiz", number, "answers", n, "see"), what
    if "diagnostic" in study:
        yield from diagnostic_faults(study, root)


def repeated(study: dict, items: list[Place]) -> Faults:
    """Items with the id of an earlier one."""
    taken: set[str] = set()
    for at in items:
        name = reduce(getitem, at, study)["id"]
        if name in taken:
            yield at, f"id: '{name}' is used twice in this file"
        taken.add(name)


def lost(anchor: str, anchors: dict[str, str], source: Path) -> str:
    """Words on an anchor that no heading of a chapter has."""
    there = ", ".join(anchors) or "none"
    return f"no heading '{anchor}' in chapter {source.name}; there are {there}"


def diagnostic_faults(study: dict, root: Path) -> Faults:
    """Pages and questions that lead nowhere, or not to each other."""
    pages = study["diagnostic"]["pages"]
    questions = study["diagnostic"]["questions"]
    for part, items in (("pages", pages), ("questions", questions)):
        at = [("diagnostic", part, number) for number in range(len(items))]
        yield from repeated(study, at)
    for number, page in enumerate(pages):
        source = chapter_source(root, page["page"].rpartition("/")[2])
        anchors = headings(source) if source and "section" in page else {}
        if anchors and page["section"] not in anchors:
            what = lost(page["section"], anchors, source)
            yield ("diagnostic", "pages", number, "section"), what
    known = {page["id"] for page in pages}
    for number, item in enumerate(questions):
        for page in item["read"]:
            if page not in known:
                at = ("diagnostic", "questions", number, "read")
                yield at, f"'{page}' is not among the pages"
    used = {page for item in questions for page in item["read"]}
    for page in sorted(known - used):
        yield ("diagnostic", "pages"), f"no question leads to '{page}'"
