"""The directive `capacity-calculator`: the sizing form, run by a script.

The page holds the whole form, hidden; _static/calculator.js shows it and
computes. Without the script a sentence stands in its place.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive


class Field(NamedTuple):
    """One input: its value counts `times` the unit on the label."""

    key: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    times: float = 1
    whole: bool = False


# The values are those of the example that chapters/framework/sizing works.
GROUPS: dict[str, tuple[Field, ...]] = {
    "Load": (
        Field("daily_users", "Daily users", "million", 50, 0, 10_000, 1e6),
        Field(
            "requests_per_user_day", "Requests", "per user and day", 6, 0, 1e4
        ),
        Field("peak_factor", "Peak factor", "× the average", 3, 1, 100),
        Field("latency_ms", "Latency", "ms, mean", 100, 0, 60_000),
    ),
    "Ranker": (
        Field("candidates", "Candidates", "per request", 500, 1, 1e6),
        Field(
            "cpu_us_per_candidate",
            "CPU time",
            "µs per candidate",
            40,
            0.01,
            1e6,
        ),
        Field("cores", "Cores", "per machine", 16, 1, 1024, whole=True),
        Field("utilisation", "Utilisation", "share, at most 1", 0.6, 0.05, 1),
        Field("spare", "Spare", "machines", 2, 0, 1000, whole=True),
        Field(
            "usd_per_machine_hour",
            "Price",
            "US dollars per machine and hour",
            0.8,
            0,
            1000,
        ),
    ),
    "Index": (
        Field("vectors", "Vectors", "million", 200, 0, 100_000, 1e6),
        Field("dimensions", "Dimensions", "values", 256, 1, 16_384),
        Field("bytes_per_value", "Precision", "bytes per value", 1, 0.01, 8),
        Field(
            "overhead_bytes_per_vector",
            "Overhead",
            "bytes per vector",
            256,
            0,
            10_000,
        ),
    ),
    "Log and network": (
        Field("rows_per_request", "Rows logged", "per request", 10, 0, 10_000),
        Field("bytes_per_row", "Row", "bytes, compressed", 60, 0, 1_000_000),
        Field("retention_days", "Retention", "days", 90, 0, 10_000),
        Field("copies", "Copies", "of the log", 3, 1, 10, whole=True),
        Field("bytes_per_response", "Response", "kB", 20, 0, 1_000_000, 1000),
    ),
}
RESULTS = {
    "average_qps": ("Average load", "requests per second"),
    "peak_qps": ("Peak load", "requests per second"),
    "in_flight": ("Under way at the peak", "requests"),
    "log_gib": ("Log kept", "GiB"),
    "index_gib": ("Index, one copy", "GiB"),
    "out_mbit": ("Traffic out at the peak", "Mbit/s"),
    "qps_each": ("One machine, flat out", "requests per second"),
    "machines": ("Ranker fleet", "machines"),
    "usd_month": ("Ranker fleet", "US dollars a month"),
    "usd_thousand": ("Ranker fleet", "US dollars per 1,000 requests"),
}
WITHOUT = (
    "A calculator stands here when scripts run. Without them, the cells of "
    "this page do the same arithmetic."
)


def number(value: float) -> str:
    """A number as an input field wants it: 10000, not 1e4 or 10000.0."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def input_html(field: Field) -> str:
    """A labelled input with its unit and a place for its fault."""
    name = f"calculator-{field.key.replace('_', '-')}"
    whole = ' data-whole="yes"' if field.whole else ""
    return (
        f'<div class="calculator-field"><label for="{name}">'
        f"{escape(field.label)} <span>{escape(field.unit)}</span></label>"
        f'<input type="number" inputmode="decimal" id="{name}" '
        f'name="{field.key}" data-name="{escape(field.label)}" '
        f'data-times="{number(field.times)}"{whole} '
        f'value="{number(field.value)}" min="{number(field.low)}" '
        f'max="{number(field.high)}" step="any" autocomplete="off" '
        f'aria-describedby="{name}-fault">'
        f'<p class="calculator-fault" id="{name}-fault"></p></div>'
    )


def form_html() -> str:
    """The calculator: sentence, form, results."""
    groups = "".join(
        f"<fieldset><legend>{escape(title)}</legend>"
        f'<div class="calculator-fields">{"".join(map(input_html, fields))}'
        "</div></fieldset>"
        for title, fields in GROUPS.items()
    )
    results = "".join(
        f"<div><dt>{escape(words)} <span>{escape(unit)}</span></dt>"
        f'<dd data-result="{key}">–</dd></div>'
        for key, (words, unit) in RESULTS.items()
    )
    return (
        '<div class="calculator">'
        f'<p class="calculator-without">{escape(WITHOUT)}</p>'
        '<div class="calculator-live" hidden>'
        f'<form aria-label="Sizing calculator" novalidate>{groups}'
        '<button type="reset" class="book-button">Back to the example'
        "</button></form>"
        f'<dl class="calculator-results">{results}</dl>'
        '<p class="calculator-status" role="status"></p>'
        "</div></div>"
    )


class CapacityCalculator(Directive):
    """No arguments, no content."""

    def run(self):
        return [nodes.raw("", form_html(), format="html")]


def setup(app):
    app.add_directive("capacity-calculator", CapacityCalculator)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
