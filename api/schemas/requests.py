"What clients send"

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, WrapValidator, model_validator

from .base import (
    MOST_EVENTS,
    MOST_EXCLUDED,
    MOST_HISTORY,
    MOST_PAIRS,
    MOST_REQUESTS,
    Attributes,
    Count,
    EventWord,
    Finite,
    Id,
    ModelKey,
    OptionalId,
    OptionalKey,
    Printable,
    Quantity,
    QueryParams,
    RequestBody,
    Seconds,
    Surface,
    Text,
    Words,
    collect_errors,
    example,
)

WHERE_SHOWN = (
    "where the list will be shown, such as home, product, search or email; "
    "`sandbox`: a trial, of which nothing is recorded"
)

CANDIDATES = (
    "item IDs to rank; others are left out. All rules hold for them: `repeat` keeps what the customer had"
)

CATEGORY = "only items of this category; of one of several, with `|` between them"
WHERE = (
    "conditions that items have to meet, such as `price<=50`, `stock>=1` or `colour=red`: a field or "
    "attribute, one of `>=`, `<=` and `=`, and a value; several with `=` for one field are alternatives"
)

DIVERSITY = (
    "0: the best items; up to 1: items as unlike each other as the best hundred allow. Nothing is drawn for "
    "an experiment in a list that is to be diverse"
)

EVENT = (
    "a kind of event, or one of the data set's own words for one, such as `addtocart`, which its card maps "
    "to a kind; a receipt names the kind"
)
QUANTITY = (
    "how many, such as pieces bought: the event's weight, as in a file's column of quantities; only for data "
    "whose card has quantities. Without it an event weighs what its kind does"
)


Dial = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Act(RequestBody):
    model_config = example(item="P0042", event="click")
    item: Id
    event: EventWord = Field("click", description=EVENT)
    rating: Finite | None = Field(None, description="on the data's scale")
    timestamp: Seconds | None = Field(None, description="Unix time in seconds, UTC; defaults to now")
    quantity: Quantity | None = Field(None, description=QUANTITY)


class RecommendationRequest(RequestBody):
    model_config = example(
        history=[{"item": "P0042", "event": "click"}, {"item": "P0007", "event": "cart"}], n=5
    )
    customer: OptionalId = Field("", description="a customer's ID; empty for a visitor")
    history: list[Act] = Field(
        [],
        max_length=MOST_HISTORY,
        description=(
            "events of the current visit, on top of what is stored; used for this answer and not stored"
        ),
    )
    attributes: Attributes = Field(
        {},
        description=(
            "what is known of a visitor, such as an age band or a country, named as in the data; without a "
            "history they get what is popular with customers like them"
        ),
    )
    model: OptionalKey = Field(
        "",
        description=(
            "a model's key; empty: the variant that the experiment assigns, otherwise the default model"
        ),
    )
    n: Count = 10
    exclude: list[Id] = Field([], max_length=MOST_EXCLUDED, description="item IDs to leave out")
    candidates: list[Id] | None = Field(None, min_length=1, max_length=MOST_EXCLUDED, description=CANDIDATES)
    category: Words = Field("", description=CATEGORY)
    where: list[Words] = Field([], max_length=20, description=WHERE)
    repeat: bool = Field(False, description="also recommend items the customer already had")
    diversity: Dial = Field(0.0, description=DIVERSITY)
    cold_start: bool = Field(False, description="answer unknown customers with popular items instead of 404")
    explain: bool = Field(True, description="include reasons")
    surface: Surface = Field("", description=WHERE_SHOWN)


class RecommendationRequests(RequestBody):
    model_config = example(
        requests=[
            {"history": [{"item": "P0042", "event": "click"}], "n": 5},
            {"customer": "C0017", "model": "knn"},
        ]
    )
    requests: list[Annotated[RecommendationRequest, WrapValidator(collect_errors)]] = Field(
        min_length=1, max_length=MOST_REQUESTS
    )


class FilteredQuery(QueryParams):
    "Base of the queries for lists of items: all can be filtered alike"

    category: Words = Field("", description=CATEGORY)
    where: list[Words] = Field([], max_length=20, description=f"{WHERE}; may be repeated")

    @property
    def filters(self) -> dict[str, Any]:
        "Return the wishes as arguments of the service"
        return {"category": self.category, "where": tuple(self.where)}


