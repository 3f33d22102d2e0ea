import numpy as np
import pandas as pd
import pytest

from utils.recommender import encoding, tuning
from utils.recommender.candidate_generation import CandidateGenerator
from utils.recommender.two_stage import TwoStageRecommender

POOL = (
    CandidateGenerator("popular"),
    CandidateGenerator("EASE", {"l2": 30.0}),
    CandidateGenerator("ALS", {"factors": 8, "l2": 10.0, "alpha": 4.0}),
    CandidateGenerator("item-kNN", {"neighbours": 50}),
)


def fitted(log, seed=0, **options):
    model = TwoStageRecommender(**({"pool": POOL} | options))
    return model.fit(log, rng=np.random.default_rng(seed))


@pytest.fixture(scope="module")
def model(log):
    return fitted(log)


def tiny(rows, **columns):
    users, items = zip(*rows, strict=True)
    table = pd.DataFrame({"user": users, "item": items})
    return table.assign(time=np.arange(len(table)), **columns)


def test_unknown_users_get_the_popular_by_hand():
    log = tiny([("a", 5), ("b", 5), ("c", 5), ("a", 7), ("b", 7), ("a", 9)])
    items, scores = fitted(log).recommend(["stranger"], k=3)
    assert items.tolist() == [[5, 7, 9]]
    assert scores == pytest.approx(np.array([[3 / 3, 2 / 3, 1 / 3]]))


def test_popularity_alone_by_hand():
    log = tiny([("a", 5), ("b", 5), ("c", 5), ("a", 7), ("b", 7), ("d", 9)])
    items, scores = fitted(log).recommend(["d", "c", "a"], k=3)
    assert items.tolist() == [[5, 7, -1], [7, 9, -1], [9, -1, -1]]
    assert np.isneginf(scores).tolist() == [
        [False, False, True],
        [False, False, True],
        [False, True, True],
    ]
    items, scores = fitted(log).recommend(["a"], k=3, exclude_seen=False)
    assert set(items[0]) == {5, 7, 9} and np.isfinite(scores).all()


def test_never_recommends_seen_and_is_sorted(log, model):
    users = log["user"].unique()
    items, scores = model.recommend(users, k=150)
    assert items.shape == scores.shape == (150, 150)
    assert items.dtype == np.int64 and scores.dtype == np.float32
    seen = set(zip(log["user"], log["item"], strict=True))
    for user, row, score in zip(users, items, scores, strict=True):
        real = row[np.isfinite(score)]
        assert len(set(real)) == len(real)
        assert not seen & {(user, item) for item in real}
        n_unseen = log["item"].nunique() - (log["user"] == user).sum()
        assert len(real) == min(150, n_unseen)
    finite = np.where(np.isfinite(scores), scores, -1e9)
    assert (np.diff(finite, axis=1) <= 0).all()


def test_beats_popularity_on_hidden_rows(log):
    hide = np.random.default_rng(5).random(len(log)) < 0.25
    train, hidden = log[~hide], log[hide]
    users = train["user"].unique()
    wanted = hidden.groupby("user")["item"].agg(set).reindex(users)
    wanted = [w if isinstance(w, set) else set() for w in wanted]

    def hits(pool):
        items, _ = fitted(train, pool=pool).recommend(users, k=10)
        return sum(
            len(set(row) & want)
            for row, want in zip(items, wanted, strict=True)
        )

    assert hits(POOL) > 1.2 * hits(POOL[:1])


def test_same_rng_same_answer(log, model):
    users = log["user"].unique()
    for got, want in zip(
        fitted(log).recommend(users, k=20),
        model.recommend(users, k=20),
        strict=True,
    ):
        assert np.array_equal(got, want)


def test_order_of_rows_does_not_matter(log, model):
    shuffled = log.sample(frac=1, random_state=3)
    users = log["user"].unique()
    assert np.array_equal(
        fitted(shuffled).recommend(users, k=20)[0],
        model.recommend(users, k=20)[0],
    )


