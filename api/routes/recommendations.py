"Recommendations for customers and visitors, past answers, and predicted ratings"

from typing import Annotated

from fastapi import Path, Query, Request, Response

from customer360.serving import service as serving

from .. import schemas
from ..admission import admitted, cost_of
from ..batches import checked, results
from ..errors import batch_problems, problems
from ..limits import charge_for
from ..manager import Service
from ..replies import reply
from ..security import check_customers, check_owner
from .common import WITH_BODY, CustomerId
from .common import router as new_router

router = new_router("recommendations")
Given = Annotated[schemas.Id, Path(description="ID from a recommendation response", examples=["01J9Z3"])]


def context_events(history: list[schemas.Act]) -> tuple[serving.ContextEvent, ...]:
    "Convert a history to the service's events"
    return tuple(serving.ContextEvent(**act.model_dump()) for act in history)


@router.get(
    "/customers/{customer}/recommendations",
    operation_id="recommend_to_customer",
    response_model=schemas.Recommendations,
    responses=problems(404, 410),
)
def recommend_to_customer(
    customer: CustomerId, query: Annotated[schemas.RecommendationQuery, Query()], service: Service
) -> Response:
    "Recommend items to a customer, from their whole history up to now"
    listed = {name: tuple(getattr(query, name)) for name in ("exclude", "candidates")}
    asked = query.model_dump() | listed | query.filters
    return reply(
        schemas.Recommendations, service.recommend(serving.RecommendationRequest(user=customer, **asked))
    )


@router.post(
    "/recommendations",
    operation_id="recommend",
    response_model=schemas.RecommendationAnswers,
    responses=WITH_BODY
    | batch_problems(404, 410, 422)
    | {207: {"model": schemas.AnswerResults, "description": "With `partial`: the outcome of each request"}},
)
async def recommend(
    body: schemas.RecommendationRequests,
    query: Annotated[schemas.BatchQuery, Query()],
    request: Request,
    service: Service,
) -> Response:
    "Recommend items to several customers, or to visitors whose history is in the request"
    good, problems = checked(body, "requests")
    check_customers(request, {one.customer for one in good.values()})
    charge_for(request, len(body.requests))
    cost = cost_of([len(one.history) for one in good.values()])
    return await admitted(request, cost, lambda: _answers(good, problems, query.partial, service))


def _answers(
    good: dict[int, schemas.RecommendationRequest],
    problems: dict[int, serving.ServiceError],
    partial: bool,
    service: serving.Service,
) -> Response:
    requests = {
        at: serving.RecommendationRequest(
            **one.model_dump(exclude={"customer", "history", "exclude", "candidates", "where"}),
            user=one.customer,
            history=context_events(one.history),
            exclude=tuple(one.exclude),
            candidates=tuple(one.candidates or ()),
            where=tuple(one.where),
        )
        for at, one in good.items()
    }
    if partial:
        outcomes = problems | service.recommend_each(requests)
        return reply(schemas.AnswerResults, results(outcomes, "answer"), 207)
    if problems:
        raise serving.refuse(problems | service.request_problems(requests))
    answers = service.recommend_many(list(requests.values()))
    return reply(schemas.RecommendationAnswers, {"answers": answers})


@router.get(
    "/recommendations/{recommendation}",
    operation_id="explain_recommendation",
    response_model=schemas.Why,
    responses=problems(404, 410),
)
def explain_recommendation(recommendation: Given, request: Request, service: Service) -> Response:
    "Get a past recommendation: the history at that time, model version, scores, probabilities and reasons"
    found = service.why(recommendation)
    check_owner(request, found["user"], service.current_id)
    return reply(schemas.Why, found)


@router.get(
    "/recommendations/{recommendation}/next",
    operation_id="recommend_next",
    response_model=schemas.Recommendations,
    responses=problems(404, 410),
)
def recommend_next(
    recommendation: Given, query: Annotated[schemas.NextQuery, Query()], request: Request, service: Service
) -> Response:
    "Get the next page of a list, from the same model version and history, without repeats"
    row = service.recorded(recommendation)
    check_owner(request, row["user"], service.current_id)
    return reply(schemas.Recommendations, service.recommend_next(row, query.n))


@router.post(
    "/predictions",
    operation_id="predict_ratings",
    response_model=schemas.Predictions,
    responses=WITH_BODY | problems(404, 410),
)
async def predict_ratings(body: schemas.PredictionRequest, request: Request, service: Service) -> Response:
    "Predict ratings of customers, or of a visitor whose history is in the request"
    customers = {pair.customer for pair in body.pairs}
    check_customers(request, customers)
    charge_for(request, len(customers))
    return await admitted(request, cost_of([0] * len(customers)), lambda: _predictions(body, service))


def _predictions(body: schemas.PredictionRequest, service: serving.Service) -> Response:
    pairs = [(pair.customer, pair.item) for pair in body.pairs]
    return reply(schemas.Predictions, service.predict(pairs, context_events(body.history), body.model))
