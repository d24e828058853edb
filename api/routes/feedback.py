"Feedback: what customers did, stored before it is acknowledged"

from typing import Annotated

from fastapi import Query, Response

from customer360.serving import service as serving

from .. import schemas
from ..errors import problems
from ..replies import reply
from ..shop import Service
from .common import WITH_BODY
from .common import router as new_router

router = new_router("feedback")


@router.post("/feedback", operation_id="give_feedback", response_model=schemas.Receipts, responses=WITH_BODY | problems(409, 410))
def give_feedback(body: schemas.FeedbackBody, service: Service) -> Response:
    "Store events, all or none; the customers' next recommendations know of them"
    events = [serving.NewEvent(user=event.customer, **event.model_dump(exclude={"customer"})) for event in body.events]
    return reply(schemas.Receipts, {"receipts": service.feedback(events)})


@router.get("/feedback", operation_id="list_feedback", response_model=schemas.EventPage, responses=problems(404, 410))
def list_feedback(query: Annotated[schemas.FeedbackQuery, Query()], service: Service) -> Response:
    "Events in the order in which they were stored, a page at a time"
    found = service.events(query.after, query.limit, query.customer)
    return reply(schemas.EventPage, {"events": found, "next": found[-1].seq if len(found) == query.limit else None})
