"OpenML and Kaggle, each with its own client, against a server on this machine and against a user's own archive."

import io
import json
import logging
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from remote import ENDPOINT, Answers, leave_kaggle, replace_kaggle, replace_openml, serve_kaggle, serve_openml

from customer360.data.cards import DownloadError, Layout, SourceError
from customer360.data.public import kaggle_file, openml_file, public_file
from customer360.data.readers import read_table

RATINGS = "user,item,rating,ts\nu1,tea,5,100\nu2,mug,3,200\n"


@pytest.fixture
def server():
    made = Answers()
    yield made
    made.http.shutdown()
    made.http.server_close()


# ---- OpenML ----------------------------------------------------------------------------------------------


@pytest.fixture
def openml(server, monkeypatch):
    replace_openml(server, monkeypatch)
    return server


@pytest.mark.parametrize("url", ["openml://movies", "openml://41"])
def test_a_data_set_of_openml_becomes_a_file_that_the_readers_take(openml, tmp_path, url, caplog):
    serve_openml(openml)
    with caplog.at_level(logging.INFO, "customer360"):
        path = openml_file(url, tmp_path)
    assert f"{url} is data set 41, licence: CC BY 4.0" in caplog.messages
    frame = read_table(path, Layout(), ["user", "item", "rating", "ts"]).frame
    assert frame.to_dict("list") == {
        "user": ["u1", "u2", "u1"],
        "item": ["tea", "green tea", "mug"],
        "rating": ["5", "", "3.5"],
        "ts": ["100", "200", "300"],
    }


def test_openml_is_asked_once(openml, tmp_path):
    serve_openml(openml)
    assert openml_file("openml://41", tmp_path) == openml_file("openml://41", tmp_path)
    assert openml.paths().count("/data/v1/download/7/movies.arff") == 1
    assert not list(tmp_path.glob(".*"))


def test_an_unknown_name_is_said(openml, tmp_path):
    openml.pages["/api/v1/json/data/list/data_name/films/limit/2/status/active/"] = (412, {}, b"{}")
    with pytest.raises(DownloadError, match=r"openml://films cannot be used: No active dataset films found"):
        openml_file("openml://films", tmp_path)
    assert not list(tmp_path.glob("*.parquet"))


def test_altered_bytes_of_openml_are_refused(openml, tmp_path):
    serve_openml(openml, md5="0" * 32)
    refused = pytest.raises(DownloadError, match=r"openml://41 cannot be used: .*does not match the expected")
    with pytest.warns(RuntimeWarning, match="redownloading"), refused:
        openml_file("openml://41", tmp_path)
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.filterwarnings("ignore:Invalid cache")
def test_a_damaged_copy_of_openml_is_downloaded_again(openml, tmp_path):
    serve_openml(openml)
    content = openml.pages["/data/v1/download/7/movies.arff"]
    openml.pages["/data/v1/download/7/movies.arff"] = (200, {}, b"@RELATION")
    with pytest.raises(DownloadError):
        openml_file("openml://41", tmp_path)
    openml.pages["/data/v1/download/7/movies.arff"] = content
    assert len(pd.read_parquet(openml_file("openml://41", tmp_path))) == 3


@pytest.mark.filterwarnings("ignore:A network error occurred")
def test_an_openml_that_is_down_is_said_and_tried_anew_later(openml, tmp_path):
    openml.pages["/api/v1/json/data/41"] = (503, {}, b"")
    with pytest.raises(DownloadError, match=r"openml://41 could not be downloaded: .*503.*Check the network"):
        openml_file("openml://41", tmp_path)
    serve_openml(openml)
    assert len(pd.read_parquet(openml_file("openml://41", tmp_path))) == 3


# ---- Kaggle ----------------------------------------------------------------------------------------------


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in members.items():
            box.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return path


@pytest.fixture
def no_token(monkeypatch, tmp_path):
    leave_kaggle(monkeypatch, tmp_path / "home")


@pytest.fixture
def kaggle(server, no_token, monkeypatch):
    replace_kaggle(server, monkeypatch)
    return server


def test_the_client_downloads_one_file_with_the_users_token(kaggle, tmp_path, capsys, caplog):
    serve_kaggle(kaggle, "ratings.csv", RATINGS.encode())
    with caplog.at_level(logging.DEBUG):
        path = kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path / "raw")
    assert path == tmp_path / "raw/kaggle/shop/orders/ratings.csv" and path.read_text() == RATINGS
    _, headers, body = kaggle.asked[0]
    assert headers["Authorization"].startswith("Basic ")
    asked = json.loads(body)
    assert (asked["ownerSlug"], asked["datasetSlug"], asked["fileName"]) == ("shop", "orders", "ratings.csv")
    said = "".join(capsys.readouterr()) + caplog.text
    assert "secret-of-ada" not in said and "Dataset URL" not in said
    assert [p.name for p in path.parent.iterdir()] == ["ratings.csv"]


