"Challengers with real models: worse ones and poisoned ones are refused, and what was decided is on record"

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360.config import settings
from customer360.data.ingest import IngestResult
from customer360.data.interim import save_snapshot
from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.evaluation.challenge import ENOUGH_CUSTOMERS, Decision, challenge
from customer360.models.catalogue import make_model, model_class
from customer360.models.registry import Registry, prune
from customer360.models.releases import Release
from customer360.schema import Tables, interactions

pytestmark = pytest.mark.slow
REJECTS = pd.DataFrame(columns=["file", "line", "reason", "text"], dtype="str")


@pytest.fixture(scope="module")
def shop() -> Tables:
    return simulate(seed=3, n_customers=700, n_items=100).tables


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setattr(settings(), "home", tmp_path)
    return Registry(tmp_path / "data/models/demo")


def first(tables: Tables, share: float) -> Tables:
    return replace(tables, interactions=tables.interactions.iloc[: round(share * len(tables.interactions))])


def tried(tables: Tables, key: str, **params: object) -> tuple[Release | None, Decision]:
    return challenge(save_snapshot(IngestResult(tables, REJECTS, {}, {}, [], {})), key, params, measure=False)


def shuffled(tables: Tables, low: float, high: float) -> Tables:
    "The same tables with the items of a part of the interactions dealt out anew"
    frame, n = tables.interactions.copy(), len(tables.interactions)
    part = slice(round(low * n), round(high * n))
    column = frame.columns.get_loc("item")
    frame.iloc[part, column] = np.random.default_rng(0).permutation(frame["item"].to_numpy()[part])
    return replace(tables, interactions=frame)


def test_a_better_challenger_is_promoted_and_a_worse_one_refused(shop, registry):
    made, decision = tried(first(shop, 0.5), "knn", n_neighbours=1, choose=False)
    assert (decision.outcome, registry.promotions.versions("knn")) == ("first", [made.version])
    release, better = tried(shop, "knn", choose=False)
    assert better.outcome == "promoted" and better.low > -better.margin, better.reasons
    assert registry.promotions.current("knn") == release and better.challenger == release.version
    refused, worse = tried(shop, "knn", n_neighbours=1, choose=False)
    assert refused is None and worse.outcome == "rejected" and worse.champion == release.version
    assert worse.high < 0 and "worse than the champion" in worse.reasons[0]
    none, same = tried(shop, "knn", choose=False)
    assert none is None and (same.outcome, same.champion) == ("unchanged", release.version)
    assert [one["outcome"] for one in registry.decisions.list("knn")] == ["rejected", "promoted", "first"]
    assert len(registry.releases.of("knn")) == 2, "what was refused leaves nothing but its decision"


def test_poisoned_events_are_refused(shop, registry):
    "The items of all that is new but the newest tenth are dealt out anew, as a bad import does"
    made, _ = tried(first(shop, 0.4), "ease", regularisation=20.0)
    assert tried(shop, "ease", regularisation=20.0)[1].outcome == "promoted"
    registry.promotions.promote("ease", made.version)
    refused, decision = tried(shuffled(shop, 0.4, 0.9), "ease", regularisation=20.0)
    assert refused is None and decision.outcome == "rejected", decision.reasons
    assert registry.promotions.current("ease").version == made.version


def test_a_little_more_data_is_promoted_while_no_harm_is_seen(shop, registry):
    "Too little is new for a verdict; other hyper-parameters still have to prove themselves"
    tried(first(shop, 0.98), "ease", regularisation=200.0)
    release, decision = tried(shop, "ease", regularisation=200.0)
    assert decision.outcome == "promoted" and decision.low < -decision.margin, decision.reasons
    assert "too few for a verdict" in decision.reasons[0] and release.version == decision.challenger
    assert decision.window["customers"] < ENOUGH_CUSTOMERS
    _, other = tried(shop, "ease", regularisation=1e7)
    assert other.outcome == "rejected" and other.window["customers"] >= ENOUGH_CUSTOMERS, other.reasons


def test_where_nobody_is_judged_both_are_one_fit(shop, registry):
    "What is new has no customer with a relevant item: before the newest tenth both know the same"
    early, n = first(shop, 0.9), len(shop.interactions)
    late = shop.interactions.iloc[round(0.9 * n) :]
    views = late[late["event"] == "view"].iloc[:40]
    rows = pd.concat([early.interactions, views], ignore_index=True)
    tried(early, "ease")
    _, decision = tried(replace(early, interactions=rows.assign(row=np.arange(len(rows)))), "ease")
    assert (decision.outcome, decision.difference, decision.latency_ms) == ("promoted", 0.0, [])
    assert "the same model" in decision.reasons[0]


