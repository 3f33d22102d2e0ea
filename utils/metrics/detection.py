"""Boxes found against boxes that are there.

A box is (left, top, right, bottom) in any unit. One class and one threshold
of overlap at a time: means over classes, sizes and thresholds belong to the
caller.
"""

from __future__ import annotations

import numpy as np


def iou(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Intersection over union of every found with every true box.

    Args:
        found: (D, 4) left, top, right, bottom.
        true: (T, 4) the same.

    Returns:
        (D, T) in [0, 1]; nan for two boxes without area.

    Raises:
        ValueError: not (…, 4); a box that is not finite, or whose right or
            bottom lies before its left or top.

    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]])).round(3)
    array([[0.333]])
    """
    found, true = _checked_boxes(found), _checked_boxes(true)
    low = np.maximum(found[:, None, :2], true[None, :, :2])
    high = np.minimum(found[:, None, 2:], true[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)  # (D, T)
    union = _area(found)[:, None] + _area(true)[None] - shared
    with np.errstate(invalid="ignore"):  # 0/0 is nan: no area at all
        return shared / union


def greedy_match(
    scores: np.ndarray, overlap: np.ndarray, *, at_least: float
) -> np.ndarray:
    """Give each true box to at most one detection, best score first.

    Args:
        scores: (D,) confidence; equal scores keep their order.
        overlap: (D, T) as `iou` gives it.
        at_least: overlap from which a detection counts, above 0, up to 1.

    Returns:
        (D,) the true box that each detection found, -1 for a false alarm:
        the free box of largest overlap, lower index first in a tie. A
        second detection of the same box is a false alarm.

    Raises:
        ValueError: shapes that do not fit; a score that is nan; at_least
            outside (0, 1].

    Source: Lin et al. (2014), doi:10.1007/978-3-319-10602-1_48.

    >>> greedy_match(np.array([0.9, 0.8]), np.array([[0.6], [0.9]]),
    ...              at_least=0.5)
    array([ 0, -1])
    """
    scores = np.asarray(scores, dtype=np.float64)
    free = np.nan_to_num(np.array(overlap, dtype=np.float64))  # a copy
    if not 0 < at_least <= 1:
        raise ValueError(
            f"at_least must be above 0 and up to 1, got {at_least}"
        )
    if scores.ndim != 1 or free.ndim != 2 or len(free) != len(scores):
        raise ValueError(
            "scores and overlap must be (D,) and (D, T), got "
            f"{scores.shape} and {free.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError("scores must not be nan")
    match = np.full(len(scores), -1)
    for i in np.argsort(-scores, kind="stable") if free.size else ():
        best = int(np.argmax(free[i]))
        if free[i, best] >= at_least:
            match[i] = best
            free[:, best] = -1.0
    return match


def average_precision(
    scores: np.ndarray, is_hit: np.ndarray, *, n_true: int
) -> float:
    """COCO's average precision of one class at one threshold of overlap.

    Args:
        scores: (D,) confidence of the detections of all images together;
            equal scores keep their order.
        is_hit: (D,) whether each found a box, as `greedy_match(...) >= 0`
            says image by image.
        n_true: boxes that are there, found or not.

    Returns:
        In [0, 1]: at the 101 recalls 0, 0.01, ... 1, the best precision
        reached at that recall or a higher one (0 where it is not reached),
        averaged; nan if there is no box to find.

    Raises:
        ValueError: lengths differ; more hits than boxes; a score nan.

    Source: Lin et al. (2014), doi:10.1007/978-3-319-10602-1_48.

    >>> average_precision(np.array([0.9, 0.8]), np.array([True, False]),
    ...                   n_true=2).__round__(3)
    0.505
    """
    scores = np.asarray(scores, dtype=np.float64)
    is_hit = np.asarray(is_hit, dtype=bool)
    if scores.ndim != 1 or scores.shape != is_hit.shape:
        raise ValueError(
            "scores and is_hit need one axis of one length, got "
            f"{scores.shape} and {is_hit.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError("scores must not be nan")
    if is_hit.sum() > n_true:
        raise ValueError(
            f"n_true must be at least the {is_hit.sum()} hits, got {n_true}"
        )
    if n_true == 0:
        return float("nan")
    hits = np.cumsum(is_hit[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    wanted = np.arange(101) * n_true  # hits wanted, times 100: exact
    place = np.searchsorted(100 * hits, wanted)
    return float(np.append(best, 0.0)[place].mean())


def _checked_boxes(boxes: np.ndarray) -> np.ndarray:
    boxes = np.asarray(boxes, dtype=np.float64)
    if boxes.ndim != 2 or boxes.shape[-1] != 4:
        raise ValueError(f"boxes must be (n, 4), got shape {boxes.shape}")
    wrong = ~np.isfinite(boxes).all(axis=1)
    wrong |= ~(boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
    if wrong.any():
        raise ValueError(
            "boxes must be finite with left <= right and top <= bottom, got "
            f"{boxes[wrong][0].tolist()}"
        )
    return boxes


def _area(boxes: np.ndarray) -> np.ndarray:
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1)
