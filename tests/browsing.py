"A real browser on the page as `make serve` serves it"

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import once
from server import ROOT, Server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NODE = os.environ | {"PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}"}  # the machine's own first
SHOTS = ROOT / "frontend/shots"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"


def _build(_: Path) -> None:
    done = subprocess.run(
        ["bash", "tools/page.sh"],
        cwd=ROOT,
        env=NODE,
        capture_output=True,
        text=True,
        timeout=550,
        stdin=subprocess.DEVNULL,
    )
    log = ROOT / "frontend/build.log"
    assert done.returncode == 0, f"{done.stderr} {log.read_text()[-3000:] if log.exists() else ''}"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "frontend/dist, built from the sources as they are"
    try:
        once(tmp_path_factory, "page", _build)
    except AssertionError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error).partition("\n")[0])
    return ROOT / "frontend/dist"


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:  # noqa: F821
    "The machine's own Chromium, without a window"
    if CHROMIUM is None:
        pytest.skip("no Chromium: install your system's (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(built: Path, chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    "A server with the models that come along and a store of its own"
    with Server(tmp_path_factory.mktemp("shop")) as server:
        yield server


def until(page, true: str, seconds: float = 40) -> None:
    "Wait for an expression to hold; Playwright's own way of it breaks the page's Content-Security-Policy, which stays as it is here"
    end = time.monotonic() + seconds
    while not page.evaluate(true):
        assert time.monotonic() < end, f"not in {seconds} s: {true}"
        page.wait_for_timeout(30)


class Tab:
    "A page in a browser of its own, which notes what went wrong in it and whom it asked"

    def __init__(self, browser, server: Server, **options: object):
        settings = {
            "viewport": {"width": 1280, "height": 900},
            "locale": "en-GB",
            "timezone_id": "UTC",
            "reduced_motion": "reduce",
        }
        self.server, self.context = server, browser.new_context(base_url=server.url, **settings | options)
        self.page, self.errors, self.elsewhere = self.context.new_page(), [], []
        self.page.set_default_timeout(40_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((server.url, "data:", "blob:"))
                else self.elsewhere.append(asked.url)
            ),
        )

    def open(self, path: str):
        "Go to an address of the page, and wait until nothing loads any more"
        self.page.goto(path)
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.get_by_role("heading", level=1).first.wait_for()
        until(
            self.page,
            "!document.querySelector('[aria-label=Loading]') && !document.querySelector('[aria-busy=true]')",
        )

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def tab(chromium) -> Iterator[Callable[..., Tab]]:
    "Makes tabs; what they complained about without being asked for it fails the test"
    made: list[Tab] = []

    def make(server: Server, **options: object) -> Tab:
        made.append(Tab(chromium, server, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert [error for one in made for error in one.errors] == []
    assert [url for one in made for url in one.elsewhere] == []
