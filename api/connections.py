"Connections: limits on what is not a request yet, so that slow and huge clients take nothing from others"

import asyncio
import http
import resource
import time
from functools import cache
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from customer360.config import read_settings

from .schemas import Problem
from .security import network_of
from .settings import APISettings

MOST_CONNECTIONS = 10_000  # of a process whose system sets no limit on open files
SWEEP_SECONDS = 0.5
LINGER_SECONDS = 2.0  # how long a refused client may go on sending, so that it can read why
NEW, HEAD, BODY, BUSY, IDLE, REFUSED = range(6)  # phases; in all but BUSY the server waits for the client
GIVEN_UP_FIRST = (REFUSED, NEW, HEAD, BODY), (IDLE,)


class RequestLimits(NamedTuple):
    "Limits of what a client may send, and how slowly"

    head_bytes: int = 65_536  # request line and headers
    headers: int = 100
    head_seconds: float = 10.0  # from the first byte, or from the connection
    body_seconds: float = 20.0  # and a second more for each `body_rate` bytes
    body_rate: int = 1_000
    stall_seconds: float = 30.0  # without reading anything of an answer


class ConnectionTable:
    "The open connections of a process. Where there are too many, those that keep the server waiting go first"

    def __init__(self, total: int, per_address: int, limits: RequestLimits):
        self.total, self.per_address, self.limits, self.n = total, per_address, limits, 0
        self.by_address: dict[str, dict[LimitedConnection, None]] = {}  # oldest first
        self._sweeping = False

    def add(self, one: "LimitedConnection") -> bool:  # False: there is no room
        "Take up a connection, in the place of another if need be"
        group = self.by_address.get(one.address, {})
        if len(group) >= self.per_address and not self._give_up(group):
            return False
        if self.n >= self.total and not self._give_up(max(self.by_address.values(), key=len)):
            return False
        self.by_address.setdefault(one.address, {})[one] = None
        self.n += 1
        if not self._sweeping:
            self._sweeping = True
            one.loop.call_later(SWEEP_SECONDS, self._sweep, one.loop)
        return True

    def _give_up(self, group: dict["LimitedConnection", None]) -> bool:
        for phases in GIVEN_UP_FIRST:
            for one in group:
                if one.phase in phases:
                    self.remove(one)
                    one.transport.abort()
                    return True
        return False

    def remove(self, one: "LimitedConnection") -> None:
        "Forget a connection"
        group = self.by_address.get(one.address, {})
        if one in group:
            del group[one]
            self.n -= 1
            if not group:
                del self.by_address[one.address]

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        for group in list(self.by_address.values()):
            for one in list(group):
                one.check(now)
        self._sweeping = self.n > 0
        if self._sweeping:
            loop.call_later(SWEEP_SECONDS, self._sweep, loop)


@cache
def connection_table() -> ConnectionTable:
    "Return the table of this process, with room for the files that the server opens beside its connections"
    settings = read_settings(APISettings)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files * 3 // 4)
    limits = RequestLimits(head_seconds=settings.head_seconds, body_seconds=settings.body_seconds)
    return ConnectionTable(min(settings.connections or most, most), settings.connections_per_address, limits)


class HeadTooLarge(Exception):
    "Raised inside the parser, which stops there"


class LimitedConnection(HttpToolsProtocol):
    "uvicorn's connection, with limits on size and time of what it reads, and on how many there are"

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self.table = connection_table()
        self.limits, self.phase, self.address = self.table.limits, NEW, ""
        self._since = time.monotonic()
        self._bytes, self._fields = 0, 0  # of the head, then of the body
        self._unsent, self._unsent_since = 0, 0.0

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        "Take up the connection, or answer 503 where there are too many"
        super().connection_made(transport)
        self.address = network_of(self.client[0] if self.client else "")
        if not self.table.add(self):
            self.refuse(503, "too many connections: try again later")

    def connection_lost(self, exc: Exception | None) -> None:
        "Forget the connection"
        self.table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        "Parse what came, unless the head grows beyond all bounds"
        if self.phase == REFUSED:  # read and dropped until the client has read the answer
            return
        if self.phase in (NEW, IDLE):
            self._enter(HEAD)
        if self.phase == HEAD:
            self._bytes += len(data)
        super().data_received(data)
        if self.phase == HEAD and self._bytes > self.limits.head_bytes:  # one header without an end
            self._refuse_head()

    # the parser's callbacks

    def on_message_begin(self) -> None:
        "Begin a request"
        super().on_message_begin()
        if self.phase != HEAD:
            self._enter(HEAD)
        self._parsed = 0

    def on_url(self, url: bytes) -> None:
        "Count the request line"
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        "Count a header"
        super().on_header(name, value)
        self._fields += 1
        self._count(len(name) + len(value) + 4)

    def _count(self, n: int) -> None:
        self._parsed += n
        if self._parsed > self.limits.head_bytes or self._fields > self.limits.headers:
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        "Begin the body"
        super().on_headers_complete()
        self._enter(BODY)

    def on_body(self, body: bytes) -> None:
        "Count what came of the body, which earns it time"
        super().on_body(body)
        self._bytes += len(body)

    def on_message_complete(self) -> None:
        "Wait for the application; there is nothing to expect from the client"
        super().on_message_complete()
        self._enter(IDLE if self.cycle is not None and self.cycle.response_complete else BUSY)

    def on_response_complete(self) -> None:
        "Wait for the next request"
        if self.phase == BUSY and not self.pipeline:
            self._enter(IDLE)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        "Answer what the parser did not accept"
        if self._fields > self.limits.headers or self._parsed > self.limits.head_bytes:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    # limits

    def _enter(self, phase: int) -> None:
        self.phase, self._since, self._bytes = phase, time.monotonic(), 0
        if phase == HEAD:
            self._fields = self._parsed = 0

    def _is_late(self, now: float) -> bool:
        limits, waited = self.limits, now - self._since
        if self.phase in (NEW, HEAD):
            return waited > limits.head_seconds
        if self.phase == BODY:
            return waited > limits.body_seconds + self._bytes / limits.body_rate
        return self.phase == REFUSED and waited > LINGER_SECONDS

    def _is_stalled(self, now: float) -> bool:  # the client does not read
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        return bool(unsent) and now - self._unsent_since > self.limits.stall_seconds

    def check(self, now: float) -> None:
        "End the connection if the client is too slow"
        if self._is_stalled(now) or (self.phase in (NEW, REFUSED) and self._is_late(now)):
            self.transport.abort()
        elif self.flow.read_paused:  # it is the server that does not read
            self._since = now
        elif self._is_late(now):
            what = "head" if self.phase == HEAD else "body"
            self.refuse(408, f"the {what} of the request came too slowly")

    def _refuse_head(self) -> None:
        limits = self.limits
        self.refuse(
            431,
            f"the head is larger than {limits.head_bytes:,} bytes or has more than {limits.headers} headers",
        )

    def refuse(self, status: int, detail: str) -> None:
        "Answer a request that never reaches the application, and end the connection"
        if self.phase == BODY and self.cycle is not None:
            started = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if started:
                return self.transport.abort()
        self._enter(REFUSED)
        body = Problem(detail=detail).model_dump_json().encode()
        head = (
            f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
