"""Holm and Benjamini-Hochberg."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.experiments import multiple

STEADY = settings(deadline=None, derandomize=True)
P_VALUES = hnp.arrays(
    np.float64,
    st.integers(1, 9),
    elements=st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.02, 0.04])),
)
BOTH = [multiple.holm, multiple.benjamini_hochberg]


def test_by_hand():
    p = np.array([0.04, 0.01, 0.5, 0.03])
    assert multiple.holm(p) == pytest.approx([0.09, 0.04, 0.5, 0.09])
    assert multiple.benjamini_hochberg(p) == pytest.approx(
        [0.04 * 4 / 3, 0.04, 0.5, 0.04 * 4 / 3]
    )


@pytest.mark.parametrize("adjust", BOTH)
def test_edges(adjust):
    assert adjust(np.zeros((2, 0))).shape == (2, 0)
    assert adjust(np.array([0.3])).tolist() == [0.3]
    assert adjust(np.array([1.0, 1.0, 0.9])).max() == 1
    assert adjust(np.array([0, 0])).tolist() == [0, 0]


@settings(STEADY, max_examples=100)
@given(P_VALUES)
def test_agree_with_scipy_and_with_a_loop(p):
    from scipy import stats

    peer = stats.false_discovery_control(p, method="bh")
    np.testing.assert_allclose(
        multiple.benjamini_hochberg(p), peer, rtol=1e-12
    )
    largest, loop = 0.0, {}
    for place, i in enumerate(np.argsort(p, kind="stable")):
        largest = max(largest, min(1, (len(p) - place) * p[i]))
        loop[int(i)] = largest
    expected = [loop[i] for i in range(len(p))]
    np.testing.assert_allclose(multiple.holm(p), expected, rtol=1e-12)


@pytest.mark.peers
@settings(STEADY, max_examples=100)
@given(P_VALUES)
def test_agree_with_statsmodels_row_by_row(p):
    from statsmodels.stats.multitest import multipletests

    for adjust, method in zip(BOTH, ["holm", "fdr_bh"], strict=True):
        got = adjust(np.stack([p, p[::-1]]))
        peer = multipletests(p, method=method)[1]
        np.testing.assert_allclose(got[0], peer, rtol=1e-12)
        np.testing.assert_allclose(got[1], peer[::-1], rtol=1e-12)
        assert (got[0] >= p).all()
    assert (multiple.holm(p) >= multiple.benjamini_hochberg(p) - 1e-15).all()


def test_the_promised_rates_are_kept():
    from scipy import stats

    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 20))
    p = 2 * stats.norm.sf(np.abs(z))
    # 4000 families without any effect: standard deviation 0.0034
    assert (multiple.holm(p) <= 0.05).any(axis=1).mean() <= 0.062
    assert (p <= 0.05).any(axis=1).mean() > 0.6
    z[:, :5] += 3
    found = multiple.benjamini_hochberg(2 * stats.norm.sf(np.abs(z))) <= 0.1
    wrong = found[:, 5:].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    # the theorem: 0.1 * 15 / 20 exactly, for independent tests
    assert wrong.mean() == pytest.approx(0.075, abs=0.007)


@pytest.mark.parametrize("adjust", BOTH)
def test_refuses(adjust):
    for p in (-0.1, 1.5, np.nan):
        with pytest.raises(ValueError, match=rf"in \[0, 1\]: {p}"):
            adjust(np.array([0.5, p]))
    with pytest.raises(ValueError, match=r"got 0\.5"):
        adjust(0.5)
