"Who is let in: roles, this machine alone, the public demo, and pages elsewhere"

import asyncio
import hashlib
import re
import socket
import subprocess
import sys

import httpx
import pytest
from command import environment
from pydantic import ValidationError
from server import ROOT, SPEC, operations

from api.keys import new_key
from api.limits import TokenBucket
from api.main import create_app
from api.settings import APISettings

WRITE, WRITE_ENTRY = new_key("write")
ADMIN, ADMIN_ENTRY = new_key("admin")
KEYS = f"{WRITE_ENTRY},{ADMIN_ENTRY}"

# What the role `write` may do; whatever is not here needs `admin`
WRITERS = {
    "list_customers", "get_customer", "recommend_to_customer", "recommend", "explain_recommendation", "predict_ratings", "list_items", "get_item",
    "similar_items", "search_items", "popular_items", "latest_items", "give_feedback", "list_feedback", "list_models", "get_model", "get_overview", "who_am_i",
    "list_customers_of_item", "get_training", "list_comparisons", "stream_feedback", "get_retraining", "get_online_agreement", "get_off_policy",
}  # fmt: skip
OPEN = {"is_alive", "is_ready"}


def ask(
    method: str,
    path: str,
    peer: str | None = "203.0.113.7",
    settings: APISettings | None = None,
    **headers: str,
) -> httpx.Response:
    "One request from an address, to an app that was never started: it answers 503 to whom it lets in"

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(
            create_app(settings or APISettings()), client=(peer, 1234) if peer else None
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.request(
                method, path, headers=headers, json={} if method in ("POST", "PUT") else None
            )

    return asyncio.run(once())


LET_IN = {200, 307, 409, 415, 422, 503}


def test_roles_of_every_route():
    for _, _, described in operations():
        name = described["operationId"]
        assert described["x-role"] == (
            "nobody" if name in OPEN else "write" if name in WRITERS else "admin"
        ), name


@pytest.mark.parametrize(
    "method, path, described",
    list(operations()),
    ids=lambda part: part["operationId"] if isinstance(part, dict) else None,
)
def test_each_route_with_each_key(method, path, described):
    settings, path, name = APISettings(api_keys=KEYS), re.sub(r"\{\w+\}", "x", path), described["operationId"]
    assert ask(method, path, settings=settings).status_code in (LET_IN if name in OPEN else {401})
    assert ask(method, path, "127.0.0.1", settings).status_code in (LET_IN if name in OPEN else {401}), (
        "with keys this machine needs one too"
    )
    assert ask(method, path, settings=settings, Authorization=f"Bearer {WRITE}").status_code in (
        LET_IN if name in WRITERS | OPEN else {403}
    )
    assert ask(method, path, settings=settings, Authorization=f"Bearer {ADMIN}").status_code in LET_IN
    assert ask(method, path, settings=settings, **{"X-API-Key": ADMIN}).status_code in LET_IN


@pytest.mark.parametrize("path", [
    "/docs", "/openapi.json", "/", "/nothing", "/api/v1/nothing", "/api/v1/customers/x/export", "/api/v1/customers//export", "/API/v1/customers",
    "/api/v1/customers/a%2Fb/export", "/api/v1/customers/x/export%0A", "/metrics%0A", "/api/v1/customers/%2e%2e/export", "/metrics/", "/api/v1/../metrics",
])  # fmt: skip
def test_no_path_goes_around_the_keys(path):
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"):
        assert ask(method, path, settings=APISettings(api_keys=KEYS, page="no/page")).status_code == 401
        if "export" in path or "metrics" in path:
            assert (
                ask(
                    method, path, settings=APISettings(api_keys=KEYS), Authorization=f"Bearer {WRITE}"
                ).status_code
                == 403
            )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Basic {ADMIN}",
        f"Bearer {ADMIN}x",
        "Bearer " + ADMIN_ENTRY.split(":")[1],
    ],
    ids=range(7),
)  # keys are new at each run
def test_a_wrong_key(header):
    answer = ask(
        "GET",
        "/api/v1/models",
        settings=APISettings(api_keys=KEYS),
        **({"Authorization": header} if header else {}),
    )
    assert (
        answer.status_code == 401
        and answer.headers["WWW-Authenticate"] == "Bearer"
        and "key" in answer.json()["detail"]
    )


