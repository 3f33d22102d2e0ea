from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils.recommender import encoding, ranker, tuning
from utils.recommender.candidate_generation import CandidateGenerator

POOL = (
    CandidateGenerator("popular"),
    CandidateGenerator("EASE", {"l2": 30.0}),
    CandidateGenerator("ALS", {"factors": 8, "l2": 10.0, "alpha": 4.0}),
    CandidateGenerator("item-kNN", {"neighbours": 50}),
)


def chosen(log, pool=POOL, *, share=0.125, last=False, **options):
    split, *rngs = np.random.default_rng(0).spawn(3)
    folds = encoding.inner_folds(
        encoding.encode(log), share=share, last=last, rng=split
    )
    settings = {"max_items": 5_000, "candidates": 200, "picks": 8,
                "gain": 0.0005} | options  # fmt: skip
    return tuning.choose(
        folds, pool, rng=rngs[0], ranker_rng=rngs[1], **settings
    )


@pytest.fixture(scope="module")
def choice(log):
    return chosen(log)


def test_report_and_words(choice):
    report = choice.report
    assert list(report.columns) == tuning.COLUMNS
    first = report[report["stage"] == "first"]
    assert list(first["model"]) == [*map(str, POOL), "blend"]
    assert first["ndcg@10"].between(0, 1).all()
    assert first["share"][:-1].sum() == pytest.approx(1)
    assert first["ndcg@10"].iloc[-1] >= first["ndcg@10"].max() - 1e-9
    second = report[report["stage"] == "second"]
    assert second["share"].sum() == 1
    assert (second["share"].iloc[1] == 1) == (choice.ranker is not None)
    if second["share"].iloc[1]:
        assert second["ndcg@10"].diff().iloc[1] > 0
    best = first["ndcg@10"][:-1].max()
    assert f"{best:.3f}" in choice.why


def test_the_blend_is_the_report(choice):
    shares = dict(zip(choice.report["model"], choice.report["share"],
                      strict=True))  # fmt: skip
    assert sum(share for _, share in choice.blend) == pytest.approx(1)
    for generator, share in choice.blend:
        assert share == shares[str(generator)] > 0
        assert f"{generator} {share:.0%}" in choice.why


def test_one_pick_is_the_best_member_alone(log):
    # nothing adds enough to be picked, so that the families' bests stay
    alone = chosen(log, POOL[1:2], picks=1, gain=np.inf)
    assert alone.blend == [(POOL[1], 1.0)]


def test_same_rng_same_choice(log, choice):
    again = chosen(log)
    pd.testing.assert_frame_equal(again.report, choice.report)
    assert again.blend == choice.blend and again.why == choice.why


def trending(rng, n_users=300, n_items=150, days=150):
    """Item i appears on day i; people take what appeared this week."""
    day = rng.uniform(10, days, size=(n_users, 1)) + rng.uniform(
        0, 40, size=(n_users, 12)
    )
    item = np.floor(day - rng.exponential(2.0, size=day.shape))
    table = pd.DataFrame(
        {
            "user": np.repeat(np.arange(n_users), 12),
            "item": np.clip(item, 0, n_items - 1).ravel().astype(int),
            "time": np.minimum(day.ravel(), 150) * 86_400,
        }
    )
    return table.drop_duplicates(["user", "item"])


def test_a_ranker_that_helps_is_kept():
    # Popularity knows nothing of age; the ranker's facts do.
    log = trending(np.random.default_rng(0))
    got = chosen(log, POOL[:1], last=True, share=0.3)
    second = got.report[got.report["stage"] == "second"]
    assert "kept" in got.why and got.ranker is not None
    assert second["share"].tolist() == [0.0, 1.0]
    assert second["ndcg@10"].iloc[1] > second["ndcg@10"].iloc[0]


def test_a_ranker_that_learns_noise_is_dropped(log, monkeypatch):
    wild = ranker.SETTINGS | {
        "learning_rate": 5.0,
        "min_child_samples": 1,
        "reg_lambda": 0.0,
    }
    monkeypatch.setattr(ranker, "SETTINGS", wild)
    got = chosen(log)
    assert "dropped" in got.why and got.ranker is None
    second = got.report[got.report["stage"] == "second"]
    assert second["share"].tolist() == [1.0, 0.0]


def test_no_ranker_where_there_is_nothing_to_learn(log, monkeypatch):
    monkeypatch.setattr(ranker, "fit_ranker", lambda *args, **kwargs: None)
    got = chosen(log, POOL[:1])
    assert got.ranker is None and "second" not in set(got.report["stage"])
    assert got.why.endswith("No ranker: too little held out to learn from.")


def tried(**quality):
    """Stand-ins for what was tried: family_number=nDCG."""
    return [
        SimpleNamespace(
            generator=CandidateGenerator(name.split("_")[0]),
            ndcg=np.array([ndcg]),
        )
        for name, ndcg in quality.items()
    ]


def test_worth_keeping_by_hand():
    every = tried(a_1=0.4, a_2=0.37, b_1=0.29, a_3=0.39, c_1=0.31, a_4=0.38)
    kept = tuning._worth_keeping(every)
    # the best three of a; 0.75 * 0.4 = 0.3, so that b is too far behind
    assert [float(entry.ndcg[0]) for entry in kept] == [0.4, 0.39, 0.38, 0.31]


def test_family_bests_by_hand():
    every = tried(popular_1=0.39, a_1=0.3, a_2=0.35, b_1=0.4, c_1=0.31)
    # 0.8 * 0.4 = 0.32: c is below it, and popularity never counts
    assert tuning._family_bests(every) == (3, 2)


@pytest.mark.parametrize(
    "n, lengths", [(1, [1]), (7, [7]), (8, [4, 4]), (15, [5, 5, 5])]
)
def test_blocks(monkeypatch, n, lengths):
    monkeypatch.setattr(tuning, "BLOCK", 7)
    parts = tuning._blocks(np.arange(n))
    assert [len(part) for part in parts] == lengths
    assert np.concatenate(parts).tolist() == list(range(n))
