"The page beside the API: who gets it, under which addresses, and nothing but it"

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from server import Server

from api.keys import new_key
from api.main import create_app
from api.page import HEADERS
from api.settings import APISettings

KEY, ENTRY = new_key("feedback", "page")
INDEX = "<!doctype html><title>A page</title>" + "<p>of some length</p>" * 100
SCRIPT = "export const answer = 42;\n" * 100
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-encoding": "gzip, br"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets/app-1a2b.js").write_text(SCRIPT)
    (folder / "assets/packed-3c4d.js").write_text(SCRIPT)
    (folder / "assets/packed-3c4d.js.gz").write_bytes(gzip.compress(b"// packed before\n"))
    (folder / "assets/style-5e6f.css").write_text("body { margin: 0 }\n" * 100)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "docs").write_text("a file with the name of the API's")
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    return folder


def ask(
    path: str, settings: APISettings, peer: str = "127.0.0.1", method: str = "GET", **headers: str
) -> httpx.Response:
    "One request to an app that was never started: the API answers 503 to whom it lets in"
    return asyncio.run(several(settings, [path], peer, method, **headers))[0]


async def several(
    settings: APISettings, paths: list[str], peer: str = "127.0.0.1", method: str = "GET", **headers: str
) -> list[httpx.Response]:
    transport = httpx.ASGITransport(create_app(settings), client=(peer, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        return [
            await client.request(
                method,
                path,
                headers={"accept-encoding": "identity"}
                | {name.replace("_", "-"): value for name, value in headers.items()},
            )
            for path in paths
        ]


def test_each_address_of_the_page_is_its_index(dist):
    settings = APISettings(page=dist)
    for path in (
        "/",
        "/index.html",
        "/customers",
        "/customers/C0017",
        "/models?compare=knn",
        "/a/b%2Fc/d",
        "/apis",
        "/healthy",
    ):
        answer = ask(path, settings, **BROWSER)
        assert (
            answer.status_code == 200
            and answer.text == INDEX
            and answer.headers["content-type"].startswith("text/html")
        ), path
        assert answer.headers["cache-control"] == "no-cache" and answer.headers["etag"]
    assert ask("/", settings, accept="*/*").text == INDEX


def test_what_is_the_apis_stays_so(dist):
    settings = APISettings(page=dist)
    for path in (
        "/api/v1/customers/C0017",
        "/api/v1/nothing",
        "/api",
        "/health/live",
        "/health/nothing",
        "/metrics",
        "/docs",
        "/docs/nothing",
        "/openapi.json",
    ):
        for headers in (BROWSER, {"accept": "application/json"}):
            answer = ask(path, settings, **headers)
            assert (
                "A page" not in answer.text
                and "a file with the name" not in answer.text
                and "content-security-policy" not in answer.headers
            ), path
    assert (
        ask("/api/v1/nothing", settings, **BROWSER).status_code == 404
        and ask("/api/v1/models", settings, **BROWSER).status_code == 503
    )
    assert ask("/customers/C0017", settings, accept="application/json").status_code == 404, (
        "not for a program"
    )
    for method in ("POST", "PUT", "DELETE"):
        assert ask("/customers/C0017", settings, method=method, **BROWSER).status_code in (404, 405)
    head = ask("/customers/C0017", settings, method="HEAD", **BROWSER)
    assert (
        head.status_code == 200 and not head.content and head.headers["content-type"].startswith("text/html")
    )


def test_files_and_how_long_they_last(dist):
    settings = APISettings(page=dist)
    for path, kind, lasting in (
        ("/assets/app-1a2b.js", "text/javascript", True), ("/assets/style-5e6f.css", "text/css", True), ("/favicon.svg", "image/svg+xml", False), ("/", "text/html", False),
    ):  # fmt: skip
        answer = ask(path, settings, accept="*/*")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind), path
        assert answer.headers["cache-control"] == (
            "public, max-age=31536000, immutable" if lasting else "no-cache"
        )
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        again = ask(path, settings, accept="*/*", if_none_match=answer.headers["etag"])
        assert (
            again.status_code == 304
            and not again.content
            and {name: again.headers[name] for name in HEADERS} == HEADERS
        )
    assert ask("/assets/app-1a2b.js", settings).text == SCRIPT
    missing = ask("/assets/gone-9z9z.js", settings, **BROWSER)
    assert missing.status_code == 404 and missing.json()["detail"], (
        "a script of an earlier build is not the index"
    )
    policy = ask("/", settings).headers["content-security-policy"]
    assert (
        "default-src 'self'" in policy
        and "frame-ancestors 'none'" in policy
        and "script-src" not in policy
        and policy.count("'unsafe-inline'") == 1
    )


def raw(settings: APISettings, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    "As a server hands a path over that no client would send; the body as it goes over the wire"
    sent: list[dict] = []

    async def once() -> None:
        asked = iter([{"type": "http.request", "body": b""}])

        async def receive() -> dict:
            return next(asked, None) or await asyncio.Event().wait()  # nobody hangs up

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http", "query_string": b"", "path": path,
            "raw_path": path.encode("utf-8", "surrogatepass"), "root_path": "", "client": ("127.0.0.1", 5), "server": ("localhost", 80),
            "headers": [(b"host", b"localhost"), *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())],
        }  # fmt: skip
        await create_app(settings)(scope, receive, send)

    asyncio.run(once())
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent)


