"Kafka brokers for tests: librdkafka's own, in a process, with the real protocol on TCP; nothing is kept on disk"

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PROGRAM = """
import sys, time
from confluent_kafka import Producer
producer = Producer({"test.mock.num.brokers": 1})
broker = next(iter(producer.list_topics(timeout=20).brokers.values()))
print(f"{broker.host}:{broker.port}", flush=True)
sys.stdin.read()  # until the test ends
"""
JOIN = 40  # seconds that a consumer group may take to share its partitions; 3 to 5 as a rule


@contextmanager
def mock_brokers() -> Iterator[str]:
    "Yield the address of a broker that runs as long as the block; topics get 4 partitions when first named"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        address = process.stdout.readline().strip()
        assert address, "the brokers did not start"
        yield address
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def send(brokers: str, topic: str, messages: list[bytes | None], partition: int | None = 0) -> None:
    "Send messages with a plain producer and wait until they have arrived; partition None: in turn"
    from confluent_kafka import Producer

    failed = []
    producer = Producer(
        {"bootstrap.servers": brokers, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000}
    )
    for number, message in enumerate(messages):
        where = number % 4 if partition is None else partition
        producer.produce(topic, message, key=b"k", partition=where, on_delivery=lambda e, _: failed.append(e) if e else None)  # fmt: skip
        producer.poll(0)
    assert producer.flush(60) == 0 and not failed, failed


def committed(brokers: str, group: str, topic: str) -> dict[int, int]:
    "Return the committed offset of each partition, -1001 for none"
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group})
    try:
        partitions = [TopicPartition(topic, number) for number in range(4)]
        return {one.partition: one.offset for one in consumer.committed(partitions, timeout=20)}
    finally:
        consumer.close()


def read_all(brokers: str, topic: str, n: int, seconds: float = 30) -> list:
    "Read n messages of a topic from its beginning, without a group"
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
        found, until = [], time.monotonic() + seconds
        while len(found) < n and time.monotonic() < until:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
        return found
    finally:
        consumer.close()
