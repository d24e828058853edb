"The tour of the API in docs/service.md, line by line, as somebody would type it"

import re
import subprocess

import pytest
from server import ROOT, Server, operations


def tour() -> list[str]:
    "The calls of curl in docs/service.md, in order"
    (block,) = re.findall(
        r"```\napi=http://127.0.0.1:8000/api/v1\n(.*?)```",
        (ROOT / "docs/service.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    lines = [re.sub(r"\s{2,}#.*", "", line) for line in block.splitlines() if line.startswith("curl ")]
    return [call.strip() for line in lines for call in re.split(r";\s*(?=curl )", line)]


@pytest.mark.slow
def test_every_line_of_the_tour(tmp_path, record_property):
    calls = tour()
    assert len(calls) > 20
    with Server(tmp_path) as server:
        for call in calls:
            script = call.replace("http://127.0.0.1:8000", server.url).replace(
                "curl ", "curl --noproxy '*' -sS -w '\\n%{http_code}' ", 1
            )
            done = subprocess.run(
                ["bash", "-c", script],
                env={"PATH": "/usr/bin:/bin", "api": f"{server.url}/api/v1"},
                capture_output=True,
                text=True,
                timeout=60,
            )
            body, _, status = done.stdout.rpartition("\n")
            assert status in ("200", "201", "204", "207"), f"{call}\n{status} {body[:500]} {done.stderr}"
    record_property("calls in the tour", len(calls))


def test_the_tour_passes_each_path():
    plain = [re.sub(r"[\"'? ].*", "", call.partition("$api/")[2]) for call in tour() if "$api/" in call]
    for _, path, _ in operations():
        if path.startswith("/api/v1/") and "recommendations/{" not in path:  # `c360 why` shows that one
            pattern = re.sub(r"\{\w+\}", "[^/]+", path.removeprefix("/api/v1/"))
            assert any(re.fullmatch(pattern, call) for call in plain), f"the tour does not pass {path}"
