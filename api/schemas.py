"The JSON that goes in and out, each shape with an example"

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

EventKind = Literal[
    "impression", "view", "click", "cart", "purchase", "rating", "like", "dismiss"
]  # of `schema.Event`; a test holds it
MOST_EVENTS, MOST_REQUESTS, MOST_PAIRS, MOST_HISTORY, MOST_EXCLUDED = 1_000, 100, 1_000, 1_000, 1_000
LATEST = 4_102_444_800  # seconds: what is later is milliseconds, or a mistake


def _with_slashes(value: Any) -> Any:
    "Undo what `paths.Slashes` did to an id in a path"
    return value.replace("\x1f", "/") if isinstance(value, str) else value


Printable = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[
    str, BeforeValidator(_with_slashes), StringConstraints(min_length=1, max_length=256, pattern=Printable)
]
OptionalId = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
ModelKey = Annotated[
    str, BeforeValidator(_with_slashes), StringConstraints(min_length=1, max_length=64, pattern=Printable)
]
OptionalKey = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[int, Field(ge=1, le=LATEST, description="seconds since 1970, UTC")]
Attribute = Text | bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | Finite | None
Attributes = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=Printable)], Attribute],
    Field(max_length=200),
]


class Asked(BaseModel):
    "What a client sends: nothing unknown, nothing of another type"

    model_config = ConfigDict(extra="forbid", strict=True)


class Parameters(BaseModel):
    "What stands behind the `?`: nothing unknown"

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    "What the server answers, made from the Service's objects"

    model_config = ConfigDict(from_attributes=True)


def example(**values: Any) -> ConfigDict:
    "The example of a model"
    return ConfigDict(json_schema_extra={"examples": [values]})


class Problem(Told):
    model_config = example(detail="n: Input should be less than or equal to 100, got 1000000", field="n")
    detail: str = Field(description="what is wrong, and where")
    field: str | None = Field(None, description="the field that is wrong, such as `events.3.timestamp`")


# What clients send


class Act(Asked):
    model_config = example(item="P0042", event="click")
    item: Id
    event: EventKind = "click"
    rating: Finite | None = Field(None, description="on the data's scale")
    timestamp: Seconds | None = Field(None, description="seconds since 1970, UTC; now, if left out")


class RecommendationRequest(Asked):
    model_config = example(
        history=[{"item": "P0042", "event": "click"}, {"item": "P0007", "event": "cart"}], n=5
    )
    customer: OptionalId = Field("", description="a known customer; empty: a visitor")
    history: list[Act] = Field(
        [],
        max_length=MOST_HISTORY,
        description="what a visitor, or a customer on top of what is stored, did just now; it is not stored",
    )
    model: OptionalKey = Field("", description="empty: what the experiment assigns, else the default")
    n: Count = 10
    exclude: list[Id] = Field([], max_length=MOST_EXCLUDED, description="items that must not be recommended")
    category: Words = ""
    repeat: bool = Field(False, description="may recommend what the customer has had")
    cold_start: bool = Field(
        False, description="answer unknown customers with what is popular, instead of 404"
    )
    explain: bool = Field(True, description="with reasons")


class RecommendationRequests(Asked):
    model_config = example(
        requests=[
            {"history": [{"item": "P0042", "event": "click"}], "n": 5},
            {"customer": "C0017", "model": "knn"},
        ]
    )
    requests: list[RecommendationRequest] = Field(min_length=1, max_length=MOST_REQUESTS)


class RecommendationQuery(Parameters):
    model: OptionalKey = Field(
        "", description="empty: what the experiment assigns, else the default", examples=["knn"]
    )
    n: Count = Field(10, description="how many")
    exclude: list[Id] = Field(
        [], max_length=100, description="items that must not be recommended; may be repeated"
    )
    category: Words = Field("", description="from this category alone")
    repeat: bool = Field(False, description="may recommend what the customer has had")
    cold_start: bool = Field(
        False, description="answer an unknown customer with what is popular, instead of 404"
    )
    explain: bool = Field(True, description="with reasons; without, the answer comes sooner")


class PageQuery(Parameters):
    search: Words = Field(
        "",
        description="words in any order, each a part of the id or of a text among what is known, without regard to accents and case",
    )
    cursor: Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")] = Field(
        "", description="`next` of the page before"
    )
    limit: Count = 50


