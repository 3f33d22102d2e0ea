import numpy as np
import pytest

from utils.worlds.documents import DocumentsConfig, DocumentsWorld

SMALL = DocumentsConfig(topics=4, meanings=12, words_per_meaning=3, length=6)


def world_of(config=SMALL, seed=0):
    return DocumentsWorld(config, rng=np.random.default_rng(seed))


def rng(seed=1):
    return np.random.default_rng(seed)


def test_documents_are_well_formed():
    world = world_of()
    wide = world.corpus(50, rng=rng())
    words, labels = world.log(50, rng=rng())
    assert wide.shape == words.shape == (50, 6)
    assert wide.min() >= 0 and wide.max() < 12 * 3
    assert words.min() >= 0 and words.max() < world.config.vocabulary == 72
    assert labels.dtype == np.int64 and set(labels) == {0, 1}


def test_words_of_a_meaning_by_hand():
    meaning = world_of().truth.meaning
    assert list(meaning[:4]) == [0, 0, 0, 1]
    assert np.array_equal(meaning[:36], meaning[36:])  # the domain's own


def test_probability_by_hand():
    truth = world_of().truth
    words = np.array([[0, 1, 2, 3, 3, 36]])  # four times 0, twice 1
    logit = (4 * truth.weights[0] + 2 * truth.weights[1]) / 6 + truth.offset
    assert truth.probability(words) == pytest.approx(
        [1 / (1 + np.exp(-logit))]
    )


def test_labels_follow_the_probability():
    world = world_of(DocumentsConfig())
    words, labels = world.log(20_000, rng=rng())
    chance = world.truth.probability(words)
    assert labels.mean() == pytest.approx(0.5, abs=0.05)
    for low, high in [(0.0, 0.2), (0.2, 0.8), (0.8, 1.01)]:
        held = (chance >= low) & (chance < high)
        said, got = chance[held].mean(), labels[held].mean()
        assert got == pytest.approx(said, abs=4 * 0.5 / np.sqrt(held.sum()))


def test_strength_is_the_spread_of_the_logits():
    for strength in (1.0, 4.0):
        world = world_of(DocumentsConfig(strength=strength))
        chance = world.truth.probability(world.unlabelled(5_000, rng=rng()))
        spread = np.log(chance / (1 - chance)).std()
        assert spread == pytest.approx(strength, rel=0.08)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_new_words_is_the_share_unknown_to_the_wide_world(share):
    world = world_of(DocumentsConfig(new_words=share))
    words = world.unlabelled(3_000, rng=rng())
    wide = world.config.vocabulary // 2
    assert np.mean(words >= wide) == pytest.approx(share, abs=0.03)
    assert world.corpus(3_000, rng=rng()).max() < wide


def test_a_word_is_itself_or_a_new_one_of_the_same_meaning():
    truth = world_of().changed(new_words=0.4).truth
    wide = np.arange(36)
    kept = truth.spoken == wide
    assert 0 < kept.sum() < 36
    assert np.array_equal(truth.spoken[~kept], wide[~kept] + 36)
    assert np.array_equal(truth.meaning[truth.spoken], truth.meaning[wide])


def test_new_words_change_no_meaning():
    near = world_of()
    far = near.changed(new_words=1.0)
    said, anew = (w.unlabelled(200, rng=rng()) for w in (near, far))
    assert not np.array_equal(said, anew)
    assert np.array_equal(near.truth.meaning[said], far.truth.meaning[anew])
    assert near.truth.probability(said) == pytest.approx(
        far.truth.probability(anew)
    )


def test_a_word_replaced_stays_replaced():
    world = world_of().changed(new_words=0.2)
    more = world.changed(new_words=0.6)
    wide = world.config.vocabulary // 2
    assert (more.truth.spoken >= wide)[world.truth.spoken >= wide].all()


def test_detail_is_what_topics_do_not_explain():
    def explained(detail):
        truth = world_of(DocumentsConfig(detail=detail)).truth
        share = truth.topic_meanings / truth.topic_meanings.sum(axis=0)
        usual = np.sqrt(truth.topic_meanings.mean(axis=0))[:, None]
        design = usual * np.column_stack([share.T, np.ones(share.shape[1])])
        wanted = usual[:, 0] * truth.weights
        left = wanted - design @ np.linalg.lstsq(design, wanted)[0]
        return 1 - left @ left / (wanted @ wanted)

    assert explained(0.0) == pytest.approx(1, abs=1e-9)
    assert explained(0.3) > explained(1.0) + 0.3


def test_documents_keep_to_their_topics():
    world = world_of(DocumentsConfig(subjects=1))
    meaning = world.truth.meaning[world.corpus(500, rng=rng())]
    assert (meaning == meaning[:, :1]).all()  # one subject, many words
    many = world_of().truth.meaning[world_of().corpus(500, rng=rng())]
    assert not (many == many[:, :1]).all()


def test_meanings_are_as_frequent_as_their_topics_say():
    world = world_of()
    drawn = world.truth.meaning[world.corpus(20_000, rng=rng())]
    got = np.bincount(drawn.ravel(), minlength=12) / drawn.size
    assert got == pytest.approx(world.truth.topic_meanings.mean(0), abs=0.01)


def test_same_rng_same_documents():
    first, second = (world_of(seed=3).log(30, rng=rng(4)) for _ in "ab")
    assert all(map(np.array_equal, first, second))
    other = world_of(seed=3).log(30, rng=rng(5))
    assert not np.array_equal(first[0], other[0])


def test_another_task_keeps_the_language():
    world = world_of()
    other = world.changed(task=1)
    same = [world.corpus(20, rng=rng()), other.corpus(20, rng=rng())]
    assert np.array_equal(*same)
    assert not np.allclose(world.truth.weights, other.truth.weights)
    again = other.changed(task=0)
    assert np.array_equal(world.truth.weights, again.truth.weights)


@pytest.mark.parametrize(
    "knobs, words",
    [
        ({"topics": 1}, "topics must be at least 2, got 1"),
        ({"task": -1}, "task must be at least 0, got -1"),
        ({"length": 1}, "length must be at least 2, got 1"),
        ({"new_words": 1.2}, r"new_words must lie in \[0, 1\], got 1.2"),
        ({"detail": -0.1}, r"detail must lie in \[0, 1\], got -0.1"),
        ({"strength": 0.0}, "strength must be above 0, got 0.0"),
    ],
)
def test_refusals(knobs, words):
    with pytest.raises(ValueError, match=words):
        DocumentsConfig(**knobs)


def test_no_documents_are_refused():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        world_of().corpus(0, rng=rng())
