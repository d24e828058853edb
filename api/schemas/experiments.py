"Experiments, their results, and merchandising rules"

from pydantic import Field

from .base import ResponseBody, example, example_of


class Experiment(ResponseBody):
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


class RunningExperiment(ResponseBody):
    model_config = example(version=3, experiment=example_of(Experiment))
    version: int = Field(description="incremented with each change; 0 before the first experiment")
    experiment: Experiment | None = Field(None, description="null if none is running")


class ModelRates(ResponseBody):
    model_config = example(
        model="knn",
        impressions=2_400,
        customers=180,
        click_through=0.11,
        click_through_low=0.095,
        click_through_high=0.127,
        conversion=0.02,
        conversion_low=0.015,
        conversion_high=0.027,
        comparable=False,
    )
    model: str
    impressions: int
    customers: int
    click_through: float | None = Field(None, description="clicks per impression")
    click_through_low: float | None = Field(
        None, description="lower bound of the 95 % interval; null with fewer than two customers"
    )
    click_through_high: float | None = None
    conversion: float | None = Field(None, description="carts, purchases and likes per impression")
    conversion_low: float | None = None
    conversion_high: float | None = None
    comparable: bool = Field(
        description=(
            "true if all impressions come from the running experiment, which assigns customers to models at "
            "random; otherwise the place of a model's lists may explain the difference to another model"
        )
    )


class DayRates(ModelRates):
    model_config = example(day="2026-11-25", **example_of(ModelRates))
    day: str = Field(description="UTC")


class SurfaceRates(ModelRates):
    model_config = example(surface="home", **example_of(ModelRates))
    surface: str = Field(description="where the items were shown; empty if unknown")


class ArmDifference(ResponseBody):
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
    difference: float | None = Field(None, description="rate of `arm` minus rate of `other`")
    low: float | None = Field(None, description="lower bound of its 95 % interval")
    high: float | None = Field(None, description="upper bound of its 95 % interval")
    p: float | None = None
    p_holm: float | None = Field(None, description="p-value with Holm's correction over all pairs")
    better: bool = Field(description="true if significantly better at the 5 % level")
    detectable: float | None = Field(None, description="smallest true difference detectable with 80 % power")


class ArmSize(ResponseBody):
    model_config = example(arm="hybrid", share=0.5, customers=92, expected=90.0, p=0.77)
    arm: str
    share: float = Field(description="planned share of the customers")
    customers: int
    expected: float
    p: float | None = Field(
        None,
        description=(
            "test for a sample ratio mismatch, the same for all variants; below .001 the assignment is broken"
        ),
    )


class Online(ResponseBody):
    model_config = example(
        by_model=[example_of(ModelRates)],
        by_surface=[example_of(SurfaceRates)],
        by_day=[],
        by_arm=[],
        arms=[],
        sizes=[],
    )
    by_model: list[ModelRates] = []
    by_surface: list[SurfaceRates] = Field([], description="per surface and model")
    by_day: list[DayRates] = []
    by_arm: list[ModelRates] = Field(
        [], description="the running experiment's variants, from the customers assigned to them alone"
    )
    arms: list[ArmDifference] = Field(
        [], description="pairwise comparisons of the running experiment's variants, the better one first"
    )
    sizes: list[ArmSize] = Field([], description="customers per variant, observed and expected")


class Experiments(RunningExperiment):
    model_config = example(
        version=3,
        experiment=example_of(Experiment),
        results={"by_model": [], "by_surface": [], "by_day": []},
    )
    results: Online = Field(
        description="click-through and conversion rates with 95 % intervals, per model, surface and day"
    )


class Rules(ResponseBody):
    model_config = example(pinned=["P0001"], buried=["P0013"], per_category=3)
    pinned: list[str] = []
    buried: list[str] = []
    per_category: int | None = None
