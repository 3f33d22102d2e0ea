import numpy as np
import pytest

from utils.worlds import search
from utils.worlds.search_truth import CUTS, SearchConfig, SearchTruth

SMALL = dict(documents=200, queries=60, sessions=300, meanings=60, topics=6)


def make(seed=0, **knobs):
    config = SearchConfig(**{**SMALL, **knobs})
    return search.SearchWorld(config, rng=np.random.default_rng(seed))


@pytest.fixture(scope="module")
def world():
    return make()


def tiny_truth(**knobs):
    """Two meanings, three documents: apt, half apt, and about another."""
    config = SearchConfig(
        documents=10, queries=4, click_noise=0.1, cover_strength=0.0, **knobs
    )
    return SearchTruth(
        config=config,
        about=np.array([[1.0, 0.0], [0.15, 0.85], [0.0, 1.0]]),
        quality=np.array([100.0, 100.0, 100.0]),  # its part is 1
        cover=np.zeros(3),
        intent=np.array([[1.0, 0.0]]),
        meant=np.array([0]),
        share=np.array([1.0]),
    )


def test_relevance_and_grades_by_hand():
    truth = tiny_truth()
    # covered: min(1 / 0.3, 1), 0.15 / 0.3, 0
    np.testing.assert_allclose(truth.relevance([0]), [[1.0, 0.5, 0.0]])
    assert truth.grades([0]).tolist() == [[4, 2, 0]]
    assert CUTS[1] < 0.5 < CUTS[2]


def test_click_by_hand():
    truth = tiny_truth(position_bias=1.0, trust_bias=0.2)
    got = truth.click(np.array([0]), np.array([[2, 1, 0]]))
    middle = 3 / 15  # attraction of grade 2
    by_hand = [
        1.0 * (0.1 + 0.2),
        1 / 2 * (middle + (1 - middle) * (0.1 + 0.2 / 2)),
        1 / 3 * 1.0,
    ]
    np.testing.assert_allclose(got, [by_hand])


def test_reward_by_hand(world):
    q = np.arange(5)
    pages = np.tile(np.arange(10), (5, 1))
    got = world.reward_of(q, pages)
    click = world.truth.click(q, pages)
    good = np.take_along_axis(world.truth.grades(q), pages, axis=1) >= 3
    one = 1.0
    for k in range(10):
        one *= 1 - click[0, k] * good[0, k]
    assert got.success[0] == pytest.approx(1 - one)
    np.testing.assert_allclose(got.clicks, click.sum(axis=1))


def test_the_log_is_what_the_chances_say(world):
    queries = np.full(20_000, 3)
    page = np.arange(10)[None, :]
    clicked = world.clicks(
        queries,
        np.tile(page, (20_000, 1)),
        rng=np.random.default_rng(1),
    )
    chance = world.truth.click(np.array([3]), page)[0]
    np.testing.assert_allclose(clicked.mean(axis=0), chance, atol=0.015)


def test_swaps_change_two_ranks_and_only_where_the_coin_says():
    pages = np.tile(np.arange(10), (4_000, 1))
    got = search.swaps(pages, share=0.5, rng=np.random.default_rng(0))
    assert (got.partner > 0).mean() == pytest.approx(0.5, abs=0.03)
    assert got.swapped[got.partner > 0].mean() == pytest.approx(0.5, abs=0.04)
    assert not got.swapped[got.partner == 0].any()
    row = np.flatnonzero(got.swapped)[0]
    k = got.partner[row] - 1
    assert got.documents[row, 0] == k and got.documents[row, k] == 0
    same = np.delete(np.arange(10), [0, k])
    assert (got.documents[row, same] == same).all()
    assert (got.documents[~got.swapped] == np.arange(10)).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_swaps_at_the_ends(share):
    pages = np.tile(np.arange(3), (50, 1))
    got = search.swaps(pages, share=share, rng=np.random.default_rng(0))
    assert ((got.partner > 0) == bool(share)).all()


def test_same_seed_same_world_and_a_knob_leaves_the_rest_alone(world):
    again = make()
    assert world.documents.equals(again.documents)
    assert world.queries.equals(again.queries)
    changed = world.changed(position_bias=0.0, trust_bias=0.9)
    assert changed.documents.equals(world.documents)
    q = np.arange(60)
    assert (changed.truth.grades(q) == world.truth.grades(q)).all()
    assert (changed.truth.examination() == 1).all()