def test_the_server_never_holds_a_key():
    assert ADMIN not in KEYS and f"admin:{hashlib.sha256(ADMIN.encode()).hexdigest()}" == ADMIN_ENTRY
    printed = subprocess.run(
        [sys.executable, "-m", "api.keys", "write"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    key, entry = re.search(r"(c360_\S+)", printed)[1], re.search(r"(write:\w{64})", printed)[1]
    assert entry == f"write:{hashlib.sha256(key.encode()).hexdigest()}"


@pytest.mark.parametrize(
    "keys", ["secret-key", "admin:secret-key", f"root:{'0' * 64}", f"{ADMIN_ENTRY},{ADMIN}"]
)
def test_keys_that_are_not_hashed_are_refused(keys):
    with pytest.raises(ValidationError, match=r"python -m api\.keys") as refused:
        APISettings(api_keys=keys)
    assert "secret-key" not in str(refused.value) and ADMIN not in str(refused.value)


def test_a_server_with_such_keys_does_not_start(tmp_path):
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", "0"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path, C360_API_KEYS="secret-key"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "python -m api.keys" in done.stderr and "secret-key" not in done.stderr


@pytest.mark.parametrize("peer, status", [
    ("127.0.0.1", 503), ("127.8.9.1", 503), ("::1", 503), ("::ffff:127.0.0.1", 503), ("192.168.1.5", 403), ("10.0.0.1", 403), ("203.0.113.7", 403), ("fe80::1%eth0", 403),
    ("::ffff:10.0.0.1", 403), ("localhost", 403), ("", 403), (None, 403),
])  # fmt: skip
def test_without_keys_this_machine_alone(peer, status):
    for path in ("/api/v1/models", "/health/ready", "/metrics", "/docs"):
        assert ask("GET", path, peer).status_code in ({status, 200} if status == 503 else {403})


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP"]
)
def test_without_keys_nobody_behind_a_proxy(name):
    answer = ask("GET", "/api/v1/models", "127.0.0.1", **{name: "127.0.0.1"})
    assert answer.status_code == 403 and "C360_API_KEYS" in answer.json()["detail"]


def test_bound_to_every_address_it_still_answers_this_machine_alone(small):
    server = small(C360_MODELS="popularity")
    server.host = "0.0.0.0"
    server.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it picks the address that strangers would see
            outside = probe.getsockname()[0]
        except OSError:
            outside = "127.0.0.1"
    assert server.get("models")
    if not outside.startswith("127."):
        for path in ("/api/v1/models", "/health/live", "/metrics"):
            answer = httpx.get(
                f"http://{outside}:{server.port}{path}",
                headers={"X-Forwarded-For": "127.0.0.1"},
                trust_env=False,
            )
            assert answer.status_code == 403 and "C360_API_KEYS" in answer.json()["detail"]


@pytest.mark.parametrize("host, status", [
    ("localhost:8000", 503), ("127.0.0.1", 503), ("[::1]:8000", 503), ("0.0.0.0:8000", 503), ("shop.localhost", 503), ("evil.example", 403), ("127.0.0.1.evil.example", 403),
    ("[::1", 403), ("", 403),
])  # fmt: skip
def test_another_name_for_this_machine(host, status):
    "A page elsewhere that gave its own name this machine's address"
    assert ask("GET", "/api/v1/models", "127.0.0.1", host=host).status_code == status


def test_pages_elsewhere():
    mine, evil = {"Origin": "http://localhost:5173"}, {"Origin": "https://evil.example"}
    assert ask("POST", "/api/v1/models/knn/rollback", "127.0.0.1", **mine).status_code == 503
    assert (
        ask("POST", "/api/v1/models/knn/rollback", "127.0.0.1", Origin="http://localhost:8000").status_code
        == 503
    ), "its own page"
    assert ask("POST", "/api/v1/models/knn/rollback", "127.0.0.1", **evil).status_code == 403
    assert ask("POST", "/api/v1/models/knn/rollback", "127.0.0.1", Origin="null").status_code == 403
    assert (
        ask("GET", "/api/v1/models", "127.0.0.1", **mine).headers["Access-Control-Allow-Origin"]
        == mine["Origin"]
    )
    assert "Access-Control-Allow-Origin" not in ask("GET", "/api/v1/models", "127.0.0.1", **evil).headers

    preflight = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
    assert ask("OPTIONS", "/api/v1/items/x", "127.0.0.1", **mine, **preflight).status_code == 200
    assert ask("OPTIONS", "/api/v1/items/x", "127.0.0.1", **evil, **preflight).status_code == 400
    keyed = APISettings(api_keys=KEYS)
    assert ask("OPTIONS", "/api/v1/items/x", settings=keyed, **mine, **preflight).status_code == 400, (
        "closed, once there are keys"
    )
    named = APISettings(api_keys=KEYS, cors_origins="https://shop.example, https://www.shop.example")
    assert (
        ask(
            "OPTIONS", "/api/v1/items/x", settings=named, Origin="https://www.shop.example", **preflight
        ).status_code
        == 200
    )
    assert (
        ask("GET", "/api/v1/models", settings=named, Origin="https://shop.example").headers[
            "Access-Control-Allow-Origin"
        ]
        == "https://shop.example"
    ), "401 is readable"


def test_a_public_demo(small):
    with small(
        C360_MODELS="popularity", C360_PUBLIC_DEMO=1, C360_API_KEYS=ADMIN_ENTRY, C360_DEMO_FEEDBACK_RATE=12
    ) as demo:
        customer, item = demo.customers(1)[0], demo.items(1)[0]
        assert demo.get(f"customers/{customer}/recommendations")["items"]
        assert demo.send("POST", "recommendations", {"requests": [{"history": [{"item": item}]}]})
        for method, path, described in operations():
            if described["x-role"] == "admin":
                assert demo.client.request(method, re.sub(r"\{\w+\}", "x", path)).status_code == 403, path
        assert demo.client.get("/metrics", headers={"Authorization": f"Bearer {ADMIN}"}).status_code == 200

        event = {"customer": customer, "item": item, "event": "view"}
        demo.give(event)
        demo.give(event)  # a burst of two is let through
        late = demo.client.post("/api/v1/feedback", json={"events": [event]})
        assert (
            late.status_code == 429
            and 1 <= int(late.headers["Retry-After"]) <= 5
            and "retry in" in late.json()["detail"]
        )
        keyed = demo.client.post(
            "/api/v1/feedback", json={"events": [event]}, headers={"Authorization": f"Bearer {ADMIN}"}
        )
        assert keyed.status_code == 200, "who has a key is not counted among the strangers"
        assert demo.get("models"), "reading goes on"
        assert len(demo.get("feedback")["events"]) == 3


def test_many_things_in_one_request_of_a_stranger_count_as_many(small):
    with small(
        C360_MODELS="popularity",
        C360_PUBLIC_DEMO=1,
        C360_API_KEYS=ADMIN_ENTRY,
        C360_DEMO_FEEDBACK_RATE=60,
        C360_DEMO_RATE=60,
    ) as demo:
        customer, item = demo.customers(1)[0], demo.items(1)[0]
        demo.give(*[{"customer": customer, "item": item, "event": "view"}] * 40)
        late = demo.client.post(
            "/api/v1/feedback", json={"events": [{"customer": customer, "item": item, "event": "view"}]}
        )
        assert late.status_code == 429 and 25 <= int(late.headers["Retry-After"]) <= 32
        demo.send("POST", "recommendations", {"requests": [{"history": [{"item": item}]}] * 30})
        late = demo.client.get("/api/v1/models")
        assert late.status_code == 429 and 15 <= int(late.headers["Retry-After"]) <= 32
        keyed = {"Authorization": f"Bearer {ADMIN}"}
        for _ in range(2):
            assert (
                demo.client.post(
                    "/api/v1/recommendations", json={"requests": [{}] * 30}, headers=keyed
                ).status_code
                == 200
            )


def test_what_is_wrong_inside_is_not_said_to_strangers(small, tmp_path):
    server = small(C360_MODELS="popularity", C360_API_KEYS=ADMIN_ENTRY, C360_PUBLIC_DEMO=1)
    blocked = tmp_path / "not-yet"
    blocked.write_text("a file where a folder should be")
    server.settings["C360_DATABASE_URL"] = f"sqlite:///{blocked}/store.sqlite"
    with server.start("/health/live"):
        told, keyed = (
            server.client.get("/health/ready"),
            server.client.get("/health/ready", headers={"Authorization": f"Bearer {ADMIN}"}),
        )
        assert (
            (told.status_code, keyed.status_code) == (503, 503)
            and "not-yet" in keyed.text
            and "not-yet" not in told.text
        )
        assert "log" in told.json()["do"] and "not-yet" not in server.client.get("/api/v1/popular").text
        assert (
            "not-yet"
            in server.client.get("/api/v1/popular", headers={"Authorization": f"Bearer {ADMIN}"}).text
            and "not-yet" in server.said()
        )


def test_a_rate_for_everybody():
    async def several() -> list[int]:
        app = create_app(APISettings(rate=12))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://localhost"
        ) as client:
            return [(await client.get("/health/live")).status_code for _ in range(4)]

    assert asyncio.run(several()) == [200, 200, 429, 429]


