"Off-policy estimates, and offline figures against what was observed online"

from typing import Literal

from pydantic import Field

from .base import QueryParams, ResponseBody, example, example_of

LOW = "lower bound of the 95 % interval; null where the log supports none"


class OffPolicyQuery(QueryParams):
    reward: Literal["clicked", "converted"] = Field(
        "clicked", description="converted: put into the cart, bought or liked"
    )
    days: int = Field(30, ge=1, le=365, description="use the lists of the last so many days")


class PolicyEstimate(ResponseBody):
    model_config = example(
        model="ease",
        version="6b1f2c93a7de",
        label="EASE",
        policy="explored",
        places=3,
        impressions=2_400,
        doubly_robust=0.121,
        doubly_robust_low=0.102,
        doubly_robust_high=0.143,
        snips=0.119,
        snips_low=0.1,
        snips_high=0.142,
        observed=0.124,
        observed_low=0.101,
        observed_high=0.151,
        effective=910.5,
        effective_customers=74.2,
        weight=1.01,
        unseen=0.01,
        trained_on=0.0,
        reproduced=0.98,
        warnings=[],
    )
    model: str
    version: str
    label: str
    policy: Literal["explored", "pure"] = Field(
        description="explored: the model with the exploration of the experiment; pure: the model alone"
    )
    places: int | None = Field(None, description="places from the top that are counted; null: all")
    impressions: int = Field(description="of the log, at these places")
    snips: float | None = Field(
        None, description="estimated reward per impression, by self-normalised inverse propensity scores"
    )
    snips_low: float | None = Field(None, description=LOW)
    snips_high: float | None = None
    doubly_robust: float | None = Field(None, description="the same, doubly robust")
    doubly_robust_low: float | None = Field(None, description=LOW)
    doubly_robust_high: float | None = None
    observed: float | None = Field(
        None, description="of the lists that this version made in the experiment, where it was a variant"
    )
    observed_low: float | None = Field(None, description=LOW)
    observed_high: float | None = None
    effective: float = Field(
        description="effective sample size: as many impressions of the model's own would say as much"
    )
    effective_customers: float = Field(description="customers that the estimate effectively rests on")
    weight: float = Field(description="mean weight: about 1 if the log covers what the model would show")
    unseen: float = Field(description="share of what the model would show that nobody was shown")
    trained_on: float = Field(description="share of these reactions that its training data may contain")
    reproduced: float | None = Field(
        None,
        description=(
            "share of the version's own recorded choices that come out the same when computed again; "
            "below .9, as with models that learn from events at once, there is no doubly robust estimate"
        ),
    )
    warnings: list[str] = Field([], description="why the estimate is not to be trusted, in plain words")


class OffPolicy(ResponseBody):
    model_config = example(
        reward="clicked",
        days=30,
        computing=False,
        computed="2026-11-25T04:00:00+00:00",
        seconds=2.4,
        lists=1_000,
        impressions=9_400,
        customers=310,
        models=[example_of(PolicyEstimate)],
        problems={},
    )
    reward: str
    days: int
    computing: bool = Field(
        description=(
            "estimates are being computed beside the requests: these are the last ones, if there are any, "
            "and newer ones come with a later request"
        )
    )
    computed: str | None = Field(None, description="when these were computed, UTC; null: not yet")
    seconds: float | None = Field(None, description="that it took")
    lists: int = Field(description="lists of experiments with exploration, of which something was seen")
    impressions: int = Field(
        description="items of these lists that were seen, down to the first that was not"
    )
    customers: int
    models: list[PolicyEstimate] = []
    problems: dict[str, str] = Field({}, description="models without an estimate, and why")


class AgreementQuery(QueryParams):
    metric: Literal["ndcg", "precision"] = Field("ndcg", description="offline figure, at 10")
    rate: Literal["click_through", "conversion"] = "click_through"


class VersionAgreement(ResponseBody):
    model_config = example(
        model="ease",
        version="6b1f2c93a7de",
        label="EASE",
        offline=0.482,
        offline_low=0.471,
        offline_high=0.493,
        online=0.124,
        online_low=0.101,
        online_high=0.151,
        impressions=2_400,
        customers=180,
        snapshot="91ab02c4d5e6",
    )
    model: str
    version: str
    label: str
    offline: float | None = Field(None, description="figure of the report; null: was not measured")
    offline_low: float | None = Field(None, description="lower bound of its 95 % interval")
    offline_high: float | None = None
    online: float | None = Field(None, description="observed rate of its lists; null: was never shown")
    online_low: float | None = Field(None, description="lower bound of its 95 % interval")
    online_high: float | None = None
    impressions: int
    customers: int
    snapshot: str = Field(
        "", description="the data that the figure of the report was measured on; empty: it was not"
    )


class RankAgreement(ResponseBody):
    model_config = example(
        models=4,
        clear_pairs=5,
        agreeing_pairs=5,
        correlation=0.8,
        low=0.4,
        high=1.0,
        ranked=4,
        snapshots=1,
    )
    models: int = Field(description="versions with both figures and their intervals")
    clear_pairs: int = Field(
        description="pairs measured on the same data whose intervals do not overlap, offline nor online"
    )
    agreeing_pairs: int = Field(description="of those, in the same order")
    correlation: float | None = Field(
        None, description="Spearman's rank correlation on one snapshot; null with fewer than four versions"
    )
    low: float | None = Field(None, description="lower bound of its 95 % interval")
    high: float | None = None
    ranked: int = Field(0, description="versions on the snapshot with most of them")
    snapshots: int = Field(0, description="number of snapshots that the versions were measured on")


class OnlineAgreement(ResponseBody):
    model_config = example(
        metric="ndcg",
        k=10,
        split="ratio75_item",
        rate="click_through",
        days=90,
        versions=[example_of(VersionAgreement)],
        agreement=example_of(RankAgreement),
        text="Of 5 pairs of versions that differ clearly in both figures, 5 are in the same order.",
    )
    metric: str
    k: int
    split: str = Field(description="split of the offline figure")
    rate: str
    days: int = Field(description="of recommendations that are counted")
    versions: list[VersionAgreement] = Field([], description="best offline figure first")
    agreement: RankAgreement
    text: str = Field(description="what the comparison of the two orders allows to say")
