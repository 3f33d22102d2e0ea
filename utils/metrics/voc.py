"""PASCAL VOC evaluation: average precision of detected boxes.

Unlike COCO: one threshold of overlap; a detection claims the box that it
covers most even if that is taken, and is then a false alarm; objects marked
difficult count neither for nor against.

Source: Everingham et al. (2010), doi:10.1007/s11263-009-0275-4. The paper
says that overlap must exceed 0.5; the development kit, and this module, let
0.5 itself count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import detection


class Objects(NamedTuple):
    """Ground truth: (T,) image and label, any sortable type; (T, 4) boxes
    left, top, right, bottom; (T,) bool, difficult ones need not be found."""

    image: np.ndarray
    label: np.ndarray
    box: np.ndarray
    difficult: np.ndarray


class Detections(NamedTuple):
    """Detections: (D,) image and label, (D, 4) boxes, (D,) scores."""

    image: np.ndarray
    label: np.ndarray
    box: np.ndarray
    score: np.ndarray


class VocResult(NamedTuple):
    """Average precision by label, ascending, and mean over the labels.

    ap: the area under the curve, the challenge's measure from 2010 on.
    ap_11: precision at eleven recalls, the measure up to 2009.
    """

    ap: dict
    ap_11: dict
    mean_ap: float
    mean_ap_11: float


def voc_evaluate(
    objects: Objects,
    detections: Detections,
    *,
    at_least: float = 0.5,
    inclusive: bool = True,
) -> VocResult:
    """PASCAL VOC average precision by label, and mean, by both rules.

    Args:
        objects: what is there.
        detections: what was found; equal scores keep their order.
        at_least: overlap from which a detection counts, above 0, up to 1.
        inclusive: right and bottom name the last pixel inside, as in VOC's
            own files; False for boxes whose sides are right - left long.

    Returns:
        AP in [0, 1]; nan for a label without objects that count.

    Raises:
        ValueError: as `match_detections` does.

    >>> what = Objects([0], ["cat"], [[0, 0, 9, 9]], [False])
    >>> voc_evaluate(what, Detections([0], ["cat"], [[0, 0, 9, 4]], [0.8])).ap
    {'cat': 1.0}
    """
    verdict = match_detections(
        objects, detections, at_least=at_least, inclusive=inclusive
    )
    counts = ~np.asarray(objects.difficult, dtype=bool)
    there, found = np.asarray(objects.label), np.asarray(detections.label)
    scores = np.asarray(detections.score, dtype=np.float64)
    ap, ap_11 = {}, {}
    for label in sorted({*there.tolist(), *found.tolist()}):
        here = (found == label) & (verdict >= 0)
        n_ground_truth = int((counts & (there == label)).sum())
        curve = scores[here], verdict[here] == 1
        ap[label] = average_precision(*curve, n_ground_truth=n_ground_truth)
        ap_11[label] = average_precision_11(
            *curve, n_ground_truth=n_ground_truth
        )
    return VocResult(ap, ap_11, _mean_defined(ap), _mean_defined(ap_11))


def match_detections(
    objects: Objects,
    detections: Detections,
    *,
    at_least: float = 0.5,
    inclusive: bool = True,
) -> np.ndarray:
    """Match of each detection: true positive, false positive or ignored.

    Args:
        objects, detections, at_least, inclusive: as in `voc_evaluate`.

    Returns:
        (D,) 1 for a hit, 0 for a false alarm, -1 for a detection of a
        difficult object, which does not count. Each detection claims the
        object of its image and label with the largest overlap, the first of
        equals; an object is hit by the surest of those that claim it.

    Raises:
        ValueError: lengths differ; a box that is not finite or whose right or
            bottom lies before its left or top; a score that is not finite;
            at_least outside (0, 1].

    >>> what = Objects([0], ["cat"], [[0, 0, 9, 9]], [True])
    >>> match_detections(what, Detections([0], ["cat"], [[0, 0, 9, 9]], [0.8]))
    array([-1])
    """
    objects, detections = (
        _checked(objects, "objects"),
        _checked(detections, "detections"),
    )
    if not 0 < at_least <= 1:
        raise ValueError(
            f"at_least must be above 0 and up to 1, got {at_least}"
        )
    if not np.isfinite(detections.score).all():
        wrong = int(np.argmin(np.isfinite(detections.score)))
        raise ValueError(
            f"scores must be finite, got {detections.score[wrong]} in "
            f"detections[{wrong}]"
        )
    claim, overlap = _claims(objects, detections, inclusive=inclusive)
    claim = np.where(overlap >= at_least, claim, -1)
    verdict = np.zeros(len(claim), dtype=np.int64)
    order = np.argsort(-detections.score, kind="stable")
    _, surest = np.unique(claim[order], return_index=True)
    verdict[order[surest]] = 1
    verdict[claim < 0] = 0
    difficult = np.append(objects.difficult, False)  # place -1: no claim
    verdict[difficult[claim]] = -1
    return verdict


def average_precision(
    scores: np.ndarray, is_true_positive: np.ndarray, *, n_ground_truth: int
) -> float:
    """Average precision: area under interpolated precision (VOC 2010).

    Args:
        scores: (D,) confidence; equal scores keep their order.
        is_true_positive: (D,) whether each found an object; detections of
            difficult objects are left out by the caller.
        n_ground_truth: objects that are there and not difficult.

    Returns:
        In [0, 1]: the sum over hits of the best precision from there on,
        divided by n_ground_truth; nan if that is 0.

    Raises:
        ValueError: lengths differ; more hits than objects; a score nan.

    Source: Everingham et al. (2010), doi:10.1007/s11263-009-0275-4; the rule
    of the development kits from 2010 on.

    >>> average_precision(np.array([0.9, 0.8]), np.array([False, True]),
    ...                   n_ground_truth=2)
    0.25
    """
    hits, best = detection.interpolated_precision(
        scores, is_true_positive, n_ground_truth=n_ground_truth
    )
    if n_ground_truth == 0:
        return float("nan")
    return float(best[np.diff(hits, prepend=0) > 0].sum() / n_ground_truth)


def average_precision_11(
    scores: np.ndarray, is_true_positive: np.ndarray, *, n_ground_truth: int
) -> float:
    """11-point average precision: recalls 0, 0.1, ... 1 (VOC 2007).

    Args, Raises: as `average_precision`.

    Returns:
        In [0, 1], 0 at recalls that are not reached; nan if n_ground_truth is
        0. Recalls are compared as whole numbers: 3 of 10 reach 0.3.

    Source: Everingham et al. (2010), doi:10.1007/s11263-009-0275-4.

    >>> average_precision_11(np.array([0.9, 0.8]), np.array([True, False]),
    ...                      n_ground_truth=2).__round__(3)
    0.545
    """
    hits, best = detection.interpolated_precision(
        scores, is_true_positive, n_ground_truth=n_ground_truth
    )
    if n_ground_truth == 0:
        return float("nan")
    place = np.searchsorted(10 * hits, np.arange(11) * n_ground_truth)
    return float(np.append(best, 0.0)[place].mean())


def _claims(
    objects: Objects, detections: Detections, *, inclusive: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(D,) the object that each covers most, its overlap; -1 and 0 if none."""
    claim = np.full(len(detections.score), -1)
    overlap = np.zeros(len(claim))
    group, found_group = _groups(objects, detections)
    by_group = np.argsort(group, kind="stable")
    low = np.searchsorted(group[by_group], found_group, side="left")
    high = np.searchsorted(group[by_group], found_group, side="right")
    for nth in range(int((high - low).max(initial=0))):  # the nth of a group
        d = np.flatnonzero(low + nth < high)
        t = by_group[low[d] + nth]
        now = detection.overlap(
            detections.box[d], objects.box[t], inclusive=inclusive
        )
        more = now > overlap[d]  # not so for nan: boxes without area
        claim[d[more]], overlap[d[more]] = t[more], now[more]
    return claim, overlap


