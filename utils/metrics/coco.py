"""COCO evaluation: average precision and recall of detected boxes.

Within one image and class, detections take boxes from the surest down, for
ten thresholds of overlap and four ranges of area. These forty questions are
answered together: each is one bit of a 64-bit word.

Only boxes are measured; segmentations and key points are not read.

Source: Lin et al. (2014), doi:10.1007/978-3-319-10602-1_48. Ties and rounding
are those of pycocotools, which is the definition in practice.
"""

from __future__ import annotations

from os import PathLike
from typing import NamedTuple

import numpy as np

from . import coco_files
from .coco_files import Detections, GroundTruth

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of overlap
RECALLS = np.linspace(0, 1, 101)
AREAS = np.array([[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]])
MAX_DETECTIONS = 100  # of one class in one image
NAMES = (
    "AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large",
    "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large",
)  # fmt: skip

_T, _A = len(THRESHOLDS), len(AREAS)  # bit a * _T + t: area a, threshold t
_AREA_BITS = np.array(
    [sum(1 << (a * _T + t) for t in range(_T)) for a in range(_A)], np.uint64
)
# by the number of thresholds reached: these thresholds, in each range of area
_REACHED = np.array(
    [sum(1 << (a * _T + t) for a in range(_A) for t in range(n))
     for n in range(_T + 1)], np.uint64
)  # fmt: skip
_NONE, _ALL = np.uint64(0), _REACHED[-1]
_BLOCK = 2048  # detections at once, with all their boxes: what a cache holds


class CocoResult(NamedTuple):
    """COCO summary metrics, and average precision by class.

    summary: the twelve numbers that COCO prints, by name and in its order.
    ap_per_class: AP by category id, ascending.
    """

    summary: dict[str, float]
    ap_per_class: dict[int, float]


def coco_evaluate(
    annotations: str | PathLike | dict, detections: str | PathLike | list
) -> CocoResult:
    """COCO evaluation of boxes: the twelve summary metrics, AP by class.

    Args:
        annotations: path of the JSON file, or its content: `images` and
            `categories` with `id`, `annotations` with `id`, `image_id`,
            `category_id`, `bbox` (left, top, width, height), `area` and
            `iscrowd` (0 where it is missing). Detections on a crowd count
            neither for nor against; so do those on boxes of other areas.
        detections: path or content: a list of `image_id`, `category_id`,
            `bbox`, `score`. Other keys are not read, here and above.

    Returns:
        Numbers in [0, 1]; nan where there is no box to find (pycocotools
        prints -1), 0 where there are some and no detection. AP is the mean
        over classes that have boxes, over thresholds of overlap .50, .55,
        ... .95, and over 101 recalls. AP50 and AP75 are one threshold; small
        is up to 32², medium 32² to 96², large from 96², both ends included,
        by the `area` of an annotation. AR_k is the recall with at most k
        detections of a class in an image, mean over classes and thresholds;
        all others keep 100.

        Equal scores: images by ascending id, then as listed. Of boxes that
        overlap a detection equally, the one listed last is taken.

    Raises:
        ValueError: a key is missing; a box, area or score is not finite or
            a size negative; an id stands twice; an image or category is not
            listed (pycocotools drops such categories in silence). The
            message names the entry.

    One difference: pycocotools takes a match with the annotation of id 0 for
    a false alarm. Here an id is only a name.

    >>> box = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9]}
    >>> truth = {"images": [{"id": 7}], "categories": [{"id": 1}],
    ...          "annotations": [{**box, "id": 1, "area": 81}]}
    >>> coco_evaluate(truth, [{**box, "score": 0.8}]).summary["AP"]
    1.0
    """
    truth = coco_files.read_ground_truth(annotations)
    found = coco_files.read_detections(detections, truth)
    found, rank = _surest_first(found, n_images=len(truth.images))
    pairs = _close_pairs(found, truth)
    ignored = _outside(truth.area) | np.where(truth.crowd, _ALL, _NONE)
    taken, spare = _match(pairs, ignored, truth.crowd, n_found=len(rank))
    hit = taken & ~spare
    alarm = ~taken & ~_outside(_sides_and_area(found.box)[4])
    n_classes = len(truth.categories)
    n_ground_truth = _count(~ignored, truth.category, n_classes)
    ap = _average_precision(hit, hit | alarm, found.category, n_ground_truth)
    hits = {
        k: _count(hit[rank < k], found.category[rank < k], n_classes)
        for k in (1, 10, MAX_DETECTIONS)
    }
    by_class = ap[:, 0].mean(axis=-1).tolist()
    return CocoResult(
        _summary(ap, hits, n_ground_truth),
        dict(zip(truth.categories, by_class, strict=True)),
    )


