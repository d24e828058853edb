"Access: the role that each route requires, and what a customer's own token may do there"

from functools import cache
from re import Pattern
from typing import Literal, NamedTuple

from starlette.routing import compile_path

Role = Literal["read", "feedback", "write", "admin", "metrics"]
Need = Literal["nobody", "anybody", "read", "feedback", "write", "admin", "metrics"]
Own = Literal["refused", "allowed", "path", "query", "optional query", "checked by the route"]
LADDER: tuple[Role, ...] = ("read", "feedback", "write", "admin")  # each may do what those before it may
ROLES: tuple[Role, ...] = (*LADDER, "metrics")
ROOT = "/api/v1"


class Access(NamedTuple):
    "The role that a route requires, and how a customer's own token is held to that customer"

    role: Need
    customer: Own = "refused"


CATALOGUE = Access("read", "allowed")  # says nothing about anybody
OPEN = Access("nobody", "allowed")
RULES: dict[str, Access] = {
    "GET /": OPEN,
    "GET /docs": OPEN,  # so that one can log in there
    "GET /docs/oauth2-redirect": OPEN,
    "GET /docs/files/{path:path}": OPEN,
    "GET /openapi.json": OPEN,
    "GET /health/live": OPEN,
    "GET /health/ready": OPEN,
    "GET /metrics": Access("metrics"),
    **{
        f"{method} {ROOT}{path}": access
        for method, path, access in (
            ("GET", "/whoami", Access("anybody", "allowed")),
            ("GET", "/overview", Access("read")),
            ("GET", "/customers", Access("read")),
            ("GET", "/customers/{customer}", Access("read", "path")),
            ("PUT", "/customers/{customer}", Access("write", "path")),
            ("PATCH", "/customers/{customer}", Access("write", "path")),
            ("DELETE", "/customers/{customer}", Access("admin")),
            ("GET", "/customers/{customer}/export", Access("admin", "path")),
            ("POST", "/customers/{customer}/merge", Access("write")),
            ("DELETE", "/customers/{customer}/merge", Access("write")),
            ("GET", "/customers/{customer}/recommendations", Access("read", "path")),
            ("POST", "/recommendations", Access("read", "checked by the route")),
            ("GET", "/recommendations/{recommendation}", Access("read", "checked by the route")),
            ("GET", "/recommendations/{recommendation}/next", Access("read", "checked by the route")),
            ("POST", "/predictions", Access("read", "checked by the route")),
            ("GET", "/items", CATALOGUE),
            ("GET", "/items/{item}", CATALOGUE),
            ("PUT", "/items/{item}", Access("write")),
            ("PATCH", "/items/{item}", Access("write")),
            ("DELETE", "/items/{item}", Access("write")),
            ("GET", "/items/{item}/similar", Access("read", "optional query")),
            ("GET", "/items/{item}/customers", Access("read")),
            ("GET", "/search", Access("read", "optional query")),
            ("GET", "/popular", CATALOGUE),
            ("GET", "/latest", CATALOGUE),
            ("POST", "/feedback", Access("feedback", "checked by the route")),
            ("GET", "/feedback", Access("read", "query")),
            ("DELETE", "/feedback/{event_id}", Access("write")),
            ("GET", "/feedback/stream", Access("read")),
            ("GET", "/bulk/items", Access("write")),
            ("GET", "/bulk/customers", Access("admin")),
            ("GET", "/bulk/events", Access("admin")),
            ("POST", "/bulk/items", Access("write")),
            ("POST", "/bulk/customers", Access("write")),
            ("GET", "/models", Access("read")),
            ("GET", "/models/online-agreement", Access("read")),
            ("GET", "/models/{key}", Access("read")),
            ("GET", "/models/{key}/training", Access("read")),
            ("POST", "/models/{key}/rollback", Access("admin")),
            ("POST", "/models/{key}/activate", Access("admin")),
            ("GET", "/comparisons", Access("read")),
            ("GET", "/findings", Access("read")),
            ("GET", "/retrain", Access("read")),
            ("POST", "/retrain", Access("admin")),
            ("GET", "/experiments", Access("read")),
            ("PUT", "/experiments", Access("admin")),
            ("DELETE", "/experiments", Access("admin")),
            ("GET", "/experiments/offpolicy", Access("read")),
            ("GET", "/rules", Access("read")),
            ("PUT", "/rules", Access("admin")),
        )
    },
}
BULK = frozenset({f"POST {ROOT}/bulk/items", f"POST {ROOT}/bulk/customers"})  # with limits of their own
UNKNOWN = Access("anybody", "allowed")  # no such route: who has a key is told so, and nothing is run


class Matched(NamedTuple):
    "The rule of a request: its route, what it requires, and the parameters of its path"

    operation: str  # such as `GET /api/v1/items/{item}`; empty: no such route, or not with this method
    access: Access
    params: dict[str, str]
    known: bool = True  # whether there is a route at this path


def permits(
    role: str,
    need: Need,
) -> bool:
    "Return whether a caller with this role may do what requires that one"
    if need in ("nobody", "anybody"):
        return True
    if need == "metrics":
        return role in ("metrics", "admin")
    return role in LADDER and LADDER.index(role) >= LADDER.index(need)


def match(
    method: str,
    path: str,  # without the root path
) -> Matched:
    "Return the rule of a request. Another method on the path of a route requires the least that its own do"
    method = "GET" if method == "HEAD" else method
    for regex, methods in _compiled():
        if found := regex.match(path):
            template = methods.get(method) or min(methods.values(), key=lambda one: _height(RULES[one].role))
            access = RULES[template] if method in methods else Access(RULES[template].role)
            return Matched(template if method in methods else "", access, found.groupdict())
    return Matched("", UNKNOWN, {}, known=False)


def _height(need: Need) -> int:
    order: tuple[Need, ...] = ("nobody", "anybody", *LADDER, "metrics")
    return order.index(need)


@cache
def _compiled() -> list[tuple[Pattern[str], dict[str, str]]]:
    "Return the paths as the router reads them, those with the fewest parameters first"
    paths: dict[str, dict[str, str]] = {}
    for rule in RULES:
        method, _, path = rule.partition(" ")
        paths.setdefault(path, {})[method] = rule
    ordered = sorted(paths, key=lambda path: (path.count("{"), -len(path)))
    return [(compile_path(path)[0], paths[path]) for path in ordered]