def test_names_do_not_matter(log, model):
    # Text in the reverse order of the numbers; times are what tells apart.
    renamed = log.assign(
        user="u " + (9999 - log["user"]).astype(str),
        item="ü" + (9999 - log["item"]).astype(str),
    )
    users = log["user"].unique()
    got, _ = fitted(renamed).recommend(
        [f"u {9999 - user}" for user in users], k=20
    )
    want, _ = model.recommend(users, k=20)
    assert [[9999 - int(name[1:]) for name in row] for row in got] == (
        want.tolist()
    )


def test_blocks_and_repeated_users(log, model, monkeypatch):
    users = log["user"].unique()[:40]
    whole, _ = model.recommend(users, k=10)
    monkeypatch.setattr(tuning, "BLOCK", 7)
    parts, _ = model.recommend([*users, users[0]], k=10)
    assert np.array_equal(parts[:-1], whole)
    assert np.array_equal(parts[-1], whole[0])


def test_repeats_collapse_and_ratings_are_not_used(log, model):
    repeats = pd.concat([log, log]).assign(rating=1)
    users = log["user"].unique()
    assert np.array_equal(
        fitted(repeats).recommend(users, k=10)[0],
        model.recommend(users, k=10)[0],
    )


def test_weights_change_als_and_their_unit_does_not(log, model):
    users = log["user"].unique()
    rng = np.random.default_rng(0)
    weighted = log.assign(weight=rng.integers(1, 9, len(log)) * 1.0)
    als = {"pool": POOL[2:3], "candidates": 50}
    once, _ = fitted(weighted, **als).recommend(users, k=10)
    scaled = weighted.assign(weight=weighted["weight"] * 64)
    again, _ = fitted(scaled, **als).recommend(users, k=10)
    plain, _ = fitted(log, **als).recommend(users, k=10)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, plain)


def test_weight_0_is_still_seen():
    log = tiny([("a", 1), ("a", 2), ("b", 1)], weight=[0.0, 1.0, 1.0])
    items, _ = fitted(log).recommend(["a"], k=2)
    assert items.tolist() == [[-1, -1]]
    all_0 = log.assign(weight=0.0)
    assert fitted(all_0).recommend(["b"], k=1)[0].tolist() == [[2]]


@pytest.mark.parametrize(
    "ids, pad",
    [
        ([1, 2, 3], -1),
        (["007", "7", "ä b"], ""),
        ([2**60 + 1, 2**60 + 2, -5], -1),
        (np.array([1, 2, 2**64 - 2], dtype=np.uint64), 2**64 - 1),
        ([1, "1", (1, 2)], None),
        (pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]), None),
    ],
)
def test_ids_of_any_type_come_back_as_they_were(ids, pad):
    a, b, c = ids
    table = pd.DataFrame({"user": pd.Series([a, a, b, b, c])})
    table["item"] = pd.Series([a, b, a, c, c])
    if isinstance(ids, np.ndarray):
        table = table.astype(ids.dtype)
    table["time"] = range(5)
    items, scores = fitted(table).recommend([a, c], k=3)
    assert [i for i in items[0] if i != pad] == [c]
    assert items[0, 1] == pad and items[0, 2] == pad
    assert set(items[1][:2]) == {a, b}
    assert np.isneginf(scores[0, 1:]).all()


def test_smallest_logs():
    one = fitted(tiny([("a", "x")]))
    items, scores = one.recommend(["a", "b"], k=1)
    assert items.tolist() == [[""], ["x"]]
    assert scores.tolist() == [[-np.inf], [1.0]]
    assert "nothing tuned" in one.why and one.notes and one.report.empty
    two = fitted(tiny([("a", "x"), ("b", "y")]))
    assert two.recommend(["a"], k=2)[0].tolist() == [["y", ""]]


