"`c360 serve` starts what `make serve` starts, under every name of the command"

import subprocess
import sys
from pathlib import Path

import pytest
from command import environment

PAGE = "<!doctype html><title>The shop</title>"


@pytest.mark.parametrize("module", ["customer360", "customer360.cli"])
def test_the_module_is_the_command(module, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr
    assert "Usage" in done.stdout and "serve" in done.stdout and "report" in done.stdout


def test_the_module_refuses_as_the_command_does(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "customer360", "evaluate", "--split", "half"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and done.stderr.startswith("c360: unknown split 'half'")


@pytest.mark.slow
def test_it_serves_the_api_and_the_page(small, tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").write_text(PAGE)
    server = small(C360_PAGE=tmp_path / "page")
    server.module, server.workers = ("customer360", "serve"), 2  # each worker imports the API by its name
    with server:
        assert len(server.customers()) == 20
        assert server.client.get("/", headers={"accept": "text/html"}).text == PAGE
        assert "without the page" not in server.said()


def test_it_serves_the_api_alone_and_says_how_to_build_the_page(small, tmp_path):
    server = small(C360_PAGE=tmp_path / "nothing")
    server.module = ("customer360", "serve")
    server.settings["C360_DATASET"] = "demo"
    server.options = ("--dataset", "small", "--no-build")
    with server:
        assert server.get("overview")["customers"] == 100  # the demo has more
        said = [line for line in server.said().splitlines() if "without the page" in line]
        assert len(said) == 1 and "`make page` builds it" in said[0]


def test_a_server_without_its_packages_says_which(monkeypatch):
    from customer360.serving import start

    found = start.importlib.util.find_spec
    monkeypatch.setattr(
        start.importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name)
    )
    with pytest.raises(start.StartError, match=r"\(uvicorn\): pip install 'customer360\[api\]'"):
        start.run_server([])


def test_a_package_without_its_api_says_where_it_is(monkeypatch, tmp_path):
    from customer360.serving import start

    monkeypatch.setattr(start, "checkout_root", lambda: None)
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(start.StartError, match="installed without its API"):
        start.api_package()
    assert "C360_PAGE=" in start.page_problem(Path(tmp_path))
