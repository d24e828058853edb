"The page elsewhere: below a prefix of the server, and on a static host of its own that asks another origin"

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from browsing import NODE, ROOT, Tab, expect
from server import Server

pytestmark = pytest.mark.slow
HOSTING = json.loads((ROOT / "frontend/firebase.json").read_text())["hosting"]
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def record_something(tab: Tab, address: str) -> tuple[str, str]:  # customer, title
    "Buy what is recommended first to a customer, record it as their own feedback, and look at another page"
    page = tab.open(f"{address}/customers/c0086")
    first = page.get_by_role("list", name="Recommendations of hybrid", exact=True).locator("li .title").first
    title = first.inner_text()
    page.get_by_role("button", name=f"Buy: {title}").first.click()
    box = page.get_by_role("region", name="Sandbox")
    box.get_by_role("button", name=f"own feedback: bought {title}").click()
    expect(box).to_have_count(0)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
    page.wait_for_url(f"{address}/models")
    tab.settle()
    return "c0086", title


def test_the_page_below_a_prefix(built: Path, chromium, tmp_path: Path):
    "Deep links, scripts that are loaded later, requests and the documentation stay below it"
    server = Server(tmp_path)
    server.options = ("--root-path", "/recs")
    with server.start():
        window = Tab(chromium, server)
        asked: list[str] = []
        window.page.on("request", lambda request: asked.append(request.url))
        customer, title = record_something(window, f"{server.url}/recs")
        assert [event["title"] for event in server.get("feedback", customer=customer)["events"]] == [title]
        assert len(asked) > 10
        outside = [url for url in asked if not url.startswith((f"{server.url}/recs/", "data:", "blob:"))]
        assert (outside, window.errors) == ([], [])
        link = window.page.get_by_role("link", name="API").first
        assert link.get_attribute("href").startswith(f"{server.url}/recs/docs")
        window.close()


@contextmanager
def static_host(folder: Path, api: str) -> Iterator[str]:
    "Serve a folder as `firebase.json` says: its headers, and index.html for whatever is no file"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = folder / self.path.partition("?")[0].lstrip("/")
            file = path if path.is_file() else folder / "index.html"
            body = file.read_bytes()
            self.send_response(200)
            headers = {}
            for rule in HOSTING["headers"]:
                if rule["source"] == "**" or self.path.startswith(rule["source"].removesuffix("**")):
                    headers |= {one["key"]: one["value"] for one in rule["headers"]}
            # The test's API has no certificate; a real one is asked over https
            headers = {name: value.replace("https:", api) for name, value in headers.items()}
            headers |= {"Content-Type": TYPES[file.suffix], "Content-Length": str(len(body))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def test_a_hosted_page_reads_and_gives_feedback(built: Path, chromium, tmp_path: Path):
    "Visitors have no key: the public demo lets them in, and names the page's origin"
    server = Server(tmp_path / "home")
    (tmp_path / "home").mkdir()
    build = ["npx", "vite", "build", "--outDir", str(tmp_path / "hosted"), "--emptyOutDir"]
    env = NODE | {"VITE_API_URL": server.url}
    done = subprocess.run(build, cwd=ROOT / "frontend", env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    with static_host(tmp_path / "hosted", server.url) as address:
        server.settings |= {
            "C360_PUBLIC_DEMO": 1,
            "C360_CORS_ORIGINS": address,
            "C360_TRUST_LOOPBACK": 0,
        }
        with server.start():
            window = Tab(chromium, server)
            customer, title = record_something(window, address)
            assert window.errors == []
            window.close()
            stored = server.get("feedback", customer=customer)["events"]
            assert [(event["title"], event["event"]) for event in stored] == [(title, "purchase")]
            refused = httpx.get(f"{server.url}/api/v1/models", headers={"Origin": "http://elsewhere"})
            assert "access-control-allow-origin" not in refused.headers