def test_all_at_the_same_time_and_everything_seen(log):
    still = log.assign(time=log["time"].iloc[0])
    assert np.isfinite(fitted(still).recommend([1], k=5)[1]).all()
    full = tiny([(u, i) for u in range(25) for i in range(6)])
    items, scores = fitted(full).recommend(range(25), k=6)
    assert (items == -1).all() and np.isneginf(scores).all()


def test_nobody_asks(model):
    items, scores = model.recommend([], k=3)
    assert items.shape == scores.shape == (0, 3)


def test_caps_are_said(log):
    capped = fitted(log, max_items=50)
    assert capped.notes == [
        "item-item models know the 50 most popular of "
        f"{log['item'].nunique()} items"
    ]
    assert np.isfinite(capped.recommend([1], k=100)[1]).all()


def test_tuning_on_a_sample_of_users(log, monkeypatch):
    monkeypatch.setattr(encoding, "TUNING_USERS", 60)
    small = fitted(log)
    assert "60 users" in small.why
    assert np.isfinite(small.recommend([150], k=5)[1]).all()


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
            "time": day.ravel() * 86_400,
        }
    )
    return table.drop_duplicates(["user", "item"])


def test_recommends_by_the_ranker_that_was_kept():
    log = trending(np.random.default_rng(0))
    log["time"] = log["time"].clip(upper=150 * 86_400)
    model = fitted(log, pool=POOL[:1], hold_out_last=True, held_out_share=0.3)
    assert "kept" in model.why and model.notes == []
    items, scores = model.recommend(log["user"].unique(), k=10)
    seen = set(zip(log["user"], log["item"], strict=True))
    pairs = zip(np.repeat(log["user"].unique(), 10), items.ravel(),
                strict=True)  # fmt: skip
    assert not seen & set(pairs)
    assert (np.diff(scores, axis=1) <= 0).all()


@pytest.mark.slow
def test_the_whole_pool(log):
    model = fitted(log, pool=tuning.POOL)
    assert len(model.report) == len(tuning.POOL) + 3
    assert np.isfinite(model.recommend([1, 2], k=10)[1]).all()


def test_refusals(log, model):
    with pytest.raises(ValueError, match="needs a fitted recommender"):
        TwoStageRecommender().recommend([1], k=1)
    n_items = log["item"].nunique()
    for k in (0, n_items + 1):
        with pytest.raises(
            ValueError, match=rf"\[1, {n_items} items\], got {k}"
        ):
            model.recommend([1], k=k)
    with pytest.raises(ValueError, match="are numbers, got the text '1'"):
        model.recommend(["1"], k=1)
    for bad, words in [
        (log.drop(columns="time"), "need a column 'time', got"),
        (log[:0], "at least 1 row, got 0"),
        (log.assign(item=None), "item must not be missing: .* rows are"),
        (log.assign(weight=-1.0), "weight must be finite and at least 0"),
        (log.assign(time="1999"), "time must be dates or numbers, got str"),
    ]:
        with pytest.raises(ValueError, match=words):
            fitted(bad)
    for options, words in [
        ({"pool": ()}, "pool size must be at least 1, got 0"),
        ({"max_items": 0}, "max_items must be at least 1, got 0"),
        ({"candidates": 0}, "candidates must be at least 1, got 0"),
        ({"gain": -1.0}, "gain must be at least 0, got -1"),
        (
            {"held_out_share": 1.0},
            r"held_out_share must lie in \(0, 0.5\], got 1",
        ),
    ]:
        with pytest.raises(ValueError, match=words):
            TwoStageRecommender(**options)


def test_a_failed_fit_leaves_nothing_half_fitted(log):
    model = fitted(log)
    with pytest.raises(ValueError, match="at least 1 row"):
        model.fit(log[:0], rng=np.random.default_rng(0))
    assert model.recommend([1], k=1)[0].shape == (1, 1)
