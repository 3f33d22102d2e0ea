"""The first line of a docstring names, in the field's term, what it is."""

import ast
import re
from pathlib import Path

import pytest

import utils

(FOLDER,) = utils.__path__
FILES = sorted(Path(FOLDER).rglob("*.py"))
# they begin a description of the thing where its name should stand
ASKING = re.compile(
    r"(what|how|who|whose|whom|where|when|why|whether|which|is|are|do|does|"
    r"did|can|will|would)\b",
    re.IGNORECASE,
)


def named(tree):
    """The module and its public functions, classes and methods, by name."""
    yield "module", tree
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield node.name, node
            for inner in ast.iter_child_nodes(node):
                if isinstance(inner, ast.FunctionDef) and (
                    isinstance(node, ast.ClassDef)
                    and not inner.name.startswith("_")
                ):
                    yield f"{node.name}.{inner.name}", inner


def fault(docstring: str | None) -> str:
    """What is wrong with a docstring, or nothing."""
    if not docstring:
        return "has no docstring"
    first = docstring.splitlines()[0]
    if ASKING.match(first) or "?" in first:
        return f"asks instead of naming: {first}"
    return ""


@pytest.mark.parametrize(
    "line, fine",
    [
        ("Queries extended by a constant coordinate.", True),
        ("What is multiplied with points.", False),
        ("Do probabilities mean what they say?", False),
        ("Power: would this test have seen that effect?", False),
        ("Isotonic regression of labels on scores.", True),
        ("", False),
    ],
)
def test_the_rule_by_hand(line, fine):
    assert (not fault(line)) is fine


def test_first_lines_name_what_is_computed():
    wrong = [
        f"{path.relative_to(FOLDER)}: {name} {found}"
        for path in FILES
        for name, node in named(ast.parse(path.read_text("utf-8")))
        if (found := fault(ast.get_docstring(node)))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_class_looks_like_a_test():
    """Pytest collects `Test...`, wherever a test file imports it."""
    classes = [
        node
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert classes
    assert [c.name for c in classes if c.name.startswith("Test")] == []
    assert [c.name for c in classes if "__test__" in ast.unparse(c)] == []
