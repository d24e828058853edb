"What Prometheus reads: requests, how long they took, and what the Service counts"

import os
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
LEVELS = frozenset({"queue"})  # of the Service's numbers, those that may fall


class Counted(Collector):
    "The Service's own numbers, read when they are asked for"

    def __init__(self, read: Callable[[], Mapping[str, float]]):
        self.read = read

    def collect(self) -> Iterator[Metric]:
        for name, value in self.read().items():
            level = any(word in name for word in LEVELS)
            family = GaugeMetricFamily if level else CounterMetricFamily
            yield family(f"c360_{name}", f"the service's {name.replace('_', ' ')}", value=value)


class Metrics:
    "The numbers of one process; of all of them where PROMETHEUS_MULTIPROC_DIR is set"

    def __init__(self, counters: Callable[[], Mapping[str, float]], ready: Callable[[], bool]):
        self.registry = CollectorRegistry()
        self.requests = Counter("c360_requests", "requests answered", ["method", "route", "status"], registry=self.registry)
        self.seconds = Histogram("c360_request_seconds", "from the first byte in to the last byte out", ["route"], buckets=SECONDS, registry=self.registry)
        Gauge("c360_ready", "1 when a model answers", registry=self.registry).set_function(lambda: float(ready()))
        for collector in (Counted(counters), ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self.registry.register(collector)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        "Count one request"
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        "The numbers in Prometheus' format"
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)
        return generate_latest(shared)
