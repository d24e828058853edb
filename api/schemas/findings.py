"What the comparisons of the models amount to, as data and in sentences"

from pydantic import Field

from .base import ResponseBody, example, example_of

INTERVAL = "bound of the 95 % interval"


class ModelNames(ResponseBody):
    model_config = example(
        key="knn",
        label="User kNN",
        name="User kNN",
        said="User kNN",
        does="Finds the customers with the most similar histories and recommends what they chose.",
        group="six",
    )
    key: str
    label: str = Field(description="in full")
    name: str = Field(description="short")
    said: str = Field(description="as sentences name it, such as: the hybrid")
    does: str = Field(description="one line on how the model works; empty if its author gave none")
    group: str = Field(description="six (the six models), further or baseline")


class ModelPlace(ResponseBody):
    model_config = example(model="knn", value=0.21, low=0.2, high=0.22, behind=0.004, p=0.31, level=True)
    model: str = Field(description="key")
    value: float
    low: float | None = Field(None, description=f"lower {INTERVAL}")
    high: float | None = Field(None, description=f"upper {INTERVAL}")
    behind: float = Field(description="how much worse than the best, in units of the metric")
    p: float | None = Field(
        None, description="p-value of being behind, with Holm's correction; null: the best, or not compared"
    )
    level: bool = Field(description="the best, or a model that cannot be told apart from it")


class Ranking(ResponseBody):
    model_config = example(
        metric="ndcg@10",
        split="ratio75_item",
        segment="all",
        n=900,
        places=[example_of(ModelPlace)],
        detectable=0.012,
        echoes=[],
    )
    metric: str
    split: str
    segment: str = Field(description="all, or <name>=<value>: these customers alone")
    n: int = Field(description="customers")
    places: list[ModelPlace] = Field(description="the best first")
    detectable: float | None = Field(
        None, description="difference to the nearest other model that 80 % of such comparisons would find"
    )
    echoes: list[str] = Field(
        [], description="models that predict ratings with the biases, as they have none"
    )


class Situation(ResponseBody):
    model_config = example(who="everybody", split="ratio75_item", segment="all")
    who: str = Field(description="everybody, activity, known, unseen, repeats or attribute")
    split: str
    segment: str = "all"


class ModelChoice(ResponseBody):
    model_config = example(
        situation=example_of(Situation),
        ranking=example_of(Ranking),
        use="hybrid",
        unsure="",
        cheaper="knn",
        times_faster=79.0,
        baseline="popularity",
        over_baseline=2.1,
    )
    situation: Situation
    ranking: Ranking = Field(description="by nDCG@10")
    use: str = Field(description="key of the model to use; empty where nothing can be said")
    unsure: str = Field("", description="why nothing can be said: few, random or alone")
    cheaper: str = Field("", description="key of a level model that is trained in half the time or less")
    times_faster: float | None = Field(None, description="training of `cheaper`, compared with `use`")
    baseline: str = Field("", description="key of the model that `use` is held against")
    over_baseline: float | None = Field(None, description="figure of `use` divided by that of the baseline")


class WordedChoice(ModelChoice):
    model_config = example(
        **example_of(ModelChoice),
        whom="customers with 21–100 items in their past",
        said="The hybrid, 2.1 × popularity. User kNN cannot be told apart from it and trains 79 × faster.",
    )
    whom: str = Field(description="whom the recommendations are for")
    said: str = Field(description="which model to use for them, as a sentence")


class ChoiceCard(WordedChoice):
    model_config = example(**example_of(WordedChoice), title="Regulars")
    title: str


class ModelCost(ResponseBody):
    model_config = example(model="knn", fit_seconds=0.3, customers_per_second=9_000.0, peak_memory=1.2e8)
    model: str = Field(description="key")
    fit_seconds: float | None = None
    customers_per_second: float | None = Field(None, description="lists of recommendations")
    peak_memory: float | None = Field(None, description="bytes")


class FindingSentences(ResponseBody):
    model_config = example(
        verdict="Use the hybrid. User kNN cannot be told apart from it by ranking and trains 79 × faster.",
        certainty="By nDCG@10: how high up in a list of ten the items stand that a customer went on to "
        "choose (1 at best). Measured on 900 customers, among 250 items.",
        ratings="The hybrid predicts ratings best: RMSE 0.912.",
        segments=[],
        losses=[],
    )
    verdict: str
    certainty: str = Field(description="on what the verdict rests; empty where there is none")
    ratings: str
    segments: list[str] = Field([], description="groups for whom another model is significantly better")
    losses: list[str] = Field([], description="models that rank significantly worse than a baseline")


class StatedFindings(ResponseBody):
    model_config = example(
        dataset="demo",
        title="Demo shop",
        simulated=True,
        customers=900,
        items=250,
        split="ratio75_item",
        seeds=["101"],
        models=[example_of(ModelNames)],
        verdict=example_of(ModelChoice),
        rankings={"ndcg@10": example_of(Ranking)},
        choices=[example_of(WordedChoice)],
        cards={"regulars": example_of(ChoiceCard)},
        costs=[example_of(ModelCost)],
        sentences=example_of(FindingSentences),
    )
    dataset: str
    title: str
    simulated: bool
    customers: int | None = None
    items: int | None = None
    split: str
    seeds: list[str] = Field(description="shuffles that the figures are means over")
    models: list[ModelNames] = Field(description="the best first")
    verdict: ModelChoice | None = Field(
        None, description="for every customer; null if no model has a figure for lists"
    )
    rankings: dict[str, Ranking] = Field(description="metric, such as ndcg@10 or rmse -> ranking")
    choices: list[WordedChoice] = Field(description="which model to use in which situation")
    cards: dict[str, ChoiceCard] = Field(
        description="`regulars`, `newcomers` and `unseen` (new items), as far as they were measured"
    )
    costs: list[ModelCost]
    sentences: FindingSentences


class Findings(ResponseBody):
    model_config = example(
        stated=example_of(StatedFindings),
        missing="",
        versions={"hybrid": "2f7a9c01d3b4", "knn": "91ab02c4d5e6"},
        not_compared=[],
    )
    stated: StatedFindings | None = Field(
        None, description="null where the versions in use were not compared with each other"
    )
    missing: str = Field("", description="why there are none, and what to do; empty where there are some")
    versions: dict[str, str] = Field({}, description="model -> version that was compared")
    not_compared: list[str] = Field([], description="models in use that the findings say nothing about")