def test_it_is_packed_for_who_can_unpack(dist):
    settings = APISettings(page=dist)
    for path, content in (
        ("/", INDEX),
        ("/assets/app-1a2b.js", SCRIPT),
        ("/assets/packed-3c4d.js", "// packed before\n"),
    ):
        status, headers, body = raw(settings, path, accept_encoding="gzip, deflate")
        assert (
            status == 200
            and headers["content-encoding"] == "gzip"
            and "Accept-Encoding" in headers["vary"]
            and len(body) < len(content) + 30
        ), path
        assert gzip.decompress(body).decode() == content and (
            headers["content-type"].startswith("text/html")
            if path == "/"
            else headers["content-type"].startswith("text/javascript")
        )
        assert int(headers.get("content-length", len(body))) == len(body)
    status, headers, body = raw(settings, "/assets/packed-3c4d.js")
    assert (
        status == 200
        and "content-encoding" not in headers
        and body.decode() == SCRIPT
        and "Accept-Encoding" in headers["vary"]
    )
    status, headers, body = raw(settings, "/assets/app-1a2b.js", accept_encoding="gzip", range="bytes=7-11")
    assert status == 206 and body == b"const" and "content-encoding" not in headers
    status, headers, _ = raw(settings, "/health/live", accept_encoding="gzip")
    assert status == 200 and "content-encoding" not in headers


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/assets/../../secret.txt", "//../secret.txt", "/..\\secret.txt", "/assets/..\\..\\secret.txt", "/link.txt", "/./../secret.txt", "/%2e%2e/secret.txt",
    "/\0", "/a\0b", "/" + "x" * 5000, "/\udcff", "/dist", "/assets", "/assets/", "//etc/passwd", "/etc/passwd",
])  # fmt: skip
def test_no_path_leads_out_of_the_folder(dist, path):
    for accept in ("*/*", "text/html"):
        status, _, body = raw(APISettings(page=dist), path, accept=accept)
        assert b"secret" not in body and b"root:" not in body
        assert status in (404, 422) if accept == "*/*" else (status == 404 or body.decode() == INDEX), path
    absolute = f"/{dist.parent}/secret.txt"
    assert raw(APISettings(page=dist), absolute, accept="*/*")[0] == 404


def test_the_page_needs_no_key_and_the_api_behind_it_does(dist):
    keyed = APISettings(page=dist, api_keys=ENTRY)
    for path in ("/", "/customers/C0017", "/assets/app-1a2b.js", "/favicon.svg"):
        assert ask(path, keyed, "203.0.113.7", **BROWSER).status_code == 200, path
    for path in ("/api/v1/models", "/api/v1/whoami", "/metrics", "/nothing"):
        assert ask(path, keyed, "203.0.113.7", accept="application/json").status_code == 401, path
    assert ask("/api/v1/whoami", keyed, "203.0.113.7", authorization=f"Bearer {KEY}").json() == {
        "role": "feedback",
        "name": "page",
        "customer": "",
        "keys": True,
        "public_demo": False,
    }
    assert ask("/", APISettings(page=dist, public_demo=True), "203.0.113.7", **BROWSER).text == INDEX


def test_without_keys_this_machine_alone_gets_the_page_too(dist):
    settings = APISettings(page=dist)
    assert ask("/", settings, "203.0.113.7", **BROWSER).status_code == 403
    assert ask("/", settings, **BROWSER, host="evil.example").status_code == 403
    assert ask("/", settings, **BROWSER, x_forwarded_for="127.0.0.1").status_code == 403


@pytest.mark.parametrize(
    "settings, peer",
    [({"public_demo": True, "demo_rate": 6}, "203.0.113.7"), ({"rate": 6}, "127.0.0.1")],
    ids=["a stranger", "this machine"],
)
def test_files_of_the_page_are_not_counted(dist, settings, peer):
    paths = ["/", "/assets/app-1a2b.js", "/customers/C0017", "/assets/gone.js"] * 5
    told = asyncio.run(
        several(
            APISettings(page=dist, **settings), [*paths, "/api/v1/whoami", "/api/v1/whoami"], peer, **BROWSER
        )
    )
    assert [answer.status_code for answer in told] == [200, 200, 200, 404] * 5 + [200, 429], "the API is"


def test_without_a_page_the_way_leads_to_the_documentation(tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        answer = ask("/", APISettings(page=folder), **BROWSER)
        assert answer.status_code == 307 and answer.headers["location"] == "/docs"
        assert ask("/customers/C0017", APISettings(page=folder), **BROWSER).status_code == 404


def test_a_server_with_a_page(small, dist):
    with small(C360_MODELS="popularity", C360_PAGE=dist) as server:
        assert (
            server.client.get("/customers/anybody", headers=BROWSER).text == INDEX
            and server.get("models")["models"]
        )
        script = server.client.get("/assets/packed-3c4d.js", headers=BROWSER)
        assert (
            script.text == "// packed before\n"
            and script.headers["content-encoding"] == "gzip"
            and script.headers["x-request-id"]
        )
        routes(server)
        assert "anybody" not in server.said() and "packed" not in server.said()


def routes(server: Server) -> None:
    "Its files are one route to who counts requests"
    text = server.client.get("/metrics").text
    assert 'route="page"' in text and "assets" not in text and "/customers/anybody" not in text
