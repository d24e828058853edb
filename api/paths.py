"IDs that contain a slash, which a path encodes as `%2F`"

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send


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
