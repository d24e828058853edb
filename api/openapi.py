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
    "`feedback` sends feedback, `write` changes customers and items, `admin` does everything; `metrics` reads "
    "`/metrics` alone. Each operation names the role that it requires (`x-role`), and whether a token for one "
    "customer may call it for that customer (`x-customer-token`).\n"
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
        "description": "An API key, a token for one customer, or the token that a server without keys prints at its start",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key in another header",
    },
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
