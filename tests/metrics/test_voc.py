"""Average precision of boxes by the protocol of PASCAL VOC."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import detection, voc

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
BOX = [0, 0, 9, 9]  # 10 by 10 pixels, the last inside


def objects(*boxes):
    """From (image, label, box, difficult)."""
    columns = zip(*boxes, strict=True) if boxes else ([], [], [], [])
    return voc.Objects(*map(list, columns))


def detections(*boxes):
    """From (image, label, box, score)."""
    columns = zip(*boxes, strict=True) if boxes else ([], [], [], [])
    return voc.Detections(*map(list, columns))


@pytest.mark.parametrize(
    "there, found, expected",
    [
        ([(1, 0, BOX, 0)], [(1, 0, BOX, 0.5)], [1]),
        ([(1, 0, BOX, 0)], [(1, 0, BOX, 0.5), (1, 0, BOX, 0.9)], [0, 1]),
        ([(1, 0, BOX, 0)], [(1, 0, BOX, 0.5), (1, 0, BOX, 0.5)], [1, 0]),
        ([(1, 0, BOX, 0)], [(2, 0, BOX, 0.5), (1, 1, BOX, 0.5)], [0, 0]),
        ([(1, 0, BOX, 0)], [(1, 0, [0, 0, 9, 4], 0.5)], [1]),  # just half
        ([(1, 0, BOX, 0)], [(1, 0, [0, 0, 9, 3], 0.5)], [0]),
        ([(1, 0, BOX, 1)], [(1, 0, BOX, 0.5)] * 2, [-1, -1]),  # difficult
        # the second claims the taken box, though a free one would do
        ([(1, 0, BOX, 0), (1, 0, [0, 0, 9, 6], 0)],
         [(1, 0, BOX, 0.9), (1, 0, [0, 0, 9, 8], 0.8)], [1, 0]),
        # equal overlaps: the first object
        ([(1, 0, BOX, 1), (1, 0, BOX, 0)], [(1, 0, BOX, 0.9)], [-1]),
        ([(1, 0, BOX, 0), (1, 0, BOX, 1)], [(1, 0, BOX, 0.9)], [1]),
        ([], [(1, 0, BOX, 0.9)], [0]),
        ([(1, 0, BOX, 0)], [], []),
    ],
)  # fmt: skip
def test_verdicts_by_hand(there, found, expected):
    got = voc.match_detections(objects(*there), detections(*found))
    assert got.tolist() == expected


@pytest.mark.parametrize(
    "is_true_positive, n_ground_truth, area, eleven",
    [
        ([1], 1, 1, 1),
        ([1, 0], 2, 1 / 2, 6 / 11),  # recalls 0, .1, ... .5
        ([0, 1], 1, 1 / 2, 1 / 2),
        ([1, 0, 1], 2, (1 + 2 / 3) / 2, (6 * 1 + 5 * 2 / 3) / 11),
        # a later precision that is larger counts for the earlier hit too
        ([0, 1, 1], 2, 2 / 3, 2 / 3),
        ([1] * 3 + [0] * 7, 10, 3 / 10, 4 / 11),  # 3 of 10 reach 0.3
        ([0, 0], 1, 0, 0),
        ([], 3, 0, 0),
        ([], 0, nan, nan),
        ([0], 0, nan, nan),
    ],
)
def test_average_precision_by_hand(
    is_true_positive, n_ground_truth, area, eleven
):
    args = (
        -np.arange(len(is_true_positive)),
        np.array(is_true_positive, dtype=bool),
    )
    got = voc.average_precision(*args, n_ground_truth=n_ground_truth)
    assert got == pytest.approx(area, nan_ok=True)
    got = voc.average_precision_11(*args, n_ground_truth=n_ground_truth)
    assert got == pytest.approx(eleven, nan_ok=True)


def test_evaluate_by_hand():
    there = objects(
        ("a", "cat", BOX, False), ("b", "cat", BOX, True),
        ("b", "dog", BOX, False), ("b", "sea", BOX, True),
    )  # fmt: skip
    found = detections(
        ("b", "cat", BOX, 0.9), ("a", "cat", BOX, 0.8), ("c", "cat", BOX, 0.9),
        ("a", "emu", BOX, 0.9),
    )  # fmt: skip
    got = voc.voc_evaluate(there, found)
    # cat: difficult aside, a false alarm and then the hit
    expected = {"cat": 1 / 2, "dog": 0, "emu": nan, "sea": nan}
    assert list(got.ap) == list(expected)
    for ap in (got.ap, got.ap_11):
        assert ap == pytest.approx(expected, nan_ok=True)
    assert got.mean_ap == got.mean_ap_11 == 1 / 4
    nothing = voc.voc_evaluate(objects(), detections())
    assert nothing.ap == {} and np.isnan(nothing.mean_ap)


def test_both_conventions_of_a_box():
    there = objects((1, 0, [0, 0, 2, 2], 0))
    found = detections((1, 0, [0, 0, 2, 1], 0.5))  # 6 of 9 pixels; 2 of 4
    for inclusive, most in ((True, 6 / 9), (False, 1 / 2)):
        for at_least, hit in ((most, 1), (np.nextafter(most, 1), 0)):
            got = voc.match_detections(
                there, found, at_least=at_least, inclusive=inclusive
            )
            assert got.tolist() == [hit]


def slow(there, found, label, *, at_least, inclusive):
    """(area, eleven) for one label, written from the protocol's text."""
    rows = [i for i, one in enumerate(there.label) if one == label]
    n_ground_truth = sum(not there.difficult[i] for i in rows)
    taken, points, hits, seen = set(), [], 0, 0
    order = sorted(range(len(found.label)), key=lambda d: -found.score[d])
    for d in (d for d in order if found.label[d] == label):
        best, most = None, -1.0
        for i in rows:
            if there.image[i] != found.image[d]:
                continue
            (overlap,) = detection.iou(
                [found.box[d]], [there.box[i]], inclusive=inclusive
            ).ravel()
            if overlap > most:
                best, most = i, overlap
        if most >= at_least and there.difficult[best]:
            continue
        if most >= at_least and best not in taken:
            taken.add(best)
            hits += 1
        seen += 1
        points.append((hits, hits / seen))
    if not n_ground_truth:
        return nan, nan

    def best_from(hits):
        return max((p for h, p in points if h >= hits), default=0)

    area = (
        sum(best_from(j) for j in range(1, n_ground_truth + 1))
        / n_ground_truth
    )
    eleven = sum(
        max((p for h, p in points if 10 * h >= r * n_ground_truth), default=0)
        for r in range(11)
    )
    return area, eleven / 11


