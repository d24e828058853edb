"Stored events and their receipts"

from pydantic import Field

from .base import EventKind, Problem, ResponseBody, example, example_of


class Receipt(ResponseBody):
    model_config = example(event_id="order-9281-1", seq=70_012, duplicate=False, event="purchase")
    event_id: str
    seq: int
    duplicate: bool = Field(description="true if the event was already stored")
    event: EventKind = Field(description="the kind as which it is stored")


class Receipts(ResponseBody):
    model_config = example(receipts=[example_of(Receipt)])
    receipts: list[Receipt] = Field(description="in the order of the events; each event is durably stored")


class EventResult(ResponseBody):
    model_config = example(index=0, status=200, receipt=example_of(Receipt), error=None)
    index: int = Field(description="position of the event in the request, from 0")
    status: int = Field(description="200: stored, now or before; otherwise what a request of its own had got")
    receipt: Receipt | None = None
    error: Problem | None = None


class EventResults(ResponseBody):
    model_config = example(results=[example_of(EventResult)])
    results: list[EventResult] = Field(description="one per event, in order")


class RetractionReceipt(ResponseBody):
    model_config = example(event_id="order-9281-1", seq=70_012, duplicate=False)
    event_id: str = Field(description="stays taken: an event that is sent with this ID is refused with 410")
    seq: int = Field(description="of the event; 0 if it was known from training data only")
    duplicate: bool = Field(description="true if the event was retracted before")


class StoredEvent(ResponseBody):
    model_config = example(
        seq=70_012,
        event_id="order-9281-1",
        customer="C0017",
        item="P0042",
        event="purchase",
        rating=None,
        timestamp=1_790_000_000,
        recommendation_id="",
        received=1_790_000_000_120,
        surface="product",
        name="Anna Rossi",
        title="Trail running shoe",
    )
    seq: int
    event_id: str
    customer: str = Field(validation_alias="user")
    item: str
    event: str
    rating: float | None = None
    timestamp: int
    recommendation_id: str = ""
    received: int | None = Field(None, description="Unix time in milliseconds")
    surface: str = Field("", description="where it happened; empty if unknown")
    name: str | None = Field(None, description="the customer's name, if set")
    title: str | None = Field(None, description="the item's title")


class EventPage(ResponseBody):
    model_config = example(events=[example_of(StoredEvent)], next=70_012)
    events: list[StoredEvent]
    next: int | None = Field(None, description="`after` of the next page; null on the last page")
