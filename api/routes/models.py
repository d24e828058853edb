"Models: figures, versions, comparisons, and which version is in use"

from fastapi import Request, Response

from .. import schemas
from ..errors import problems
from ..manager import Service
from ..replies import reply
from .common import WITH_BODY, Key
from .common import router as new_router

router = new_router("models")


@router.get("/models", operation_id="list_models", response_model=schemas.Models)
def list_models(service: Service, request: Request) -> Response:
    "List the served models, and by what the default one was chosen"
    models = [_visible(model, request) for model in service.list_models()]
    return reply(schemas.Models, {"models": models, "default_by": service.default_choice().to_dict()})


@router.get("/models/{key}", operation_id="get_model", response_model=schemas.Model, responses=problems(404))
def get_model(key: Key, service: Service, request: Request) -> Response:
    "Get a model: description, figures with intervals, training data, versions and decisions"
    return reply(schemas.Model, _visible(service.model(key), request))


def _visible(model: dict, request: Request) -> dict:
    return model | {"problems": []} if request.scope["caller"].stranger else model  # problems name files


@router.get(
    "/models/{key}/training",
    operation_id="get_training",
    response_model=schemas.Training,
    responses=problems(404),
)
def get_training(key: Key, service: Service) -> Response:
    "Get how a model was trained: hyper-parameters, learning curves, and a hybrid's blending weights"
    return reply(schemas.Training, service.training(key))


@router.get("/comparisons", operation_id="list_comparisons", response_model=schemas.Comparisons)
def list_comparisons(service: Service) -> Response:
    "List paired comparisons of the served models over the same customers"
    return reply(schemas.Comparisons, service.comparisons())


@router.post(
    "/models/{key}/rollback",
    operation_id="rollback_model",
    response_model=schemas.Model,
    responses=problems(404, 409),
)
def rollback_model(key: Key, service: Service) -> Response:
    "Roll back to the previous version"
    service.rollback(key)
    return reply(schemas.Model, service.model(key))


@router.post(
    "/models/{key}/activate",
    operation_id="activate_model",
    response_model=schemas.Model,
    responses=WITH_BODY | problems(404, 409),
)
def activate_model(key: Key, body: schemas.ActivationBody, service: Service) -> Response:
    "Put any kept version to use, older or newer"
    return reply(schemas.Model, service.activate(key, body.version))
