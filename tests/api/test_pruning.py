"Old recommendations are deleted beside the requests, on both databases: what stays, what `why` says then, and what it costs"

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from postgres import Postgres, postgres
from server import SPEC, Server

from customer360.config import settings
from customer360.data.store.facade import Store
from customer360.data.store.new_events import NewEvent
from customer360.data.store.recommendations import LOOK_BACK_DAYS, new_recommendation_id
from customer360.data.store.tables import RECOMMENDATIONS
from customer360.models.registry import Registry
from customer360.serving.experiments import OUTCOME_DAYS
from customer360.serving.online_agreement import AGREEMENT_DAYS
from customer360.serving.pruning import Pruning

DAY = 86_400_000  # ms
KEPT = {"score": 0.123456789, "probability": 1.0, "rating": None, "by": "model", "reasons": []}
PAYLOAD = {  # some 2 KB
    "items": [{"item": f"p{rank:04d}", "rank": rank} | KEPT for rank in range(1, 16)],
    "cold_start": False, "snapshot": "", "absorbed": 0, "upto": 0, "acts": [], "request": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, small, tmp_path: Path) -> Callable[..., tuple[Server, str]]:
    "Makes a server on each kind of database, and the URL of its store"
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    else:
        url = request.getfixturevalue("cluster").create(f"pruned_{secrets.token_hex(4)}")

    def started(**settings: object) -> tuple[Server, str]:
        return small(C360_MODELS="popularity", C360_DATABASE_URL=url, **settings), url

    return started


