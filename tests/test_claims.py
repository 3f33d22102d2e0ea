import math

import pytest

from utils import claims
from utils.claims import Claim, ClaimError, claim


def record_of(made):
    return made._repr_mimebundle_()[claims.MEDIA_TYPE]


# by hand


@pytest.mark.parametrize(
    "bounds, measured, margin",
    [
        ({"at_least": 0.5}, 0.75, 0.75 - 0.5),
        ({"at_least": 0.5}, 0.25, 0.25 - 0.5),
        ({"at_most": 0.5}, 0.25, 0.5 - 0.25),
        ({"at_most": 0.5}, 0.75, 0.5 - 0.75),
    ],
)
def test_margin_by_hand(bounds, measured, margin):
    made = Claim("w", measured, **bounds)
    assert made.margin == margin
    assert made.holds == (margin >= 0)


def test_line_by_hand():
    made = Claim("tea is warm", 61.25, at_least=50, null=20)
    assert str(made) == (
        "✓ tea is warm\n  at least 50 · measured 61.25 · null 20"
    )
    failed = Claim("tea is cold", 61.25, at_most=50)
    assert str(failed) == "✗ tea is cold\n  at most 50 · measured 61.25"


def test_record_by_hand():
    made = Claim("tea is warm", 61.25, at_least=50.0, null=20.0)
    assert record_of(made) == {
        "words": "tea is warm",
        "measured": 61.25,
        "at_least": 50.0,
        "at_most": None,
        "null": 20.0,
        "margin": 61.25 - 50.0,
        "holds": True,
    }


# edges


@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_threshold_itself_passes(bound):
    assert Claim("w", 0.5, **{bound: 0.5}).holds


@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_null_on_the_threshold_passes_and_so_refuses(bound):
    made = Claim("w", 0.5, **{bound: 0.5}, null=0.5)
    assert made.null_passes
    assert not made.holds


@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_nan_never_holds(bound):
    limit = {bound: 0.0}
    assert not Claim("w", math.nan, **limit).holds
    sound = 1.0 if bound == "at_least" else -1.0
    assert Claim("w", sound, **limit).holds
    assert not Claim("w", sound, **limit, null=math.nan).holds


def test_a_threshold_of_zero_is_a_threshold():
    assert Claim("w", 0.0, at_least=0.0).threshold == 0.0
    assert Claim("w", 0.0, at_most=0.0).threshold == 0.0


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_record_is_plain_json_also_if_not_finite(value):
    import json

    made = Claim("w", value, at_least=0.0, null=value)
    text = json.dumps(record_of(made), allow_nan=False)
    record = json.loads(text)
    assert float(record["measured"]) == pytest.approx(value, nan_ok=True)
    assert record["margin"] is None


def test_record_of_numpy_scalars_is_plain():
    import json

    import numpy as np

    made = Claim("w", np.float32(0.5), at_least=np.float64(0.25))
    record = json.loads(json.dumps(record_of(made)))
    assert record["measured"] == 0.5
    assert record["holds"] is True


# property


@pytest.mark.parametrize("measured", [-1.5, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("null", [None, -1.0, 0.5, 1.0])
def test_turning_the_scale_round_changes_nothing(measured, null):
    lower = Claim("w", measured, at_least=0.5, null=null)
    turned = None if null is None else -null
    upper = Claim("w", -measured, at_most=-0.5, null=turned)
    assert lower.holds == upper.holds
    assert lower.margin == upper.margin
    assert lower.null_passes == upper.null_passes


# second opinion: what the cell shows is what the record says


@pytest.mark.parametrize("measured, null", [(1, 0), (0, -1), (1, 1), (1, 2)])
def test_mark_record_and_exception_agree(measured, null, capsys):
    made = Claim("w", measured, at_least=1, null=null)
    assert str(made).startswith("✓") == made.holds
    assert record_of(made)["holds"] == made.holds
    if made.holds:
        claim("w", measured, at_least=1, null=null)
    else:
        with pytest.raises(ClaimError):
            claim("w", measured, at_least=1, null=null)
    # a claim that fails is shown all the same
    assert "measured" in capsys.readouterr().out


def test_claim_displays_the_record(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    claim("w", 1, at_least=0, null=-1)
    assert [record_of(made)["words"] for made in shown] == ["w"]


def test_claim_error_is_an_assertion():
    assert issubclass(ClaimError, AssertionError)


# refusal


@pytest.mark.parametrize("words", ["", "  \n"])
def test_refuses_no_words(words):
    with pytest.raises(ValueError, match="a claim needs words"):
        Claim(words, 1.0, at_least=0.0)


@pytest.mark.parametrize("bounds", [{}, {"at_least": 0.0, "at_most": 1.0}])
def test_refuses_none_or_both_thresholds(bounds):
    with pytest.raises(ValueError, match="exactly one of at_least and at_m"):
        Claim("w", 0.5, **bounds)


@pytest.mark.parametrize("limit", [math.nan, math.inf])
def test_refuses_a_threshold_that_is_no_number(limit):
    with pytest.raises(ValueError, match="a threshold must be finite"):
        Claim("w", 0.5, at_least=limit)


def test_claim_says_why_it_does_not_hold():
    with pytest.raises(ClaimError, match="the measurement fails its thresh"):
        claim("w", 0.0, at_least=1.0, null=2.0)
    with pytest.raises(ClaimError, match="its null passes the same thresh"):
        claim("w", 1.0, at_least=1.0, null=2.0)
    with pytest.raises(ClaimError, match="measured nan"):
        claim("w", math.nan, at_least=1.0)
