"The share of a reason has one definition, for items that a model knows and for new ones that it reads"

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customer360.data.prepare import Histories, leave_one_out
from customer360.data.simulate import simulate
from customer360.data.store.facade import Store
from customer360.models.catalogue import make_model
from customer360.models.contract import TextVectors
from customer360.models.registry import Registry
from customer360.serving.service import Service
from customer360.serving.types import ContextEvent, RecommendationRequest


class Concave:
    "In a reader's place: its scores grow ever less, so that losses do not add up to the whole"

    def __init__(self, model: Any):
        self.model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def score_texts(self, histories: Histories, texts: list[str]) -> np.ndarray:
        return self.score_vectors(histories, self.model.read_texts(texts))

    def score_vectors(self, histories: Histories, vectors: TextVectors) -> np.ndarray:
        return np.sqrt(np.maximum(self.model.score_vectors(histories, vectors), 0)) + 1


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("reasons")
    registry = Registry(folder / "models")
    tables = simulate(n_customers=100, n_items=60, days=200).tables
    night = registry.snapshots.add(tables)
    for key in ("ease", "tfidf", "knn"):
        release = registry.releases.publish(make_model(key).fit(registry.snapshots.read(night).data), night)
        registry.promotions.promote(release.key, release.version)
    made = Service(registry, Store.open(f"sqlite:///{folder / 'store.sqlite'}"))
    for number, row in enumerate(tables.items.head(5).to_dict("records")):
        made.put_item(
            f"new-{number}", {"title": f"New {number}", "text": row["text"], "category": row["category"]}
        )
    yield made
    made.close()


def shares(whole: float, without: np.ndarray, empty: float) -> np.ndarray:
    "The definition in `serving.types`"
    with np.errstate(invalid="ignore"):  # an item about which the history says nothing has no such reasons
        return (whole - without) / abs(whole - empty)


@pytest.mark.parametrize("concave", [False, True])
def test_new_items(service, concave, monkeypatch):
    in_use = service.pool.models
    served = in_use.models["tfidf"]
    if concave:
        changed = {**in_use.models, "tfidf": served._replace(model=Concave(served.model))}
        monkeypatch.setattr(service.pool, "models", replace(in_use, models=changed))
    state, found = service.states.current(), 0
    assert service.states.reading.wait(60)  # another model reads the new products afresh, in the background
    served = state.model("tfidf")
    model, index = served.model, served.index
    for user in ("c0004", "c0005", "c0006"):
        history = service.contexts.of(state, index, user).history
        answer = service.recommend(RecommendationRequest(user=user, model="tfidf", n=100))
        for item in (item for item in answer.items if item.by == "text"):
            text = [state.catalogue.get(item.item).text]
            whole, without, empty = (
                model.score_texts(h, text)[:, 0].astype(float)
                for h in (history, leave_one_out(history), index.empty_history)
            )
            expected = dict(
                zip(index.data.items.ids[history.items], shares(whole[0], without, empty[0]), strict=True)
            )
            for reason in item.reasons:
                found += reason.kind == "item"
                assert reason.share == pytest.approx(
                    expected[reason.item] if reason.kind == "item" else 1, rel=1e-4
                )
    assert found > 5


def test_known_items(service):
    state = service.states.current()
    served = state.model("ease")
    model, index = served.model, served.index
    history = service.contexts.of(state, index, "c0004").history
    answer = service.recommend(RecommendationRequest(user="c0004", model="ease", n=20))
    for item in answer.items:
        code = index.code_of[item.item]
        whole, without, empty = (
            model.score(h)[:, code].astype(float)
            for h in (history, leave_one_out(history), index.empty_history)
        )
        expected = dict(
            zip(index.data.items.ids[history.items], shares(whole[0], without, empty[0]), strict=True)
        )
        for reason in item.reasons:
            assert reason.share == pytest.approx(
                expected[reason.item] if reason.kind == "item" else 1, rel=1e-3
            )


def test_what_a_rule_places(service):
    service.put_rules({"pinned": ["p0010"]})
    first = service.recommend(RecommendationRequest(user="c0004", repeat=True, n=2)).items[0]
    service.put_rules({})
    assert [(reason.kind, reason.share) for reason in first.reasons] == [("rule", 1.0)]


@pytest.mark.parametrize("model", ["knn", "tfidf"])
def test_no_item_is_a_reason_for_itself(service, model):
    viewed = tuple(ContextEvent(item=f"p{n:04d}", event="view") for n in range(1, 31))
    found = {
        repeat: service.recommend(RecommendationRequest(history=viewed, model=model, n=60, repeat=repeat))
        for repeat in (False, True)
    }
    own = {
        repeat: [item for item in answer.items if item.item in {reason.item for reason in item.reasons}]
        for repeat, answer in found.items()
    }
    assert not own[False] and any(item.reasons for item in found[False].items)
    assert model == "tfidf" or own[True], "in a list of repeats it is a reason that one had it"
    assert max(len(item.reasons) for item in found[True].items) == 3