class ItemPageQuery(PageQuery):
    search: Words = Field(
        "",
        description="words in any order, each a part of the id, the title, the category or the brand, without regard to accents and case",
    )
    category: Words = ""


class SimilarQuery(Parameters):
    by: Literal["behaviour", "text"] = Field(
        "behaviour", description="alike in who turns to them, or in what is written about them"
    )
    n: Count = 10
    model: OptionalKey = Field("", description="whose idea of alike; empty: the default")


class SearchQuery(Parameters):
    q: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")] = Field(
        description="what is looked for, in words", examples=["warm jacket"]
    )
    n: Count = 10
    customer: OptionalId = Field("", description="whose taste the order should follow")
    category: Words = ""


class ListQuery(Parameters):
    n: Count = 10
    category: Words = ""


class PopularQuery(ListQuery):
    days: int = Field(0, ge=0, le=36_500, description="of the last days alone; 0: of all time")


class FeedbackQuery(Parameters):
    after: int = Field(0, ge=0, le=2**53, description="`seq` of the last event of the page before")
    limit: int = Field(100, ge=1, le=1_000)
    customer: OptionalId = ""


class StreamQuery(Parameters):
    after: int | None = Field(
        None,
        ge=0,
        le=2**53,
        description="go on behind the event with this `seq`; left out: begin with the newest twenty",
    )


class ItemCustomersQuery(Parameters):
    n: Count = Field(20, description="how many of the newest acts")


class CustomerBody(Asked):
    model_config = example(attributes={"country": "PT", "age": 41, "newsletter": True})
    attributes: Attributes = Field(description="all of them: what is missing is forgotten")


class MergeBody(Asked):
    model_config = example(into="C0017")
    into: Id = Field(
        description="the customer's id, which stays; what was done under the id in the path belongs to it from now on"
    )


class ItemBody(Asked):
    model_config = example(
        title="Trail running shoe",
        text="Light shoe with a firm grip",
        category="sports",
        brand="Uphill",
        price=89.9,
        available=True,
    )
    title: Text | None = None
    text: Text | None = Field(None, description="what a model that reads will read")
    category: Words | None = None
    brand: Words | None = None
    price: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    available: bool = True
    attributes: Attributes = Field({}, description="whatever else is known")

    @model_validator(mode="after")
    def _no_field_twice(self) -> "ItemBody":
        if taken := sorted({"item", "withdrawn", "version", *type(self).model_fields} & set(self.attributes)):
            raise ValueError(f"attributes cannot be called {', '.join(taken)}: these are fields of their own")
        return self


class Pair(Asked):
    model_config = example(customer="C0017", item="P0042")
    customer: OptionalId = Field("", description="empty: whoever has the history of this request")
    item: Id


class PredictionRequest(Asked):
    model_config = example(pairs=[{"customer": "C0017", "item": "P0042"}], model="svd")
    pairs: list[Pair] = Field(min_length=1, max_length=MOST_PAIRS)
    history: list[Act] = Field(
        [], max_length=MOST_HISTORY, description="of the visitor in pairs without a customer"
    )
    model: OptionalKey = ""


class FeedbackEvent(Asked):
    model_config = example(customer="C0017", item="P0042", event="purchase", event_id="order-9281-1")
    customer: Id
    item: Id
    event: EventKind
    rating: Finite | None = Field(None, description="on the data's scale; needed by the kind `rating`")
    timestamp: Seconds | None = Field(None, description="seconds since 1970, UTC; now, if left out")
    event_id: OptionalId = Field(
        "",
        description="the client's own: sent again with the same content it is acknowledged and not stored twice",
    )
    recommendation_id: OptionalId = Field("", description="the answer in which the item was shown")


class FeedbackBody(Asked):
    model_config = example(
        events=[{"customer": "C0017", "item": "P0042", "event": "purchase", "event_id": "order-9281-1"}]
    )
    events: list[FeedbackEvent] = Field(
        min_length=1, max_length=MOST_EVENTS, description="stored all together or not at all"
    )


