"""Metrics: rows of labels and scores, ranked lists, boxes, files."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tests.driven import case, finite, within
from utils.metrics import (
    binary,
    calibration,
    classification,
    coco,
    coco_files,
    detection,
    diversity,
    evaluate,
    order,
    ranking,
    thresholds,
    trec,
    verification,
    voc,
)

BLOCK = "a building block: takes what a checked_... function let through"
EXEMPT = {
    f"metrics.{name}": BLOCK
    for name in (
        "detection.overlap", "order.largest", "ragged.blocks",
        "ragged.rows_by_length",
        "ragged.padded", "ragged.groups", "binary.sorted_scores",
        "binary.positive_steps", "binary.count_below",
        "binary.threshold_counts",
        "binary.starts_of_runs", "binary.total_weight", "binary.ratio",
        "binary.share", "ragged.check_distinct", "trec_measures.measures",
    )
} | {"metrics.binary.SortedScores": "a result"}  # fmt: skip
share = within(0, 1)


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


for function in (
    classification.roc_auc,
    classification.average_precision,
    classification.trapezoid_pr_auc,
    classification.precision_recall,
):
    case(function, rows_of(), share)
for function in (classification.auc_by_group, classification.grouped_auc):
    case(function, rows_of(groups=groups, weights=None), share)
case(
    classification.roc_auc_interval,
    rows_of(
        weights=None, resamples=100, level=0.9,
        rng=lambda rng, n: rng, other=lambda rng, n: rng.random(n),
    ),
    lambda got, given: within(-1, 1)(got[:3], given),
)  # fmt: skip
for function in (classification.log_loss, classification.normalised_entropy):
    case(function, rows_of("probabilities"), within(0, np.inf))
case(classification.brier, rows_of("probabilities"), share)
case(
    calibration.predicted_over_observed,
    rows_of("probabilities", slices=groups),
    within(0, np.inf),
)
case(calibration.equal_width_edges, lambda rng: {"bins": 3}, share)
case(
    calibration.equal_mass_edges,
    lambda rng: {"probabilities": rng.random(6).round(1), "bins": 3},
    share,
)
EDGES = np.array([0.0, 0.3, 1.0])
for function in (
    calibration.reliability_curve,
    calibration.expected_calibration_error,
):
    case(
        function,
        rows_of("probabilities", edges=lambda rng, n: EDGES.copy()),
        share,
    )
case(
    calibration.prior_correction,
    lambda rng: {"probabilities": rng.random(5), "downsampling_rate": 0.1},
    within(0, 1, nan=False),
)


def platt(labels, scores, weights, at):
    fit = calibration.fit_platt(labels, scores, weights=weights)
    return fit(at), fit.slope


case(
    platt,
    rows_of(at=lambda rng, n: rng.normal(size=3)),
    lambda got, given: within(0, 1, nan=False)(got[0], given),
    covers=(calibration.fit_platt, calibration.Platt),
)


def isotonic(labels, scores, weights, at):
    return calibration.fit_isotonic(labels, scores, weights=weights)(at)


case(
    isotonic,
    rows_of(at=lambda rng, n: rng.normal(size=3)),
    within(0, 1, nan=False),
    covers=(calibration.fit_isotonic, calibration.Isotonic),
)

case(
    thresholds.confusion_matrix,
    rows_of("predicted"),
    within(0, np.inf, nan=False),
)
case(thresholds.f_beta, rows_of("predicted", beta=2.0), share)
case(thresholds.mcc, rows_of("predicted"), within(-1, 1))
case(
    thresholds.recall_at_precision,
    rows_of(precision=0.5),
    lambda got, given: share(got[1:], given),
)
case(
    thresholds.precision_at_recall,
    rows_of(recall=0.5),
    lambda got, given: share(got[1:], given),
)
case(
    thresholds.min_cost_threshold,
    rows_of(false_positive_cost=1.0, false_negative_cost=5.0),
    lambda got, given: within(0, np.inf)(got.cost, given),
)
case(
    thresholds.bayes_threshold,
    lambda rng: {"false_positive_cost": 1.0, "false_negative_cost": 5.0},
    share,
)
case(
    thresholds.check_share,
    lambda rng: {"name": "recall", "value": 0.5},
    lambda got, given: share(given["value"], given),
    keep="name",
)

case(binary.checked_rows, rows_of(), finite)
case(binary.checked_probabilities, rows_of("probabilities"), finite)
for function in (binary.checked_numbers, binary.check_finite):
    case(
        function,
        lambda rng: {"name": "x", "values": rng.normal(size=4)},
        keep="name",
        **({"nan": "values", "inf": "values"}
           if function is binary.checked_numbers else {}),
    )  # fmt: skip
case(
    binary.checked_binary,
    lambda rng: {"name": "x", "values": rng.integers(0, 2, 4)},
    share,
    keep="name",
)
case(binary.check_weights, lambda rng: {"weights": rng.random(4)})
case(binary.check_probabilities, lambda rng: {"probabilities": rng.random(4)})
case(
    binary.checked_groups,
    lambda rng: {"groups": groups(rng, 4), "labels": rng.integers(0, 2, 4)},
    within(0, np.inf),
    keep="labels",
)


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


case(
    ranking.exponential_gains,
    lambda rng: {"grades": rng.integers(0, 4, 5)},
    within(0, np.inf, nan=False),
)
case(ranking.ndcg_at_k, ranked(n_relevant=None), share)
for function in (
    ranking.recall_at_k,
    ranking.average_precision_at_k,
    ranking.f1_at_k,
):
    case(function, ranked(judged=None), share)
case(ranking.r_precision, ranked(judged=None, k=None), share)
for function in (
    ranking.precision_at_k,
    ranking.hit_rate_at_k,
    ranking.reciprocal_rank,
):
    case(function, ranked(judged=None, n_relevant=None), share)
case(
    ranking.expected_reciprocal_rank_at_k,
    ranked(judged=None, n_relevant=None, max_grade=3.0),
    share,
)
case(
    ranking.rank_biased_precision_at_k,
    ranked(judged=None, n_relevant=None, persistence=0.5),
    share,
)
case(
    ranking.bpref,
    lambda rng: {
        "judgements": rng.integers(-1, 3, (2, 5)),
        "n_relevant": np.array([5, 6]),
        "n_nonrelevant": np.array([5, 7]),
    },
    share,
)

case(
    order.rank_by_score,
    lambda rng: {"scores": rng.integers(0, 3, (2, 5)).astype(float)},
    inf="scores",
)
case(
    order.top_k,
    lambda rng: {"scores": rng.integers(0, 3, (2, 5)).astype(float), "k": 3},
    inf="scores",
)
case(
    order.gains_of,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "relevance": rng.integers(0, 3, (2, 5)),
    },
    nan="relevance",
    inf="relevance",
)


def six(got, given):
    got.means()
    share([getattr(got, name) for name in (
        "precision", "recall", "hit_rate", "reciprocal_rank",
        "average_precision", "ndcg",
    )], given)  # fmt: skip


case(evaluate.from_gains, ranked(n_relevant=None), six)
case(
    evaluate.from_scores,
    lambda rng: {
        "scores": rng.integers(0, 3, (2, 5)).astype(float),
        "gains": rng.integers(0, 3, (2, 5)).astype(float),
        "k": 3,
    },
    six,
    inf="scores",
)
case(
    evaluate.from_ids,
    lambda rng: {
        "ranked_ids": np.array([rng.permutation(5), [1, 2, 0, -1, -1]]),
        "judged_ids": np.array([0, 3, 9, 2, 1]),
        "counts": np.array([3, 2]),
        "gains": rng.integers(0, 3, 5).astype(float),
        "k": 3,
    },
    six,
)
case(
    evaluate.from_dicts,
    lambda rng: {
        "run": {"p": {"a": 0.5, "b": 0.1}, "q": {"a": 0.2}},
        "qrels": {"p": {"a": 1.0, "c": 2.0}, "q": {"b": 0.0}},
        "k": 2,
    },
    six,
    inf="run",
    nan="run",  # of queries that nobody judged
)


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


case(
    evaluate.from_tables,
    lambda rng: {"run": run_table(rng), "qrels": qrels_table(rng), "k": 2},
    six,
    inf="run",
)
case(
    trec.evaluate,
    lambda rng: {"run": run_table(rng), "qrels": qrels_table(rng),
                 "level": 1, "complete": bool(rng.integers(2))},
    lambda got, given: finite(got.to_numpy(float), given),
    inf="run",
)  # fmt: skip


def read_back(read):
    """A file whose lines are the fields given."""

    def function(lines, ending, nonsense):
        text = ending.join(" ".join(line) for line in lines)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(text.encode() + nonsense)
            return read(path)

    return function


for read, line in (
    (trec.read_run, ["q1", "Q0", "d1", "1", "0.5", "me"]),
    (trec.read_qrels, ["q1", "0", "d1", "1"]),
):
    case(
        read_back(read),
        lambda rng, line=line: {
            "lines": [line, ["q2", *line[1:]], ["q3", *line[1:]]],
            "ending": str(rng.choice(["\n", "\r\n", "\n\n"])),
            "nonsense": rng.choice([b"", b"\n# x"]).item(),
        },
        lambda got, given: got.iloc[:, :2].map(lambda i: len(i) > 0),
        covers=(read,),
    )


def written(write):
    def function(**given):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            write(path=path, **given)
            read = trec.read_run if "run" in given else trec.read_qrels
            return read(path), next(iter(given.values()))

    return function


def same_length(got, given):
    assert len(got[0]) == len(got[1])


case(
    written(trec.write_run),
    lambda rng: {"run": run_table(rng), "name": "me"},
    same_length,
    covers=(trec.write_run,),
    inf="run",
)
case(
    written(trec.write_qrels),
    lambda rng: {"qrels": qrels_table(rng)},
    same_length,
    covers=(trec.write_qrels,),
)

case(
    diversity.intra_list_distance,
    lambda rng: {"vectors": rng.normal(size=(2, 3, 4))},
    within(0, 2),
)
case(
    diversity.coverage,
    lambda rng: {"ranked_ids": rng.integers(-1, 7, (2, 3)), "n_items": 7},
    share,
)
case(diversity.gini, lambda rng: {"exposure": rng.integers(0, 9, (2, 5))},
     share)  # fmt: skip
case(
    diversity.novelty,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "popularity": rng.random(5),
    },
    within(0, np.inf),
)
case(
    diversity.serendipity,
    lambda rng: {
        "ranked_ids": rng.integers(-1, 5, (2, 3)),
        "gains": rng.integers(0, 3, (2, 3)),
        "expected_ids": rng.integers(-1, 5, (2, 2)),
    },
    within(0, np.inf),
)


def comparisons(rng):
    return {
        "mated": rng.normal(size=6).round(1) + 1,
        "nonmated": rng.normal(size=9).round(1),
    }


for function, scores in (
    (verification.false_match_rate, "nonmated"),
    (verification.false_non_match_rate, "mated"),
):
    case(
        function,
        lambda rng, scores=scores: {
            scores: comparisons(rng)[scores],
            "threshold": rng.normal(size=3),
        },
        share,
        inf="threshold",
    )
case(
    verification.error_rates,
    comparisons,
    lambda got, given: share(got[1:], given),
)
case(verification.equal_error_rate, comparisons, share)
case(
    verification.threshold_at_fmr,
    lambda rng: {"nonmated": comparisons(rng)["nonmated"], "fmr": 0.3},
)
case(
    verification.tar_at_fmr,
    lambda rng: comparisons(rng) | {"fmr": 0.3},
    share,
)
case(
    verification.false_positive_identification_rate,
    lambda rng: {"scores": rng.random((3, 4)), "threshold": 0.5},
    share,
    inf="threshold",
)
case(
    verification.false_negative_identification_rate,
    lambda rng: {
        "scores": rng.random((3, 4)), "mates": rng.integers(0, 4, 3),
        "threshold": 0.5, "rank": 2,
    },
    share,
    inf="threshold",
)  # fmt: skip


def boxes(rng, n):
    corner = rng.integers(0, 6, (n, 2))
    return np.hstack([corner, corner + rng.integers(0, 5, (n, 2))]) * 1.0


case(
    detection.iou,
    lambda rng: {
        "found": boxes(rng, 3), "true": boxes(rng, 2),
        "crowd": np.array([False, True]), "inclusive": bool(rng.integers(2)),
    },
    share,
)  # fmt: skip
case(
    detection.nms,
    lambda rng: {
        "boxes": boxes(rng, 5), "scores": rng.random(5).round(1),
        "at_most": 0.3, "classes": rng.integers(0, 2, 5),
    },
    nan="classes", inf="scores classes",
)  # fmt: skip
case(
    detection.greedy_match,
    lambda rng: {
        "scores": rng.random(3), "overlap": rng.random((3, 2)),
        "at_least": 0.5,
    },
    nan="overlap", inf="scores overlap",
)  # fmt: skip
for function in (
    detection.average_precision,
    voc.average_precision,
    voc.average_precision_11,
):
    case(
        function,
        lambda rng: {"scores": rng.random(4), "n_ground_truth": 4,
                     "is_true_positive": rng.integers(0, 2, 4).astype(bool)},
        share,
        inf="scores",
    )  # fmt: skip
case(
    detection.interpolated_precision,
    lambda rng: {"scores": rng.random(4), "n_ground_truth": 4,
                 "is_true_positive": rng.integers(0, 2, 4).astype(bool)},
    inf="scores",
)  # fmt: skip
case(detection.checked_boxes, lambda rng: {"boxes": boxes(rng, 3)}, finite)


def voc_parts(rng):
    return {
        "objects": voc.Objects(
            np.array([0, 0, 1]), np.array([0, 1, 1]), boxes(rng, 3),
            np.array([False, True, False]),
        ),
        "detections": voc.Detections(
            np.array([0, 1, 1, 0]), np.array([0, 1, 1, 2]), boxes(rng, 4),
            rng.random(4),
        ),
        "at_least": 0.5,
        "inclusive": bool(rng.integers(2)),
    }  # fmt: skip


case(
    voc.voc_evaluate, voc_parts, share,
    covers=(voc.voc_evaluate, voc.Objects, voc.Detections),
)  # fmt: skip
case(voc.match_detections, voc_parts, within(-1, 1))


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


case(coco.coco_evaluate, coco_parts, share)
case(
    coco_files.read_ground_truth,
    lambda rng: {"annotations": coco_parts(rng)["annotations"]},
)
case(
    coco_files.read_detections,
    lambda rng: {
        "detections": coco_parts(rng)["detections"],
        "truth": coco_files.read_ground_truth(coco_parts(rng)["annotations"]),
    },
    keep="truth",
)