def test_the_public_demo_does_not_trust_this_machine():
    "A proxy on it speaks for strangers"
    open_to_all = APISettings(public_demo=True)
    assert ask("GET", "/api/v1/models", "127.0.0.1", open_to_all).status_code == 503
    assert ask("DELETE", "/api/v1/customers/x", "127.0.0.1", open_to_all).status_code == 403
    assert (
        ask("POST", "/api/v1/feedback", "127.0.0.1", open_to_all, Origin="https://evil.example").status_code
        == 403
    )


def test_who_am_i():
    keyed, both = APISettings(api_keys=KEYS), APISettings(api_keys=KEYS, public_demo=True)
    told = [
        ask("GET", "/api/v1/whoami", settings=keyed, Authorization=f"Bearer {WRITE}"), ask("GET", "/api/v1/whoami", settings=keyed, Authorization=f"Bearer {ADMIN}"),
        ask("GET", "/api/v1/whoami", "127.0.0.1"), ask("GET", "/api/v1/whoami", settings=both), ask("GET", "/api/v1/whoami", settings=both, **{"X-API-Key": ADMIN}),
    ]  # fmt: skip
    assert [answer.status_code for answer in told] == [200] * 5
    assert [tuple(answer.json().values()) for answer in told] == [
        ("write", True, False), ("admin", True, False), ("admin", False, False), ("write", True, True), ("admin", True, True),
    ]  # fmt: skip
    assert set(told[0].json()) == {"role", "keys", "public_demo"}
    assert (
        ask("GET", "/api/v1/whoami", settings=keyed).status_code == 401
        and ask("GET", "/api/v1/whoami").status_code == 403
    )


def test_security_is_described():
    assert set(SPEC["components"]["securitySchemes"]) == {"bearer", "key"}
    assert all(
        bool(described["security"]) == (described["operationId"] not in OPEN)
        for _, _, described in operations()
    )


def test_a_debt_is_given_once():
    bucket = TokenBucket(60)
    assert bucket.take("ada", 0) == 0 and bucket.charge("ada", 999, 0) == 0, (
        "one may ask for more than there is"
    )
    assert bucket.charge("ada", 1, 1) > 980 and bucket.take("ada", 1) > 980, (
        "and then waits, also for what was on its way"
    )
    assert bucket.take("eve", 1) == 0 and bucket.charge("ada", 1, 1000) == 0


def test_feedback_under_another_spelling_of_its_path_counts_as_feedback():
    async def two() -> list[int]:
        app = create_app(APISettings(public_demo=True, demo_feedback_rate=6))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("203.0.113.7", 1)), base_url="http://localhost"
        ) as client:
            return [
                (await client.post("/api/v1/feedback%0A", json={"events": []})).status_code for _ in range(2)
            ]

    first, second = asyncio.run(two())
    assert first != 429 and second == 429
