"Retraining: whether it is due, how far it is, and what came of it"

from typing import Any

from fastapi import Request, Response

from customer360.serving.retrain import summarize_run

from .. import schemas
from ..errors import problems
from ..manager import Retrainer
from ..replies import reply
from .common import WITH_BODY
from .common import router as new_router

router = new_router("models")
EVERYTHING = schemas.RetrainBody()


@router.get("/retrain", operation_id="get_retraining", response_model=schemas.Retrainings)
def get_retraining(retraining: Retrainer, request: Request) -> Response:
    "Get the reasons to retrain, the progress of the retraining that is running, and the last ones"
    found, stranger = retraining.status(), request.scope["caller"].stranger
    running = found["running"]
    shown = {
        "running": running and _shown(running, stranger),
        "runs": [_shown(run, stranger) for run in found["runs"]],
    }
    return reply(schemas.Retrainings, found | shown)


@router.post(
    "/retrain",
    operation_id="start_retraining",
    status_code=202,
    response_model=schemas.RetrainRun,
    responses=WITH_BODY | problems(409),
)
def start_retraining(retraining: Retrainer, body: schemas.RetrainBody = EVERYTHING) -> Response:
    "Start a retraining; one at a time, in a process of its own. Without a body: of every model in use"
    run = retraining.start(retraining.request(body.models, body.params, body.force))
    made = reply(schemas.RetrainRun, _shown(run.to_dict(), False))
    made.status_code = 202
    return made


def _shown(run: dict[str, Any], stranger: bool) -> dict[str, Any]:  # an error may name files
    finished, shown = run["finished"], "" if stranger else run["error"]
    return (
        run
        | run["request"]
        | {
            "started": run["started"] // 1000,
            "finished": finished and finished // 1000,
            "snapshot": run["about"].get("snapshot", ""),
            "events": run["about"].get("events"),
            "error": shown,
            "summary": "" if finished is None else summarize_run(run["state"], run["decisions"], shown),
        }
    )
