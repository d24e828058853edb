"Items: catalogue, similar items and search"

from typing import Annotated

from fastapi import Query, Response

from .. import schemas
from ..errors import problems
from ..manager import Service
from ..replies import reply
from .common import CREATED, WITH_BODY, ItemId
from .common import router as new_router

router = new_router("items")


@router.get("/items", operation_id="list_items", response_model=schemas.ItemPage)
def list_items(query: Annotated[schemas.ItemPageQuery, Query()], service: Service) -> Response:
    "List items by ID, page by page"
    return reply(
        schemas.ItemPage,
        service.list_items(query.search, cursor=query.cursor, limit=query.limit, **query.filters),
    )


@router.get("/items/{item}", operation_id="get_item", response_model=schemas.Item, responses=problems(404))
def get_item(item: ItemId, service: Service) -> Response:
    "Get an item"
    return reply(schemas.Item, service.item(item))


@router.put(
    "/items/{item}",
    operation_id="put_item",
    response_model=schemas.Written,
    responses=WITH_BODY | CREATED | problems(409),
)
def put_item(item: ItemId, body: schemas.ItemBody, service: Service) -> Response:
    "Add an item, replace all of its fields, or restore a withdrawn one; a new one is recommended at once"
    created = service.put_item(item, body.fields)
    return reply(schemas.Written, {"id": item, "created": created}, 201 if created else 200)


@router.patch(
    "/items/{item}",
    operation_id="patch_item",
    response_model=schemas.Item,
    responses=WITH_BODY | problems(404),
)
def patch_item(item: ItemId, body: schemas.ItemPatch, service: Service) -> Response:
    "Change single fields of an item; null removes one, all others stay, and a withdrawn item stays so"
    return reply(schemas.Item, service.patch_item(item, body.fields))


@router.delete(
    "/items/{item}",
    operation_id="withdraw_item",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
def withdraw_item(item: ItemId, service: Service) -> Response:
    "Withdraw an item from recommendations; its events are kept"
    service.withdraw(item)
    return Response(status_code=204)


@router.get(
    "/items/{item}/similar",
    operation_id="similar_items",
    response_model=schemas.Picks,
    responses=problems(404, 410),
)
def similar_items(
    item: ItemId, query: Annotated[schemas.SimilarQuery, Query()], service: Service
) -> Response:
    "List similar items, by behaviour of customers or by text"
    found = service.similar(item, query.by, query.n, query.model, user=query.customer, **query.filters)
    return reply(schemas.Picks, {"items": found})


@router.get(
    "/items/{item}/customers",
    operation_id="list_customers_of_item",
    response_model=schemas.ItemCustomers,
    responses=problems(404),
)
def list_customers_of_item(
    item: ItemId, query: Annotated[schemas.ItemCustomersQuery, Query()], service: Service
) -> Response:
    "List an item's customers: counts by event kind, and the newest events"
    return reply(schemas.ItemCustomers, service.customers_of(item, query.n))


@router.get(
    "/search", operation_id="search_items", response_model=schemas.Picks, responses=problems(404, 410)
)
def search_items(query: Annotated[schemas.SearchQuery, Query()], service: Service) -> Response:
    "Search items by meaning, optionally re-ranked for a customer"
    found = service.search_items(query.q, query.n, query.customer, **query.filters)
    return reply(schemas.Picks, {"items": found})


@router.get("/popular", operation_id="popular_items", response_model=schemas.Picks)
def popular_items(query: Annotated[schemas.PopularQuery, Query()], service: Service) -> Response:
    "List the most popular items"
    return reply(schemas.Picks, {"items": service.popular(query.n, days=query.days, **query.filters)})


@router.get("/latest", operation_id="latest_items", response_model=schemas.Picks)
def latest_items(query: Annotated[schemas.ListQuery, Query()], service: Service) -> Response:
    "List the newest items"
    return reply(schemas.Picks, {"items": service.latest(query.n, **query.filters)})
