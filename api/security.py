"Authorisation: two roles with API keys; without keys only local requests, or an optional public demo"

import hashlib
import hmac
import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import problem
from .settings import APISettings

Need = Literal["nobody", "write", "admin"]
OPEN = frozenset({"/health/live", "/health/ready"})
ROOT = "/api/v1/"
READ = frozenset(
    {
        "overview",
        "customers",
        "items",
        "recommendations",
        "search",
        "popular",
        "latest",
        "models",
        "retrain",
        "comparisons",
        "feedback",
        "whoami",
    }
)
FIGURES = frozenset({"experiments/offpolicy"})  # reads figures, unlike what else begins with `experiments`
ASK = frozenset({"recommendations", "predictions", "feedback"})
DOCS = frozenset({"/", "/docs", "/openapi.json", "/docs/oauth2-redirect"})
FILES = "/docs/files"  # assets of these pages, served from here
PROXIED = (
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "forwarded",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "via",
)


def needs(method: str, path: str) -> Need:
    "Return the role that a request requires; anything not listed here requires admin"
    path = path.removesuffix("\n")  # a route's `$` also matches before a trailing newline
    if path in OPEN:
        return "nobody"
    if (path in DOCS or path.startswith(f"{FILES}/")) and method in ("GET", "HEAD"):
        return "write"
    first, *rest = path.removeprefix(ROOT).split("/") if path.startswith(ROOT) else [""]
    if method in ("GET", "HEAD") and (first in READ or "/".join([first, *rest]) in FIGURES):
        return "admin" if rest[1:] == ["export"] else "write"
    return "write" if method == "POST" and first in ASK and not rest else "admin"


class Refused(Exception):
    "A refused request"

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status, self.detail = status, detail


class Caller:
    "The caller: role, rate-limit key, and whether it is anonymous"

    __slots__ = ("name", "role", "stranger")

    def __init__(self, role: str, name: str, stranger: bool = False):
        self.role, self.name, self.stranger = role, name, stranger


class Security:
    "Admit a request, with its caller in `scope['caller']`, or answer 401 or 403"

    def __init__(self, app: ASGIApp, settings: APISettings):
        self.app = app
        self.keys = [tuple(entry.split(":")) for entry in settings.api_keys]
        self.demo, self.origins = settings.public_demo, frozenset(settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await (
                self.app(scope, receive, send)
                if scope["type"] == "lifespan"
                else send({"type": "websocket.close", "code": 1008})
            )
        try:
            scope["caller"] = self._caller(scope)
        except Refused as refused:
            return await problem(refused.status, refused.detail)(scope, receive, send)
        await self.app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        headers, need = (
            Headers(scope=scope),
            "nobody" if "page" in scope else needs(scope["method"], scope["path"]),
        )
        key = _key(headers)
        caller = self._by_key(key) if key else self._without_key(scope, headers, need)
        if need == "admin" and caller.role != "admin":
            raise Refused(403, "requires the role admin" if key else "requires a key with the role admin")
        return caller

    def _by_key(self, key: str) -> Caller:
        given, role = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(), ""
        for its_role, digest in self.keys:  # compare all keys, so that timing reveals nothing
            if hmac.compare_digest(digest, given):
                role = "admin" if "admin" in (role, its_role) else its_role
        if not role:
            raise Refused(
                401,
                "unknown API key"
                if self.keys
                else "this server has no API keys: leave the key out, or set C360_API_KEYS",
            )
        return Caller(role, given[:16])

    def _without_key(self, scope: Scope, headers: Headers, need: Need) -> Caller:
        if need == "nobody" and (self.keys or self.demo):
            return Caller("nobody", _network(scope), True)
        if self.demo:
            _check_origin(scope, headers, self.origins)
            return Caller("write", _network(scope), True)
        if self.keys:
            raise Refused(401, "missing API key: send `Authorization: Bearer <key>` or `X-API-Key: <key>`")
        if not _is_loopback(scope) or any(name in headers for name in PROXIED):
            raise Refused(
                403, "without API keys only local requests are accepted: set C360_API_KEYS to admit others"
            )
        _check_host(headers)
        _check_origin(scope, headers, self.origins)
        return Caller("admin", "loopback")


def _key(headers: Headers) -> str:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_loopback(scope: Scope) -> bool:
    address = _address((scope.get("client") or ("",))[0])
    return address is not None and address.is_loopback


def _network(scope: Scope) -> str:
    "Return the rate-limit key: the IPv4 address or the IPv6 /64 network"
    address = _address((scope.get("client") or ("",))[0])
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _check_host(headers: Headers) -> None:
    "Reject DNS rebinding: a foreign host name that resolves to this machine"
    try:
        host = urlsplit(f"//{headers.get('host', 'localhost')}").hostname or ""
    except ValueError:
        host = ""
    if host != "localhost" and not host.endswith(".localhost") and _address(host) is None:
        raise Refused(
            403,
            "without API keys this server answers only to localhost or an IP address: set "
            "C360_API_KEYS to admit others",
        )


def _check_origin(scope: Scope, headers: Headers, origins: frozenset[str]) -> None:
    "Reject cross-site requests that would change anything"
    origin = headers.get("origin")
    if (
        origin is None
        or scope["method"] in ("GET", "HEAD")
        or origin in origins
        or origin.partition("://")[2] == headers.get("host")
    ):
        return
    raise Refused(403, "origin not allowed: add it to C360_CORS_ORIGINS")
