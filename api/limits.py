"How large and how often: bodies, and requests a minute"

import math
import threading
import time
from collections import OrderedDict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import problem
from .settings import Settings


class Bucket:
    "Fills at an even rate; whoever finds it empty has to wait. Callers that were not seen for long are forgotten first"

    def __init__(self, per_minute: int, most_callers: int = 20_000):
        self.rate, self.size, self.most = (
            per_minute / 60,
            max(1.0, per_minute / 6),
            most_callers,
        )  # a burst: what ten seconds bring
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def owe(self, caller: str, n: float, now: float) -> float:  # seconds to wait, 0: go on
        "What a request asks for beyond one thing; who owes nothing gets it, and waits for it before the next"
        with self._lock:  # asked in threads
            level = self._level(caller, now)
            self.levels[caller] = (level - n if level >= 0 else level, now)
        return max(0.0, -level / self.rate)

    def take(self, caller: str, now: float) -> float:  # seconds to wait, 0: go on
        "One request of a caller"
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


class Limits:
    "Answers 429 to who asks too often and 413 to who sends too much, however it is sent"

    def __init__(self, app: ASGIApp, settings: Settings):
        self.app, self.max_body = app, settings.max_body
        self.known = Bucket(settings.rate) if settings.rate else None
        self.strangers, self.feedback = Bucket(settings.demo_rate), Bucket(settings.demo_feedback_rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if wait := self._wait(scope):
            seconds = str(math.ceil(wait))
            return await problem(429, f"too many requests: come back in {seconds} s", Retry_After=seconds)(
                scope, receive, send
            )
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > self.max_body:
            return await problem(413, self._too_large, "body")(scope, receive, send)
        scope["several"] = lambda n: self._owe(scope, n)
        await self.app(scope, self._counted(receive), send)

    @property
    def _too_large(self) -> str:
        return f"body: larger than {self.max_body:,} bytes, the most that is taken: send it in parts"

    def _wait(self, scope: Scope) -> float:
        caller, now = scope["caller"], time.monotonic()
        if "page" in scope:
            return 0.0
        if not caller.stranger:
            return self.known.take(caller.name, now) if self.known else 0.0
        if caller.role == "nobody":  # the health of the server
            return 0.0
        return self.strangers.take(caller.name, now) or (
            self.feedback.take(caller.name, now) if _gives(scope) else 0.0
        )

    def _owe(self, scope: Scope, n: int) -> None:
        caller = scope["caller"]
        wait = (
            (self.feedback if _gives(scope) else self.strangers).owe(caller.name, n - 1, time.monotonic())
            if caller.stranger and n > 1
            else 0
        )
        if wait:  # of several requests that came at once another was given more than there was
            seconds = str(math.ceil(wait))
            raise HTTPException(429, f"too many at once: come back in {seconds} s", {"Retry-After": seconds})

    def _counted(self, receive: Receive) -> Receive:
        "The same body, until it gets too large; a client need not have said its length"
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_body:
                raise HTTPException(413, self._too_large)
            return message

        return counted


def _gives(scope: Scope) -> bool:
    return (
        scope["method"] == "POST" and scope["path"].removesuffix("\n") == "/api/v1/feedback"
    )  # routes end in `$`, which matches before it too


def several(request: Request, n: int) -> None:
    "One request asks for n things: a stranger to a public demo is held to what that is worth"
    request.scope["several"](n)