class RecommendationQuery(FilteredQuery):
    model: OptionalKey = Field(
        "",
        description=(
            "a model's key; empty: the variant that the experiment assigns, otherwise the default model"
        ),
        examples=["knn"],
    )
    n: Count = Field(10, description="number of items")
    exclude: list[Id] = Field([], max_length=100, description="item IDs to leave out; may be repeated")
    candidates: list[Id] = Field([], max_length=100, description=f"{CANDIDATES}; may be repeated")
    repeat: bool = Field(False, description="also recommend items the customer already had")
    diversity: Dial = Field(0.0, description=DIVERSITY)
    cold_start: bool = Field(
        False, description="answer an unknown customer with popular items instead of 404"
    )
    explain: bool = Field(True, description="include reasons; leaving them out makes the answer faster")
    surface: Surface = Field("", description=WHERE_SHOWN, examples=["home"])


class NextQuery(QueryParams):
    n: Count | None = Field(None, description="number of items; by default as many as on the page before")


Cursor = Annotated[
    str,
    StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$"),
    Field(description="`next` of the previous page"),
]


class PageQuery(QueryParams):
    search: Words = Field(
        "",
        description=(
            "at most 50 words in any order, each part of the ID or of a text attribute; "
            "accents and case are ignored"
        ),
    )
    cursor: Cursor = ""
    limit: Count = 50


class ItemPageQuery(FilteredQuery):
    search: Words = Field(
        "",
        description=(
            "at most 50 words in any order, each part of the ID, title, category or brand; "
            "accents and case are ignored"
        ),
    )
    cursor: Cursor = ""
    limit: Count = 50


class SimilarQuery(FilteredQuery):
    by: Literal["behaviour", "text"] = Field(
        "behaviour", description="similar by behaviour of customers, or by text"
    )
    n: Count = 10
    model: OptionalKey = Field("", description="the model whose similarity is used; empty: the default model")
    customer: OptionalId = Field("", description="leave out what this customer has had")


class ProfileQuery(QueryParams):
    nearest: Count = Field(5, description="number of similar customers")


class SearchQuery(FilteredQuery):
    q: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")] = Field(
        description="a description of what is wanted, of at most 50 words", examples=["warm jacket"]
    )
    n: Count = 10
    customer: OptionalId = Field("", description="customer whose taste re-ranks the results")


class ListQuery(FilteredQuery):
    n: Count = 10


class PopularQuery(ListQuery):
    days: int = Field(
        0, ge=0, le=36_500, description="count only the last so many days until now; 0: all time"
    )


class FeedbackQuery(QueryParams):
    after: int = Field(0, ge=0, le=2**53, description="`seq` of the last event of the previous page")
    limit: int = Field(100, ge=1, le=1_000)
    customer: OptionalId = ""
    since: Seconds | None = Field(None, description="only events at or after this time, in seconds UTC")
    until: Seconds | None = Field(None, description="only events before this time, in seconds UTC")


class StreamQuery(QueryParams):
    after: int | None = Field(
        None,
        ge=0,
        le=2**53,
        description="resume after the event with this `seq`; by default the newest twenty come first",
    )


class ItemCustomersQuery(QueryParams):
    n: Count = Field(20, description="number of newest events")


class CustomerBody(RequestBody):
    model_config = example(attributes={"country": "PT", "age": 41, "newsletter": True})
    attributes: Attributes = Field(
        description="all attributes: those left out are deleted, also those from the training data"
    )


class CustomerPatch(RequestBody):
    model_config = example(attributes={"country": "ES", "newsletter": None})
    attributes: Attributes = Field(description="the attributes that change; null removes one")


class MergeBody(RequestBody):
    model_config = example(into="C0017")
    into: Id = Field(
        description=(
            "the customer's ID that is kept; events of the ID in the path are attributed to it from now on"
        )
    )


