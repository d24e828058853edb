"The page's own checks: types, lint, Vitest, and how much the first page loads"

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from browsing import NODE, ROOT
from command import environment

from customer360.serving.loop_server import free_port


@pytest.mark.parametrize("script", ["lint", "test", "size"])
def test_npm_run(built: Path, script: str, record_property):
    done = subprocess.run(
        ["npm", "run", "--silent", script],
        cwd=ROOT / "frontend",
        env=NODE,
        capture_output=True,
        text=True,
        timeout=400,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    if script == "size":
        record_property("page", done.stdout.strip())
    if script == "test":
        assert "passed" in done.stdout


def test_the_lock_names_no_registry():
    lock = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in lock and '"resolved"' not in lock


def ended(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def answers(
    url: str, process: subprocess.Popen, log: Path, seconds: float = 120, **headers: str
) -> httpx.Response:
    "Poll an address until it answers, and return the response"
    until = time.monotonic() + seconds
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < until, log.read_text()[-3000:]
        try:
            if (answer := httpx.get(url, headers=headers, timeout=10, trust_env=False)).status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)


@pytest.mark.slow
def test_make_serve_opens_on_the_page(built: Path, tmp_path: Path):
    port, log = free_port(), tmp_path / "log"
    with open(log, "wb") as out:
        serve = subprocess.Popen(
            ["make", "serve", f"PORT={port}"],
            cwd=ROOT,
            env=environment(tmp_path),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        answers(f"http://127.0.0.1:{port}/health/ready", serve, log)
        page = answers(f"http://127.0.0.1:{port}/customers/c0017", serve, log, accept="text/html")
        assert '<div id="root">' in page.text and page.headers["content-security-policy"]
        script = re.search(r'src="(/assets/[^"]+\.js)"', page.text)[1]
        sent = answers(f"http://127.0.0.1:{port}{script}", serve, log)
        assert sent.headers["content-encoding"] == "gzip" and "immutable" in sent.headers["cache-control"]
    finally:
        ended(serve)


@pytest.mark.slow
def test_npm_start_sends_to_the_api_what_is_its_own(built: Path, small, tmp_path: Path):
    server, port, log = small().start(), free_port(), tmp_path / "npm.log"
    with open(log, "wb") as out:
        npm = subprocess.Popen(
            ["npm", "start", "--", "--port", str(port), "--host", "127.0.0.1"],
            cwd=ROOT / "frontend",
            env=NODE | {"C360_API": server.url},
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        assert (
            '<div id="root">'
            in answers(f"http://127.0.0.1:{port}/customers", npm, log, accept="text/html").text
        )
        assert answers(f"http://127.0.0.1:{port}/api/v1/whoami", npm, log).json()["role"] == "admin"
        event = {
            "events": [{"customer": server.customers(1)[0], "item": server.items(1)[0], "event": "like"}]
        }
        own = {"origin": f"http://127.0.0.1:{port}"}  # as a browser sends it from that page
        assert (
            httpx.post(
                f"http://127.0.0.1:{port}/api/v1/feedback", json=event, headers=own, trust_env=False
            ).status_code
            == 200
        )
        assert (
            httpx.post(
                f"http://127.0.0.1:{port}/api/v1/feedback",
                json=event,
                headers={"origin": "http://elsewhere.example"},
                trust_env=False,
            ).status_code
            == 403
        )
    finally:
        ended(npm)
