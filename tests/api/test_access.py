"Who may do what: every route of the application, each role, and a token for one customer on its own and another's data"

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from browsing import NODE
from command import c360, well
from server import ROOT, Server, operations

from api.access import LADDER, ROLES, RULES, match, permits
from api.keys import new_key
from api.main import create_app
from api.settings import APISettings
from customer360.serving.access_tokens import customer_token

SECRET = "a secret that the shop's server and the API share"
KEYS = {role: new_key(role, f"the-{role}") for role in ROLES}
ENTRIES = ",".join(entry for _, entry in KEYS.values())

# What each role may do beyond those before it, by operation id: written by hand, as a second opinion
NEEDS = {
    "nobody": {"is_alive", "is_ready"},
    "anybody": {"who_am_i"},
    "read": {
        "get_overview", "list_customers", "get_customer", "recommend_to_customer", "recommend", "explain_recommendation", "recommend_next", "predict_ratings", "list_items",
        "get_item", "similar_items", "list_customers_of_item", "search_items", "popular_items", "latest_items", "list_feedback", "stream_feedback", "list_models",
        "get_model", "get_training", "get_online_agreement", "list_comparisons", "get_findings", "get_retraining", "get_experiment", "get_rules", "get_off_policy",
    },
    "feedback": {"give_feedback"},
    "write": {"put_customer", "patch_customer", "merge_customer", "separate_customer", "retract_feedback", "put_items", "put_customers", "export_items", "put_item", "patch_item", "withdraw_item"},
    "admin": {
        "export_customer", "export_customers", "export_events", "erase_customer", "rollback_model", "activate_model", "start_retraining", "put_experiment", "end_experiment",
        "put_rules",
    },
    "metrics": {"metrics"},
}  # fmt: skip
# What a token for one customer may call: for that customer, or where nobody is concerned
OWN = {
    "get_customer", "put_customer", "patch_customer", "export_customer", "recommend_to_customer", "recommend", "explain_recommendation", "recommend_next", "predict_ratings", "give_feedback", "list_feedback",
    "search_items",
}  # fmt: skip
FOR_ALL = {
    "list_items", "get_item", "similar_items", "popular_items", "latest_items", "who_am_i", "is_alive", "is_ready",
}  # fmt: skip


def test_each_route_of_the_application_has_one_rule():
    app = create_app(APISettings())
    described = {f"{method.upper()} {path}" for path, one in app.openapi()["paths"].items() for method in one}
    others = {route.path for route in app.routes if getattr(route, "path", None)}
    undescribed = {f"GET {path}" for path in others} - {"GET /docs/files"} | {"GET /docs/files/{path:path}"}
    assert set(RULES) == described | undescribed, "add the new route to `RULES` in api/access.py"
    for rule in RULES:
        method, _, path = rule.partition(" ")
        assert match(method, re.sub(r"\{.*?\}", "x", path)).operation == rule


def test_each_operation_needs_the_role_that_is_expected():
    expected = {name: role for role, names in NEEDS.items() for name in names}
    told = {described["operationId"]: described["x-role"] for _, _, described in operations()}
    assert told == expected, (
        "add the new route to `NEEDS`, and to `OWN` or `FOR_ALL` if customers may call it"
    )


def test_roles_are_a_ladder_with_the_metrics_beside_it():
    for place, role in enumerate(LADDER):
        assert [permits(role, need) for need in LADDER] == [at <= place for at in range(len(LADDER))]
    assert [need for need in (*LADDER, "metrics") if permits("metrics", need)] == ["metrics"]
    assert [role for role in ROLES if permits(role, "metrics")] == ["admin", "metrics"]


def test_each_route_with_each_role():
    "To an app that was never started: it answers 503 to whom it lets in"
    app = create_app(APISettings(api_keys=ENTRIES))
    allowed = {"nobody": [None, *ROLES], "anybody": ROLES, "metrics": ("admin", "metrics")}

    async def all_of_them() -> list[tuple]:
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return [
                (described, role, await client.request(method, re.sub(r"\{\w+\}", "x", path), headers=bearer, json={} if method in ("POST", "PUT", "PATCH") else None))
                for method, path, described in operations()
                for role in (None, *ROLES)
                for bearer in [{"Authorization": f"Bearer {KEYS[role][0]}"} if role else {}]
            ]  # fmt: skip

    for described, role, answer in asyncio.run(all_of_them()):
        need, where = described["x-role"], (described["operationId"], role, answer.text)
        if role in allowed.get(need, LADDER[LADDER.index(need) :] if need in LADDER else ()):
            assert answer.status_code in (200, 422, 503), where
        else:
            assert answer.status_code == (403 if role else 401), where
            assert not role or f"the key 'the-{role}' has the role {role}" in answer.json()["detail"], where


