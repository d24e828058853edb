"Experiments and rules: what somebody decides, above the models"

from fastapi import Response

from .. import schemas
from ..replies import reply
from ..shop import Service
from .common import WITH_BODY
from .common import router as new_router

router = new_router("experiments")


@router.get("/experiments", operation_id="get_experiment", response_model=schemas.Experiments)
def get_experiment(service: Service) -> Response:
    "The experiment that runs, and what came of it: click-through and conversion with intervals, per model over time"
    return reply(schemas.Experiments, service.experiment() | {"results": service.online()})


@router.put(
    "/experiments",
    operation_id="put_experiment",
    response_model=schemas.RunningExperiment,
    responses=WITH_BODY,
)
def put_experiment(body: schemas.ExperimentBody, service: Service) -> Response:
    "Split the customers between models, and leave a share to chance, so that models can be compared"
    return reply(schemas.RunningExperiment, service.put_experiment(body.model_dump()))


@router.delete("/experiments", operation_id="end_experiment", response_model=schemas.RunningExperiment)
def end_experiment(service: Service) -> Response:
    "End the experiment that runs: the default model answers everybody again"
    return reply(schemas.RunningExperiment, service.put_experiment(None))


@router.get("/rules", operation_id="get_rules", response_model=schemas.Rules)
def get_rules(service: Service) -> Response:
    "What comes first, what comes last, and how much of one category"
    return reply(schemas.Rules, service.rules())


@router.put("/rules", operation_id="put_rules", response_model=schemas.Rules, responses=WITH_BODY)
def put_rules(body: schemas.RulesBody, service: Service) -> Response:
    "Set the rules that every answer keeps, whichever model it comes from"
    return reply(schemas.Rules, service.put_rules(body.model_dump()))
