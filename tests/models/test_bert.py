"The text model: encoders that are damaged or another's, the cache, retrieval, and whether the text is what it goes by"

import json
import logging
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from customer360.config import generator, settings
from customer360.data.prepare import Dataset, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import cold_items, ratio75_item
from customer360.files import sha256_of_file
from customer360.metrics import ndcg
from customer360.models import encoder as encoders
from customer360.models import projection, text_index, text_ratings, vector_cache
from customer360.models.baselines import Popularity, Random
from customer360.models.bert import BERT
from customer360.models.conformance import check_recommender, checkerboard
from customer360.models.contract import Recommender
from customer360.models.encoder import CACHE, EncoderError, clean_text, embed, encode, find_encoder
from customer360.models.holdout import rank_held_out
from customer360.models.ops import exclusion_mask, top_n
from customer360.models.text_index import VectorIndex, search_index
from customer360.schema import EventType, Facts, interactions

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning"),
]  # SWIG's, of faiss

WORDS = ["tent", "stove", "novel", "pan", "warm", "red", "small", "rain"]


@pytest.fixture(scope="module")
def interim(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("interim")


@pytest.fixture(autouse=True)
def own_cache(interim, monkeypatch):
    monkeypatch.setattr(encoders, "folder", lambda name: interim)
    monkeypatch.delenv("C360_ENCODER", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    "The folder of a BERT with one layer of 16 dimensions and random weights"
    from transformers import BertConfig, BertModel, BertTokenizerFast

    place = tmp_path_factory.mktemp("tiny")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (place / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab=str(place / "vocab.txt"), vocab_file=str(place / "vocab.txt")).save_pretrained(
        place
    )
    import torch

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(place)
    return place


def copy(place: Path, to: Path) -> Path:
    to.mkdir()
    for path in place.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


@pytest.fixture
def encoded(monkeypatch) -> list[str]:
    "The texts that are encoded while the test runs"
    seen, original = [], encoders.encode
    monkeypatch.setattr(
        encoders, "encode", lambda texts, *rest: (seen.extend(texts), original(texts, *rest))[1]
    )
    return seen


def lines(n: int, seed: int = 0) -> list[str]:
    "Different texts of the tiny encoder's words"
    rng = np.random.default_rng(seed)
    return [" ".join([f"{i}", *rng.choice(WORDS, 6)]) for i in range(n)]


# --- encoders ------------------------------------------------------------------------------------------------------


def test_vectors_are_those_of_sentence_transformers():
    "An independent implementation of the same encoder: tokeniser, pooling and normalisation"
    reference = pytest.importorskip("sentence_transformers").SentenceTransformer(
        str(find_encoder().folder), device="cpu", local_files_only=True
    )
    reference.max_seq_length = 128
    texts = [
        "A waterproof tent for two",
        "палатка на двоих",
        "the of and",
        "tent " * 500,
        "Ünïcode — “quotes” & 3½ stars ★",
    ]
    np.testing.assert_allclose(
        encode(texts, find_encoder()), reference.encode(texts, normalize_embeddings=True), atol=2e-6
    )


def test_the_bundled_encoder_needs_no_network():
    code = """
import socket
def refuse(*args, **rest): raise AssertionError("the network was touched")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from customer360.models.encoder import encode, find_encoder
assert encode(["tent"], find_encoder()).shape == (1, 384)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_brings_nothing_heavy():
    code = """
import sys, customer360.models.bert
heavy = {"torch", "transformers", "faiss", "gensim", "safetensors", "huggingface_hub", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_wrong_encoder_is_refused(tiny, tmp_path, monkeypatch):
    with pytest.raises(EncoderError, match="does not exist"):
        find_encoder(str(tmp_path / "missing"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="no encoder"):
        find_encoder(str(tmp_path / "empty"))
    with monkeypatch.context() as patched:
        patched.setattr(encoders, "WEIGHTS", "0" * 64)
        with pytest.raises(EncoderError, match=r"sha256 53aa51172d14.*install"):
            find_encoder()
    with monkeypatch.context() as patched:
        patched.setattr(encoders, "PACKAGE", "no_such_package")
        with pytest.raises(EncoderError, match="not installed"):
            find_encoder()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in ("nobody/no-such-encoder", "not a name"):
        with pytest.raises(EncoderError, match="neither a folder nor a model"):
            find_encoder(name)


@pytest.mark.parametrize("kept", [0, 7, 100, 2000, -1])
def test_weights_cut_short_are_refused(tiny, tmp_path, kept):
    cut = copy(tiny, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:kept])
    with pytest.raises(EncoderError, match="cut short or damaged"):
        find_encoder(str(cut))


def test_other_damage_is_refused(tiny, tmp_path):
    for name, content in (
        ("config.json", "{"),
        ("config.json", '{"hidden_size": null}'),
        ("config.json", "[]"),
    ):
        broken = copy(tiny, tmp_path / f"{len(list(tmp_path.iterdir()))}")
        (broken / name).write_text(content)
        with pytest.raises(EncoderError, match="cut short or damaged"):
            find_encoder(str(broken))
    from safetensors.numpy import load_file, save_file

    for change in ("lacks", "shape"):
        broken = copy(tiny, tmp_path / change)
        weights = load_file(broken / "model.safetensors")
        name = next(name for name in sorted(weights) if name.endswith("query.weight"))
        weights = (
            {key: value for key, value in weights.items() if key != name}
            if change == "lacks"
            else weights | {name: weights[name][:3]}
        )
        save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(EncoderError):
            encode(["tent"], find_encoder(str(broken)))
    broken = copy(tiny, tmp_path / "tokens")
    for path in (broken / "tokenizer.json", broken / "vocab.txt"):
        path.write_text('{"version": ')
    with pytest.raises(EncoderError, match="cannot be read"):
        encode(["tent"], find_encoder(str(broken)))


def test_fingerprints_tell_encoders_apart(tiny, tmp_path):
    first = find_encoder(str(tiny))
    assert (first.dimension, first.fingerprint) == (
        16,
        find_encoder(str(copy(tiny, tmp_path / "same"))).fingerprint,
    )
    other = copy(tiny, tmp_path / "other")
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    assert find_encoder(str(other)).fingerprint != first.fingerprint


def test_a_search_by_another_encoder_is_refused(tiny, tmp_path, monkeypatch):
    board = checkerboard()
    BERT().fit(board).save(tmp_path / "model")
    monkeypatch.setenv("C360_ENCODER", str(tiny))
    settings.cache_clear()
    loaded = Recommender.load(tmp_path / "model")
    assert loaded.recommend([0]).codes[0, 0] == 0  # needs no encoder
    with pytest.raises(EncoderError, match=r"all-MiniLM-L6-v2.*384 dimensions.*16 dimensions"):
        loaded.search(["white square"])
    assert BERT(tokens=32).fit(board).text_vectors.shape == (24, 16)
    with pytest.raises(ValueError, match="put it in a list"):
        loaded.search("white square")


def test_tokens_out_of_reach_are_refused(tiny):
    for tokens in (0, 2, 65):
        with pytest.raises(ValueError, match=f"from 3 to 64 tokens of a text: got tokens={tokens}"):
            encode(["tent"], find_encoder(str(tiny)), tokens)
    assert encode([], find_encoder(str(tiny)), 8).shape == (0, 16)


def test_threads_that_start_at_once_load_the_encoder_once():
    "Several threads that import transformers at the same time see it half made"
    code = """
import threading, customer360.models.encoder as encoders
found, wrong = encoders.find_encoder(), []
start = threading.Barrier(8)
def read():
    start.wait()
    try: encoders.encode(["tent"], found)
    except Exception as error: wrong.append(error)
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong, wrong
assert encoders._load_encoder.cache_info().misses == 1
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


# --- the cache -----------------------------------------------------------------------------------------------------


def test_each_text_is_encoded_once(tiny, tmp_path, encoded):
    encoder, texts = find_encoder(str(tiny)), lines(30)
    first = embed([*texts, texts[0], f"  {texts[1]}\n"], encoder, 16, tmp_path)
    assert sorted(encoded) == sorted(texts)
    np.testing.assert_array_equal(first[[30, 31]], first[[0, 1]])
    encoded.clear()
    np.testing.assert_array_equal(embed(texts[::-1], encoder, 16, tmp_path), first[29::-1])
    assert encoded == []
    embed([*texts[:7], "another tent", *texts[8:], ""], encoder, 16, tmp_path)
    assert encoded == ["another tent"]
    encoded.clear()
    embed(texts[:3], encoder, 32, tmp_path)  # more tokens are other vectors
    assert len(encoded) == 3


def test_a_second_fit_encodes_nothing(encoded):
    data = replace(checkerboard(), item_text=pd.Series(lines(24, seed=1)))
    first = BERT().fit(data)
    assert len(encoded) == 24
    second = BERT(n_factors=4).fit(data)
    changed = BERT().fit(replace(data, item_text=pd.Series([*lines(24, seed=1)[:23], "something else"])))
    assert len(encoded) == 25
    np.testing.assert_array_equal(first.text_vectors, second.text_vectors)
    assert (changed.text_vectors != first.text_vectors).any(1).tolist() == [False] * 23 + [True]


@pytest.mark.parametrize("damage", [b"PK\x03\x04", b"x" * 5000, None])
def test_a_damaged_file_is_made_again(tiny, tmp_path, encoded, caplog, damage):
    encoder, texts = find_encoder(str(tiny)), lines(5)
    first = embed(texts, encoder, 16, tmp_path)
    file = tmp_path / CACHE
    file.write_bytes(file.read_bytes()[:-5000] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_allclose(embed(texts, encoder, 16, tmp_path), first, atol=1e-6)
    assert len(encoded) == 10 and "made again" in caplog.text
    embed(texts, encoder, 16, tmp_path)
    assert len(encoded) == 10


def test_a_changed_byte_costs_one_text(tiny, tmp_path, encoded):
    encoder, texts = find_encoder(str(tiny)), lines(5)
    first = embed(texts, encoder, 16, tmp_path)
    content = bytearray((tmp_path / CACHE).read_bytes())
    content[content.index(first[2].tobytes()) + 7] ^= 1
    (tmp_path / CACHE).write_bytes(content)
    np.testing.assert_allclose(embed(texts, encoder, 16, tmp_path), first, atol=1e-6)
    assert encoded[5:] == [texts[2]]


def test_a_folder_that_cannot_be_written_costs_only_time(tiny, tmp_path, encoded, caplog):
    (tmp_path / "a file").write_text("")
    encoder, texts = find_encoder(str(tiny)), lines(3)
    for _ in range(2):
        assert embed(texts, encoder, 16, tmp_path / "a file").any(1).all()
    assert len(encoded) == 6 and "cannot be used" in caplog.text


def test_the_file_is_bounded(tmp_path):
    cache = vector_cache.VectorCache(tmp_path / CACHE, max_bytes=200_000)
    for number in range(40):
        cache.put("one", [f"{number}-{k}" for k in range(10)], np.ones((10, 384), np.float32))
    assert (tmp_path / CACHE).stat().st_size < 300_000
    assert len(cache.get("one", [f"39-{k}" for k in range(10)], 384)) == 10


WORKER = """
import sys, time
from pathlib import Path
from customer360.models import encoder as encoders
encoders.PART = 5
encode = encoders.encode
encoders.encode = lambda *rest: (time.sleep(float(sys.argv[3])), encode(*rest))[1]
sys.path.insert(0, sys.argv[4])
from test_bert import lines
encoders.embed(lines(60), encoders.find_encoder(sys.argv[1]), 16, Path(sys.argv[2]))
"""


def worker(tiny: Path, cache: Path, pause: float) -> subprocess.Popen:
    arguments = [sys.executable, "-c", WORKER, str(tiny), str(cache), str(pause), str(Path(__file__).parent)]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)


def kept_vectors(cache: Path) -> int:
    "How many vectors the file holds by now"
    if not (cache / CACHE).exists() or not (cache / CACHE).stat().st_size:
        return 0
    with closing(sqlite3.connect(cache / CACHE, timeout=30)) as connection:
        connection.executescript(vector_cache.TABLE)
        return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]


def test_two_at_once_and_one_killed(tiny, tmp_path, encoded):
    killed, *others = [worker(tiny, tmp_path, pause) for pause in (0.3, 0.05, 0.05)]
    deadline = time.monotonic() + 120
    while kept_vectors(tmp_path) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    for process in others:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said[-2000:]
    killed.communicate()
    encoder = find_encoder(str(tiny))
    kept = embed(lines(60), encoder, 16, tmp_path)
    assert encoded == []
    np.testing.assert_allclose(kept, encode(lines(60), encoder, 16), atol=1e-6)


def test_what_a_killed_process_had_encoded_is_not_encoded_again(tiny, tmp_path, encoded):
    process = worker(tiny, tmp_path, 0.2)
    deadline = time.monotonic() + 120
    while kept_vectors(tmp_path) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert np.isfinite(embed(lines(60), find_encoder(str(tiny)), 16, tmp_path)).all()
    assert len(encoded) <= 50


# --- parts against plain implementations -----------------------------------------------------------------------------


def test_directions_against_a_dense_decomposition():
    rng = np.random.default_rng(0)
    x = (rng.random((90, 40)) < 0.2).astype(np.float32)
    x[3], x[:, 5] = 0, 0
    left, right = projection.item_directions(csr_matrix(x), 6, 0.25, 0.35, 1.0, rng)
    users, items = np.maximum(x.sum(1, dtype=float), 1), np.maximum(x.sum(0, dtype=float), 1)
    _, s, v = np.linalg.svd(x.astype(float) / users[:, None] ** 0.25 / items**0.35)
    s, v = s[:6] ** 2, v[:6]
    expected = (v.T / items[:, None] ** 0.35) @ np.diag(s / (s + s[-1])) @ (v * items**0.35)
    np.testing.assert_allclose(left @ right.T, expected, atol=1e-9)
    few = csr_matrix(np.ones((1, 1), np.float32))
    for matrix, score in (
        (few, 0.5),
        (csr_matrix((3, 2), dtype=np.float32), 0.0),
    ):  # one item; nothing at all
        left, right = projection.item_directions(matrix, 4, 0.25, 0.35, 1.0, rng)
        assert left.shape == right.shape == (matrix.shape[1], 4)
        np.testing.assert_allclose((matrix @ left @ right.T).max(), score)


def test_left_out_predictions_are_those_of_regressions_without_the_item():
    rng = np.random.default_rng(1)
    text, targets, counts = (
        encoders.unit_vectors(rng.normal(size=(9, 4))).astype(np.float32),
        rng.normal(size=(9, 2)),
        rng.uniform(1, 9, 9),
    )
    _, left_out = projection.kernel_regression(text, targets, counts, 0.3, 5.0)
    for i in range(9):
        rest = np.delete(np.arange(9), i)
        alpha, _ = projection.kernel_regression(text[rest], targets[rest], counts[rest], 0.3, 5.0)
        np.testing.assert_allclose(
            left_out[i], (projection.text_kernel(text[[i]], text[rest], 0.3) @ alpha)[0], atol=1e-6
        )


def test_posterior_against_one_customer_at_a_time():
    rng = np.random.default_rng(2)
    features, offsets = np.column_stack([rng.normal(size=(8, 2)), np.ones(8)]), rng.normal(3, 0.1, 8)
    past = histories_from_items([[0, 3, 4], [], [7]], 8)
    past = replace(past, rating=np.float32([4, np.nan, 2, 5]))
    half = rng.normal(size=(3, 3))
    prior, chosen = (
        text_ratings.TastePrior(half @ half.T + np.eye(3), rng.normal(size=(2, 3)), 0.7),
        rng.normal(size=(3, 2)),
    )
    means, covariances = text_ratings.posterior_tastes(
        text_ratings.sum_ratings(past, features, offsets), prior, chosen
    )
    for row, (items, ratings) in enumerate([([0, 4], [4, 2]), ([], []), ([7], [5])]):
        expected, mine = chosen[row] @ prior.mapping, features[items]
        gain = (
            prior.covariance
            @ mine.T
            @ np.linalg.inv(mine @ prior.covariance @ mine.T + 0.7 * np.eye(len(items)))
        )
        np.testing.assert_allclose(
            means[row], expected + gain @ (np.array(ratings) - offsets[items] - mine @ expected), atol=1e-6
        )
        np.testing.assert_allclose(
            covariances[row], prior.covariance - gain @ mine @ prior.covariance, atol=1e-6
        )


# --- retrieval -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["apart", "all the same", "nearly the same", "grid"])
@pytest.mark.parametrize("n", [1, 5, 400])
def test_the_index_gives_what_sorting_gives(kind, n):
    rng = np.random.default_rng(3)
    vectors = {
        "apart": rng.normal(size=(300, 8)),
        "all the same": np.ones((300, 8)),
        "nearly the same": 1 + 1e-7 * rng.normal(size=(300, 8)),
        "grid": rng.integers(-1, 2, (300, 8)),
    }[kind].astype(np.float32)
    queries, taken = rng.normal(size=(20, 8)), rng.random((20, 300)) < 0.3
    taken[0] = True
    for gone in (taken, None):
        scores = (queries @ vectors.T.astype(np.float64)).astype(np.float32)
        found, expected = (
            search_index(text_index.make_index(vectors), vectors, queries, n, gone),
            top_n(scores if gone is None else np.where(gone, -np.inf, scores), n),
        )
        np.testing.assert_array_equal(found.codes, expected.codes)
        np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.fixture(scope="module")
def shop() -> Dataset:
    data = dataset(simulate(seed=3, n_customers=500, n_items=160).tables)
    text = data.item_text.copy()
    text[40:60] = text[39]  # twins
    return replace(data, item_text=text)


def test_recommendations_are_the_best_scores(shop):
    model, everyone = BERT().fit(shop), np.arange(shop.n_users)
    seen, past = exclusion_mask(shop.histories, None, True, None), shop.histories
    scores = model.score(past, users=everyone)
    out = np.array([3, 40, 41])
    for exclude_seen, exclude, n in ((True, None, 10), (False, None, 7), (True, out, 10), (True, None, 200)):
        masked = np.where(seen & exclude_seen, -np.inf, scores)
        masked[:, [] if exclude is None else exclude] = -np.inf
        found, expected = (
            model.recommend(everyone, n, exclude_seen=exclude_seen, exclude=exclude),
            top_n(masked, n),
        )
        np.testing.assert_array_equal(found.codes, expected.codes)
        np.testing.assert_array_equal(found.scores, expected.scores)
    mixed = histories_from_items([[], [3], [], [50, 51]], shop.n_items, EventType.purchase, seen=True)
    found = model.recommend([-1] * 4, 5, histories=mixed)
    np.testing.assert_array_equal(
        found.codes, super(BERT, model).recommend([-1] * 4, 5, histories=mixed).codes
    )
    np.testing.assert_array_equal(found.codes[0], Popularity().fit(shop).recommend([-1], 5).codes[0])
    assert model.recommend([], 5).codes.shape == (0, 5)
    with pytest.raises(ValueError, match="1 or more: got 0"):
        model.recommend([0, 1], 0)


def test_an_approximate_index_hides_what_is_seen(shop):
    exact, rough = BERT().fit(shop), BERT(index="HNSW16").fit(shop)
    everyone = np.arange(shop.n_users)
    found = rough.recommend(everyone)
    assert not exclusion_mask(shop.histories, None, True, None)[everyone[:, None], found.codes].any()
    assert (
        np.mean(
            [np.isin(a, b).mean() for a, b in zip(exact.recommend(everyone).codes, found.codes, strict=True)]
        )
        > 0.9
    )


# --- bad input -------------------------------------------------------------------------------------------------------


def test_texts_that_say_nothing_or_too_much(encoded):
    odd = [
        "",
        "   ",
        "a tent " * 150_000,
        "палатка на двоих",
        "双人帐篷",
        "خيمة لشخصين",
        "the of and",
        "\ud800\x00",
        "x" * 1_000_000,
        "🏕️" * 9,
    ]
    data = replace(checkerboard(), item_text=pd.Series([odd[i % len(odd)] for i in range(24)], dtype=object))
    model = BERT().fit(data)
    assert max(len(text) for text in encoded) <= 128 * encoders.CHARACTERS
    assert (
        np.isfinite(model.score(data.histories)).all()
        and np.isfinite(model.predict(np.arange(24), np.arange(24))).all()
    )
    top = model.search(["tent", "", "\n"], 24)
    assert set(top.codes[0]) == {
        -1,
        *(i for i in range(24) if i % 10 > 1),
    }  # what has no text is not found by text
    assert (top.codes[1:] == -1).all() and np.isneginf(top.scores[1:]).all()
    silent = BERT().fit(replace(data, item_text=pd.Series([""] * 24)))
    assert np.isfinite(silent.score(data.histories)).all() and (silent.search(["tent"]).codes == -1).all()


def test_one_item_one_customer_one_rating_value():
    facts, ids = Facts("one", scale=(1, 5), relevant={EventType.rating: None}), checkerboard().items
    one = replace(ids, ids=np.array(["a"], object))
    frame = interactions(["a"], ["a"], "rating", 4.0, 0).assign(user=0, item=0)
    model = BERT().fit(Dataset(frame, one, one, facts, pd.Series(["a tent"])))
    assert model.recommend([0, -1], 2).codes.tolist() == [[-1, -1], [0, -1]]
    np.testing.assert_allclose(model.predict(np.array([0, -1]), np.array([0, 0])), 4, atol=1e-3)
    board = checkerboard()
    flat = replace(board, interactions=board.interactions.assign(rating=np.float32(3)))
    np.testing.assert_allclose(BERT().fit(flat).predict(np.arange(24), np.arange(24)), 3, atol=1e-3)


def test_nothing_happened_yet():
    board = checkerboard()
    model = BERT().fit(board.where(np.zeros(len(board.interactions), bool)))
    assert model.recommend([0], 3).codes.tolist() == [[0, 1, 2]]
    assert np.isfinite(model.predict(np.array([0]), np.array([0]))).all()
    assert (model.search(["white snow"], 3).codes % 2 == 1).all()


def test_the_contract_with_word_vectors():
    check_recommender(BERT(encoder="word2vec"))
    model = BERT(encoder="word2vec").fit(checkerboard())
    assert (model.search(["snow white"], 3).codes % 2 == 1).all() and (
        model.search(["unheard"], 3).codes == -1
    ).all()


def test_a_saved_model_searches_and_projects_as_before(shop, tmp_path):
    for name in ("", "word2vec"):
        model = BERT(encoder=name).fit(shop)
        model.save(tmp_path / f"model{name}")
        loaded = Recommender.load(tmp_path / f"model{name}")
        for before, after in zip(model.search(["a warm tent"]), loaded.search(["a warm tent"]), strict=True):
            np.testing.assert_array_equal(before, after)
        np.testing.assert_array_equal(
            loaded.project(shop_text := loaded.text_vectors[:5])[1], model.project(shop_text)[1]
        )
        json.loads((tmp_path / f"model{name}" / "manifest.json").read_text())


FORMAT_1 = {
    "texts_.vectors": "text_",
    "projection_.centre": "centre_",
    "projection_.anchors": "teachers_",
    "projection_.alpha": "alpha_",
    "projection_.mean": "mean_vector_",
    "ratings_.offset": "rating_offset_",
    "ratings_.prior.covariance": "covariance_",
    "ratings_.prior.mapping": "mapping_",
    "encoder_.vectors": "word_vectors_",
}


@pytest.mark.parametrize("name", ["", "word2vec"])
def test_models_of_the_first_format_answer_the_same(shop, tmp_path, name):
    from safetensors.numpy import load_file, save_file

    model, path = BERT(encoder=name).fit(shop), tmp_path / "model"
    model.save(path)
    arrays, manifest = (
        load_file(path / "weights.safetensors"),
        json.loads((path / "manifest.json").read_text()),
    )
    save_file({FORMAT_1.get(n, n): array for n, array in arrays.items()}, path / "weights.safetensors")
    state = {n: getattr(model, n) for n in ("trained_on_", "scale_", "mean_")}
    state |= {"encoder_name_": model.encoder_.name, "encoder_fingerprint_": model.encoder_.fingerprint}
    state |= {"words_": model.encoder_.words} if name else {}
    manifest |= {"format": 1, "state": state | {"rating_noise_": model.ratings_.prior.noise}}
    manifest["files"]["weights.safetensors"] = sha256_of_file(path / "weights.safetensors")
    (path / "manifest.json").write_text(json.dumps(manifest))
    loaded, (users, items) = Recommender.load(path), np.mgrid[-1:20, -1:50].reshape(2, -1)
    np.testing.assert_array_equal(loaded.predict(users, items), model.predict(users, items))
    np.testing.assert_array_equal(loaded.score(shop.histories), model.score(shop.histories))
    np.testing.assert_array_equal(loaded.search(["a warm tent"]).scores, model.search(["a warm tent"]).scores)


# --- is it the text? -------------------------------------------------------------------------------------------------


def quality(model: Recommender, split) -> float:
    lists = rank_held_out(model, split)
    return float(ndcg(lists.hit, lists.n_relevant, 10).mean())


def with_texts_of(model: BERT, order: np.ndarray) -> BERT:
    "The same model, its items' texts exchanged"
    other = BERT(**model.params)
    vars(other).update(model.state | {"texts_": VectorIndex(model.text_vectors[order])})
    return other


@pytest.mark.slow
def test_it_goes_by_the_text(record_property):
    data = dataset(simulate(seed=5, n_customers=1000, n_items=300).tables)
    order = generator(0, "exchange").permutation(300)
    warm, cold = ratio75_item(data, 7), [cold_items(data, seed) for seed in range(1, 9)]
    popular, learnt = quality(Popularity().fit(warm.train), warm), BERT().fit(warm.train)
    after = quality(with_texts_of(learnt, order), warm)
    assert quality(learnt, warm) > 1.3 * popular > 1.3 * after
    np.testing.assert_array_equal(
        with_texts_of(learnt, np.arange(300)).recommend([0, 1]).codes, learnt.recommend([0, 1]).codes
    )

    wrong = data.item_text[order].reset_index(drop=True)
    chance = np.mean([quality(Random().fit(split.train), split) for split in cold])
    right = np.mean([quality(BERT().fit(split.train), split) for split in cold])
    before = [quality(BERT().fit(replace(split.train, item_text=wrong)), split) for split in cold]
    for name, value in (
        ("warm", quality(learnt, warm)),
        ("exchanged", after),
        ("cold", right),
        ("cold, exchanged", np.mean(before)),
        ("chance", chance),
    ):
        record_property(f"BERT nDCG@10 {name}", f"{value:.3f}")
    assert right > 1.5 * chance
    assert np.mean(before) < chance + 2 * np.std(before) / np.sqrt(len(before))


def test_cleaning_keeps_what_counts():
    assert clean_text(" a\u00a0 b\n", 8) == "a b"
    assert clean_text("a" * 10**6, 8) == "a" * 320
    assert clean_text(" " * 10**6 + "late", 128) == "late"
