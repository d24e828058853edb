"A shop whose store changes while a model is trained on it"

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from customer360.config import settings
from customer360.data.store import events
from customer360.data.store.facade import Store
from customer360.evaluation import pipeline
from customer360.evaluation.protocol import Result

CARD = '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 60\nn_items = 40\ndays = 120\n'
POINTS = {
    "the events are read": (events.EventStore, "interactions"),
    "it is fitted": (pipeline, "save_artefact"),
    "it is measured": (Result, "save"),
}


@contextmanager
def shop_with_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, pipeline.Source]]:
    "The store of a simulated shop in a home of its own, and the source that reads it"
    monkeypatch.setenv("C360_HOME", str(home))
    monkeypatch.delenv("C360_DATABASE_URL", raising=False)
    settings.cache_clear()
    (home / "shop.toml").write_text(CARD)
    with Store.open("", "shop") as store:
        yield store, pipeline.Source(str(home / "shop.toml"))
    settings.cache_clear()


def do_at(monkeypatch: pytest.MonkeyPatch, point: str, act: Callable[[], Any], times: int = 1) -> list:
    "Do something when the training comes to a point, so often; return what came of it"
    owner, name = POINTS[point]
    real, done = getattr(owner, name), []

    def act_first(*args, **named):
        if len(done) < times:
            done.append(None)  # what is done may come to the point itself
            done[-1] = act()
        return real(*args, **named)

    monkeypatch.setattr(owner, name, act_first)
    return done
