"The server as a platform runs it: not as root, from folders that it cannot change, on $PORT, ended by SIGTERM"

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import environment, once
from server import ROOT, make_small_shop

from customer360.serving.loop_server import free_port

NOBODY = 65534


@pytest.fixture
def code(tmp_path: Path) -> Path:
    "A copy of the API's folder, without any right to write"
    place = tmp_path / "app"
    shutil.copytree(ROOT / "api", place / "api", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*place.rglob("*"), place]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for path in [tmp_path, *tmp_path.parents]:
        if path != Path("/tmp") and path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o555)
    return place


def unprivileged() -> dict[str, Any]:  # arguments of `Popen`; before: what goes before the command
    "Say how to start a process that may not write into what it does not own, or whose mode forbids it"
    if os.getuid() != 0:
        return {}
    parents = [ROOT, *ROOT.parents, *Path(sys.executable).resolve().parents, *Path(sys.prefix).parents]
    if all(place.stat().st_mode & 0o005 == 0o005 for place in parents):
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {"before": ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]}


@pytest.mark.slow
def test_an_unprivileged_process_serves_on_the_port_of_the_environment_and_drains(
    code: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    home, port = tmp_path / "home", free_port()
    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), home)
    who = unprivileged()
    for path in [home, *home.rglob("*")] if "user" in who else []:
        os.chown(path, NOBODY, NOBODY)
    settings = {
        "C360_DATASET": "small",
        "C360_MODELS": "popularity",
        "C360_TRUST_LOOPBACK": 1,
        "PORT": port,
        "HOME": "/nonexistent",
    }
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [*who.pop("before", []), sys.executable, "-m", "api"],
            cwd=code,
            env=environment(home, **settings) | {"PYTHONPATH": str(ROOT)},
            **who,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        _wait_until_ready(client, process, tmp_path / "log")
        check = [sys.executable, "-m", "api.health"]
        environ = {**os.environ, "PORT": str(port), "PYTHONPATH": str(ROOT)}
        assert subprocess.run(check, cwd=code, env=environ, capture_output=True, timeout=60).returncode == 0
        customer = client.get("/api/v1/customers").json()["customers"][0]["id"]
        event = {"customer": customer, "item": client.get("/api/v1/items").json()["items"][0]["id"]}

        # A request whose body is still on its way when the signal comes is answered, and nothing after it
        started, answers = threading.Event(), []

        def body():
            yield b'{"events": ['
            started.set()
            time.sleep(1.0)
            yield f'{{"customer": "{event["customer"]}", "item": "{event["item"]}", "event": "view"}}]}}'.encode()

        def give() -> None:
            headers = {"Content-Type": "application/json"}
            answers.append(client.post("/api/v1/feedback", content=body(), headers=headers).status_code)

        giving = threading.Thread(target=give)
        giving.start()
        assert started.wait(30)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        giving.join(30)
        code_of_end = process.wait(30)
        assert answers == [200], (tmp_path / "log").read_text()[-2000:]
        assert time.monotonic() - begun < 10, "platforms kill after 10 s"
        assert code_of_end in (0, -signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            client.get("/health/live")
        down = subprocess.run(check, cwd=code, env=environ, capture_output=True, text=True, timeout=60)
        assert down.returncode == 1 and "health/ready" in down.stderr
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + 240
    while True:
        assert process.poll() is None and time.monotonic() < end, log.read_text()[-3000:]
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
