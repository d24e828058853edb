"Items, and the shop at a glance"

from typing import Any

from pydantic import Field, model_validator

from .base import ResponseBody, example, example_of


class Item(ResponseBody):
    model_config = example(
        id="P0042",
        title="Trail running shoe",
        text="Light shoe with a firm grip",
        category="sports",
        brand="Uphill",
        price=89.9,
        available=True,
        withdrawn=False,
        attributes={},
    )
    id: str = Field(validation_alias="item")
    title: str = ""
    text: str = ""
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    available: bool = True
    withdrawn: bool = False
    attributes: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _with_brand(cls, plain: Any) -> Any:
        "Lift the brand out of the attributes, where the service keeps it"
        others = dict(plain["attributes"])
        brand = others.pop("brand", None)
        return {**plain, "brand": None if brand is None else str(brand), "attributes": others}


class ItemPage(ResponseBody):
    model_config = example(items=[example_of(Item)], next="P0042")
    items: list[Item]
    next: str | None = Field(None, description="`cursor` of the next page; null on the last page")


class ItemAct(ResponseBody):
    model_config = example(
        id="C0017", name="Anna Rossi", event="purchase", rating=None, timestamp=1_790_000_000
    )
    id: str = Field(description="the customer's current ID")
    name: str | None = Field(None, description="the customer's name, if set")
    event: str
    rating: float | None = None
    timestamp: int


class ItemCustomers(ResponseBody):
    model_config = example(
        customers=41,
        events={"view": 120, "purchase": 9},
        newest=[example_of(ItemAct)],
    )
    customers: int = Field(description="number of customers with any event on the item, impressions excluded")
    events: dict[str, int] = Field(description="number of events, by kind")
    newest: list[ItemAct] = Field(
        description="the newest events, newest first, without views and impressions"
    )


class MonthlyEvents(ResponseBody):
    model_config = example(month="2026-10", events={"view": 9_120, "purchase": 310})
    month: str
    events: dict[str, int]


class CategoryItems(ResponseBody):
    model_config = example(category="sports", items=25)
    category: str
    items: int


class Overview(ResponseBody):
    model_config = example(
        dataset="demo",
        title="Demo shop",
        scale=[1, 5],
        currency="GBP",
        customers=1_000,
        items=200,
        events={"view": 41_200, "purchase": 6_100},
        ratings=4_300,
        live_events=17,
        months=[example_of(MonthlyEvents)],
        categories=[{"category": "sports", "items": 25}],
        models=["hybrid", "knn"],
    )
    dataset: str
    title: str
    scale: tuple[float, float] | None = Field(
        None, description="lowest and highest rating; null if the data has no ratings"
    )
    currency: str | None = Field(
        None, description="of all prices, ISO 4217: the attribute `currency` of the items; null if unknown"
    )
    customers: int
    items: int = Field(description="number of items, withdrawn ones excluded")
    events: dict[str, int] = Field(description="number of events by kind, in training data and store")
    ratings: int = Field(description="number of events with a rating")
    live_events: int = Field(description="number of events stored since the default model's training data")
    months: list[MonthlyEvents] = Field(description="consecutive months, oldest first")
    categories: list[CategoryItems] = Field(description="largest first")
    models: list[str] = Field(description="keys of the models that are served")
