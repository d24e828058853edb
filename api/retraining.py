"Retraining when it is due: every server asks, one of them starts it"

import logging
import threading

from .manager import ServiceManager, reason_of

log = logging.getLogger("c360.api")
CHECK_SECONDS = 60.0  # between two questions whether it is due


class RetrainTimer:
    "A thread that starts a retraining when it is due, if `C360_RETRAIN_AUTO` is set"

    def __init__(self, manager: ServiceManager):
        self.manager = manager
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retrain", daemon=True)

    def start(self) -> None:
        "Begin to ask; what was missed while no server was running is caught up at once, and once"
        if self.manager.settings.retrain_auto:
            self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                run = self.manager.retraining and self.manager.retraining.start_if_due()
                if run:
                    log.info("retraining", extra={"fields": {"run": run.number, "reasons": run.reasons}})
            except Exception as error:  # such as a database that is down: it is asked again
                log.warning("no retraining", exc_info=error, extra={"fields": {"detail": reason_of(error)}})
            if self._closed.wait(CHECK_SECONDS if self.manager.retraining else 1.0):
                return

    def close(self) -> None:
        "Stop asking; a retraining that is running goes on"
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(CHECK_SECONDS)
