"Many items and customers at once, and exports, as JSON Lines"

from typing import Annotated

from fastapi import Query, Request, Response

from .. import schemas
from ..bulk import answer_lines, streamed
from ..errors import problems
from ..manager import Service
from .common import router as new_router

router = new_router("bulk")
RECEIVED = problems(400, 408, 413, 415)


@router.get("/bulk/items", operation_id="export_items")
def export_items(service: Service) -> Response:
    "Export all items as they are at this moment, withdrawn ones included, as lines that can be put again"
    return streamed(map(schemas.Item.model_validate, part) for part in service.export_items())


@router.get("/bulk/customers", operation_id="export_customers")
def export_customers(service: Service) -> Response:
    "Export all customers with their attributes, by ID, as lines that can be put again"
    return streamed(map(schemas.ExportedCustomer.model_validate, part) for part in service.export_customers())


@router.get("/bulk/events", operation_id="export_events")
def export_events(query: Annotated[schemas.EventExportQuery, Query()], service: Service) -> Response:
    "Export the events of the store as of this moment, in the order they were stored"
    parts = service.export_events(**query.model_dump())
    return streamed(map(schemas.ExportedEvent.model_validate, part) for part in parts)


@router.post("/bulk/items", operation_id="put_items", status_code=207, responses=RECEIVED)
async def put_items(request: Request, service: Service) -> Response:
    "Add or replace items, one in each line; a wrong line is named in its receipt and stops no other"

    def store(good: dict[int, schemas.BulkItem]) -> dict:
        return service.put_items({at: (one.id, one.fields, one.withdrawn) for at, one in good.items()})

    return await answer_lines(request, schemas.BulkItem, store)


@router.post("/bulk/customers", operation_id="put_customers", status_code=207, responses=RECEIVED)
async def put_customers(request: Request, service: Service) -> Response:
    "Add or replace customers, one in each line; a wrong line is named in its receipt and stops no other"

    def store(good: dict[int, schemas.BulkCustomer]) -> dict:
        return service.put_customers({at: (one.id, one.attributes) for at, one in good.items()})

    return await answer_lines(request, schemas.BulkCustomer, store)
