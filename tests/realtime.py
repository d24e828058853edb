"A small stand-in for Firebase's Realtime Database on this machine: REST and streaming, and connections that can be cut"

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from customer360.serving.loop_server import free_port


class Realtime:
    "A tree of JSON values, those who listen to it, and the server in front of both"

    def __init__(self):
        self.tree: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.listeners: dict[socket.socket, list[str]] = {}  # connection -> path
        self.port, self.connections, self.refused = free_port(), 0, 0
        self.server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}?ns=shop"

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"database": self})
        ThreadingHTTPServer.allow_reuse_address = True
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        "Refuse new connections and cut the open ones"
        self.server.shutdown()
        self.server.server_close()
        self.cut()

    def cut(self) -> None:
        with self.lock:
            for connection in list(self.listeners):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.listeners.clear()

    def get(self, path: str) -> Any:
        with self.lock:
            value: Any = self.tree
            for part in _parts(path):
                value = value.get(part) if isinstance(value, dict) else None
            return value

    def put(self, path: str, value: Any, silent: bool = False) -> None:  # silent: nobody is told
        with self.lock:
            *above, last = _parts(path)
            at = self.tree
            for part in above:
                at = at.setdefault(part, {})
            if value is None:
                at.pop(last, None)
            else:
                at[last] = value
            for connection, listened in [] if silent else list(self.listeners.items()):
                if _parts(path)[: len(listened)] == listened:
                    below = "/" + "/".join(_parts(path)[len(listened) :])
                    self.tell(connection, "put", {"path": below, "data": value})

    def tell(self, connection: socket.socket, kind: str, data: Any) -> None:
        try:
            connection.sendall(f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode())
        except OSError:
            self.listeners.pop(connection, None)


class _Handler(BaseHTTPRequestHandler):
    "A request to the database"

    database: Realtime
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if "text/event-stream" in self.headers.get("Accept", ""):
            return self._stream(address.path)
        value = self.database.get(address.path)
        if "shallow" in parse_qs(address.query) and isinstance(value, dict):
            value = dict.fromkeys(value, True)
        self._answer(value)

    def do_PUT(self) -> None:
        self.database.put(urlsplit(self.path).path, self._body())
        self._answer(None)

    def do_PATCH(self) -> None:
        path = urlsplit(self.path).path.removesuffix(".json")
        with self.database.lock:
            for key, value in self._body().items():
                self.database.put(f"{path}/{key}", value)
        self._answer(None, 204)

    def _stream(self, path: str) -> None:
        "Send the whole path, then what changes, until the connection is cut"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        with self.database.lock:
            self.database.connections += 1
            self.database.listeners[self.connection] = _parts(path)
            self.database.tell(self.connection, "put", {"path": "/", "data": self.database.get(path)})
        with suppress(OSError):
            while self.connection.recv(1):  # nothing comes until the other side closes
                pass
        with self.database.lock:
            self.database.listeners.pop(self.connection, None)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, value: Any, status: int = 200) -> None:
        body = b"" if status == 204 else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _parts(path: str) -> list[str]:
    return [part for part in path.removesuffix(".json").split("/") if part]


@contextmanager
def realtime() -> Iterator[Realtime]:
    "Yield a database that runs as long as the block"
    database = Realtime()
    database.start()
    try:
        yield database
    finally:
        database.stop()
