"S3 and Google Drive by fsspec: the first against a server of its protocol, the second against a stand-in of its API"

import pytest
from remote import drive_server, s3_server

from customer360 import config
from customer360.data import paths

CONTENT = b"user,item\nada,tea\n"


@pytest.fixture
def drive(monkeypatch):
    with drive_server(monkeypatch) as running:
        yield running


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
    with s3_server(tmp_path_factory.mktemp("s3")):
        yield "s3://shop"


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
