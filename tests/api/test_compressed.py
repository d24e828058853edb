"Bodies in gzip: read as if they had been sent as they are, within the same limit"

import gzip
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from server import Server

LIMIT = 1_048_576  # bytes, the default of C360_MAX_BODY


def events(demo: Server, n: int) -> dict:
    item = demo.items(1)[0]
    return {"events": [{"customer": f"zip-{i}", "item": item, "event": "view"} for i in range(n)]}


def post(demo: Server, content: bytes, encoding: str = "gzip", **more: object):
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return demo.client.post("/api/v1/feedback", content=content, headers=headers, **more)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "identity"])
def test_a_packed_batch_is_stored(demo: Server, encoding: str):
    body = json.dumps(events(demo, 100)).encode()
    answer = post(demo, body if encoding == "identity" else gzip.compress(body), encoding)
    assert answer.status_code == 200 and len(answer.json()["receipts"]) == 100


def test_in_pieces_and_in_several_members(demo: Server):
    body = json.dumps(events(demo, 50)).encode()
    packed = gzip.compress(body[:700]) + gzip.compress(body[700:])
    answer = post(demo, (packed[i : i + 7] for i in range(0, len(packed), 7)))
    assert answer.status_code == 200 and len(answer.json()["receipts"]) == 50


@pytest.mark.parametrize(
    "content, status, says",
    [
        (b"{}", 400, "not valid gzip"),
        (gzip.compress(b'{"events": []}')[:-4], 400, "ends too early"),
        (gzip.compress(b'{"events": []}')[:-8] + b"\0" * 8, 400, "not valid gzip"),
        (gzip.compress(b'{"events": []}') + b"more", 400, "not valid gzip"),
        (gzip.compress(b" " * (LIMIT + 1)), 413, "larger than the limit"),
        (gzip.compress(gzip.compress(b" " * LIMIT)), 400, "error"),
    ],
    ids=["not packed", "cut off", "damaged", "something behind", "over the limit", "twice"],
)
def test_what_is_wrong_is_said(demo: Server, content: bytes, status: int, says: str):
    answer = post(demo, content)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"] and answer.json()["field"] == "body"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_encodings_are_named(demo: Server, encoding: str):
    answer = post(demo, b"{}", encoding)
    assert answer.status_code == 415 and repr(encoding) in answer.json()["detail"]


def test_much_in_little_is_refused_and_never_unpacked(demo: Server):
    packer = zlib.compressobj(6, wbits=31)
    zeros = b"\0" * 2**20
    bomb = b"".join(packer.compress(zeros) for _ in range(400)) + packer.flush()
    assert len(bomb) < LIMIT, "400 MB, small enough to be sent"
    before = memory(demo)
    assert post(demo, bomb).status_code == 413
    assert memory(demo) - before < 64 * 2**20
    assert demo.client.get("/health/live").status_code == 200


def test_a_bulk_of_millions_of_lines_in_little_holds_nobody_up(demo: Server):
    "20 MB of empty lines in 20 kB: they are cut while others are answered, and never lie in memory at once"
    bomb, waits, before = gzip.compress(b"\n" * 20_000_000), [], memory(demo)
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=demo.url, timeout=60, trust_env=False) as other:
        sent = pool.submit(other.post, "/api/v1/bulk/items", content=bomb, headers=headers)
        while not sent.done():
            begun = time.perf_counter()
            assert demo.client.get("/health/live").status_code == 200
            waits.append(time.perf_counter() - begun)
        assert sent.result().status_code == 207 and sent.result().content == b""
    assert len(waits) > 10 and max(waits) < 1.0, (len(waits), max(waits))
    assert memory(demo) - before < 64 * 2**20


def memory(demo: Server) -> int:
    "Bytes that the server's process has at most had in memory"
    with open(f"/proc/{demo.process.pid}/status", encoding="ascii") as file:
        [line] = [line for line in file if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
