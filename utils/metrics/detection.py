"""Object detection: IoU, non-maximum suppression, matching, AP.

A box is (left, top, right, bottom) in any unit. One class and one threshold
of overlap at a time: means over classes, sizes and thresholds belong to the
caller, or to `coco` and `voc`, which follow a protocol to the end.
"""

from __future__ import annotations

import numpy as np

RECALLS = np.linspace(0, 1, 101)


def iou(
    found: np.ndarray,
    true: np.ndarray,
    *,
    crowd: np.ndarray | None = None,
    inclusive: bool = False,
) -> np.ndarray:
    """Intersection over union (IoU) of detected and ground-truth boxes.

    Args:
        found: (D, 4) left, top, right, bottom.
        true: (T, 4) the same.
        crowd: (T,) bool, boxes around many objects at once: a detection of
            one of them is divided by its own area, not by the union.
        inclusive: right and bottom name the last pixel inside, as in VOC's
            files: a side is right - left + 1 long.

    Returns:
        (D, T) in [0, 1]; nan where the divisor is no area at all,
            or areas are beyond a float.

    Raises:
        ValueError: not (…, 4); a box that is not finite, or whose right or
            bottom lies before its left or top; crowd not (T,).

    Source: Everingham et al. (2010), doi:10.1007/s11263-009-0275-4, equation
    3; crowds: Lin et al. (2014), doi:10.1007/978-3-319-10602-1_48.

    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]])).round(3)
    array([[0.333]])
    """
    found, true = checked_boxes(found), checked_boxes(true)
    if crowd is None:
        crowd = np.zeros(len(true), dtype=bool)
    crowd = np.asarray(crowd, dtype=bool)
    if crowd.shape != true.shape[:1]:
        raise ValueError(
            f"crowd must be ({len(true)},), got shape {crowd.shape}"
        )
    return overlap(
        found[:, None], true[None], crowd=crowd, inclusive=inclusive
    )


@np.errstate(over="ignore", invalid="ignore")  # 0/0, inf/inf: nan
def overlap(
    found: np.ndarray,
    true: np.ndarray,
    *,
    crowd: np.ndarray | bool = False,
    inclusive: bool = False,
) -> np.ndarray:
    """Intersection over union of checked boxes (..., 4), broadcast.

    >>> overlap(np.array([0, 0, 2, 2]), np.array([0, 0, 2, 1])).item()
    0.5
    """
    low = np.maximum(found[..., :2], true[..., :2])
    high = np.minimum(found[..., 2:], true[..., 2:])
    shared = np.prod(np.maximum(high - low + inclusive, 0), axis=-1)
    area, true_area = (
        np.prod(boxes[..., 2:] - boxes[..., :2] + inclusive, axis=-1)
        for boxes in (found, true)
    )
    return shared / np.where(crowd, area, area + true_area - shared)


def nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    *,
    at_most: float,
    classes: np.ndarray | None = None,
) -> np.ndarray:
    """Non-maximum suppression: keep a box unless a surer one covers it.

    Args:
        boxes: (D, 4) left, top, right, bottom.
        scores: (D,) confidence; equal scores keep their order.
        at_most: IoU in [0, 1] up to which two boxes may both stay.
        classes: (D,) boxes of different classes leave each other alone.

    Returns:
        (K,) rows that stay, surest first. Boxes without area overlap nothing.

    Raises:
        ValueError: shapes that do not fit; a box as `iou` refuses it; a score
            that is nan; at_most outside [0, 1].

    >>> box = np.array([[0, 0, 9, 9], [0, 0, 9, 8], [5, 5, 9, 9]])
    >>> nms(box, np.array([0.7, 0.9, 0.8]), at_most=0.5)
    array([1, 2])
    """
    boxes = checked_boxes(boxes)
    scores = np.asarray(scores, dtype=np.float64)
    classes = np.zeros(len(boxes)) if classes is None else np.asarray(classes)
    if not 0 <= at_most <= 1:
        raise ValueError(f"at_most must be in [0, 1], got {at_most}")
    if scores.shape != (len(boxes),) or classes.shape != scores.shape:
        raise ValueError(
            f"scores and classes must be ({len(boxes)},), got "
            f"{scores.shape} and {classes.shape}"
        )
    _refuse_nan(scores)
    left = np.argsort(-scores, kind="stable")  # over, surest first
    kept = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        covered = overlap(boxes[best], boxes[left]) > at_most
        left = left[~(covered & (classes[left] == classes[best]))]
    return np.array(kept, dtype=np.int64)


