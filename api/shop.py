"The Service of this process: opened when the server starts, and again every few seconds for as long as it cannot be"

import logging
import threading
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from customer360.serving import service as serving

from .settings import Settings

log = logging.getLogger("c360.api")
AGAIN = 5.0  # seconds between two attempts


class Shop:
    "Holds the Service, or the reason why there is none"

    def __init__(self, settings: Settings):
        self.settings = settings
        self.service: serving.Service | None = None
        self.problem: Exception = serving.NotReady("the server is starting: ask again in a moment")
        self._closed = threading.Event()
        self._opener: threading.Thread | None = None

    def open(self) -> None:
        "Load the models; where that fails for now, go on trying beside the server"
        if not self._attempt():
            self._opener = threading.Thread(target=self._keep_trying, name="opener", daemon=True)
            self._opener.start()

    def _attempt(self) -> bool:
        try:
            self.service = serving.open_service(default=self.settings.default_model, keys=self.settings.models)
        except Exception as error:  # whatever it is, the server says so and tries again
            if said(error) != said(self.problem):
                log.warning("not ready", exc_info=error, extra={"fields": {"detail": said(error)}})
            known = isinstance(error, serving.ServiceError | serving.StoreDown)
            self.problem = error if known else serving.NotReady(said(error))
            return False
        log.info("ready", extra={"fields": {"models": self.service.ready()["models"]}})
        return True

    def _keep_trying(self) -> None:
        while not self._closed.wait(AGAIN) and not self._attempt():
            pass

    def close(self) -> None:
        "Write down what is still to be written"
        self._closed.set()
        if self._opener is not None:
            self._opener.join()
        if self.service is not None:
            self.service.close()

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
