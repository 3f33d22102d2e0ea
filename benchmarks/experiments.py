"""Experiments and monitoring beside SciPy and statsmodels.

    python -m benchmarks.experiments

One thread. Validation of the input is timed on both sides.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, too

from benchmarks._rows import row
from utils.experiments import bootstrap, interleaving, multiple
from utils.monitoring import drift

AREA = "experiments and monitoring"


def kolmogorov_smirnov(rng: np.random.Generator) -> None:
    from scipy import stats

    one, other = rng.normal(size=(2, 1_000_000))
    for words, values, bar in [
        ("two-sample KS, 1,000,000 each", other, 5),
        (
            "two-sample KS, 1,000,000 each, one of them moved",
            other + 0.003,
            None,
        ),
        (
            "two-sample KS, 1,000,000 each, one of two decimals",
            other.round(2),
            None,
        ),
    ]:
        row(
            AREA,
            words,
            lambda x=values: drift.kolmogorov_smirnov(one, x),
            {"scipy ks_2samp": lambda x=values: stats.ks_2samp(one, x)},
            bar=bar,
        )


def counts(rng: np.random.Generator) -> None:
    from scipy import stats

    table = rng.poisson(1000, size=(2, 200))
    row(
        AREA,
        "chi-square of 200 categories",
        lambda: drift.chi_square(*table),
        {
            "scipy chi2_contingency": lambda: stats.chi2_contingency(
                table, correction=False
            )
        },
        repeat=51,
    )


def resampling(rng: np.random.Generator) -> None:
    from scipy import stats

    values = rng.exponential(size=20_000)
    row(
        AREA,
        "interval of a mean, 1000 resamples of 20,000 rows",
        lambda: bootstrap.paired_interval(values, rng=rng),
        {
            "scipy bootstrap, in batches": lambda: stats.bootstrap(
                (values,),
                np.mean,
                method="percentile",
                n_resamples=1000,
                batch=50,
                rng=rng,
            )
        },
    )


def families(rng: np.random.Generator) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = rng.random(1_000_000)
    for name, adjust, method in [
        ("Holm", multiple.holm, "holm"),
        ("Benjamini-Hochberg", multiple.benjamini_hochberg, "fdr_bh"),
    ]:
        row(
            AREA,
            f"{name}, 1,000,000 p-values",
            partial(adjust, p_values),
            {"statsmodels": partial(multipletests, p_values, method=method)},
        )


def drafts(rng: np.random.Generator) -> None:
    """No library drafts in batches; the peer is the usual loop."""
    a = rng.permuted(np.tile(np.arange(50), (20_000, 1)), axis=1)
    b = rng.permuted(a, axis=1)

    def loop():
        for mine, theirs in zip(a.tolist(), b.tolist(), strict=True):
            slate, lead = [], 0
            for coin in rng.random(10):
                picks = lead < 0 or (lead == 0 and coin < 0.5)
                best = mine if picks else theirs
                slate.append(next(x for x in best if x not in slate))
                lead += 1 if picks else -1

    row(
        AREA,
        "team draft, 20,000 queries, 10 of 50",
        lambda: interleaving.team_draft(a, b, k=10, rng=rng),
        {"a loop in Python": loop},
    )


def main() -> None:
    rng = np.random.default_rng(0)
    for rows in (
        kolmogorov_smirnov,
        counts,
        resampling,
        families,
        drafts,
    ):
        rows(rng)


if __name__ == "__main__":
    main()
