"Feedback: events, stored before they are acknowledged"

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from customer360.serving import service as serving

from .. import schemas
from ..batches import checked, results
from ..errors import batch_problems, problems
from ..limits import charge_for
from ..manager import Service
from ..replies import reply
from ..security import check_customers
from ..stream import StreamSlot
from .common import WITH_BODY
from .common import router as new_router

router = new_router("feedback")


class Events(EventSourceResponse):
    media_type = None  # in the description this would become the type of the errors, which are JSON


EventId = Annotated[
    schemas.Id, Path(description="ID of the event, from its receipt", examples=["order-9281-1"])
]
LastEvent = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**53,
        description="like `after`, and takes precedence: sent by browsers on reconnect",
    ),
]


@router.post(
    "/feedback",
    operation_id="give_feedback",
    response_model=schemas.Receipts,
    responses=WITH_BODY
    | batch_problems(409, 410, 422)
    | {207: {"model": schemas.EventResults, "description": "With `partial`: the outcome of each event"}},
)
def give_feedback(
    body: schemas.FeedbackBody,
    query: Annotated[schemas.BatchQuery, Query()],
    request: Request,
    service: Service,
) -> Response:
    "Store events, all or none unless `partial`; they count from the customers' next recommendations on"
    good, problems = checked(body, "events")
    check_customers(request, {event.customer for event in good.values()})
    charge_for(request, len(body.events))
    events = {
        at: serving.NewEvent(
            user=event.customer,
            weight=event.quantity,
            **event.model_dump(exclude={"customer", "quantity"}),
        )
        for at, event in good.items()
    }
    if request.scope["caller"].stranger:  # who may add no items, whatever C360_ACCEPT_UNKNOWN_ITEMS says
        unknown = service.unknown_items(events)
        problems |= unknown
        events = {at: event for at, event in events.items() if at not in unknown}
    if query.partial:
        outcomes = problems | service.record_each(events)
        return reply(schemas.EventResults, results(outcomes, "receipt"), 207)
    if problems:
        raise serving.refuse(problems | service.event_problems(events))
    return reply(schemas.Receipts, {"receipts": service.record_events(list(events.values()))})


@router.get(
    "/feedback", operation_id="list_feedback", response_model=schemas.EventPage, responses=problems(404, 410)
)
def list_feedback(query: Annotated[schemas.FeedbackQuery, Query()], service: Service) -> Response:
    "List events in the order they were stored, page by page"
    found = service.events(**query.model_dump(exclude={"customer"}), user=query.customer)
    return reply(
        schemas.EventPage, {"events": found, "next": found[-1].seq if len(found) == query.limit else None}
    )


@router.delete(
    "/feedback/{event_id}",
    operation_id="retract_feedback",
    response_model=schemas.RetractionReceipt,
    responses=problems(404),
)
def retract_feedback(event_id: EventId, service: Service) -> Response:
    "Delete an event: it counts nowhere from now on, the next training included; repeating it is harmless"
    return reply(schemas.RetractionReceipt, service.retract(event_id))


@router.get("/feedback/stream", operation_id="stream_feedback", response_class=Events)
async def stream_feedback(
    query: Annotated[schemas.StreamQuery, Query()],
    service: Service,
    slot: StreamSlot,
    last_event: LastEvent = None,
) -> AsyncIterator[schemas.StoredEvent]:
    "Stream events as they are stored: server-sent events of type `feedback` whose ID is `seq`"
    async for event in slot.events(service, query.after if last_event is None else last_event):
        yield ServerSentEvent(
            event="feedback", id=str(event.seq), data=schemas.StoredEvent.model_validate(event)
        )