@STEADY
@given(st.integers(0, 2**32), st.sampled_from([0.2, 0.5, 0.7]), st.booleans())
def test_evaluate_agrees_with_a_slow_reading(seed, at_least, inclusive):
    rng = np.random.default_rng(seed)

    def drawn(n, last):
        box = rng.integers(0, 4, (n, 4))
        box[:, 2:] += box[:, :2]
        image, label = rng.integers(0, 3, (2, n))
        return image, label, box, last

    there = voc.Objects(*drawn(15, rng.random(15) < 0.3))
    found = voc.Detections(*drawn(40, rng.integers(0, 9, 40) / 9))
    got = voc.voc_evaluate(
        there, found, at_least=at_least, inclusive=inclusive
    )
    for label in got.ap:
        area, eleven = slow(
            there, found, label, at_least=at_least, inclusive=inclusive
        )
        assert got.ap[label] == pytest.approx(area, nan_ok=True)
        assert got.ap_11[label] == pytest.approx(eleven, nan_ok=True)


def test_voc_refuses():
    there, found = objects((1, 0, BOX, 0)), detections((1, 0, BOX, 0.5))
    for bad in (0, 1.1, nan):
        with pytest.raises(ValueError, match=f"up to 1, got {bad}"):
            voc.voc_evaluate(there, found, at_least=bad)
    with pytest.raises(ValueError, match=r"objects must .* \[1, 2, 1, 1\]"):
        voc.voc_evaluate(there._replace(label=[0, 0]), found)
    with pytest.raises(ValueError, match=r"detections .* of one length"):
        voc.voc_evaluate(there, found._replace(score=[0.5, 0.5]))
    with pytest.raises(ValueError, match=r"finite, got nan in detections\[0"):
        voc.voc_evaluate(there, found._replace(score=[nan]))
    for bad in ([5, 0, 4, 9], [0, 0, nan, 9]):
        with pytest.raises(ValueError, match="left <= right"):
            voc.voc_evaluate(there._replace(box=[bad]), found)
    with pytest.raises(
        ValueError, match="at least the 1 true positives, got 0"
    ):
        voc.average_precision([0.5], [True], n_ground_truth=0)
    with pytest.raises(ValueError, match="one length"):
        voc.average_precision_11([0.5, 0.4], [True], n_ground_truth=1)
