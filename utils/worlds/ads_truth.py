"""Hidden state of the ad world: knobs and click model.

Shapes: U users, A ads (all that ever run), R requests, C candidates. The
fields of a request are those of its user (segment, region, device, age), the
section of the app and the part of the day; those of an ad are its format,
category and advertiser.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from .common import check_knobs

SIZES = {
    "segment": 8, "region": 24, "device": 3, "age": 5, "section": 5,
    "daypart": 6, "format": 4, "category": 12, "advertiser": 40,
}  # fmt: skip
FORMATS = ("text", "picture", "carousel", "video")
LATE_FORMAT = FORMATS.index("video")  # its clicks are reported by others
# Crosses that an engineer thinks of first, others of an ad's category, and
# crosses with the advertiser, which a knob may add.
GUESSED = (("segment", "category"), ("daypart", "category"))
UNGUESSED = (
    ("region", "category"), ("section", "category"), ("age", "category"),
)  # fmt: skip
UNWRITTEN = (
    ("region", "advertiser"), ("segment", "advertiser"),
    ("age", "advertiser"),
)  # fmt: skip
RANK = 2  # of each pair's table of effects
GUESSED_SHARE = 0.25  # of the variance of all crosses with the category


@dataclass(frozen=True)
class AdConfig:
    """Knobs of the world; defaults give some 150,000 impressions in 14 days.

    Attributes:
        users: people who use the app.
        requests_per_user_day: mean screens with cards of a user on a day.
        log_days: length of the log, in days.
        future_days: days after the log for which campaigns are planned.
        campaigns: campaigns that run at a time.
        ads_per_campaign: ads of a campaign, all from its first day.
        campaign_days: mean life of a campaign; small means churn.
        candidates: live ads that may compete for a request, drawn evenly.
        slots: cards on a screen.
        position_bias: exponent of examination of slots; 0 sees all alike.
        intercept: log-odds of a click without any effect.
        main_strength: logits per standard deviation of a field's own effect.
        interaction_strength: logits per standard deviation of all crosses
            of two fields taken together.
        unwritten_share: share of the variance of all crosses that lies in
            crosses with the advertiser, 0 to 1; none by default.
        quality_strength: logits per standard deviation of an ad's quality,
            which only its own clicks tell.
        intent_strength: logits per standard deviation of what somebody has
            in mind at a request; no feature tells.
        click_delay_hours: mean delay of the report of a click on a video
            card; other clicks are reported at once.
        video_share: share of ads that are video cards.
        video_logit: logits added to every video card.
        value_eur: median worth of a click to an advertiser.
        value_spread: standard deviation of its logarithm.
        budget_eur: median daily budget of a campaign.
        house_eur: worth of an examined slot that shows the app's own card.
        exploration_share: share of logged requests with cards at random.
    """

    users: int = 6_000
    requests_per_user_day: float = 0.6
    log_days: int = 14
    future_days: int = 14
    campaigns: int = 60
    ads_per_campaign: int = 2
    campaign_days: float = 10.0
    candidates: int = 10
    slots: int = 3
    position_bias: float = 0.7
    intercept: float = -3.6
    main_strength: float = 0.25
    interaction_strength: float = 0.8
    unwritten_share: float = 0.0
    quality_strength: float = 0.3
    intent_strength: float = 0.4
    click_delay_hours: float = 48.0
    video_share: float = 0.25
    video_logit: float = 0.0
    value_eur: float = 0.4
    value_spread: float = 0.5
    budget_eur: float = 4.0
    house_eur: float = 0.015
    exploration_share: float = 0.10

    def __post_init__(self) -> None:
        names = ("users", "log_days", "campaigns", "ads_per_campaign",
                 "slots", "campaign_days")  # fmt: skip
        check_knobs(
            self,
            negative=("intercept", "video_logit"),
            at_least=dict.fromkeys(names, 1),
        )
        live = self.campaigns * self.ads_per_campaign
        if not self.slots <= self.candidates <= live:
            raise ValueError(
                f"candidates must be from slots ({self.slots}) to the live "
                f"ads ({live}), got {self.candidates}"
            )


def pair_effects(
    names: tuple[str, str], *, rng: np.random.Generator
) -> np.ndarray:
    """(n, m) effects of two fields' values together: mean 0, deviation 1.

    A product of two factors of rank 2, so that one value's effects with
    many others hang together.
    """
    left, right = (rng.standard_normal((SIZES[n], RANK)) for n in names)
    table = left @ right.T
    table -= table.mean(axis=0)
    table -= table.mean(axis=1, keepdims=True)
    return table / table.std()


@dataclass(frozen=True)
class AdTruth:
    """Hidden state of a world; models never see it.

    Attributes:
        main: field -> (values,) effects in deviations, quality: (A,),
        pairs: (field, field) -> (values, values) effects in logits,
        before `interaction_strength`.
    """

    config: AdConfig
    main: dict[str, np.ndarray]
    pairs: dict[tuple[str, str], np.ndarray]
    quality: np.ndarray

    def logit(self, values: dict[str, np.ndarray], ad: np.ndarray):
        """Log-odds of a click on an examined ad, intent left out.

        Args:
            values: field -> integers, shapes that broadcast with `ad`.
            ad: (...) numbers of ads.
        """
        c = self.config
        total = c.intercept + c.quality_strength * self.quality[ad]
        for name, effects in self.main.items():
            total = total + c.main_strength * effects[values[name]]
        for (left, right), effects in self.pairs.items():
            total = (
                total
                + c.interaction_strength
                * (effects[values[left], values[right]])
            )
        late = values["format"] == LATE_FORMAT
        return total + c.video_logit * late

    def chance(self, values: dict[str, np.ndarray], ad: np.ndarray):
        """Chance of a click on an examined ad, for all that is served.

        The Bayes oracle: it knows the process, and the mean over the intent
        that no feature tells (Gauss-Hermite, nine points).
        """
        nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        weights = weights / weights.sum()
        logit = self.logit(values, ad)
        return sum(
            w * expit(logit + self.config.intent_strength * x)
            for x, w in zip(nodes, weights, strict=True)
        )


def main_effects(size: int, *, rng: np.random.Generator) -> np.ndarray:
    """(n,) effects of a field's values: mean 0, deviation 1."""
    effects = rng.standard_normal(size)
    effects -= effects.mean()
    return effects / effects.std()
