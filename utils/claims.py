"""A claim: words, a measurement, a threshold, and a null that must fail.

A chapter states what it found as a condition that is checked each time the
chapter runs. The `null` is the same measurement with the idea taken out; a
threshold that the null passes too shows nothing, and is refused.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

MEDIA_TYPE = "application/vnd.sevensteps.claim+json"


class ClaimError(AssertionError):
    """A claim does not hold, or its null passes the same threshold."""


@dataclass(frozen=True)
class Claim:
    """One checked statement.

    Attributes:
        words: the statement, as a reader would say it.
        measured: the measurement.
        at_least: lower threshold, or None.
        at_most: upper threshold, or None; exactly one of the two is given.
        null: the measurement with the idea taken out, or None.
    """

    words: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None
    null: float | None = None

    def __post_init__(self) -> None:
        if not self.words.strip():
            raise ValueError("a claim needs words, got an empty string")
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(
                "a claim needs exactly one of at_least and at_most, got "
                f"at_least={self.at_least}, at_most={self.at_most}"
            )
        if not math.isfinite(self.threshold):
            raise ValueError(f"a threshold must be finite: {self.threshold}")

    @property
    def threshold(self) -> float:
        """The one threshold that was given."""
        return self.at_most if self.at_least is None else self.at_least

    def margin_of(self, value: float) -> float:
        """Distance of a value from the threshold, positive where it passes."""
        sign = 1.0 if self.at_most is None else -1.0
        return sign * (value - self.threshold)

    @property
    def margin(self) -> float:
        """Room between measurement and threshold; below 0 it failed."""
        return self.margin_of(self.measured)

    @property
    def null_passes(self) -> bool:
        """True if the null passes the threshold too, which voids the claim."""
        return self.null is not None and self.margin_of(self.null) >= 0

    @property
    def holds(self) -> bool:
        """Measurement within the threshold and null, if any, outside it.

        A measurement or null that is not a number never holds.
        """
        sound = self.null is None or not math.isnan(self.null)
        return self.margin >= 0 and sound and not self.null_passes

    def __str__(self) -> str:
        bound = "at least" if self.at_most is None else "at most"
        mark = "✓" if self.holds else "✗"
        line = (
            f"{mark} {self.words}\n"
            f"  {bound} {self.threshold:.4g} · measured {self.measured:.4g}"
        )
        return line if self.null is None else f"{line} · null {self.null:.4g}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """The line for readers, and the record that the ledger collects."""
        record = {
            name: value
            if value is None or isinstance(value, str)
            else (float(value) if math.isfinite(value) else str(value))
            for name, value in asdict(self).items()
        }
        record["margin"] = (
            float(self.margin) if math.isfinite(self.margin) else None
        )
        record["holds"] = bool(self.holds)
        return {MEDIA_TYPE: record, "text/plain": str(self)}


def claim(
    words: str,
    measured: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    null: float | None = None,
) -> None:
    """Show a claim as the cell's output, and raise if it does not hold.

    Args:
        words: the statement; conditions included.
        measured: the measurement, a finite number.
        at_least: it must be this or more; or
        at_most: it must be this or less. Exactly one of the two.
        null: the same measurement with the idea taken out (no correction,
            shuffled labels, the cheaper rung). It must *fail* the threshold.

    Raises:
        ValueError: no words; none or both thresholds.
        ClaimError: the measurement fails (nan always fails), or the null
            passes, and so the threshold shows nothing.
    """
    made = Claim(
        words,
        float(measured),
        at_least=at_least,
        at_most=at_most,
        null=None if null is None else float(null),
    )
    try:
        from IPython.display import display
    except ImportError:  # outside of Jupyter the line is enough
        print(made)
    else:
        display(made)
    if not made.holds:
        reason = (
            "its null passes the same threshold"
            if made.null_passes and made.margin >= 0
            else "the measurement fails its threshold"
        )
        raise ClaimError(f"claim does not hold, {reason}:\n{made}")
