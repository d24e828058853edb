"Definitions shared by the routes"

from typing import Annotated

from fastapi import APIRouter, Body, Path

from .. import schemas
from ..errors import problems

CustomerId = Annotated[schemas.Id, Path(description="the customer's ID", examples=["C0017"])]
ItemId = Annotated[schemas.Id, Path(description="the item's ID", examples=["P0042"])]
Key = Annotated[schemas.ModelKey, Path(description="the model's key", examples=["knn"])]
WITH_BODY = problems(400, 413, 415)
CREATED = {201: {"model": schemas.Written, "description": "Created"}}
Sent = Body()


def router(tag: str) -> APIRouter:
    "Return a router under /api/v1 with the errors common to all routes"
    return APIRouter(prefix="/api/v1", tags=[tag], responses=problems(401, 403, 422, 429, 503))
