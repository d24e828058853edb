"Findings on invented results whose truth is known, and the page that says them"

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from customer360.evaluation.evidence import gather, planted_results
from customer360.evaluation.findings import Findings, Situation, choose, find, rank
from customer360.evaluation.protocol import Result
from customer360.evaluation.report import write_report
from customer360.evaluation.sentences import card_in_words, sentence, stated

SKILL = {"hybrid": 0.40, "ease": 0.33, "knn": 0.30, "popularity": 0.20, "random": 0.02}
ERROR = {"hybrid": 0.90, "knn": 0.96, "bias": 1.0, "ease": 1.0}
TIME = planted_results(SKILL, split="global_time", seeds=[""])
UNSEEN = planted_results(dict.fromkeys(SKILL, 0.04) | {"hybrid": 0.3}, split="cold_items", seeds=["101"])
MANY = {f"model-{i:02}": 0.2 + i / 200 for i in range(20)}
LONG = {
    "a model with a name that nobody would want to read twice, let alone in a table (and a bracket)": 0.4,
    "b": 0.2,
}

SHOPS: dict[str, tuple[list[Result], str]] = {
    "a winner": (
        planted_results(SKILL, ERROR) + TIME + UNSEEN,
        "Use the hybrid: it is significantly better than each",
    ),
    "two level": (planted_results(SKILL | {"ease": 0.40}, ERROR), "cannot be told apart from it by ranking"),
    "without ratings": (planted_results(SKILL) + TIME, "Use the hybrid"),
    "without text": (planted_results(SKILL, ERROR) + TIME, "Use the hybrid"),
    "without time": (planted_results(SKILL, ERROR) + UNSEEN, "Use the hybrid"),
    "one alone": (planted_results({"knn": 0.3}), "knn is the only model with a figure"),
    "twenty models": (planted_results(MANY, luck=0.02), "Use model-19"),
    "long names": (planted_results(LONG), "Use a model with a name that nobody"),
    "three customers": (
        planted_results(SKILL, ERROR, n=3),
        "Too few customers to say which model to use: 3.",
    ),
    "nobody beats chance": (
        planted_results({"knn": 0.1, "random": 0.1}, n=40),
        "No model is significantly better",
    ),
}


def found_in(shop: str) -> Findings:
    return find(gather(SHOPS[shop][0], {"title": shop}, {}))


@pytest.mark.parametrize("shop", SHOPS)
def test_the_verdict_is_what_was_planted(shop):
    f = found_in(shop)
    assert sentence("verdict", f, f=f).startswith(SHOPS[shop][1]) or SHOPS[shop][1] in sentence(
        "verdict", f, f=f
    )


@pytest.mark.parametrize("shop", ["a winner", "long names", "three customers"])
def test_the_page_says_what_was_planted(shop, tmp_path):
    page = write_report(tmp_path, SHOPS[shop][0], {"title": shop}, {}).read_text(encoding="utf-8")
    f = found_in(shop)
    assert sentence("verdict", f, f=f) in page and SHOPS[shop][1] in page
    text = (tmp_path / "findings.json").read_text(encoding="utf-8")
    assert json.loads(text) == stated(f) and "NaN" not in text
    assert not {"nan", "None"} & set(re.split(r"[<>\s]+", page.split("<main>")[0]))


@pytest.mark.parametrize(
    ("shop", "cards"),
    [
        ("a winner", {"regulars": "hybrid", "newcomers": "hybrid", "unseen": "hybrid"}),
        ("without text", {"regulars": "hybrid", "newcomers": "hybrid"}),
        ("three customers", {}),
    ],
)
def test_the_cards_are_of_what_was_measured(shop, cards):
    assert {name: card.use for name, card in found_in(shop).cards.items()} == cards


def test_customers_without_a_past_are_newcomers_wherever_they_stand_in_the_results():
    made = planted_results({"knn": 0.4, "popularity": 0.2, "random": 0.02}, n=600)
    for result in made:
        bands = ["21–100", "none", "1–5", "6–20"]
        number = result.customers["user"].str[1:].astype(int)
        result.customers["segment:activity"] = [bands[n % 4] for n in number]
    f = find(gather(made, {}, {}))
    assert f.cards["regulars"].situation.segment == "activity=21–100"
    assert f.cards["newcomers"].situation.segment == "activity=none"
    words = {name: card_in_words(f, name) for name in f.cards}
    assert words["newcomers"].title == "Newcomers" and words["newcomers"].whom == "customers without a past"
    assert words["regulars"].whom != words["newcomers"].whom


def test_a_column_of_somebodys_own_may_be_called_activity():
    made = planted_results({"knn": 0.4, "popularity": 0.2, "random": 0.02})
    for result in made:
        result.customers["segment:activity"] = [
            "yoga" if n % 2 else "running" for n in range(len(result.customers))
        ]
    found = {c.situation.segment for c in find(gather(made, {}, {})).choices}
    assert {"activity=yoga", "activity=running"} <= found


def test_a_card_does_not_praise_what_popularity_does_as_well():
    level = planted_results({"knn": 0.2, "popularity": 0.2, "random": 0.02}, luck=0.01)
    f = find(gather(level, {"title": "level"}, {}))
    choice = choose(gather(level, {}, {}), Situation("everybody", f.verdict.situation.split))
    use = choice.use if choice.use != "popularity" else "knn"
    words = sentence("card", replace(choice, use=use), f=f)
    assert words == "popularity will do; no model is significantly better.", words
    places = choice.ranking.places
    apart = [replace(place, value=place.value + 0.01 * (place.model == use)) for place in places]
    apart.sort(key=lambda place: -place.value)
    ahead = replace(choice, use=use, ranking=replace(choice.ranking, places=tuple(apart)))
    assert "(knn has nDCG@10 0." in (words := sentence("card", ahead, f=f)), words
    assert "×" not in words


