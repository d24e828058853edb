"Findings on the models, what they would have achieved, and whether their figures came true"

from typing import Annotated

from fastapi import Query, Response

from .. import schemas
from ..manager import Service
from ..replies import reply
from .common import router as new_router

router = new_router("evaluation")


@router.get("/findings", operation_id="get_findings", response_model=schemas.Findings)
def get_findings(service: Service) -> Response:
    "Say which model to use, which are as good, for whom it is different, and what each costs"
    return reply(schemas.Findings, service.findings())


@router.get("/experiments/offpolicy", operation_id="get_off_policy", response_model=schemas.OffPolicy)
def get_off_policy(query: Annotated[schemas.OffPolicyQuery, Query()], service: Service) -> Response:
    "Estimate what each model would have achieved in the lists that experiments with exploration drew"
    return reply(schemas.OffPolicy, service.off_policy(query.reward, query.days))


@router.get(
    "/models/online-agreement",
    operation_id="get_online_agreement",
    response_model=schemas.OnlineAgreement,
)
def get_online_agreement(query: Annotated[schemas.AgreementQuery, Query()], service: Service) -> Response:
    "Compare the offline figure of each kept version with what its recommendations achieved"
    return reply(schemas.OnlineAgreement, service.online_agreement(query.metric, query.rate))
