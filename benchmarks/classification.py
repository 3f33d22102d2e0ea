"""Metrics of yes-or-no predictions beside scikit-learn.

    python -m benchmarks.classification

One thread. Validation of the input is timed on both sides.
"""

from __future__ import annotations

import numpy as np

from benchmarks._rows import row
from utils.metrics import calibration, classification

AREA = "classification"
ROWS = 1_000_000


def made(share: float, rng: np.random.Generator):
    """Labels with this share of ones, and scores that know them a little."""
    labels = (rng.random(ROWS) < share).astype(np.int64)
    scores = rng.normal(size=ROWS) + labels
    return labels, scores, 1 / (1 + np.exp(-scores))


def ranking_rows(rng: np.random.Generator) -> None:
    """ROC-AUC and average precision."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    for percent, bar in [(5, 12), (50, 4)]:
        labels, scores, _ = made(percent / 100, rng)
        row(
            AREA,
            f"ROC-AUC, 1,000,000 scores, {percent} % positive",
            lambda y=labels, s=scores: classification.roc_auc(y, s),
            {"scikit-learn": lambda y=labels, s=scores: roc_auc_score(y, s)},
            repeat=25,
            bar=bar,
        )
        row(
            AREA,
            f"average precision, 1,000,000 scores, {percent} % positive",
            lambda y=labels, s=scores: classification.average_precision(y, s),
            {
                "scikit-learn": lambda y=labels, s=scores: (
                    average_precision_score(y, s)
                )
            },
            repeat=25,
            bar=8,
            why="With as many positives as negatives there are two long "
            "lists to sort and to merge, and no short one to look up.",
        )


def probability_rows(rng: np.random.Generator) -> None:
    """Log loss, Brier score, isotonic regression."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.metrics import brier_score_loss, log_loss

    labels, _, p = made(0.05, rng)
    row(
        AREA,
        "log loss, 1,000,000 probabilities",
        lambda: classification.log_loss(labels, p),
        {"scikit-learn": lambda: log_loss(labels, p)},
        repeat=25,
        bar=20,
    )
    row(
        AREA,
        "Brier score, 1,000,000 probabilities",
        lambda: classification.brier(labels, p),
        {"scikit-learn": lambda: brier_score_loss(labels, p)},
    )
    row(
        AREA,
        "isotonic regression, 1,000,000 scores",
        lambda: calibration.fit_isotonic(labels, p),
        {"scikit-learn": lambda: IsotonicRegression().fit(p, labels)},
        repeat=3,
    )


def interval_row(rng: np.random.Generator, resamples: int = 1_000) -> None:
    """Interval of ROC-AUC."""
    from sklearn.metrics import roc_auc_score

    labels, scores, _ = made(0.05, rng)
    labels, scores = labels[:100_000], scores[:100_000]

    def loop(times: int) -> np.ndarray:
        found = []
        for _ in range(times):
            drawn = rng.integers(len(labels), size=len(labels))
            found.append(roc_auc_score(labels[drawn], scores[drawn]))
        return np.quantile(found, [0.025, 0.975])

    row(
        AREA,
        f"interval of ROC-AUC, {resamples} resamples of 100,000 rows",
        lambda: classification.roc_auc_interval(
            labels, scores, rng=rng, resamples=resamples
        ),
        {"loop over scikit-learn": lambda: loop(resamples)},
        repeat=1,
        bar=25,
    )


def main() -> None:
    print("work | ours ms | peer ms | ratio | bar | peak memory")
    rng = np.random.default_rng(0)
    ranking_rows(rng)
    probability_rows(rng)
    interval_row(rng)


if __name__ == "__main__":
    main()
