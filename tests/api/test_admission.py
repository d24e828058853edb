"Batches take turns; single requests never wait for them"

import asyncio
import threading
import time

import httpx
import pytest
from starlette.exceptions import HTTPException

from api import admission
from api.admission import Admission, cost_of


def test_what_a_batch_costs():
    assert cost_of([]) == 0 and cost_of([0]) == 1 and cost_of([1000]) == 1, (
        "a single request is never a batch"
    )
    assert cost_of([0, 0, 0]) == 3 <= admission.ORDINARY
    assert cost_of([100, 0]) == 3 and cost_of([1000] * 100) == 1100


def test_batches_use_at_most_half_of_the_threads(monkeypatch):
    monkeypatch.setattr(admission.os, "sched_getaffinity", lambda _: range(512), raising=False)
    assert [Admission(threads).at_once for threads in (1, 2, 3, 8, 200)] == [1, 1, 1, 4, 100]
    monkeypatch.setattr(admission.os, "sched_getaffinity", lambda _: range(2), raising=False)
    assert [Admission(threads).at_once for threads in (1, 8)] == [1, 1], "one core is left to the others"


def test_batches_wait_for_their_turn_and_not_without_end(monkeypatch):
    monkeypatch.setattr(admission, "MOST_WAITING", 3)
    release, running = threading.Event(), []

    def work() -> None:
        running.append(1)
        release.wait(20)

    async def several() -> list:
        admitting = Admission(2)
        batches = [asyncio.create_task(admitting.run(100, work)) for _ in range(5)]
        while not running:
            await asyncio.sleep(0.01)
        assert await admitting.run(1, lambda: "at once") == "at once"
        began = len(running)
        release.set()
        return [began, *await asyncio.gather(*batches, return_exceptions=True)]

    began, *ended = asyncio.run(several())
    refused = [one for one in ended if isinstance(one, HTTPException)]
    assert began == 1 and len(running) == 4 and len(refused) == 1
    assert refused[0].status_code == 503 and refused[0].headers["Retry-After"] == "10"


@pytest.mark.slow
def test_single_requests_do_not_wait_for_batches(small, record_property):
    with small() as server:
        customer, items = server.customers(1)[0], server.items(50)
        visitor = {"history": [{"item": items[n % 50]} for n in range(600)], "model": "knn"}
        batch = {"requests": [visitor] * 6}
        ended: list[float] = []

        def ask() -> None:
            began = time.monotonic()
            answer = httpx.post(
                f"{server.url}/api/v1/recommendations", json=batch, trust_env=False, timeout=100
            )
            assert answer.status_code == 200, answer.text
            ended.append(time.monotonic() - began)

        batches = [threading.Thread(target=ask) for _ in range(16)]
        for one in batches:
            one.start()
        time.sleep(0.2)  # they have arrived
        singles = []
        while any(one.is_alive() for one in batches):
            began = time.monotonic()
            assert server.get(f"customers/{customer}/recommendations", model="knn")["items"]
            singles.append(time.monotonic() - began)
        for one in batches:
            one.join()
    assert len(ended) == 16 and len(singles) > 3
    assert max(singles[:-1]) < max(ended) / 4, (singles, ended)
    record_property("sixteen batches of long histories took, s", round(max(ended), 2))
    record_property("a single request meanwhile, at most, s", round(max(singles), 3))
