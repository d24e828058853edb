"Models: what answers, how good it is, and the way back"

from fastapi import Request, Response

from .. import schemas
from ..errors import problems
from ..replies import reply
from ..shop import Service
from .common import Key
from .common import router as new_router

router = new_router("models")


@router.get("/models", operation_id="list_models", response_model=schemas.Models)
def list_models(service: Service, request: Request) -> Response:
    "The models that answer"
    return reply(schemas.Models, {"models": [_told(model, request) for model in service.models()]})


@router.get("/models/{key}", operation_id="get_model", response_model=schemas.Model, responses=problems(404))
def get_model(key: Key, service: Service, request: Request) -> Response:
    "One model: its figures with intervals, what it was trained on and when, and its versions"
    return reply(schemas.Model, _told(service.model(key), request))


def _told(model: dict, request: Request) -> dict:
    return model | {"problems": []} if request.scope["caller"].stranger else model  # they name files


@router.get(
    "/models/{key}/training",
    operation_id="get_training",
    response_model=schemas.Training,
    responses=problems(404),
)
def get_training(key: Key, service: Service) -> Response:
    "How a model has learnt: its hyper-parameters, its curves, and whom a hybrid believes when"
    return reply(schemas.Training, service.training(key))


@router.get("/comparisons", operation_id="list_comparisons", response_model=schemas.Comparisons)
def list_comparisons(service: Service) -> Response:
    "Which of the models that answer is better than which: paired tests over the same customers"
    return reply(schemas.Comparisons, service.comparisons())


@router.post(
    "/models/{key}/rollback",
    operation_id="rollback_model",
    response_model=schemas.Model,
    responses=problems(404, 409),
)
def rollback_model(key: Key, service: Service) -> Response:
    "Let the version before answer again"
    service.rollback(key)
    return reply(schemas.Model, service.model(key))
