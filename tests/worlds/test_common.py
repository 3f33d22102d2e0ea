import numpy as np
import pytest

from utils.worlds.common import sigmoid


def test_sigmoid_by_hand():
    assert sigmoid(np.array([0.0, np.log(3)])).tolist() == [
        0.5,
        pytest.approx(3 / 4),
    ]
