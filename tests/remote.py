"""Places where files lie elsewhere, on this machine: S3, Google Drive, OpenML and Kaggle.

S3 is a server of its protocol; the others answer what their clients ask here.
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from customer360 import config
from customer360.data import paths
from customer360.serving.loop_server import free_port


class Drive(BaseHTTPRequestHandler):
    "What this project uses of the Drive API, version 3"

    files, failures, seen, pages, uploads = {}, [], Counter(), 1000, {}

    def log_message(self, *arguments):
        pass

    def _send(self, code: int, body: bytes | dict, **headers: str) -> None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in {
            "Content-Length": str(len(body)),
            "Content-Type": "application/json",
            **headers,
        }.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        where = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        Drive.seen[self.command] += 1
        if Drive.failures:
            code = Drive.failures.pop(0)
            return self._send(code, {"error": {"code": code, "message": "as told"}})
        if where.path == "/drive/v3/files" and self.command == "GET":
            return self._list(query)
        if where.path.startswith("/upload/"):
            return self._upload(where.path, query, body)
        if self.command == "POST":
            return self._send(200, {"id": self._add(json.loads(body), b"")})
        key = where.path.rpartition("/")[2]
        if key not in Drive.files:
            return self._send(404, {"error": {"code": 404, "message": "File not found"}})
        if self.command == "DELETE":
            del Drive.files[key]
            return self._send(204, b"")
        return self._content(Drive.files[key]["content"])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _content(self, content: bytes) -> None:
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        part = content[first : last + 1]
        self._send(206, part, Content_Range=f"bytes {first}-{first + len(part) - 1}/{len(content)}")

    def _list(self, query: dict) -> None:
        parent = re.match(r"'(.*?)' in parents and trashed = false", query["q"])[1]
        name = re.search(r" and name = '(.*)'$", query["q"])
        wanted = re.sub(r"\\(.)", r"\1", name[1]) if name else None
        found = [
            {
                "id": key,
                **{part: file[part] for part in ("name", "mimeType")},
                "size": str(len(file["content"])),
            }
            for key, file in reversed(Drive.files.items())
            if parent in file["parents"] and wanted in (None, file["name"])
        ]
        start = int(query.get("pageToken", 0))
        more = {"nextPageToken": str(start + Drive.pages)} if len(found) > start + Drive.pages else {}
        self._send(200, {"files": found[start : start + Drive.pages], **more})

    def _add(self, body: dict, content: bytes) -> str:
        key = f"file{len(Drive.files)}-{Drive.seen.total()}"
        Drive.files[key] = {"mimeType": "text/csv", "parents": ["root"], "content": content, **body}
        return key

    def _upload(self, path: str, query: dict, body: bytes) -> None:
        if "session" not in query:
            session, key = str(len(Drive.uploads)), path.rpartition("/")[2]
            Drive.uploads[session] = [key if key != "files" else json.loads(body), b""]
            return self._send(200, {}, Location=f"http://{self.headers['Host']}{path}?session={session}")
        target, before = Drive.uploads[query["session"]]
        if isinstance(target, str):
            Drive.files[target]["content"] = before + body
            return self._send(200, {"id": target})
        self._send(200, {"id": self._add(target, before + body)})


@contextmanager
def drive_server(patch: pytest.MonkeyPatch) -> Iterator[type[Drive]]:
    "Google Drive, without files"
    Drive.files, Drive.failures, Drive.seen, Drive.uploads, Drive.pages = {}, [], Counter(), {}, 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drive)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    patch.setenv("C360_GDRIVE_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    patch.setattr("time.sleep", lambda seconds: None)  # the client's pauses after an error
    config.settings.cache_clear()
    yield Drive
    server.shutdown()
    thread.join()
    server.server_close()
    config.settings.cache_clear()


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:  # its address
    "A server of the S3 protocol with a bucket `shop`, to which the environment points"
    pytest.importorskip("moto.server")
    port, patch = free_port(), pytest.MonkeyPatch()
    log = (folder / "log").open("w+")
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=log, stderr=log)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        patch.setenv(name, value)
    try:
        _wait(port, server)
        system, _ = paths.filesystem("s3://shop")
        system.mkdir("shop")
        yield os.environ["AWS_ENDPOINT_URL"]
    finally:
        server.terminate()
        server.wait(10)
        log.close()
        patch.undo()


def _wait(port: int, server: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("moto_server did not start")


class Answers:
    "A server that answers each path with what `pages` holds: (status, headers, content)"

    def __init__(self):
        self.pages, self.asked = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append((self.path, dict(self.headers), body))
                status, headers, content = outer.pages.get(self.path, (404, {}, b"nothing here"))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]


ARFF = """% A comment
@RELATION movies
@ATTRIBUTE user STRING
@ATTRIBUTE item {tea, 'green tea', mug}
@ATTRIBUTE rating REAL
@ATTRIBUTE ts INTEGER
@DATA
u1,tea,5,100
u2,'green tea',?,200
u1,mug,3.5,300
"""


def serve_openml(server: Answers, arff: str = ARFF, md5: str = "") -> None:
    "The four answers of OpenML's API about data set 41, named movies"

    def page(content):
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()

    kinds = {"user": "string", "item": "nominal", "rating": "numeric", "ts": "numeric"}
    flags = {"is_target": "false", "is_ignore": "false", "is_row_identifier": "false"}
    features = [
        flags | {"index": str(at), "name": name, "data_type": kind}
        for at, (name, kind) in enumerate(kinds.items())
    ]
    features[2]["is_target"] = "true"
    about = {
        "id": "41",
        "name": "movies",
        "version": "1",
        "format": "ARFF",
        "licence": "CC BY 4.0",
        "description": "Ratings",
        "file_id": "7",
        "status": "active",
        "url": f"{server.url}/data/v1/download/7/movies.arff",
        "md5_checksum": md5 or hashlib.md5(arff.encode()).hexdigest(),
    }
    listed = {"did": 41, "name": "movies", "version": 1, "status": "active"}
    api = "/api/v1/json/data"
    server.pages |= {
        f"{api}/list/data_name/movies/limit/2/status/active/": page({"data": {"dataset": [listed]}}),
        f"{api}/41": page({"data_set_description": about}),
        f"{api}/features/41": page({"data_features": {"feature": features}}),
        f"{api}/qualities/41": page({"data_qualities": {"quality": []}}),
        "/data/v1/download/7/movies.arff": (200, {}, arff.encode()),
    }


def replace_openml(server: Answers, patch: pytest.MonkeyPatch) -> None:
    "Put the server in the place of OpenML: scikit-learn has its address in four constants"
    from sklearn.datasets import _openml

    for name in ("_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        address = getattr(_openml, name).replace("https://www.openml.org", server.url)
        patch.setattr(_openml, name, address)
    real = _openml._open_openml_url
    quick = {"n_retries": 1, "delay": 0.01}
    patch.setattr(_openml, "_open_openml_url", lambda url, home, **_: real(url, home, **quick))


def leave_kaggle(patch: pytest.MonkeyPatch, home: Path) -> None:
    "Take away the token of Kaggle, whatever the machine has"
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_API_V1_TOKEN"):
        patch.delenv(name, raising=False)
    patch.setenv("HOME", str(home))
    patch.setenv("KAGGLE_CONFIG_DIR", str(home / ".kaggle"))
    (home / ".kaggle").mkdir(parents=True)


def replace_kaggle(server: Answers, patch: pytest.MonkeyPatch) -> None:
    """Put the server in the place of Kaggle, with a token.

    The client's address cannot be set: only its table of addresses can, and this is the only thing replaced.
    """
    kaggle_env = pytest.importorskip("kagglesdk.kaggle_env")
    patch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
    patch.setenv("KAGGLE_USERNAME", "ada")
    patch.setenv("KAGGLE_KEY", "secret-of-ada")


ENDPOINT = "/v1/datasets.DatasetApiService/DownloadDataset"


def serve_kaggle(server: Answers, name: str, content: bytes) -> None:
    "Kaggle redirects to where the file lies"
    server.pages[ENDPOINT] = (302, {"Location": f"{server.url}/store/{name}?signed=1"}, b"")
    server.pages[f"/store/{name}?signed=1"] = (200, {"Content-Type": "application/octet-stream"}, content)
