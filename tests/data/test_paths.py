"S3 and Google Drive by fsspec: the first against a server of its protocol, the second against a stand-in of its API"

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from postgres import free_port

from customer360 import config
from customer360.data import paths

CONTENT = b"user,item\nada,tea\n"


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


@pytest.fixture
def drive(monkeypatch):
    Drive.files, Drive.failures, Drive.seen, Drive.uploads, Drive.pages = {}, [], Counter(), {}, 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drive)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("C360_GDRIVE_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client's pauses after an error
    config.settings.cache_clear()
    yield Drive
    server.shutdown()
    thread.join()
    server.server_close()
    config.settings.cache_clear()


def test_drive_writes_reads_lists_and_deletes(drive, tmp_path):
    system, path = paths.filesystem("gdrive://shop/2026/it's.csv")
    assert not system.exists(path)
    system.pipe_file(path, CONTENT)
    assert system.exists(path) and system.cat_file(path) == CONTENT
    assert [(entry["name"], entry["size"], entry["type"]) for entry in system.ls("shop/2026")] == [
        ("shop/2026/it's.csv", len(CONTENT), "file")
    ]
    assert system.ls("shop", detail=False) == ["shop/2026"] and system.isdir("shop/2026")
    system.pipe_file(path, CONTENT * 2)  # a new version, not a second file
    assert system.cat_file(path) == CONTENT * 2 and len(system.ls("shop/2026")) == 1
    assert paths.copy_to_local("gdrive://shop/2026/it's.csv", tmp_path).read_bytes() == CONTENT * 2
    system.rm(path)
    assert not system.exists(path)


def test_drive_lists_page_by_page(drive):
    system, _ = paths.filesystem("gdrive://shop")
    for number in range(5):
        system.pipe_file(f"shop/{number}.csv", b"x")
    drive.pages = 2
    assert len(system.ls("shop")) == 5


def test_drive_holds_what_is_larger_than_a_request(drive, monkeypatch):
    monkeypatch.setattr(paths, "_SPOOL", 262_144)
    system, path = paths.filesystem("gdrive://shop/big.bin")
    drive.files["f"] = {"name": "shop", "mimeType": paths._FOLDER, "parents": ["root"], "content": b""}
    content = bytes(range(256)) * 4000
    drive.files["g"] = {"name": "big.bin", "mimeType": "x", "parents": ["f"], "content": content}
    assert system.cat_file(path) == content and drive.seen["GET"] >= 4


def test_drive_repeats_after_a_server_error_and_tells_refusals(drive):
    system, path = paths.filesystem("gdrive://shop/a.csv")
    system.pipe_file(path, CONTENT)
    drive.failures = [500, 503]
    assert system.cat_file(path) == CONTENT
    drive.failures = [403]
    with pytest.raises(PermissionError, match="set C360_GDRIVE_CREDENTIALS"):
        system.info(path)
    drive.failures = [500] * 10
    with pytest.raises(OSError, match="answered 500"):
        system.info(path)
    drive.failures = []
    with pytest.raises(FileNotFoundError, match=r"no 'none\.csv' in 'shop'"):
        system.cat_file("shop/none.csv")


def test_drive_refuses_unknown_credentials(drive):
    system, path = paths.filesystem("gdrive://shop/a.csv")
    drive.failures = [401] * 3
    with pytest.raises(PermissionError, match="401"):
        system.info(path)


def test_half_a_file_is_not_uploaded(drive):
    system, path = paths.filesystem("gdrive://shop/a.csv")
    with pytest.raises(ZeroDivisionError), system.open(path, "wb") as file:
        file.write(b"half")
        1 / 0
    assert not system.exists(path)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    "Yield the URL of a bucket on a server of the S3 protocol"
    pytest.importorskip("moto.server")
    port, patch = free_port(), pytest.MonkeyPatch()
    log = (tmp_path_factory.mktemp("s3") / "log").open("w+")
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
        yield "s3://shop"
    finally:
        server.terminate()
        server.wait(10)
        log.close()
        patch.undo()


def _wait(port: int, server: subprocess.Popen) -> None:
    import socket
    import time

    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("moto_server did not start")


def test_s3_writes_reads_and_is_copied(bucket, tmp_path):
    system, path = paths.filesystem(f"{bucket}/raw/a.csv")
    system.pipe_file(path, CONTENT)
    copy = paths.copy_to_local(f"{bucket}/raw/a.csv", tmp_path)
    assert copy.name == "a.csv" and copy.read_bytes() == CONTENT
    with pytest.raises(FileNotFoundError):
        paths.copy_to_local(f"{bucket}/raw/none.csv", tmp_path)
    assert not [path for path in tmp_path.rglob("*.part")]


def test_a_card_with_a_file_in_s3_is_ingested(bucket, tmp_path, monkeypatch):
    from customer360.data.cards import FileOptions, SourceError, card_from_options
    from customer360.data.ingest import ingest

    monkeypatch.setenv("C360_HOME", str(tmp_path))
    config.settings.cache_clear()
    rows = "".join(f"u{i % 7},i{i % 11},{i}\n" for i in range(50))
    system, path = paths.filesystem(f"{bucket}/stars.csv")
    system.pipe_file(path, f"user,item,ts\n{rows}".encode())
    got = ingest(card_from_options(FileOptions(f"{bucket}/stars.csv", "user", "item", timestamp="ts")))
    assert got.counts["kept"] == 50 and got.sources[0]["file"] == "stars.csv"
    with pytest.raises(SourceError, match=r"none\.csv"):
        ingest(card_from_options(FileOptions(f"{bucket}/none.csv", "user", "item")))
    config.settings.cache_clear()