class ExperimentBody(Asked):
    model_config = example(name="autumn", arms={"hybrid": 0.5, "knn": 0.5}, exploration=0.1)
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=Printable)]
    arms: dict[ModelKey, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        min_length=1, max_length=20, description="model -> share of the customers; together 1"
    )
    exploration: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        0.0, description="chance with which a place is drawn instead of given to the best"
    )
    temperature: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = Field(
        1.0, description="of these draws: high = all alike, low = nearly the best"
    )
    salt: OptionalId = Field("", description="another salt shuffles all customers anew; empty: the name")


class RulesBody(Asked):
    model_config = example(pinned=["P0001"], buried=["P0013"], per_category=3)
    pinned: list[Id] = Field([], max_length=100, description="items that come first for everybody")
    buried: list[Id] = Field([], max_length=10_000, description="items that come last")
    per_category: int | None = Field(
        None, ge=1, le=100, description="items of one category in one answer, at the most"
    )


# What the server answers


class Reason(Told):
    model_config = example(kind="item", item="P0007", title="Rain jacket", word=None, share=0.42)
    kind: str = Field(description="item, word, popularity or rule")
    item: str | None = None
    title: str | None = None
    word: str | None = None
    share: float | None = Field(None, description="how much of the score would go without it")


class Pick(Told):
    model_config = example(
        item="P0042", title="Trail running shoe", category="sports", price=89.9, rank=1, score=3.2, probability=1.0, rating=4.4, by="model",
        reasons=[{"kind": "item", "item": "P0007", "title": "Rain jacket", "word": None, "share": 0.42}],
    )  # fmt: skip
    item: str
    title: str
    category: str | None = None
    price: float | None = None
    rank: int = Field(description="1 is the first")
    score: float | None = Field(
        None, description="of the model, on a scale of its own: only the order counts"
    )
    probability: float | None = Field(None, description="chance with which this place went to this item")
    rating: float | None = Field(None, description="what the customer would give, on the data's scale")
    by: str = Field(description="what put it there: model, pinned, explored, text, popular or latest")
    reasons: list[Reason] = []
    close: bool = Field(
        True, description="false: a search found nothing nearer, and yet this is far from what was looked for"
    )


class Shown(Told):
    model_config = example(
        item="P0042", rank=1, score=3.2, probability=1.0, rating=4.4, by="model", reasons=[]
    )
    item: str
    rank: int
    score: float | None = None
    probability: float | None = None
    rating: float | None = None
    by: str
    reasons: list[Reason] = []


class Recommendations(Told):
    model_config = example(
        recommendation_id="01J9Z3", customer="C0017", model="knn", version="2f7a9c01d3b4", cold_start=False, experiment=None, arm=None, n_history=12,
        items=[Pick.model_config["json_schema_extra"]["examples"][0]],
    )  # fmt: skip
    recommendation_id: str = Field(description="send it back with the feedback on what is shown")
    customer: str | None = Field(None, validation_alias="user")
    model: str
    version: str
    cold_start: bool = Field(description="nothing is known about this customer: this is what is popular")
    experiment: str | None = None
    arm: str | None = None
    n_history: int = Field(description="items of the history that the answer rests on")
    items: list[Pick]


class RecommendationAnswers(Told):
    model_config = example(answers=[Recommendations.model_config["json_schema_extra"]["examples"][0]])
    answers: list[Recommendations] = Field(description="in the order of the requests")


class Picks(Told):
    model_config = example(items=[Pick.model_config["json_schema_extra"]["examples"][0]])
    items: list[Pick]


class CustomerSummary(Told):
    model_config = example(id="C0017", attributes={"country": "PT"}, n_events=31)
    id: str
    attributes: dict[str, Any] = {}
    n_events: int | None = None


class CustomerPage(Told):
    model_config = example(
        customers=[CustomerSummary.model_config["json_schema_extra"]["examples"][0]], next="C0017"
    )
    customers: list[CustomerSummary]
    next: str | None = Field(None, description="`cursor` of the next page; null on the last")


class HistoryEntry(Told):
    model_config = example(
        item="P0042", title="Trail running shoe", event="purchase", rating=None, timestamp=1_790_000_000
    )
    item: str
    title: str | None = None
    event: str
    rating: float | None = None
    timestamp: int | None = None


class Month(Told):
    model_config = example(month="2026-10", events=9, purchases=2)
    month: str
    events: int
    purchases: int = 0


class CategoryShare(Told):
    model_config = example(category="sports", share=0.4)
    category: str
    share: float


