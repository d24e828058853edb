"Retrainings leave no more snapshots than versions are kept, and none that a process works with is removed"

import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from customer360.config import settings
from customer360.data.interim import USED, in_use, prune_cached
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
from customer360.serving.retrain import retrain

CARD = '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 60\nn_items = 40\ndays = 120\n'


def hold(snapshot: Path, ready, end) -> None:
    with in_use(snapshot):
        ready.set()
        end.wait(60)


def test_old_snapshots_go_unless_they_are_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path))
    monkeypatch.setenv("C360_KEEP_VERSIONS", "2")
    monkeypatch.delenv("C360_DATABASE_URL", raising=False)
    settings.cache_clear()
    (tmp_path / "shop.toml").write_text(CARD)
    interim, seen = tmp_path / "data/interim", []
    with Store.open("", "shop") as store:
        for n in range(4):
            store.events.record([NewEvent("eve", f"p{n:04d}", "purchase", 1_800_000_000 + n)])
            assert retrain(str(tmp_path / "shop.toml"), models=("popularity",), measure=False).state == "done"
            seen += [path.name for path in interim.glob("shop-*") if path.name not in seen]
    assert len(seen) == 4 and sorted(path.name for path in interim.glob("shop-*")) == sorted(seen[2:])
    for name in ("shop-000000000000/fits", "shop-111111111111/mine", "shop-2-000000000000/fits"):
        (interim / name).mkdir(parents=True)  # left of an erased one; somebody's own; of another data set
    old, context = interim / seen[2], get_context("fork")
    ready, end = context.Event(), context.Event()
    process = context.Process(target=hold, args=(old, ready, end))
    process.start()
    assert ready.wait(60)
    for file in (old / USED, old / "manifest.json"):
        os.utime(file, (0, 0))
    try:
        assert prune_cached("shop", 1) == ["shop-000000000000"] and old.exists()
    finally:
        process.kill()  # its lock goes with it
        process.join()
    assert prune_cached("shop", 1) == [seen[2]]
    assert sorted(path.name for path in interim.glob("shop-*")) == sorted(
        [seen[3], "shop-111111111111", "shop-2-000000000000"]
    )
    settings.cache_clear()
