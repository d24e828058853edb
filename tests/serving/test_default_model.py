"Which model answers when a request names none"

from pathlib import Path

import pytest

from customer360.config import settings
from customer360.data.simulate import simulate
from customer360.evaluation.challenge import Decision
from customer360.evaluation.pipeline import Source, ingest_stage
from customer360.evaluation.publish import train_and_publish
from customer360.models.catalogue import by_preference, make_model
from customer360.models.registry import Registry
from customer360.serving.default_model import choose_default, replaced_versions


@pytest.mark.data
@pytest.mark.long
def test_ease_is_the_default_on_movielens(test_data: Path, tmp_path: Path, monkeypatch, record_property):
    "The list of names would serve TF-IDF, which is measurably worse there"
    monkeypatch.setattr(settings(), "home", tmp_path)
    source = Source("ml-100k", str(test_data / "ml-100k"))
    snapshot, _ = ingest_stage(source)
    releases = {
        key: train_and_publish(snapshot, key, source.params(key)) for key in ("tfidf", "popularity", "ease")
    }
    pairs = Registry(tmp_path / "data/models/ml-100k").comparisons.read()["pairs"]
    chosen = choose_default(releases, pairs=pairs)
    assert by_preference(releases)[0] == "tfidf"
    assert (chosen.key, chosen.runner_up, chosen.better) == ("ease", "tfidf", True)
    assert chosen.low > 0 and chosen.difference == pytest.approx(
        chosen.value - chosen.runner_up_value, abs=1e-4
    )
    record_property("nDCG@10 of EASE and TF-IDF", (round(chosen.value, 3), round(chosen.runner_up_value, 3)))


def put_to_use(registry: Registry, key: str, snapshot: str, value: float, judged: bool = False) -> str:
    "Publish a model with a figure, and put it to use; judged: in a contest with the one before"
    model = make_model(key).fit(registry.snapshots.read(snapshot).data)
    figure = {"split": "ratio75_item", "metric": "ndcg", "k": 10, "value": value}
    before, release = (
        registry.promotions.current(key),
        registry.releases.publish(model, snapshot, figures=[figure]),
    )
    decision = Decision(key, "promoted", before.version, release.version).to_dict() if judged else None
    return registry.promotions.promote(key, release.version, decision).version


@pytest.mark.parametrize("judged", [True, False])
def test_a_figure_on_newer_data_makes_no_model_the_default(tmp_path: Path, judged: bool):
    "kNN is retrained alone, on data on which every model has higher figures"
    registry = Registry(tmp_path / "shop")
    first, second = (registry.snapshots.add(simulate(seed, 40, 30).tables) for seed in (0, 1))
    old = {key: put_to_use(registry, key, first, value) for key, value in (("knn", 0.18), ("ease", 0.206))}
    put_to_use(registry, "tfidf", first, 0.15)
    new = put_to_use(registry, "knn", second, 0.221, judged)
    releases = {key: registry.promotions.current(key) for key in ("knn", "ease", "tfidf")}
    replaced = {key: replaced_versions(registry, release) for key, release in releases.items()}
    assert [release.version for release in replaced["knn"]] == ([old["knn"]] if judged else [])
    chosen = choose_default(releases, replaced=replaced)
    assert (chosen.key, chosen.value, chosen.snapshot) == ("ease", 0.206, first)
    assert chosen.runner_up == ("knn" if judged else "tfidf") and releases["knn"].version == new
    for key, value in (("ease", 0.3), ("tfidf", 0.25)):  # now all were measured on the newer data
        put_to_use(registry, key, second, value)
    releases = {key: registry.promotions.current(key) for key in releases}
    chosen = choose_default(releases, replaced=replaced)
    assert (chosen.key, chosen.value, chosen.snapshot) == ("ease", 0.3, second)