def greedy_match(
    scores: np.ndarray, overlap: np.ndarray, *, at_least: float
) -> np.ndarray:
    """Greedy matching of detections to ground truth, best score first.

    Args:
        scores: (D,) confidence; equal scores keep their order.
        overlap: (D, T) as `iou` gives it.
        at_least: overlap from which a detection counts, above 0, up to 1.

    Returns:
        (D,) the true box that each detection found, -1 for a false alarm:
        the free box of largest overlap, in a tie the last, as pycocotools
        has it. A second detection of the same box is a false alarm.

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
    _refuse_nan(scores)
    match = np.full(len(scores), -1)
    for i in np.argsort(-scores, kind="stable") if free.size else ():
        best = free.shape[1] - 1 - int(np.argmax(free[i, ::-1]))
        if free[i, best] >= at_least:
            match[i] = best
            free[:, best] = -1.0
    return match


def average_precision(
    scores: np.ndarray, is_true_positive: np.ndarray, *, n_ground_truth: int
) -> float:
    """COCO's average precision of one class at one IoU threshold.

    Args:
        scores: (D,) confidence of the detections of all images together;
            equal scores keep their order.
        is_true_positive: (D,) whether each found a box, as
            `greedy_match(...) >= 0` says image by image.
        n_ground_truth: boxes that are there, found or not.

    Returns:
        In [0, 1]: at the 101 recalls 0, 0.01, ... 1, the best precision
        reached at that recall or a higher one (0 where it is not reached),
        averaged; nan if there is no box to find. Recalls are compared as
        floats, as pycocotools does: 7 of 10 fall short of 70 * 0.01.

    Raises:
        ValueError: lengths differ; more hits than boxes; a score nan.

    Source: Lin et al. (2014), doi:10.1007/978-3-319-10602-1_48.

    >>> average_precision(np.array([0.9, 0.8]), np.array([True, False]),
    ...                   n_ground_truth=2).__round__(3)
    0.505
    """
    hits, best = interpolated_precision(
        scores, is_true_positive, n_ground_truth=n_ground_truth
    )
    if n_ground_truth == 0:
        return float("nan")
    place = np.searchsorted(hits / n_ground_truth, RECALLS)
    return float(np.append(best, 0.0)[place].mean())


def interpolated_precision(
    scores: np.ndarray, is_true_positive: np.ndarray, *, n_ground_truth: int
) -> tuple[np.ndarray, np.ndarray]:
    """True positives so far and interpolated precision, surest first.

    Args:
        scores: (D,) confidence; equal scores keep their order.
        is_true_positive: (D,) whether each found a box.
        n_ground_truth: boxes that are there, found or not.

    Returns:
        (D,) int hits among the surest 1, 2, ... D detections, and (D,) the
        largest precision at that number or a larger one.

    Raises:
        ValueError: lengths differ; more hits than boxes; a score nan.

    >>> interpolated_precision(np.array([0.9, 0.8]), np.array([False, True]),
    ...                n_ground_truth=1)
    (array([0, 1]), array([0.5, 0.5]))
    """
    scores = np.asarray(scores, dtype=np.float64)
    is_true_positive = np.asarray(is_true_positive, dtype=bool)
    if scores.ndim != 1 or scores.shape != is_true_positive.shape:
        raise ValueError(
            "scores and is_true_positive need one axis of one length, got "
            f"{scores.shape} and {is_true_positive.shape}"
        )
    _refuse_nan(scores)
    if is_true_positive.sum() > n_ground_truth:
        raise ValueError(
            "n_ground_truth must be at least the "
            f"{is_true_positive.sum()} true positives, got {n_ground_truth}"
        )
    hits = np.cumsum(is_true_positive[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    return hits, np.maximum.accumulate(precision[::-1])[::-1]


def checked_boxes(boxes: np.ndarray) -> np.ndarray:
    """(n, 4) float64, or a refusal as `iou` names it.

    >>> checked_boxes([[0, 0, 1, 1]]).dtype
    dtype('float64')
    """
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


def _refuse_nan(scores: np.ndarray) -> None:
    if np.isnan(scores).any():
        raise ValueError(
            f"scores must not be nan, got {np.isnan(scores).sum()} of "
            f"{scores.size}"
        )
