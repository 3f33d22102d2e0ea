import numpy as np
import pandas as pd
import pytest

from utils.worlds.ads import (
    DAY_SECONDS,
    START,
    AdConfig,
    AdWorld,
    Cards,
    Requests,
)
from utils.worlds.ads_truth import GUESSED, UNGUESSED, UNWRITTEN

SMALL = AdConfig(users=400, campaigns=20)


def make(seed=0, **knobs):
    return AdWorld(SMALL, rng=np.random.default_rng(seed)).changed(**knobs)


@pytest.fixture(scope="module")
def world():
    return make()


@pytest.fixture(scope="module")
def log(world):
    return world.log(rng=np.random.default_rng(1))


def first_three(requests, *, rng):
    ads = requests.candidates[:, :3]
    return Cards(ads, np.full(ads.shape, 0.2), np.ones(ads.shape))


def test_the_default_world_has_the_size_it_promises():
    world = AdWorld(AdConfig(), rng=np.random.default_rng(3))
    users, _, impressions = world.log(rng=np.random.default_rng(4))
    assert len(users) == 6000
    assert 130_000 < len(impressions) < 170_000
    assert 0.03 < impressions.clicked.mean() < 0.08


def test_same_seed_same_log_other_seed_another():
    logs = [
        make(seed).log(rng=np.random.default_rng(5)).impressions
        for seed in (0, 0, 1)
    ]
    assert logs[0].equals(logs[1])
    assert not logs[0].equals(logs[2])


def test_only_live_ads_are_shown_and_each_once_a_request(log):
    day = (log.impressions.time - pd.Timestamp(START)).dt.days.to_numpy()
    ads = log.ads.set_index("ad").loc[log.impressions.ad]
    assert (ads.first_day.to_numpy() <= day).all()
    assert (day <= ads.last_day.to_numpy()).all()
    shown = log.impressions.groupby("request").ad
    assert (shown.nunique() == shown.size()).all()


def test_as_many_campaigns_run_every_day(world):
    for day in (0, 7, 13, 20):
        assert len(world.live(day)) == 20 * SMALL.ads_per_campaign


def test_only_clicks_on_video_cards_are_late(world, log):
    hit = log.impressions[log.impressions.clicked]
    assert log.impressions.reported.isna().eq(~log.impressions.clicked).all()
    wait = (hit.reported - hit.time).dt.total_seconds().to_numpy() / 3600
    video = world.ads.format.to_numpy()[hit.ad] == 3
    assert (wait >= 0).all() and wait[~video].max() < 1
    assert wait[video].mean() == pytest.approx(48, rel=0.35)


def test_propensities_are_the_frequencies_of_the_draws(world):
    n = 40_000
    one = world.requests(3, rng=np.random.default_rng(2))
    requests = Requests(*(np.repeat(x[:1], n, axis=0) for x in one))
    cards = world.logging_policy(requests, rng=np.random.default_rng(3))
    for slot in range(3):
        ad, at = np.unique(cards.ads[:, slot], return_index=True)
        share = [(cards.ads[:, slot] == a).mean() for a in ad]
        np.testing.assert_allclose(
            share, cards.propensity[at, slot], atol=0.006
        )


def test_sampled_clicks_have_the_expected_mean(world):
    rng = np.random.default_rng(4)
    day = [world.requests(d, rng=rng) for d in range(14)]
    sums = np.zeros((2, 3))
    for requests in day:
        cards = first_three(requests, rng=rng)
        sums[0] += world.reward_of(requests, cards).clicks.sum(axis=0)
        for _ in range(20):
            clicked = world.outcomes(requests, cards, rng=rng)
            sums[1] += clicked.sum(axis=0) / 20
    np.testing.assert_allclose(sums[1], sums[0], rtol=0.08)


def test_reward_by_hand(world):
    requests = world.requests(2, rng=np.random.default_rng(6))
    cards = first_three(requests, rng=np.random.default_rng(0))
    cards.ads[:, 2] = -1
    got = world.reward_of(requests, cards)
    seen = world.examination()
    chance = world.chance(requests, cards.ads[:, :2])
    bid = world.ads.bid_eur.to_numpy()[cards.ads[:, :2]]
    np.testing.assert_allclose(got.clicks[:, :2], seen[:2] * chance)
    np.testing.assert_allclose(got.value_eur[:, :2], seen[:2] * chance * bid)
    np.testing.assert_allclose(got.paid_eur[:, :2], seen[:2] * chance * 0.2)
    np.testing.assert_allclose(got.house_eur[:, 2], seen[2] * 0.015)
    assert (got.clicks[:, 2] == 0).all() and (got.paid_eur[:, 2] == 0).all()
    assert (got.house_eur[:, :2] == 0).all()


