"Prometheus metrics: requests, latencies and the service's counters"

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
FLAGS = ("store_readable", "store_writable")  # 1 or 0; of several processes the least
GAUGES = frozenset({"queue", *FLAGS})  # service counters that may also decrease


class ServiceCollector(Collector):
    "Collect the service's counters at each scrape"

    def __init__(self, read: Callable[[], Mapping[str, float]]):
        self.read = read

    def collect(self) -> Iterator[Metric]:
        for name, value in self.read().items():
            family = GaugeMetricFamily if is_gauge(name) else CounterMetricFamily
            yield family(f"c360_{name}", described(name), value=value)


def is_gauge(name: str) -> bool:
    "Return True for a counter that may decrease, which Prometheus calls a gauge"
    return any(word in name for word in GAUGES)


def described(name: str) -> str:
    "Return the help text of a service counter"
    return f"the service's {name.replace('_', ' ')}"


class Metrics:
    "Metrics of this process, or of all processes if PROMETHEUS_MULTIPROC_DIR is set"

    def __init__(self, counters: Callable[[], Mapping[str, float]], ready: Callable[[], bool]):
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "c360_requests", "requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "c360_request_seconds",
            "request duration in seconds",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._read, self._is_ready, self._published, self._publishing = (
            counters,
            ready,
            dict[str, float](),
            threading.Lock(),
        )
        self._ready = Gauge(
            "c360_ready",
            "1 if a model is ready to serve",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self._numbers: dict[str, Counter | Gauge] = {}
        if self.shared:
            return
        self._ready.set_function(lambda: float(ready()))
        for collector in (
            ServiceCollector(counters),
            ProcessCollector(registry=None),
            PlatformCollector(registry=None),
        ):
            self.registry.register(collector)

    def publish(self) -> None:
        "Publish the service's counters for other processes; called every few seconds"
        if self.shared:
            with self._publishing:
                self._publish()

    def _publish(self) -> None:
        self._ready.set(float(self._is_ready()))
        for name, value in self._read().items():
            level = is_gauge(name)
            if name not in self._numbers:
                about = f"c360_{name}", described(name)
                self._numbers[name] = (
                    Gauge(
                        *about,
                        registry=self.registry,
                        multiprocess_mode="livemin" if name in FLAGS else "livesum",
                    )
                    if level
                    else Counter(*about, registry=self.registry)
                )
            self._numbers[name].set(value) if level else self._numbers[name].inc(
                value - self._published.get(name, 0)
            )
            self._published[name] = value

    def close(self) -> None:
        "Remove this process from the shared metrics"
        if self.shared:
            mark_process_dead(os.getpid())

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        "Count one request"
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        "Return all metrics in Prometheus' text format"
        self.publish()
        if not self.shared:
            return generate_latest(self.registry)
        for path in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("gauge_live*_*.db"):
            if not _runs(pid := int(path.stem.rpartition("_")[2])):  # killed without cleaning up
                mark_process_dead(pid)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)
        return generate_latest(shared)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs as another user
        pass
    return True
