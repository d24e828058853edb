"Recommendations, ratings and the record of an earlier answer"

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from .base import Problem, ResponseBody, example, example_of
from .customers import HistoryEntry


class Reason(ResponseBody):
    model_config = example(
        kind="item",
        item="P0007",
        title="Rain jacket",
        word=None,
        share=0.42,
        event="purchase",
        timestamp=1_772_530_000,
    )
    kind: str = Field(description="item, word, popularity or rule")
    item: str | None = None
    title: str | None = None
    word: str | None = None
    group: str | None = Field(
        None,
        description="of popularity: the customers with whom the item is popular, such as `country Italy`, "
        "where nothing but attributes is known; null: with everybody",
    )
    share: float | None = Field(
        None,
        description="(score - score without it) / |score - score of an empty history|; "
        "1 for popularity and rule",
    )
    event: str | None = Field(
        None,
        description="of item: the most telling thing that the customer did with it, such as purchase; "
        "null for other kinds",
    )
    timestamp: int | None = Field(None, description="of that event, seconds UTC")


class Pick(ResponseBody):
    model_config = example(
        item="P0042",
        title="Trail running shoe",
        category="sports",
        price=89.9,
        rank=1,
        score=3.2,
        probability=1.0,
        rating=4.4,
        by="model",
        reasons=[{"kind": "item", "item": "P0007", "title": "Rain jacket", "word": None, "share": 0.42}],
    )
    item: str
    title: str
    category: str | None = None
    price: float | None = None
    rank: int = Field(description="position, from 1")
    score: float | None = Field(None, description="the model's score; only the order is meaningful")
    probability: float | None = Field(
        None, description="probability of showing this item at this position (propensity)"
    )
    rating: float | None = Field(None, description="predicted rating, on the data's scale")
    by: str = Field(description="origin of the item: model, pinned, explored, text, popular or latest")
    reasons: list[Reason] = []
    close: bool = Field(
        True,
        description="false if a search result is a weak match: less than half as far above a random item "
        "as the best one, or where the best one means nothing either",
    )


class Picks(ResponseBody):
    model_config = example(items=[example_of(Pick)])
    items: list[Pick]


class Shown(ResponseBody):
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


class Recommendations(ResponseBody):
    model_config = example(
        recommendation_id="01J9Z3",
        customer="C0017",
        model="knn",
        version="2f7a9c01d3b4",
        cold_start=False,
        experiment=None,
        arm=None,
        n_history=12,
        items=[example_of(Pick)],
    )
    recommendation_id: str = Field(
        description="send it back with feedback on these items; empty in the sandbox: not recorded"
    )
    customer: str | None = Field(None, validation_alias="user")
    model: str
    version: str
    cold_start: bool = Field(
        description=(
            "true if nothing usable is known about the customer, so that the list is a cold-start answer"
        )
    )
    experiment: str | None = None
    arm: str | None = None
    n_history: int = Field(description="number of history items that the answer is based on")
    items: list[Pick]
    offset: int = Field(0, description="number of items on the pages before this one")


class RecommendationAnswers(ResponseBody):
    model_config = example(answers=[example_of(Recommendations)])
    answers: list[Recommendations] = Field(description="in the order of the requests")


class AnswerResult(ResponseBody):
    model_config = example(
        index=0,
        status=404,
        answer=None,
        error={"detail": "no customer has the id 'nobody'", "field": "requests.0.customer"},
    )
    index: int = Field(description="position of the request, from 0")
    status: int = Field(description="200: answered; otherwise what a request of its own had got")
    answer: Recommendations | None = None
    error: Problem | None = None


class AnswerResults(ResponseBody):
    model_config = example(results=[example_of(AnswerResult)])
    results: list[AnswerResult] = Field(description="one per request, in order")


class Predictions(ResponseBody):
    model_config = example(model="svd", version="2f7a9c01d3b4", ratings=[4.2])
    model: str
    version: str
    ratings: list[float] = Field(description="on the data's scale, in the order of the pairs")


class Why(ResponseBody):
    model_config = example(
        recommendation_id="01J9Z3",
        customer="C0017",
        model="knn",
        version="2f7a9c01d3b4",
        time=1_790_000_000_120,
        experiment=None,
        arm=None,
        cold_start=False,
        snapshot="91ab02c4d5e6",
        items=[
            {
                "item": "P0042",
                "rank": 1,
                "score": 3.2,
                "probability": 1.0,
                "rating": 4.4,
                "by": "model",
                "reasons": [],
            }
        ],
        history=[example_of(HistoryEntry)],
    )
    recommendation_id: str
    customer: str | None = Field(None, validation_alias="user")
    model: str
    version: str
    time: int = Field(description="Unix time in milliseconds")
    experiment: str | None = None
    arm: str | None = None
    surface: str = Field("", description="where it was to be shown; empty if unknown")
    cold_start: bool
    snapshot: str
    items: list[Shown]
    history: list[HistoryEntry] = Field(description="the history that the answer was based on, newest first")

    @model_validator(mode="before")
    @classmethod
    def _unpacked(cls, plain: Mapping[str, Any]) -> dict[str, Any]:
        "Flatten the payload, which holds what was shown"
        return {**plain["payload"], **plain}
