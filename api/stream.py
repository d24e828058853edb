"Feedback as it comes in: one reader of the store for all who listen"

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
PAUSE = 0.5  # seconds between two looks at the store
LOOK, PAGE = 5_000, 500  # events that one look, and one page for somebody who is behind, may bring
EACH = 4  # streams of one stranger
NEWEST = 20  # with which a listener begins who does not say where
T = TypeVar("T")


class Look(NamedTuple):
    "What came in between two looks at the store"

    after: int
    events: list[serving.StoredEvent]


class Stream:
    "Those who listen, and what they are told; the store is asked for all of them at once, and not at all while there are none"

    def __init__(self, most: int):
        self.most, self.listeners, self.closed = most, 0, False
        self.strangers: Counter[str] = Counter()  # who they are, how often each listens
        self.head: int | None = None  # the last event that was looked at; None: nobody has looked
        self.look = Look(0, [])
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._reader: asyncio.Task | None = None
        self._asking: set[anyio.CancelScope] = set()
        self._limiter = anyio.CapacityLimiter(
            4
        )  # threads of its own: a store that hangs must not keep requests waiting

    @contextmanager
    def place(self, stranger: str = "") -> Iterator["Stream"]:  # a stranger's name; empty: somebody known
        "Room for one listener; raises 429 where a stranger has had their share, 503 where there is none"
        if self.strangers[stranger] >= EACH:
            raise HTTPException(
                429, f"you listen {EACH} times already: end one of these", {"Retry-After": "10"}
            )
        if self.closed or self.listeners >= self.most:
            why = (
                "the server is stopping"
                if self.closed
                else f"{self.most} listen already, the most that one process takes (C360_STREAMS)"
            )
            raise HTTPException(503, f"{why}: come back later", {"Retry-After": "10"})
        self.listeners += 1
        self.strangers.update([stranger] if stranger else [])
        try:
            yield self
        finally:
            self.listeners -= 1
            self.strangers -= Counter([stranger])

    async def events(self, service: serving.Service, after: int | None) -> AsyncIterator[serving.StoredEvent]:
        "What is stored behind `after`, and then what comes, until the server stops"
        if after is None:
            newest = await self._ask(lambda: service.newest_events(NEWEST)) or []
            for event in newest:
                yield event
            at = newest[-1].seq if newest else 0
        else:
            at = min(
                after, await self._ask(service.last_event) or 0
            )  # a store that was begun anew has no such number yet
        if self._reader is None or self._reader.done():
            self.head, self.look = None, Look(0, [])
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
    ) -> tuple[list[serving.StoredEvent], int]:  # and up to where that is all
        if waited and self.look.after <= at:
            return [event for event in self.look.events if event.seq > at], head
        page = (
            await self._ask(lambda: service.events(at, PAGE)) or []
        )  # whoever comes late or is slow asks the store: an earlier look may tell of somebody erased since
        return page, head if len(page) < PAGE and not self.closed else at

    async def _watch(self, service: serving.Service) -> None:
        while self.listeners and not self.closed:
            after = self.head
            try:
                if after is None:
                    self.head = await self._ask(service.last_event)
                    self.look = Look(self.head or 0, [])
                else:
                    found = await self._ask(lambda after=after: service.events(after, LOOK)) or []
                    self.head, self.look = found[-1].seq if found else after, Look(after, found)
            except Exception as error:
                log.warning("feedback could not be read for those who listen", exc_info=error)
            if self.head != after:
                self._news.set()
                self._news = asyncio.Event()
            await self._pause()

    async def _ask(self, question: Callable[[], T]) -> T | None:  # None: the server stops
        while not self.closed:
            with anyio.CancelScope() as scope:
                self._asking.add(scope)
                try:
                    return await anyio.to_thread.run_sync(
                        question, abandon_on_cancel=True, limiter=self._limiter
                    )
                except serving.StoreDown:
                    pass  # it will be back
                finally:
                    self._asking.discard(scope)
            await self._pause()
        return None

    async def _pause(self) -> None:
        with anyio.move_on_after(PAUSE):
            await self._closing.wait()

    def close(self) -> None:
        "Let every listener go"
        self.closed = True
        self._closing.set()
        self._news.set()
        for scope in self._asking:
            scope.cancel()


@contextmanager
def on_stop(act: Callable[[], None]) -> Iterator[None]:
    "Inside the block, do something as soon as the process is told to stop: uvicorn's shutdown waits for answers that have no end"
    if threading.current_thread() is not threading.main_thread():  # only the main one is told
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


async def _a_place(request: Request) -> AsyncIterator[Stream]:
    caller = request.scope["caller"]
    with request.app.state.stream.place(caller.name if caller.stranger else "") as stream:
        yield stream


Place = Annotated[Stream, Depends(_a_place)]
