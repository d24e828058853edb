"Which model answers when a request names none, on real data"

from pathlib import Path

import pytest

from customer360.config import settings
from customer360.evaluation.pipeline import Source, ingest_stage
from customer360.evaluation.publish import train_and_publish
from customer360.models.catalogue import by_preference
from customer360.models.registry import Registry
from customer360.serving.default_model import choose_default


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
