"The shop at a glance"

from fastapi import Response

from .. import schemas
from ..manager import Service
from ..replies import reply
from .common import router as new_router

router = new_router("shop")


@router.get("/overview", operation_id="get_overview", response_model=schemas.Overview)
def get_overview(service: Service) -> Response:
    "Get counts of customers, items and events, in total and by month, from training data and store"
    return reply(schemas.Overview, service.overview())
