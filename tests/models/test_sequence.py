from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from utils.models import embeddings, sequence
from utils.models.sequence import PADDING, START


def fitted(seed=0, log=None, epochs=20, learning_rate=0.01, **options):
    user, item = (rounds() if log is None else log)[:2]
    time = np.arange(len(user)) if log is None or len(log) < 3 else log[2]
    shape = {"n_users": 40, "n_items": 5, "dim": 8}
    settings = replace(
        sequence.SETTINGS, epochs=epochs, learning_rate=learning_rate
    )
    return sequence.fit_sequence(
        user,
        item,
        time,
        rng=np.random.default_rng(seed),
        settings=settings,
        **shape | options,
    )


def rounds(n_users=40, watches=5):
    """Items 0..4 round and round, from where each user starts."""
    user = np.repeat(np.arange(n_users), watches)
    return user, (user + np.tile(np.arange(watches), n_users)) % 5


def small_net(max_length=4, normalise=False, n_blocks=2):
    torch.manual_seed(0)
    tower = embeddings.Tower(
        9, dim=6, ids=True, features=None, hidden=5, normalise=normalise
    )
    return sequence.SequenceNet(
        tower, dim=6, max_length=max_length, hidden=5, n_blocks=n_blocks,
        dropout=0.2, normalise=normalise,
    ).eval()  # fmt: skip


def test_windows_by_hand():
    # User 4 has five watches, in pieces of at most two; user 6 has one.
    pairs = np.array([[4, 10], [4, 11], [4, 12], [4, 13], [4, 14], [6, 15]])
    owner, before, after = sequence.training_windows(pairs, max_length=2)
    assert owner.tolist() == [4, 4, 4, 6]
    assert before.tolist() == [[START, 10], [11, 12], [13, PADDING],
                               [START, PADDING]]  # fmt: skip
    assert after.tolist() == [[10, 11], [12, 13], [14, PADDING], [15, PADDING]]


def test_recent_histories_by_hand():
    pairs = np.array([[0, 10], [1, 11], [1, 12], [3, 13], [3, 14], [3, 15]])
    got = sequence.recent_histories(pairs, 4, max_length=3)
    assert got.tolist() == [
        [START, 10, PADDING],
        [START, 11, 12],
        [START, PADDING, PADDING],
        [13, 14, 15],
    ]


def test_every_watch_is_predicted_once_from_what_came_before():
    rng = np.random.default_rng(0)
    user = np.sort(rng.integers(0, 30, size=300))
    pairs = np.column_stack([user, rng.integers(0, 50, size=300)])
    owner, before, after = sequence.training_windows(pairs, max_length=4)
    assert sorted(after[after != PADDING]) == sorted(pairs[:, 1])
    assert (before[:, 1:][after[:, 1:] != PADDING]
            == after[:, :-1][after[:, 1:] != PADDING]).all()  # fmt: skip
    assert (before == START).sum() == len(np.unique(user))
    assert ((before == PADDING) == (after == PADDING)).all()
    assert set(owner) == set(user)


@pytest.mark.parametrize("normalise", [False, True])
def test_the_future_does_not_leak(normalise):
    net = small_net(normalise=normalise)
    history = torch.tensor([[START, 3, 5, 7]])
    with torch.no_grad():
        whole = net(history)[0]
        for changed in range(1, 4):
            other = history.clone()
            other[0, changed:] = torch.tensor([8, 1, PADDING])[: 4 - changed]
            got = net(other)[0]
            # exactly so: what is masked takes part with weight 0
            assert torch.equal(got[:changed], whole[:changed])
            assert not torch.allclose(got[changed], whole[changed])


def test_places_left_empty_and_batches_change_nothing(monkeypatch):
    net = small_net()
    histories = np.array([[START, 3, PADDING, PADDING], [2, 3, 5, 7]])
    got = sequence.encode_histories(net, histories)
    with torch.no_grad():
        short = net(torch.tensor([[START, 3]]))[0, -1]
    assert got[0] == pytest.approx(short.numpy(), abs=1e-6)
    monkeypatch.setattr(sequence, "ENCODED_TOGETHER", 1)
    again = sequence.encode_histories(net, histories)
    assert again == pytest.approx(got, abs=1e-6)


def test_block_against_torch():
    torch.manual_seed(1)
    ours = sequence.TransformerBlock(6, 5, 0.0).eval()
    theirs = nn.TransformerEncoderLayer(
        6, nhead=1, dim_feedforward=5, dropout=0.0, batch_first=True,
        norm_first=True,
    ).eval()  # fmt: skip
    norm, wide, _, narrow = ours.network
    for name, layer in {
        "norm1": ours.before_attention, "norm2": norm, "linear1": wide,
        "linear2": narrow, "self_attn.out_proj": ours.output_projection,
    }.items():  # fmt: skip
        theirs.get_submodule(name).load_state_dict(layer.state_dict())
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(ours.query_key_value.weight)
        theirs.self_attn.in_proj_bias.copy_(ours.query_key_value.bias)
        x = torch.randn(3, 4, 6)
        mask = nn.Transformer.generate_square_subsequent_mask(4)
        expected = theirs(x, src_mask=mask, is_causal=True)
        assert torch.allclose(ours(x), expected, atol=1e-5)