def _summary(
    ap: np.ndarray, hits: dict[int, np.ndarray], n_ground_truth: np.ndarray
) -> dict[str, float]:
    """AP and hits by most detections an image, (K, A, T) each, in means."""
    boxes = np.where(n_ground_truth > 0, n_ground_truth, np.nan)
    recall = {k: counts / boxes for k, counts in hits.items()}
    values = [
        ap[:, 0],
        ap[:, 0, 0],  # .50
        ap[:, 0, 5],  # .75
        *ap[:, 1:].swapaxes(0, 1),
        *(recall[k][:, 0] for k in (1, 10, MAX_DETECTIONS)),
        *recall[MAX_DETECTIONS][:, 1:].swapaxes(0, 1),
    ]
    defined = (v[~np.isnan(v)] for v in values)
    means = (float(v.mean()) if v.size else float("nan") for v in defined)
    return dict(zip(NAMES, means, strict=True))


def _surest_first(
    found: Detections, *, n_images: int
) -> tuple[Detections, np.ndarray]:
    """By class, surest first; (D,) rank in its class and image, below 100.

    Equal scores: images in order, then as listed.
    """
    listed = _order(found.image)
    n = len(listed)
    level = np.unique(-found.score[listed], return_inverse=True)[1]
    key = (found.category[listed] * n + level) * n + np.arange(n)  # in one
    found = _rows(found, listed[np.sort(key) % max(n, 1)])
    by_group = _order(found.category, found.image)
    group = (found.category * n_images + found.image)[by_group]
    rank = np.empty(len(group), np.int64)
    rank[by_group] = _place_in_group(group)
    keep = np.flatnonzero(rank < MAX_DETECTIONS)
    return _rows(found, keep), rank[keep]


class _Pairs(NamedTuple):
    """A detection with a box of its class and image, well overlapped.

    By group (class and image); in it, the surest detection first; in it, the
    largest overlap first, then the box listed last.
    """

    found: np.ndarray  # (P,) row of the detection
    true: np.ndarray  # (P,) row of the box
    overlap: np.ndarray  # (P,) from the first threshold on
    group: np.ndarray  # (P,)


def _close_pairs(found: Detections, truth: GroundTruth) -> _Pairs:
    row = _order(found.category, found.image)
    true_row = _order(truth.category, truth.image)
    group = (found.category * len(truth.images) + found.image)[row]
    true_group = (truth.category * len(truth.images) + truth.image)[true_row]
    end = np.searchsorted(true_group, group, side="right")
    size = end - np.searchsorted(true_group, group, side="left")
    sides = _sides_and_area(found.box[row])
    true_sides = _sides_and_area(truth.box[true_row])
    crowd = truth.crowd[true_row]
    kept = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for start in range(0, len(row), _BLOCK):
        part = slice(start, start + _BLOCK)
        d = np.repeat(np.arange(len(row))[part], size[part])
        t = end[d] - 1 - _place_in_group(d)  # the box listed last comes first
        d, t, overlap = _close(d, t, sides, true_sides, crowd)
        order = np.lexsort((-overlap, d))
        kept.append((d[order], t[order], overlap[order]))
    d, t, overlap = map(np.concatenate, zip(*kept, strict=True))
    return _Pairs(row[d], true_row[t], overlap, group[d])


