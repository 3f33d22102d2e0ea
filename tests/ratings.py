"""A world of film ratings, of the shape of the small public rating logs.

People arrive over some months and rate in one or a few sittings. What they
rate is what they chose to watch: popular films, and films to their taste, so
that the missing ratings are not missing at random. No chapter uses it: the
tests of the two-stage recommender fit on a small log of it, and
`benchmarks.recommenders` compares peers on larger ones, with "rated at all"
as relevance.

Process, for user u and film i:

- a film has one to three genres and a place in taste space near the mean of
  its genres; a share of its place is its own;
- a user's taste is a mix of a few taste groups plus an own part;
- films come in series; who likes one of a series likes the others, for
  reasons that no taste dimension knows (what few factors cannot learn and
  item-to-item models can);
- log-chance of choosing i: skew * fame_i + taste_strength * (u · v_i)
  + era_strength * closeness of i's year to the years u likes
  + series_strength * u's liking of i's series;
- the number of ratings of u is lognormal above a minimum;
- stars are quality_i + taste + mood_u + noise, cut into 1 to 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from utils.worlds.common import World


@dataclass(frozen=True)
class RatingsConfig:
    """Knobs of the world.

    Attributes:
        users: number of users.
        items: number of films.
        ratings: about how many ratings in all.
        min_ratings: fewest ratings a user has.
        activity_spread: standard deviation of log activity.
        popularity_skew: weight of fame in the choice; 0 is none.
        taste_strength: weight of taste in the choice; 0 is none.
        era_strength: weight of the film's year in the choice.
        series_strength: weight of the film's series in the choice.
        series_length: films in a series.
        factors: dimensions of taste.
        genres: number of genres.
        groups: number of taste groups that users mix.
        own_taste: share, in [0, 1], of tastes and films that neither group
            nor genre explains.
        days: length of the log.
    """

    users: int = 943
    items: int = 1682
    ratings: int = 100_000
    min_ratings: int = 20
    activity_spread: float = 0.95
    popularity_skew: float = 1.0
    taste_strength: float = 1.3
    era_strength: float = 0.6
    series_strength: float = 0.5
    series_length: int = 5
    factors: int = 12
    genres: int = 18
    groups: int = 12
    own_taste: float = 0.5
    days: int = 215

    def __post_init__(self) -> None:
        for name in ("users", "items", "ratings", "min_ratings", "factors",
                     "genres", "groups", "days", "series_length"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if not self.users * self.min_ratings <= self.ratings:
            raise ValueError(
                f"ratings must be at least users * min_ratings = "
                f"{self.users * self.min_ratings}, got {self.ratings}"
            )
        if self.ratings > self.users * self.items // 4:
            raise ValueError(
                "ratings must be at most a quarter of users * items = "
                f"{self.users * self.items // 4}, got {self.ratings}"
            )
        if not 0 <= self.own_taste <= 1:
            raise ValueError(
                f"own_taste must lie in [0, 1], got {self.own_taste}"
            )


@dataclass(frozen=True)
class RatingsTruth:
    """Hidden state of a world; models never see it.

    Attributes:
        tastes: (U, D) users in taste space.
        places: (N, D) films in taste space.
        log_chance: (U, N) log-chance, up to a constant per user, that the
            user's next pick is this film.
        genres: (N, G) 0 and 1.
        quality: (N,) in stars.
    """

    tastes: np.ndarray
    places: np.ndarray
    log_chance: np.ndarray
    genres: np.ndarray
    quality: np.ndarray


class RatingsWorld(World):
    """Users and films with known tastes; `log` draws who rated what.

    Args:
        config: the knobs.
        rng: draws users and films; the log is drawn later.

    >>> small = RatingsConfig(users=50, items=120, ratings=1500)
    >>> world = RatingsWorld(small, rng=np.random.default_rng(0))
    >>> log = world.log(rng=np.random.default_rng(1))
    >>> list(log.columns), log.duplicated(["user", "item"]).any()
    (['user', 'item', 'time', 'rating'], np.False_)
    """

    @cached_property
    def truth(self) -> RatingsTruth:
        """Hidden state: for checks and oracles only."""
        return _drawn(self.config, np.random.default_rng(self._seed))

    def log(self, *, rng: np.random.Generator) -> pd.DataFrame:
        """Log of ratings, sorted by time: user, item, time and rating.

        Returns:
            DataFrame with `user` and `item` (int64, from 1), `time`
            (datetime64, UTC, whole seconds) and `rating` (int64, 1 to 5); a
            user rates a film at most once.
        """
        config, truth = self.config, self.truth
        wanted = _activity(config, rng)
        # The n largest of log-chance + Gumbel noise are n draws without
        # replacement, each with chance proportional to what is left.
        noisy = truth.log_chance + rng.gumbel(size=truth.log_chance.shape)
        order = np.argsort(-noisy, axis=1)
        user = np.repeat(np.arange(config.users), wanted)
        rank = np.arange(len(user)) - np.repeat(
            np.cumsum(wanted) - wanted, wanted
        )
        item = order[user, rank]

        taste = np.einsum("pd,pd->p", truth.tastes[user], truth.places[item])
        mood = rng.normal(scale=0.4, size=config.users)[user]
        stars = (
            truth.quality[item]
            + 0.5 * taste
            + mood
            + rng.normal(scale=0.8, size=len(user))
        )
        table = pd.DataFrame(
            {
                "user": user + 1,
                "item": item + 1,
                "time": _times(config, user, rng),
                "rating": np.clip(np.rint(stars), 1, 5).astype(np.int64),
            }
        )
        return table.sort_values("time", kind="stable", ignore_index=True)


def _drawn(config: RatingsConfig, rng: np.random.Generator) -> RatingsTruth:
    """Users and films; every knob uses the same random numbers."""
    own = config.own_taste
    shape = (config.items, config.factors)
    genre_places = rng.normal(size=(config.genres, config.factors))
    genre_share = 1 / np.arange(1, config.genres + 1) ** 0.7
    liking = np.log(genre_share) + rng.gumbel(
        size=(config.items, config.genres)
    )
    how_many = rng.integers(1, 4, size=config.items)
    place_in_list = np.argsort(np.argsort(-liking, axis=1), axis=1)
    genres = (place_in_list < how_many[:, None]).astype(np.float64)
    common = genres @ genre_places / np.sqrt(genres.sum(1, keepdims=True))
    places = np.sqrt(1 - own) * common + np.sqrt(own) * rng.normal(size=shape)

    group_tastes = rng.normal(size=(config.groups, config.factors))
    mix = rng.dirichlet(np.full(config.groups, 0.3), size=config.users)
    mix /= np.linalg.norm(mix, axis=1, keepdims=True)
    tastes = np.sqrt(1 - own) * mix @ group_tastes + np.sqrt(own) * rng.normal(
        size=(config.users, config.factors)
    )
    tastes /= np.sqrt(config.factors)  # u · v has variance of about 1

    year = 1998 - rng.exponential(8, size=config.items)
    liked_year = 1997 - rng.exponential(6, size=config.users)
    era = -np.abs(liked_year[:, None] - year) / 10
    quality = rng.normal(3.3, 0.5, size=config.items)
    fame = rng.normal(size=config.items) * 1.3 + (quality - 3.3)
    n_series = -(-config.items // config.series_length)
    series = rng.permutation(config.items) // config.series_length
    liked_series = rng.normal(size=(config.users, n_series))
    log_chance = (
        config.popularity_skew * fame
        + config.taste_strength * tastes @ places.T
        + config.era_strength * era
        + config.series_strength * liked_series[:, series]
    )
    return RatingsTruth(tastes, places, log_chance, genres, quality)


def _activity(config: RatingsConfig, rng: np.random.Generator) -> np.ndarray:
    """(U,) ratings of each user: lognormal above the minimum."""
    raw = np.exp(config.activity_spread * rng.normal(size=config.users))
    spare = config.ratings - config.users * config.min_ratings
    extra = np.rint(raw / raw.sum() * spare).astype(np.int64)
    return np.minimum(config.min_ratings + extra, config.items // 2)


def _times(
    config: RatingsConfig, user: np.ndarray, rng: np.random.Generator
) -> pd.DatetimeIndex:
    """(P,) time of each rating: up to three sittings after the arrival."""
    start = pd.Timestamp("1997-09-20", tz="UTC")
    arrival = rng.uniform(0, config.days, size=config.users)
    sittings = rng.integers(1, 4, size=config.users)
    later = rng.exponential(12.0, size=(config.users, 3))  # days apart
    later[:, 0] = 0.0
    which = np.floor(rng.random(len(user)) * sittings[user]).astype(int)
    day = arrival[user] + np.cumsum(later, axis=1)[user, which]
    day = np.minimum(day, config.days)
    within = rng.exponential(20 * 60, size=len(user))  # seconds
    seconds = np.rint(day * 86_400 + within).astype(np.int64)
    return start + pd.to_timedelta(seconds, unit="s")