# --- a token for one customer


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(
        tmp_path_factory.mktemp("shop"),
        C360_API_KEYS=ENTRIES,
        C360_TOKEN_SECRETS=f"{SECRET}, another one while the secrets are being changed",
        C360_MODELS="popularity",
        C360_DEMO_RATE=100_000,
        C360_DEMO_FEEDBACK_RATE=100_000,
    ) as server:
        server.client.headers["Authorization"] = f"Bearer {KEYS['admin'][0]}"
        yield server


@pytest.fixture(scope="module")
def pair(shop) -> tuple[str, str]:
    return tuple(shop.customers(2))


def bearer(customer: str, secret: str = SECRET, hours: float = 1) -> dict[str, str]:
    return {"Authorization": f"Bearer {customer_token(customer, secret, hours)}"}


def request_about(shop: Server, method: str, path: str, described: dict, customer: str) -> dict:
    "Return the arguments of a request that is about a customer"
    item = shop.items(1)[0]
    given = {"customer": customer, "item": item, "key": "popularity", "event_id": "none"}
    if "{recommendation}" in path:
        given["recommendation"] = shop.get(f"customers/{customer}/recommendations")["recommendation_id"]
    bodies = {
        "recommend": {"requests": [{}, {"customer": customer}]},
        "predict_ratings": {"pairs": [{"customer": customer, "item": item}], "model": "popularity"},
        "give_feedback": {"events": [{"customer": customer, "item": item, "event": "view"}]},
        "put_customer": {"attributes": {"country": "France"}},
        "patch_customer": {"attributes": {"country": "Spain"}},
        "merge_customer": {"into": customer},
    }
    queries = {"list_feedback": {"customer": customer}, "search_items": {"q": "tent", "customer": customer}}
    name = described["operationId"]
    body = bodies.get(name, {} if "requestBody" in described else None)
    return {"method": method, "url": path.format(**given), "json": body, "params": queries.get(name)}


def test_a_token_on_its_own_customer_and_on_another_one(shop, pair):
    own, other = pair
    for method, path, described in operations():
        name = described["operationId"]
        mine, theirs = (
            shop.client.request(**request_about(shop, method, path, described, customer), headers=bearer(own))
            for customer in (own, other)
        )
        said = (name, mine.text[:300], theirs.text[:300])
        if name in OWN:
            let_in = mine.is_success or (name, mine.status_code) == (
                "search_items",
                503,
            )  # no model for texts here
            assert let_in and theirs.status_code == 403 and own not in theirs.text, said
            assert "another customer" in theirs.text or "somebody else" in theirs.text, said
        elif name in FOR_ALL:
            assert mine.is_success and theirs.is_success, said
        else:
            assert (mine.status_code, theirs.status_code) == (403, 403), said
    assert described["x-customer-token"] in ("refused", "allowed")


def test_a_body_that_also_names_another_customer_is_refused_whole(shop, pair):
    own, other = pair
    item = shop.items(1)[0]
    before = len(shop.get("feedback", limit=1000)["events"])
    events = [{"customer": one, "item": item, "event": "like"} for one in (own, other)]
    assert (
        shop.client.post("/api/v1/feedback", json={"events": events}, headers=bearer(own)).status_code == 403
    )
    assert len(shop.get("feedback", limit=1000)["events"]) == before
    for path, body in (
        ("recommendations", {"requests": [{"customer": own}, {"customer": other}]}),
        ("predictions", {"pairs": [{"customer": one, "item": item} for one in (own, other)]}),
    ):
        assert shop.client.post(f"/api/v1/{path}", json=body, headers=bearer(own)).status_code == 403


def test_similar_items_are_open_but_not_for_another_customer(shop, pair):
    path = f"/api/v1/items/{shop.items(1)[0]}/similar"
    own, other = pair
    for query, status in (({}, 200), ({"customer": own}, 200), ({"customer": other}, 403)):
        assert shop.client.get(path, params=query, headers=bearer(own)).status_code == status


