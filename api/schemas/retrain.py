"Retraining: reasons, progress and decisions"

from typing import Any, Literal

from pydantic import ConfigDict, Field

from .base import ModelKey, RequestBody, ResponseBody, example, example_of


class RetrainBody(RequestBody):
    model_config = example(models=["knn"], params={"knn": {"n_neighbours": 200}})
    models: list[ModelKey] = Field([], max_length=100, description="keys; empty: every model in use")
    params: dict[ModelKey, dict[str, Any]] = Field(
        {},
        max_length=100,
        description="model -> hyper-parameters that replace those of the version in use",
    )
    force: bool = Field(False, description="train even if data and hyper-parameters have not changed")


class Trigger(ResponseBody):
    model_config = example(
        kind="events",
        sentence=(
            "1,240 events since the training of 2026-11-20, 5.2% of 24,000; the limit is 5.0% and 500 events"
        ),
        value=1240,
        limit=1200,
    )
    kind: Literal["events", "age", "popularity", "error"]
    sentence: str
    value: float
    limit: float


class RunDecision(ResponseBody):
    model_config = example(
        key="knn",
        outcome="promoted",
        champion="2f7a9c01d3b4",
        challenger="77aa01c4d5e6",
        reasons=["nDCG@10 +0.0042 (95% interval +0.0011 to +0.0073) on 480 customers: not worse."],
    ) | ConfigDict(extra="allow")
    key: str
    outcome: str = Field(
        description="first, promoted, rejected, unchanged, left out or failed",
    )
    champion: str = Field("", description="version that was in use")
    challenger: str = Field("", description="new version; empty if there is none")
    reasons: list[str] = []


class RetrainRun(ResponseBody):
    model_config = example(
        number=7,
        state="running",
        reasons=["by hand"],
        models=["knn"],
        params={"knn": {"n_neighbours": 200}},
        force=False,
        stage="knn: fitting the challenger",
        done=2,
        total=6,
        started=1_795_000_000,
        finished=None,
        snapshot="demo-91ab02c4d5e6",
        events=24_000,
        decisions=[],
        error="",
    )
    number: int
    state: Literal["running", "done", "unchanged", "failed", "died"] = Field(
        description="unchanged: the versions in use are those of this data; died: its process ended "
        "without a word"
    )
    reasons: list[str] = Field(description="why it was started")
    models: list[str] = Field([], description="empty: every model that was in use")
    params: dict[str, dict[str, Any]] = {}
    force: bool = False
    stage: str = Field(description="what it is doing, or did last")
    done: int = Field(description="steps")
    total: int = Field(description="0: not known yet")
    started: int = Field(description="Unix time in seconds, UTC")
    finished: int | None = None
    snapshot: str = Field("", description="the data it trains on")
    events: int | None = None
    decisions: list[RunDecision] = []
    error: str = ""
    summary: str = Field("", description="what came of it and why, in a sentence; empty while it runs")


class Retrainings(ResponseBody):
    model_config = example(
        auto=False,
        due=[example_of(Trigger)],
        running=example_of(RetrainRun),
        runs=[example_of(RetrainRun) | {"number": 6, "state": "done", "finished": 1_794_000_000}],
    )
    auto: bool = Field(description="true if the server retrains by itself when it is due")
    due: list[Trigger] = Field(description="reasons to retrain; empty: none")
    running: RetrainRun | None = None
    runs: list[RetrainRun] = Field([], description="those that have ended, newest first")
