"Ingest of files that lie elsewhere, and raw copies in a bucket: what is new, what is forgotten, what a kill leaves"

import json
import socket
import sqlite3
import threading
from collections.abc import Callable

import pandas as pd
import pytest
from command import end, start, well
from remote import (
    ARFF,
    Answers,
    drive_server,
    leave_kaggle,
    replace_kaggle,
    replace_openml,
    s3_server,
    serve_kaggle,
    serve_openml,
)
from typer.testing import CliRunner

from customer360 import config
from customer360.cli import app
from customer360.data import paths
from customer360.data.cards import Card, SourceError, make_card
from customer360.data.ingest import read_source
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store

HEAD, ROWS = "user,item,rating,ts\n", [f"u{n % 5},i{n % 7},{1 + n % 5},{1600000000 + n}\n" for n in range(60)]
MORE = ["lovelace,i1,5,1700000000\n", "lovelace,i2,4,1700000001\n"]


pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture
def server():
    made = Answers()
    yield made
    made.http.shutdown()
    made.http.server_close()


def content(*more: str) -> bytes:
    return "".join([HEAD, *ROWS, *more]).encode()


def upload(url: str, data: bytes) -> None:
    system, path = paths.filesystem(url)
    system.pipe_file(path, data)


def card_of(file: str, **more) -> Card:
    columns = {"user": "user", "item": "item", "rating": "rating", "timestamp": "ts"}
    return make_card(
        "shop",
        {
            "facts": {"name": "shop", "scale": [1, 5]},
            "interactions": {"file": file, "columns": columns, "duplicates": "keep"},
            **more,
        },
    )


def check(card: Card, change: Callable[[], None], local: Callable[[], str], counts: tuple[int, int]) -> None:
    "Ingest, ingest again, change the source, ingest; the tables are always those of the file"
    with Store.open(dataset="shop") as store:
        assert ingest_into_store(card, None, store, progress=False).new == counts[0]
        assert ingest_into_store(card, None, store, progress=False).number == 0
        change()
        found = ingest_into_store(card, None, store, progress=False)
        assert (found.number, found.new) == (2, counts[1])
        stored, whole = store.interactions.tables(card.facts), read_source(card_of(local())).tables
    for name in ("interactions", "items", "customers"):
        pd.testing.assert_frame_equal(getattr(stored, name), getattr(whole, name), check_exact=True)


