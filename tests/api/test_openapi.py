"The committed description is what the code does, and says enough to write a client from"

import json
import re
from typing import get_args

import pydantic
import pytest
from server import ROOT, SPEC, operations

from api import schemas
from api.access import Need
from api.main import create_app
from api.openapi import text
from api.settings import APISettings
from customer360.schema import EventType

BASES = (schemas.RequestBody, schemas.ResponseBody)
SHAPES = [
    shape
    for shape in vars(schemas).values()
    if isinstance(shape, type) and issubclass(shape, BASES) and shape not in BASES
]


def test_the_file_is_up_to_date():
    committed = (ROOT / "api/openapi.json").read_text(encoding="utf-8")
    assert committed == text(create_app(APISettings())), "write it again with `python -m api.openapi`"


def test_every_event_kind_is_offered():
    assert get_args(schemas.EventKind) == tuple(EventType)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_each_shape_has_an_example_that_fits(shape: type[pydantic.BaseModel]):
    told = SPEC["components"]["schemas"].get(shape.__name__)
    assert told is not None, "no route uses it"
    (given,) = told["examples"]
    names = {"user", "item", "payload"} if issubclass(shape, schemas.ResponseBody) else set()
    if issubclass(shape, schemas.RequestBody):
        shape.model_validate(given)
    else:
        assert set(given) <= set(told["properties"]) and set(told.get("required", ())) <= set(given), names


BATCHES = {
    "give_feedback": ("409", "410", "422"),
    "recommend": ("404", "410", "422"),
}  # which elements are wrong


def test_each_operation_says_what_it_needs_and_how_it_fails():
    names = [described["operationId"] for _, _, described in operations()]
    assert len(names) == len(set(names)) and all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    for method, path, described in operations():
        where = f"{method} {path}"
        assert described["x-role"] in get_args(Need) and described["summary"] and described["description"], (
            where
        )
        if path.startswith("/api/v1/"):
            assert {"401", "403", "422", "429", "503"} <= set(described["responses"]), where
            assert (
                "{" not in path
                or (method == "GET" and path.endswith("recommendations"))
                or {"404"} <= set(described["responses"])
                or method == "PUT"
            ), where
        if "requestBody" in described:
            assert {"400", "413", "415"} <= set(described["responses"]), where
        for status, response in described["responses"].items():
            if int(status) >= 400 and path.startswith("/api/v1/"):
                named = status in BATCHES.get(described["operationId"], ())
                assert response["content"]["application/json"]["schema"] == {
                    "$ref": f"#/components/schemas/{'BatchProblem' if named else 'Problem'}"
                }, where


def test_nothing_of_one_machine():
    assert str(ROOT) not in json.dumps(SPEC)


def test_the_table_beside_other_services_names_every_route_and_no_other():
    guide = (ROOT / "docs/service.md").read_text(encoding="utf-8")
    table = guide.partition("## Beside gorse and Recombee")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) > 30 and all(len(row) == 4 and all(cell.strip() for cell in row) for row in rows)
    calls = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`")
    named = {call for row in rows for call in calls.findall(row[1])}
    ours = {f"{method} {path.removeprefix('/api/v1')}" for method, path, _ in operations()}
    assert named == ours
