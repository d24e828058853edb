"The description of the API; `python -m api.openapi` writes it to api/openapi.json, and a test holds that file against the code"

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .security import needs

FILE = Path(__file__).with_name("openapi.json")
ABOUT = """Recommendations from what somebody has done until this moment, with reasons, and the feedback that changes the next ones.

Two roles: `write` reads, asks and gives feedback; `admin` does everything. Each operation says which it needs (`x-role`).
Every error is `{detail, field}`. Times are whole seconds since 1970, UTC."""
TAGS = [
    {"name": "shop", "description": "What there is, all in all"},
    {"name": "recommendations", "description": "What to show to whom, and why"},
    {"name": "feedback", "description": "What happened: it counts from the next request on"},
    {"name": "customers", "description": "Who they are, as far as what they did can tell"},
    {"name": "items", "description": "What there is, what is alike, what is looked for"},
    {"name": "models", "description": "What answers, how good it is, and the way back"},
    {"name": "experiments", "description": "Which customers meet which model, and what comes of it"},
    {"name": "operation", "description": "For those who run it"},
]
KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, where the server has any"},
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key in another header",
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    "OpenAPI, with the role that each operation needs"
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
                role = needs(method.upper(), path)
                operation["x-role"] = role
                operation["security"] = [] if role == "nobody" else [{"bearer": []}, {"key": []}]
        app.openapi_schema = made
    return app.openapi_schema


def text(app: FastAPI) -> str:
    "The description as the file holds it"
    return json.dumps(describe(app), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from .main import create_app
    from .settings import Settings

    FILE.write_text(text(create_app(Settings(api_keys=(), public_demo=False))), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