def test_more_bias_means_fewer_looks_at_the_bottom(world):
    looks = [
        world.changed(position_bias=bias).truth.examination()[-1]
        for bias in (0.0, 0.5, 1.0, 2.0)
    ]
    assert looks == sorted(looks, reverse=True)


def test_shares_add_up_and_typos_have_theirs(world):
    share = world.truth.share
    assert share.sum() == pytest.approx(1)
    assert share[60:].sum() == pytest.approx(0.12)
    assert make(typo_share=0.0).truth.share[60:].sum() == 0


def test_a_typo_is_one_slip_and_no_word(world):
    words = {w for text in world.documents.body for w in text.split()}
    texts, meant = world.queries.text, world.truth.meant
    for q in range(60, len(texts)):
        typed, right = texts[q].split(), texts[meant[q]].split()
        wrong = [a for a, b in zip(typed, right, strict=True) if a != b]
        assert len(wrong) == 1 and wrong[0] not in words
    assert (meant[:60] == np.arange(60)).all()


def test_the_logging_policy_shows_ten_different_and_follows_loans():
    queries = np.repeat(np.arange(60), 20)
    mean = {}
    for bias in (0.0, 5.0):
        world = make(popularity_bias=bias)
        shown = world.logging_policy(queries, rng=np.random.default_rng(0))
        assert (np.diff(np.sort(shown.documents, axis=1), axis=1) > 0).all()
        mean[bias] = world.documents.loans.to_numpy()[shown.documents].mean()
    assert mean[5.0] > 1.3 * mean[0.0]


def test_without_jitter_and_swaps_a_query_gets_one_page():
    world = make(jitter=0.0, exploration_share=0.0)
    shown = world.logging_policy(
        np.full(30, 7), rng=np.random.default_rng(0)
    ).documents
    assert (shown == shown[0]).all()


def test_the_log_has_a_row_for_each_impression(world):
    tables = world.log(rng=np.random.default_rng(2))
    log = tables.impressions
    assert len(log) == 3_000
    assert log.groupby("session").position.max().eq(10).all()
    assert log["day"].iloc[-1] == world.config.log_days - 1
    fewer = world.log(rng=np.random.default_rng(2), sessions=5).impressions
    assert len(fewer) == 50


def test_an_experiment_sees_the_expected_difference():
    world = make()
    good = np.argsort(-world.truth.relevance(np.arange(
        len(world.truth.share))), axis=1)[:, :10]  # fmt: skip
    policies = [search.fixed_slates(p) for p in (good[:, ::-1], good)]
    expected = [
        world.truth.share
        @ world.expected_reward(p, rng=np.random.default_rng(0)).success
        for p in policies
    ]
    table = world.experiment(
        *policies, sessions=20_000, rng=np.random.default_rng(1)
    )
    seen = table.groupby("treated").success.mean()
    assert seen[True] - seen[False] == pytest.approx(
        expected[1] - expected[0], abs=0.03
    )


@pytest.mark.parametrize(
    "knobs, words",
    [
        ({"documents": 5}, "documents must fill the 10 slots, got 5"),
        ({"typo_share": 1.2}, "typo_share is a share, got 1.2"),
        ({"click_noise": 2.0}, "click_noise is a chance, got 2.0"),
        ({"jitter": -1.0}, "jitter must be finite and at least 0, got -1.0"),
        ({"slots": 1}, "slots must be at least 2, got 1"),
    ],
)
def test_refuses_knobs_out_of_range(knobs, words):
    with pytest.raises(ValueError, match=words):
        SearchConfig(**knobs)


@pytest.mark.parametrize(
    "page, words",
    [
        (np.zeros((1, 10), int), "request 0: a slate shows an id once, got 0"),
        (np.arange(11)[None, :], "at most 10 slots, got 11"),
        (np.arange(195, 205)[None, :], "no document 200"),
        (np.arange(10), "slates must be"),
    ],
)
def test_refuses_pages_that_cannot_be_shown(world, page, words):
    with pytest.raises(ValueError, match=words):
        world.reward_of(np.array([0]), page)


def test_refuses_a_swap_share_out_of_range():
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\]"):
        search.swaps(
            np.arange(3)[None], share=1.5, rng=np.random.default_rng(0)
        )


def test_no_two_queries_are_the_same_words():
    texts = make(seed=3).queries.text
    assert len({frozenset(text.split()) for text in texts}) == len(texts)


def test_refuses_more_queries_than_there_are_texts():
    with pytest.raises(ValueError, match="queries must differ"):
        make(meanings=2, words_per_meaning=1, topics=2).log(
            rng=np.random.default_rng(0)
        )
