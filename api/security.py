"Authorisation: keys with roles, tokens for one customer, and what is let in without either"

import hashlib
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from customer360.config import folder
from customer360.serving.access_tokens import InvalidToken, local_token, token_customer

from .access import Access, Matched, Need, match, permits
from .errors import problem
from .paths import route_path
from .settings import APISettings, StoredKey

log = logging.getLogger("c360.api")
FILES = "/docs/files"  # assets of the documentation, served from here
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
NOT_YOURS = "this token is for one customer and does not permit this"


class Refused(Exception):
    "A refused request"

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status, self.detail = status, detail


class Caller:
    "The caller: role, rate-limit key, the key's name, and the customer whom a token is held to"

    __slots__ = ("customer", "key", "name", "role", "stranger")

    def __init__(self, role: str, name: str, key: str, stranger: bool = False, customer: str = ""):
        self.role, self.name, self.key = role, name, key
        self.stranger, self.customer = stranger, customer  # a stranger is limited, and told less


class Security:
    "Admit a request, with its caller in `scope['caller']`, or answer 401 or 403"

    def __init__(self, app: ASGIApp, settings: APISettings):
        self.app, self.keys = app, settings.keys
        self.secrets, self.trusting = settings.signing_secrets, settings.trust_loopback
        self.demo, self.origins = settings.public_demo, frozenset(settings.origins)
        self.local = LocalToken(folder("store")) if not (self.keys or self.demo or self.trusting) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await (
                self.app(scope, receive, send)
                if scope["type"] == "lifespan"
                else send({"type": "websocket.close", "code": 1008})
            )
        try:
            self._admit(scope)
        except Refused as refused:
            return await problem(refused.status, refused.detail)(scope, receive, send)
        await self.app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        found = (
            Matched("", Access("nobody", "allowed"), {})
            if "page" in scope
            else match(scope["method"], route_path(scope))
        )
        headers, need = Headers(scope=scope), found.access.role
        key = _key(headers)
        caller = self._by_key(key, scope, headers) if key else self._without_key(scope, headers, need)
        scope["caller"], scope["operation"], scope["need"] = caller, found.operation, need
        if not found.known:  # never left to the router, which may read the path otherwise
            raise Refused(404, "Not Found")
        if caller.customer:
            _check_own(found, caller.customer, scope)
        elif not permits(caller.role, need):
            raise Refused(403, self._why_not(caller, need))

    def _why_not(self, caller: Caller, need: Need) -> str:
        if self.local and caller.key == "":
            return (
                f"requires the role {need}: without API keys this server lets programs of its machine read; "
                "for the rest, send the token that it printed at the start as "
                "`Authorization: Bearer <token>`, or set C360_TRUST_LOOPBACK=1"
            )
        if not caller.key:
            return f"requires a key with the role {need}"
        return f"requires the role {need}: the key {caller.key!r} has the role {caller.role}"

    def _by_key(self, key: str, scope: Scope, headers: Headers) -> Caller:
        given = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        known: StoredKey | None = None
        for one in self.keys:  # compare all keys, so that timing reveals nothing
            if hmac.compare_digest(one.digest, given):
                known = one
        if known:
            return Caller(known.role, given[:16], known.name)
        if self.local and self.local.is_it(key):
            self._check_local(scope, headers)
            return Caller("admin", "loopback", "local token")
        if key.count(".") == 2 and self.secrets:
            try:
                customer = token_customer(key, self.secrets)
            except InvalidToken as error:
                raise Refused(401, str(error)) from None
            limited = hashlib.sha256(customer.encode()).hexdigest()[:16]
            return Caller("feedback", f"customer {limited}", "customer token", True, customer)
        raise Refused(401, "unknown API key" if self.keys else self._no_keys())

    def _no_keys(self) -> str:
        if self.local:
            return "not the token that this server printed at its start, and it has no API keys"
        return "this server has no API keys: leave the key out, or set C360_API_KEYS"

    def _without_key(self, scope: Scope, headers: Headers, need: Need) -> Caller:
        if need == "nobody" and (self.keys or self.demo):
            return Caller("nobody", _network(scope), "", True)
        if self.demo:
            _check_origin(scope, headers, self.origins)
            return Caller("feedback", _network(scope), "", True)
        if self.keys:
            raise Refused(401, "missing API key: send `Authorization: Bearer <key>` or `X-API-Key: <key>`")
        self._check_local(scope, headers)
        return Caller("admin", "loopback", "loopback") if self.trusting else Caller("read", "loopback", "")

    def _check_local(self, scope: Scope, headers: Headers) -> None:
        if not _is_loopback(scope) or any(name in headers for name in PROXIED):
            raise Refused(
                403, "without API keys only local requests are accepted: set C360_API_KEYS to admit others"
            )
        _check_host(headers)
        _check_origin(scope, headers, self.origins)


class LocalToken:
    "The token of a server without keys, for everything but reading"

    def __init__(self, store: Path):
        try:
            self.value = local_token(store)
        except OSError as error:  # such as a disk that is read-only: valid for this process alone
            log.warning("the token could not be written", exc_info=error)
            self.value = secrets.token_urlsafe(24)
        self._bytes = self.value.encode()

    def is_it(self, given: str) -> bool:
        "Return whether this token was given, in constant time"
        return hmac.compare_digest(self._bytes, given.encode("utf-8", "replace"))


def check_customers(
    request: Request,
    customers: set[str],  # of the request's body; an empty id is a visitor
) -> None:
    "Raise 403 if the caller holds a token for one customer and the request is about another"
    own = request.scope["caller"].customer
    if own and customers - {own, ""}:
        raise HTTPException(403, f"{NOT_YOURS}: it names another customer")


def check_owner(
    request: Request,
    customer: str,  # whom the answer is about; empty: a visitor
    current_id: Callable[[str], str],  # of a customer: another one after a merge
) -> None:
    "Raise 403 if the caller holds a token for one customer and the answer is about somebody else"
    own = request.scope["caller"].customer
    if own and customer not in (own, current_id(own)):
        raise HTTPException(403, f"{NOT_YOURS}: it is about somebody else")


def _check_own(found: Matched, own: str, scope: Scope) -> None:
    how, asked = found.access.customer, [own]
    if how == "refused":
        raise Refused(403, NOT_YOURS)
    if how == "path":
        asked = [found.params["customer"].replace("\x1f", "/")]
    elif how in ("query", "optional query"):
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        asked = query.get("customer", [""] if how == "query" else [own])
        asked = [one or own for one in asked] if how == "optional query" else asked
    if any(one != own for one in asked):
        query_only = how == "query" and asked == [""]
        raise Refused(
            403, f"{NOT_YOURS}: " + ("add `?customer=`" if query_only else "it names another customer")
        )


def announce(settings: APISettings) -> None:
    "Say at the start what is let in, and how to get in"
    for key in settings.keys:
        if key.name.startswith("unnamed-"):
            log.warning(
                f"a key of C360_API_KEYS has no name: it keeps the role {key.role} and is called {key.name}; "
                "create a new one with `python -m api.keys ROLE NAME`"
            )
    if not (settings.keys or settings.public_demo or settings.trust_loopback):
        log.warning(
            "no API keys: programs of this machine may read; for the rest they need the token: open the page "
            f"with ?token={local_token(folder('store'))} at the end of its address"
        )


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


def network_of(
    host: str,  # an address
) -> str:
    "Return the rate-limit key: the IPv4 address or the IPv6 /64 network"
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _network(scope: Scope) -> str:
    return network_of((scope.get("client") or ("",))[0])


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
