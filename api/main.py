"The app: `uvicorn api.main:app`"

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline

from customer360.config import SettingError, read_settings

from .admission import Admission
from .errors import add_handlers
from .limits import RateLimits
from .logs import RequestLog, configure_logging
from .manager import ServiceManager
from .metrics import Metrics
from .openapi import ABOUT, TAGS, describe
from .page import Page, PageResponder, PageRouter
from .paths import EncodedSlashes, RootPath
from .retraining import RetrainTimer
from .routes import (
    bulk,
    customers,
    evaluation,
    experiments,
    feedback,
    health,
    items,
    models,
    overview,
    recommendations,
    retrain,
)
from .security import FILES, Security, announce
from .settings import APISettings
from .stream import Stream, on_stop


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    "Load models before the first request, and flush the recommendation log after the last"
    configure_logging()
    announce(app.state.settings)
    anyio.to_thread.current_default_thread_limiter().total_tokens = app.state.settings.threads_of_requests
    await anyio.to_thread.run_sync(app.state.manager.open)
    app.state.retrain_timer.start()
    with on_stop(app.state.stream.close):
        yield
    app.state.stream.close()
    await anyio.to_thread.run_sync(app.state.retrain_timer.close)
    await anyio.to_thread.run_sync(app.state.manager.close)
    app.state.metrics.publish()  # including losses at shutdown
    app.state.metrics.close()


def create_app(settings: APISettings | None = None) -> FastAPI:
    "Return an app with its own settings, models and metrics"
    settings = settings or read_settings(APISettings)
    app = FastAPIOffline(
        redoc_url=None,
        static_url=FILES,
        title="Customer360",
        version="1.0.0",
        description=ABOUT,
        openapi_tags=TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.settings, app.state.manager = settings, ServiceManager(settings)
    app.state.admission = Admission(settings.threads_of_requests)
    app.state.stream = Stream(settings.streams)
    app.state.retrain_timer = RetrainTimer(app.state.manager)
    app.state.metrics = Metrics(app.state.manager.counters, lambda: app.state.manager.ready()["recommends"])
    app.state.manager.on_tick = app.state.metrics.publish
    add_handlers(app)
    for routes in (
        overview,
        customers,
        recommendations,
        items,
        feedback,
        bulk,
        evaluation,
        models,
        retrain,
        experiments,
        health,
    ):
        app.include_router(routes.router)
    app.add_api_route("/", _to_the_docs, include_in_schema=False)
    _add_middleware(app, settings)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def _to_the_docs(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")


def _add_middleware(app: FastAPI, settings: APISettings) -> None:  # what is added last runs first
    page = Page(settings.page) if (settings.page / "index.html").is_file() else None
    if page:
        app.add_middleware(PageResponder, page=page)
    app.add_middleware(RateLimits, settings=settings)
    app.add_middleware(Security, settings=settings)
    app.add_middleware(EncodedSlashes)
    if page:
        app.add_middleware(PageRouter, page=page)
    app.add_middleware(RequestLog, metrics=app.state.metrics, lines=settings.log_requests)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-Id", "Last-Event-ID"],
        expose_headers=["X-Request-Id", "Retry-After"],
    )
    app.add_middleware(RootPath)


def _served_app() -> FastAPI:
    "Return the app, or end the process with one sentence where a setting is wrong"
    try:
        return create_app()
    except SettingError as error:
        sys.stderr.write(f"The server does not start: {error}\n")
        raise SystemExit(2) from None


app = _served_app()