class Points(Told):
    model_config = example(recency=5, frequency=4, monetary=4)
    recency: int | None = None
    frequency: int | None = None
    monetary: int | None = None


class Segment(Told):
    model_config = example(
        recency_days=3.0,
        frequency=4,
        monetary=310.5,
        label="champion",
        points={"recency": 5, "frequency": 4, "monetary": 4},
    )
    recency_days: float | None = Field(None, description="days since the last purchase")
    frequency: float | None = Field(None, description="purchases")
    monetary: float | None = Field(None, description="sum of their prices, where these are known")
    label: str | None = None
    points: Points | None = Field(None, description="fifths of the customers who bought: 5 is best")


class Neighbour(Told):
    model_config = example(id="C0101", name="Anna Rossi", similarity=0.63)
    id: str
    name: str | None = Field(None, description="the attribute `name`, if there is one")
    similarity: float


class Assigned(Told):
    model_config = example(name="autumn", arm="hybrid")
    name: str = Field(description="the experiment's")
    arm: str = Field(description="the model that this customer meets where none is named")


class Profile(Told):
    model_config = example(
        id="C0017", attributes={"country": "PT"}, n_events=31, history=[HistoryEntry.model_config["json_schema_extra"]["examples"][0]],
        activity=[{"month": "2026-10", "events": 9, "purchases": 2}], categories=[{"category": "sports", "share": 0.4}],
        segment={"recency_days": 3.0, "frequency": 4, "monetary": 310.5, "label": "champion"}, nearest=[{"id": "C0101", "name": "Anna Rossi", "similarity": 0.63}], merged=["visitor-81"],
        experiment={"name": "autumn", "arm": "hybrid"},
    )  # fmt: skip
    id: str
    attributes: dict[str, Any] = {}
    n_events: int
    history: list[HistoryEntry] = Field(description="the newest fifty, newest first")
    activity: list[Month]
    categories: list[CategoryShare]
    segment: Segment | None = None
    nearest: list[Neighbour]
    merged: list[str] = Field([], description="other ids of theirs")
    experiment: Assigned | None = Field(
        None, description="their part in the experiment that runs; null: none runs"
    )


class Written(Told):
    model_config = example(id="C0017", created=True)
    id: str
    created: bool = Field(description="it was not known before")


class Merged(Told):
    model_config = example(id="C0017", merged="visitor-81", events=3)
    id: str
    merged: str = Field(description="the id that was given up")
    events: int = Field(description="events that changed hands")


class Export(Told):
    model_config = example(
        id="C0017", attributes={"country": "PT"}, merged=[], events=[], stored={"recommendations": []}
    )
    id: str
    attributes: dict[str, Any] = {}
    merged: list[str] = Field([], description="other ids of theirs")
    events: list[dict[str, Any]] = Field(description="all that they did, from training data and store")
    stored: dict[str, Any] = Field({}, description="what the store holds, table by table")


class Erasure(Told):
    model_config = example(removed={"events": 31, "customers": 1}, files=4)
    removed: dict[str, int] = Field(description="rows of the store, by table")
    files: int = Field(0, description="files of models and their data that were written anew without them")


class Item(Told):
    model_config = example(
        id="P0042", title="Trail running shoe", text="Light shoe with a firm grip", category="sports", brand="Uphill", price=89.9, available=True, withdrawn=False,
        attributes={},
    )  # fmt: skip
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
        "The Service keeps the brand among the other attributes"
        others = dict(plain["attributes"])
        brand = others.pop("brand", None)
        return {**plain, "brand": None if brand is None else str(brand), "attributes": others}


class ItemPage(Told):
    model_config = example(items=[Item.model_config["json_schema_extra"]["examples"][0]], next="P0042")
    items: list[Item]
    next: str | None = Field(None, description="`cursor` of the next page; null on the last")


class ItemAct(Told):
    model_config = example(
        id="C0017", name="Anna Rossi", event="purchase", rating=None, timestamp=1_790_000_000
    )
    id: str = Field(description="the customer's, as it is now")
    name: str | None = Field(None, description="the customer's, if there is one")
    event: str
    rating: float | None = None
    timestamp: int


class ItemCustomers(Told):
    model_config = example(
        customers=41,
        events={"view": 120, "purchase": 9},
        newest=[ItemAct.model_config["json_schema_extra"]["examples"][0]],
    )
    customers: int = Field(description="how many did anything with it; to be shown it is nothing done")
    events: dict[str, int] = Field(description="how often each kind of event happened to it")
    newest: list[ItemAct] = Field(description="the newest acts, newest first, without views and impressions")


