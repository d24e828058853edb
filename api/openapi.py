"The OpenAPI description; `python -m api.openapi` writes it to api/openapi.json"

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .access import RULES, Access

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
                for status, following in LINKS.get(operation["operationId"], {}).items():
                    operation["responses"][status]["links"] = {
                        name: {"operationId": name, "parameters": parameters}
                        for name, parameters in following.items()
                    }
                operation["security"] = [] if access.role == "nobody" else [{"bearer": []}, {"key": []}]
        app.openapi_schema = made
    return app.openapi_schema


def text(app: FastAPI) -> str:
    "Return the description as stored in the file"
    return json.dumps(describe(app), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from .main import create_app
    from .settings import APISettings

    FILE.write_text(text(create_app(APISettings(api_keys=(), public_demo=False))), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
