"Paths: below a proxy's prefix, and with IDs that contain a slash, which a path encodes as `%2F`"

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send


def route_path(scope: Scope) -> str:
    "Return the path without the root path, as the router sees it"
    path, root = scope["path"], scope.get("root_path", "")
    below = path.removeprefix(root)
    return below if root and path.startswith(root) and below[:1] in ("", "/") else path


class RootPath:
    "Accept paths with and without the prefix of `--root-path`: some proxies strip it, others do not"

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "")
        if root and scope["type"] == "http" and scope["path"].startswith(f"{root}{root}/"):
            scope["path"] = scope["path"].removeprefix(root)  # uvicorn puts it before every path
            scope["raw_path"] = (scope.get("raw_path") or b"").removeprefix(root.encode())
        await self.app(scope, receive, send)


class EncodedSlashes:
    "Protect encoded slashes from routing: a control character stands in until `schemas` restores them"

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if b"%2f" in raw.lower():
            parts = raw.split(b"?")[0].decode("ascii", "replace").split("/")
            scope["path"] = "/".join(unquote(part).replace("/", "\x1f") for part in parts)
        await self.app(scope, receive, send)