class MonthlyEvents(Told):
    model_config = example(month="2026-10", events={"view": 9_120, "purchase": 310})
    month: str
    events: dict[str, int]


class CategoryItems(Told):
    model_config = example(category="sports", items=25)
    category: str
    items: int


class Overview(Told):
    model_config = example(
        dataset="demo", title="Demo shop", scale=[1, 5], customers=1_000, items=200, events={"view": 41_200, "purchase": 6_100}, ratings=4_300, live_events=17,
        months=[MonthlyEvents.model_config["json_schema_extra"]["examples"][0]], categories=[{"category": "sports", "items": 25}], models=["hybrid", "knn"],
    )  # fmt: skip
    dataset: str
    title: str
    scale: tuple[float, float] | None = Field(
        None, description="lowest and highest rating; null: the data has none"
    )
    customers: int
    items: int = Field(description="withdrawn ones do not count")
    events: dict[str, int] = Field(description="how many of each kind, in the training data and since")
    ratings: int = Field(description="events with a rating")
    live_events: int = Field(description="stored since the training data of the default model")
    months: list[MonthlyEvents] = Field(description="in order, none left out")
    categories: list[CategoryItems] = Field(description="largest first")
    models: list[str] = Field(description="keys of those that answer")


class Predictions(Told):
    model_config = example(model="svd", version="2f7a9c01d3b4", ratings=[4.2])
    model: str
    version: str
    ratings: list[float] = Field(description="on the data's scale, in the order of the pairs")


class Receipt(Told):
    model_config = example(event_id="order-9281-1", seq=70_012, duplicate=False)
    event_id: str
    seq: int
    duplicate: bool = Field(description="it was there already")


class Receipts(Told):
    model_config = example(receipts=[Receipt.model_config["json_schema_extra"]["examples"][0]])
    receipts: list[Receipt] = Field(description="in the order of the events; these will not be forgotten")


class StoredEvent(Told):
    model_config = example(
        seq=70_012, event_id="order-9281-1", customer="C0017", item="P0042", event="purchase", rating=None, timestamp=1_790_000_000, recommendation_id="",
        received=1_790_000_000_120, name="Anna Rossi", title="Trail running shoe",
    )  # fmt: skip
    seq: int
    event_id: str
    customer: str = Field(validation_alias="user")
    item: str
    event: str
    rating: float | None = None
    timestamp: int
    recommendation_id: str = ""
    received: int | None = Field(None, description="milliseconds since 1970")
    name: str | None = Field(None, description="the customer's, if there is one")
    title: str | None = Field(None, description="the item's")


class EventPage(Told):
    model_config = example(events=[StoredEvent.model_config["json_schema_extra"]["examples"][0]], next=70_012)
    events: list[StoredEvent]
    next: int | None = Field(None, description="`after` of the next page; null on the last")


class Figure(Told):
    model_config = example(
        split="ratio75_item", metric="ndcg", k=10, value=0.21, low=0.2, high=0.22, n_customers=900
    ) | ConfigDict(extra="allow")
    split: str
    metric: str
    k: int | None = None
    value: float | None = None
    low: float | None = Field(None, description="lower end of the 95 % interval")
    high: float | None = Field(None, description="upper end of the 95 % interval")
    n_customers: int | None = None


class Version(Told):
    model_config = example(version="2f7a9c01d3b4", created="2026-11-25T04:00:00.000+00:00", current=True)
    version: str
    created: str
    current: bool