def _groups(
    objects: Objects, detections: Detections
) -> tuple[np.ndarray, np.ndarray]:
    """(T,), (D,) a number for each image and label."""
    n = len(objects.label)
    image, label = (
        np.unique(np.concatenate(pair), return_inverse=True)[1]
        for pair in zip(objects[:2], detections[:2], strict=True)
    )
    group = image * (label.max(initial=0) + 1) + label
    return group[:n], group[n:]


def _checked(table: Objects | Detections, name: str) -> Objects | Detections:
    image, label, box, last = table
    box = np.asarray(box, dtype=np.float64)
    box = detection.checked_boxes(box if box.size else box.reshape(-1, 4))
    kind = bool if name == "objects" else np.float64
    columns = np.asarray(image), np.asarray(label), np.asarray(last, kind)
    for what, ids in zip(("image", "label"), columns[:2], strict=True):
        if ids.dtype.kind == "f" and not np.isfinite(ids).all():
            wrong = ids[~np.isfinite(ids)][0]
            raise ValueError(f"{what} of {name} must be an id, got {wrong}")
    lengths = [len(column) for column in (*columns, box)]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{name} must have columns of one length, got image, label, "
            f"{table._fields[3]}, box of {lengths}"
        )
    return type(table)(*columns[:2], box, columns[2])


def _mean_defined(values: dict) -> float:
    array = np.array(list(values.values()))
    array = array[~np.isnan(array)]
    return float(array.mean()) if array.size else float("nan")
