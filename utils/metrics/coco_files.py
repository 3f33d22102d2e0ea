"""COCO annotation and result files, checked, as arrays."""

from __future__ import annotations

import json
from operator import itemgetter
from os import PathLike
from struct import Struct, pack
from struct import error as StructError
from typing import NamedTuple

import numpy as np

FOUR = Struct("4d").pack  # a box, as bytes


class GroundTruth(NamedTuple):
    """Ground-truth boxes of an annotation file, as listed.

    images, categories: ids, ascending; image, category: (T,) places there.
    box: (T, 4) left, top, width, height. area: (T,) of the object itself.
    crowd: (T,) bool, one box around many objects.
    """

    images: list
    categories: list
    image: np.ndarray
    category: np.ndarray
    box: np.ndarray
    area: np.ndarray
    crowd: np.ndarray


class Detections(NamedTuple):
    """Detections as listed: (D,) places, (D, 4) boxes, (D,) scores."""

    image: np.ndarray
    category: np.ndarray
    box: np.ndarray
    score: np.ndarray


def read_ground_truth(annotations: str | PathLike | dict) -> GroundTruth:
    """Ground truth of an annotation file or of its content.

    Args:
        annotations: path of a JSON file, or what it holds: a dict of
            `images`, `categories` and `annotations`.

    Raises:
        ValueError: a key is missing; an id twice; an image or category that
            is not listed; a box or area that is negative or not finite.

    >>> empty = {"images": [], "categories": [], "annotations": []}
    >>> read_ground_truth(empty).images
    []
    """
    content = _content(annotations)
    if not isinstance(content, dict):
        raise ValueError(
            f"annotations must be a dict, got {type(content).__name__}"
        )
    names = ("images", "categories", "annotations")
    for name in names:
        if name not in content:
            raise ValueError(f"annotations must have the key {name!r}")
    ids = {name: _columns(content[name], ("id",), name)[0] for name in names}
    place = {name: _places(ids[name], name) for name in names}
    _, image, category, box, area = _columns(
        content["annotations"],
        ("id", "image_id", "category_id", "bbox", "area"),
        "annotations",
    )
    crowd = [bool(a.get("iscrowd", 0)) for a in content["annotations"]]
    areas = _numbers(area, "annotations", "area")
    _refuse(areas < 0, area, "annotations", "area", "not be negative")
    return GroundTruth(
        list(place["images"]),
        list(place["categories"]),
        _look_up(image, place["images"], "annotations", "image_id"),
        _look_up(category, place["categories"], "annotations", "category_id"),
        _boxes(box, "annotations"),
        areas,
        np.array(crowd, dtype=bool),
    )


def read_detections(
    detections: str | PathLike | list, truth: GroundTruth
) -> Detections:
    """Detections of a results file or of its content.

    Args:
        detections: path of a JSON file, or what it holds: a list of dicts.
        truth: names the images and categories.

    Raises:
        ValueError: a key is missing; an image or category that `truth` does
            not list; a box with a negative size; a number that is not
            finite.

    >>> read_detections([], read_ground_truth(
    ...     {"images": [], "categories": [], "annotations": []})).box.shape
    (0, 4)
    """
    image, category, box, score = _columns(
        _content(detections),
        ("image_id", "category_id", "bbox", "score"),
        "detections",
    )
    images = {key: i for i, key in enumerate(truth.images)}
    categories = {key: i for i, key in enumerate(truth.categories)}
    return Detections(
        _look_up(image, images, "detections", "image_id"),
        _look_up(category, categories, "detections", "category_id"),
        _boxes(box, "detections"),
        _numbers(score, "detections", "score"),
    )


def _content(source: str | PathLike | dict | list) -> dict | list:
    if not isinstance(source, str | PathLike):
        return source
    with open(source, "rb") as file:
        return json.load(file)


def _columns(entries: list, keys: tuple[str, ...], name: str) -> list:
    """One tuple a key; names the first entry that lacks one."""
    if not isinstance(entries, list):
        raise ValueError(
            f"{name} must be a list, got {type(entries).__name__}"
        )
    try:
        return [tuple(map(itemgetter(key), entries)) for key in keys]
    except (KeyError, TypeError):
        for i, entry in enumerate(entries):
            for key in keys:
                if not isinstance(entry, dict) or key not in entry:
                    raise ValueError(
                        f"{name}[{i}] must have the key {key!r}, got "
                        f"{str(entry)[:80]}"
                    ) from None
        raise  # pragma: no cover


def _places(ids: tuple, name: str) -> dict:
    """Place of each id in ascending order."""
    try:
        place = {key: i for i, key in enumerate(sorted(ids))}
    except TypeError:
        raise ValueError(
            f"{name} must have ids that can be sorted, all of one type"
        ) from None
    if len(place) < len(ids):
        seen = set()
        for i, key in enumerate(ids):
            if key in seen:
                raise ValueError(
                    f"{name}[{i}] must have an id of its own, got {key!r}"
                )
            seen.add(key)
    return place


def _look_up(ids: tuple, place: dict, name: str, key: str) -> np.ndarray:
    try:
        return np.fromiter(map(place.__getitem__, ids), np.int64, len(ids))
    except (KeyError, TypeError):
        for i, value in enumerate(ids):
            if not (value.__hash__ and value in place):
                raise ValueError(
                    f"{name}[{i}] must have a listed {key}, got {value!r}"
                ) from None
        raise  # pragma: no cover


def _boxes(boxes: tuple, name: str) -> np.ndarray:
    """(N, 4), each with finite numbers and no negative size."""
    try:
        packed = b"".join([FOUR(*box) for box in boxes])
    except (StructError, TypeError, OverflowError):
        for i, box in enumerate(boxes):
            if not hasattr(box, "__len__") or len(box) != 4:
                raise ValueError(
                    f"{name}[{i}] bbox must be four numbers, got {box!r}"
                ) from None
        wrong = np.array([not _are_numbers(*box) for box in boxes])
        _refuse(wrong, boxes, name, "bbox", "be finite numbers")
        raise  # pragma: no cover
    numbers = np.frombuffer(packed).reshape(-1, 4)
    wrong = ~np.isfinite(numbers).all(axis=1)
    _refuse(wrong, boxes, name, "bbox", "be finite numbers")
    negative = (numbers[:, 2:] < 0).any(axis=1)
    _refuse(negative, boxes, name, "bbox", "have no negative size")
    return numbers


def _numbers(entries: tuple, name: str, key: str) -> np.ndarray:
    """(N,) float64; names the first that is no number or not finite."""
    try:  # unlike numpy, struct takes no string for a number
        numbers = np.frombuffer(pack(f"{len(entries)}d", *entries))
    except (StructError, OverflowError):
        wrong = np.array([not _are_numbers(entry) for entry in entries])
        _refuse(wrong, entries, name, key, "be finite numbers")
        raise  # pragma: no cover
    _refuse(~np.isfinite(numbers), entries, name, key, "be finite numbers")
    return numbers


def _are_numbers(*values) -> bool:
    try:
        pack(f"{len(values)}d", *values)
    except (StructError, OverflowError):
        return False
    return True


def _refuse(
    wrong: np.ndarray, entries: tuple, name: str, key: str, rule: str
) -> None:
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(f"{name}[{i}] {key} must {rule}, got {entries[i]!r}")
