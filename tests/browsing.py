"A real browser on the page as `make serve` serves it, and ways to wait for what a test needs"

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
PATIENCE = 40  # seconds to wait for something that must come; long, because a loaded machine is slow
STILL = """[...document.querySelectorAll('figure[role=img]')].every(figure => {
    const chart = figure.querySelector('.recharts-wrapper > svg')
    return chart && Math.abs(chart.getBoundingClientRect().width - figure.getBoundingClientRect().width) < 1
}) && document.getAnimations().every(one => one.playState !== 'running')"""


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
    "Build the page from the present sources and return its folder"
    try:
        once(tmp_path_factory, "page", _build)
    except AssertionError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error).partition("\n")[0])
    return ROOT / "frontend/dist"


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:  # noqa: F821
    "Run the system's Chromium without a window"
    if CHROMIUM is None:
        pytest.skip("no Chromium: install your system's (Debian: apt install chromium)")
    from playwright.sync_api import expect as assertions
    from playwright.sync_api import sync_playwright

    assertions.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(built: Path, chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    "Run a server with the pre-trained models and an empty store"
    with Server(tmp_path_factory.mktemp("shop")) as server:
        yield server


def until(page, condition: str, seconds: float = PATIENCE) -> None:
    "Poll a JavaScript expression until it is true; `wait_for_function` would need a laxer Content-Security-Policy"
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"not true after {seconds} s: {condition}"
        page.wait_for_timeout(30)


def expect(locator):
    "Return Playwright's assertions on a locator, which poll until they hold"
    from playwright.sync_api import expect as assertions

    return assertions(locator)


class Tab:
    "A page in a browser context of its own, which records errors and requests to other hosts"

    def __init__(self, browser, server: Server, **options: object):
        settings = {
            "viewport": {"width": 1280, "height": 900},
            "locale": "en-GB",
            "timezone_id": "UTC",
            "reduced_motion": "reduce",
        }
        self.server, self.context = server, browser.new_context(base_url=server.url, **settings | options)
        self.page, self.errors, self.elsewhere = self.context.new_page(), [], []
        self.page.set_default_timeout(PATIENCE * 1000)
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
        "Open an address, wait until nothing is loading any more, and return the page"
        self.page.goto(path)
        self.settle()
        return self.page

    def settle(self) -> None:
        "Wait until every panel has its data"
        self.page.get_by_role("heading", level=1).first.wait_for()
        until(
            self.page,
            "!document.querySelector('[aria-label=Loading]') && !document.querySelector('[aria-busy=true]')",
        )

    def still(self) -> None:
        "Wait until charts have the size of their frames and no transition is running"
        until(self.page, STILL)

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def tab(chromium) -> Iterator[Callable[..., Tab]]:
    "Return a function that opens tabs; unexpected errors and requests to other hosts fail the test"
    made: list[Tab] = []

    def make(server: Server, **options: object) -> Tab:
        made.append(Tab(chromium, server, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert [error for one in made for error in one.errors] == []
    assert [url for one in made for url in one.elsewhere] == []
