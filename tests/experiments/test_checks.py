import numpy as np
import pytest

from utils.experiments import checks


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.1e70, -1.7e308])
def test_sizes_that_are_refused(bad):
    with pytest.raises(ValueError, match="control must be finite and at most"):
        checks.check_sizes("control", np.array([[0.0, bad]]))


def test_sizes_and_denominators_that_are_not():
    checks.check_sizes("x", np.array([1e70, -1e70, 0.0, 1e-300]))
    checks.check_sizes("x", np.array([]))
    checks.check_denominators("x", np.array([0.0, -0.0, 1e-70, 5.0]))
    # the promise: the square of a square, summed over a million rows
    assert np.isfinite(np.float64(1e70) ** 4 * 1e6)


@pytest.mark.parametrize("bad", [-1.0, 1e-71, np.nan])
def test_denominators_that_are_refused(bad):
    with pytest.raises(ValueError, match="denominators of x must be at least"):
        checks.check_denominators("x", np.array([1.0, bad]))
