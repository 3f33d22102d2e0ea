"""What COCO's two JSON files hold, checked."""

import copy
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.metrics import coco, coco_files

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
TRUTH = {
    "images": [{"id": 9}, {"id": 4}],
    "categories": [{"id": 2}, {"id": 1}],
    "annotations": [
        {"id": 5, "image_id": 4, "category_id": 2, "bbox": [1, 2, 3, 4],
         "area": 10, "iscrowd": 1},
        {"id": 3, "image_id": 9, "category_id": 1, "bbox": [0, 0, 0, 0],
         "area": 0},
    ],
}  # fmt: skip
FOUND = [
    {"image_id": 9, "category_id": 2, "bbox": [1, 2, 3.5, 4], "score": 0.5},
    {"image_id": 4, "category_id": 1, "bbox": (0, 0, 1, 1), "score": 1},
]


def test_by_hand():
    truth = coco_files.read_ground_truth(TRUTH)
    assert truth.images == [4, 9] and truth.categories == [1, 2]
    assert truth.image.tolist() == [0, 1]
    assert truth.category.tolist() == [1, 0]
    assert truth.box.tolist() == [[1, 2, 3, 4], [0, 0, 0, 0]]
    assert truth.area.tolist() == [10, 0]
    assert truth.crowd.tolist() == [True, False]
    found = coco_files.read_detections(FOUND, truth)
    assert found.image.tolist() == [1, 0]
    assert found.category.tolist() == [1, 0]
    assert found.box.tolist() == [[1, 2, 3.5, 4], [0, 0, 1, 1]]
    assert found.score.tolist() == [0.5, 1]


def changed(part, value):
    """Both files, one place of them changed; `del` removes a key."""
    files = copy.deepcopy({"annotations": TRUTH, "detections": FOUND})
    *way, last = part
    place = files
    for key in way:
        place = place[key]
    if value is del_:
        del place[last]
    else:
        place[last] = value
    return files["annotations"], files["detections"]


del_ = object()
A, D = ("annotations", "annotations", 1), ("detections", 1)


@pytest.mark.parametrize(
    "part, value, message",
    [
        (("annotations",), [], "annotations must be a dict, got list"),
        (("detections",), {}, "detections must be a list, got dict"),
        (("annotations", "images"), del_, "must have the key 'images'"),
        (("annotations", "images"), {}, "images must be a list, got dict"),
        (("annotations", "images", 1), 7, r"images\[1\] must have .*'id'"),
        (("annotations", "images", 0, "id"), 4, r"images\[1\] .* own, got 4"),
        (("annotations", "images", 0, "id"), "x", "all of one type"),
        (("annotations", "categories", 0, "id"), 1, r"categories\[1\] .* own"),
        ((*A, "id"), 5, r"annotations\[1\] must have an id of its own, got 5"),
        ((*A, "id"), del_, r"annotations\[1\] must have the key 'id'"),
        ((*A, "area"), del_, r"annotations\[1\] must have the key 'area'"),
        ((*A, "area"), -1, r"annotations\[1\] area must not be neg.* -1"),
        ((*A, "area"), nan, r"annotations\[1\] area must be finite.* nan"),
        ((*A, "area"), "9", r"annotations\[1\] area must be finite.* '9'"),
        ((*A, "image_id"), 5, r"annotations\[1\] .* listed image_id, got 5"),
        ((*A, "category_id"), [], r"\[1\] .* listed category_id, got \[\]"),
        ((*A, "bbox"), [1, 2, 3], r"annotations\[1\] bbox must be four num"),
        ((*A, "bbox"), 4, r"annotations\[1\] bbox must be four numbers"),
        ((*A, "bbox"), "0123", r"annotations\[1\] bbox must be finite num"),
        ((*A, "bbox"), [0, 0, -1, 1], r"annotations\[1\] bbox must have no"),
        ((*A, "bbox"), [0, None, 1, 1], r"annotations\[1\] bbox must be fin"),
        ((*D, "bbox"), [0, 0, 1, -1], r"detections\[1\] bbox must have no"),
        ((*D, "bbox"), [0, inf, 1, 1], r"detections\[1\] bbox must be finite"),
        ((*D, "bbox"), [-inf, inf, 1, 1], r"detections\[1\] bbox must be fin"),
        ((*D, "bbox"), [10**400, 0, 1, 1], r"detections\[1\] bbox must be"),
        ((*D, "score"), nan, r"detections\[1\] score must be finite .* nan"),
        ((*D, "score"), None, r"detections\[1\] score must be finite .* None"),
        ((*D, "score"), [1], r"detections\[1\] score must be finite"),
        ((*D, "score"), [], r"detections\[1\] score must be finite"),
        ((*D, "score"), del_, r"detections\[1\] must have the key 'score'"),
        ((*D, "image_id"), 5, r"detections\[1\] .* listed image_id, got 5"),
        ((*D, "category_id"), 3, r"detections\[1\] .* category_id, got 3"),
        (D, "a string", r"detections\[1\] must have the key 'image_id'"),
    ],
)  # fmt: skip
def test_refuses(part, value, message):
    with pytest.raises(ValueError, match=message):
        coco.coco_evaluate(*changed(part, value))


NUMBERS = st.one_of(
    st.integers(-3, 20), st.floats(), st.none(), st.text(max_size=2)
)
PLACES = st.sampled_from([(*A, "area"), (*A, "id"), (*A, "image_id"),
                          (*A, "iscrowd"), (*D, "score"),
                          (*D, "category_id"), (*D, "image_id")])  # fmt: skip
BOXES = st.tuples(
    st.sampled_from([(*A, "bbox"), (*D, "bbox")]),
    st.lists(NUMBERS, min_size=3, max_size=5),
)


@STEADY
@given(st.one_of(st.tuples(PLACES, NUMBERS), BOXES))
def test_any_value_gives_numbers_or_a_refusal_that_names_it(change):
    part, value = change
    try:
        got = coco.coco_evaluate(*changed(part, value))
    except ValueError as refusal:
        assert any(w in str(refusal) for w in ("[0]", "[1]", "of one type"))
        return
    values = np.array(list(got.summary.values()))
    assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()
