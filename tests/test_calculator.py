"""The calculator: its script agrees with utils.capacity, its form is usable.

The script runs in an empty page, so that no built site is needed.
"""

import ast
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

import calculator  # noqa: E402

VECTORS = json.loads(
    (ROOT / "tests" / "vectors" / "capacity.json").read_text("utf-8")
)
FIELDS = {f.key: f for group in calculator.GROUPS.values() for f in group}


def camel(name):
    """requests_per_second -> requestsPerSecond."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


# --- the form as text -------------------------------------------------------


def test_every_field_has_label_unit_bounds_and_a_place_for_its_fault():
    html = calculator.form_html()
    for field in FIELDS.values():
        name = f"calculator-{field.key.replace('_', '-')}"
        assert f'<label for="{name}">{field.label} <span>' in html
        assert f'aria-describedby="{name}-fault"' in html
        assert f'id="{name}-fault"' in html
        assert field.low <= field.value <= field.high and field.unit
    assert len(re.findall(r"<input ", html)) == len(FIELDS)


@pytest.mark.parametrize(
    "value, words",
    [(50, "50"), (1e6, "1000000"), (0.8, "0.8"), (0, "0"), (10.0, "10")],
)
def test_numbers_as_an_input_field_wants_them(value, words):
    assert calculator.number(value) == words


def test_the_page_makes_sense_without_scripts():
    html = calculator.form_html()
    assert '<div class="calculator-live" hidden>' in html
    assert f'<p class="calculator-without">{calculator.WITHOUT}</p>' in html


def test_the_form_begins_with_the_values_of_the_chapter():
    """The chapter's dict `given` and the form name the same example."""
    path = ROOT / "chapters" / "framework" / "sizing.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    source = "\n".join(c.source for c in cells if c.cell_type == "code")
    (call,) = (
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") == "given"
    )
    given = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    shared = set(given) & set(FIELDS)
    assert len(shared) >= 15
    for key in shared:
        field = FIELDS[key]
        assert given[key] == pytest.approx(field.value * field.times), key


# --- the script in a browser ------------------------------------------------


@pytest.fixture(scope="module")
def page(browser):
    """An empty page with the form and the script, and no page errors."""
    faults = []
    page = browser.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_content(calculator.form_html())
    page.add_script_tag(path=ROOT / "_static" / "calculator.js")
    yield page
    page.close()
    assert faults == []


@pytest.mark.browser
@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_script_agrees_on_the_vectors(page, number):
    vector = VECTORS[number]
    got = page.evaluate(
        """([name, given]) => {
          try { return {value: window.capacity[name](given)}; }
          catch (error) { return {error: error.message}; }
        }""",
        [camel(vector["function"]), vector["arguments"]],
    )
    if "error" in vector:
        assert got == {"error": vector["error"]}
    else:
        assert got == {"value": pytest.approx(vector["expected"])}


@pytest.mark.browser
def test_script_has_the_functions_of_the_library_and_no_others(page):
    names = page.evaluate("Object.keys(window.capacity)")
    assert set(names) == {camel(v["function"]) for v in VECTORS}


@pytest.mark.browser
@pytest.mark.parametrize("bad", ["NaN", "Infinity", "undefined", "'1'"])
def test_script_refuses_what_is_no_number(page, bad):
    call = f"window.capacity.storageGib({{rows: {bad}, bytes_per_row: 1}})"
    words = page.evaluate(
        f"(() => {{ try {{ return {call}; }}"
        " catch (error) { return error.message; } })()"
    )
    assert words.startswith("rows must be finite and at least 0, got ")


def result(page, key):
    return page.locator(f"[data-result={key}]").inner_text()


@pytest.fixture
def form(page):
    """The form with its first values."""
    page.get_by_role("button", name="Back to the example").click()
    page.wait_for_function(
        "!document.querySelector('[aria-invalid]') && document"
        ".querySelector('[data-result=machines]').textContent !== '–'"
    )
    return page


@pytest.mark.browser
def test_form_is_shown_and_computes(form):
    assert form.locator(".calculator-without").is_hidden()
    # 50 million users, 6 requests, 86,400 s, peak factor 3
    assert result(form, "average_qps") == "3,472"
    assert result(form, "peak_qps") == "10,417"
    assert result(form, "in_flight") == "1,042"
    # 10,417 / (16 cores / 20 ms * 0.6) = 21.7; and 2 spare
    assert result(form, "machines") == "24"
    assert result(form, "usd_month") == "14,016"
    form.get_by_label("Daily users").fill("100")
    assert result(form, "peak_qps") == "20,833"
    assert result(form, "machines") == "46"


@pytest.mark.browser
def test_form_says_what_changed_once_typing_stops(form):
    form.get_by_label("Daily users").fill("100")
    status = form.get_by_role("status")
    form.wait_for_function(
        "document.querySelector('[role=status]').textContent"
        ".startsWith('46 machines')"
    )
    assert "US dollars a month" in status.inner_text()


@pytest.mark.browser
@pytest.mark.parametrize(
    "label, typed, words",
    [
        (
            "Daily users",
            "-3",
            "Daily users must be between 0 and 10,000, got -3.",
        ),
        ("Daily users", "", "must be between 0 and 10,000, got nothing."),
        ("Utilisation", "1.5", "must be between 0.05 and 1, got 1.5."),
        ("Utilisation", "0", "must be between 0.05 and 1, got 0."),
        ("Peak factor", "0.5", "must be between 1 and 100, got 0.5."),
        ("Spare", "1.5", "Spare must be a whole number, got 1.5."),
    ],
)
def test_form_names_rule_and_value_instead_of_nan(form, label, typed, words):
    field = form.get_by_label(label)
    field.fill(typed)
    assert field.get_attribute("aria-invalid") == "true"
    fault = form.locator(f"#{field.get_attribute('aria-describedby')}")
    assert words in fault.inner_text()
    assert result(form, "machines") == "–"
    assert "NaN" not in form.locator(".calculator").inner_text()
    form.get_by_role("button", name="Back to the example").click()
    form.wait_for_function("!document.querySelector('[aria-invalid]')")
    assert fault.inner_text() == ""
    assert result(form, "machines") == "24"


@pytest.mark.browser
def test_nobody_comes_and_nothing_is_divided_by_zero(form):
    form.get_by_label("Daily users").fill("0")
    assert result(form, "peak_qps") == "0"
    assert result(form, "machines") == "2"  # the spare ones
    assert result(form, "usd_thousand") == "–"


@pytest.mark.browser
def test_every_allowed_corner_gives_a_number(form):
    for field in FIELDS.values():
        for edge in (field.low, field.high):
            form.locator(f"[name={field.key}]").fill(calculator.number(edge))
            assert form.locator("[aria-invalid]").count() == 0, field
            assert "NaN" not in form.locator("dl").inner_text(), field
        form.locator(f"[name={field.key}]").fill(
            calculator.number(field.value)
        )
