"What `c360 promote` and `c360 rollback` say before another version is put to use"

import time
from pathlib import Path

import pytest
from command import CARD
from typer.testing import CliRunner

from customer360.cli import app
from customer360.config import settings
from customer360.data.simulate import simulate
from customer360.evaluation.challenge import Decision
from customer360.models.catalogue import make_model
from customer360.models.registry import Registry, prune


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    "A registry with two versions of kNN on different data that were judged against each other, and a third"
    monkeypatch.setattr(settings(), "home", tmp_path)
    (tmp_path / "shop.toml").write_text(CARD.replace('"demo"', '"shop"'))
    registry = Registry(tmp_path / "data/models/shop")
    made = []
    for seed, neighbours, value in ((0, 50, 0.18), (1, 50, 0.22), (1, 20, 0.21)):
        name = registry.snapshots.add(simulate(seed, 40, 30).tables)
        model = make_model("knn", params={"n_neighbours": neighbours}).fit(registry.snapshots.read(name).data)
        figure = {"split": "ratio75_item", "metric": "ndcg", "k": 10, "value": value}
        made.append(registry.releases.publish(model, name, figures=[figure]).version)
    contest = {"difference": 0.012, "low": 0.004, "high": 0.02, "window": {"customers": 412}}
    registry.promotions.promote("knn", made[0])
    registry.promotions.promote("knn", made[1], Decision("knn", "promoted", *made[:2], **contest).to_dict())
    return registry, made


def said(tmp_path: Path, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--dataset", str(tmp_path / "shop.toml"), "--yes"])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def test_figures_of_different_data_are_called_so_and_the_contest_is_shown(versions, tmp_path):
    registry, (first, second, third) = versions
    back = said(tmp_path, "rollback", "knn")
    assert "ndcg@10           0.2200 -> 0.1800" in back and "different data" in back
    assert "on the same 412 customers, nDCG@10 -0.0120 (95% interval -0.0200 to -0.0040): worse" in back
    forward = said(tmp_path, "promote", "knn", second)
    assert "+0.0120 (95% interval +0.0040 to +0.0200): better" in forward
    other = said(tmp_path, "promote", "knn", third)
    assert "different data" not in other and "never judged on the same customers" in other
    assert registry.promotions.versions("knn") == [first, second, third]


def test_the_version_in_use_is_not_put_to_use_again(versions, tmp_path):
    registry, (_, second, _) = versions
    before = registry.promotions.stamps()
    assert said(tmp_path, "promote", "knn", second) == f"knn: {second} is already in use\n"
    assert registry.promotions.stamps() == before


def test_a_version_that_was_removed_says_so(versions, tmp_path):
    registry, (first, second, third) = versions
    registry.promotions.promote("knn", third)
    assert prune(registry, keep=5, days=180, now=time.time() + 200 * 86_400) == [f"knn/{first}"]
    told = "as it was older than 180 days (C360_KEEP_VERSIONS_DAYS)"
    assert told in said(tmp_path, "promote", "knn", "list")
    refused = CliRunner().invoke(
        app, ["promote", "knn", first, "--dataset", str(tmp_path / "shop.toml"), "--yes"]
    )
    assert f"the release {first} of knn was removed on" in str(refused.exception) and told in str(
        refused.exception
    )
    said(tmp_path, "rollback", "knn")  # to the second, which is kept for that
    nowhere = CliRunner().invoke(app, ["rollback", "knn", "--dataset", str(tmp_path / "shop.toml"), "--yes"])
    assert f"nothing to roll knn back to: the release {first} was removed on" in str(nowhere.exception)
    assert registry.promotions.versions("knn") == [second]
