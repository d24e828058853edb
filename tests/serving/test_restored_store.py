"A store that is restored from a backup beside models that were trained since: what comes then counts as new"

from customer360.data.simulate import simulate
from customer360.data.store.backup import restore_backup, write_backup
from customer360.data.store.facade import Store
from customer360.serving.loop import LocalShop
from customer360.serving.service import NewEvent, Service

NOW = 1_790_000_000


def test_events_after_a_restore_count(tmp_path):
    shop = LocalShop(tmp_path, simulate(seed=0, n_customers=60, n_items=40, days=120).tables, "knn")
    shop.record([{"customer": "c0007", "item": "p0003", "event": "view", "timestamp": NOW}])
    backup = tmp_path / "shop.zip"
    write_backup(backup, f"sqlite:///{tmp_path / 'store.sqlite'}")
    shop.record(
        [{"customer": "c0008", "item": "p0004", "event": "view", "timestamp": NOW + n} for n in range(50)]
    )
    shop.retrain()
    shop.close()

    url = f"sqlite:///{tmp_path / 'restored.sqlite'}"
    restore_backup(backup, url)
    with Store.open(url) as store:
        service = Service(shop.registry, store, default="knn")
        before = service.profile("c0009")["n_events"]
        [receipt] = service.record_events([NewEvent("c0009", "p0005", "purchase", NOW + 60)])
        assert receipt.seq > 50 and service.profile("c0009")["n_events"] == before + 1
        assert service.customers_of("p0005")["newest"][0]["id"] == "c0009"
        again = Service(shop.registry, store, default="knn")  # the next start changes no numbers
        assert store.events.last_seq() == receipt.seq
        for one in (service, again):
            one.policies.close()
            one.log.close()
