"""Whatever they are given: a defined value, or a ValueError in words."""

import ast
import importlib.util
import inspect
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import utils
from tests import driven

ROOMS = ("metrics", "retrieval", "experiments", "monitoring", "models",
         "recommender", "rerank", "auction", "features", "capacity",
         "serving")  # fmt: skip
# each registers the cases of the module of utils that it is named after
PARTS = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(driven.__path__, "tests.driven.")
]
EXEMPT = {
    name: reason
    for part in PARTS
    for name, reason in getattr(part, "EXEMPT", {}).items()
}


def name_of(thing) -> str:
    return f"{thing.__module__.removeprefix('utils.')}.{thing.__qualname__}"


def public_things():
    """Functions and classes of the rooms, by name; results are none."""
    for found in pkgutil.walk_packages(utils.__path__, "utils."):
        if found.name.split(".")[1] not in ROOMS:
            continue
        module = importlib.import_module(found.name)
        for name, thing in vars(module).items():
            if name.startswith("_") or not (
                inspect.isfunction(thing) or inspect.isclass(thing)
            ):
                continue
            if thing.__module__ == found.name:
                yield thing


def only_holds(thing) -> bool:
    """A tuple or dataclass without a method that is called with input."""
    holder = issubclass(thing, tuple) or hasattr(thing, "__dataclass_fields__")
    return holder and not any(
        inspect.isfunction(method)
        and len(inspect.signature(method).parameters) > 1
        for name, method in vars(thing).items()
        if not name.startswith("_") or name in ("__call__", "__post_init__")
    )


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_file_of_cases_stands_for_a_module(part):
    name = part.__name__.removeprefix("tests.driven.")
    assert importlib.util.find_spec(f"utils.{name}"), part.__file__


def test_every_public_function_is_driven():
    covered = {name_of(t) for case in driven.CASES for t in case.covers}
    public = {
        name_of(thing): thing
        for thing in public_things()
        if not (inspect.isclass(thing) and only_holds(thing))
    }
    missing = sorted(set(public) - covered - set(EXEMPT))
    assert not missing, f"no case in tests/driven calls {missing}"
    gone = sorted(set(EXEMPT) - set(public))
    assert not gone, f"exempt, but there is no such function: {gone}"
    both = sorted(set(EXEMPT) & covered)
    assert not both, f"exempt although driven: {both}"


VALUELESS = {  # what these refuse is that something is not there
    "a fit needs at least one row of some weight",
    "recommend needs a fitted recommender: call fit",
    "scores must not be nan; did products overflow?",
    "the item tower needs ids or features",
    "valid needs a position where training has one",
}


def test_a_refusal_names_the_value():
    plain = set()
    for room in ROOMS:
        home = Path(utils.__path__[0], room)
        for file in [home.with_suffix(".py"), *home.glob("*.py")]:
            if not file.exists():
                continue
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and (
                    getattr(node.func, "id", "") == "ValueError"
                ):
                    words = node.args[0]
                    if isinstance(words, ast.Constant):
                        plain.add(words.value)
    plain = {words for words in plain if " got " not in words}
    assert plain == VALUELESS


@pytest.mark.parametrize(
    "case", driven.CASES, ids=lambda case: name_of(case.covers[0])
)
@settings(max_examples=25)
@given(data=st.data())
def test_answers_or_refuses(case, data):
    driven.drive(case, data.draw)
