"Types and base classes that all JSON shapes share"

import re
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)

from customer360.serving import service as serving

EventKind = Literal[
    "impression", "view", "click", "cart", "purchase", "rating", "like", "dismiss"
]  # of `schema.Event`; a test holds it
_WORD = r"^[^\x00-\x1f\x7f]+$"
EventWord = Annotated[  # the service knows the data set's own words, and refuses all others
    str,
    StringConstraints(min_length=1, max_length=64, pattern=_WORD),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(get_args(EventKind))},
                {"type": "string", "minLength": 1, "maxLength": 64, "pattern": _WORD},
            ]
        }
    ),
]
MOST_EVENTS, MOST_REQUESTS, MOST_PAIRS, MOST_HISTORY, MOST_EXCLUDED = 1_000, 100, 1_000, 1_000, 1_000
DIGITS = re.compile(r"\d{1,20}")
LATEST = 4_102_444_800  # seconds: what is later is milliseconds, or a mistake


def _with_slashes(value: Any) -> Any:
    "Undo what `paths.EncodedSlashes` did to an id in a path"
    return value.replace("\x1f", "/") if isinstance(value, str) else value


Printable = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[  # data from elsewhere may have ids that no new one may have: the service refuses those
    str,
    StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]+$"),
    BeforeValidator(_with_slashes),
]
OptionalId = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00]*$")]
ModelKey = Annotated[
    str, BeforeValidator(_with_slashes), StringConstraints(min_length=1, max_length=64, pattern=Printable)
]
OptionalKey = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Surface = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Quantity = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=100)]


def _in_seconds(value: Any) -> Any:
    number = int(value) if isinstance(value, str) and DIGITS.fullmatch(value) else value  # of a query
    if isinstance(number, int) and (hint := serving.unit_hint(number)):
        raise ValueError(hint)
    return value


Seconds = Annotated[
    int, BeforeValidator(_in_seconds), Field(ge=1, le=LATEST, description="Unix time in seconds, UTC")
]
Attribute = Text | bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | Finite | None
Attributes = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=Printable)], Attribute],
    Field(max_length=200),
]


class RequestBody(BaseModel):
    "Base of request bodies: unknown fields and wrong types are refused"

    model_config = ConfigDict(extra="forbid", strict=True)


class QueryParams(BaseModel):
    "Base of query parameters: unknown ones are refused"

    model_config = ConfigDict(extra="forbid")


class InvalidElement(NamedTuple):
    "An element of a batch that is not valid: the route says so together with what else is wrong"

    errors: list[Any]  # as pydantic describes them


def collect_errors(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    "Validate an element of a batch, and return its errors in place of raising them"
    try:
        return validate(value)
    except ValidationError as error:
        return InvalidElement(error.errors(include_url=False))


class BatchQuery(QueryParams):
    partial: bool = Field(
        False,
        description="true: each element succeeds or fails on its own, and the answer is 207; "
        "otherwise all or none",
    )


class ResponseBody(BaseModel):
    "Base of response bodies, read from the service's objects"

    model_config = ConfigDict(from_attributes=True)


def example(**values: Any) -> ConfigDict:
    "Return a model config that documents one example"
    return ConfigDict(json_schema_extra={"examples": [values]})


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    "Return the documented example of a model, to be nested in another one's"
    return model.model_config["json_schema_extra"]["examples"][0]


class Problem(ResponseBody):
    model_config = example(detail="n: Input should be less than or equal to 100, got 1000000", field="n")
    detail: str = Field(description="what is wrong and where")
    field: str | None = Field(None, description="the field that is wrong, such as `events.3.timestamp`")


class ElementProblem(ResponseBody):
    model_config = example(index=3, status=422, detail="no item has the id 'tea'", field="events.3.item")
    index: int = Field(description="position of the element, from 0")
    status: int = Field(description="HTTP status of its kind")
    detail: str
    field: str | None = None


class BatchProblem(Problem):
    model_config = example(
        detail="events.3.item: no item has the id 'tea'",
        field="events.3.item",
        errors=[{"index": 3, "status": 422, "detail": "no item has the id 'tea'", "field": "events.3.item"}],
    )
    errors: list[ElementProblem] = Field(
        [], description="every element that is wrong; nothing of the batch was done"
    )


class Written(ResponseBody):
    model_config = example(id="C0017", created=True)
    id: str
    created: bool = Field(description="true if the ID was new")