def written(path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("where", ["s3://shop/day/ratings.csv", "gdrive://shop/ratings.csv"])
def test_a_file_in_a_bucket_or_a_drive_is_read_on_from_its_end(where, s3, tmp_path, monkeypatch):
    with drive_server(monkeypatch):
        upload(where, content())
        items = where.replace("ratings", "items")
        upload(items, b"item,title\ni1,Tea\ni2,Pot\n")
        card = card_of(where, items={"file": items, "columns": {"item": "item", "title": "title"}})
        with Store.open(dataset="shop") as store:
            assert ingest_into_store(card, None, store, progress=False).new == 60
            assert ingest_into_store(card, None, store, progress=False).number == 0
            upload(where, content(*MORE))
            upload(items, b"item,title\ni1,Tea\ni2,Kettle\n")
            found = ingest_into_store(card, None, store, progress=False)
            assert (found.number, found.rows, found.new, found.items["changed"]) == (2, 2, 2, 1)
            stored, whole = store.interactions.tables(card.facts), read_source(card).tables
            for name in ("interactions", "items", "customers"):
                pd.testing.assert_frame_equal(getattr(stored, name), getattr(whole, name), check_exact=True)
            [first, second] = RawStore().manifests("shop")
            assert second["objects"][0]["source"] == where and first["objects"][0]["from_byte"] == 0
    assert not [path for path in (tmp_path / "home/data/interim").rglob("*.csv")]
    assert not (tmp_path / "home/data/raw/remote").exists()


def test_a_data_set_of_openml_is_asked_for_at_every_ingest(server, tmp_path, monkeypatch):
    replace_openml(server, monkeypatch)
    serve_openml(server)
    longer = ARFF + "u3,tea,4,400\n"
    csv = b"user,item,rating,ts\nu1,tea,5,100\nu1,mug,3.5,300\nu3,tea,4,400\n"
    serve_openml(server, ARFF.replace("u2,'green tea',?,200\n", ""))
    check(
        card_of("openml://41"),
        lambda: serve_openml(server, longer.replace("u2,'green tea',?,200\n", "")),
        lambda: written(tmp_path / "same.csv", csv),
        (2, 1),
    )


def test_a_file_of_kaggle_is_asked_for_at_every_ingest(server, tmp_path, monkeypatch):
    leave_kaggle(monkeypatch, tmp_path / "account")
    replace_kaggle(server, monkeypatch)
    serve_kaggle(server, "ratings.csv", content())
    check(
        card_of("kaggle://shop/orders/ratings.csv"),
        lambda: serve_kaggle(server, "ratings.csv", content(*MORE)),
        lambda: written(tmp_path / "ratings.csv", content(*MORE)),
        (60, 2),
    )


def test_what_cannot_be_read_is_no_missing_file(s3, monkeypatch):
    upload("s3://shop/ratings.csv", content())
    side = {"file": "s3://shop/none.csv", "columns": {"item": "item", "plot": "plot"}}
    entity = {"file": "s3://shop/goods.csv", "columns": {"item": "item"}, "text": ["plot"], "side": side}
    upload("s3://shop/goods.csv", b"item\ni1\ni2\n")
    assert len(read_source(card_of("s3://shop/ratings.csv", items=entity)).tables.interactions) == 60
    with pytest.raises(SourceError, match=r"s3://shop/none\.csv does not exist"):
        read_source(card_of("s3://shop/none.csv"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    paths.fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(SourceError, match=r"s3://shop/ratings\.csv cannot be read"):
        read_source(card_of("s3://shop/ratings.csv", items=entity))
    paths.fsspec.filesystem("s3").clear_instance_cache()


# ---- Raw copies in a bucket -------------------------------------------------------------------------------------------------


def told(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def objects(url: str) -> dict[str, bytes]:
    system, path = paths.filesystem(url)
    return {name: system.cat_file(name) for name in system.find(path)}


def toml(tmp_path, file: str) -> str:
    (tmp_path / "shop.toml").write_text(
        f'[facts]\nname = "shop"\nscale = [1, 5]\n[interactions]\nfile = "{file}"\nduplicates = "keep"\n'
        'columns = {user = "user", item = "item", rating = "rating", timestamp = "ts"}\n'
    )
    return str(tmp_path / "shop.toml")


def test_a_forgotten_customer_is_in_no_object_of_the_bucket(s3, tmp_path, monkeypatch):
    monkeypatch.setenv("C360_RAW_URL", "s3://shop/kept")
    config.settings.cache_clear()
    file = tmp_path / "ratings.csv"
    file.write_bytes(content(MORE[0]))
    card = toml(tmp_path, "ratings.csv")
    assert "s3://shop/kept/manifests/shop/1.json" in told("ingest", "--dataset", card)
    assert content(MORE[0]) in objects("s3://shop/kept").values()
    assert "Nothing new" in told("ingest", "--dataset", card)
    file.write_bytes(content(*MORE))
    told("ingest", "--dataset", card)
    assert len(objects("s3://shop/kept")) == 4  # of each ingest a manifest and its bytes
    assert "lovelace is erased" in told("forget", "lovelace", "--dataset", card)
    kept = objects("s3://shop/kept")
    assert len(kept) == 4 and not any(b"lovelace" in data for data in kept.values())
    assert content() in kept.values()
    # the file of the user still has her, and is read as a whole once more
    file.write_bytes(content(*MORE).replace(b"u1,", b"v1,"))
    assert "of erased customers, left out" in told("ingest", "--dataset", card)
    kept = objects("s3://shop/kept")
    assert len(kept) == 6 and not any(b"lovelace" in data for data in kept.values())
    assert "Nothing new" in told("ingest", "--dataset", card)


def test_no_copy_of_what_was_read_directly_outlives_the_reading(s3, tmp_path):
    upload("s3://shop/direct.csv", content(*MORE))
    card = toml(tmp_path, "s3://shop/direct.csv")
    home = tmp_path / "home"
    left = home / "data/interim/.source.c360-killed"  # by a reader that was killed
    left.mkdir(parents=True)
    (left / "direct.csv.gz").write_bytes(content(*MORE))
    assert "shop" in told("data", "describe", card)
    assert "lovelace is erased" in told("forget", "lovelace", "--dataset", card)
    assert not left.exists()
    assert not [path for path in home.rglob("*") if path.is_file() and b"lovelace" in path.read_bytes()]


class Stalling:
    "Stands before a server, and stops forwarding when an object is uploaded"

    def __init__(self, address: str):
        host, _, port = address.removeprefix("http://").partition(":")
        self.there, self.stalled = (host, int(port)), threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            behind = socket.create_connection(self.there)
            for pair in ((client, behind), (behind, client)):
                threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                if b"PUT " in data and b"/objects/" in data:
                    self.stalled.set()
                if not self.stalled.is_set():
                    target.sendall(data)
        except OSError:
            pass
        source.close(), target.close()


@pytest.mark.long
def test_a_killed_upload_leaves_nothing_that_is_referenced(s3, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_bytes(content())
    card, home = toml(tmp_path, "ratings.csv"), tmp_path / "home"
    before = Stalling(s3)
    running = start(
        home, "ingest", "--dataset", card, C360_RAW_URL="s3://shop/killed", AWS_ENDPOINT_URL=before.url
    )
    assert before.stalled.wait(60), end(running).stderr
    running.kill()
    end(running)
    before.socket.close()
    raw = RawStore("s3://shop/killed")
    assert raw.manifests() == [] and [one["complete"] for one in raw.manifests(unfinished=True)] == [False]
    assert not any("/objects/" in name for name in objects("s3://shop/killed"))
    well(end(start(home, "ingest", "--dataset", card, C360_RAW_URL="s3://shop/killed")))
    [manifest] = raw.manifests()
    assert raw.has(manifest["objects"][0]["sha256"]) and "complete" not in manifest
    with Store.open(f"sqlite:///{home}/data/store/shop.sqlite") as store:
        assert len(store.interactions.tables(card_of(str(file)).facts).interactions) == 60


def test_an_erasure_that_was_killed_is_completed(s3, tmp_path, monkeypatch):
    raw, file = RawStore("s3://shop/half"), tmp_path / "ratings.csv"
    file.write_bytes(content(*MORE))
    with Store.open(dataset="shop") as store:
        ingest_into_store(card_of(str(file)), None, store, raw, progress=False)
    with monkeypatch.context() as patch:  # killed before the manifest names the new object
        real, calls = raw.write_manifest, []
        patch.setattr(
            raw, "write_manifest", lambda one: calls.append(1) or (real(one) if len(calls) < 2 else 1 / 0)
        )
        with pytest.raises(ZeroDivisionError):
            raw.rewrite_without(["lovelace"])
    assert len(objects("s3://shop/half")) == 3
    [changed] = RawStore("s3://shop/half").rewrite_without(["lovelace"])
    kept = objects("s3://shop/half")
    assert changed["rows"] == 2 and len(kept) == 2 and not any(b"lovelace" in data for data in kept.values())
    assert "pending" not in json.dumps(raw.manifests())


def test_a_bucket_that_does_not_answer_is_said(tmp_path, monkeypatch):
    for name, value in {
        "ENDPOINT_URL": "http://127.0.0.1:9",
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    paths.fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(OSError, match="s3://shop/none"):
        RawStore("s3://shop/none").rewrite_without(["lovelace"])
    paths.fsspec.filesystem("s3").clear_instance_cache()


# ---- Rows with the same mark ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicates", ["keep", "reject"])
def test_rows_that_are_committed_late_with_the_same_mark_are_found(tmp_path, duplicates):
    url = f"sqlite:///{tmp_path}/orders.db"
    shop = sqlite3.connect(tmp_path / "orders.db", isolation_level=None)
    shop.execute("CREATE TABLE orders (user TEXT, item TEXT, rating REAL, ts INTEGER, changed TEXT)")

    def order(*rows: tuple[str, str, int, str]) -> None:
        shop.executemany("INSERT INTO orders VALUES (?, ?, 4, ?, ?)", rows)

    columns = {"user": "user", "item": "item", "rating": "rating", "timestamp": "ts"}
    table = {"file": url, "table": "orders", "increment": "changed", "columns": columns}
    card = make_card(
        "shop",
        {
            "facts": {"name": "shop", "scale": [1, 5]},
            "interactions": table | {"duplicates": duplicates},
            "items": {"columns": {"item": "item", "changed": "changed"}},
        },
    )
    with Store.open(dataset="shop") as store:

        def run() -> tuple[int, int, int, int]:
            found = ingest_into_store(card, None, store, progress=False)
            return found.number, found.rows, found.new, found.known

        order(*((f"u{n}", "tea", n, f"09:{n}") for n in range(10, 40)))
        order(("lovelace", "tea", 100, "10:00"), ("bob", "pot", 101, "10:01"), ("bob", "tea", 102, "10:01"))
        assert run() == (1, 33, 33, 0)
        assert run() == (0, 0, 0, 0)
        order(("cleo", "pot", 103, "10:01"))  # late, and with the time of others
        assert run() == (2, 3, 1, 2)
        assert run() == (0, 0, 0, 0)
        order(("cleo", "tea", 104, "10:02"))
        assert run() == (3, 4, 1, 3)
        again = ("cleo", "tea", 104, "10:02")
        order(again)  # equal in every column
        assert run()[2] == (1 if duplicates == "keep" else 0)
        assert run()[0] == 0
        order(("lovelace", "tea", 99, "09:59"))  # a lower value: the limit that the documentation states
        assert run()[0] == 0
        shop.execute("DELETE FROM orders WHERE changed = '09:59'")
        stored, whole = store.interactions.tables(card.facts), read_source(card).tables
        for name in ("interactions", "items", "customers"):
            pd.testing.assert_frame_equal(getattr(stored, name), getattr(whole, name), check_exact=True)
    shop.close()


def test_values_are_counted_once_however_often_a_file_is_read(tmp_path):
    "A file that changed at its beginning is read as a whole; rows that are known say nothing new of their items"
    file = tmp_path / "ratings.csv"
    head, old = "user,item,rating,ts,kind\n", "".join(f"u{n},tea,4,{n},hot\n" for n in range(3))
    new = "".join(f"w{n},tea,4,{100 + n},cold\n" for n in range(4))
    card = card_of(str(file), items={"columns": {"item": "item", "kind": "kind"}})
    with Store.open(dataset="shop") as store:
        for text in (head + old, head + new + old):
            file.write_text(text)
            ingest_into_store(card, None, store, progress=False)
        [kind] = store.interactions.tables(card.facts).items["kind"]
        assert kind == read_source(card).tables.items["kind"].item() == "cold"
