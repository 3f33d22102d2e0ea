"""Hidden state of the video world: knobs and preferences.

Shapes: U users, V videos (all that are ever uploaded), R requests. Videos are
numbered in order of upload: those available on a day form a prefix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from .common import check_knobs

FINISHED = 0.85  # mean share of a median-length video seen if it satisfies
DROPPED = 0.25  # and if it does not


@dataclass(frozen=True)
class VideoConfig:
    """Knobs of the world; defaults give some 150,000 impressions in 14 days.

    Attributes:
        users: registered users.
        videos: videos available at the end of day `log_days`.
        uploads_per_day: videos that arrive every day, during and after it.
        log_days: length of the log, in days.
        future_days: days after the log for which uploads are known.
        sessions_per_user_day: mean requests of a user on a day.
        slots: videos in a slate.
        topics: topics; every video has one.
        favourites: topics that a user loves; the others leave them cool.
        position_bias: exponent of examination; 0 means all slots are seen.
        popularity_bias: logits of the logging policy per standard deviation
            of log popularity; 0 shows unpopular videos as often.
        merit_share: share of the variance of log popularity that is quality.
        personalisation: logits of the logging policy per unit of what it
            knows of a user's topics.
        exploration_share: share of uniform draws in the logging policy.
        cold_user_share: share of users who join in the last two days.
        taste_strength: logits per standard deviation of taste.
        quality_strength: logits per standard deviation of quality.
        allure_strength: logits by which a catchy thumbnail makes users start.
        fresh_bonus: logits that a video gains on the day of its upload;
            halves every two days.
        duration_spread: standard deviation of log duration.
        content_noise: standard deviation of the noise in content vectors.
        boredom: share of appeal lost for each video of the same topic above.
    """

    users: int = 2_000
    videos: int = 5_000
    uploads_per_day: int = 40
    log_days: int = 14
    future_days: int = 21
    sessions_per_user_day: float = 0.6
    slots: int = 10
    topics: int = 24
    favourites: int = 3
    position_bias: float = 0.5
    popularity_bias: float = 2.0
    merit_share: float = 0.1
    personalisation: float = 1.0
    exploration_share: float = 0.10
    cold_user_share: float = 0.10
    taste_strength: float = 1.1
    quality_strength: float = 1.0
    allure_strength: float = 0.6
    fresh_bonus: float = 0.8
    duration_spread: float = 0.8
    content_noise: float = 0.5
    boredom: float = 0.15

    def __post_init__(self) -> None:
        least = dict.fromkeys(("users", "slots", "favourites", "log_days"), 1)
        check_knobs(self, at_least=least)
        if self.topics <= self.favourites:
            raise ValueError(
                f"topics must exceed favourites ({self.favourites}), "
                f"got {self.topics}"
            )
        if self.boredom > 1:
            raise ValueError(f"boredom is a share, got {self.boredom}")
        if self.videos_on(0) < self.slots:
            raise ValueError(
                f"day 0 needs at least {self.slots} videos (slots), got "
                f"{self.videos_on(0)} = videos - log_days * uploads_per_day"
            )

    def videos_on(self, day: int | np.ndarray) -> int | np.ndarray:
        """Videos uploaded before the end of a day; ids below it exist."""
        return self.videos - (self.log_days - 1 - day) * self.uploads_per_day


@dataclass(frozen=True)
class VideoTruth:
    """Hidden state of a world; models never see it.

    Attributes:
        sessions_per_day: (U,), topic_taste: (U, topics), style_taste: (U, 4),
        topic: (V,), style: (V, 4), quality: (V,), allure: (V,),
        log_popularity: (V,), duration_seconds: (V,), upload_day: (V,).
    """

    config: VideoConfig
    sessions_per_day: np.ndarray
    topic_taste: np.ndarray
    style_taste: np.ndarray
    topic: np.ndarray
    style: np.ndarray
    quality: np.ndarray
    allure: np.ndarray
    log_popularity: np.ndarray
    duration_seconds: np.ndarray
    upload_day: np.ndarray

    def taste(self, user: np.ndarray, video: np.ndarray) -> np.ndarray:
        """Taste of users for videos, any broadcastable shapes; about N(0,1).

        Three quarters of its variance is the topic, the rest a finer style.
        """
        by_topic = self.topic_taste[user, self.topic[video]]
        by_style = np.einsum(
            "...d,...d->...", self.style_taste[user], self.style[video]
        )
        return np.sqrt(3 / 4) * by_topic + np.sqrt(1 / 4) * by_style

    def start(self, user, video, day) -> np.ndarray:
        """Probability that an examined video is started."""
        age = np.maximum(day - self.upload_day[video], 0)
        c = self.config
        return expit(
            -0.3
            + c.taste_strength * self.taste(user, video)
            + c.allure_strength * self.allure[video]
            + c.fresh_bonus * 0.5 ** (age / 2)
        )

    def satisfy(self, user, video) -> np.ndarray:
        """Probability that a started video satisfies."""
        c = self.config
        return expit(
            c.taste_strength * self.taste(user, video) / 2
            + c.quality_strength * self.quality[video]
            - c.allure_strength * self.allure[video] / 2
        )

    def relevance(self, user, video, day) -> np.ndarray:
        """Probability that an examined video is started and satisfies."""
        return self.start(user, video, day) * self.satisfy(user, video)

    def relevance_of_all(self, user: np.ndarray, day: int) -> np.ndarray:
        """(R, N) relevance of the N videos that exist on a day."""
        videos = np.arange(self.config.videos_on(day))
        return self.relevance(user[:, None], videos[None, :], day)

    def return_probability(self, satisfied, disappointed) -> np.ndarray:
        """Return probability: chance that a user is back on the next day.

        From the expected numbers of starts in a visit that satisfied and
        that did not. It is an outcome only: who comes on which day in the
        log and in experiments does not depend on it.
        """
        return expit(-0.4 + 0.5 * satisfied - 0.3 * disappointed)

    def watched_share(self, video: np.ndarray, satisfied: np.ndarray):
        """Mean share of a started video that is watched."""
        length = self.duration_seconds[video] / 240.0
        mean = np.where(satisfied, FINISHED, DROPPED) * length**-0.15
        return np.clip(mean, 0.02, 0.97)
