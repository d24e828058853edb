"`uvicorn api.main:app`: the app, put together"

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline

from .errors import add_handlers
from .limits import Limits
from .logs import Logs, set_up
from .metrics import Metrics
from .openapi import ABOUT, TAGS, describe
from .page import Found, Page, Served
from .paths import Slashes
from .routes import customers, experiments, feedback, health, items, models, overview, recommendations
from .security import FILES, Security
from .settings import Settings
from .shop import Shop
from .stream import Stream, on_stop


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    "Models are loaded before the first request, and what was recorded is written after the last"
    set_up()
    anyio.to_thread.current_default_thread_limiter().total_tokens = app.state.settings.threads_of_requests
    await anyio.to_thread.run_sync(app.state.shop.open)
    with on_stop(app.state.stream.close):
        yield
    app.state.stream.close()
    await anyio.to_thread.run_sync(app.state.shop.close)
    app.state.metrics.tell()  # what was lost at the end too
    app.state.metrics.close()


def create_app(settings: Settings | None = None) -> FastAPI:
    "An app with its own settings, models and numbers"
    settings = settings or Settings()
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
    app.state.settings, app.state.shop, app.state.stream = settings, Shop(settings), Stream(settings.streams)
    app.state.metrics = Metrics(app.state.shop.counters, lambda: app.state.shop.ready()["ready"])
    app.state.shop.looked = app.state.metrics.tell
    add_handlers(app)
    for routes in (overview, customers, recommendations, items, feedback, models, experiments, health):
        app.include_router(routes.router)
    app.add_api_route("/", lambda: RedirectResponse("/docs"), include_in_schema=False)
    page = Page(settings.page) if (settings.page / "index.html").is_file() else None
    if page:
        app.add_middleware(Served, page=page)
    app.add_middleware(Limits, settings=settings)  # the last one added is the first one asked
    app.add_middleware(Security, settings=settings)
    app.add_middleware(Slashes)
    if page:
        app.add_middleware(Found, page=page)
    app.add_middleware(Logs, metrics=app.state.metrics, lines=settings.log_requests)
    app.add_middleware(
        CORSMiddleware, allow_origins=settings.origins, allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-Id", "Last-Event-ID"], expose_headers=["X-Request-Id", "Retry-After"],
    )  # fmt: skip
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


app = create_app()
