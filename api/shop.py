"The Service of this process: opened when the server starts, or as soon as it can be; from then on it takes over what is trained"

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from customer360.serving import service as serving

from .settings import Settings

log = logging.getLogger("c360.api")
AGAIN = 5.0  # seconds between two attempts to open it, or two looks for newly trained models


class Shop:
    "Holds the Service, or the reason why there is none"

    def __init__(self, settings: Settings):
        self.settings = settings
        self.service: serving.Service | None = None
        self.problem: Exception = serving.NotReady("the server is starting: ask again in a moment")
        self._closed, self._settled = threading.Event(), 0
        self.looked: Callable[[], None] = lambda: None  # called after each attempt or look
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def open(self) -> None:
        "Load the models; where that fails for now, go on trying beside the server"
        self._attempt()
        self._look()
        self._keeper.start()

    def _attempt(self) -> None:
        try:
            self.service = serving.open_service(
                default=self.settings.default_model, keys=self.settings.models
            )
        except Exception as error:  # whatever it is, the server says so and tries again
            if said(error) != said(self.problem):
                log.warning("not ready", exc_info=error, extra={"fields": {"detail": said(error)}})
            known = isinstance(error, serving.ServiceError | serving.StoreDown)
            self.problem = error if known else serving.NotReady(said(error))
            return
        self._settle(self.service)
        log.info("ready", extra={"fields": {"models": self.service.ready()["models"]}})

    def _keep(self) -> None:
        while not self._closed.wait(AGAIN):
            if self.service is None:
                self._attempt()
            else:
                self._renew(self.service)
            self._look()

    def _look(self) -> None:
        try:
            self.looked()
        except Exception as error:  # such as a full disk: the keeper goes on
            log.warning("numbers not told", exc_info=error)

    def _renew(self, service: serving.Service) -> None:
        try:
            if service.renew():
                log.info("models renewed", extra={"fields": {"models": service.ready()["models"]}})
            self._settle(service)
        except Exception as error:  # the models before answer, and the next attempt is soon
            if not self._closed.is_set():
                log.warning(
                    "newly trained models not taken over",
                    exc_info=error,
                    extra={"fields": {"detail": said(error)}},
                )

    def _settle(self, service: serving.Service) -> None:
        "Leave out what stays when garbage is looked for: looking through all models and products holds every request up, for a fifth of a second with the demo's"
        if self._settled != service.reads:
            self._settled = service.reads
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def close(self) -> None:
        "Write down what is still to be written"
        self._closed.set()
        if self.service is not None:
            self.service.close()
        if self._keeper.is_alive():
            self._keeper.join(AGAIN)  # whatever it is reading will not be needed

    def ready(self) -> dict[str, Any]:
        "As `Service.ready`, also where there is none"
        if self.service is not None:
            return self.service.ready()
        return {"ready": False, "models": {}, "problems": [said(self.problem)], "do": said(self.problem)}

    def counters(self) -> Mapping[str, float]:
        "The Service's numbers"
        return getattr(self.service, "counters", {})


def said(error: Exception) -> str:
    "What kept the Service from opening, in one line"
    return str(getattr(error, "detail", "") or error).partition("\n")[0] or type(error).__name__


async def _the_service(request: Request) -> serving.Service:
    shop: Shop = request.app.state.shop
    if shop.service is None:
        raise shop.problem.with_traceback(None)
    return shop.service


Service = Annotated[serving.Service, Depends(_the_service)]