@pytest.mark.parametrize(
    "query",
    ["", "?customer=", "?customer=OWN&customer=OTHER", "?customer=OTHER&customer=OWN", "?customer=OTHER%00", "?Customer=OWN", "?customer=%20OWN"],
)  # fmt: skip
def test_no_query_goes_around_the_token(shop, pair, query):
    query = query.replace("OWN", pair[0]).replace("OTHER", pair[1])
    answer = shop.client.get(f"/api/v1/feedback{query}", headers=bearer(pair[0]))
    assert answer.status_code == 403 and "events" not in answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "OWN%2F..%2FOTHER",
        "OWN/../OTHER",
        "OTHER/",
        "OTHER%0A",
        "OWN%0A",
        "%4fTHER",
        "./OTHER",
        "OTHER%2Fexport",
    ],
)
def test_no_path_goes_around_the_token(shop, pair, path):  # fmt: skip
    import socket

    path = path.replace("OWN", pair[0]).replace("OTHER", pair[1])
    token = customer_token(pair[0], SECRET)
    with socket.create_connection(
        ("127.0.0.1", shop.port), timeout=10
    ) as wire:  # httpx would tidy the path up
        wire.sendall(
            f"GET /api/v1/customers/{path} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        told = b"".join(iter(lambda: wire.recv(65536), b""))
    assert told.split()[1] in (b"403", b"404"), told[:500]


def test_tokens_that_are_refused(shop, pair):
    own = pair[0]
    url = f"/api/v1/customers/{own}"
    assert shop.client.get(url, headers=bearer(own)).status_code == 200
    second = bearer(own, "another one while the secrets are being changed")
    assert shop.client.get(url, headers=second).status_code == 200
    stranger = shop.client.get(url, headers=bearer(own, "a secret of somebody else, as long as ours"))
    assert stranger.status_code == 401 and "signature" in stranger.json()["detail"]
    ended = shop.client.get(url, headers=bearer(own, hours=1e-9))
    assert ended.status_code == 401 and "ended" in ended.json()["detail"]
    told = shop.client.get("/api/v1/whoami", headers=bearer(own)).json()
    assert (told["role"], told["name"], told["customer"]) == ("feedback", "customer token", own)


@pytest.mark.parametrize(
    "claims", [{"exp": "1790000000"}, {"exp": "soon"}, {"exp": 1e400}, {"sub": "\ud800"}, {"sub": 7}]
)
def test_odd_tokens_of_the_shop_itself_are_named(shop, claims):
    "A server in another language may sign what is not quite right: that is its fault, and told"
    signed = {"sub": "c0001", "aud": "customer360", "exp": int(time.time()) + 60} | claims
    headers = {"Authorization": f"Bearer {jwt.encode(signed, SECRET, 'HS256')}"}
    answer = shop.client.get("/api/v1/whoami", headers=headers)
    assert answer.status_code == 401 and re.search("token|exp", answer.json()["detail"])


def test_a_token_for_an_id_that_was_merged_is_one_for_the_customer(shop):
    "It reads and continues the lists that were made before and after the merge"
    visitor, customer = (f"{name}-{time.time_ns()}" for name in ("visitor", "customer"))
    for one in (visitor, customer):
        shop.give({"customer": one, "item": shop.items(1)[0], "event": "view"})
    path = f"/api/v1/customers/{visitor}/recommendations"
    before = shop.client.get(path, headers=bearer(visitor)).json()["recommendation_id"]
    shop.send("POST", f"customers/{visitor}/merge", {"into": customer})
    after = shop.client.get(path, headers=bearer(visitor)).json()["recommendation_id"]
    for made in (before, after):
        for own in (visitor, customer):
            found = shop.client.get(f"/api/v1/recommendations/{made}/next", headers=bearer(own))
            assert found.status_code == 200, found.text
        strange = shop.client.get(f"/api/v1/recommendations/{made}", headers=bearer("somebody"))
        assert strange.status_code == 403


def test_a_token_adds_no_items(tmp_path):
    "Whatever the setting says: a browser would fill the catalogue"
    settings = {"C360_API_KEYS": ENTRIES, "C360_TOKEN_SECRETS": SECRET, "C360_MODELS": "popularity"}
    with Server(tmp_path, C360_ACCEPT_UNKNOWN_ITEMS="1", **settings) as server:
        event = {"customer": "c0001", "item": "made up", "event": "view"}
        known = event | {"item": "p0001"}

        def give(headers: dict, query: str = "") -> httpx.Response:
            body = {"events": [known, event]}
            return server.client.post(f"/api/v1/feedback{query}", json=body, headers=headers)

        refused = give(bearer("c0001"))
        assert refused.status_code == 422 and refused.json()["field"] == "events.1.item"
        results = give(bearer("c0001"), "?partial=true").json()["results"]
        assert [one["status"] for one in results] == [200, 422]
        assert give({"Authorization": f"Bearer {KEYS['feedback'][0]}"}).status_code == 200


def test_an_id_with_a_slash_or_letters_of_any_script(shop):
    for customer in ("a/b", "Zoë Ω", "100%"):
        shop.client.put(
            f"/api/v1/customers/{httpx.URL('http://x').copy_with(path='/' + customer).raw_path[1:].decode().replace('/', '%2F')}",
            json={"attributes": {}},
        )
        mine = {"events": [{"customer": customer, "item": shop.items(1)[0], "event": "view"}]}
        assert shop.client.post("/api/v1/feedback", json=mine, headers=bearer(customer)).status_code == 200
        quoted = "".join(f"%{byte:02X}" for byte in customer.encode())
        assert shop.client.get(f"/api/v1/customers/{quoted}", headers=bearer(customer)).status_code == 200
        assert shop.client.get(f"/api/v1/customers/{quoted}", headers=bearer("a")).status_code == 403


def test_the_command_makes_a_token(shop, pair, tmp_path):
    token = well(c360(tmp_path, "token", pair[0], "--hours", "2", C360_TOKEN_SECRETS=SECRET)).stdout.strip()
    answer = shop.client.get("/api/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["customer"] == pair[0]
    without = c360(tmp_path, "token", pair[0])
    assert without.returncode == 1 and "set C360_TOKEN_SECRETS" in without.stderr
    short = c360(tmp_path, "token", pair[0], C360_TOKEN_SECRETS="short-one")
    assert (
        short.returncode != 0 and "openssl rand -hex 32" in short.stderr and "short-one" not in short.stderr
    )


GUIDE = (ROOT / "docs/service.md").read_text(encoding="utf-8")


def test_the_table_of_the_guide_says_what_the_rules_say():
    for role in ("feedback", "write", "admin", "metrics"):
        (row,) = re.findall(rf"(?m)^\| `{role}` \|.*$", GUIDE)
        told = set(re.findall(r"`([A-Z]+ /[^`]*)`", row))
        rules = {rule.replace("/api/v1", "") for rule, access in RULES.items() if access.role == role}
        assert told == rules, role


def test_the_recipe_of_the_guide_makes_a_token(shop, pair):
    node = shutil.which("node", path=NODE["PATH"])
    if node is None:
        pytest.skip("no Node: install your system's")
    (recipe,) = re.findall(r"(?s)```js\n(.*?)```", GUIDE)
    recipe += f"process.stdout.write(customerToken({json.dumps(pair[0])}, {json.dumps(SECRET)}, 1))"
    token = subprocess.run(
        [node, "-e", recipe], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    answer = shop.client.get("/api/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["customer"] == pair[0]


# --- what the log says


def test_the_audit_log_says_which_key_did_what(shop, pair):
    shop.send("PUT", "items/audited", {"title": "A kettle"}, status=201)
    as_writer = {"Authorization": f"Bearer {KEYS['write'][0]}"}
    assert shop.client.delete("/api/v1/items/audited", headers=as_writer).status_code == 204
    assert shop.client.put("/api/v1/rules", json={}, headers=as_writer).status_code == 403
    shop.client.put(f"/api/v1/customers/{pair[0]}", json={"attributes": {}}, headers=bearer(pair[0]))
    until = time.monotonic() + 30  # a line may follow its answer
    while True:
        lines = [json.loads(line) for line in shop.said().splitlines() if line.startswith("{")]
        told = [
            (line["by"], line["did"], line["of"], line["status"])
            for line in lines
            if line["logger"] == "c360.audit"
        ]
        if (told and told[-1][0] == "customer token") or time.monotonic() > until:
            break
    assert told[-4:] == [
        ("the-admin", "PUT /api/v1/items/{item}", {"item": "audited"}, 201),
        ("the-write", "DELETE /api/v1/items/{item}", {"item": "audited"}, 204),
        ("the-write", "PUT /api/v1/rules", {}, 403),
        ("customer token", "PUT /api/v1/customers/{customer}", {}, 200),
    ]
    requests = [line for line in lines if line["message"] == "request"]
    assert {"the-admin", "the-write", "customer token"} <= {line["key"] for line in requests}
    assert not [line for line in shop.said().splitlines() if SECRET in line or KEYS["admin"][0] in line]


def test_the_documentation_can_be_logged_into(shop):
    plain = {"Authorization": ""}
    page = shop.client.get("/docs", headers=plain)
    assert page.status_code == 200 and "openapi.json" in page.text
    spec = shop.client.get("/openapi.json", headers=plain).json()
    assert spec["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    secured = [one for methods in spec["paths"].values() for one in methods.values() if one["security"]]
    assert len(secured) == len(list(operations())) - 2 and all(
        {"bearer": []} in one["security"] for one in secured
    )
    assert shop.client.get("/docs/files/swagger-ui-bundle.js", headers=plain).status_code == 200
    assert shop.client.get("/api/v1/models", headers=plain).status_code == 401
