"What Prometheus reads: requests, how long they took, and what the Service counts"

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
LEVELS = frozenset({"queue"})  # of the Service's numbers, those that may fall


class Counted(Collector):
    "The Service's own numbers, read when they are asked for"

    def __init__(self, read: Callable[[], Mapping[str, float]]):
        self.read = read

    def collect(self) -> Iterator[Metric]:
        for name, value in self.read().items():
            family = GaugeMetricFamily if is_level(name) else CounterMetricFamily
            yield family(f"c360_{name}", described(name), value=value)


def is_level(name: str) -> bool:
    "One of the Service's numbers that may fall"
    return any(word in name for word in LEVELS)


def described(name: str) -> str:
    "What one of the Service's numbers is"
    return f"the service's {name.replace('_', ' ')}"


class Metrics:
    "The numbers of one process; of all of them where PROMETHEUS_MULTIPROC_DIR is set"

    def __init__(self, counters: Callable[[], Mapping[str, float]], ready: Callable[[], bool]):
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "c360_requests", "requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "c360_request_seconds",
            "from the first byte in to the last byte out",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._read, self._is_ready, self._told, self._telling = (
            counters,
            ready,
            dict[str, float](),
            threading.Lock(),
        )
        self._ready = Gauge(
            "c360_ready", "1 when a model answers", registry=self.registry, multiprocess_mode="livemin"
        )
        self._numbers: dict[str, Counter | Gauge] = {}
        if self.shared:
            return
        self._ready.set_function(lambda: float(ready()))
        for collector in (
            Counted(counters),
            ProcessCollector(registry=None),
            PlatformCollector(registry=None),
        ):
            self.registry.register(collector)

    def tell(self) -> None:
        "Where several processes share their numbers, write down the Service's; called every few seconds"
        if self.shared:
            with self._telling:
                self._tell()

    def _tell(self) -> None:
        self._ready.set(float(self._is_ready()))
        for name, value in self._read().items():
            level = is_level(name)
            if name not in self._numbers:
                about = f"c360_{name}", described(name)
                self._numbers[name] = (
                    Gauge(*about, registry=self.registry, multiprocess_mode="livesum")
                    if level
                    else Counter(*about, registry=self.registry)
                )
            self._numbers[name].set(value) if level else self._numbers[name].inc(
                value - self._told.get(name, 0)
            )
            self._told[name] = value

    def close(self) -> None:
        "This process counts no longer"
        if self.shared:
            mark_process_dead(os.getpid())

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        "Count one request"
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        "The numbers in Prometheus' format"
        self.tell()
        if not self.shared:
            return generate_latest(self.registry)
        for path in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("gauge_live*_*.db"):
            if not _runs(pid := int(path.stem.rpartition("_")[2])):  # it was killed, and could not say so
                mark_process_dead(pid)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)
        return generate_latest(shared)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        pass
    return True
