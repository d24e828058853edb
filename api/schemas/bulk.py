"Lines of bulk requests and of exports"

from typing import Any

from pydantic import Field

from .base import (
    Attributes,
    Id,
    Problem,
    QueryParams,
    RequestBody,
    ResponseBody,
    Seconds,
    example,
    example_of,
)
from .requests import ItemBody


class BulkItem(ItemBody):
    "A line: an item as a whole, as an export returns it"

    model_config = example(
        id="P0042", title="Trail running shoe", text="Light shoe", category="sports", price=89.9
    )
    id: Id
    withdrawn: bool = Field(False, description="true: in no list until it is put again without it")


class BulkCustomer(RequestBody):
    "A line: a customer with all attributes, as an export returns it"

    model_config = example(id="C0017", attributes={"country": "PT", "age": 41})
    id: Id
    attributes: Attributes = Field({}, description="all attributes: those left out are deleted")


class BulkReceipt(ResponseBody):
    "The outcome of a line"

    model_config = example(line=3, status=422, error=example_of(Problem))
    line: int = Field(description="number of the line, from 1; empty lines have no receipt")
    status: int = Field(description="200 replaced, 201 new, or what a request of its own had got")
    id: str | None = None
    error: Problem | None = None


class ExportedCustomer(ResponseBody):
    model_config = example(id="C0017", attributes={"country": "PT", "age": 41})
    id: str
    attributes: dict[str, Any] = {}


class ExportedEvent(ResponseBody):
    "A stored event; `seq` and `received` apart, it is what an event of a request is"

    model_config = example(
        seq=123, event_id="order-9281-1", customer="C0017", item="P0042", event="purchase", rating=None,
        weight=5.0, timestamp=1_790_000_000, recommendation_id="", received=1_790_000_000_123, surface="home",
    )  # fmt: skip
    seq: int
    event_id: str
    customer: str = Field(validation_alias="user")
    item: str
    event: str
    rating: float | None = None
    weight: float
    timestamp: int
    recommendation_id: str = ""
    received: int = Field(description="when the store received it: Unix time in milliseconds, UTC")
    surface: str = ""


class EventExportQuery(QueryParams):
    after: int = Field(0, ge=0, le=2**53, description="only events with a higher `seq`")
    since: Seconds | None = Field(None, description="only events at or after this time, in seconds UTC")
    until: Seconds | None = Field(None, description="only events before this time, in seconds UTC")
