"Customers: profiles, merging, export and erasure"

from typing import Annotated

from fastapi import Query, Response

from .. import schemas
from ..errors import problems
from ..manager import Service
from ..replies import reply
from .common import CREATED, WITH_BODY, CustomerId
from .common import router as new_router

router = new_router("customers")


@router.get("/customers", operation_id="list_customers", response_model=schemas.CustomerPage)
def list_customers(query: Annotated[schemas.PageQuery, Query()], service: Service) -> Response:
    "List customers by ID, page by page"
    return reply(schemas.CustomerPage, service.list_customers(query.search, query.cursor, query.limit))


@router.get(
    "/customers/{customer}",
    operation_id="get_customer",
    response_model=schemas.Profile,
    responses=problems(404, 410),
)
def get_customer(
    customer: CustomerId, query: Annotated[schemas.ProfileQuery, Query()], service: Service
) -> Response:
    "Get a customer's profile: history, activity by month, tastes, segment and similar customers"
    return reply(schemas.Profile, service.profile(customer, nearest=query.nearest))


@router.put(
    "/customers/{customer}",
    operation_id="put_customer",
    response_model=schemas.Written,
    responses=WITH_BODY | CREATED | problems(409, 410),
)
def put_customer(customer: CustomerId, body: schemas.CustomerBody, service: Service) -> Response:
    "Replace all attributes of a customer; creates the customer if the ID is new"
    created = service.put_customer(customer, body.attributes)
    return reply(schemas.Written, {"id": customer, "created": created}, 201 if created else 200)


@router.patch(
    "/customers/{customer}",
    operation_id="patch_customer",
    response_model=schemas.CustomerAttributes,
    responses=WITH_BODY | problems(404, 410),
)
def patch_customer(customer: CustomerId, body: schemas.CustomerPatch, service: Service) -> Response:
    "Change single attributes of a customer; null removes one, all others stay"
    return reply(schemas.CustomerAttributes, service.patch_customer(customer, body.attributes))


@router.post(
    "/customers/{customer}/merge",
    operation_id="merge_customer",
    response_model=schemas.Merged,
    responses=WITH_BODY | problems(404, 409, 410),
)
def merge_customer(customer: CustomerId, body: schemas.MergeBody, service: Service) -> Response:
    "Merge an ID into a customer, such as a visitor who logged in: its events count for them from now on"
    return reply(schemas.Merged, service.merge(customer, body.into))


@router.delete(
    "/customers/{customer}/merge",
    operation_id="separate_customer",
    response_model=schemas.Separated,
    responses=problems(404, 409, 410),
)
def separate_customer(customer: CustomerId, service: Service) -> Response:
    "Undo the merge of an ID, while nothing else has happened to either customer: 409 says what has"
    return reply(schemas.Separated, service.separate(customer))


@router.get(
    "/customers/{customer}/export",
    operation_id="export_customer",
    response_model=schemas.Export,
    responses=problems(404, 410),
)
def export_customer(customer: CustomerId, service: Service) -> Response:
    "Export everything stored about a customer"
    return reply(schemas.Export, service.export(customer))


@router.delete(
    "/customers/{customer}",
    operation_id="erase_customer",
    response_model=schemas.Erasure,
    responses=problems(404, 410),
)
def erase_customer(customer: CustomerId, service: Service) -> Response:
    "Erase a customer from store, models and data files, and block the ID"
    return reply(schemas.Erasure, service.erase(customer))