def test_a_small_flood_does_not_pass_for_a_little_more_data(shop, registry):
    "A crowd buys ten things that nobody else wants: few new customers suffice to see the harm"
    before, n = first(shop, 0.3), len(shop.interactions)
    junk = before.interactions["item"].value_counts().index[-10:]
    crowd = shop.customers["user"].iloc[:140].to_numpy()
    when = int(before.interactions["timestamp"].max())
    bought = interactions(np.repeat(crowd, 10), np.tile(junk, 140), "purchase", timestamp=when + 1)
    rows = pd.concat([before.interactions, bought, shop.interactions.iloc[round(0.3 * n) : round(0.34 * n)]])
    tried(before, "popularity")
    refused, decision = tried(
        replace(shop, interactions=rows.assign(row=np.arange(len(rows))).reset_index(drop=True)), "popularity"
    )
    assert decision.window["customers"] < ENOUGH_CUSTOMERS
    assert refused is None and decision.outcome == "rejected" and decision.high < 0, decision.reasons


@pytest.mark.parametrize(("told", "outcome"), [(False, "rejected"), (True, "promoted")])
def test_what_the_champions_lists_brought_about_judges_nobody(shop, registry, told, outcome):
    "In the window everybody buys what the champion shows; only where the events say so is it left out"
    old, n = first(shop, 0.5), len(shop.interactions)
    tried(old, "ease", regularisation=200.0)
    late = shop.interactions.iloc[round(0.9 * n) :]
    model, _ = registry.load("ease")
    users = late["user"].unique()
    coded = dataset(old)
    codes = model.recommend(coded.users.encode(pd.Series(users)), 5).codes
    bought = interactions(
        np.repeat(users, 5),
        coded.items.ids[codes].ravel(),
        "purchase",
        timestamp=int(late["timestamp"].max()),
    )
    rows = pd.concat([shop.interactions, bought.assign(recommended=told)], ignore_index=True)
    rows["recommended"] = rows["recommended"].fillna(False).astype(bool)
    tables = replace(shop, interactions=rows.assign(row=np.arange(len(rows))))
    _, decision = tried(tables, "ease", regularisation=200.0)
    assert decision.outcome == outcome, decision.reasons
    assert decision.window["prompted"] == (len(bought) if told else 0)


def test_data_without_times_are_judged_by_their_order(shop, registry):
    untimed = replace(shop, interactions=shop.interactions.assign(timestamp=0))
    tried(first(untimed, 0.6), "ease", regularisation=200.0)
    _, decision = tried(untimed, "ease", regularisation=200.0)
    n = len(shop.interactions)
    assert decision.window["end"] == n - 1 and n * 0.8 < decision.window["start"] < n
    assert decision.outcome == "promoted" and decision.difference > 0


def test_what_a_hybrid_needs_outlives_pruning(registry, shop):
    "Its components are releases of their own, which newer ones push out of the newest"
    night = registry.snapshots.add(first(shop, 0.3))
    snapshot = registry.snapshots.read(night).data
    ease = registry.releases.publish(make_model("ease").fit(snapshot), night)
    registry.promotions.promote("ease", ease.version)
    parts = {"ease": make_model("ease"), "popularity": make_model("popularity")}
    hybrid = model_class("hybrid")(components=parts).fit(snapshot)
    release = registry.releases.publish(hybrid, night)
    registry.promotions.promote("hybrid", release.version)
    assert ["ease", ease.version] in release.parts.values()
    for regularisation in (50.0, 100.0, 300.0):
        model = make_model("ease", params={"regularisation": regularisation}).fit(snapshot)
        newer = registry.releases.publish(model, night)
        registry.promotions.promote("ease", newer.version)
    assert len(prune(registry, keep=1)) == 1
    kept = {one.params["regularisation"] for one in registry.releases.of("ease")}
    assert kept == {500.0, 100.0, 300.0}, "in use, the one before, and the hybrid's"
    assert registry.load("hybrid")[1] == release


def test_the_cached_fits_are_found_again(shop, registry):
    "A second challenge on the same data fits nothing that the first has fitted"
    tried(first(shop, 0.5), "knn")
    tried(shop, "knn", n_neighbours=1)
    snapshot = save_snapshot(IngestResult(shop, REJECTS, {}, {}, [], {}))
    before = {path.name: path.stat().st_mtime_ns for path in (snapshot / "fits").iterdir()}
    assert tried(shop, "knn", n_neighbours=1)[1].outcome == "rejected"
    assert before == {path.name: path.stat().st_mtime_ns for path in (snapshot / "fits").iterdir()}