def test_a_file_that_arrives_zipped_is_unpacked(kaggle, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as box:
        box.writestr("ratings.csv", RATINGS)
    serve_kaggle(kaggle, "ratings.csv.zip", packed.getvalue())
    path = kaggle_file("kaggle://shop/orders/2026/ratings.csv", tmp_path)
    assert path == tmp_path / "kaggle/shop/orders/2026/ratings.csv" and path.read_text() == RATINGS


def test_kaggle_is_asked_once(kaggle, tmp_path):
    serve_kaggle(kaggle, "ratings.csv", RATINGS.encode())
    for _ in range(2):
        kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path)
    assert kaggle.paths().count(ENDPOINT) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_of_kaggle_is_said_without_the_token(kaggle, tmp_path, status):
    kaggle.pages[ENDPOINT] = (status, {"Content-Type": "text/plain"}, b"no")
    with pytest.raises(DownloadError, match=rf"ratings.csv of shop/orders could not .*{status}") as caught:
        kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path / "raw")
    assert "secret" not in str(caught.value)
    assert not any(path.is_file() for path in (tmp_path / "raw").rglob("*"))


def test_without_token_and_archive_both_ways_are_named(server, no_token, tmp_path):
    with pytest.raises(
        DownloadError, match=r"no token was found.*with --data.*data/raw as orders.zip.*\[kaggle\]"
    ):
        kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path)


def test_without_the_client_both_ways_are_named(no_token, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaggle.api.kaggle_api_extended", None)
    with pytest.raises(DownloadError, match="its client is not installed"):
        kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path)


@pytest.mark.parametrize("name", ["orders.zip", "shop-orders.zip"])
def test_an_archive_in_the_folder_of_raw_data_is_found_by_its_name(no_token, tmp_path, name):
    archive(tmp_path / name, ratings_csv=RATINGS, notes="private")
    path = public_file("kaggle://shop/orders/ratings.csv", tmp_path)
    assert read_table(path, Layout(), ["user", "rating"]).frame["user"].tolist() == ["u1", "u2"]
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == sorted([name, "ratings.csv"])


def test_an_archive_of_any_name_counts_where_the_user_names_it(no_token, tmp_path):
    given = archive(tmp_path / "archive.zip", old__ratings_csv=RATINGS)
    url = "kaggle://shop/orders/old/ratings.csv"
    for data in (given, given.parent):
        assert kaggle_file(url, tmp_path / "raw", data).read_text() == RATINGS
    (tmp_path / "other").mkdir()
    archive(tmp_path / "other/archive.zip", old__ratings_csv=RATINGS)
    with pytest.raises(DownloadError):  # archive.zip could be any data set
        kaggle_file(url, tmp_path / "other")


def test_what_the_user_names_goes_before_what_was_unpacked_earlier(no_token, tmp_path):
    archive(tmp_path / "orders.zip", ratings_csv="user\nold\n")
    url, raw = "kaggle://shop/orders/ratings.csv", tmp_path
    assert "old" in kaggle_file(url, raw).read_text()
    newer = archive(tmp_path / "download.zip", ratings_csv="user\nnew\n")
    assert "new" in kaggle_file(url, raw, newer).read_text()


def test_an_unpacked_folder_is_used_where_it_lies(no_token, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/ratings.csv").write_text(RATINGS)
    found = kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path / "raw", tmp_path / "mine")
    assert found == tmp_path / "mine/ratings.csv"


def test_an_archive_without_the_file_and_one_cut_short_are_said(no_token, tmp_path):
    whole = archive(tmp_path / "orders.zip", ratings_csv=RATINGS * 100)
    with pytest.raises(
        SourceError, match=r"orders.zip does not contain moons.csv: it contains \['ratings.csv'\]"
    ):
        kaggle_file("kaggle://shop/orders/moons.csv", tmp_path)
    whole.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(SourceError, match=r"orders.zip is not a complete zip archive"):
        kaggle_file("kaggle://shop/orders/ratings.csv", tmp_path)
    assert not (tmp_path / "kaggle/shop/orders/ratings.csv").exists()