class Model(Told):
    model_config = example(
        key="knn", label="User kNN", group="six", colour="#0072B2", description="Finds the customers with the most similar histories and recommends what they chose.",
        version="2f7a9c01d3b4", snapshot="91ab02c4d5e6", created="2026-11-25T04:00:00.000+00:00", default=True, params={"n_neighbours": 100},
        fit_seconds=0.3, figures=[{"split": "ratio75_item", "metric": "ndcg", "k": 10, "value": 0.21, "low": 0.2, "high": 0.22, "n_customers": 900}],
        versions=[{"version": "2f7a9c01d3b4", "created": "2026-11-25T04:00:00.000+00:00", "current": True}], problems=[],
    )  # fmt: skip
    key: str
    label: str
    group: str = Field(description="six: one of the six models; further; baseline")
    colour: str = Field(description="its colour in every figure, in hex")
    description: str = Field(description="what it does, in one line; empty where its author says nothing")
    version: str
    snapshot: str = Field(description="the data that it was trained on")
    created: str = Field(description="when it was trained")
    default: bool = Field(description="it answers when no model is named")
    params: dict[str, Any] = {}
    fit_seconds: float | None = None
    figures: list[Figure] = Field([], description="how good it is, with 95 % intervals")
    versions: list[Version] = []
    problems: list[str] = Field([], description="why a newer version does not answer")


class Models(Told):
    model_config = example(models=[Model.model_config["json_schema_extra"]["examples"][0]])
    models: list[Model]


class Comparison(Told):
    model_config = example(
        model="hybrid",
        other="knn",
        metric="ndcg",
        k=10,
        difference=0.02,
        low=0.01,
        high=0.03,
        p_holm=0.004,
        better=True,
        detectable=0.012,
    )
    model: str
    other: str
    metric: str
    k: int | None = None
    difference: float | None = Field(None, description="figure of `model` minus that of `other`")
    low: float | None = Field(None, description="lower end of its 95 % interval")
    high: float | None = Field(None, description="upper end of its 95 % interval")
    p_holm: float | None = Field(None, description="p, corrected for all pairs of this metric by Holm")
    better: bool = Field(description="`model` wins, significantly at 5 %")
    detectable: float | None = Field(
        None, description="the smallest true difference that would have been found in four of five trials"
    )


class Comparisons(Told):
    model_config = example(
        split="ratio75_item", pairs=[Comparison.model_config["json_schema_extra"]["examples"][0]]
    )
    split: str | None = Field(None, description="what was held out for the test; null: nothing was compared")
    pairs: list[Comparison] = Field(
        description="of models that answer now; of each pair the better one first"
    )


class Belief(Told):
    model_config = example(situation="regular", shares={"ncf": 0.3, "bert": 0.1, "knn": 0.6})
    situation: str = Field(
        description="regular (much is known of the customer), visitor (little is) or cold item (nothing is known of the item but its text)"
    )
    shares: dict[str, float] = Field(description="component -> its share of the answer; together 1")


class Beliefs(Told):
    model_config = example(rank=[Belief.model_config["json_schema_extra"]["examples"][0]], rate=[])
    rank: list[Belief] = Field(description="where items are put in order")
    rate: list[Belief] = Field(description="where a rating is predicted; empty: there are no ratings")


class Training(Told):
    model_config = example(
        key="ncf", version="2f7a9c01d3b4", params={"seed": 0}, fit_seconds=21.4, curves={"rank": [[[5.59, 5.64], [5.37, 5.56]]]},
        beliefs=None,
    )  # fmt: skip
    key: str
    version: str
    params: dict[str, Any] = {}
    fit_seconds: float | None = None
    curves: dict[str, list[list[tuple[float, float]]]] | None = Field(
        None,
        description="what is learnt -> per member of the ensemble, pass by pass, the loss in training and on held-out data; null: it learns in one step",
    )
    beliefs: Beliefs | None = Field(None, description="whom a hybrid believes when; null: it is no hybrid")


class Experiment(Told):
    model_config = example(
        name="autumn",
        arms={"hybrid": 0.5, "knn": 0.5},
        exploration=0.1,
        temperature=1.0,
        salt="",
        started="2026-11-25T04:00:00Z",
    )
    name: str
    arms: dict[str, float]
    exploration: float = 0.0
    temperature: float = 1.0
    salt: str = ""
    started: str = ""


class RunningExperiment(Told):
    model_config = example(version=3, experiment=Experiment.model_config["json_schema_extra"]["examples"][0])
    version: int = Field(description="grows with each change; 0: there was none yet")
    experiment: Experiment | None = Field(None, description="null: none runs")


class ModelRates(Told):
    model_config = example(
        model="knn", impressions=2_400, customers=180, click_through=0.11, click_through_low=0.095, click_through_high=0.127, conversion=0.02, conversion_low=0.015,
        conversion_high=0.027,
    )  # fmt: skip
    model: str
    impressions: int
    customers: int
    click_through: float | None = Field(None, description="clicks per impression")
    click_through_low: float | None = Field(
        None, description="lower end of the 95 % interval; null for fewer than two customers"
    )
    click_through_high: float | None = None
    conversion: float | None = Field(None, description="carts, purchases and likes per impression")
    conversion_low: float | None = None
    conversion_high: float | None = None


