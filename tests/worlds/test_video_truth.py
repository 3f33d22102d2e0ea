import numpy as np
import pytest

from utils.worlds.video import VideoWorld
from utils.worlds.video_truth import VideoConfig


def truth(**knobs):
    config = VideoConfig(users=40, videos=300, uploads_per_day=5, **knobs)
    return VideoWorld(config, rng=np.random.default_rng(0)).truth


def test_relevance_is_start_times_satisfy_and_a_probability():
    t = truth()
    user, video = np.arange(40)[:, None], np.arange(300)[None]
    start, satisfy = t.start(user, video, 13), t.satisfy(user, video)
    assert t.relevance_of_all(np.arange(40), 13) == pytest.approx(
        start * satisfy
    )
    assert ((start > 0) & (start < 1) & (satisfy > 0) & (satisfy < 1)).all()


def test_taste_has_about_unit_variance():
    t = truth()
    taste = t.taste(np.arange(40)[:, None], np.arange(300)[None])
    assert taste.mean() == pytest.approx(0, abs=0.1)
    assert taste.std() == pytest.approx(1, abs=0.15)


def test_allure_starts_and_disappoints():
    t = truth(taste_strength=0.0, quality_strength=0.0, fresh_bonus=0.0)
    video = np.argsort(t.allure)
    assert (np.diff(t.start(0, video, 13)) >= 0).all()
    assert (np.diff(t.satisfy(0, video)) <= 0).all()


def test_the_fresh_bonus_halves_in_two_days():
    t, plain = truth(fresh_bonus=0.8), truth(fresh_bonus=0.0)
    today = int(np.flatnonzero(t.upload_day == 5)[0])

    def bonus(day):  # logits
        p, q = t.start(0, today, day), plain.start(0, today, day)
        return np.log(p / (1 - p)) - np.log(q / (1 - q))

    assert bonus(5) == pytest.approx(0.8)
    assert bonus(7) == pytest.approx(0.8 / 2)
    assert bonus(9) == pytest.approx(0.8 / 4)


def test_people_see_a_smaller_share_of_longer_videos():
    t = truth()
    by_length = np.argsort(t.duration_seconds)
    share = t.watched_share(by_length, np.ones(len(by_length), dtype=bool))
    assert (np.diff(share) <= 1e-12).all()
    assert (share > t.watched_share(by_length, np.zeros(1, dtype=bool))).all()


def test_merit_share_is_the_squared_correlation_with_popularity():
    t = truth(merit_share=1.0)
    old = t.upload_day < 0
    assert t.log_popularity[old] == pytest.approx(t.quality[old])
    luck = truth(merit_share=0.0)
    r = np.corrcoef(luck.log_popularity[old], luck.quality[old])[0, 1]
    assert abs(r) < 4 / np.sqrt(old.sum())


def test_every_user_loves_the_stated_number_of_topics():
    t = truth()
    assert ((t.topic_taste > 0).sum(axis=1) == 3).all()


def test_videos_on_counts_uploads():
    config = VideoConfig(videos=100, uploads_per_day=2, log_days=14)
    assert [config.videos_on(d) for d in (13, 12, 14)] == [100, 98, 102]
