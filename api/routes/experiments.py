"Experiments and merchandising rules"

from typing import Annotated

from fastapi import Query, Response

from .. import schemas
from ..manager import Service
from ..replies import reply
from .common import WITH_BODY
from .common import router as new_router

router = new_router("experiments")


@router.get("/experiments", operation_id="get_experiment", response_model=schemas.Experiments)
def get_experiment(query: Annotated[schemas.ResultsQuery, Query()], service: Service) -> Response:
    "Get the running experiment and its results, with intervals, per model, surface and day"
    return reply(schemas.Experiments, service.experiment() | {"results": service.online(query.surface)})


@router.put(
    "/experiments",
    operation_id="put_experiment",
    response_model=schemas.RunningExperiment,
    responses=WITH_BODY,
)
def put_experiment(body: schemas.ExperimentBody, service: Service) -> Response:
    "Start or change an experiment that splits customers between models, optionally with exploration"
    return reply(schemas.RunningExperiment, service.put_experiment(body.model_dump()))


@router.delete("/experiments", operation_id="end_experiment", response_model=schemas.RunningExperiment)
def end_experiment(service: Service) -> Response:
    "End the running experiment: the default model serves all customers again"
    return reply(schemas.RunningExperiment, service.put_experiment(None))


@router.get("/rules", operation_id="get_rules", response_model=schemas.Rules)
def get_rules(service: Service) -> Response:
    "Get the merchandising rules: pinned items, buried items and the category cap"
    return reply(schemas.Rules, service.rules())


@router.put("/rules", operation_id="put_rules", response_model=schemas.Rules, responses=WITH_BODY)
def put_rules(body: schemas.RulesBody, service: Service) -> Response:
    "Set the merchandising rules, which apply to every model"
    return reply(schemas.Rules, service.put_rules(body.model_dump()))
