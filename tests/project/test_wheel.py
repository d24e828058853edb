"The package as somebody without a checkout gets it"

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path

import httpx
import pytest
from conftest import ROOT

from customer360.serving.loop_server import free_port

pytestmark = pytest.mark.slow  # a wheel is built

PAGE = "<!doctype html><title>The shop</title>"
IMPORT_ALL = """
import importlib, json, pkgutil, sys, time
began = time.perf_counter()
import customer360
names = [m.name for m in pkgutil.walk_packages(customer360.__path__, "customer360.") if not {"pipelines", "cards", "pretrained", "migrations", "api"} & {*m.name.split(".")}]
for name in ("models.ncf_training", "peers.autoencoders", "peers.sequential"):  # those about torch, for which there is the extra `ncf`
    names.remove(f"customer360.{name}")
for name in names:
    importlib.import_module(name)
seconds = round(time.perf_counter() - began, 2)
heavy = [name for name in ("torch", "transformers", "faiss", "nbdev", "matplotlib.pyplot") if name in sys.modules]
from customer360.config import folder
print(json.dumps({
    "file": customer360.__file__, "modules": names, "heavy": heavy, "seconds": seconds,
    "pipelines": sorted(p.name for p in folder("pipelines").glob("*.ipynb")),
    "cards": sorted(p.name for p in folder("cards").glob("*.toml")),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    "A wheel built from a copy, so that no build folder stays behind in the checkout"
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("settings.ini", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("api", "customer360", "nbs", "data/cards", "data/benchmarks", "data/pretrained"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignore)
    (copy / "frontend/dist/assets").mkdir(parents=True)  # as `make page` leaves it
    (copy / "frontend/dist/index.html").write_text(PAGE)
    (copy / "frontend/dist/assets/shop.js").write_text("export {}")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, copy)
    return next(out.glob("customer360-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    """An environment that holds the wheel, and borrows its dependencies from the one that runs the tests.

    It cannot borrow the checkout: an editable install works through a .pth file, which is only read in a site folder.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    install(home, "--no-deps", "--no-index", wheel)
    site = next(home.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def run(*command: str | Path, cwd: Path | None = None, timeout: float = 300) -> str:
    "Run a program without our settings; returns what it printed"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("C360_", "PYTHON"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, (
        f"{command[:3]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    )
    return done.stdout


def install(home: Path, *what: str | Path, timeout: float = 300) -> None:
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        home / "bin/python",
        "install",
        "-q",
        "--disable-pip-version-check",
        *what,
        timeout=timeout,
    )


def imported(home: Path, cwd: Path, command: str = IMPORT_ALL) -> dict:
    return json.loads(run(home / "bin/python", "-c", command, cwd=cwd))


def test_the_wheel_holds_code_pipelines_and_cards(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "customer360").rglob("*.py")}
    wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / "customer360").glob("*/templates/*")}
    wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / "customer360/data/shop").glob("*.toml")}
    wanted |= {f"customer360/pipelines/{path.name}" for path in (ROOT / "nbs/pipelines").glob("*.ipynb")}
    wanted |= {
        f"customer360/benchmark_notebooks/{path.name}" for path in (ROOT / "nbs/benchmarks").glob("*.ipynb")
    }
    wanted |= {f"customer360/cards/{path.name}" for path in (ROOT / "data/cards").glob("*.toml")}
    wanted |= {f"customer360/benchmarks/{path.name}" for path in (ROOT / "data/benchmarks").glob("*.toml")}
    wanted |= {f"customer360/{path.relative_to(ROOT)}" for path in (ROOT / "api").rglob("*.py")}
    wanted |= {"customer360/page/index.html", "customer360/page/assets/shop.js"}
    bundle = ROOT / "data/pretrained"
    wanted |= {
        f"customer360/pretrained/{path.relative_to(bundle)}"
        for path in bundle.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    assert {name for name in names if ".dist-info/" not in name} == wanted


def test_every_module_but_ncf_imports_without_torch(environment, tmp_path, record_property):
    found = imported(environment, tmp_path)
    record_property("importing every module, seconds", found["seconds"])
    assert Path(found["file"]).is_relative_to(environment), "the checkout was imported, not the wheel"
    assert found["modules"] and not found["heavy"], found
    assert found["pipelines"] == sorted(path.name for path in (ROOT / "nbs/pipelines").glob("*.ipynb"))
    assert found["cards"] == sorted(path.name for path in (ROOT / "data/cards").glob("*.toml"))


def test_the_command_is_there(environment, tmp_path):
    said = run(environment / "bin/c360", "--help", cwd=tmp_path)
    for command in ("report", "train", "evaluate", "recommend", "data"):
        assert command in said


def test_it_serves_the_api_and_the_page(environment, tmp_path):
    "From any folder: the demo's models come along, and so does the page"
    port, settings = free_port(), {"HOME": str(tmp_path), "C360_MODELS": "popularity", "C360_THREADS": "1"}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("C360_", "PYTHON"))}
    command = [environment / "bin/python", "-m", "customer360", "serve", "--port", str(port)]
    with (
        open(tmp_path / "server.log", "wb") as log,
        subprocess.Popen(command, cwd=tmp_path, env=inherited | settings, stdout=log, stderr=log) as process,
    ):
        try:
            until = time.monotonic() + 120
            while not answers(f"http://127.0.0.1:{port}/health/ready"):
                said = (tmp_path / "server.log").read_text()
                assert process.poll() is None and time.monotonic() < until, said[-3000:]
                time.sleep(0.05)
            assert httpx.get(f"http://127.0.0.1:{port}/", headers={"accept": "text/html"}).text == PAGE
            shown = httpx.get(f"http://127.0.0.1:{port}/api/v1/popular").json()
            assert shown["items"], shown
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_import_time(environment, tmp_path, record_property):
    command = "import time; t = time.perf_counter(); import customer360; print(time.perf_counter() - t)"
    seconds = min(float(run(environment / "bin/python", "-c", command, cwd=tmp_path)) for _ in range(3))
    record_property("import customer360, seconds (0.5 wanted)", round(seconds, 3))
    assert seconds < 5  # a busy machine may be slow; torch at import is slower than that


@pytest.mark.long
def test_an_empty_environment_with_its_own_dependencies(wheel, tmp_path, record_property):
    "Nothing borrowed: the core alone is enough to import every module, and `report` for the command"
    venv.create(tmp_path / "env", with_pip=False)
    began = time.perf_counter()
    install(tmp_path / "env", "-c", ROOT / "constraints.txt", wheel, timeout=900)
    record_property("pip install customer360, seconds", round(time.perf_counter() - began))
    found = imported(tmp_path / "env", tmp_path)
    assert found["modules"] and not found["heavy"], found
    run(tmp_path / "env/bin/c360", "--help", cwd=tmp_path)
    install(tmp_path / "env", "-c", ROOT / "constraints.txt", f"{wheel}[report]", timeout=900)
    run(tmp_path / "env/bin/c360", "report", "--help", cwd=tmp_path)
