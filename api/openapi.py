"The OpenAPI description; `python -m api.openapi` writes it to api/openapi.json"

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from . import schemas
from .access import RULES, Access
from .bulk import LINES

FILE = Path(__file__).with_name("openapi.json")
ABOUT = (
    "Recommendations from a customer's history up to this moment, with reasons, and the feedback that "
    "changes the next ones.\n\n"
    "Four roles, each of which may do what those before it may: `read` reads and requests recommendations, "
    "`feedback` sends feedback, `write` changes customers and items, `admin` does everything; `metrics` "
    "reads `/metrics` alone. Each operation names the role that it requires (`x-role`), and whether a token "
    "for one customer may call it for that customer (`x-customer-token`).\n"
    "Every error is `{detail, field}`. Times are Unix times in whole seconds, UTC."
)
TAGS = [
    {"name": "shop", "description": "The shop at a glance"},
    {"name": "recommendations", "description": "Recommendations, their reasons, and predicted ratings"},
    {"name": "feedback", "description": "Events, effective from the next request on"},
    {"name": "customers", "description": "Profiles, merging, export and erasure"},
    {"name": "items", "description": "Catalogue, similar items and search"},
    {"name": "models", "description": "PageResponder models, their figures, and rollback"},
    {"name": "bulk", "description": "Many items and customers at once, and exports, as JSON Lines"},
    {"name": "experiments", "description": "A/B tests between models, and merchandising rules"},
    {
        "name": "evaluation",
        "description": "What models would have achieved, and whether reports told the truth",
    },
    {"name": "operation", "description": "Health and metrics"},
]
KEYS = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, a token for one customer, or the token that a server without keys prints",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key in another header",
    },
}

# operation -> status -> following operation -> its parameters, from the request or the answer
LINKS: dict[str, dict[str, dict[str, dict[str, str]]]] = {
    "list_customers": {
        "200": {
            "get_customer": {"customer": "$response.body#/customers/0/id"},
            "recommend_to_customer": {"customer": "$response.body#/customers/0/id"},
            "list_feedback": {"customer": "$response.body#/customers/0/id"},
        }
    },
    "put_customer": {
        status: {
            name: {"customer": "$request.path.customer"}
            for name in ("get_customer", "patch_customer", "export_customer", "erase_customer")
        }
        for status in ("200", "201")
    },
    "merge_customer": {"200": {"separate_customer": {"customer": "$request.path.customer"}}},
    "recommend_to_customer": {
        "200": {
            "explain_recommendation": {"recommendation": "$response.body#/recommendation_id"},
            "recommend_next": {"recommendation": "$response.body#/recommendation_id"},
            "get_item": {"item": "$response.body#/items/0/item"},
        }
    },
    "recommend": {
        "200": {"explain_recommendation": {"recommendation": "$response.body#/answers/0/recommendation_id"}}
    },
    "list_items": {
        "200": {
            name: {"item": "$response.body#/items/0/id"}
            for name in ("get_item", "similar_items", "list_customers_of_item")
        }
    },
    "put_item": {
        status: {
            name: {"item": "$request.path.item"}
            for name in ("get_item", "patch_item", "similar_items", "withdraw_item")
        }
        for status in ("200", "201")
    },
    "give_feedback": {
        "200": {
            "list_feedback": {"customer": "$request.body#/events/0/customer"},
            "retract_feedback": {"event_id": "$response.body#/receipts/0/event_id"},
        }
    },
    "list_models": {
        "200": {name: {"key": "$response.body#/models/0/key"} for name in ("get_model", "get_training")}
    },
    "put_experiment": {"200": {"get_experiment": {}, "end_experiment": {}}},
    "put_rules": {"200": {"get_rules": {}}},
}


# operation -> the shape of each line of the body (None: there is none), the status, each line of the answer
JSON_LINES: dict[str, tuple[type[BaseModel] | None, str, type[BaseModel]]] = {
    "export_items": (None, "200", schemas.Item),
    "export_customers": (None, "200", schemas.ExportedCustomer),
    "export_events": (None, "200", schemas.ExportedEvent),
    "put_items": (schemas.BulkItem, "207", schemas.BulkReceipt),
    "put_customers": (schemas.BulkCustomer, "207", schemas.BulkReceipt),
}


def leave_defaults_out(
    made: dict[str, Any],  # an OpenAPI description, which is changed
) -> None:
    """Name the defaults of what clients send in words only

    A generator of types takes a field with a `default` for one that is always there. That is true of answers,
    and in a request it would have to be sent.
    """
    shapes = made["components"]["schemas"]
    bodies = [
        each["requestBody"]
        for path in made["paths"].values()
        for each in path.values()
        if "requestBody" in each
    ]
    todo, sent = references(bodies), set()
    while todo:
        if (name := todo.pop()) not in sent:
            sent.add(name)
            todo += references(shapes[name])
    for name in sorted(sent):
        for field in shapes[name].get("properties", {}).values():
            if "default" in field:
                told = f"default: {json.dumps(field.pop('default'))}"
                said = field.get("description", "")
                field["description"] = f"{said}; {told}" if said else told


def references(part: Any) -> list[str]:
    "Return the names of the shapes that a part of a description refers to"
    if isinstance(part, list):
        return [name for each in part for name in references(each)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
    return own + [name for each in part.values() for name in references(each)]


def describe(app: FastAPI) -> dict[str, Any]:
    "Return the OpenAPI description, with the role that each operation requires"
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        made.setdefault("components", {})["securitySchemes"] = KEYS
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                access = RULES.get(f"{method.upper()} {path}", Access("admin"))
                operation["x-role"], operation["x-customer-token"] = access.role, access.customer
                if operation["operationId"] in JSON_LINES:
                    _describe_lines(operation, made["components"]["schemas"])
                for status, following in LINKS.get(operation["operationId"], {}).items():
                    operation["responses"][status]["links"] = {
                        name: {"operationId": name, "parameters": parameters}
                        for name, parameters in following.items()
                    }
                operation["security"] = [] if access.role == "nobody" else [{"bearer": []}, {"key": []}]
        leave_defaults_out(made)
        app.openapi_schema = made
    return app.openapi_schema


def _describe_lines(operation: dict[str, Any], shapes: dict[str, Any]) -> None:
    "Say what the lines of a body and of an answer are: OpenAPI 3.1 has no word for it but our own"
    line, status, answer = JSON_LINES[operation["operationId"]]

    def content(model: type[BaseModel], what: str) -> dict[str, Any]:
        shape = model.model_json_schema(
            ref_template="#/components/schemas/{model}", by_alias=False, mode="serialization"
        )
        shapes.update(shape.pop("$defs", {}))
        shapes.setdefault(model.__name__, shape)
        schema = {"type": "string", "format": "binary", "description": f"JSON Lines: {what}"}
        return {LINES: {"schema": schema, "x-line": {"$ref": f"#/components/schemas/{model.__name__}"}}}

    if line is not None:
        body = content(line, f"each line is a `{line.__name__}`")
        operation["requestBody"] = {"required": True, "content": body}
    told = "what became of each line, in order" if line else "as many as there are"
    operation["responses"][status] = {
        "description": told.capitalize(),
        "content": content(answer, f"each line is a `{answer.__name__}`"),
    }


def text(app: FastAPI) -> str:
    "Return the description as stored in the file"
    return json.dumps(describe(app), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from .main import create_app
    from .settings import APISettings

    FILE.write_text(text(create_app(APISettings(api_keys=(), public_demo=False))), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