def test_a_changed_copy_keeps_what_the_knob_leaves_alone(world):
    other = world.changed(interaction_strength=0.0, video_logit=-1.0)
    assert other.users.equals(world.users)
    assert other.ads.equals(world.ads)
    rng = np.random.default_rng(0)
    requests = world.requests(1, rng=rng)
    video = world.ads.format.to_numpy()[requests.candidates] == 3
    lower = world.changed(video_logit=-1.0)
    change = lower.chance(requests, requests.candidates) - world.chance(
        requests, requests.candidates
    )
    assert (change[video] < 0).all() and (change[~video] == 0).all()


def test_more_video_means_the_same_campaigns(world):
    other = world.changed(video_share=0.5)
    same = world.ads.drop(columns="format")
    assert other.ads.drop(columns="format").equals(same)
    assert (other.ads.format == 3).mean() > (world.ads.format == 3).mean()


def test_the_crosses_carry_the_strength_they_promise():
    world = make(
        interaction_strength=0.8,
        main_strength=0.0,
        quality_strength=0.0,
        intent_strength=0.0,
    )
    rng = np.random.default_rng(7)
    requests = world.requests(1, rng=rng)
    values = world.values(requests, requests.candidates)
    logit = world.truth.logit(values, requests.candidates)
    assert logit.std() == pytest.approx(0.8, rel=0.3)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_unwritten_crosses_take_their_share_of_the_variance(share):
    pairs = make(unwritten_share=share).truth.pairs
    variance = {names: table.var() for names, table in pairs.items()}
    unwritten = sum(v for names, v in variance.items() if names in UNWRITTEN)
    assert unwritten == pytest.approx(share)
    assert sum(variance.values()) == pytest.approx(1.0)


def test_unwritten_crosses_leave_all_other_draws_alone(world):
    other = world.changed(unwritten_share=1.0)
    assert other.users.equals(world.users) and other.ads.equals(world.ads)
    here, there = world.truth, other.truth
    assert (here.quality == there.quality).all()
    assert all((here.main[n] == there.main[n]).all() for n in here.main)
    assert all(
        not there.pairs[names].any() for names in (*GUESSED, *UNGUESSED)
    )


def test_intent_lifts_the_mean_chance_of_a_rare_event(world):
    requests = world.requests(1, rng=np.random.default_rng(8))
    ads = requests.candidates
    sure = world.changed(intent_strength=0.0).chance(requests, ads)
    assert (world.chance(requests, ads)[sure < 0.3] > sure[sure < 0.3]).all()


def test_experiment_gives_everybody_one_row_and_halves(world):
    table = world.experiment(
        first_three, first_three, days=3, rng=np.random.default_rng(9)
    )
    assert len(table) == 400 and table.treated.sum() == 200
    assert (table.clicks <= 3 * table.requests).all()
    assert (table.paid_eur <= 0.2 * table.clicks + 1e-9).all()


def test_requests_lie_within_their_day(world):
    second = world.requests(4, rng=np.random.default_rng(1)).second
    assert (second // DAY_SECONDS == 4).all() and (np.diff(second) >= 0).all()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"users": 0}, "users must be at least 1"),
        ({"main_strength": -1}, "main_strength must be finite and at least 0"),
        ({"exploration_share": 1.5}, "exploration_share is a share"),
        ({"video_share": 2.0}, "video_share is a share"),
        ({"unwritten_share": 1.1}, "unwritten_share is a share"),
        ({"candidates": 2}, "candidates must be from slots"),
        ({"intercept": np.nan}, "intercept must be finite"),
    ],
)
def test_config_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        AdConfig(**change)


def test_cards_that_cannot_be_are_refused(world):
    requests = world.requests(1, rng=np.random.default_rng(1))
    ads = requests.candidates[:, :3].copy()

    def show(ads):
        empty = np.zeros(ads.shape)
        return world.reward_of(requests, Cards(ads, empty, empty))

    with pytest.raises(ValueError, match="at most 3 slots, got"):
        show(requests.candidates[:, :4])
    with pytest.raises(ValueError, match=r"slates must be \(232, slots\)"):
        show(ads[:5])
    ads[3, 0] = ads[3, 1]
    with pytest.raises(ValueError, match="request 3: a slate shows an id"):
        show(ads)
    ads[3, 0] = requests.candidates[3, 0]
    ads[2, 1] = 10_000
    with pytest.raises(ValueError, match="request 2: ad 10000"):
        show(ads)
