"""Boxes found against boxes that are there."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.metrics import detection

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
CORNERS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 4), st.just(4)),
    elements=st.integers(0, 6),
).map(lambda b: np.hstack([b[:, :2], b[:, :2] + b[:, 2:]]))  # fmt: skip


@pytest.mark.parametrize(
    "found, true, expected",
    [
        ([0, 0, 2, 2], [0, 0, 2, 2], 1.0),
        ([0, 0, 2, 2], [1, 0, 3, 2], 2 / (4 + 4 - 2)),
        ([0, 0, 2, 2], [1, 1, 2, 2], 1 / 4),
        ([0, 0, 1, 1], [1, 0, 2, 1], 0.0),  # they touch
        ([0, 0, 1, 1], [5, 5, 6, 6], 0.0),  # apart in both directions
        ([0, 0, 0, 1], [0, 0, 1, 1], 0.0),
        ([0, 0, 0, 1], [0, 0, 0, 1], nan),  # no area at all
    ],
)
def test_iou_by_hand(found, true, expected):
    got = detection.iou(np.array([found]), np.array([true]))
    assert got.shape == (1, 1)
    assert got[0, 0] == pytest.approx(expected, nan_ok=True)


@STEADY
@given(CORNERS, CORNERS)
def test_iou_agrees_with_counting_pixels_and_is_symmetric(found, true):
    def painted(box):
        grid = np.zeros((13, 13), dtype=bool)
        grid[box[0] : box[2], box[1] : box[3]] = True
        return grid

    got = detection.iou(found, true)
    np.testing.assert_allclose(got, detection.iou(true, found).T)
    for i, a in enumerate(map(painted, found)):
        for j, b in enumerate(map(painted, true)):
            both, either = (a & b).sum(), (a | b).sum()
            expected = both / either if either else nan
            assert got[i, j] == pytest.approx(expected, nan_ok=True)


def test_iou_of_a_crowd_is_the_share_of_the_detection_inside():
    found = np.array([[0, 0, 2, 2], [8, 0, 12, 2], [20, 0, 21, 1]])
    true = np.array([[0, 0, 10, 10], [0, 0, 10, 10]])
    got = detection.iou(found, true, crowd=np.array([True, False]))
    expected = [[1, 4 / 100], [4 / 8, 4 / (100 + 8 - 4)], [0, 0]]
    np.testing.assert_allclose(got, expected)


def test_iou_beyond_floats_is_nan_without_a_warning():
    huge = np.array([[-1e308, -1e308, 1e308, 1e308]])
    assert np.isnan(detection.iou(huge, huge)[0, 0])


def test_iou_with_the_last_pixel_inside():
    one, two = np.array([[3, 3, 3, 3]]), np.array([[3, 3, 4, 3]])
    assert detection.iou(one, two, inclusive=True)[0, 0] == 1 / 2
    assert np.isnan(detection.iou(one, one)[0, 0])
    assert detection.iou(one, one, inclusive=True)[0, 0] == 1


@STEADY
@given(CORNERS, CORNERS)
def test_iou_inclusive_is_iou_of_boxes_one_longer(found, true):
    got = detection.iou(found, true, inclusive=True)
    longer = np.array([0, 0, 1, 1])
    np.testing.assert_allclose(
        got, detection.iou(found + longer, true + longer)
    )


@STEADY
@given(CORNERS, CORNERS, st.integers(0, 99))
def test_iou_agrees_with_pycocotools(found, true, seed):
    from pycocotools import mask

    def xywh(box):
        sides = [box[:, :2], box[:, 2:] - box[:, :2]]
        return np.hstack(sides).astype(float)

    crowd = np.random.default_rng(seed).random(len(true)) < 0.5
    expected = mask.iou(xywh(found), xywh(true), crowd.tolist())
    got = detection.iou(found, true, crowd=crowd)
    np.testing.assert_allclose(np.nan_to_num(got), expected)


@pytest.mark.parametrize(
    "boxes, scores, at_most, kept",
    [
        ([[0, 0, 4, 4], [0, 0, 4, 3]], [0.5, 0.9], 0.5, [1]),
        ([[0, 0, 4, 4], [0, 0, 4, 2]], [0.9, 0.5], 0.5, [0, 1]),  # just half
        ([[0, 0, 4, 4], [0, 0, 4, 2]], [0.9, 0.5], 0.4, [0]),
        ([[0, 0, 4, 4], [0, 0, 4, 4]], [0.5, 0.5], 0.9, [0]),  # tie: first
        ([[0, 0, 4, 4], [0, 0, 4, 4]], [0.5, 0.9], 1.0, [1, 0]),
        # what is gone suppresses nothing: 1 covers 2, but 0 covers 1
        ([[0, 0, 4, 4], [0, 1, 4, 5], [0, 2, 4, 6]], [3, 2, 1], 0.5, [0, 2]),
        ([[1, 1, 1, 1], [1, 1, 1, 1]], [0.5, 0.5], 0.0, [0, 1]),  # no area
        (np.zeros((0, 4)), [], 0.5, []),
    ],
)
def test_nms_by_hand(boxes, scores, at_most, kept):
    got = detection.nms(np.array(boxes), np.array(scores), at_most=at_most)
    assert got.tolist() == kept and got.dtype == np.int64


@STEADY
@given(
    hnp.arrays(np.int64, st.tuples(st.integers(1, 12), st.just(4)),
               elements=st.integers(0, 4)),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.3, 0.5]),
)  # fmt: skip
def test_nms_agrees_with_its_definition_class_by_class(boxes, seed, at_most):
    boxes[:, 2:] += boxes[:, :2]
    rng = np.random.default_rng(seed)
    scores, classes = rng.integers(0, 3, (2, len(boxes)))
    got = detection.nms(boxes, scores, at_most=at_most, classes=classes)
    order = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    overlap = np.nan_to_num(detection.iou(boxes, boxes))
    kept = []
    for i in order:
        if all(
            classes[i] != classes[j] or overlap[i, j] <= at_most for j in kept
        ):
            kept.append(i)
    assert got.tolist() == kept
    alone = [
        np.flatnonzero(classes == c)[detection.nms(
            boxes[classes == c], scores[classes == c], at_most=at_most
        )]
        for c in np.unique(classes)
    ]  # fmt: skip
    assert sorted(got) == sorted(np.concatenate(alone))


@pytest.mark.parametrize(
    "scores, overlap, expected",
    [
        ([0.9, 0.8], [[0.6], [0.9]], [0, -1]),  # the first one takes it
        ([0.8, 0.9], [[0.6], [0.9]], [-1, 0]),
        ([0.9, 0.8], [[0.6, 0.7], [0.5, 0.9]], [1, 0]),  # then what is left
        ([0.9], [[0.4]], [-1]),  # too little
        ([0.9], [[0.5]], [0]),  # just enough
        ([0.5, 0.5], [[0.7], [0.7]], [0, -1]),  # a tie keeps its order
        ([0.5], [[0.7, 0.7]], [1]),  # the last of equals
        ([0.5], [[nan]], [-1]),
        ([], np.zeros((0, 2)), []),
        ([0.5], np.zeros((1, 0)), [-1]),
    ],
)
def test_greedy_match_by_hand(scores, overlap, expected):
    overlap = np.array(overlap, dtype=float)
    before = overlap.copy()
    got = detection.greedy_match(np.array(scores), overlap, at_least=0.5)
    assert got.tolist() == expected
    np.testing.assert_array_equal(overlap, before)  # not changed


@pytest.mark.parametrize(
    "is_true_positive, n_ground_truth, expected",
    [
        ([True], 1, 1.0),
        ([True, False], 2, 51 / 101),  # recalls 0, .01, ... .50
        ([False, True], 1, 1 / 2),
        # best precision at or beyond: 1 up to a half, then 2/3
        ([True, False, True], 2, (51 * 1 + 50 * 2 / 3) / 101),
        ([False, False], 1, 0.0),
        ([], 3, 0.0),
        ([], 0, nan),
        ([False], 0, nan),
    ],
)
def test_average_precision_by_hand(is_true_positive, n_ground_truth, expected):
    scores = -np.arange(len(is_true_positive))  # as listed
    got = detection.average_precision(
        scores,
        np.array(is_true_positive, dtype=bool),
        n_ground_truth=n_ground_truth,
    )
    assert got == pytest.approx(expected, nan_ok=True)


@STEADY
@given(
    hnp.arrays(np.bool_, st.integers(1, 12)),
    st.integers(0, 5),
    st.integers(0, 99),
)
def test_average_precision_agrees_with_the_definition(
    is_true_positive, missed, seed
):
    scores = np.random.default_rng(seed).permutation(len(is_true_positive))
    n_ground_truth = is_true_positive.sum() + missed
    got = detection.average_precision(
        scores, is_true_positive, n_ground_truth=n_ground_truth
    )
    if n_ground_truth == 0:
        assert np.isnan(got)
        return
    ranked = is_true_positive[np.argsort(-scores)]
    points = [
        (ranked[:i].sum(), ranked[:i].mean())
        for i in range(1, len(ranked) + 1)
    ]
    expected = np.mean([
        max((p for hits, p in points if hits / n_ground_truth >= r), default=0)
        for r in np.linspace(0, 1, 101)
    ])  # fmt: skip
    assert got == pytest.approx(expected)


def test_detection_refuses():
    box, one = np.array([[0, 0, 1, 1]]), np.array([1.0])
    with pytest.raises(ValueError, match=r"\(n, 4\), got shape \(4,\)"):
        detection.iou(box[0], box)
    for bad in ([1, 0, 0, 1], [0, 0, nan, 1]):
        with pytest.raises(ValueError, match="left <= right"):
            detection.iou(box, np.array([bad]))
    with pytest.raises(ValueError, match=r"crowd must be \(1,\), got .*2"):
        detection.iou(box, box, crowd=np.array([True, False]))
    with pytest.raises(ValueError, match=r"at_most .* \[0, 1\], got -0.1"):
        detection.nms(box, one, at_most=-0.1)
    with pytest.raises(ValueError, match=r"must be \(1,\), got \(2,\)"):
        detection.nms(box, np.ones(2), at_most=0.5)
    with pytest.raises(ValueError, match=r"\(1,\) and \(2,\)"):
        detection.nms(box, one, at_most=0.5, classes=np.ones(2))
    with pytest.raises(ValueError, match="must not be nan"):
        detection.nms(box, np.array([nan]), at_most=0.5)
    for bad in (0, 1.5):
        with pytest.raises(ValueError, match=f"up to 1, got {bad}"):
            detection.greedy_match(one, np.ones((1, 1)), at_least=bad)
    exact = detection.greedy_match(one, np.ones((1, 1)), at_least=1)
    assert exact.tolist() == [0]
    with pytest.raises(ValueError, match=r"\(D,\) and \(D, T\)"):
        detection.greedy_match(one, np.ones((2, 1)), at_least=0.5)
    with pytest.raises(ValueError, match="must not be nan"):
        detection.greedy_match(np.array([nan]), np.ones((1, 1)), at_least=0.5)
    with pytest.raises(
        ValueError, match="at least the 1 true positives, got 0"
    ):
        detection.average_precision(one, np.array([True]), n_ground_truth=0)
    with pytest.raises(ValueError, match="one length"):
        detection.average_precision(
            one, np.array([True, False]), n_ground_truth=2
        )
    with pytest.raises(ValueError, match="must not be nan"):
        detection.average_precision(
            np.array([nan]), np.array([True]), n_ground_truth=1
        )