def record_old(store: Store, n: int, days: range) -> list[str]:
    "Record recommendations of some days, evenly, and return their ids in the order of time"
    now, ids = time.time_ns() // 1_000_000, []
    for start in range(0, n, 5_000):
        times = [now - days[at * len(days) // n] * DAY for at in range(start, min(start + 5_000, n))]
        part = [new_recommendation_id(each) for each in times]
        about = {
            "user": None,
            "model": "popularity",
            "version": "1",
            "surface": "",
            "payload": json.dumps(PAYLOAD),
        }
        with store.engine.writing() as connection:
            rows = [about | {"recommendation_id": a, "time": t} for a, t in zip(part, times, strict=True)]
            connection.execute(sa.insert(RECOMMENDATIONS), rows)
        ids += part
    return ids


def left(store: Store, ids: list[str]) -> set[str]:
    "Return which of some recommendations are still recorded"
    with store.engine.reading() as connection:
        there = set(connection.execute(sa.select(RECOMMENDATIONS.c.recommendation_id)).scalars())
    return there & {*ids}


def wait_until_done(server: Server, store: Store, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not store.recommendations.deletion().finished:
        assert time.monotonic() < until and server.process.poll() is None, server.said()[-2000:]
        time.sleep(0.05)


def test_no_figure_looks_back_further_than_lists_with_events_are_kept():
    days = SPEC["paths"]["/api/v1/experiments/offpolicy"]["get"]["parameters"]
    assert {one["schema"]["maximum"] for one in days if one["name"] == "days"} == {LOOK_BACK_DAYS}
    assert max(OUTCOME_DAYS, AGREEMENT_DAYS) <= LOOK_BACK_DAYS


@pytest.mark.slow
def test_old_ones_go_those_that_count_stay_and_each_id_hears_which(make):
    server, url = make(C360_KEEP_RECOMMENDATIONS_DAYS=30)
    with Store.open(url) as store:
        old = record_old(store, 900, range(500, 40, -1))
        young = record_old(store, 100, range(29, 1, -1))
        of_before = "".join("0123456789abcdef"[n % 16] for n in range(24))  # as ids were, without a time
        two_years_ago = time.time_ns() // 1_000_000 - 730 * DAY
        store.recommendations.record(
            [{"recommendation_id": of_before, "user": None, "model": "popularity", "version": "1", "time": two_years_ago, "payload": {}}]
        )  # fmt: skip
        now = time.time_ns() // 1_000_000_000
        seen = {old[-1]: 40, old[500]: 200, old[0]: 396, old[1]: 394}  # id -> days ago, of the event
        store.events.record(
            [NewEvent("ada", "p0001", "impression", now - days * 86_400, recommendation_id=each) for each, days in seen.items()]
        )  # fmt: skip
        with server:
            wait_until_done(server, store, 60)
            assert left(store, old) == {old[-1], old[500], old[1]}  # a year and 30 days after the event
            assert left(store, young) == {*young} and not left(store, [of_before])
            for page in ("", "/next"):
                told = server.get(f"recommendations/{old[7]}{page}", status=410)
                assert "deleted after 30 days (C360_KEEP_RECOMMENDATIONS_DAYS)" in told["detail"]
                assert told["field"] == "recommendation_id"
                for never in (new_recommendation_id(), "nothing", "r" + "f" * 27):
                    server.get(f"recommendations/{never}{page}", status=404)
            told = server.get(f"recommendations/{of_before}", status=404)
            assert "older than 30 days are deleted" in told["detail"]
            assert len(server.get(f"recommendations/{old[1]}")["items"]) == 15
            made = server.get("customers/c0001/recommendations")["recommendation_id"]
            assert server.get(f"recommendations/{made}")["recommendation_id"] == made


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_goes_where_everything_is_kept(
    kind, request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url = f"sqlite:///{tmp_path / 'kept.sqlite'}"
    if kind == "postgresql":
        url = request.getfixturevalue("cluster").create("kept")
    with Store.open(url) as store:
        old = record_old(store, 20, range(2000, 1000, -1))
        for days, stay in (("0", 20), ("1520", 10)):
            monkeypatch.setenv("C360_KEEP_RECOMMENDATIONS_DAYS", days)
            settings.cache_clear()
            Pruning(store, Registry(tmp_path / "models")).tick(60)
            assert len(left(store, old)) == stay
            assert bool(store.recommendations.deletion().before) is (stay < 20)
    settings.cache_clear()


class Traffic:
    "Requests one after the other, in threads, and how long each took"

    def __init__(self, server: Server, customers: list[str], items: list[str]):
        self.server, self.customers, self.items = server, customers, items
        self.end, self.seconds = threading.Event(), {"recommend": [], "feedback": []}
        self.wrong: list[str] = []
        works = (self._recommend, self._feedback)
        self.threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in works]

    def _recommend(self, n: int) -> None:
        self.server.get(f"customers/{self.customers[n % len(self.customers)]}/recommendations")

    def _feedback(self, n: int) -> None:
        customer, item = self.customers[n % len(self.customers)], self.items[n % len(self.items)]
        self.server.give({"customer": customer, "item": item, "event": "view"})

    def _run(self, work: Callable[[int], None]) -> None:
        n = 0
        while not self.end.is_set():
            began = time.perf_counter()
            try:
                work(n)
            except Exception as error:
                self.wrong.append(repr(error)[:300])
                return
            self.seconds[work.__name__[1:]].append(time.perf_counter() - began)
            n += 1
            time.sleep(0.01)

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join(60)

    def told(self) -> dict[str, str]:
        return {
            name: ", ".join(f"{1000 * np.quantile(found, q):.1f}" for q in (0.5, 0.99, 1.0))
            + f" ms (median, 99 %, longest of {len(found):,})"
            for name, found in self.seconds.items()
        }


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_two_hundred_thousand_go_while_requests_are_answered_and_a_kill_is_harmless(make, record_property):
    server, url = make(C360_KEEP_RECOMMENDATIONS_DAYS=90)
    with Store.open(url) as store:
        store.recommendations.note_deletion(1, 90, finished=True)  # none is due for hours
        server.start()
        customers, items = server.customers(50), server.items(50)
        with Traffic(server, customers, items) as before:
            time.sleep(15)
        server.kill()
        old = record_old(store, 200_000, range(400, 100, -1))
        now = time.time_ns() // 1_000_000_000
        store.events.record(
            [NewEvent("ada", "p0001", "impression", now - 86_400, recommendation_id=each) for each in old[::100]]
        )  # fmt: skip
        with store.engine.writing() as connection:  # as a store is that comes from an earlier version
            connection.exec_driver_sql("DELETE FROM settings WHERE name = 'recommendations_deleted'")
        for share in (0.9, 0.6):
            server.start()
            until = time.monotonic() + 900
            while len(left(store, old)) > share * len(old):
                assert time.monotonic() < until
                time.sleep(1)
            server.kill()
        assert {*old[::100]} <= left(store, old)
        began = time.monotonic()
        server.start()
        with Traffic(server, customers, items) as during:
            wait_until_done(server, store, 1800)
        record_property(
            f"{url[:6]}: seconds for the last 60 %, beside requests", round(time.monotonic() - began)
        )
        assert not before.wrong and not during.wrong
        assert left(store, old) == {*old[::100]}
        for name in ("recommend", "feedback"):
            record_property(f"{url[:6]}: {name} without", before.told()[name])
            record_property(f"{url[:6]}: {name} beside the deletion", during.told()[name])
            assert np.quantile(during.seconds[name], 0.99) < np.quantile(before.seconds[name], 0.99) + 0.25
            assert max(during.seconds[name]) < 2
