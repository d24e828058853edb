"Clients that are slow, huge or many, on raw sockets against a real process"

import contextlib
import os
import resource
import shutil
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from command import once
from server import Server, make_small_shop

pytestmark = pytest.mark.slow
FILES = 1024  # what many systems let a process open


PER_ADDRESS, HEAD_SECONDS, BODY_SECONDS = 64, 3, 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("limited")
    shutil.copytree(once(tmp_path_factory, "small-shop", make_small_shop), home, dirs_exist_ok=True)
    made = Server(
        home,
        C360_DATASET="small",
        C360_MODELS="popularity",
        C360_STREAMS=100,
        C360_CONNECTIONS_PER_ADDRESS=PER_ADDRESS,
        C360_HEAD_SECONDS=HEAD_SECONDS,
        C360_BODY_SECONDS=BODY_SECONDS,
    )
    made.around = ("prlimit", f"--nofile={FILES}:{FILES}")
    with made.start():
        yield made


@pytest.fixture
def many_files() -> Iterator[None]:
    "Let this process open more files than the server may"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server: Server, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30, source_address=(source, 0))


def said(wire: socket.socket) -> bytes:
    "All that the server answers until it closes the connection"
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while part := wire.recv(65536):
            told += part
    return told


def test_a_head_of_a_megabyte_is_refused(server):
    many = b"".join(b"X-Header-%d: %s\r\n" % (n, b"x" * 2600) for n in range(400))
    small = b"".join(b"X-Header-%d: x\r\n" % n for n in range(101))
    one = b"X-Header: " + b"x" * 1_000_000 + b"\r\n"
    for headers in (many, small, one, one[:-2]):  # the last one has no end
        with connect(server) as wire:
            wire.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
            told = said(wire)
        assert told.startswith(b"HTTP/1.1 431 ") and b'"detail":"the head is larger than 65,536' in told
    with connect(server) as wire:
        wire.sendall(b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert said(wire).startswith(b"HTTP/1.1 431 ")
    fine = {f"X-Header-{n}": "x" * 600 for n in range(90)}
    assert server.client.get("/health/live", headers=fine).status_code == 200


@pytest.mark.parametrize(("addresses", "most"), [(1, PER_ADDRESS), (30, FILES * 3 // 4)])
def test_unfinished_requests_close_the_server_for_nobody(server, many_files, addresses, most):
    "Also where others come from the same address; the other way, there are more than the limit for each address allows"
    heads = [
        b"",
        b"GET /api/v1/models HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
    ]
    slowest = 0.0
    with contextlib.ExitStack() as stack:
        for n in range(1_500):
            wire = stack.enter_context(connect(server, f"127.0.0.{1 + n % addresses}"))
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                wire.sendall(heads[n % 3])
            if n % 100 == 99:
                began = time.monotonic()
                assert httpx.get(f"{server.url}/api/v1/models", trust_env=False, timeout=10).is_success
                slowest = max(slowest, time.monotonic() - began)
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < most + FILES // 8
    assert slowest < 2 and "Too many open files" not in server.said() and server.get("models")


def test_heads_and_bodies_have_a_time_limit(server):
    "One byte a second, which would never end, and one that sends nothing"
    with connect(server) as silent, connect(server) as head, connect(server) as body, connect(server) as kept:
        body.sendall(b"POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        head.sendall(b"GET /health/live HTTP/1.1\r\n")
        kept.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        began, ended = time.monotonic(), {}
        slow = {"head": (head, b"X"), "body": (body, b" "), "silent": (silent, b""), "kept": (kept, b"\r\n")}
        for wire, _ in slow.values():
            wire.setblocking(False)
        while len(ended) < 4 and time.monotonic() - began < 40:
            time.sleep(0.5)
            for name, (wire, byte) in slow.items():
                if name in ended:
                    continue
                with contextlib.suppress(BlockingIOError, ConnectionResetError, BrokenPipeError):
                    if told := wire.recv(65536):
                        ended[name] = told, time.monotonic() - began
                        continue
                    ended[name] = b"", time.monotonic() - began
                    continue
                with contextlib.suppress(OSError):
                    wire.send(byte)
    assert set(ended) == {"head", "body", "silent", "kept"}
    assert ended["head"][0].startswith(b"HTTP/1.1 408 ") and HEAD_SECONDS - 1 < ended["head"][1] < 10
    assert ended["body"][0].startswith(b"HTTP/1.1 408 ") and BODY_SECONDS - 1 < ended["body"][1] < 12
    assert ended["silent"][0] == b"" and HEAD_SECONDS - 1 < ended["silent"][1] < 10


def test_a_slow_client_that_goes_on_sending_is_served(server):
    customer, item = server.customers(1)[0], server.items(1)[0]
    event = f'{{"events": [{{"customer": "{customer}", "item": "{item}", "event": "view"}}]}}'.encode()
    with connect(server) as wire:
        wire.sendall(
            b"POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        )
        wire.sendall(b"Content-Length: %d\r\n\r\n" % len(event))
        for at in range(len(event)):
            wire.sendall(event[at : at + 1])
            time.sleep(0.03)
        assert said(wire).startswith(b"HTTP/1.1 200 ")


def test_connections_that_work_are_not_given_up(server):
    "Where every connection of an address is busy, one more is told to come later"
    server.client.close()
    streams = [connect(server) for _ in range(PER_ADDRESS)]
    for wire in streams:
        wire.sendall(b"GET /api/v1/feedback/stream?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.recv(65536).startswith(b"HTTP/1.1 200 ")
    with connect(server) as late:
        assert said(late).startswith(b"HTTP/1.1 503 ")
    streams.pop().close()
    until = time.monotonic() + 10
    while not _answers(server):  # the server has to notice
        assert time.monotonic() < until
    for wire in streams:
        wire.settimeout(0.01)
        with pytest.raises(TimeoutError):
            while wire.recv(65536):
                pass
        wire.close()


def _answers(server: Server) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{server.url}/health/live", trust_env=False).is_success
    return False
