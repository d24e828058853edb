"Take the pictures of README.md again, with Chromium: python tools/pictures.py"

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from customer360.serving.loop_server import clean_environment, free_port

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "frontend" / "pictures"
REPORT = ROOT / "reports/demo/index.html"
CUSTOMER = "c0104"


def wait_until_ready(url: str, server: subprocess.Popen) -> None:
    "Wait until the server has its models"
    while server.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    sys.exit("the server ended: is the page built (`make page`)?")


def settle(page: Page) -> None:
    "Wait until nothing is loading or moving any more"
    page.get_by_role("heading", level=1).first.wait_for()
    while page.locator("[aria-label=Loading], [aria-busy=true]").count():
        page.wait_for_timeout(50)
    page.wait_for_timeout(1000)


def take_report(page: Page, report: Path) -> None:
    "Take the picture of a report's first screen"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(report.as_uri())
    page.screenshot(path=PICTURES / "report.png")


def take(page: Page, url: str) -> None:
    "Take each picture"
    page.goto(url)
    settle(page)
    page.screenshot(path=PICTURES / "overview.png")
    page.goto(f"{url}/customers/{CUSTOMER}?n=4&right=knn")
    settle(page)
    page.get_by_role("button", name="Buy: ").first.click()
    page.get_by_role("region", name="Sandbox").wait_for()
    settle(page)
    page.screenshot(path=PICTURES / "customer.png")


def main() -> None:
    "Start a server with an empty store, and take the pictures; that of the report needs `make report` before"
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    port = free_port()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = subprocess.Popen(
            [sys.executable, "-m", "api", "--port", str(port)],
            cwd=ROOT,
            env=clean_environment(Path(home), "demo"),
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", server)
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            look = {"width": 1280, "height": 1060}
            page = chromium.new_page(
                viewport=look, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
            )
            take(page, f"http://127.0.0.1:{port}")
            if REPORT.exists():
                take_report(page, REPORT)
            chromium.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
