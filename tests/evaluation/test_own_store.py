"Models learn what the API stored: the events, customers and items of a data set's own store, by the commands as processes"

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from command import c360, card, environment, once, sentence, well

from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent

WHO, NEW, FRIENDS = "zoe", "zoe-on-her-phone", [f"p{number:04}" for number in range(1, 7)]

ASK = """
import json, sys
from customer360.serving.service import open_service
from customer360.serving.types import RecommendationRequest
service = open_service()
answer = service.recommend(RecommendationRequest(user="zoe", n=5))
index = service.pool.models.models["knn"].index
print(json.dumps({
    "live": service.overview()["live_events"],
    "events": sum(service.overview()["events"].values()),
    "coded": "zoe" in index.user_of,
    "watermark": index.snapshot.watermark,
    "items": [item.item for item in answer.items],
}))
service.close()
"""


def store_of(home: Path) -> Store:
    return Store.open(f"sqlite:///{home / 'data/store/demo.sqlite'}")


def ask(home: Path) -> dict:
    "What the service says, in a process of its own"
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment(home, C360_DATASET="demo"), capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def train(home: Path, *more: str) -> tuple[Path, str]:
    "The release, and what was said about the data"
    done = well(c360(home, "train", "--model", "knn", "--no-figures", "--dataset", home / "shop.toml", *more))
    return Path(done.stdout.removeprefix("knn: ").strip()), done.stderr


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A home where a model was trained, a customer who is in no file did something and was merged with her phone, an item
    was entered, and a second model was trained; `notes.json` holds what was said and served before and after"""

    def make(home: Path) -> None:
        card(home)
        first, _ = train(home)
        (home / "data/store").mkdir(parents=True, exist_ok=True)
        with store_of(home) as store:
            store.items.put("q0001", {"title": "A lamp that no file has", "price": 30.0})
            events = [
                NewEvent(WHO, item, "purchase", 1_760_000_000 + 60 * n) for n, item in enumerate(FRIENDS[:4])
            ]
            store.events.record([*events, NewEvent(NEW, FRIENDS[4], "purchase", 1_760_000_900)])
            store.events.record([NewEvent(WHO, "q0001", "purchase", 1_760_001_000)])
            store.identities.merge(NEW, WHO)
        before = ask(home)
        second, said = train(home)
        after = ask(home)
        with store_of(home) as store:
            store.events.record([NewEvent(WHO, FRIENDS[5], "purchase", 1_760_002_000)])
        notes = {"first": str(first), "second": str(second), "said": said, "before": before, "after": after}
        (home / "notes.json").write_text(json.dumps(notes | {"later": ask(home)}))

    return once(tmp_path_factory, "own-store", make)


@pytest.fixture(scope="module")
def notes(shop) -> dict:
    return json.loads((shop / "notes.json").read_text())


def snapshot_of(release: str) -> Path:
    path = Path(release)
    return path.parents[1] / "snapshots" / json.loads((path / "release.json").read_text())["snapshot"]


def test_the_model_knows_what_was_recorded(notes):
    assert not notes["before"]["coded"] and notes["after"]["coded"], "a customer of the store alone"
    rows = pd.read_parquet(snapshot_of(notes["second"]) / "interactions.parquet")
    hers = rows[rows["user"] == WHO]
    assert hers["item"].tolist() == [*FRIENDS[:5], "q0001"] and NEW not in set(rows["user"])
    assert (hers["row"].diff().dropna() == 1).all() and hers["row"].max() == len(rows) - 1, "behind the files"
    items = pd.read_parquet(snapshot_of(notes["second"]) / "items.parquet").set_index("item")
    assert items.loc["q0001", "title"] == "A lamp that no file has" and items.loc["q0001", "price"] == 30
    assert not set(FRIENDS[:5]) & set(notes["after"]["items"]), "what she has bought is not recommended again"


def test_the_overview_counts_only_events_since_the_training(notes):
    assert [notes[when]["live"] for when in ("before", "after", "later")] == [6, 0, 1]
    assert [notes[when]["watermark"] for when in ("before", "after", "later")] == [0, 7, 7], (
        "the merge has a number too"
    )
    assert notes["before"]["events"] == notes["after"]["events"] == notes["later"]["events"] - 1, (
        "none lost, none twice"
    )


def test_what_the_data_consist_of_is_said_and_counted(notes):
    assert (
        "of them 6 events recorded by the store, up to number 7, with 1 new customers and 1 new items"
        in notes["said"]
    )
    manifest = json.loads((snapshot_of(notes["second"]) / "manifest.json").read_text())
    assert manifest["watermark"] == 7 and manifest["store"] and manifest["origin"]


def test_a_list_is_no_reason_to_train_again(shop, notes):
    before = sorted(path.name for path in Path(notes["second"]).parent.iterdir())
    said = well(
        c360(shop, "recommend", "--customer", WHO, "--dataset", shop / "shop.toml", "--n", "3")
    ).stdout
    assert len(said.splitlines()) == 4
    assert sorted(path.name for path in Path(notes["second"]).parent.iterdir()) == before


def test_a_training_can_be_repeated_from_its_snapshot(shop, notes):
    for folder in (shop / "data/interim").glob("demo-*"):
        folder.rename(shop / "data" / folder.name)  # what a clean-up may take away
    again, said = train(shop, "--snapshot", snapshot_of(notes["second"]).name)
    assert json.loads((again / "release.json").read_text())["snapshot"] == snapshot_of(notes["second"]).name
    assert (again.parent / "promoted.json").exists() and "up to number 7" in said


def test_a_snapshot_that_is_not_there_is_a_sentence(shop):
    said = sentence(c360(shop, "train", "--dataset", shop / "shop.toml", "--snapshot", "nowhere"))
    assert "has no snapshot 'nowhere'" in said


def test_numbers_of_another_store_hide_nothing(shop, notes, tmp_path):
    home = shutil.copytree(shop, tmp_path / "home")
    (home / "data/store/demo.sqlite").unlink()
    for rest in home.glob("data/store/demo.sqlite-*"):
        rest.unlink()
    with store_of(home) as store:
        store.events.record([NewEvent(WHO, FRIENDS[5], "purchase", 1_760_003_000)])
    told = ask(home)
    assert told["live"] == 1 and told["watermark"] == 0 and told["coded"]


@pytest.mark.slow
def test_a_report_takes_what_was_recorded_since_the_last_one(shop, notes, tmp_path):
    home = shutil.copytree(shop, tmp_path / "home")

    def counted() -> int:
        well(c360(home, "report", "--models", "popularity", "--dataset", home / "shop.toml"))
        return json.loads((home / "reports/demo/run.json").read_text())["counts"]["live_events"]

    before = counted()
    with store_of(home) as store:
        store.events.record([NewEvent(WHO, FRIENDS[0], "view", 1_760_004_000)])
    assert counted() == before + 1
