"Reading: texts that are no texts, other scripts, the sum over words that a score is, and whether the meaning of words matters at all."

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from customer360.config import generator
from customer360.data.prepare import Dataset, dataset, histories_from_items
from customer360.data.simulate import simulate
from customer360.data.splits import Split, cold_items, ratio75_item
from customer360.metrics import ndcg
from customer360.models.baselines import Popularity, Random
from customer360.models.conformance import checkerboard
from customer360.models.contract import Recommender
from customer360.models.holdout import rank_held_out
from customer360.models.ops import NoItemText, root_sum_rows
from customer360.models.tfidf import (
    MAX_WORD_LENGTH,
    TFIDF,
    fit_tfidf,
    similar_item_residuals,
    split_terms,
)

pytestmark = pytest.mark.filterwarnings("error")


def board(texts: list | None = None, n: int = 8, **kwargs) -> Dataset:
    data = checkerboard(n, **kwargs)
    return data if texts is None else replace(data, item_text=pd.Series(texts))


def answers(model: Recommender, data: Dataset) -> list[np.ndarray]:
    everyone = np.arange(data.n_users)
    pairs = np.mgrid[-1 : data.n_users, -1 : data.n_items].reshape(2, -1)
    return [
        *model.recommend(everyone, 3),
        model.score(data.histories),
        *model.similar_items(np.arange(data.n_items), 2),
        model.predict(*pairs),
    ]


TEXTS = {
    "no text but one": ["lamp", *[""] * 7],
    "no text at all": [""] * 8,
    "missing values": [None, np.nan, "red lamp", "red lamp", "red cup", "", None, "cup"],
    "a megabyte": [
        "red lamp " * 120_000,
        "x" * 1_000_000,
        "庭" * 1_000_000,
        "x" * 1_000_000,
        "cup",
        "red cup",
        "lamp",
        ". " * 500_000,
    ],
    "stop words only": ["the", "of the", "and", "a", "with the", "it is", "to", "the"],
    "signs only": ["!!!", "…", "\x00\uffff", "—", "  ", "\n", "🎈🎈", "1"],
    "all the same": ["red lamp"] * 8,
    "one word each": ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1"],
}


@pytest.mark.parametrize("learnt", [True, False])
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_texts_that_say_little(texts, learnt, tmp_path):
    data = board(texts)
    model = TFIDF(learnt=learnt).fit(data)
    found = answers(model, data)
    assert all(np.isfinite(each).all() for each in found)
    for reasons in model.explain(data.histories, np.arange(8)):
        assert 1 <= len(reasons) <= 3 and all(np.isfinite(reason.share) for reason in reasons)
    model.save(tmp_path / "model")
    assert all(
        np.array_equal(a, b)
        for a, b in zip(answers(Recommender.load(tmp_path / "model"), data), found, strict=True)
    )


@pytest.mark.parametrize("texts", ["no text at all", "stop words only", "one word each"])
def test_nothing_to_read_leaves_popularity(texts):
    data = board(TEXTS[texts])
    data = data.where(np.arange(len(data.interactions)) != 0)  # one item is less popular than the others
    score = TFIDF().fit(data).score(data.histories)
    assert (score == score[0]).all() and (
        np.argsort(score[0])[0] == data.histories.confidence.sum(0).argmin()
    )


def test_one_item():
    data = board(["a red lamp"], 2)
    data = replace(
        data,
        items=replace(data.items, ids=data.items.ids[:1]),
        interactions=data.interactions.assign(item=np.int32(0))[:1],
    )
    model = TFIDF().fit(data)
    assert model.recommend([0, -1], 2, exclude_seen=False).codes.tolist() == [[0, -1], [0, -1]]
    assert np.isfinite(model.predict([0, -1, 0], [0, 0, -1])).all()
    assert len(model.explain(data.histories[[0]], np.array([0]))[0]) == 1


def test_no_customer_has_a_history():
    data = board()
    data = data.where(np.zeros(len(data.interactions), bool))
    model = TFIDF().fit(data)
    assert all(np.isfinite(each).all() for each in answers(model, data))
    black = model.recommend([-1], 3, histories=histories_from_items([[0]], 8, seen=True)).codes[0]
    assert set(black) == {2, 4, 6}  # text alone
    assert model.explain(histories_from_items([[0]], 8), np.array([2]))[0][0].kind == "word"


def test_all_ratings_equal():
    data = board()
    model = TFIDF().fit(replace(data, interactions=data.interactions.assign(rating=np.float32(4))))
    assert np.allclose(model.predict(*np.mgrid[-1:8, -1:8].reshape(2, -1)), 4, atol=1e-5)