class DayRates(ModelRates):
    model_config = example(day="2026-11-25", **ModelRates.model_config["json_schema_extra"]["examples"][0])
    day: str = Field(description="UTC")


class ArmDifference(Told):
    model_config = example(
        arm="hybrid",
        other="knn",
        metric="click_through",
        difference=0.012,
        low=0.003,
        high=0.021,
        p=0.008,
        p_holm=0.016,
        better=True,
        detectable=0.013,
    )
    arm: str
    other: str
    metric: str = Field(description="click_through or conversion")
    difference: float | None = Field(None, description="rate of `arm` minus that of `other`")
    low: float | None = Field(None, description="lower end of its 95 % interval")
    high: float | None = Field(None, description="upper end of its 95 % interval")
    p: float | None = None
    p_holm: float | None = Field(None, description="p, corrected for all pairs by Holm")
    better: bool = Field(description="significant at 5 %")
    detectable: float | None = Field(
        None, description="the smallest true difference that would have been found in four of five trials"
    )


class ArmSize(Told):
    model_config = example(arm="hybrid", share=0.5, customers=92, expected=90.0, p=0.77)
    arm: str
    share: float = Field(description="of the customers, as planned")
    customers: int
    expected: float
    p: float | None = Field(None, description="the same for all arms; below .001 the split is broken")


class Online(Told):
    model_config = example(
        by_model=[ModelRates.model_config["json_schema_extra"]["examples"][0]], by_day=[], arms=[], sizes=[]
    )
    by_model: list[ModelRates] = []
    by_day: list[DayRates] = []
    arms: list[ArmDifference] = Field(
        [], description="the arms of the running experiment against each other, the better one first"
    )
    sizes: list[ArmSize] = Field([], description="how many customers each of its arms has, and should have")


class Experiments(RunningExperiment):
    model_config = example(
        version=3,
        experiment=Experiment.model_config["json_schema_extra"]["examples"][0],
        results={"by_model": [], "by_day": []},
    )
    results: Online = Field(
        description="click-through and conversion with 95 % intervals, per model and over time"
    )


class Rules(Told):
    model_config = example(pinned=["P0001"], buried=["P0013"], per_category=3)
    pinned: list[str] = []
    buried: list[str] = []
    per_category: int | None = None


class Why(Told):
    model_config = example(
        recommendation_id="01J9Z3", customer="C0017", model="knn", version="2f7a9c01d3b4", time=1_790_000_000_120, experiment=None, arm=None, cold_start=False,
        snapshot="91ab02c4d5e6", items=[{"item": "P0042", "rank": 1, "score": 3.2, "probability": 1.0, "rating": 4.4, "by": "model", "reasons": []}],
        history=[HistoryEntry.model_config["json_schema_extra"]["examples"][0]],
    )  # fmt: skip
    recommendation_id: str
    customer: str | None = Field(None, validation_alias="user")
    model: str
    version: str
    time: int = Field(description="milliseconds since 1970")
    experiment: str | None = None
    arm: str | None = None
    cold_start: bool
    snapshot: str
    items: list[Shown]
    history: list[HistoryEntry] = Field(description="what the answer rested on, newest first")

    @model_validator(mode="before")
    @classmethod
    def _unpacked(cls, plain: Mapping[str, Any]) -> dict[str, Any]:
        "The record keeps what was shown in its payload"
        return {**plain["payload"], **plain}


class WhoAmI(Told):
    model_config = example(role="write", keys=True, public_demo=False)
    role: Literal["write", "admin"]
    keys: bool = Field(description="this server has keys")
    public_demo: bool = Field(description="strangers may read here")


class Live(Told):
    model_config = example(status="alive")
    status: Literal["alive"] = "alive"


class Ready(Told):
    model_config = example(ready=True, models={"knn": "2f7a9c01d3b4"}, problems=[], do="")
    ready: bool
    models: dict[str, str] = {}
    problems: list[str] = []
    do: str = Field("", description="what to run, if it is not ready")
