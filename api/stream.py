"Live feedback: one poller of the store serves all open streams"

import asyncio
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from customer360.serving import service as serving

log = logging.getLogger("c360.api")
POLL_SECONDS = 0.5  # seconds between two polls of the store
BATCH, PAGE = 5_000, 500  # most events of one poll, and of one page for a client that lags behind
STREAMS_PER_CLIENT = 4  # open streams of one anonymous client
NEWEST = 20  # events that a new stream starts with
T = TypeVar("T")


class EventBatch(NamedTuple):
    "The events that one poll of the store found"

    after: int
    events: list[serving.NamedEvent]


class Stream:
    "The open streams; the store is polled once for all of them, and only while there are any"

    def __init__(self, most: int):
        self.most, self.listeners, self.closed = most, 0, False
        self.strangers: Counter[str] = Counter()  # client -> its open streams
        self.head: int | None = None  # `seq` of the newest event seen; None before the first poll
        self.batch = EventBatch(0, [])
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._reader: asyncio.Task | None = None
        self._asking: set[anyio.CancelScope] = set()
        self._limiter = anyio.CapacityLimiter(
            4
        )  # threads of its own: a hanging store must not block requests

    @contextmanager
    def slot(self, stranger: str = "") -> Iterator["Stream"]:  # an anonymous client's name; empty for others
        "Reserve one stream. Raises 429 if the client has too many open, 503 if the process has"
        if self.strangers[stranger] >= STREAMS_PER_CLIENT:
            raise HTTPException(
                429,
                f"too many open streams (at most {STREAMS_PER_CLIENT} per client): close one first",
                {"Retry-After": "10"},
            )
        if self.closed or self.listeners >= self.most:
            why = (
                "the server is stopping"
                if self.closed
                else f"too many open streams (at most {self.most} per process, C360_STREAMS)"
            )
            raise HTTPException(503, f"{why}: try again later", {"Retry-After": "10"})
        self.listeners += 1
        self.strangers.update([stranger] if stranger else [])
        try:
            yield self
        finally:
            self.listeners -= 1
            self.strangers -= Counter([stranger])

    async def events(self, service: serving.Service, after: int | None) -> AsyncIterator[serving.NamedEvent]:
        "Yield the stored events after `after`, then new ones as they arrive, until the server stops"
        if after is None:
            newest = await self._ask(lambda: service.newest_events(NEWEST)) or []
            for event in newest:
                yield event
            at = newest[-1].seq if newest else 0
        else:
            at = min(
                after, await self._ask(service.last_event) or 0
            )  # a store that was recreated has not reached this number yet
        if self._reader is None or self._reader.done():
            self.head, self.batch = None, EventBatch(0, [])
            self._reader = asyncio.create_task(self._watch(service))
        waited = False
        while not self.closed:
            news, head = self._news, self.head
            if head is None or at >= head:
                await news.wait()
                waited = True
                continue
            found, to = await self._behind(service, at, head, waited)
            waited = False
            for event in found:
                if self.closed:
                    return
                yield event
            at = max(to, found[-1].seq if found else 0)

    async def _behind(
        self, service: serving.Service, at: int, head: int, waited: bool
    ) -> tuple[list[serving.NamedEvent], int]:  # and the `seq` up to which this is complete
        if waited and self.batch.after <= at:
            return [event for event in self.batch.events if event.seq > at], head
        page = (
            await self._ask(lambda: service.events(at, PAGE)) or []
        )  # a late or slow client reads the store: an older batch may hold events erased since
        return page, head if len(page) < PAGE and not self.closed else at

    async def _watch(self, service: serving.Service) -> None:
        while self.listeners and not self.closed:
            after = self.head
            try:
                if after is None:
                    self.head = await self._ask(service.last_event)
                    self.batch = EventBatch(self.head or 0, [])
                else:
                    found = await self._ask(lambda after=after: service.events(after, BATCH)) or []
                    self.head, self.batch = found[-1].seq if found else after, EventBatch(after, found)
            except Exception as error:
                log.warning("feedback could not be read for the open streams", exc_info=error)
            if self.head != after:
                self._news.set()
                self._news = asyncio.Event()
            await self._pause()

    async def _ask(self, question: Callable[[], T]) -> T | None:  # None if the server is stopping
        while not self.closed:
            with anyio.CancelScope() as scope:
                self._asking.add(scope)
                try:
                    return await anyio.to_thread.run_sync(
                        question, abandon_on_cancel=True, limiter=self._limiter
                    )
                except serving.StoreDown:
                    pass  # keep polling until it is back
                finally:
                    self._asking.discard(scope)
            await self._pause()
        return None

    async def _pause(self) -> None:
        with anyio.move_on_after(POLL_SECONDS):
            await self._closing.wait()

    def close(self) -> None:
        "End all streams"
        self.closed = True
        self._closing.set()
        self._news.set()
        for scope in self._asking:
            scope.cancel()


@contextmanager
def on_stop(act: Callable[[], None]) -> Iterator[None]:
    "Call `act` on a stop signal, as uvicorn's shutdown would wait for endless responses"
    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def told(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(act)
        before[number](number, frame)

    ours = [number for number, handler in before.items() if callable(handler)]
    for number in ours:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


async def _open_slot(request: Request) -> AsyncIterator[Stream]:
    caller = request.scope["caller"]
    with request.app.state.stream.slot(caller.name if caller.stranger else "") as stream:
        yield stream


StreamSlot = Annotated[Stream, Depends(_open_slot)]