def test_learns_what_only_the_order_tells():
    # Everybody watches items 0..5 in an order of their own, then 6 + the
    # last of them. All histories are the same set: without their order, one
    # guess in six is right.
    rng = np.random.default_rng(0)
    histories = rng.permuted(np.tile(np.arange(6), (900, 1)), axis=1)
    after = 6 + histories[:, -1]
    asked = np.arange(900) >= 700  # have not watched the seventh yet
    items = np.hstack([histories, after[:, None]])
    user, place = np.nonzero(~asked[:, None] | (np.arange(7) < 6))
    log = user, items[user, place]
    options = {"n_users": 900, "n_items": 12, "dim": 16}

    def right(log):
        got = fitted(log=log, epochs=20, **options)
        scores = got.user_vectors[asked] @ got.item_vectors[6:].T
        return (6 + scores.argmax(axis=1) == after[asked]).mean()

    assert right(log) > 0.97
    # the same six watches in another order: what the asked ones' order told
    # is gone, in training too
    shuffled = np.where(place < 6, rng.random(len(user)), 2.0)
    assert right((*log, shuffled)) < 0.3


def test_time_is_the_order_not_the_rows():
    user, item = rounds()
    time = np.tile(np.arange(5), 40)
    mixed = np.random.default_rng(4).permutation(len(user))
    one = fitted(log=(user, item, time), epochs=2)
    two = fitted(log=(user[mixed], item[mixed], time[mixed]), epochs=2)
    assert np.array_equal(one.user_vectors, two.user_vectors)


def test_users_without_a_watch_share_what_comes_first():
    # Item 4 opens every history and comes nowhere else.
    rng = np.random.default_rng(6)
    user = np.repeat(np.arange(40), 5)
    item = np.where(np.arange(200) % 5 == 0, 4, rng.integers(0, 4, size=200))
    got = fitted(log=(user, item), n_users=42, epochs=30)
    assert np.array_equal(got.user_vectors[40], got.user_vectors[41])
    assert (got.item_vectors @ got.user_vectors[40]).argmax() == 4


def test_content_gives_items_without_a_watch_a_vector():
    # Two kinds of items, even and odd; users keep to one; 8 and 9 are new.
    rng = np.random.default_rng(7)
    user = np.repeat(np.arange(60), 6)
    item = 2 * rng.integers(0, 4, len(user)) + user % 2
    got = fitted(
        log=(user, item), n_users=60, n_items=10, embed_item_ids=False,
        epochs=10, item_features=np.eye(2)[np.arange(10) % 2],
    )  # fmt: skip
    new = got.user_vectors @ got.item_vectors[8:].T
    assert (new.argmax(axis=1) == np.arange(60) % 2).all()


def test_log_q_recovers_popularity():
    rng = np.random.default_rng(3)
    share = np.repeat([4, 1], 50)  # many items: few accidental hits
    user = np.repeat(np.arange(300), 8)
    item = rng.choice(100, p=share / share.sum(), size=len(user))
    log_q = np.log(share / share.sum())
    slope = {}
    for name, correction in {"with": log_q, "without": None}.items():
        got = fitted(
            log=(user, item), n_users=300, n_items=100, log_q=correction,
            temperature=1.0, normalise=False, epochs=12, learning_rate=0.005,
        )  # fmt: skip
        scores = (got.user_vectors @ got.item_vectors.T).mean(axis=0)
        slope[name] = np.polyfit(log_q, scores, 1)[0]
    assert slope["with"] == pytest.approx(1, abs=0.15)
    assert abs(slope["without"]) < 0.15


def test_shapes_types_and_a_new_history():
    got = fitted(epochs=1, n_users=43)
    assert got.user_vectors.shape == (43, 8)
    assert got.item_vectors.shape == (5, 8)
    assert got.user_vectors.dtype == got.item_vectors.dtype == np.float32
    for vectors in (got.user_vectors, got.item_vectors):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    user, item = rounds()
    mine = np.column_stack([user, item])[user == 7] * [0, 1]
    again = sequence.encode_histories(
        got.net, sequence.recent_histories(mine, 1, max_length=20)
    )
    assert again[0] == pytest.approx(got.user_vectors[7], abs=1e-6)
    assert len(fitted(epochs=6, held_out_share=0.0).curve) == 6


def test_same_rng_same_vectors():
    one, two, other = (fitted(s, epochs=2) for s in (1, 1, 2))
    assert np.array_equal(one.user_vectors, two.user_vectors)
    assert one.curve == two.curve
    assert not np.array_equal(one.user_vectors, other.user_vectors)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"log": ([0, 1], [1])}, r"one length, got shapes \(2,\), \(1,\)"),
        ({"log": ([], [])}, "P at least 1"),
        ({"log": ([0.5], [1.0])}, "must be integers"),
        ({"n_users": 5}, r"user numbers must lie in \[0, 5\), got 39"),
        ({"n_items": 3}, r"item numbers must lie in \[0, 3\), got 4"),
        ({"embed_item_ids": False}, "item tower needs ids or features"),
        ({"item_features": np.full((5, 1), np.nan)}, "must be finite"),
        ({"log_q": np.zeros(3)}, r"log_q must have shape \(5,\)"),
        ({"log_q": np.full(5, np.nan)}, r"log_q must be finite"),
        ({"max_length": 0}, "max_length must be at least 1, got 0"),
        ({"n_blocks": 0}, "n_blocks must be at least 1, got 0"),
        ({"dim": 0}, "dim must be at least 1, got 0"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), got 1.0"),
        ({"held_out_share": -0.1}, r"held_out_share must lie in \[0, 1\)"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(ValueError, match=words):
        fitted(**options)
