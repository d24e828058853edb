"The shop at a glance"

from fastapi import Response

from .. import schemas
from ..replies import reply
from ..shop import Service
from .common import router as new_router

router = new_router("shop")


@router.get("/overview", operation_id="get_overview", response_model=schemas.Overview)
def get_overview(service: Service) -> Response:
    "How many customers, items and events there are, month by month, from training data and store together"
    return reply(schemas.Overview, service.overview())