@np.errstate(over="ignore", invalid="ignore")  # beyond floats: not close
def _close(
    d: np.ndarray,
    t: np.ndarray,
    found: np.ndarray,
    true: np.ndarray,
    crowd: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs that reach the first threshold, and their overlap.

    IoU; with a crowd the share of the detection that lies inside.
    """
    width = np.minimum(found[2, d], true[2, t])
    width -= np.maximum(found[0, d], true[0, t])
    height = np.minimum(found[3, d], true[3, t])
    height -= np.maximum(found[1, d], true[1, t])
    meet = np.flatnonzero((width > 0) & (height > 0))
    d, t = d[meet], t[meet]
    shared = width[meet] * height[meet]
    area, true_area = found[4, d], true[4, t]
    overlap = shared / np.where(crowd[t], area, area + true_area - shared)
    close = np.flatnonzero(overlap >= THRESHOLDS[0])
    return d[close], t[close], overlap[close]


@np.errstate(over="ignore")
def _sides_and_area(box: np.ndarray) -> np.ndarray:
    """(5, N) left, top, right, bottom, area of boxes with width, height."""
    left, top, width, height = box.T
    return np.stack([left, top, left + width, top + height, width * height])


def _match(
    pairs: _Pairs, ignored: np.ndarray, crowd: np.ndarray, *, n_found: int
) -> tuple[np.ndarray, np.ndarray]:
    """(D,) bits in which a detection took a box; in which one not counted.

    A detection looks at boxes that count before those that are ignored. A
    box is taken once, a crowd any number of times. In a round every group
    plays its next pair, so that no detection and no box comes up twice.
    """
    reached = np.searchsorted(THRESHOLDS, pairs.overlap, side="right")
    bits, lost = _REACHED[reached], ignored[pairs.true]
    may = np.append(bits & ~lost, bits & lost)
    second = np.repeat([_NONE, _ALL], len(bits))
    # by detection: its pairs that count, then those that are ignored
    order = _order(np.tile(np.cumsum(_is_first(pairs.found)), 2))
    order = order[may[order] != 0]
    turn = _place_in_group(np.tile(pairs.group, 2)[order])
    order = order[_order(turn)]
    may, second = may[order], second[order]
    d, t = np.tile(pairs.found, 2)[order], np.tile(pairs.true, 2)[order]
    again = np.where(crowd, _ALL, _NONE)
    gone = np.zeros(len(crowd), np.uint64)  # where each box is taken
    taken, spare = np.zeros((2, n_found), np.uint64)
    end = 0
    for size in np.bincount(turn):
        now = slice(end, end := end + size)
        i, j = d[now], t[now]
        hit = may[now] & ~taken[i] & (~gone[j] | again[j])
        taken[i] |= hit
        gone[j] |= hit
        spare[i] |= hit & second[now]
    return taken, spare


def _average_precision(
    hit: np.ndarray,
    counted: np.ndarray,
    category: np.ndarray,
    n_ground_truth: np.ndarray,
) -> np.ndarray:
    """(K, A, T) from (D,) bits, surest first in each class; nan: no box.

    The best precision at a recall or beyond is reached at a hit, so that
    only hits are looked at.
    """
    ap = np.full(n_ground_truth.shape, np.nan)
    of_class = np.bincount(category, minlength=len(n_ground_truth))
    first = np.cumsum(of_class) - of_class
    for i, (is_true_positive, is_counted) in enumerate(
        zip(_planes(hit), _planes(counted), strict=True)
    ):
        n = n_ground_truth[:, i // _T, i % _T]
        seen = np.append(0, np.cumsum(is_counted, dtype=np.int64))
        at = np.flatnonzero(is_true_positive)
        hits = np.bincount(category[at], minlength=len(n))
        before = np.cumsum(hits) - hits  # hits of earlier classes
        nth = np.arange(1, len(at) + 1) - before[category[at]]
        precision = nth / (seen[at + 1] - seen[first[category[at]]])
        place = np.minimum(_hits_needed(n) - 1, hits[:, None])
        best = np.maximum.reduceat(
            np.append(precision, 0.0), (before[:, None] + place).ravel()
        ).reshape(place.shape)  # from one recall to the next
        best[place == hits[:, None]] = 0.0  # recalls that are not reached
        best = np.maximum.accumulate(best[:, ::-1], axis=1)
        ap[:, i // _T, i % _T] = best.mean(axis=1)
    return np.where(n_ground_truth > 0, ap, np.nan)


def _hits_needed(n_ground_truth: np.ndarray) -> np.ndarray:
    """(K, 101) hits from which each recall is reached, at least 1.

    Compared as pycocotools does it: 57 of 100 fall short of RECALLS[57],
    which is a rounding error above 0.57.
    """
    n = np.maximum(n_ground_truth, 1)[:, None]
    hits = np.floor(RECALLS * n)
    return np.maximum(hits + (hits / n < RECALLS), 1).astype(np.int64)


def _outside(area: np.ndarray) -> np.ndarray:
    """(N,) bits of the ranges in which an area does not lie."""
    out = (area[:, None] < AREAS[:, 0]) | (area[:, None] > AREAS[:, 1])
    return np.where(out, _AREA_BITS, _NONE).sum(axis=1, dtype=np.uint64)


def _planes(bits: np.ndarray) -> np.ndarray:
    """(A * T, N) bool, a row for each bit."""
    octets = bits.astype("<u8").view(np.uint8).reshape(-1, 8)
    used = np.ascontiguousarray(octets[:, : _A * _T // 8].T)
    planes = [np.unpackbits(row[None], 0, bitorder="little") for row in used]
    return np.concatenate(planes).view(bool)


def _count(bits: np.ndarray, category: np.ndarray, n: int) -> np.ndarray:
    """(K, A, T) how many rows of each class have each bit."""
    some = np.flatnonzero(bits)
    category = category[some]
    counts = [
        np.bincount(category[plane], minlength=n)
        for plane in _planes(bits[some])
    ]
    return np.stack(counts, axis=-1).reshape(n, _A, _T)


def _rows(found: Detections, rows: np.ndarray) -> Detections:
    return Detections(*(column[rows] for column in found))


def _order(*keys: np.ndarray) -> np.ndarray:
    """Stable order by the first key, ties by the next, and so on.

    Places are narrowed first: numpy sorts 16 bits by radix, five times as
    fast.
    """
    narrow = [
        key.astype(np.min_scalar_type(key.max(initial=0)))
        if key.dtype.kind == "i"
        else key
        for key in keys
    ]
    return np.lexsort(narrow[::-1])


def _is_first(group: np.ndarray) -> np.ndarray:
    """(N,) whether an entry differs from the one before."""
    return np.append(True, group[1:] != group[:-1])[: len(group)]


def _place_in_group(group: np.ndarray) -> np.ndarray:
    """(N,) 0, 1, 2, ... within each run of equal entries."""
    place = np.arange(len(group))
    return place - np.maximum.accumulate(np.where(_is_first(group), place, 0))
