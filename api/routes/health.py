"Health, readiness and metrics"

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from .. import schemas
from ..errors import problems
from ..replies import reply

router = APIRouter(tags=["operation"])
NOT_READY = {
    503: {
        "model": schemas.Ready,
        "description": "No model is ready, or the store cannot be read or written; `do` says what to do",
    }
}


@router.get("/health/live", operation_id="is_alive", response_model=schemas.Live, responses=problems(403))
async def is_alive() -> Response:
    "Report that the process is alive"
    return reply(schemas.Live, {})


@router.get(
    "/health/ready",
    operation_id="is_ready",
    response_model=schemas.Ready,
    responses=problems(403, 422) | NOT_READY,
)
async def is_ready(request: Request, query: Annotated[schemas.ReadyQuery, Query()]) -> Response:
    "Report what works; the reasons for the rest are shown to authorised callers only"
    told = request.app.state.manager.ready()
    served = told["recommends" if query.of == "recommendations" else "ready"]
    if request.scope["caller"].stranger:
        told |= {"problems": [], "do": told["do"] and "see the server's log"}
    return reply(schemas.Ready, told, 200 if served else 503)


@router.get(
    "/api/v1/whoami",
    operation_id="who_am_i",
    response_model=schemas.WhoAmI,
    responses=problems(401, 403, 422, 429, 503),
)
async def who_am_i(request: Request) -> Response:
    "Get the caller's role, and whose key it is"
    settings, caller = request.app.state.settings, request.scope["caller"]
    return reply(
        schemas.WhoAmI,
        {
            "role": caller.role,
            "name": caller.key,
            "customer": caller.customer,
            "keys": bool(settings.api_keys),
            "public_demo": settings.public_demo,
        },
    )


NUMBERS = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text format"}
}


@router.get(
    "/metrics", operation_id="metrics", response_class=Response, responses=NUMBERS | problems(401, 403, 429)
)
def metrics(request: Request) -> Response:
    "Get metrics in Prometheus' text format"
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
