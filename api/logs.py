"One JSON line per request, with its ID and without personal data: no customer IDs, queries or addresses"

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import problem
from .metrics import Metrics

requests = logging.getLogger("c360.api")
audit = logging.getLogger("c360.audit")
AUDITED = ("write", "admin")  # roles whose use is in the audit log, also where requests are not logged
CLIENT_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class JsonFormatter(logging.Formatter):
    "Format log records as JSON lines"

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        line |= {"logger": record.name, "message": record.getMessage()} | getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def described(error: BaseException) -> dict[str, Any]:
    "Return the error type and its location; the message is left out, as it may quote personal data"
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error": type(error).__name__,
        "at": [
            f"{frame.filename.rsplit('site-packages/')[-1]}:{frame.lineno} {frame.name}" for frame in frames
        ],
    }


def configure_logging() -> None:
    "Replace uvicorn's logging, whose access log holds addresses and full paths"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("c360", "customer360", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


class RequestLog:
    "Assign each request an ID, time it, and answer a plain 500 to unhandled errors"

    def __init__(self, app: ASGIApp, metrics: Metrics, lines: bool = True):
        self.app, self.metrics, self.lines = app, metrics, lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, status = time.perf_counter(), 0
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given if CLIENT_REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        failure: Exception | None = None
        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            failure = error
            if not status:
                await problem(
                    500, f"internal error; look up request ID {request_id.decode()} in the server log"
                )(scope, receive, noted)
        self._note(scope, request_id.decode(), status, time.perf_counter() - began, failure)

    def _note(
        self, scope: Scope, request_id: str, status: int, seconds: float, failure: Exception | None
    ) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = (
            scope["method"]
            if scope["method"] in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
            else "other"
        )
        self.metrics.request(method, route, status, seconds)
        if failure is not None:
            fields = {"request_id": request_id, "method": method, "route": route, "status": status}
            requests.error("request failed", exc_info=failure, extra={"fields": fields})
        elif self.lines:
            caller = scope.get("caller")
            fields = {
                "request_id": request_id,
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "role": getattr(caller, "role", None),
                "key": getattr(caller, "key", None),
            }
            requests.info("request", extra={"fields": fields})
        if scope.get("need") in AUDITED:
            _note_in_the_audit_log(scope, request_id, status)


def _note_in_the_audit_log(scope: Scope, request_id: str, status: int) -> None:
    "Say which key did what, or tried to; the ids of customers are left out"
    told = {name: value for name, value in scope.get("path_params", {}).items() if name in ("item", "key")}
    fields = {
        "request_id": request_id,
        "by": scope["caller"].key or "nobody",
        "did": scope["operation"] or f"{scope['method']} elsewhere",
        "of": told,
        "status": status,
    }
    audit.info("audit", extra={"fields": fields})
