"The service of this process: opened at start, or as soon as possible, and reloaded after each training"

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from customer360.serving import service as serving
from customer360.serving.retrain_server import Retraining

from .settings import APISettings

log = logging.getLogger("c360.api")
RELOAD_SECONDS = 2.0  # between two attempts to open the service, or to reload models: within 5 all have them
NOTHING_WORKS = {"store_readable": 0, "store_writable": 0}  # what a monitor sees before the store is opened
CLOSE_SECONDS = 5.0  # how long a server that stops waits for what it is reading


class ServiceManager:
    "Holds the service, or the reason why there is none"

    def __init__(self, settings: APISettings):
        self.settings = settings
        self.service: serving.Service | None = None
        self.retraining: Retraining | None = None
        self.problem: Exception = serving.NotReady("the server is starting: try again in a moment")
        self._closed, self._frozen, self._reload_problem = threading.Event(), 0, ""
        self.on_tick: Callable[[], None] = lambda: None  # called after each attempt or reload
        self._reload_thread = threading.Thread(target=self._run, name="reload", daemon=True)

    def open(self) -> None:
        "Load the models; if that fails, keep trying in the background"
        self._attempt()
        self._tick()
        self._reload_thread.start()

    def _attempt(self) -> None:
        try:
            service = serving.open_service(default=self.settings.default_model, keys=self.settings.models)
            service.warm_up(self.settings.threads_of_requests)  # ready: no request waits for set-up
            self.service = service
        except Exception as error:  # reported by the health route, and tried again
            if reason_of(error) != reason_of(self.problem):
                log.warning("not ready", exc_info=error, extra={"fields": {"detail": reason_of(error)}})
            known = isinstance(error, serving.ServiceError | serving.StoreDown)
            self.problem = error if known else serving.NotReady(reason_of(error))
            return
        pool = self.service.pool
        self.retraining = Retraining(self.service.store, pool.registry, pool.release_with_data)
        self._freeze(self.service)
        log.info("ready", extra={"fields": {"models": self.service.ready()["models"]}})

    def _run(self) -> None:
        while not self._closed.wait(RELOAD_SECONDS):
            if self.service is None:
                self._attempt()
            else:
                self._reload(self.service)
                self.service.health.check()
                self._prune(self.service)
            self._tick()

    def _tick(self) -> None:
        try:
            self.on_tick()
        except Exception as error:  # such as a full disk: the reload thread goes on
            log.warning("metrics could not be published", exc_info=error)

    def _reload(self, service: serving.Service) -> None:
        try:
            if service.reload():
                log.info("models reloaded", extra={"fields": {"models": service.ready()["models"]}})
            self._freeze(service)
            if self.settings.absorb_seconds:
                service.absorb(self.settings.absorb_seconds)
        except Exception as error:  # the previous models go on serving until the next attempt
            if not self._closed.is_set() and reason_of(error) != self._reload_problem:
                self._reload_problem = reason_of(error)  # the same is not said every two seconds
                log.warning(
                    "reloading models failed",
                    exc_info=error,
                    extra={"fields": {"detail": reason_of(error)}},
                )
        else:
            self._reload_problem = ""

    def _prune(self, service: serving.Service) -> None:
        try:
            service.pruning.tick()
        except Exception as error:  # the reload thread goes on, whatever it is
            log.warning("deleting what is too old failed", exc_info=error)

    def _freeze(self, service: serving.Service) -> None:
        "Freeze long-lived objects so that the garbage collector skips them"
        if (
            self._frozen != service.n_reads
        ):  # a full pass blocks every request for .2 s with the demo's models
            self._frozen = service.n_reads
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def close(self) -> None:
        "Flush pending writes and stop"
        self._closed.set()
        if self.service is not None:
            self.service.close()
        if self._reload_thread.is_alive():
            self._reload_thread.join(CLOSE_SECONDS)  # what it is reading is no longer needed

    def ready(self) -> dict[str, Any]:
        "Return readiness, also while there is no service"
        if self.service is not None:
            return self.service.ready()
        return {
            "ready": False,
            "recommends": False,
            "reads": False,
            "writes": False,
            "models": {},
            "problems": [reason_of(self.problem)],
            "do": reason_of(self.problem),
        }

    def counters(self) -> Mapping[str, float]:
        "Return the service's counters"
        return self.service.counters if self.service is not None else NOTHING_WORKS


def reason_of(error: Exception) -> str:
    "Return the reason for a failure in one line"
    return str(getattr(error, "detail", "") or error).partition("\n")[0] or type(error).__name__


async def _current_service(request: Request) -> serving.Service:
    manager: ServiceManager = request.app.state.manager
    if manager.service is None:
        raise manager.problem.with_traceback(None)
    return manager.service


async def _current_retraining(request: Request) -> Retraining:
    await _current_service(request)
    return request.app.state.manager.retraining


Service = Annotated[serving.Service, Depends(_current_service)]
Retrainer = Annotated[Retraining, Depends(_current_retraining)]
