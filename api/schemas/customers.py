"Customers: who they are, what they did, and what was done with their data"

from typing import Any

from pydantic import Field

from .base import ResponseBody, example, example_of


class CustomerSummary(ResponseBody):
    model_config = example(id="C0017", attributes={"country": "PT"}, n_events=31)
    id: str
    attributes: dict[str, Any] = {}
    n_events: int | None = None


class CustomerAttributes(ResponseBody):
    model_config = example(id="C0017", attributes={"country": "ES", "age": 41})
    id: str = Field(description="the customer's current ID")
    attributes: dict[str, Any] = Field(description="all attributes, as they are now")


class CustomerPage(ResponseBody):
    model_config = example(customers=[example_of(CustomerSummary)], next="C0017")
    customers: list[CustomerSummary]
    next: str | None = Field(None, description="`cursor` of the next page; null on the last page")


class HistoryEntry(ResponseBody):
    model_config = example(
        item="P0042", title="Trail running shoe", event="purchase", rating=None, timestamp=1_790_000_000
    )
    item: str
    title: str | None = None
    event: str
    rating: float | None = None
    timestamp: int | None = None


class Month(ResponseBody):
    model_config = example(month="2026-10", events=9, purchases=2)
    month: str
    events: int
    purchases: int = 0


class CategoryShare(ResponseBody):
    model_config = example(category="sports", share=0.4)
    category: str
    share: float


class Points(ResponseBody):
    model_config = example(recency=5, frequency=4, monetary=4)
    recency: int | None = None
    frequency: int | None = None
    monetary: int | None = None


class Segment(ResponseBody):
    model_config = example(
        recency_days=3.0,
        frequency=4,
        monetary=310.5,
        label="champion",
        points={"recency": 5, "frequency": 4, "monetary": 4},
    )
    recency_days: float | None = Field(None, description="days since the last purchase")
    frequency: float | None = Field(None, description="purchases")
    monetary: float | None = Field(None, description="total spend, where prices are known")
    label: str | None = None
    points: Points | None = Field(None, description="RFM quintiles among customers with purchases; 5 is best")


class Neighbour(ResponseBody):
    model_config = example(id="C0101", name="Anna Rossi", similarity=0.63)
    id: str
    name: str | None = Field(None, description="the attribute `name`, if set")
    similarity: float


class Assigned(ResponseBody):
    model_config = example(name="autumn", arm="hybrid")
    name: str = Field(description="name of the experiment")
    arm: str = Field(description="variant assigned to this customer")


class Features(ResponseBody):
    model_config = example(
        as_of=1_790_000_000,
        computed=1_790_003_600_000,
        values={"events": 31, "spend": 310.5, "mean_rating_given": None},
    )
    as_of: int = Field(
        description=(
            "seconds UTC: the end of the data, from which days are counted; later events count as of then"
        )
    )
    computed: int = Field(description="ms UTC")
    values: dict[str, Any] = Field(description="by name; null where missing. `c360 features` lists them")


class Profile(ResponseBody):
    model_config = example(
        id="C0017",
        attributes={"country": "PT"},
        n_events=31,
        history=[example_of(HistoryEntry)],
        activity=[{"month": "2026-10", "events": 9, "purchases": 2}],
        categories=[{"category": "sports", "share": 0.4}],
        segment={"recency_days": 3.0, "frequency": 4, "monetary": 310.5, "label": "champion"},
        nearest=[{"id": "C0101", "name": "Anna Rossi", "similarity": 0.63}],
        merged=["visitor-81"],
        experiment={"name": "autumn", "arm": "hybrid"},
        features=example_of(Features),
    )
    id: str
    attributes: dict[str, Any] = {}
    n_events: int
    history: list[HistoryEntry] = Field(description="the fifty newest events, newest first")
    activity: list[Month]
    categories: list[CategoryShare]
    segment: Segment | None = None
    nearest: list[Neighbour]
    merged: list[str] = Field([], description="other IDs merged into this customer")
    experiment: Assigned | None = Field(
        None, description="assignment in the running experiment; null if none is running"
    )
    features: Features | None = Field(
        None, description="values up to this second, by the definitions of `c360 features`"
    )


class Merged(ResponseBody):
    model_config = example(id="C0017", merged="visitor-81", events=3)
    id: str
    merged: str = Field(description="the ID that was merged")
    events: int = Field(description="number of events moved")


class Separated(ResponseBody):
    model_config = example(id="visitor-81", separated_from="C0017", events=3)
    id: str = Field(description="the ID that is a customer of its own again")
    separated_from: str = Field(description="the customer's ID that it was merged into")
    events: int = Field(description="number of events that count for this ID again")


class Export(ResponseBody):
    model_config = example(
        id="C0017", attributes={"country": "PT"}, merged=[], events=[], stored={"recommendations": []}
    )
    id: str
    attributes: dict[str, Any] = {}
    merged: list[str] = Field([], description="other IDs merged into this customer")
    events: list[dict[str, Any]] = Field(description="all events, from training data and store")
    stored: dict[str, Any] = Field({}, description="stored rows, by table")


class Erasure(ResponseBody):
    model_config = example(removed={"events": 31, "customers": 1}, files=4)
    removed: dict[str, int] = Field(description="deleted rows, by table")
    files: int = Field(0, description="number of model and data files rewritten without the customer")
