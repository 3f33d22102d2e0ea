"""Keys in one line, and the file of rows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.evidence_file import (
    Row,
    digits,
    file_text,
    keys_of,
    keys_text,
    parsed,
)


def row(name="auc", seed=3, value=0.5, trained=True, **keys):
    text = keys_text(keys)
    return Row("row", name, text, seed, trained, value, math.nan, None)


def claim(seed=3, value=0.5, margin=0.25, held=True, cell="a1", order=1):
    keys = keys_text({"order": order, "at_least": 0.25})
    return Row("claim", cell, keys, seed, True, value, margin, held)


# by hand


def test_digits_by_hand():
    assert digits(1 / 3) == "0.3333333333"  # nine after the leading one
    assert digits(1e-7 / 3) == "3.333333333e-08"
    assert digits(2.0) == "2"
    assert [digits(v) for v in (math.nan, math.inf, -0.0)] == [
        "nan", "inf", "0",
    ]  # fmt: skip


def test_the_digits_stay_within_what_a_build_compares():
    for value in (1.0000000004999, 1.00000000050001, 9.99999999951):
        assert abs(float(digits(value)) - value) <= 1e-9 / 2 * value


def test_file_by_hand():
    lines = [row(seed=3, value=1 / 3), row(seed=7, value=math.inf)]
    lines.append(claim(seed=3, margin=-0.1, held=False))
    assert file_text({"lock": "ab", "processor": "x (R), y"}, lines) == (
        "# lock: ab; processor: x (R), y\n"
        "kind,name,keys,seed,trained,value,margin,held\n"
        "row,auc,,7,yes,inf,,\n"
        "claim,a1,at_least=0.25; order=1,3,yes,0.5,-0.1,no\n"
        "row,auc,,3,yes,0.3333333333,,\n"
    )


def test_order_is_default_seed_first_then_numbers_by_size():
    lines = [
        row(size=size, seed=seed) for seed in (20, 7, 3) for size in (30, 200)
    ]
    _, back = parsed(file_text({"commit": "a"}, lines[::-1]))
    assert [(r.seed, r.keys) for r in back] == [
        (7, "size=30"), (7, "size=200"),
        (3, "size=30"), (20, "size=30"), (3, "size=200"), (20, "size=200"),
    ]  # fmt: skip


# property


NAMES = st.text("aB é,\"'#:.-", min_size=1).filter(
    lambda text: text == text.strip() and text not in ("-", ".")
)
KEYS = st.dictionaries(
    NAMES,
    NAMES | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9),
    max_size=3,
)


@given(
    st.lists(
        st.tuples(NAMES, KEYS, st.integers(1, 30), st.floats(width=16)),
        max_size=5,
    )
)
def test_round_trip(parts):
    lines = [
        Row("row", name, keys_text(keys), seed, False, value, math.nan, None)
        for name, keys, seed, value in parts
    ]
    head, back = parsed(file_text({"a": "x", "b": "y"}, lines))
    assert head == {"a": "x", "b": "y"}
    assert sorted(map(repr, back)) == sorted(
        repr(line._replace(value=float(digits(line.value)))) for line in lines
    )


@given(KEYS)
def test_keys_are_read_back(keys):
    back = keys_of(keys_text(keys))
    assert back.keys() == keys.keys()
    for key, value in keys.items():
        if isinstance(value, str):
            assert back[key] == value
        else:
            assert back[key] == pytest.approx(value, rel=1e-9)


# edges


def test_no_keys():
    assert keys_text({}) == ""
    assert keys_of("") == {}


def test_a_whole_number_is_one_key_however_it_is_held():
    assert keys_text({"bias": 2.0}) == keys_text({"bias": 2}) == "bias=2"
    assert keys_text({"bias": 0.1 + 0.2}) == "bias=0.3"
    assert keys_of("bias=2") == {"bias": 2}


def test_claims_keep_margin_and_verdict():
    lines = [claim(), claim(seed=4, value=math.nan, margin=math.nan,
                            held=False)]  # fmt: skip
    _, back = parsed(file_text({"a": "b"}, lines))
    assert [(r.margin, r.held) for r in back[:1]] == [(0.25, True)]
    assert math.isnan(back[1].margin) and back[1].held is False


# refusal


@pytest.mark.parametrize(
    "value, words",
    [
        (True, "a string or number, got True"),
        (None, "a string or number, got None"),
        ("", "a string or number, got ''"),
        ("a; b", "must have no ; or ="),
        ("a=b", "must have no ; or ="),
        ("a\nb", "must have no ; or ="),
        (" a", "no space around it, got ' a'"),
        ("10", "must not read as a number, got '10'"),
        ("nan", "must not read as a number, got 'nan'"),
        (math.nan, "must be finite, got nan"),
        (math.inf, "must be finite, got inf"),
    ],
)
def test_refuses_a_key_that_could_not_be_read_back(value, words):
    with pytest.raises(ValueError, match=words):
        keys_text({"arm": value})


def test_refuses_a_name_of_a_key():
    with pytest.raises(ValueError, match="a key must have no ; or ="):
        keys_text({"a=b": 1})


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "must begin with its header, got ''"),
        ("kind,name\n", "must begin with its header, got 'kind,name'"),
        ("# lock\nkind\n", "must begin with its header, got '# lock'"),
        ("# lock: a\nkind,name\n", r"columns .* got \['kind', 'name'\]"),
    ],
)
def test_refuses_a_file_that_is_no_evidence(text, words):
    with pytest.raises(ValueError, match=words):
        parsed(text)
