"The tour of the API in docs/service.md, line by line, as somebody would type it"

import json
import re
import subprocess
import time

import pytest
from server import ROOT, Server, operations


def lines_of_the_tour() -> list[str]:
    "What docs/service.md tells to type, without its comments"
    (block,) = re.findall(
        r"```\napi=http://127.0.0.1:8000/api/v1\n(.*?)```",
        (ROOT / "docs/service.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    return [re.sub(r"\s{2,}#.*", "", line) for line in block.splitlines()]


def tour() -> list[str]:
    "The calls of curl in docs/service.md, in order"
    lines = [line for line in lines_of_the_tour() if line.startswith("curl ")]
    return [call.strip() for line in lines for call in re.split(r";\s*(?=curl )", line)]


def variables() -> list[str]:
    "What it sets beside the address"
    return [line for line in lines_of_the_tour() if re.match(r"\w+=", line)]


def take(server: Server) -> None:
    "Type each line, as somebody would in a shell of their own"
    me = subprocess.run(
        ["bash", "-c", f"{'; '.join(variables())}; echo $me"], capture_output=True, text=True
    ).stdout.strip()
    for call in tour():
        script = call.replace("http://127.0.0.1:8000", server.url).replace(
            "curl ", "curl --noproxy '*' -sS -w '\\n%{http_code}' ", 1
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env={"PATH": "/usr/bin:/bin", "api": f"{server.url}/api/v1", "me": me},
            capture_output=True,
            text=True,
            timeout=60,
        )
        body, _, status = done.stdout.rpartition("\n")
        assert status in ("200", "201", "204", "207"), f"{call}\n{status} {body[:500]} {done.stderr}"
        if status == "207":
            lines = "bulk/" in call  # a receipt in each line
            results = [*map(json.loads, body.splitlines())] if lines else json.loads(body)["results"]
            good = {200, 201} if lines else {200}
            assert results[0]["status"] in good and [each["status"] for each in results[1:]] in ([422], []), (
                body
            )


@pytest.mark.slow
def test_every_line_of_the_tour_twice(tmp_path, record_property):
    assert len(tour()) > 20
    with Server(tmp_path) as server:
        take(server)
        time.sleep(1)  # the tour names its visitor after the second
        take(server)
    record_property("calls in the tour", len(tour()))


def test_the_tour_passes_each_path():
    plain = [re.sub(r"[\"'? ].*", "", call.partition("$api/")[2]) for call in tour() if "$api/" in call]
    for _, path, _ in operations():
        if path.startswith("/api/v1/") and "recommendations/{" not in path:  # `c360 why` shows that one
            pattern = re.sub(r"\{\w+\}", "[^/]+", path.removeprefix("/api/v1/"))
            assert any(re.fullmatch(pattern, call) for call in plain), f"the tour does not pass {path}"
