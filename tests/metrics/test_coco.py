"""Average precision of boxes by COCO's protocol."""

import contextlib
import copy
import io
import json
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import coco, detection

STEADY = settings(deadline=None, derandomize=True, max_examples=20)
BOX = [0, 0, 10, 10]  # left, top, width, height


def truth(*boxes, images=(1,), categories=(1,)):
    """Annotations from (image, category, bbox) and what else one says."""
    entries = [
        {"id": 50 + i, "image_id": image, "category_id": category,
         "bbox": box, "area": box[2] * box[3], "iscrowd": 0, **more}
        for i, (image, category, box, more) in enumerate(boxes)
    ]  # fmt: skip
    return {
        "images": [{"id": i} for i in images],
        "categories": [{"id": c} for c in categories],
        "annotations": entries,
    }


def found(*boxes):
    """Detections from (image, category, bbox, score)."""
    keys = ("image_id", "category_id", "bbox", "score")
    return [dict(zip(keys, box, strict=True)) for box in boxes]


def random_set(
    rng, *, n_images=12, n_classes=4, n_ground_truth=60, n_found=200, grid=None
):
    """Sets with ties, crowds, odd areas, ids with gaps and empty corners.

    `grid` draws boxes from few whole numbers, so that overlaps tie as well.
    """
    images = rng.choice(1000, n_images, replace=False).tolist()
    classes = rng.choice(90, n_classes, replace=False).tolist()

    def boxes(n):
        if grid:
            return rng.integers(1, grid, (n, 4)).astype(float)
        side = np.exp(rng.normal(3.8, 1, (n, 2)))
        return np.hstack([rng.random((n, 2)) * 200, side])

    def placed(box):
        # the last class has no boxes, the first image nothing at all
        return rng.choice(images[1:]), rng.choice(classes[:-1]), box.tolist()

    there = boxes(n_ground_truth)
    annotations = truth(
        *(
            (int(i), int(c), b, {
                "iscrowd": int(rng.random() < 0.15),
                "area": float(b[2] * b[3] * rng.choice([0.5, 1, 3])),
            })
            for i, c, b in map(placed, there)
        ),
        images=images,
        categories=classes,
    )  # fmt: skip
    detections = []
    for box in boxes(n_found):
        image, category, box = placed(box)
        if rng.random() < 0.6:  # near one that is there
            one = annotations["annotations"][rng.integers(n_ground_truth)]
            image, category = one["image_id"], one["category_id"]
            box = one["bbox"]
            if not grid:
                box = (np.array(box) * rng.normal(1, 0.05, 4)).tolist()
        if rng.random() < 0.1:
            category = classes[-1]
        score = round(float(rng.random()), 1)
        detections.append((int(image), int(category), box, score))
    return annotations, found(*detections)