def test_a_level_model_in_half_the_time_is_named_and_no_other():
    seconds = {"hybrid": 100.0, "near": 51.0, "ease": 10.0, "knn": 12.0, "svd": 1.0}
    level = {"hybrid": 0.4, "near": 0.4, "ease": 0.4, "knn": 0.4, "svd": 0.2}
    e = gather(planted_results(level, luck=0.2, seconds=seconds, n=80), {}, {})
    choice = choose(e, Situation("everybody", e.main))
    assert {choice.use, *choice.ranking.level} >= {"hybrid", "ease", "knn"}  # svd is quicker, and worse
    if choice.use in ("hybrid", "near"):
        assert choice.cheaper in ("ease", "knn") and choice.times_faster > 2
    else:
        assert not choice.cheaper


def test_a_model_that_lacks_a_shuffle_is_never_called_level():
    results = planted_results({"hybrid": 0.4, "knn": 0.3}) + planted_results({"ease": 0.4}, seeds=["101"])
    place = rank(gather(results, {}, {})).place("ease")
    assert not place.level and place.p != place.p


def test_equal_models_are_seldom_told_apart():
    "Of 20 pairs that are equal by construction, about one in twenty may differ"
    wrong = 0
    for at in range(20):
        e = gather(planted_results({f"a{at}": 0.4, f"b{at}": 0.4}, seeds=["1"], n=60), {}, {})
        wrong += not rank(e).level
    assert wrong <= 5  # 1 is expected; more than 5 happen once in 3,000 runs


@pytest.mark.parametrize("kind", ["failed", "at_work"])
def test_a_model_without_figures_has_a_name(kind):
    run = (
        {"failed": [{"model": "ncf"}]}
        if kind == "failed"
        else {"at_work": {"models": ["ncf"], "seconds": 60}}
    )
    f = find(
        gather(
            planted_results({"knn": 0.3}, n=20), run | {"models": {"ncf": {"label": "NCF (two heads)"}}}, {}
        )
    )
    assert "NCF" in sentence(kind, f, f=f)


def test_a_p_value_is_the_same_wherever_it_stands(tmp_path):
    "Models without ratings of their own stay in the family that Holm's correction is over"
    rated = planted_results(
        {"hybrid": 0.4, "knn": 0.3, "bias": 0.1}, {"hybrid": 0.95, "knn": 0.97, "bias": 1.0}
    )
    echoes = [r._replace(model=name) for r in rated if r.model == "bias" for name in ("ease", "popularity")]
    write_report(tmp_path, rated + echoes, {"title": "echoes"}, {})
    found = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))["rankings"]["rmse"]
    table = pd.read_csv(tmp_path / "significance.csv")
    table = table[table["metric"] == "rmse"]
    assert set(found["echoes"]) == {"ease", "popularity"} and len(table) == 10
    best = found["places"][0]["model"]
    for place in found["places"][1:]:
        pair = table[table[["model", "other"]].apply(set, axis=1) == {best, place["model"]}]
        assert place["p"] == pytest.approx(pair["p_holm"].item(), rel=1e-5)


NEWCOMERS = {"n": 1999, "worth": True, "attributes": {"segment": 7, "age_band": 4}} | {
    what: {"value": value, "low": value - 0.01, "high": value + 0.01}
    for what, value in (("popular", 0.22), ("alike", 0.323), ("difference", 0.103))
}


def test_the_card_of_newcomers_tells_of_attributes_where_they_help():
    card = card_in_words(find(gather(SHOPS["a winner"][0], {"newcomers": NEWCOMERS}, {})), "newcomers")
    assert "same segment and age band: nDCG@10 0.323" in card.said and "reaches 0.220" in card.said
    unsure = NEWCOMERS | {"difference": {"value": 0.01, "low": -0.01, "high": 0.03}}
    without = card_in_words(find(gather(SHOPS["a winner"][0], {"newcomers": unsure}, {})), "newcomers")
    assert "segment" not in without.said


def test_customers_with_a_short_past_are_not_called_newcomers():
    assert (
        card_in_words(found_in("a winner"), "newcomers").title == "Short histories"
    )  # nobody there has no past


@pytest.mark.parametrize(
    ("among_all", "said"), [(0.0, "no new item"), (0.1, "Among all items its nDCG@10 is 0.")]
)
def test_the_card_of_new_items_tells_what_becomes_of_them_among_all(among_all, said):
    rest = dict.fromkeys(SKILL, 0.0) | {"hybrid": among_all}
    among = planted_results(rest, split="cold_items-all", seeds=["101"], luck=0)
    none = [r._replace(customers=r.customers.assign(**{"ndcg@10": rest[r.model]})) for r in among]
    assert said in card_in_words(find(gather(UNSEEN + none, {}, {})), "unseen").said


def test_a_cheaper_model_that_ranks_as_well_is_held_against_what_else_was_measured():
    seconds = {"hybrid": 60.0}
    results = planted_results(SKILL | {"ease": 0.40}, ERROR, seconds=seconds)
    results += planted_results(
        dict.fromkeys(SKILL, 0.04) | {"hybrid": 0.3}, split="cold_items", seeds=["101"], seconds=seconds
    )
    f = find(gather(results, {}, {}))
    assert f.verdict.cheaper == "ease"
    words = sentence("verdict", f, f=f)
    assert "it predicts ratings and ranks new items better" in words, words
