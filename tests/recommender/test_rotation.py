import numpy as np
import pandas as pd
import pytest

from utils.recommender import rotation, two_lines

BEST = np.tile(np.arange(30), (600, 1))


@pytest.mark.parametrize("rotated", [1, 30])
@pytest.mark.parametrize("explored", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("new", [None, np.full((600, 2), 99)])
def test_ten_different_and_its_share_explored(rotated, explored, new):
    shown = rotation.rotating_slates(
        BEST, rotated=rotated, explored=explored, drawn_from=100_000, new=new,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert shown.shape == (600, 10)
    assert (np.sort(shown, axis=1)[:, 1:] > np.sort(shown)[:, :-1]).all()
    chosen = shown if new is None else np.delete(shown, 4, axis=1)
    if new is not None:
        assert (shown[:, 4] == 99).all()
    assert (chosen >= 30).mean() == pytest.approx(explored, abs=0.02)


def test_a_ranked_page_keeps_the_order_around_what_it_draws():
    few = np.tile(np.arange(50, 60), (600, 1))
    shown = rotation.rotating_slates(
        BEST, rotated=1, explored=0.3, drawn_from=few,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    own = shown < 50
    assert (own | np.isin(shown, few)).all()
    at = np.arange(10)
    for row, mine in zip(shown, own, strict=True):
        assert (np.diff(row[mine]) > 0).all()
        # two equal draws make room at the end
        assert (row[mine] >= at[mine]).all()


def test_each_of_the_rotated_comes_equally_often():
    shown = rotation.rotating_slates(
        BEST, rotated=30, explored=0.0, drawn_from=40,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    counts = np.bincount(shown.ravel(), minlength=40)
    assert (counts[30:] == 0).all()
    # binomial with mean 200 and deviation 11.5
    assert np.abs(counts[:30] - 600 * 10 / 30).max() < 4 * 11.5


LOG = pd.DataFrame(
    {
        "user": [0, 1, 0],
        "video": [0, 1, 2],
        "started": [True, True, True],
        "good": [True, True, True],
        "over": [1, 1, 5],
    }
)
VIDEOS = pd.DataFrame(
    {
        "topic": np.arange(60) % 3,
        "upload_day": np.r_[np.full(40, -9), np.arange(20) // 4],
    }
)


def test_rebuilt_knows_what_was_over_before_the_day():
    page = rotation.rebuilt(
        LOG, 5, videos=VIDEOS, users=2, explored=0.1, among=5
    )
    known = two_lines.two_line_scores(
        LOG[:2], VIDEOS.topic.to_numpy(), users=2, available=60
    )
    top = np.sort(known, axis=1)[:, ::-1][:, :30]
    assert np.take_along_axis(known, page.best, axis=1) == pytest.approx(top)
    assert (page.drawn_from == page.best[:, :5]).all() and page.new is None
    assert 0 not in page.best[0] and 0 in page.best[1]  # started, or not


def test_an_old_index_holds_no_later_upload():
    page = rotation.rebuilt(
        LOG, 5, videos=VIDEOS, users=2, explored=1.0, slot_for_new=True,
        index_day=2,
    )  # fmt: skip
    assert page.drawn_from == 48  # days 0 and 1 of four uploads
    assert page.best.max() < 48 and page.new.min() >= 40
    slates = page.slates(np.zeros(300, int), rng=np.random.default_rng(0))
    assert slates.max() < 48
    # in slot 5, if it was not drawn for one above
    assert np.isin(slates[:, :5], page.new[0]).any(axis=1).all()
    again = page.slates(np.zeros(300, int), rng=np.random.default_rng(0))
    assert (slates == again).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"explored": 1.5}, r"explored must be in \[0, 1\], got 1.5"),
        ({"drawn_from": 0}, "drawn_from must hold 1, got 0"),
        ({"drawn_from": BEST[:2]}, r"drawn_from must be \(600, 1 or more\)"),
        ({"rotated": 31}, r"rotated must be in 1..30, got 31"),
        ({"best": BEST[:, :9]}, r"best must be \(R, 20 or more\), got \(600"),
        ({"best": BEST / 2}, "best must be integers, got float64"),
        ({"new": BEST[:2]}, r"new must be \(600, 1 or more\), got \(2, 30\)"),
    ],
)
def test_refused(options, message):
    good = {"best": BEST, "rotated": 1, "explored": 0.1, "drawn_from": 40}
    with pytest.raises(ValueError, match=message):
        rotation.rotating_slates(
            **good | options, rng=np.random.default_rng(0)
        )
