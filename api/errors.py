"Every error is answered as `{detail, field}`; no stack trace leaves the server"

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from customer360.serving import service as serving

from .access import RULES
from .schemas import BatchProblem, ElementProblem, Problem

log = logging.getLogger("c360.api")
STATUS: dict[type[Exception], int] = {
    serving.UnknownCustomer: 404,
    serving.UnknownItem: 404,
    serving.UnknownModel: 404,
    serving.UnknownRecommendation: 404,
    serving.UnknownEvent: 404,
    serving.Conflict: 409,
    serving.Erased: 410,
    serving.Retracted: 410,
    serving.Outdated: 410,
    serving.Invalid: 422,
    serving.NotReady: 503,
    serving.StoreDown: 503,
}
MEANING = {
    400: "The body is not valid JSON",
    401: "Missing or unknown API key",
    403: "Not permitted for this caller",
    404: "Not found; `detail` says what",
    408: "The body came too slowly",
    409: "Conflicts with existing data",
    410: "Erased at the customer's request, retracted, deleted for its age, or of a model no longer in use",
    413: "The body is too large",
    415: "The content type is not JSON, or the encoding is not gzip",
    422: "Validation failed; `field` names the field",
    429: "Too many requests; retry after the seconds in `Retry-After`",
    503: "Temporarily unavailable; retry after the seconds in `Retry-After`",
}
RETRY_AFTER = {429: "1", 503: "2"}  # seconds, unless a better estimate is given
NAMES = {"user": "customer"}  # field names of the service -> those of the API


def problem(status: int, detail: str, field: str | None = None, **headers: str) -> Response:
    "Return an error response"
    if status in RETRY_AFTER:
        headers = {"Retry-After": RETRY_AFTER[status]} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        Problem(detail=detail, field=field).model_dump_json(), status, headers, "application/json"
    )


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    "Return the OpenAPI description of a route's errors"
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        described[status] = {"model": Problem, "description": MEANING[status]}
        if status in RETRY_AFTER:
            described[status]["headers"] = {
                "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}}
            }
    return described


def batch_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    "Return the OpenAPI description of errors that name each element of a batch that is wrong"
    return {status: described | {"model": BatchProblem} for status, described in problems(*statuses).items()}


def status_of(error: Exception) -> int:
    "Return the status code of a service error; of a refused batch, that of its first element"
    if isinstance(error, serving.Refused):
        error = next(iter(error.problems.values()))
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def element_error(index: int, error: serving.ServiceError) -> ElementProblem:
    "Return what is wrong with an element of a batch"
    return ElementProblem(
        index=index, status=status_of(error), detail=error.detail, field=_renamed(error.field)
    )


def _elements(error: Exception) -> list[ElementProblem]:
    "Return what is wrong with the elements of a batch; empty if the error is about something else"
    found = getattr(error, "problems", {})
    place = re.match(r"(?:events|requests)\.(\d+)\b", getattr(error, "field", None) or "")
    if not found and place and isinstance(error, serving.ServiceError):
        found = {int(place[1]): error}
    return [element_error(at, each) for at, each in found.items()]


def _renamed(field: str | None) -> str | None:
    return field and ".".join(NAMES.get(part, part) for part in field.split("."))


def _of_the_service(request: Request, error: Exception) -> Response:
    field = getattr(error, "field", None)
    status = status_of(error)
    if status == 500:
        raise error
    detail = str(getattr(error, "detail", "") or error)
    if status == 503 and request.scope["caller"].stranger:  # it may name files and hosts
        detail = "temporarily unavailable: try again later"
    field = _renamed(field)
    detail = f"{field}: {detail}" if status == 422 and field and not detail.startswith(field) else detail
    if elements := _elements(error):
        body = BatchProblem(detail=detail, field=field, errors=elements)
        return Response(body.model_dump_json(), status, media_type="application/json")
    return problem(status, detail, field)


def _of_the_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem(
            400, f"body: not JSON at character {first['loc'][-1]}: {first['ctx']['error']}", "body"
        )
    kind = request.headers.get("content-type", "")
    if first["loc"] == ("body",) and first["type"] != "missing" and "json" not in kind.lower():
        return problem(
            415, f"body: send it with `Content-Type: application/json`, got {kind or 'none'!r}", "body"
        )
    field = named(first["loc"])
    body = first.get("input")
    if (
        field == "events"
        and first["type"] == "missing"
        and isinstance(body, dict)
        and {"item", "event"} & {*body}
    ):
        return problem(
            422,
            'events: this is one event; send a list of them, as in {"events": [{"customer": ...}]}',
            field,
        )
    detail, field = named_error(error.errors(), kinds=kinds_of_the_route(request))
    return problem(422, f"{field}: {detail}", field)


