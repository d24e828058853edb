"RateLimits on the size of bodies and the rate of requests"

import math
import threading
import time
from collections import OrderedDict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import BULK
from .encoding import ENCODINGS, encoding_of, unpacked
from .errors import problem
from .settings import APISettings


class TokenBucket:
    "Token bucket per caller; least recently seen callers are evicted first"

    def __init__(self, per_minute: int, most_callers: int = 20_000):
        self.rate, self.size, self.most = (
            per_minute / 60,
            max(1.0, per_minute / 6),
            most_callers,
        )  # burst: ten seconds' worth
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def charge(self, caller: str, n: float, now: float) -> float:  # seconds to wait; 0: allowed
        "Charge n more units to a request; the balance may go negative, which delays the next request"
        with self._lock:  # called from worker threads
            level = self._level(caller, now)
            self.levels[caller] = (level - n if level >= 0 else level, now)
        return max(0.0, -level / self.rate)

    def take(self, caller: str, now: float) -> float:  # seconds to wait; 0: allowed
        "Take one unit for a request"
        with self._lock:
            level = self._level(caller, now)
            wait = 0.0 if level >= 1 else (1 - level) / self.rate
            self.levels[caller] = (level - 1 if not wait else level, now)
            if len(self.levels) > self.most:
                self.levels.popitem(last=False)
        return wait

    def _level(self, caller: str, now: float) -> float:
        level, then = self.levels.pop(caller, (self.size, now))
        return min(self.size, level + (now - then) * self.rate)


class RateLimits:
    "Answer 429 above the rate limit and 413 above the body limit, whether or not the length was announced"

    def __init__(self, app: ASGIApp, settings: APISettings):
        self.app, self.max_body, self.max_bulk = app, settings.max_body, settings.max_bulk
        self.known = TokenBucket(settings.rate) if settings.rate else None
        self.strangers, self.feedback = (
            TokenBucket(settings.demo_rate),
            TokenBucket(settings.demo_feedback_rate),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if wait := self._wait(scope):
            seconds = str(math.ceil(wait))
            return await problem(429, f"too many requests: retry in {seconds} s", Retry_After=seconds)(
                scope, receive, send
            )
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        most = self.max_bulk if scope["operation"] in BULK else self.max_body
        if length.isdigit() and int(length) > most:
            return await problem(413, _too_large(most), "body")(scope, receive, send)
        scope["charge"] = lambda n: self._charge(scope, n)
        receive = _counted(receive, most)
        if packed := encoding_of(scope):
            if packed not in ENCODINGS:
                return await problem(415, f"body: send it as it is, or with gzip: got {packed!r}", "body")(
                    scope, receive, send
                )
            receive = unpacked(scope, receive, most, _too_large(most))
        await self.app(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        caller, now = scope["caller"], time.monotonic()
        if "page" in scope:
            return 0.0
        if not caller.stranger:
            return self.known.take(caller.name, now) if self.known else 0.0
        if caller.role == "nobody":  # health checks
            return 0.0
        return self.strangers.take(caller.name, now) or (
            self.feedback.take(caller.name, now) if _is_feedback(scope) else 0.0
        )

    def _charge(self, scope: Scope, n: int) -> None:
        caller = scope["caller"]
        wait = (
            (self.feedback if _is_feedback(scope) else self.strangers).charge(
                caller.name, n - 1, time.monotonic()
            )
            if caller.stranger and n > 1
            else 0
        )
        if wait:  # concurrent requests have overdrawn the balance
            seconds = str(math.ceil(wait))
            raise HTTPException(
                429, f"too many items in a short time: retry in {seconds} s", {"Retry-After": seconds}
            )


def _too_large(most: int) -> str:
    return f"body: larger than the limit of {most:,} bytes: send it in parts"


def _counted(receive: Receive, most: int) -> Receive:
    "Pass the body through, raise 413 once it exceeds the limit, and drop what comes then"
    seen, told = 0, False

    async def counted() -> Message:
        nonlocal seen, told
        message = await receive()
        seen += len(message.get("body", b""))
        if seen <= most:
            return message
        if not told:
            told = True
            raise HTTPException(413, _too_large(most))
        return message | {"body": b""} if "body" in message else message

    return counted


def _is_feedback(scope: Scope) -> bool:
    return scope["operation"] == "POST /api/v1/feedback"


def charge_for(request: Request, n: int) -> None:
    "Charge a request for n units; only anonymous callers of a public demo are limited by it"
    request.scope["charge"](n)
