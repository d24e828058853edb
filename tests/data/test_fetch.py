"The downloader against a real server on this machine that serves well, cuts, stalls and lies."

import datetime
import hashlib
import io
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from customer360.data.cards import Download, DownloadError, SourceError, parse_card, read_card
from customer360.data.download import RetryPolicy, download, fetch, has_files, locate_files

RATINGS = "".join(
    f"{u}\t{i}\t{1 + (u * i) % 5}\t{881250949 + u}\n" for u in range(1, 101) for i in range(1, 41)
).encode()


def archive(**members: bytes) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return box.getvalue()


WHOLE = archive(tiny__ratings=RATINGS, tiny__README=b"about", **{"..__..__evil": b"out"})


class Server:
    "Answers each request with the next of `script`, and the last one from then on"

    def __init__(self):
        self.script, self.asked, self.content, self.tag = [], [], WHOLE, '"v1"'
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append(
                    {
                        "range": self.headers.get("Range"),
                        "if_range": self.headers.get("If-Range"),
                        "path": self.path,
                    }
                )
                act = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                self.close_connection = True
                act(self)

            def end_headers(self):
                self.send_header("Connection", "close")
                super().end_headers()

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/tiny.zip"

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    # What it can do ---------------------------------------------------------------------------------------

    def serve(
        self,
        handler,
        cut: int | None = None,
        ranges: bool = True,
        length: int | None = None,
        tag: bool = True,
        stall: float = 0,
    ):
        asked = handler.headers.get("Range")
        valid = ranges and asked and handler.headers.get("If-Range") == self.tag
        begin = int(asked[6:-1]) if valid else 0
        body = self.content[begin:]
        handler.send_response(206 if valid else 200)
        if valid:
            handler.send_header("Content-Range", f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}")
        if tag:
            handler.send_header("ETag", self.tag)
        if length != -1:
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body if cut is None else body[:cut])
        handler.wfile.flush()
        time.sleep(stall)

    def cut(self, at, **how):
        return lambda handler: self.serve(handler, cut=at, **how)

    def say(self, code, **headers):
        def act(handler):
            handler.send_response(code)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return act


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


FAST = RetryPolicy(attempts=3, pause=0.01, stall=0.5)


def get(server: Server, folder: Path, **how) -> Path:
    return download(server.url, folder / "tiny.zip", FAST, loopback=True, progress=False, **how)


def card(server: Server, sha: str = hashlib.sha256(RATINGS).hexdigest(), member: str = "tiny/ratings"):
    return parse_card(f"""
        [facts]
        name = "tiny"
        scale = [1, 5]
        terms = "Be kind."
        url = "https://example.org"
        [interactions]
        file = "u.data"
        separator = "\\t"
        names = ["user", "item", "rating", "timestamp"]
        columns = {{ user = "user", item = "item", rating = "rating", timestamp = "timestamp" }}
        [download]
        url = "{server.url}"
        members = {{ "{member}" = "u.data", "tiny/README" = "README" }}
        sha256 = {{ "u.data" = "{sha}" }}
    """)


def fetched(server: Server, raw: Path, **how) -> Path:
    return fetch(card(server, **how), raw, FAST, loopback=True, progress=False)


def nothing_whole(folder: Path) -> bool:
    "Only parts, their notes and shown terms are left"
    return (
        all(
            path.name.endswith((".part", ".part.json", ".terms.txt"))
            for path in folder.rglob("*")
            if path.is_file()
        )
        and not (folder / "tiny").exists()
    )


# ---- one file --------------------------------------------------------------------------------------------


