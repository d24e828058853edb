"Below a prefix, as `--root-path /recs` says: behind a proxy that strips it, and behind one that does not"

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from command import once
from server import Server, make_small_shop

from api.keys import new_key
from customer360.serving.access_tokens import customer_token

ROLES = ("read", "feedback", "write", "admin")
KEYS = {role: new_key(role, f"the-{role}") for role in ROLES}
SECRET = "a secret that the shop's server and the API share"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("below")
    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), home, dirs_exist_ok=True)
    entries = ",".join(entry for _, entry in KEYS.values())
    made = Server(
        home,
        C360_DATASET="small",
        C360_MODELS="popularity",
        C360_API_KEYS=entries,
        C360_TOKEN_SECRETS=SECRET,
    )
    made.options = ("--root-path", "/recs")
    with made.start():
        yield made


@contextmanager
def proxy(to: Server, strips: bool) -> Iterator[str]:
    "Run a proxy that serves `/recs`, and yield its address"
    upstream = httpx.Client(base_url=to.url, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            path = self.path.removeprefix("/recs") if strips else self.path
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = upstream.request(
                self.command, path, content=body, headers=headers | {"X-Forwarded-For": "203.0.113.7"}
            )
            self.send_response(answer.status_code)
            for name in ("Content-Type", "Location", "WWW-Authenticate"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = forward

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/recs"
    httpd.shutdown()
    httpd.server_close()
    upstream.close()


@pytest.mark.parametrize("strips", [True, False])
def test_roles_are_the_same_below_a_prefix(server, strips):
    with proxy(server, strips) as url, httpx.Client(base_url=url, trust_env=False) as client:

        def status(role: str | None, method: str, path: str, body: object = None) -> int:
            headers = {"Authorization": f"Bearer {KEYS[role][0]}"} if role else {}
            return client.request(method, path, json=body, headers=headers).status_code

        assert status(None, "GET", "/health/live") == status(None, "GET", "/health/ready") == 200
        assert status(None, "GET", "/api/v1/models") == 401 == status(None, "GET", "/metrics")
        assert status("read", "GET", "/api/v1/models") == 200 == status("admin", "GET", "/metrics")
        assert status("read", "GET", "/metrics") == 403
        customer = client.get("/api/v1/customers", headers={"X-API-Key": KEYS["read"][0]}).json()
        customer = customer["customers"][0]["id"]
        item = client.get("/api/v1/items", headers={"X-API-Key": KEYS["read"][0]}).json()["items"][0]["id"]
        given = {"events": [{"customer": customer, "item": item, "event": "view"}]}
        assert status("read", "POST", "/api/v1/feedback", given) == 403
        assert status("feedback", "POST", "/api/v1/feedback", given) == 200
        assert status("feedback", "PUT", "/api/v1/items/a%2Fb", {"title": "x"}) == 403
        assert status("write", "PUT", "/api/v1/items/a%2Fb", {"title": "x"}) in (200, 201)
        assert status("read", "GET", "/api/v1/items/a%2Fb") == 200
        assert status("write", "PUT", "/api/v1/rules", {}) == 403
        assert status("admin", "PUT", "/api/v1/rules", {}) == 200
        assert status("admin", "GET", "/recs/recs/api/v1/models") == 404
        assert status("admin", "GET", "/api/v1/nothing") == 404


@pytest.mark.parametrize("strips", [True, False])
def test_a_customers_token_below_a_prefix(server, strips):
    with proxy(server, strips) as url:
        own, other = [one["id"] for one in httpx.get(f"{url}/api/v1/customers?limit=2", headers={"X-API-Key": KEYS["read"][0]}, trust_env=False).json()["customers"]]  # fmt: skip
        headers = {"Authorization": f"Bearer {customer_token(own, SECRET)}"}
        told = [
            httpx.get(f"{url}/api/v1/customers/{one}", headers=headers, trust_env=False).status_code
            for one in (own, other)
        ]
        assert told == [200, 403]


@pytest.mark.parametrize("strips", [True, False])
def test_the_documentation_below_a_prefix(server, strips):
    with proxy(server, strips) as url, httpx.Client(base_url=url, trust_env=False) as client:
        page = client.get("/docs")
        assert page.status_code == 200 and "'/recs/openapi.json'" in page.text.replace('"', "'")
        assert '"/recs/docs/files/swagger-ui-bundle.js"' in page.text
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/recs"}]
        assert client.get("/docs/files/swagger-ui-bundle.js").status_code == 200
        if "text/html" not in client.get("/").headers.get("content-type", ""):  # where no page is built
            assert client.get("/").headers["location"] == "/recs/docs"
