"""Metrics: rows of labels and scores, ranked lists, boxes, files."""

import numpy as np
import pandas as pd

BLOCK = "a building block: takes what a checked_... function let through"


def rows_of(scores="scores", **more):
    """Labels, scores with ties, weights; `more` are recipes or values."""

    def good(rng):
        n = int(rng.integers(2, 9))
        values = rng.random(n).round(1)
        given = {
            "labels": rng.integers(0, 2, n),
            scores: values if scores != "predicted" else values > 0.5,
            "weights": rng.random(n).round(1),
        }
        given["labels"][:2], given["weights"][:2] = (0, 1), 1
        for name, recipe in more.items():
            given[name] = recipe(rng, n) if callable(recipe) else recipe
        return {k: v for k, v in given.items() if v is not None}

    return good


def groups(rng, n):
    return rng.integers(0, 3, n)


def ranked(**more):
    """Ranked gains, what was judged, how many of it is relevant."""

    def good(rng):
        judged = rng.integers(0, 4, (3, 6)).astype(float)
        given = {
            "gains": judged[:, :4],
            "judged": judged,
            "n_relevant": (judged > 0).sum(axis=1),
            "k": int(rng.integers(1, 8)),
        }
        given |= {n: r(rng) if callable(r) else r for n, r in more.items()}
        return {name: value for name, value in given.items()
                if value is not None}  # fmt: skip

    return good


def run_table(rng):
    return pd.DataFrame({
        "query": ["q1", "q1", "q2", "q2", "q3"],
        "item": ["d1", "d2", "d1", "d3", "d1"],
        "score": rng.random(5).round(1),
    })  # fmt: skip


def qrels_table(rng):
    return pd.DataFrame({
        "query": ["q1", "q1", "q2", "q4"],
        "item": ["d1", "d2", "d1", "d1"],
        "gain": rng.integers(0, 3, 4),
    })  # fmt: skip


def boxes(rng, n):
    corner = rng.integers(0, 6, (n, 2))
    return np.hstack([corner, corner + rng.integers(0, 5, (n, 2))]) * 1.0


def coco_parts(rng):
    def box(i, **more):
        place = rng.integers(0, 9, 2).astype(float).tolist()
        size = rng.integers(0, 40, 2).astype(float).tolist()
        return {"image_id": 1 + i % 2, "category_id": 3,
                "bbox": place + size, **more}  # fmt: skip

    return {
        "annotations": {
            "images": [{"id": 1}, {"id": 2}],
            "categories": [{"id": 3}, {"id": 4}],
            "annotations": [
                box(i, id=i, area=rng.random() * 2000, iscrowd=i // 2)
                for i in range(3)
            ],
        },
        "detections": [box(i, score=rng.random()) for i in range(3)],
    }