def peer(annotations, detections):
    """Twelve numbers and AP by class of pycocotools; nan for its -1."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        there = COCO()
        there.dataset = copy.deepcopy(annotations)
        there.createIndex()
        run = COCOeval(there, there.loadRes(copy.deepcopy(detections)), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision = run.eval["precision"][:, :, :, 0, -1]  # (T, R, K)
    by_class = np.where(precision < 0, nan, precision).mean(axis=(0, 1))
    return np.where(run.stats < 0, nan, run.stats), by_class


def assert_like_pycocotools(annotations, detections):
    before = copy.deepcopy((annotations, detections))
    got = coco.coco_evaluate(annotations, detections)
    assert before == (annotations, detections)  # not changed
    stats, by_class = peer(annotations, detections)
    np.testing.assert_allclose(
        list(got.summary.values()), stats, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        list(got.ap_per_class.values()), by_class, rtol=0, atol=1e-12
    )
    ids = sorted(c["id"] for c in annotations["categories"])
    assert list(got.ap_per_class) == ids


def test_by_hand():
    # IoU .8: found at the thresholds .50 to .80, seven of ten
    annotations = truth((1, 1, BOX, {}), (1, 1, [50, 50, 10, 10], {}))
    detections = found((1, 1, [0, 0, 10, 8], 0.9), (1, 1, [90, 0, 9, 9], 0.8))
    got = coco.coco_evaluate(annotations, detections).summary
    assert got["AP"] == pytest.approx(7 / 10 * 51 / 101)
    assert got["AP50"] == got["AP75"] == pytest.approx(51 / 101)
    assert got["AP_small"] == pytest.approx(got["AP"])  # all are below 32²
    assert got["AR_1"] == got["AR_100"] == pytest.approx(7 / 10 / 2)
    assert np.isnan([got["AP_medium"], got["AR_large"]]).all()
    assert list(got) == list(coco.NAMES)


@pytest.mark.parametrize(
    "boxes, detections, ap50",
    [
        # the surer one takes it, the other is a false alarm
        ([(1, 1, BOX, {})], [(1, 1, BOX, 0.5), (1, 1, BOX, 0.9)], 1),
        ([(1, 1, BOX, {})], [(1, 1, [9, 9, 9, 9], 1), (1, 1, BOX, 0.5)], 0.5),
        # a crowd takes any number, and none of them counts
        ([(1, 1, BOX, {}), (1, 1, [50, 0, 40, 40], {"iscrowd": 1})],
         [(1, 1, [60, 9, 5, 5], 0.9), (1, 1, [55, 9, 5, 5], 0.8),
          (1, 1, BOX, 0.5)], 1),
        # all crowds: nothing to find
        ([(1, 1, BOX, {"iscrowd": 1})], [(1, 1, BOX, 0.5)], nan),
        ([], [(1, 1, BOX, 0.5)], nan),
        ([(1, 1, BOX, {})], [], 0),
        ([(1, 1, [3, 3, 0, 9], {})], [(1, 1, [3, 3, 0, 9], 0.5)], 0),  # a line
        ([], [], nan),
        # wrong image, wrong class
        ([(1, 1, BOX, {})], [(2, 1, BOX, 0.5), (1, 2, BOX, 0.5)], 0),
        # a tie of scores: the image of the lower id comes first
        ([(2, 1, BOX, {})], [(2, 1, BOX, 0.5), (1, 1, BOX, 0.5)], 1 / 2),
        # areas that are beyond a float, or below one
        ([(1, 1, [-1e308, 0, 1e308, 1e308], {"area": 5})],
         [(1, 1, [-1e308, 0, 1e308, 1e308], 0.5)], 0),
        ([(1, 1, [0, 0, 1e-200, 1e-200], {})],
         [(1, 1, [0, 0, 1e-200, 1e-200], 0.5)], 0),
        # exactly half
        ([(1, 1, BOX, {})], [(1, 1, [0, 0, 10, 5], 0.5)], 1),
    ],
)  # fmt: skip
def test_ap50_by_hand(boxes, detections, ap50):
    annotations = truth(*boxes, images=(2, 1), categories=(2, 1))
    got = coco.coco_evaluate(annotations, found(*detections))
    assert got.summary["AP50"] == pytest.approx(ap50, nan_ok=True)


def test_boxes_of_other_areas_do_not_count_against():
    big = [100, 100, 200, 200]
    annotations = truth((1, 1, BOX, {}), (1, 1, big, {}))
    detections = found((1, 1, big, 0.9), (1, 1, BOX, 0.8))
    got = coco.coco_evaluate(annotations, detections).summary
    assert got["AP_small"] == got["AP_large"] == 1.0


def test_a_limit_of_area_belongs_to_both_sides():
    annotations = truth((1, 1, BOX, {"area": 32.0**2}))
    got = coco.coco_evaluate(annotations, found((1, 1, BOX, 0.9))).summary
    assert got["AP_small"] == got["AP_medium"] == 1.0


def test_at_most_100_of_a_class_in_an_image():
    annotations = truth((1, 1, BOX, {}))
    away = [(1, 1, [90, 90, 5, 5], 0.9)]
    got = [
        coco.coco_evaluate(annotations, found(*away * n, (1, 1, BOX, 0.5)))
        for n in (99, 100)
    ]
    assert [r.summary["AR_100"] for r in got] == [1, 0]
    assert [r.summary["AR_10"] for r in got] == [0, 0]


def test_an_id_is_a_name():
    annotations = truth((1, 1, BOX, {"id": 0}))
    got = coco.coco_evaluate(annotations, found((1, 1, BOX, 0.5)))
    assert got.summary["AP"] == 1.0
    annotations = truth(("a.png", "cat", BOX, {}), images=["b.png", "a.png"],
                        categories=["dog", "cat"])  # fmt: skip
    got = coco.coco_evaluate(annotations, found(("a.png", "cat", BOX, 0.5)))
    assert got.ap_per_class["cat"] == 1.0
    assert np.isnan(got.ap_per_class["dog"])


def test_files_say_the_same_as_their_content(tmp_path):
    annotations, detections = random_set(np.random.default_rng(5))
    paths = tmp_path / "truth.json", tmp_path / "found.json"
    paths[0].write_text(json.dumps(annotations))
    paths[1].write_text(json.dumps(detections))
    expected = coco.coco_evaluate(annotations, detections)
    for got in (
        coco.coco_evaluate(*paths),
        coco.coco_evaluate(str(paths[0]), str(paths[1])),
    ):
        assert str(got) == str(expected)


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_pycocotools(seed):
    rng = np.random.default_rng(seed)
    grid = None if seed < 6 else 6
    assert_like_pycocotools(*random_set(rng, grid=grid))


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_pycocotools_beyond_100_in_an_image(seed):
    rng = np.random.default_rng(seed)
    assert_like_pycocotools(
        *random_set(
            rng, n_images=3, n_classes=2, n_ground_truth=80, n_found=700
        )
    )


@STEADY
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 40))
def test_agrees_with_pycocotools_on_few_boxes(seed, n_ground_truth, n_found):
    rng = np.random.default_rng(seed)
    assert_like_pycocotools(
        *random_set(
            rng, n_images=2, n_classes=2, n_ground_truth=n_ground_truth,
            n_found=n_found, grid=4,
        )
    )  # fmt: skip


@pytest.mark.peers
@pytest.mark.slow
def test_agrees_with_pycocotools_on_many_images():
    rng = np.random.default_rng(9)
    assert_like_pycocotools(
        *random_set(
            rng, n_images=300, n_classes=15, n_ground_truth=3000, n_found=9000
        )
    )


@STEADY
@given(st.integers(0, 2**32), st.sampled_from([None, 5]))
def test_is_made_of_iou_match_and_average_precision(seed, grid):
    rng = np.random.default_rng(seed)
    annotations, detections = random_set(rng, n_classes=2, grid=grid)
    for one in annotations["annotations"]:
        one["iscrowd"] = 0
    got = coco.coco_evaluate(annotations, detections)
    label = next(k for k, ap in got.ap_per_class.items() if ap == ap)

    def corners(entries, image):
        box = np.array(
            [e["bbox"] for e in entries if e["image_id"] == image]
        ).reshape(-1, 4)
        return np.hstack([box[:, :2], box[:, :2] + box[:, 2:]])

    there, dets = (
        [e for e in entries if e["category_id"] == label]
        for entries in (annotations["annotations"], detections)
    )
    images = sorted(i["id"] for i in annotations["images"])
    dets.sort(key=lambda d: d["image_id"])
    scores = [
        np.array([d["score"] for d in dets if d["image_id"] == i])
        for i in images
    ]
    aps = []
    for at_least in coco.THRESHOLDS:
        hit = [
            detection.greedy_match(
                s,
                detection.iou(corners(dets, i), corners(there, i)),
                at_least=at_least,
            )
            >= 0
            for i, s in zip(images, scores, strict=True)
        ]
        aps.append(detection.average_precision(
            np.concatenate(scores), np.concatenate(hit),
            n_ground_truth=len(there),
        ))  # fmt: skip
    assert got.ap_per_class[label] == pytest.approx(np.mean(aps))


@STEADY
@given(st.integers(0, 2**32))
def test_order_of_images_and_of_annotations_says_nothing(seed):
    rng = np.random.default_rng(seed)
    annotations, detections = random_set(rng, n_ground_truth=30, n_found=80)
    expected = coco.coco_evaluate(annotations, detections)
    for key in ("images", "categories", "annotations"):
        order = rng.permutation(len(annotations[key]))
        annotations[key] = [annotations[key][i] for i in order]
    got = coco.coco_evaluate(annotations, detections)
    assert str(got) == str(expected)
