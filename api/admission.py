"Work is admitted by its cost, so that single requests never wait for batches"

import os
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from fastapi import Request
from starlette.exceptions import HTTPException

MOST_WAITING = 64  # batches of one process that wait for their turn
ORDINARY = 4.0  # what costs at most as much as so many recommendations needs no turn
HISTORY = 100  # events of a history that cost as much as one recommendation
T = TypeVar("T")


def cost_of(
    histories: list[int],  # events of each request's history
) -> float:  # in recommendations without a history
    "Return what a batch of requests costs; a single request costs one, however long its history"
    return min(1.0, len(histories)) if len(histories) < 2 else sum(1 + n / HISTORY for n in histories)


class Admission:
    "Threads for batches: at most half as many as there are for requests, and one core is left to these"

    def __init__(self, threads: int):
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.at_once = max(1, min(threads // 2, cores - 1))
        self._batches, self._admitted = anyio.CapacityLimiter(self.at_once), 0

    async def run_part(self, work: Callable[[], T]) -> T:
        "Run a part of a long request in a thread when it is the turn of a batch"
        return await anyio.to_thread.run_sync(work, limiter=self._batches)

    async def run(self, cost: float, work: Callable[[], T]) -> T:
        "Run `work` in a thread, a batch when it is its turn; raise 503 where too many wait already"
        if cost <= ORDINARY:
            return await anyio.to_thread.run_sync(work)
        if self._admitted >= self.at_once + MOST_WAITING:
            raise HTTPException(
                503, f"{MOST_WAITING} batches are waiting already: try again later", {"Retry-After": "10"}
            )
        self._admitted += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._batches)
        finally:
            self._admitted -= 1


async def admitted(request: Request, cost: float, work: Callable[[], T]) -> T:
    "Run `work` as the application admits it"
    return await request.app.state.admission.run(cost, work)
