"Champion and challenger: decisions, the choice of the default model, and putting a version to use"

from typing import Any, Literal

from pydantic import Field

from .base import ModelKey, RequestBody, ResponseBody, example


class DecisionWindow(ResponseBody):
    model_config = example(start=1764300000, end=1764900000, rows=4778, customers=169, prompted=912)
    start: int | None = Field(
        None, description="first moment: Unix time, or a row where the data has no time"
    )
    end: int | None = None
    rows: int | None = Field(None, description="interactions that customers came to by themselves")
    customers: int | None = Field(None, description="customers who were judged")
    prompted: int = Field(0, description="interactions left out: customers acted on a list of this service")


class Decision(ResponseBody):
    model_config = example(
        key="knn",
        outcome="promoted",
        champion="2f7a9c01d3b4",
        challenger="91ab02c4d5e6",
        params={"n_neighbours": 100},
        window={"start": 1764300000, "end": 1764900000, "rows": 4778, "customers": 169, "prompted": 912},
        metric="ndcg@10",
        champion_value=0.195,
        challenger_value=0.231,
        difference=0.036,
        low=0.017,
        high=0.054,
        margin=0.002,
        coverage=[0.59, 0.66],
        latency_ms=[0.8, 0.7],
        reasons=["nDCG@10 +0.0357 (95% interval +0.0174 to +0.0544) on 169 customers: not worse."],
        time="2026-11-25T04:00:00.000+00:00",
    )
    key: str
    outcome: Literal["promoted", "rejected", "unchanged", "first"]
    champion: str = Field("", description="the version that was in use")
    challenger: str = Field("", description="the version that took its place; empty if it was rejected")
    params: dict[str, Any] = {}
    window: DecisionWindow = DecisionWindow()
    metric: str = "ndcg@10"
    champion_value: float | None = None
    challenger_value: float | None = None
    difference: float | None = Field(None, description="challenger less champion, on the same customers")
    low: float | None = Field(None, description="lower bound of its 95 % interval")
    high: float | None = Field(None, description="upper bound of its 95 % interval")
    margin: float | None = Field(None, description="the loss that is allowed")
    coverage: list[float | None] = Field([], description="share of the catalogue shown: champion, challenger")
    latency_ms: list[float] = Field([], description="slow answers (95th percentile): champion, challenger")
    reasons: list[str] = Field([], description="plain sentences")
    time: str


class DefaultBy(ResponseBody):
    model_config = example(
        key="hybrid",
        by="measurement",
        split="ratio75_item",
        metric="ndcg@10",
        value=0.21,
        runner_up="svd",
        runner_up_value=0.2,
        difference=0.01,
        low=0.004,
        high=0.016,
        better=True,
        same_data=True,
        note="",
        snapshot="91ab02c4d5e6",
        basis="Compared on the data of 2026-11-25 (snapshot 91ab02c4d5e6), on which 6 of 6 personalised "
        "models in use were measured.",
    )
    key: str = Field(description="the default model; empty if no model is in use")
    by: Literal["setting", "measurement", "preference"]
    split: str = ""
    metric: str = ""
    value: float | None = None
    runner_up: str = Field("", description="the second best")
    runner_up_value: float | None = None
    difference: float | None = Field(None, description="to the second best, where the two were tested")
    low: float | None = Field(None, description="lower bound of its 95 % interval")
    high: float | None = Field(None, description="upper bound of its 95 % interval")
    better: bool | None = Field(None, description="the difference is significant; null: not tested")
    same_data: bool | None = Field(
        None, description="both figures are of one snapshot; null: there is no second"
    )
    note: str = Field(
        "",
        description="why `better` is false though the interval excludes 0; else empty",
    )
    snapshot: str = Field("", description="the data on which the figures were measured")
    basis: str = Field("", description="which models were compared, and on which data, in words")


class ActivationBody(RequestBody):
    model_config = example(version="2f7a9c01d3b4")
    version: ModelKey = Field(description="a version that is kept, older or newer than the one in use")