def test_a_good_server(server, tmp_path):
    server.script = [server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.zip"]


def test_a_cut_is_resumed(server, tmp_path):
    server.script = [server.cut(1000), server.cut(5000), server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert [asked["range"] for asked in server.asked] == [None, "bytes=1000-", "bytes=6000-"]
    assert {asked["if_range"] for asked in server.asked[1:]} == {'"v1"'}


def test_many_cuts_are_no_reason_to_give_up_while_bytes_come(server, tmp_path):
    server.script = [server.cut(4000)] * 12 + [server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE


def test_a_later_run_goes_on(server, tmp_path):
    server.script = [server.cut(2000), server.say(503)]
    with pytest.raises(
        DownloadError, match=r"answered 503 Service Unavailable.*2,000 bytes received so far are kept"
    ):
        get(server, tmp_path)
    assert nothing_whole(tmp_path)
    server.script, server.asked[:] = [server.serve], []
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert server.asked[0]["range"] == "bytes=2000-"


def test_a_file_that_changed_in_between_is_begun_again(server, tmp_path):
    server.script = [server.cut(2000), server.say(503)]
    with pytest.raises(DownloadError):
        get(server, tmp_path)
    server.script, server.content, server.tag = [server.serve], WHOLE[::-1], '"v2"'
    assert get(server, tmp_path).read_bytes() == WHOLE[::-1]


def test_a_part_of_another_address_is_not_continued(server, tmp_path):
    server.script = [server.cut(2000), server.say(404)]
    with pytest.raises(DownloadError):
        get(server, tmp_path)
    server.script, server.url = [server.serve], server.url + "?other"
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert server.asked[-1]["range"] is None


def test_a_server_that_ignores_range(server, tmp_path):
    server.script = [server.cut(3000, ranges=False), lambda handler: server.serve(handler, ranges=False)]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert server.asked[1]["range"] == "bytes=3000-"


def test_without_a_tag_nothing_is_continued(server, tmp_path):
    server.script = [server.cut(3000, tag=False), server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert server.asked[1]["range"] is None


def test_a_range_from_the_wrong_place_is_not_appended(server, tmp_path):
    def wrong(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-{len(WHOLE) - 1}/{len(WHOLE)}")
        handler.send_header("Content-Length", str(len(WHOLE)))
        handler.end_headers()
        handler.wfile.write(WHOLE)

    server.script = [server.cut(3000), wrong, server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert [asked["range"] for asked in server.asked] == [None, "bytes=3000-", None]


def test_a_range_that_cannot_be_had(server, tmp_path):
    server.script = [server.cut(3000), server.say(416, Content_Range="bytes */10"), server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE


def test_a_stall_is_a_break(server, tmp_path):
    server.script = [server.cut(1500, stall=60), server.serve]
    began = time.monotonic()
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert time.monotonic() - began < 30
    assert server.asked[1]["range"] == "bytes=1500-"


def test_a_server_that_always_stalls(server, tmp_path):
    server.script = [lambda handler: time.sleep(3)]
    with pytest.raises(DownloadError, match=r"no data for 0.5 seconds \(3 attempts\)"):
        get(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_more_promised_than_sent(server, tmp_path):
    server.script = [lambda handler: server.serve(handler, ranges=False, length=len(WHOLE) + 7)]
    with pytest.raises(DownloadError, match="the connection broke"):
        get(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_404_is_final(server, tmp_path):
    server.script = [server.say(404)]
    with pytest.raises(
        DownloadError,
        match=r"tiny.zip could not be downloaded: the server answered 404 Not Found.*DATA=<folder>",
    ):
        get(server, tmp_path)
    assert len(server.asked) == 1
    assert not list(tmp_path.iterdir())


def test_500_then_well(server, tmp_path):
    server.script = [server.say(500), server.say(503, Retry_After="0"), server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE


def test_retry_after_is_waited_for(server, tmp_path):
    server.script = [server.say(429, Retry_After="1"), server.serve]
    began = time.monotonic()
    get(server, tmp_path)
    assert time.monotonic() - began >= 1


def test_nobody_there(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/tiny.zip"
    with pytest.raises(DownloadError, match=r"the connection broke .*Check the network and try again"):
        download(url, tmp_path / "tiny.zip", FAST, loopback=True, progress=False)
    assert nothing_whole(tmp_path)


def test_only_https(server, tmp_path):
    server.script = [server.serve]
    with pytest.raises(DownloadError, match="is not https"):
        download(server.url, tmp_path / "tiny.zip", FAST)
    with pytest.raises(DownloadError, match="is not https"):
        download("http://example.org/tiny.zip", tmp_path / "tiny.zip", FAST, loopback=True)
    assert not server.asked


def test_a_redirect_away_from_https_is_refused(server, tmp_path):
    server.script = [server.say(302, Location="http://example.org/tiny.zip")]
    with pytest.raises(DownloadError, match=r"http://example.org/tiny.zip is not https"):
        get(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_redirect_is_followed(server, tmp_path):
    server.script = [server.say(302, Location="/moved.zip"), server.serve]
    assert get(server, tmp_path).read_bytes() == WHOLE
    assert server.asked[1]["path"] == "/moved.zip"


# ---- a data set ------------------------------------------------------------------------------------------


def test_fetch_unpacks_what_the_card_names_and_nothing_else(server, tmp_path):
    server.script = [server.serve]
    home = fetched(server, tmp_path / "raw")
    assert sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    ) == [
        "raw/tiny.source.json",
        "raw/tiny.terms.txt",
        "raw/tiny/README",
        "raw/tiny/u.data",
    ]
    assert (home / "u.data").read_bytes() == RATINGS
    assert has_files(card(server), home)


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    server.script = [server.serve]
    assert fetched(server, tmp_path) == fetched(server, tmp_path) == locate_files(card(server), raw=tmp_path)
    assert len(server.asked) == 1


def test_terms_are_shown_once(server, tmp_path, caplog):
    server.script = [server.say(404), server.serve]
    with caplog.at_level(logging.INFO, "customer360"):
        with pytest.raises(DownloadError):
            fetched(server, tmp_path)
        fetched(server, tmp_path)
    assert sum("Be kind." in record.getMessage() for record in caplog.records) == 1
    assert "Be kind." in (tmp_path / "tiny.terms.txt").read_text()


def test_wrong_bytes(server, tmp_path):
    server.script, server.content = (
        [server.serve],
        archive(tiny__ratings=RATINGS.replace(b"\t5\t", b"\t4\t"), tiny__README=b"about"),
    )
    with pytest.raises(
        DownloadError, match=r"u.data differs from the published file: its sha256 is .*DATA=<folder>"
    ):
        fetched(server, tmp_path)
    assert nothing_whole(tmp_path)
    server.content, server.tag = WHOLE, '"v2"'
    assert (fetched(server, tmp_path) / "u.data").read_bytes() == RATINGS  # the lie has left no trace


def test_a_flipped_bit_inside_the_archive(server, tmp_path):
    at = WHOLE.index(RATINGS) + 100
    server.script, server.content = [server.serve], WHOLE[:at] + bytes([WHOLE[at] ^ 1]) + WHOLE[at + 1 :]
    with pytest.raises(DownloadError, match=r"is not a complete zip archive \(Bad CRC-32"):
        fetched(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_a_log_in_page_in_place_of_the_file(server, tmp_path):
    server.script, server.content = [server.serve], b"<html>Please log in to the network</html>"
    with pytest.raises(
        DownloadError, match=r"it begins with b'<html>Please log in.*a proxy may answer in its place"
    ):
        fetched(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_a_cut_that_cannot_be_noticed_by_length(server, tmp_path):
    server.script = [
        server.cut(20_000, length=-1)
    ]  # no Content-Length: the end of the connection looks like the end of the file
    with pytest.raises(DownloadError, match="is not a complete zip archive"):
        fetched(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_less_promised_than_there_is(server, tmp_path):
    server.script = [lambda handler: server.serve(handler, length=20_000)]
    with pytest.raises(DownloadError):
        fetched(server, tmp_path)
    assert nothing_whole(tmp_path)


def test_a_member_that_is_not_there(server, tmp_path):
    server.script = [server.serve]
    with pytest.raises(DownloadError, match=r"does not contain tiny/stars: it contains \['tiny/ratings'"):
        fetched(server, tmp_path, member="tiny/stars")
    assert nothing_whole(tmp_path)


def test_an_unfinished_folder_is_completed(server, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/README").write_text("from an earlier try")
    server.script = [server.serve]
    assert (fetched(server, tmp_path) / "u.data").read_bytes() == RATINGS


def test_git_blob_and_shape_are_checked(server, tmp_path):
    server.script = [server.serve]
    made = card(server)
    for field, wrong, said in (("git_blob", "0" * 40, "git blob"), ("shape", (5, 4), "shape")):
        bad = made.model_copy(
            update={
                "download": Download(
                    url=server.url, members=made.download.members, **{field: {"u.data": wrong}}
                )
            }
        )
        with pytest.raises(DownloadError, match=f"its {said} is"):
            fetch(bad, tmp_path, FAST, loopback=True, progress=False)
        assert nothing_whole(tmp_path)


def test_files_from_data_are_not_refused_for_their_checksum(server, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/u.data").write_bytes(RATINGS[:100])
    assert locate_files(card(server), tmp_path) == tmp_path / "tiny"
    assert locate_files(card(server), tmp_path / "tiny") == tmp_path / "tiny"
    with pytest.raises(SourceError, match="is not a folder"):
        locate_files(card(server), tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["ml-100k", "ml-1m", "ml-latest-small", "online-retail"])
def test_public_cards_are_fetched_over_https_and_checked(name):
    what = read_card(name).download
    assert what.url.startswith(("https://files.grouplens.org/", "https://archive.ics.uci.edu/"))
    assert set(what.members.values()) == set(what.sha256) | set(what.git_blob) | set(what.shape)


@pytest.mark.data
@pytest.mark.parametrize("name", ["ml-100k", "ml-1m", "ml-latest-small"])
def test_checksums_on_the_cards_are_those_of_the_originals(name, test_data):
    what = read_card(name).download
    for file, should in what.sha256.items():
        assert hashlib.sha256((test_data / name / file).read_bytes()).hexdigest() == should, file


# ---- mirrors ---------------------------------------------------------------------------------------------


@pytest.fixture
def other():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def lapsed(tmp_path_factory):
    "A server that has the archive, and a certificate that ended yesterday"
    made = Server()
    made.script = [made.serve]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path_factory.mktemp("tls")))
    made.http.socket = context.wrap_socket(made.http.socket, server_side=True)
    made.http.handle_error = lambda *_: None  # the client breaks off the handshake
    made.url = made.url.replace("http:", "https:")
    yield made
    made.close()


def certificate(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=366))
        .not_valid_after(now - datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return path


def mirrored(first: Server, *others: Server):
    made = card(first)
    more = {"mirrors": [server.url for server in others]}
    return made.model_copy(update={"download": made.download.model_copy(update=more)})


def fetched_from(made, raw: Path) -> Path:
    return fetch(made, raw, FAST, loopback=True, progress=False)


ALTERED = archive(tiny__ratings=RATINGS.replace(b"\t5\t", b"\t4\t"), tiny__README=b"about")


def test_a_mirror_serves_where_the_certificate_has_lapsed(lapsed, server, tmp_path, caplog):
    server.script = [server.serve]
    with caplog.at_level(logging.INFO, "customer360"):
        home = fetched_from(mirrored(lapsed, server), tmp_path)
    assert (home / "u.data").read_bytes() == RATINGS
    assert not lapsed.asked  # a certificate that is not valid gets no request, and no second attempt
    kept = json.loads((tmp_path / "tiny.source.json").read_text())
    assert kept["url"] == server.url and kept["sha256"] == hashlib.sha256(WHOLE).hexdigest()
    assert "its certificate is not valid" in kept["failed"][lapsed.url]
    assert f"tiny was downloaded from {server.url}" in caplog.messages


def test_altered_bytes_of_a_publisher_are_left_for_those_of_a_mirror(server, other, tmp_path):
    server.script, server.content, other.script = [server.serve], ALTERED, [other.serve]
    home = fetched_from(mirrored(server, other), tmp_path)
    assert (home / "u.data").read_bytes() == RATINGS
    kept = json.loads((tmp_path / "tiny.source.json").read_text())
    assert "u.data differs from the published file: its sha256" in kept["failed"][server.url]


def test_a_mirror_is_held_to_the_same_checksums(server, other, tmp_path):
    server.script, other.script, other.content = [server.say(404)], [other.serve], ALTERED
    with pytest.raises(DownloadError, match=r"(?s)from any of 2 addresses.*404 Not Found.*its sha256 is"):
        fetched_from(mirrored(server, other), tmp_path)
    assert nothing_whole(tmp_path)


def test_mirrors_are_left_alone_while_the_first_address_serves(server, other, tmp_path):
    server.script, other.script = [server.serve], [other.serve]
    fetched_from(mirrored(server, other), tmp_path)
    assert len(server.asked) == 1 and not other.asked
    assert json.loads((tmp_path / "tiny.source.json").read_text())["failed"] == {}


def test_a_mirror_begins_the_archive_anew_after_a_cut(server, other, tmp_path):
    server.script, other.script = [server.cut(2000), server.say(503)], [other.serve]
    assert (fetched_from(mirrored(server, other), tmp_path) / "u.data").read_bytes() == RATINGS
    assert other.asked[0]["range"] is None


def test_every_address_that_fails_is_named_with_its_reason(lapsed, server, other, tmp_path):
    server.script, other.script = [server.say(404)], [lambda handler: time.sleep(1)]
    with pytest.raises(DownloadError) as caught:
        fetched_from(mirrored(lapsed, server, other), tmp_path)
    reasons = str(caught.value).splitlines()
    assert reasons[0] == "tiny could not be downloaded from any of 3 addresses:"
    assert lapsed.url in reasons[1] and "its certificate is not valid" in reasons[1]
    assert "answered 404 Not Found" in reasons[2]
    assert other.url in reasons[3] and "no data for 0.5 seconds" in reasons[3]


@pytest.mark.parametrize("name", ["ml-100k", "ml-1m"])
def test_the_mirrors_of_cards_are_https_and_of_the_same_archive(name):
    wanted = read_card(name).download
    assert len(wanted.addresses) > 1
    assert all(url.startswith("https://") and url.endswith(f"/{name}.zip") for url in wanted.addresses)
    checked = {*wanted.sha256, *wanted.git_blob}
    assert checked == set(wanted.members.values())  # every file has a checksum, whoever serves it