def test_without_text_it_says_what_to_do():
    with pytest.raises(
        NoItemText,
        match="TFIDF reads item text and the items of 'checkerboard' have none: give the item table a column `text`",
    ):
        TFIDF().fit(board(text=False))


# --- scripts

SCRIPTS = {
    "Chinese": ["红色的灯笼挂在花园里", "花园里有一盏灯笼", "厨房用的不锈钢锅", "不锈钢厨房刀"],
    "Japanese": [
        "庭のランタン、手作り",
        "手作りランタンと庭",
        "台所のステンレス鍋",
        "ステンレスの包丁、台所用",
    ],
    "Thai": ["โคมไฟสวน", "โคมไฟในสวน", "หม้อสแตนเลส", "มีดสแตนเลส"],
    "Russian": [
        "Садовый фонарь, ручная работа",
        "Фонарь ручная работа",
        "Кухонный нож",
        "Нож и кухонный котёл",
    ],
    "Arabic": ["فانوس الحديقة يدوي", "فَانُوس يدوي", "سكين المطبخ", "قدر المطبخ سكين"],
    "Hebrew": ["פנס גינה ידני", "פנס ידני", "סכין מטבח", "סיר מטבח סכין"],
    "Hindi": ["बगीचे की लालटेन", "लालटेन बगीचे में", "रसोई का चाकू", "चाकू रसोई"],
    "Korean": ["정원 랜턴 수제", "수제 랜턴", "주방 칼", "칼 주방 냄비"],
    "accents": ["Lanterne de forêt", "LANTERNE forêt", "Écumoire céleste", "écumoire ce\u0301leste"],
}


