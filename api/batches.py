"Batches: which of their elements are wrong, and why"

from typing import Any

from customer360.serving import service as serving

from .errors import element_error, named_error
from .schemas import InvalidElement
from .schemas.base import RequestBody


def checked(
    body: RequestBody,
    name: str,  # of its list; an `InvalidElement` is where one is not valid
) -> tuple[dict[int, Any], dict[int, serving.ServiceError]]:  # by position: the valid ones; errors
    "Return the elements of a batch that are valid, and what is wrong with the others"
    good, problems = {}, {}
    kinds = {"body": [type(body)]}
    for at, element in enumerate(getattr(body, name)):
        if isinstance(element, InvalidElement):
            detail, field = named_error(element.errors, ("body", name, at), kinds)
            problems[at] = serving.Invalid(detail, field)
        else:
            good[at] = element
    return good, problems


def results(
    outcomes: dict[int, Any],  # by position: what was done, or a `ServiceError`
    name: str,  # of what was done, in the answer
) -> dict[str, list[dict[str, Any]]]:
    "Return the answer to a batch whose elements succeed or fail on their own"
    rows: list[dict[str, Any]] = []
    for at, outcome in sorted(outcomes.items()):
        if isinstance(outcome, serving.ServiceError):
            error = element_error(at, outcome)
            rows.append({"index": at, "status": error.status, "error": error})
        else:
            rows.append({"index": at, "status": 200, name: outcome})
    return {"results": rows}
