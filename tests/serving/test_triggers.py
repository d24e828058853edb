"The reasons to retrain while versions change: the model that is judged and its data belong together"

from dataclasses import replace
from pathlib import Path

from customer360.data.simulate import simulate
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
from customer360.models.catalogue import make_model
from customer360.models.registry import Registry
from customer360.serving.model_pool import ModelPool
from customer360.serving.triggers import RetrainPolicy, due, trained_state

FIGURES = [{"split": "ratio75_item", "metric": "rmse", "k": None, "value": 0.1, "low": 0.1, "high": 0.1}]


def test_a_version_that_the_server_has_not_taken_up_is_judged_on_its_own_data(tmp_path: Path):
    "The older one, still in memory, knows neither the new customers nor the new items"
    tables = simulate(seed=3, n_customers=120, n_items=60).tables
    rated = tables.interactions[tables.interactions["event"] == "rating"]
    newest = rated.tail(400)
    items = set(rated["item"].iloc[:50])
    small = replace(
        tables,
        interactions=tables.interactions[tables.interactions["item"].isin(items)].iloc[:2000],
        items=tables.items[tables.items["item"].isin(items)].reset_index(drop=True),
    )
    known = set(small.interactions["user"])
    small = replace(small, customers=tables.customers[tables.customers["user"].isin(known)])
    registry = Registry(tmp_path / "models" / "demo")
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:

        def put_to_use(some) -> None:
            name = registry.snapshots.add(some, 0, store.ids.store_id)
            model = make_model("bias").fit(registry.snapshots.read(name).data)
            registry.promotions.promote(
                "bias", registry.releases.publish(model, name, figures=FIGURES).version
            )

        put_to_use(small)
        pool = ModelPool(registry, store)
        put_to_use(tables)
        rows = zip(newest["user"], newest["item"], newest["timestamp"], newest["rating"], strict=True)
        store.events.record([NewEvent(u, i, "rating", int(t), rating=float(r)) for u, i, t, r in rows])
        policy = RetrainPolicy(error_drift=0.1)
        found, read = (due(store, registry, policy, load=one) for one in (pool.release_with_data, None))
        assert [reason.kind for reason in found].count("error") == 1
        assert found == read
        pool.reload()
        assert due(store, registry, policy, load=pool.release_with_data) == read


def retrained(store: Store, *models: str, params: dict | None = None, state: str = "done") -> int:
    "Record a retraining that ended; return the last event that it knew"
    watermark = store.events.last_seq()
    run = store.retrainings.start(["by hand"], {"models": [*models], "params": params or {}})
    store.retrainings.progress(run.number, "models", 1, 3, watermark=watermark)
    store.retrainings.finish(run.number, state, [{"key": key, "outcome": "rejected"} for key in models])
    return watermark


def test_retraining_one_model_leaves_the_others_due(tmp_path: Path):
    registry = Registry(tmp_path / "models" / "demo")
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        name = registry.snapshots.add(
            simulate(seed=3, n_customers=40, n_items=30).tables, 0, store.ids.store_id
        )
        for key in ("popularity", "knn"):
            model = make_model(key).fit(registry.snapshots.read(name).data)
            registry.promotions.promote(key, registry.releases.publish(model, name).version)
        policy = RetrainPolicy(min_events=50, min_share=0)

        def kinds() -> list[str]:
            return [reason.kind for reason in due(store, registry, policy)]

        def bought(n: int) -> None:
            store.events.record([NewEvent("c0001", "p0001", "purchase", 1_800_000_000 + i) for i in range(n)])

        bought(60)
        assert kinds() == ["events"]
        retrained(store, "popularity")
        retrained(store, params={"popularity": {}})
        assert trained_state(store, registry).watermark == 0 and kinds() == ["events"]
        known = retrained(store, "knn")  # judged, and rejected: it must not ask again at once
        assert trained_state(store, registry).watermark == known and kinds() == []
        bought(60)
        retrained(store, state="failed")
        assert kinds() == ["events"]
        retrained(store)  # all models in use, whichever could be trained
        assert kinds() == []
