"""Simulated sponsored cards with known click probabilities.

Somebody opens a screen (a *request*); some live ads are *candidates*; up to
three become cards. Slot k is examined with probability k ** -position_bias.
An examined card is clicked with log-odds

    intercept + effects of the fields + effects of pairs of fields
              + the ad's quality + the request's intent,

where pairs are those that an engineer may cross by hand and, if a knob says
so, others with the advertiser; quality shows in an ad's own clicks only, and
intent in nothing. A click on a video card is reported late, after an
exponential delay; the log says when. Campaigns start and end: each day new
ads come that no log knows.

Each campaign has a worth of a click, bids exactly that, and has a daily
budget. A slot without a card shows the app's own, which is worth something
too. What is paid is decided by the policy: worlds know no auction.

The logging policy ranks by bid times a rough click rate of category and
format; in a stated share of requests it shows candidates at random.

Shapes: U users, A ads (all that ever run), R requests, C candidates, K slots.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from .ads_truth import (
    GUESSED,
    GUESSED_SHARE,
    LATE_FORMAT,
    SIZES,
    UNGUESSED,
    UNWRITTEN,
    AdConfig,
    AdTruth,
    main_effects,
    pair_effects,
)
from .common import World, check_slates

START = np.datetime64("2026-05-04T00:00:00", "ms")  # a Monday; day 0
DAY_SECONDS = 86_400
USER_FIELDS = ("segment", "region", "device", "age")
AD_FIELDS = ("format", "category", "advertiser")
EMPTY = -1  # the ad number of a slot that shows the app's own card


class Requests(NamedTuple):
    """Ad requests: user, time, section and candidate ads.

    user, second (since day 0), section: (R,); candidates: (R, C) ads.
    """

    user: np.ndarray
    second: np.ndarray
    section: np.ndarray
    candidates: np.ndarray


class Cards(NamedTuple):
    """Cards: ads that a policy shows, prices and propensities.

    ads: (R, K) from the candidates, -1 where the app's own card is shown;
    price_eur: (R, K) per click; propensity: (R, K) of that ad in that slot.
    """

    ads: np.ndarray
    price_eur: np.ndarray
    propensity: np.ndarray


Policy = Callable[..., Cards]  # policy(requests, *, rng) -> Cards


class Reward(NamedTuple):
    """Expected outcome of each slot, arrays of shape (R, K).

    clicks: on ads; paid_eur: by advertisers; value_eur: of the clicks to
    them; house_eur: worth of the app's own cards.
    """

    clicks: np.ndarray
    paid_eur: np.ndarray
    value_eur: np.ndarray
    house_eur: np.ndarray


class Tables(NamedTuple):
    """Tables of production: users, ads and log of impressions."""

    users: pd.DataFrame
    ads: pd.DataFrame
    impressions: pd.DataFrame


class AdWorld(World):
    """Sponsored cards world: click model, budgets, logging policy.

    Args:
        config: the knobs.
        rng: draws the world; the same state gives the same world, and
            `changed` copies keep all draws that a knob leaves alone.
    """

    Config = AdConfig
    config: AdConfig

    @cached_property
    def truth(self) -> AdTruth:
        """Hidden state: for checks and oracles only."""
        rng, more = self._strand(1), self._strand(6)
        hidden = self.config.unwritten_share
        main = {n: main_effects(size, rng=rng) for n, size in SIZES.items()}
        pairs = {}
        for names, share, draws in (
            (GUESSED, GUESSED_SHARE * (1 - hidden), rng),
            (UNGUESSED, (1 - GUESSED_SHARE) * (1 - hidden), rng),
            (UNWRITTEN, hidden, more),
        ):
            for pair in names:
                effects = pair_effects(pair, rng=draws)
                pairs[pair] = np.sqrt(share / len(names)) * effects
        quality = self._strand(2).standard_normal(len(self.ads))
        return AdTruth(self.config, main, pairs, quality)

    @cached_property
    def users(self) -> pd.DataFrame:
        """Table of users: id, segment, region, device, age band."""
        rng = self._strand(3)
        n = self.config.users
        table = {"user": np.arange(n, dtype=np.int32)}
        for name in USER_FIELDS:
            table[name] = rng.integers(SIZES[name], size=n).astype(np.int8)
        return pd.DataFrame(table)

    @cached_property
    def _activity(self) -> np.ndarray:
        """(U,) mean requests a day; a few people open the app all the time."""
        shape = self._strand(4).lognormal(-0.32, 0.8, self.config.users)
        return self.config.requests_per_user_day * shape

    @cached_property
    def ads(self) -> pd.DataFrame:
        """Table of all ads ever, in order of their start.

        ad, campaign, advertiser, category, format, first_day, last_day (of
        the campaign, both included), bid_eur (per click, its true worth to
        the advertiser), budget_eur (of the campaign, per day).
        """
        c, rng = self.config, self._strand(5)
        end = c.log_days + c.future_days
        spans = []
        for _ in range(c.campaigns):  # when one ends, another takes its place
            first = -int(rng.geometric(1 / c.campaign_days)) + 1
            while first < end:
                last = first + int(rng.geometric(1 / c.campaign_days)) - 1
                if last >= 0:
                    spans.append((first, last))
                first = last + 1
        span = np.array(sorted(spans))
        n = len(span)
        advertiser = rng.integers(SIZES["advertiser"], size=n)
        trade = rng.integers(SIZES["category"], size=SIZES["advertiser"])
        bid = c.value_eur * np.exp(c.value_spread * rng.standard_normal(n))
        budget = c.budget_eur * np.exp(0.5 * rng.standard_normal(n))
        many = c.ads_per_campaign
        table = pd.DataFrame(
            {
                "campaign": np.arange(n, dtype=np.int32),
                "advertiser": advertiser.astype(np.int8),
                "category": trade[advertiser].astype(np.int8),
                "first_day": span[:, 0].astype(np.int16),
                "last_day": span[:, 1].astype(np.int16),
                "bid_eur": bid.round(3),
                "budget_eur": budget.round(2),
            }
        )
        table = table.loc[table.index.repeat(many)].reset_index(drop=True)
        table.insert(0, "ad", np.arange(len(table), dtype=np.int32))
        other = 1 - c.video_share  # text, picture, carousel, video
        edges = np.cumsum([0.375, 0.375, 0.25]) * other
        form = np.searchsorted(edges, rng.random(len(table)), side="right")
        table["format"] = form.astype(np.int8)
        return table

    def live(self, day: int) -> np.ndarray:
        """Numbers of the ads whose campaigns run on a day."""
        ads = self.ads
        return np.flatnonzero((ads.first_day <= day) & (day <= ads.last_day))

    def examination(self) -> np.ndarray:
        """(K,) probability that a slot is looked at."""
        c = self.config
        return np.arange(1, c.slots + 1.0) ** -c.position_bias

    def requests(self, day: int, *, rng: np.random.Generator) -> Requests:
        """Requests of one day in order of time, with their candidates."""
        c = self.config
        count = rng.poisson(self._activity)
        user = rng.permutation(np.repeat(np.arange(c.users), count))
        second = np.sort(rng.integers(DAY_SECONDS, size=len(user)))
        section = rng.integers(SIZES["section"], size=len(user))
        live = self.live(day)
        order = rng.random((len(user), len(live))).argpartition(
            c.candidates - 1, axis=1
        )[:, : c.candidates]
        return Requests(user, day * DAY_SECONDS + second, section, live[order])

    def values(self, requests: Requests, ads: np.ndarray) -> dict:
        """field -> values, (R, 1) of requests and (R, K) of their ads."""
        second = requests.second % DAY_SECONDS
        part = second // (DAY_SECONDS // SIZES["daypart"])
        values = {
            "section": requests.section[:, None],
            "daypart": part[:, None],
        }
        for name in USER_FIELDS:
            values[name] = self.users[name].to_numpy()[requests.user][:, None]
        for name in AD_FIELDS:
            values[name] = self.ads[name].to_numpy()[ads]
        return values

    def chance(self, requests: Requests, ads: np.ndarray) -> np.ndarray:
        """(R, K) true chance of a click in slot 1: for checks only."""
        return self.truth.chance(self.values(requests, ads), ads)

    def logging_policy(
        self, requests: Requests, *, rng: np.random.Generator
    ) -> Cards:
        """Logging policy: what production showed, unpriced."""
        return self._logging_draws(requests, rng=rng)[0]

    def _logging_draws(self, requests: Requests, *, rng):
        """Cards, and which requests (R,) were shown at random."""
        c, t = self.config, self.truth
        cand = requests.candidates
        rough = np.exp(
            c.main_strength
            * (
                t.main["category"][self.ads.category.to_numpy()]
                + t.main["format"][self.ads.format.to_numpy()]
            )
        )
        score = (self.ads.bid_eur.to_numpy() * rough)[cand]
        explored = rng.random(len(cand)) < c.exploration_share
        noise = rng.random(cand.shape)
        usual = np.argsort(-score, axis=1, kind="stable")[:, : c.slots]
        drawn = np.argsort(noise, axis=1)[:, : c.slots]
        order = np.where(explored[:, None], drawn, usual)
        share = c.exploration_share
        propensity = (1 - share) * (order == usual) + share / cand.shape[1]
        ads = np.take_along_axis(cand, order, axis=1)
        return Cards(ads, np.zeros(ads.shape), propensity), explored

    def reward_of(self, requests: Requests, cards: Cards) -> Reward:
        """Expected outcome of showing cards, nothing sampled."""
        self._check(requests, cards)
        shown = cards.ads != EMPTY
        ads = np.where(shown, cards.ads, 0)
        seen = self.examination()[: ads.shape[1]]
        clicks = np.where(shown, seen * self.chance(requests, ads), 0.0)
        bid = self.ads.bid_eur.to_numpy()[ads]
        return Reward(
            clicks,
            clicks * np.where(shown, cards.price_eur, 0.0),
            clicks * bid,
            np.where(shown, 0.0, seen * self.config.house_eur),
        )

    def expected_reward(
        self,
        policy: Policy,
        *,
        rng: np.random.Generator,
        requests: Requests,
    ) -> Reward:
        """Expected outcome of a policy for these requests.

        Only the policy's own draws are random: with the same requests, two
        policies differ by what they show and by nothing else.
        """
        return self.reward_of(requests, policy(requests, rng=rng))

    def outcomes(self, requests: Requests, cards: Cards, *, rng):
        """(R, K) sampled clicks; one intent per request, as in the truth."""
        self._check(requests, cards)
        shown = cards.ads != EMPTY
        ads = np.where(shown, cards.ads, 0)
        intent = rng.standard_normal((len(ads), 1))
        logit = self.truth.logit(self.values(requests, ads), ads)
        chance = expit(logit + self.config.intent_strength * intent)
        seen = self.examination()[: ads.shape[1]]
        return shown & (rng.random(ads.shape) < seen * chance)

    def log(
        self,
        policy: Policy | None = None,
        *,
        rng: np.random.Generator,
        days: int | None = None,
        from_day: int = 0,
    ) -> Tables:
        """Log of impressions under a policy, by default the logging policy.

        Returns:
            users, the ads that ran by its end, and one row per card: request,
            user, time, section, ad, slot (1 is the top), propensity,
            explored, clicked, reported (when the click reached the log, NaT
            without one; it may lie after the last day).
        """
        end = from_day + (self.config.log_days if days is None else days)
        per_day = [self.requests(day, rng=rng) for day in range(from_day, end)]
        requests = Requests(
            *(np.concatenate(x) for x in zip(*per_day, strict=True))
        )
        if policy is None:
            cards, explored = self._logging_draws(requests, rng=rng)
        else:
            cards = policy(requests, rng=rng)
            explored = np.zeros(len(cards.ads), dtype=bool)
        clicked = self.outcomes(requests, cards, rng=rng)
        wait = rng.exponential(1.0, size=clicked.shape)
        form = self.ads.format.to_numpy()[cards.ads]
        hours = np.where(
            form == LATE_FORMAT, self.config.click_delay_hours, 1 / 60
        )
        at = requests.second[:, None] + np.ceil(3600 * hours * wait)
        row, slot = np.nonzero(cards.ads != EMPTY)

        def moment(second):
            return START + (1000 * second).astype("timedelta64[ms]")

        flat = row, slot
        impressions = pd.DataFrame(
            {
                "request": row.astype(np.int32),
                "user": requests.user[row].astype(np.int32),
                "time": moment(requests.second[row]),
                "section": requests.section[row].astype(np.int8),
                "ad": cards.ads[flat].astype(np.int32),
                "slot": (slot + 1).astype(np.int8),
                "propensity": cards.propensity[flat].astype(np.float32),
                "explored": explored[row],
                "clicked": clicked[flat],
            }
        )
        impressions["reported"] = pd.Series(
            moment(at[flat].astype(np.int64))
        ).where(impressions.clicked)
        return Tables(
            self.users, self.ads[self.ads.first_day < end], impressions
        )

    def experiment(
        self,
        control: Policy,
        treatment: Policy,
        *,
        days: int,
        rng: np.random.Generator,
    ) -> pd.DataFrame:
        """Sampled A/B test over the days after the log, users randomised.

        Returns:
            One row per user, also those who never came: user, treated,
            requests, clicks, paid_eur, welfare_eur (sums over the test).
        """
        c = self.config
        treated = rng.permutation(c.users) < c.users // 2
        sums = np.zeros((c.users, 4))
        bid = self.ads.bid_eur.to_numpy()
        for day in range(c.log_days, c.log_days + days):
            requests = self.requests(day, rng=rng)
            for arm, policy in ((False, control), (True, treatment)):
                part = Requests(
                    *(x[treated[requests.user] == arm] for x in requests)
                )
                cards = policy(part, rng=rng)
                clicked = self.outcomes(part, cards, rng=rng)
                house = self.reward_of(part, cards).house_eur
                row = np.stack(
                    [
                        np.ones(len(part.user)),
                        clicked.sum(1),
                        (clicked * cards.price_eur).sum(1),
                        (clicked * bid[cards.ads] + house).sum(1),
                    ],
                    axis=1,
                )
                np.add.at(sums, part.user, row)
        table = pd.DataFrame(
            sums, columns=["requests", "clicks", "paid_eur", "welfare_eur"]
        )
        table.insert(0, "treated", treated)
        table.insert(0, "user", np.arange(c.users))
        return table

    def _check(self, requests: Requests, cards: Cards) -> None:
        ads = cards.ads
        check_slates(
            ads,
            requests=len(requests.user),
            slots=self.config.slots,
            empty=EMPTY,
        )
        allowed = (ads[:, :, None] == requests.candidates[:, None, :]).any(2)
        wrong = ~allowed & (ads != EMPTY)
        if wrong.any():
            row = int(np.argmax(wrong.any(1)))
            raise ValueError(
                f"request {row}: ad {ads[row][wrong[row]][0]} is not among "
                "its candidates"
            )
