"""COCO's protocol for boxes beside pycocotools and its faster successors.

    python -m benchmarks.detection            # full size, some minutes
    python -m benchmarks.detection --tenth    # 500 images

One thread. Timed from the parsed content of both files to the twelve numbers,
and from the files themselves; what a peer writes into its input it writes
into a copy of its own, made beforehand.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"  # hotcoco, read when it is imported

import numpy as np

from benchmarks._rows import row
from utils.metrics import coco

AREA = "detection"
CLASSES = 80


def made(n_images: int, rng: np.random.Generator) -> tuple[dict, list]:
    """Annotations and 50 detections an image, listed image by image.

    Seven boxes an image, six of ten of its leading class; classes by 1/rank,
    sizes log-normal, one crowd in a hundred. Four of ten detections lie near
    a box and are surer; the rest are false alarms. Scores have three digits,
    so that many are equal.
    """
    share = 1 / np.arange(1, CLASSES + 1)
    share /= share.sum()
    image = np.repeat(np.arange(n_images), rng.poisson(7.3, n_images))
    lead = rng.choice(CLASSES, n_images, p=share)[image]
    own = rng.choice(CLASSES, len(image), p=share)
    label = np.where(rng.random(len(image)) < 0.6, lead, own)
    box = _boxes(len(image), rng)
    area = box[:, 2] * box[:, 3] * rng.uniform(0.4, 1, len(image))
    crowd = rng.random(len(image)) < 0.01
    annotations = {
        "images": [{"id": 3 * i + 1} for i in range(n_images)],
        "categories": [
            {"id": 2 * c + 1, "name": str(c)} for c in range(CLASSES)
        ],
        "annotations": [
            {"id": i + 1, **one, "area": a, "iscrowd": c}
            for i, (one, a, c) in enumerate(
                zip(
                    _entries(image, label, box),
                    area.round(2).tolist(),
                    crowd.astype(int).tolist(),
                    strict=True,
                )
            )
        ],
    }
    n_found = 50 * n_images
    of = np.sort(rng.integers(len(image), size=n_found))
    near = rng.random(n_found) < 0.4
    moved = box[of] + rng.normal(0, 0.12, (n_found, 4)) * np.tile(
        box[of, 2:], 2
    )
    moved[:, 2:] = np.abs(moved[:, 2:]) + 0.5
    found = np.where(near[:, None], moved, _boxes(n_found, rng)).round(2)
    same = near | (rng.random(n_found) < 0.3)
    other = rng.choice(CLASSES, n_found, p=share)
    score = np.where(near, rng.beta(2, 2, n_found), rng.beta(1, 6, n_found))
    entries = _entries(image[of], np.where(same, label[of], other), found)
    detections = [
        {**one, "score": s}
        for one, s in zip(entries, score.round(3).tolist(), strict=True)
    ]
    return annotations, detections


def _boxes(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 4) left, top, width, height in an image of 640 by 640."""
    side = np.exp(rng.normal(4.2, 0.9, (n, 2))).clip(4, 400)
    return np.hstack([rng.random((n, 2)) * (640 - side), side]).round(2)


def _entries(image, label, box) -> list[dict]:
    return [
        {"image_id": 3 * i + 1, "category_id": 2 * c + 1, "bbox": b}
        for i, c, b in zip(
            image.tolist(), label.tolist(), box.tolist(), strict=True
        )
    ]


def peers(annotations, detections) -> dict[str, Callable[[], np.ndarray]]:
    """Each gives the twelve numbers; content is copied for each, paths not."""
    import faster_coco_eval
    import hotcoco
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def numbers(there, evaluation, results):
        run = evaluation(there, there.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
        return np.array(run.stats)[:12]

    def by_pycocotools(there, results):
        if isinstance(there, str):
            return numbers(COCO(there), COCOeval, results)
        index = COCO()  # it takes content by this way only
        index.dataset = there
        index.createIndex()
        return numbers(index, COCOeval, results)

    def by_faster(there, results):
        return numbers(
            faster_coco_eval.COCO(there),
            faster_coco_eval.COCOeval_faster,
            results,
        )

    def by_hotcoco(there, results):
        return numbers(hotcoco.COCO(there), hotcoco.COCOeval, results)

    def quiet(run):
        own = copy.deepcopy((annotations, detections))

        def call():
            with contextlib.redirect_stdout(io.StringIO()):
                return run(*own)

        return call

    runs = {
        "pycocotools": by_pycocotools,
        "faster-coco-eval": by_faster,
        "hotcoco": by_hotcoco,
    }
    return {name: quiet(run) for name, run in runs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenth", action="store_true", help="500 images")
    n = 500 if parser.parse_args().tenth else 5000
    annotations, detections = made(n, np.random.default_rng(0))
    size = f"{n:,} images, {len(detections):,} detections, {CLASSES} classes"
    others = peers(annotations, detections)

    def ours():
        return coco.coco_evaluate(annotations, detections)

    expected = list(ours().summary.values())
    for name in ("faster-coco-eval", "hotcoco"):
        np.testing.assert_allclose(others[name](), expected, atol=1e-9)
    work = f"COCO AP from content, {size}"
    slow = {"pycocotools": others.pop("pycocotools")}
    row(AREA, work, ours, slow, repeat=1, bar=50)
    row(
        AREA,
        work,
        ours,
        others,
        bar={"faster-coco-eval": 12, "hotcoco": 0.6},
        why={
            "faster-coco-eval": "It matches in C++. Reading and checking the "
            "entries, which are Python objects, is half of our time."
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{i}.json")) for i in range(2)]
        for path, content in zip(
            paths, (annotations, detections), strict=True
        ):
            Path(path).write_text(json.dumps(content))
        others = peers(*paths)
        others.pop("pycocotools")
        row(
            AREA,
            f"COCO AP from files, {size}",
            lambda: coco.coco_evaluate(*paths),
            others,
        )


if __name__ == "__main__":
    main()