class ItemFields(RequestBody):
    "Fields of an item, each optional"

    title: Text | None = None
    text: Text | None = Field(None, description="description, read by content models")
    category: Words | Annotated[list[Words], Field(max_length=50)] | None = Field(
        None, description="one, or several: a list, or with `|` between them"
    )
    brand: Words | None = None
    price: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    attributes: Attributes = Field({}, description="any other attributes")

    @property
    def fields(self) -> dict[str, Any]:
        "Return the fields that were given, and the attributes beside them"
        own = {"attributes", "id", "withdrawn"}
        given = self.model_dump(exclude=own, exclude_unset=True) | self.attributes
        if isinstance(self.category, list):
            given["category"] = "|".join(self.category)
        return given

    @model_validator(mode="after")
    def _no_field_twice(self) -> Self:
        if taken := sorted(
            ({"item", "withdrawn", "version", *type(self).model_fields} - {"id"}) & set(self.attributes)
        ):
            raise ValueError(f"attributes cannot be named {', '.join(taken)}: these are fields of their own")
        return self


class ItemBody(ItemFields):
    model_config = example(
        title="Trail running shoe",
        text="Light shoe with a firm grip",
        category="sports",
        brand="Uphill",
        price=89.9,
        available=True,
    )
    available: bool = True


class ItemPatch(ItemFields):
    model_config = example(available=False, price=79.9)
    available: bool | None = Field(None, description="null: available again, as without this field")


class Pair(RequestBody):
    model_config = example(customer="C0017", item="P0042")
    customer: OptionalId = Field("", description="empty: the visitor whose history is in this request")
    item: Id


class PredictionRequest(RequestBody):
    model_config = example(pairs=[{"customer": "C0017", "item": "P0042"}], model="svd")
    pairs: list[Pair] = Field(min_length=1, max_length=MOST_PAIRS)
    history: list[Act] = Field(
        [], max_length=MOST_HISTORY, description="history of the visitor, for pairs without a customer"
    )
    model: OptionalKey = ""


class FeedbackEvent(RequestBody):
    model_config = example(customer="C0017", item="P0042", event="purchase", event_id="order-9281-1")
    customer: Id
    item: Id
    event: EventWord = Field(description=EVENT)
    rating: Finite | None = Field(None, description="on the data's scale; required for a `rating` event")
    timestamp: Seconds | None = Field(None, description="Unix time in seconds, UTC; defaults to now")
    event_id: OptionalId = Field(
        "",
        description=(
            "chosen by the client for idempotent retries: the same event sent again is acknowledged and "
            "not stored twice"
        ),
    )
    recommendation_id: OptionalId = Field("", description="the recommendation in which the item was shown")
    surface: Surface = Field(
        "",
        description=(
            "where it happened, such as home, product, search or email; `staff`: recorded on the customer's "
            "behalf, and in no online figure"
        ),
    )
    quantity: Quantity | None = Field(None, description=QUANTITY)


class FeedbackBody(RequestBody):
    model_config = example(
        events=[{"customer": "C0017", "item": "P0042", "event": "purchase", "event_id": "order-9281-1"}]
    )
    events: list[Annotated[FeedbackEvent, WrapValidator(collect_errors)]] = Field(
        min_length=1,
        max_length=MOST_EVENTS,
        description="stored atomically: all or none, unless `partial` is true",
    )


class ResultsQuery(QueryParams):
    surface: Surface | None = Field(
        None, description="count only what was shown there; empty: where the surface is unknown"
    )


class ExperimentBody(RequestBody):
    model_config = example(name="autumn", arms={"hybrid": 0.5, "knn": 0.5}, exploration=0.1)
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=Printable)]
    arms: dict[ModelKey, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        min_length=1, max_length=20, description="model key -> share of the customers; shares sum to 1"
    )
    exploration: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        0.0, description="probability that a position is sampled instead of going to the best item"
    )
    temperature: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = Field(
        1.0, description="softmax temperature of the sampling: high = uniform, low = almost always the best"
    )
    salt: OptionalId = Field(
        "", description="a different salt assigns customers afresh; defaults to the name"
    )


class RulesBody(RequestBody):
    model_config = example(pinned=["P0001"], buried=["P0013"], per_category=3)
    pinned: list[Id] = Field([], max_length=100, description="items that come first for every customer")
    buried: list[Id] = Field(
        [], max_length=10_000, description="items that come last: after all others, if places remain"
    )
    per_category: int | None = Field(
        None, ge=1, le=100, description="maximum number of items of one category in one list"
    )
