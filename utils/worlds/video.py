"""Simulated video feed with known preferences.

A user opens the app (a *request*), sees a slate of videos from the top,
and examines rank r with probability r ** -position_bias. An examined video
is *started* if it appeals (taste, and a catchy thumbnail), and a started one
*satisfies* if it is good for that user (taste and quality; a catchy thumbnail
disappoints). Watch time is a share of the duration, larger when satisfied and
smaller in long videos. A topic repeated in a slate bores. The log records
starts, seconds, likes and skips, never satisfaction.

The logging policy follows each video's popularity, some of which is merit
and most of which is luck, and what it coarsely knows of a user's topics; a
stated share of every draw is uniform over the catalogue.

Shapes: U users, V videos (all that are ever uploaded), R requests, K slots.
Videos are numbered in order of upload: those available form a prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from .common import World, check_slates
from .video_truth import VideoConfig, VideoTruth

START = np.datetime64("2026-03-02T00:00:00", "ms")  # a Monday; day 0
DAY_SECONDS = 86_400
CONTENT_SIZE = 8
SKIP_SHARE = 0.10  # a start that saw less than this was a skip
CONCENTRATION = 6.0  # of the Beta distribution of the share seen


class Requests(NamedTuple):
    """Requests: users who open the app by day, two arrays of shape (R,)."""

    user: np.ndarray
    day: np.ndarray


class Slates(NamedTuple):
    """Slates: videos (R, K) that a policy shows, and propensities (R, K).

    The propensity is that of the slot's draw given the slots above it; a
    policy that does not draw has 1.
    """

    videos: np.ndarray
    propensity: np.ndarray


Policy = Callable[..., Slates]  # policy(requests, *, rng) -> Slates


class Reward(NamedTuple):
    """Expected outcome of a request, arrays of shape (R,).

    satisfied: satisfying watches; started: starts; watch_minutes: minutes;
    returned: chance that the user is back on the next day.
    """

    satisfied: np.ndarray
    started: np.ndarray
    watch_minutes: np.ndarray
    returned: np.ndarray


class Tables(NamedTuple):
    """Tables of production: users, videos and log of impressions."""

    users: pd.DataFrame
    videos: pd.DataFrame
    impressions: pd.DataFrame


def fixed_slates(videos: np.ndarray) -> Policy:
    """Policy that shows user u the row u of videos (U, K), every day."""

    def policy(requests: Requests, *, rng: np.random.Generator) -> Slates:
        shown = videos[requests.user]
        return Slates(shown, np.ones(shown.shape))

    return policy


class VideoWorld(World):
    """Video feed world: preferences, outcomes, logging policy.

    Args:
        config: the knobs.
        rng: draws the world; the same state gives the same world, and
            `changed` copies keep all draws that a knob leaves alone.
    """

    Config = VideoConfig
    config: VideoConfig

    @cached_property
    def truth(self) -> VideoTruth:
        """Hidden state: for checks and oracles only."""
        c = self.config
        total = c.videos_on(c.log_days - 1 + c.future_days)
        rng = self._strand(1)
        quality, allure, luck = rng.standard_normal((3, total))
        at_start = c.videos_on(-1)
        upload_day = np.repeat(
            np.arange(c.log_days + c.future_days), c.uploads_per_day
        )
        age = np.sort(rng.exponential(60.0, at_start))[::-1].astype(int) + 1
        merit = c.merit_share
        popularity = np.sqrt(merit) * quality + np.sqrt(1 - merit) * luck
        upload_day = np.concatenate([-age, upload_day])
        # a new upload has not had time to become popular
        popularity -= 2.0 * (upload_day >= 0)
        length = 240.0 * np.exp(
            c.duration_spread * self._strand(2).standard_normal(total)
        )
        users = self._strand(3)
        love = users.random((c.users, c.topics)).argsort(1) < c.favourites
        share = c.favourites / c.topics
        topic_taste = (love - share) / np.sqrt(share * (1 - share))
        return VideoTruth(
            config=c,
            sessions_per_day=c.sessions_per_user_day
            * users.lognormal(-0.32, 0.8, c.users),
            topic_taste=topic_taste,
            style_taste=users.standard_normal((c.users, 4)) / 2.0,
            topic=rng.integers(c.topics, size=total),
            style=rng.standard_normal((total, 4)),
            quality=quality,
            allure=allure,
            log_popularity=popularity,
            duration_seconds=np.clip(length, 15, 7200).astype(int),
            upload_day=upload_day,
        )

    @cached_property
    def users(self) -> pd.DataFrame:
        """Table of users: id and day of joining."""
        c = self.config
        rng = self._strand(4)
        cold = rng.random(c.users) < c.cold_user_share
        late = rng.integers(max(c.log_days - 2, 0), c.log_days, c.users)
        return pd.DataFrame(
            {
                "user": np.arange(c.users, dtype=np.int32),
                "joined_day": np.where(cold, late, 0).astype(np.int32),
            }
        )

    @cached_property
    def videos(self) -> pd.DataFrame:
        """Table of all videos ever: id, topic, duration, upload, content.

        `content_0` ... are what a frozen encoder sees in picture and title:
        the video's topic and style, mixed and with noise.
        """
        t, c = self.truth, self.config
        rng = self._strand(5)
        topic_codes = rng.standard_normal((c.topics, CONTENT_SIZE))
        style_codes = rng.standard_normal((4, CONTENT_SIZE)) / 2.0
        noise = rng.standard_normal((len(t.topic), CONTENT_SIZE))
        content = (
            topic_codes[t.topic]
            + t.style @ style_codes
            + c.content_noise * noise
        )
        table = pd.DataFrame(
            {
                "video": np.arange(len(t.topic), dtype=np.int32),
                "topic": t.topic.astype(np.int16),
                "duration_seconds": t.duration_seconds.astype(np.int32),
                "upload_day": t.upload_day.astype(np.int32),
            }
        )
        for i in range(CONTENT_SIZE):
            table[f"content_{i}"] = content[:, i].astype(np.float32).round(3)
        return table

    def examination(self) -> np.ndarray:
        """(K,) probability that a slot is looked at."""
        c = self.config
        return np.arange(1, c.slots + 1.0) ** -c.position_bias

    def requests(self, day: int, *, rng: np.random.Generator) -> Requests:
        """Requests of one day, in random order."""
        active = self.users["joined_day"].to_numpy() <= day
        count = rng.poisson(self.truth.sessions_per_day * active)
        user = rng.permutation(np.repeat(np.arange(len(count)), count))
        return Requests(user, np.full(len(user), day))

    def everyone(self, day: int | None = None) -> Requests:
        """One request of every user on a day, by default after the log."""
        day = self.config.log_days if day is None else day
        user = np.arange(self.config.users)
        return Requests(user, np.full(len(user), day))

    @cached_property
    def _draw_weights(self) -> np.ndarray:
        """(U, V) cumulative weights of the logging policy, unexplored."""
        t, c = self.truth, self.config
        noise = self._strand(6).standard_normal(t.topic_taste.shape)
        known = (t.topic_taste + noise) / np.sqrt(2)
        logits = (
            c.popularity_bias * t.log_popularity
            + c.personalisation * known[:, t.topic]
        )
        return np.exp(logits - logits.max(axis=1, keepdims=True)).cumsum(1)

    def logging_policy(
        self, requests: Requests, *, rng: np.random.Generator
    ) -> Slates:
        """Logging policy: what production showed when the log was written.

        Slot by slot a video is drawn, without repeats, with probability
        proportional to (1 - e) * weight / sum of weights + e / catalogue.

        Returns:
            Slates with the propensity of each draw given the slots above.
        """
        return self._logging_draws(requests, rng=rng)[0]

    def _logging_draws(self, requests: Requests, *, rng):
        """Slates, and which slots (R, K) were uniform draws."""
        c = self.config
        n_rows, weights = len(requests.user), self._draw_weights
        available = c.videos_on(requests.day)
        total = weights[requests.user, available - 1]
        rows = np.arange(n_rows)
        drawn = np.empty((n_rows, 0), dtype=np.int64)
        uniform = np.empty((n_rows, 0), dtype=bool)
        slates = np.zeros((n_rows, c.slots), dtype=np.int64)
        explored = np.zeros((n_rows, c.slots), dtype=bool)
        # draws with repeats, repeats skipped, are draws without repeats
        while len(rows):
            size = (len(rows), 3 * c.slots)
            explore = rng.random(size) < c.exploration_share
            x = rng.random(size)
            user, limit = requests.user[rows], available[rows, None]
            video = np.empty(size, dtype=np.int64)
            for u in np.unique(user):
                mine = user == u
                video[mine] = np.searchsorted(
                    weights[u], x[mine] * total[rows[mine], None], "right"
                )
            video = np.where(explore, (x * limit).astype(np.int64), video)
            video = np.minimum(video, limit - 1)
            drawn = np.hstack([drawn, video])
            uniform = np.hstack([uniform, explore])
            first = _first_occurrence(drawn)
            rank = np.cumsum(first, axis=1)
            kept = first & (rank <= c.slots)
            done = rank[:, -1] >= c.slots
            row, column = np.nonzero(kept & done[:, None])
            slot = rank[row, column] - 1
            slates[rows[row], slot] = drawn[row, column]
            explored[rows[row], slot] = uniform[row, column]
            rows, drawn, uniform = rows[~done], drawn[~done], uniform[~done]
        weight = np.diff(weights, axis=1, prepend=0.0)[
            requests.user[:, None], slates
        ]
        mixed = (1 - c.exploration_share) * weight / total[
            :, None
        ] + c.exploration_share / available[:, None]
        above = np.cumsum(mixed, axis=1) - mixed
        return Slates(slates, mixed / (1 - above)), explored

    def appeal(self, requests: Requests, videos: np.ndarray) -> np.ndarray:
        """(R, K) probability that a slot is examined and then started."""
        t = self.truth
        start = t.start(requests.user[:, None], videos, requests.day[:, None])
        topic = t.topic[videos]
        same = topic[:, :, None] == topic[:, None, :]
        above = np.tril(np.ones(same.shape[1:], dtype=bool), k=-1)
        fatigue = (1 - self.config.boredom) ** (same & above).sum(axis=2)
        return self.examination()[: videos.shape[1]] * start * fatigue

    def reward_of(self, requests: Requests, videos: np.ndarray) -> Reward:
        """Expected outcome of showing videos (R, K), nothing sampled."""
        self._check_slates(requests, videos)
        t = self.truth
        appeal = self.appeal(requests, videos)
        satisfy = t.satisfy(requests.user[:, None], videos)
        share = satisfy * t.watched_share(videos, True) + (
            1 - satisfy
        ) * t.watched_share(videos, False)
        minutes = appeal * share * t.duration_seconds[videos] / 60
        satisfied, started = (appeal * satisfy).sum(1), appeal.sum(1)
        returned = t.return_probability(satisfied, started - satisfied)
        return Reward(satisfied, started, minutes.sum(1), returned)

    def expected_reward(
        self,
        policy: Policy,
        *,
        rng: np.random.Generator,
        requests: Requests | None = None,
    ) -> Reward:
        """Expected outcome of a policy, by default one request of everyone.

        Only the policy's own draws are random: with the same requests, two
        policies differ by what they show and by nothing else.
        """
        requests = self.everyone() if requests is None else requests
        return self.reward_of(requests, policy(requests, rng=rng).videos)

    def outcomes(
        self, requests: Requests, videos: np.ndarray, *, rng
    ) -> dict[str, np.ndarray]:
        """Sampled outcomes, each (R, K): started, watch_seconds, liked,
        skipped, and satisfied, which no log contains."""
        self._check_slates(requests, videos)
        t, shape = self.truth, videos.shape
        started = rng.random(shape) < self.appeal(requests, videos)
        satisfy = t.satisfy(requests.user[:, None], videos)
        satisfied = started & (rng.random(shape) < satisfy)
        mean = t.watched_share(videos, satisfied)
        share = rng.beta(CONCENTRATION * mean, CONCENTRATION * (1 - mean))
        seconds = np.ceil(share * t.duration_seconds[videos]).astype(int)
        like = rng.random(shape) < np.where(satisfied, 0.25, 0.02)
        return {
            "started": started,
            "watch_seconds": np.where(started, seconds, 0),
            "liked": started & like,
            "skipped": started & (share < SKIP_SHARE),
            "satisfied": satisfied,
        }

    def log(
        self,
        policy: Policy | None = None,
        *,
        rng: np.random.Generator,
        days: int | None = None,
        from_day: int = 0,
    ) -> Tables:
        """Log of impressions under a policy, by default the logging policy.

        Args:
            policy: maps requests to slates; `explored` is logged only for
                the default one.
            rng: draws requests, slates and outcomes.
            days: length; by default `log_days` of the config.
            from_day: the first day; 0 is that of the log.

        Returns:
            users who joined and videos that were uploaded by its end, and one
            row per impression: session, user, video, time, position (1 is
            the top), propensity, explored, started, watch_seconds, liked,
            skipped.
        """
        end = from_day + (self.config.log_days if days is None else days)
        per_day = [self.requests(day, rng=rng) for day in range(from_day, end)]
        requests = Requests(
            *(np.concatenate(x) for x in zip(*per_day, strict=True))
        )
        if policy is None:
            slates, explored = self._logging_draws(requests, rng=rng)
        else:
            slates = policy(requests, rng=rng)
            explored = np.zeros(slates.videos.shape, dtype=bool)
        n_rows, slots = slates.videos.shape
        second = requests.day * DAY_SECONDS
        second = second + rng.integers(DAY_SECONDS, size=n_rows)
        order = np.argsort(second, kind="stable")
        requests = Requests(requests.user[order], requests.day[order])
        videos = slates.videos[order]
        outcome = self.outcomes(requests, videos, rng=rng)
        time = START + (1000 * second[order]).astype("timedelta64[ms]")
        impressions = pd.DataFrame(
            {
                "session": np.repeat(np.arange(n_rows, dtype=np.int32), slots),
                "user": np.repeat(requests.user.astype(np.int32), slots),
                "video": videos.ravel().astype(np.int32),
                "time": np.repeat(time, slots),
                "position": np.tile(
                    np.arange(1, slots + 1, dtype=np.int8), n_rows
                ),
                "propensity": _three_digits(slates.propensity[order].ravel()),
                "explored": explored[order].ravel(),
                "started": outcome["started"].ravel(),
                "watch_seconds": outcome["watch_seconds"]
                .ravel()
                .astype(np.int32),
                "liked": outcome["liked"].ravel(),
                "skipped": outcome["skipped"].ravel(),
            }
        )
        joined = self.users["joined_day"] < end
        uploaded = self.videos["upload_day"] < end
        return Tables(self.users[joined], self.videos[uploaded], impressions)

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
            sessions, satisfied, started, watch_minutes (sums over the test).
            `satisfied` stands for a survey that everyone answers.
        """
        c = self.config
        treated = rng.permutation(c.users) < c.users // 2
        sums = np.zeros((c.users, 4))
        for day in range(c.log_days, c.log_days + days):
            requests = self.requests(day, rng=rng)
            for arm, policy in ((False, control), (True, treatment)):
                mine = treated[requests.user] == arm
                part = Requests(requests.user[mine], requests.day[mine])
                videos = policy(part, rng=rng).videos
                got = self.outcomes(part, videos, rng=rng)
                row = np.stack(
                    [
                        np.ones(len(part.user)),
                        got["satisfied"].sum(1),
                        got["started"].sum(1),
                        got["watch_seconds"].sum(1) / 60,
                    ],
                    axis=1,
                )
                np.add.at(sums, part.user, row)
        table = pd.DataFrame(
            sums,
            columns=["sessions", "satisfied", "started", "watch_minutes"],
        )
        table.insert(0, "treated", treated)
        table.insert(0, "user", np.arange(c.users))
        return table

    def _check_slates(self, requests: Requests, videos: np.ndarray) -> None:
        c = self.config
        check_slates(videos, requests=len(requests.user), slots=c.slots)
        available = c.videos_on(requests.day)
        bad = (videos < 0) | (videos >= available[:, None])
        if bad.any():
            row = int(np.argmax(bad.any(1)))
            raise ValueError(
                f"request {row}: video {videos[row][bad[row]][0]} does not "
                f"exist on day {requests.day[row]}"
            )


def _three_digits(x: np.ndarray) -> np.ndarray:
    """Rounded to three significant digits: half the bytes on disk."""
    unit = 10.0 ** (np.floor(np.log10(x)) - 2)
    return (np.round(x / unit) * unit).astype(np.float32)


def _first_occurrence(rows: np.ndarray) -> np.ndarray:
    """Mask of entries whose value does not occur earlier in their row."""
    order = np.argsort(rows, axis=1, kind="stable")
    ranked = np.take_along_axis(rows, order, axis=1)
    fresh = np.ones(rows.shape, dtype=bool)
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    first = np.empty_like(fresh)
    np.put_along_axis(first, order, fresh, axis=1)
    return first
