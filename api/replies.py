"Serialise service objects to JSON responses in one step"

from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel


def reply(model: type[BaseModel], value: Any, status: int = 200) -> Response:
    "Return `value` as JSON in the shape of `model`, serialised in the request's own thread"
    return Response(model.model_validate(value).model_dump_json(), status, media_type="application/json")
