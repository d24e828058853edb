"The built web page: its files, and index.html for every address that is not the API's"

import mimetypes
import os
import re
import stat
from pathlib import Path
from urllib.parse import quote

import anyio
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import problem
from .paths import route_path

OURS = (
    "/api",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
)  # paths of the API, including everything below
HASHED = "/assets/"  # file names contain a content hash
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
LOCAL = re.compile(r'\b(href|src)="/(?!/)')  # an address on this host
mimetypes.add_type(
    "text/javascript", ".js"
)  # some systems map it to text/plain, which browsers refuse to run


class Page:
    "The folder of the built page"

    path = "page"  # reported as the route in metrics and logs

    def __init__(self, folder: Path):
        self.files, self.index = StaticFiles(directory=folder), str(folder / "index.html")
        self.zipped, self.zipped_below = GZipMiddleware(self._plain), GZipMiddleware(self._index_below)

    def find(
        self, scope: Scope
    ) -> str | None:  # a file path; "": missing, answered here with 404; None: not a page request
        "Return the file that answers a request, or None if it belongs to the API"
        path = route_path(scope) if scope["type"] == "http" else ""
        if (
            scope["type"] != "http"
            or scope["method"] not in ("GET", "HEAD")
            or any(path == own or path.startswith(f"{own}/") for own in OURS)
        ):
            return None
        if file := self._file(path):
            return file
        if path.startswith(HASHED):
            return ""
        return self.index if path == "/" or "text/html" in Headers(scope=scope).get("accept", "") else None

    def _file(self, path: str) -> str | None:
        try:
            file, looks = self.files.lookup_path(path.lstrip("/"))
        except (OSError, ValueError):  # not a valid file name
            return None
        return str(file) if looks is not None and stat.S_ISREG(looks.st_mode) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        "Send the file that was found"
        if not scope["page"]:
            return await problem(404, "no such file")(scope, receive, send)
        if scope.get("root_path") and scope["page"] == self.index:
            return await self.zipped_below(scope, receive, send)
        await (self._plain if "range" in Headers(scope=scope) else self.zipped)(scope, receive, send)

    async def _index_below(self, scope: Scope, receive: Receive, send: Send) -> None:
        "Send index.html with the addresses of its files below the root path"
        text = await anyio.Path(self.index).read_text(encoding="utf-8")
        root = quote(scope["root_path"])
        text = LOCAL.sub(rf'\1="{root}/', text)
        answer = HTMLResponse(text, headers=HEADERS | {"Cache-Control": "no-cache"})
        await answer(scope, receive, send)

    async def _plain(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = scope["page"]
        packed = "gzip" in Headers(scope=scope).get("accept-encoding", "") and os.path.isfile(f"{file}.gz")
        file += ".gz" * packed  # the content type stays that of the uncompressed file
        answer = self.files.file_response(file, os.stat(file), scope)
        lasting = route_path(scope).startswith(HASHED)
        answer.headers.update(
            HEADERS | {"Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"}
        )
        answer.headers.add_vary_header("Accept-Encoding")
        if packed and answer.status_code != 304:
            answer.headers["Content-Encoding"] = "gzip"
        await answer(scope, receive, send)


class PageRouter:
    "Mark requests for the page, before any key is required"

    def __init__(self, app: ASGIApp, page: Page):
        self.app, self.page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (found := self.page.find(scope)) is not None:
            scope["page"], scope["route"] = found, self.page
        await self.app(scope, receive, send)


class PageResponder:
    "Answer marked requests, behind the middleware that may refuse them"

    def __init__(self, app: ASGIApp, page: Page):
        self.app, self.page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.page if "page" in scope else self.app)(scope, receive, send)
