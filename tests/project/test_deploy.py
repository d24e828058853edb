"The files of `deploy/`: what they name exists, what they set is a setting, and headers are the same everywhere"

import json
import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from server import ROOT

from api.page import HEADERS
from api.settings import APISettings

DEPLOY = ROOT / "deploy"
SETTINGS = {f"C360_{name.upper()}" for name in APISettings.model_fields}


def instructions(path: Path = DEPLOY / "Dockerfile") -> list[list[tuple[str, str]]]:
    "Return the stages of a Dockerfile as lists of instructions, what stands before the first left out"
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", path.read_text(), flags=re.M))
    stages: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((word, " ".join(rest.split())))
    return stages


def copied(stage: list[tuple[str, str]]) -> list[str]:
    "Return what a stage takes from the checkout"
    lines = [shlex.split(rest) for word, rest in stage if word == "COPY"]
    return [source for line in lines if not line[0].startswith("--from") for source in line[:-1]]


def test_what_the_image_is_made_of_is_in_the_checkout_and_sent_to_the_builder():
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    sent = {line[1:] for line in ignored if line.startswith("!")}
    sources = [source for stage in instructions() for source in copied(stage)]
    assert len(sources) > 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == one or source.startswith(f"{one}/") for one in sent), f"{source} is not sent"
    assert all((ROOT / one).exists() for one in sent), "an exception in the ignore file names nothing"


def test_the_last_stage_has_no_build_tools_and_no_root():
    last = instructions()[-1]
    words = dict(last)
    assert words["USER"] == "10001" and "HEALTHCHECK" in words and words["STOPSIGNAL"] == "SIGTERM"
    run = " ".join(rest for word, rest in last if word == "RUN")
    assert not re.search(r"build-essential|gcc|pip install|npm", run)
    for word in ("ENTRYPOINT", "HEALTHCHECK"):
        command = json.loads(words[word][words[word].index("[") :])
        place = ROOT / command[2].replace(".", "/")
        assert command[:2] == ["python", "-m"], command
        assert (place / "__main__.py").exists() or place.with_suffix(".py").exists(), command


def test_the_packages_of_the_image_are_those_of_settings_ini():
    config = ConfigParser(delimiters=["="])
    config.read(ROOT / "settings.ini")
    given = dict(rest.split("=", 1) for stage in instructions() for word, rest in stage if word == "ARG")
    extras = given["EXTRAS"].strip('"').split()
    assert {"api", "bert", "ncf", "postgres"} <= set(extras)
    command = [sys.executable, "deploy/needs.py", *extras]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in ("requirements", "api_requirements", "bert_requirements"):
        assert set(config["DEFAULT"][name].split()) <= set(found)
    assert not any(need.startswith(("pytest", "jupyterlab", "papermill")) for need in found)


@pytest.mark.parametrize("name", ["compose.yaml", "render.yaml", "Dockerfile"])
def test_what_is_set_is_a_setting(name):
    used = set(re.findall(r"\bC360_[A-Z_0-9]+", (DEPLOY / name).read_text()))
    assert used and used <= SETTINGS | {"C360_HOME"}, used - SETTINGS


def test_compose_holds_together():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    for name, service in services.items():
        for other, wish in service.get("depends_on", {}).items():
            healthy = "healthcheck" in services[other] or services[other].get("image") == "customer360"
            assert wish["condition"] == "service_healthy" and healthy, (name, other)
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"], (name, volume)
    api = services["api"]
    assert (DEPLOY / api["build"]["context"] / api["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert api["read_only"] and api["cap_drop"] == ["ALL"] and "profiles" not in api
    assert services["kafka"]["profiles"] == services["collector"]["profiles"] == ["kafka"]


def test_render_names_what_is_there():
    blueprint = yaml.safe_load((DEPLOY / "render.yaml").read_text())
    web = blueprint["services"][0]
    assert (ROOT / web["dockerfilePath"]).is_file() and web["healthCheckPath"] == "/health/ready"
    databases = {one["name"] for one in blueprint["databases"]}
    assert {v["fromDatabase"]["name"] for v in web["envVars"] if "fromDatabase" in v} <= databases
    secret = {v["key"] for v in web["envVars"] if v.get("sync") is False}
    assert "C360_API_KEYS" in secret, "a key has no place in a file"


def test_a_hosted_page_has_the_servers_headers():
    "But for the API that it asks, which lies elsewhere"
    hosting = json.loads((ROOT / "frontend/firebase.json").read_text())["hosting"]
    rules = {
        rule["source"]: {one["key"]: one["value"] for one in rule["headers"]} for rule in hosting["headers"]
    }
    everywhere = rules["**"]
    assert everywhere.pop("Cache-Control") == "no-cache"
    policy = everywhere["Content-Security-Policy"].replace("connect-src 'self' https:; ", "")
    assert everywhere | {"Content-Security-Policy": policy} == HEADERS
    assert "immutable" in rules["/assets/**"]["Cache-Control"]
    assert hosting["rewrites"] == [{"source": "**", "destination": "/index.html"}]


def test_the_devcontainer_sets_up_what_the_makefile_has():
    about = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / about["build"]["dockerfile"]).is_file()
    target = about["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
