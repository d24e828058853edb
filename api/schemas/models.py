"Models: their figures, versions, comparisons and training"

from typing import Any

from pydantic import ConfigDict, Field

from .base import ResponseBody, example, example_of
from .decisions import Decision, DefaultBy


class Figure(ResponseBody):
    model_config = example(
        split="ratio75_item", metric="ndcg", k=10, value=0.21, low=0.2, high=0.22, n_customers=900
    ) | ConfigDict(extra="allow")
    split: str
    metric: str
    k: int | None = None
    value: float | None = None
    low: float | None = Field(None, description="lower bound of the 95 % interval")
    high: float | None = Field(None, description="upper bound of the 95 % interval")
    n_customers: int | None = None


class Version(ResponseBody):
    model_config = example(version="2f7a9c01d3b4", created="2026-11-25T04:00:00.000+00:00", current=True)
    version: str
    created: str
    current: bool
    snapshot: str = Field("", description="the data snapshot it was trained on")
    params: dict[str, Any] = {}
    fit_seconds: float | None = None
    figures: list[Figure] = Field([], description="only in the answer about one model")


class Model(ResponseBody):
    model_config = example(
        key="knn",
        label="User kNN",
        group="six",
        colour="#0072B2",
        description="Finds the customers with the most similar histories and recommends what they chose.",
        version="2f7a9c01d3b4",
        snapshot="91ab02c4d5e6",
        created="2026-11-25T04:00:00.000+00:00",
        default=True,
        params={"n_neighbours": 100},
        fit_seconds=0.3,
        figures=[
            {
                "split": "ratio75_item",
                "metric": "ndcg",
                "k": 10,
                "value": 0.21,
                "low": 0.2,
                "high": 0.22,
                "n_customers": 900,
            }
        ],
        versions=[{"version": "2f7a9c01d3b4", "created": "2026-11-25T04:00:00.000+00:00", "current": True}],
        problems=[],
    )
    key: str
    label: str
    group: str = Field(description="six (the six models), further or baseline")
    colour: str = Field(description="colour of the model in every figure, as hex")
    description: str = Field(description="one line on how the model works; empty if its author gave none")
    version: str
    snapshot: str = Field(description="the data snapshot it was trained on")
    events_absorbed: int = Field(0, description="events since the training that it has learnt from meanwhile")
    created: str = Field(description="time of training")
    default: bool = Field(description="true for the model that answers when none is named")
    params: dict[str, Any] = {}
    fit_seconds: float | None = None
    figures: list[Figure] = Field([], description="offline figures with 95 % intervals")
    versions: list[Version] = Field([], description="oldest first")
    previous: str = Field("", description="the version that a rollback puts to use; empty: there is none")
    decisions: list[Decision] = Field([], description="newest first; only in the answer about one model")
    problems: list[str] = Field([], description="why a newer version could not be loaded")


class Models(ResponseBody):
    model_config = example(models=[example_of(Model)], default_by=example_of(DefaultBy))
    models: list[Model]
    default_by: DefaultBy = Field(description="the default model, and by what it was chosen")


class Comparison(ResponseBody):
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
    difference: float | None = Field(None, description="figure of `model` minus figure of `other`")
    low: float | None = Field(None, description="lower bound of its 95 % interval")
    high: float | None = Field(None, description="upper bound of its 95 % interval")
    p_holm: float | None = Field(
        None, description="p-value with Holm's correction over all pairs of this metric"
    )
    better: bool = Field(description="true if `model` is significantly better at the 5 % level")
    detectable: float | None = Field(None, description="smallest true difference detectable with 80 % power")


class Comparisons(ResponseBody):
    model_config = example(split="ratio75_item", pairs=[example_of(Comparison)])
    split: str | None = Field(None, description="the split used for testing; null if nothing was compared")
    pairs: list[Comparison] = Field(description="pairs of served models, the better one first")


class Belief(ResponseBody):
    model_config = example(situation="regular", shares={"ncf": 0.3, "bert": 0.1, "knn": 0.6})
    situation: str = Field(
        description=(
            "`regular` (a long history), `visitor` (a short one) or `cold item` (an item known by its text "
            "alone)"
        )
    )
    shares: dict[str, float] = Field(description="component -> weight; weights sum to 1")


class Beliefs(ResponseBody):
    model_config = example(rank=[example_of(Belief)], rate=[])
    rank: list[Belief] = Field(description="weights for ranking")
    rate: list[Belief] = Field(description="weights for rating prediction; empty if the data has no ratings")


class Training(ResponseBody):
    model_config = example(
        key="ncf",
        version="2f7a9c01d3b4",
        params={"seed": 0},
        fit_seconds=21.4,
        curves={"rank": [[[5.59, 5.64], [5.37, 5.56]]]},
        beliefs=None,
    )
    key: str
    version: str
    params: dict[str, Any] = {}
    fit_seconds: float | None = None
    curves: dict[str, list[list[tuple[float, float]]]] | None = Field(
        None,
        description=(
            "head -> for each ensemble member, training and validation loss per epoch; null for models "
            "without epochs"
        ),
    )
    beliefs: Beliefs | None = Field(None, description="blending weights of a hybrid; null for other models")
    components: dict[str, str] = Field({}, description="names of a hybrid's components, by key")