def named_error(
    errors: Sequence[dict[str, Any]],  # of pydantic
    root: Sequence[str | int] = (),  # where what was validated stands in the request
    kinds: Mapping[str, Sequence[Any]] | None = None,  # body and query -> types; None: not known
) -> tuple[str, str]:  # what is wrong; the path of the field
    "Return what the first of several errors says, and where; an unknown field with the known ones"
    first, *more = errors
    also = f" (and {len(more)} more)" if more else ""
    field = named((*root, *first["loc"]))
    unknown = next((one["loc"] for one in errors if one["type"] == "extra_forbidden"), None)
    if unknown and (known := known_fields(kinds or {}, (*root, *unknown))):
        told = f"there is no such field; known are {', '.join(known)}"
        if unknown == first["loc"]:
            return told + also, field
        also += f"; {named((*root, *unknown))}: {told}"
    return f"{first['msg'].removeprefix('Value error, ')}{given(first)}{also}", field


def kinds_of_the_route(request: Request) -> dict[str, list[Any]]:
    "Return the types of a route's body and query"
    route = request.scope["route"]
    found = {"body": [route.body_field], "query": route.dependant.query_params}
    return {
        place: [one.field_info.annotation for one in fields if one is not None]
        for place, fields in found.items()
    }


def known_fields(
    kinds: Mapping[str, Sequence[Any]],  # body and query -> types
    loc: Sequence[str | int],  # of a field that is not known
) -> list[str]:  # []: not clear
    "Return the fields that stand where an unknown one was sent"
    found = list(kinds.get(str(loc[0]), ()))
    for part in loc[1:-1]:
        found = [inner for kind in found for inner in inner_types(kind, part)]
    models = [model for kind in found for model in models_in_type(kind)]
    return list(
        dict.fromkeys(one.alias or name for model in models for name, one in model.model_fields.items())
    )


def models_in_type(kind: Any) -> list[type[BaseModel]]:
    "Return the models that a type allows, such as those of a union"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in models_in_type(part)]


def inner_types(kind: Any, part: str | int) -> list[Any]:
    "Return the types of what lies under a key, or at a place, of a value of this type"
    if isinstance(part, int):
        return [kind]  # a list's own type: its models are those of its elements
    found = [model.model_fields[part] for model in models_in_type(kind) if part in model.model_fields]
    return [one.annotation for one in found] or [kind]


def named(loc: Sequence[str | int]) -> str:
    "Return the dotted path of a field, such as `events.3.timestamp`"
    return ".".join(
        str(part)
        for part in (loc[1:] if len(loc) > 1 and loc[0] in ("body", "query", "path", "header") else loc)
    )


def given(error: dict[str, Any]) -> str:
    "Return the rejected value as text, if it is short"
    value = error.get("input")
    plain = isinstance(value, bool | int | float) or (
        isinstance(value, str) and error["type"] != "string_unicode"
    )
    said = repr(value) if plain else type(value).__name__
    return "" if error["type"] in ("missing", "extra_forbidden") or len(said) > 60 else f", got {said}"


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:  # the router knows only one of several routes on this path
        path = getattr(request.scope.get("route"), "path", "")
        there = [method for method, _, known in (rule.partition(" ") for rule in RULES) if known == path]
        return problem(
            405,
            f"method {request.method} is not allowed on this path",
            Allow=", ".join(sorted(there)) or "GET",
        )
    made = problem(error.status_code, str(error.detail), "body" if error.status_code in (400, 413) else None)
    made.headers.update(error.headers or {})
    return made


def add_handlers(app: FastAPI) -> None:
    "Register the error handlers; anything else is answered by `logs.RequestLog` with a plain 500"
    for kind in (serving.ServiceError, serving.StoreDown):
        app.add_exception_handler(kind, _of_the_service)
    app.add_exception_handler(RequestValidationError, _of_the_request)
    app.add_exception_handler(HTTPException, _of_http)
