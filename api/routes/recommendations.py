"Recommendations: for a known customer, for visitors, and the reasons of one given before"

from typing import Annotated

from fastapi import Path, Query, Request, Response

from customer360.serving import service as serving

from .. import schemas
from ..errors import problems
from ..limits import several
from ..replies import reply
from ..shop import Service
from .common import WITH_BODY, CustomerId
from .common import router as new_router

router = new_router("recommendations")
Given = Annotated[schemas.Id, Path(description="from an answer", examples=["01J9Z3"])]


def acts(history: list[schemas.Act]) -> tuple[serving.Act, ...]:
    "A history as the Service knows it"
    return tuple(serving.Act(**act.model_dump()) for act in history)


@router.get(
    "/customers/{customer}/recommendations", operation_id="recommend_to_customer", response_model=schemas.Recommendations, responses=problems(404, 410)
)  # fmt: skip
def recommend_to_customer(
    customer: CustomerId, query: Annotated[schemas.RecommendationQuery, Query()], service: Service
) -> Response:
    "What to show to a customer, from everything they did until now"
    asked = query.model_dump() | {"exclude": tuple(query.exclude)}
    return reply(schemas.Recommendations, service.recommend(serving.Ask(user=customer, **asked)))


@router.post(
    "/recommendations",
    operation_id="recommend",
    response_model=schemas.RecommendationAnswers,
    responses=WITH_BODY | problems(404, 410),
)
def recommend(body: schemas.RecommendationRequests, request: Request, service: Service) -> Response:
    "What to show to several customers at once, or to visitors whose history is in the request"
    several(request, len(body.requests))
    asks = [
        serving.Ask(
            **one.model_dump(exclude={"customer", "history", "exclude"}),
            user=one.customer,
            history=acts(one.history),
            exclude=tuple(one.exclude),
        )
        for one in body.requests
    ]
    return reply(schemas.RecommendationAnswers, {"answers": service.recommend_many(asks)})


@router.get(
    "/recommendations/{recommendation}",
    operation_id="explain_recommendation",
    response_model=schemas.Why,
    responses=problems(404, 410),
)
def explain_recommendation(recommendation: Given, service: Service) -> Response:
    "A recommendation reopened: the history then, the model's version, scores, probabilities, reasons"
    return reply(schemas.Why, service.why(recommendation))


@router.post(
    "/predictions",
    operation_id="predict_ratings",
    response_model=schemas.Predictions,
    responses=WITH_BODY | problems(404, 410),
)
def predict_ratings(body: schemas.PredictionRequest, request: Request, service: Service) -> Response:
    "What ratings customers, or a visitor with the history in the request, would give"
    several(request, len({pair.customer for pair in body.pairs}))
    return reply(
        schemas.Predictions,
        service.predict([(pair.customer, pair.item) for pair in body.pairs], acts(body.history), body.model),
    )