@pytest.mark.parametrize("texts", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts(texts):
    vectors, names = fit_tfidf(texts)
    cosines = (vectors @ vectors.T).toarray()
    np.fill_diagonal(cosines, -1)
    assert cosines.argmax(1).tolist() == [1, 0, 3, 2], names


def test_terms_stay_short():
    assert max(map(len, split_terms("x" * 1_000_000 + " " + "y" * 100))) == 2 * MAX_WORD_LENGTH + 1
    vectors, names = fit_tfidf([" ".join(f"a{number}" for number in range(TFIDF().max_terms))] * 2)
    assert vectors.shape == (2, TFIDF().max_terms) and not names.dtype.hasobject
    assert np.allclose(vectors.power(2).sum(1), 1, atol=1e-4)


# --- what a score and a rating are


def small_shop() -> tuple[Dataset, Split]:
    data = dataset(simulate(seed=2, n_customers=150, n_items=90).tables)
    return data, ratio75_item(data, seed=7)


def test_text_alone_is_a_cosine():
    data, _ = small_shop()
    model = TFIDF(n_topics=1000, learnt=False, contrast=0, prior=0).fit(data)
    vectors = fit_tfidf(data.item_text.tolist())[0].toarray()
    visitor = histories_from_items([[3], [5, 9]], data.n_items)
    expected = np.array([vectors[3], (vectors[5] + vectors[9]) / np.sqrt(2)]) @ vectors.T
    scores = model.score(visitor)
    np.testing.assert_allclose(scores, expected * (scores[0, 3] / expected[0, 3]), atol=1e-3 * scores.max())
    assert scores[0, 3] == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("options", [{}, {"learnt": False}, {"prior": 3.0}, {"n_topics": 10}])
def test_words_add_up_to_the_score(options):
    data, _ = small_shop()
    model = TFIDF(**options).fit(data)
    model._citable = np.ones(len(model.terms_), bool)
    items = np.arange(0, 90, 7)
    past = data.histories[: len(items)]
    whole, empty = (
        model.score(each, candidates=items[:, None])[:, 0]
        for each in (past, histories_from_items([[]] * len(items), 90))
    )
    of_prior = model.crowd_[items]
    for row, reasons in enumerate(model.explain(past, items, n=10_000)):
        positive = sum(reason.share for reason in reasons if reason.kind == "word") * abs(
            whole[row] - empty[row]
        )
        for_it = model._vectors[[items[row]]].toarray()[0] * (
            model._directions @ ((root_sum_rows(past[[row]].confidence) @ model._inputs)[0] @ model.weights_)
        )
        assert for_it.sum() == pytest.approx(whole[row] - of_prior[row], abs=1e-3)
        assert positive == pytest.approx(np.maximum(for_it, 0).sum(), abs=1e-3)
        assert {reason.ref for reason in reasons if reason.kind == "word"} <= set(
            split_terms(data.item_text[items[row]])
        )


@pytest.mark.parametrize("seed", range(3))
def test_similar_residual_against_loops(seed):
    rng = np.random.default_rng([13, seed])
    units = rng.normal(size=(12, 3)).astype(np.float32)
    units[4] = 0
    rest = np.where(rng.random((5, 12)) < 0.4, rng.normal(size=(5, 12)), 0).astype(np.float32)
    rest[3] = 0
    rest = csr_matrix(rest)
    rows, items = rng.integers(0, 5, 40), rng.integers(0, 12, 40)
    expected = []
    for row, item in zip(rows, items, strict=True):
        weights = {j: max(float(units[item] @ units[j]), 0) ** 2.5 for j in rest[[row]].indices if j != item}
        expected.append(sum(w * rest[row, j] for j, w in weights.items()) / (sum(weights.values()) + 0.7))
    np.testing.assert_allclose(
        similar_item_residuals(units, rest, rows, items, 2.5, 0.7), expected, atol=1e-5
    )
    assert similar_item_residuals(units, rest, rows[:0], items[:0], 2.5, 0.7).shape == (0,)


# --- does it read?


def ndcg10(model: Recommender, split: Split) -> float:
    lists = rank_held_out(model, split)
    return float(ndcg(lists.hit, lists.n_relevant, 10).mean())


@pytest.mark.parametrize("learnt", [True, False])
def test_texts_shuffled_after_training_are_no_help(learnt):
    "Items keep their popularity and are given what was learnt of the text of another"
    data = dataset(simulate(seed=1, n_customers=300, n_items=150).tables)
    own, mixed, popular = [], [], []
    for seed in (7, 8):
        split = ratio75_item(data, seed)
        model = TFIDF(learnt=learnt).fit(split.train)
        other = copy.copy(model)
        for name in [name for name in vars(other) if name.startswith("_")]:  # what was derived from the state
            delattr(other, name)
        other._topics = model._topics[generator(seed, "mixed").permutation(data.n_items)]
        own.append(ndcg10(model, split))
        mixed.append(ndcg10(other, split))
        popular.append(ndcg10(Popularity().fit(split.train), split))
    assert np.mean(mixed) <= np.mean(popular)
    assert np.mean(own) > 1.5 * np.mean(mixed)


@pytest.mark.parametrize("learnt", [True, False])
def test_texts_shuffled_before_training_say_nothing_about_new_items(learnt):
    data = dataset(simulate(seed=1, n_customers=400, n_items=400).tables)
    found = []
    for seed in range(7, 13):
        split = cold_items(data, seed)
        text = data.item_text.sample(frac=1, random_state=seed, ignore_index=True)
        mixed = replace(split, train=replace(split.train, item_text=text))
        made = [(TFIDF(learnt=learnt), split), (TFIDF(learnt=learnt), mixed), (Random(), split)]
        found.append([ndcg10(model.fit(each.train), each) for model, each in made])
    own, mixed, random = np.array(found).T
    away = mixed - random
    assert away.mean() < 2 * away.std(ddof=1) / np.sqrt(len(away))  # within what chance does
    assert mixed.mean() < 1.25 * random.mean() and own.mean() > 2 * random.mean()


def test_no_reason_cites_what_every_text_has():
    nouns = ["lamp", "chair", "table", "vase", "clock", "mirror", "shelf", "bowl"]
    texts = [
        f"{a}, size {k}. For all who love a {b}."
        for k, a in enumerate(nouns)
        for b in (nouns[k - 1], nouns[k - 2])
    ]
    data = board(texts, len(texts))
    model = TFIDF().fit(data)
    items = np.arange(len(texts))
    told = model.explain(data.histories[items], items, n=99)
    cited = [{reason.ref for reason in reasons} for reasons in told]
    telling = [words for words in cited if words & set(nouns)]
    assert len(telling) > len(texts) / 2
    assert all(words <= set(nouns) for words in telling), "no template, no measure, no phrase with one"


def test_an_artefact_of_before_answers_in_the_same_order():
    data, _ = small_shop()
    model = TFIDF(choose=False).fit(data)
    old = {name: value for name, value in model.state.items() if name not in ("crowd_", "sampled_")}
    typical = model.crowd_.max() / np.sqrt(model.popularity_ / model.popularity_.mean()).max()
    old |= {"chosen_": model.sampled_, "typical_": float(typical)}
    again = TFIDF(choose=False)
    vars(again).update(TFIDF.from_format_1(model.params, old)[1])
    np.testing.assert_allclose(again.score(data.histories), model.score(data.histories), rtol=1e-4, atol=1e-5)
    assert set(again.state) == set(model.state)
    assert TFIDF.from_format_1(model.params, model.state) == (model.params, model.state)
