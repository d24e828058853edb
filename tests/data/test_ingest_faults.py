"A killed ingest, two at once, erased customers, and how fast and how large an ingest is"

import json
import os
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from command import c360, end, environment, sentence, start, well
from memory import run_measured
from postgres import postgres

from customer360.data.cards import read_card
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store
from customer360.data.store.ingest_tables import (
    CUSTOMER_VERSIONS,
    INGESTS,
    INTERACTION_ROWS,
    ITEM_VERSIONS,
    OBSERVATIONS,
    SOURCES,
)
from customer360.data.store.new_events import NewEvent
from customer360.files import sha256_of_json
from customer360.schema import Facts

TABLES = (SOURCES, INGESTS, INTERACTION_ROWS, ITEM_VERSIONS, CUSTOMER_VERSIONS, OBSERVATIONS)
TIMES = {"started", "finished", "valid_from", "valid_to", "manifest"}  # differ from run to run


@pytest.fixture(scope="module")
def cluster():
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request, tmp_path):
    "Return what makes the URL of an empty database"
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path}/{name}.sqlite"
    cluster = request.getfixturevalue("cluster")
    return lambda name: cluster.create(f"{name}{abs(hash(request.node.nodeid))}")


pytestmark = pytest.mark.usefixtures("own_home")


def content(url: str) -> str:
    "Return a hash of everything that was ingested"
    with Store.open(url) as store, store.engine.database.connect() as connection:
        return sha256_of_json(
            [
                [
                    [str(value) for name, value in row._mapping.items() if name not in TIMES]
                    for row in connection.execute(sa.select(table).order_by(*table.primary_key))
                ]
                for table in TABLES
            ]
        )


def write_rows(path: Path, n: int, first: int = 0) -> Path:
    "Rows in no order, with titles and prices that only they tell"
    rng = np.random.default_rng(first)
    user, item = rng.integers(0, n // 20 + 2, n), rng.integers(0, 500, n)
    when = 1_500_000_000 + rng.permutation(n) + first
    frame = pd.DataFrame({"who": user, "what": item, "when": when, "stars": rng.integers(1, 6, n)})
    frame = frame.assign(name="Item " + frame["what"].astype(str), cost=rng.integers(1, 40, n) / 2)
    frame.to_csv(path, index=False, mode="a" if first else "w", header=not first)
    return path


OPTIONS = [
    "--user",
    "who",
    "--item",
    "what",
    "--timestamp",
    "when",
    "--rating",
    "stars",
    "--scale",
    "1,5",
    "--text",
    "name",
]


def load(path: Path, url: str) -> list[str | Path]:
    return ["ingest", "--interactions", path, *OPTIONS, "--store", url]


def written(url: str) -> int:
    "Return the number of interactions on the disk, whether they count or not"
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM interactions")).scalar_one()
    except sa.exc.DBAPIError:
        return 0
    finally:
        engine.dispose()


def has_loaded(url: str, before: int, manifest: Path) -> bool:
    "Return whether rows have been written; on PostgreSQL nobody sees them before the commit"
    return written(url) > before if url.startswith("sqlite") else manifest.exists()


def kill_when(process, reached) -> bool:  # False: it had ended before
    "Send SIGKILL to an ingest as soon as it has reached a point"
    while process.poll() is None and not reached():
        time.sleep(0.002)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return alive


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [1, pytest.param(2, marks=pytest.mark.long)])
def test_a_killed_ingest_is_repeated_to_the_same_state(databases, tmp_path, rounds):
    "Killed while it reads, while it keeps raw copies and while it loads, at first and into a store with data"
    path, undisturbed, killed = (
        write_rows(tmp_path / "till.csv", 60_000),
        databases("calm"),
        databases("killed"),
    )
    home, rows = tmp_path / "b", 0
    for number in range(1, rounds + 1):
        well(c360(tmp_path / "a", *load(path, undisturbed)))
        manifest, before = home / f"data/raw/manifests/till/{number}.json", rows
        points = [
            lambda: any(home.glob("data/interim/.ingest-*/interactions/part-*")),
            manifest.exists,
            partial(has_loaded, killed, before, manifest),
        ]
        alive = [kill_when(start(home, *load(path, killed)), reached) for reached in points]
        assert sum(alive) >= 2, alive
        well(c360(home, *load(path, killed)))
        assert content(killed) == content(undisturbed)
        rows = written(killed)
        write_rows(path, 30_000, first=1)
    manifests = sorted((home / "data/raw/manifests/till").iterdir())
    assert [json.loads(each.read_text())["ingest"] for each in manifests] == [1, 2][:rounds]
    assert not list((home / "data/interim").glob(".ingest-*"))
    objects = [each for each in (home / "data/raw/objects").rglob("*") if each.is_file()]
    assert len(objects) == rounds


def write_orders(url: str, n: int, first: int = 0) -> None:
    "Put numbered orders into a database"
    rng = np.random.default_rng(first)
    frame = pd.DataFrame(
        {
            "id": np.arange(first, first + n),
            "who": rng.integers(0, n // 20 + 2, n),
            "what": rng.integers(0, 500, n),
            "stars": rng.integers(1, 6, n),
            "at": 1_500_000_000 + first + rng.permutation(n),
        }
    )
    engine = sa.create_engine(url)
    frame.to_sql("orders", engine, index=False, if_exists="append")
    engine.dispose()


CARD = """
[facts]
name = "till"
scale = [1, 5]

[interactions]
file = "{url}"
table = "orders"
increment = "id"
columns = {{ user = "who", item = "what", rating = "stars", timestamp = "at" }}
"""


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [1, pytest.param(2, marks=pytest.mark.long)])
def test_a_killed_ingest_of_a_database_is_repeated_to_the_same_state(tmp_path, rounds):
    "Killed while rows are copied from the database, while they are checked and while they are loaded"
    url, home, card = f"sqlite:///{tmp_path}/till.sqlite", tmp_path / "b", tmp_path / "till.toml"
    undisturbed, killed = f"sqlite:///{tmp_path}/calm.sqlite", f"sqlite:///{tmp_path}/killed.sqlite"
    card.write_text(CARD.format(url=url))
    for number in range(1, rounds + 1):
        first = 60_000 * (number - 1)
        write_orders(url, 60_000, first)
        command = ["ingest", "--dataset", card, "--store"]
        well(c360(tmp_path / "a", *command, undisturbed))
        manifest, before = home / f"data/raw/manifests/till/{number}.json", written(killed)
        points = [
            lambda: any(home.glob("data/interim/.ingest-*/source-0/*")),
            lambda: any(home.glob("data/interim/.ingest-*/interactions/part-*")),
            partial(has_loaded, killed, before, manifest),
        ]
        alive = [kill_when(start(home, *command, killed), reached) for reached in points]
        assert sum(alive) >= 2, alive
        well(c360(home, *command, killed))
        assert content(killed) == content(undisturbed)
        assert written(killed) == first + 60_000
    assert not list((home / "data/interim").glob(".ingest-*"))


@pytest.mark.slow
def test_what_a_dry_run_says_is_what_the_run_does(tmp_path):
    path, url = write_rows(tmp_path / "till.csv", 2_000), f"sqlite:///{tmp_path}/one.sqlite"
    well(c360(tmp_path / "home", *load(path, url)))
    write_rows(path, 500, first=1)
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "home").rglob("*") if each.is_file()}
    state = content(url)
    dry = well(c360(tmp_path / "home", *load(path, url), "--dry-run")).stdout
    assert content(url) == state and "this was a dry run" in dry
    assert before == {
        each: each.stat().st_mtime_ns for each in (tmp_path / "home").rglob("*") if each.is_file()
    }
    real = well(c360(tmp_path / "home", *load(path, url))).stdout
    assert real.splitlines()[:4] == dry.splitlines()[:4] and "500  new" in real
    assert "Nothing new" in well(c360(tmp_path / "home", *load(path, url))).stdout


@pytest.mark.slow
def test_another_data_set_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/one.sqlite"
    well(c360(tmp_path / "home", *load(write_rows(tmp_path / "till.csv", 200), url)))
    said = sentence(c360(tmp_path / "home", *load(write_rows(tmp_path / "web.csv", 200), url)))
    assert "this store has the interactions of till" in said and "--store" in said


@pytest.mark.slow
def test_two_ingests_at_once_take_turns(databases, tmp_path):
    path, url = write_rows(tmp_path / "till.csv", 20_000), databases("turns")
    Store.open(url).close()
    both = [start(tmp_path / "home", *load(path, url)) for _ in range(2)]
    said = sorted(well(end(process)).stdout.count("Nothing new") for process in both)
    assert said == [0, 1] and written(url) == 20_000


@pytest.mark.slow
def test_the_service_writes_while_an_ingest_runs(tmp_path):
    path, url = write_rows(tmp_path / "till.csv", 100_000), f"sqlite:///{tmp_path}/one.sqlite"
    with Store.open(url) as store:
        process, waits = start(tmp_path / "home", *load(path, url)), []
        while process.poll() is None:
            began = time.monotonic()
            store.events.record([NewEvent("ada", "tea", "view")])
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
        well(end(process))
        assert max(waits) < 3 and len(waits) > 10
        assert store.interactions.ingest()["new"] == 100_000


@pytest.mark.slow
def test_an_erased_customer_is_nowhere_and_does_not_come_back(databases, tmp_path):
    path, url = tmp_path / "till.csv", databases("erased")
    path.write_text(
        "who,what,when,stars,name,cost\n"
        + "".join(f"{u},tea,{n},3,Tea,4\n" for n, u in enumerate(["zoe-17", "bob", "zoe-17", "cleo"]))
    )
    well(c360(tmp_path / "home", *load(path, url)))
    with Store.open(url) as store:
        assert len(store.export("zoe-17")["interactions"]) == 2
        assert store.erase("zoe-17").removed["interactions"] == 2
        [changed] = RawStore(tmp_path / "home/data/raw").rewrite_without(["zoe-17"])
        assert changed["rows"] == 2
        with path.open("a") as file:
            file.write("zoe-17,pot,9,4,Pot,5\ncleo,pot,9,4,Pot,5\n")
    said = well(c360(tmp_path / "home", *load(path, url))).stdout
    assert "1  new" in said and "1  of erased customers" in said
    with Store.open(url) as store:
        assert store.export("zoe-17")["interactions"] == []
        assert store.interactions.tables(Facts("till", scale=(1, 5))).interactions["user"].tolist() == [
            "bob",
            "cleo",
            "cleo",
        ]
    if url.startswith("sqlite"):
        assert b"zoe-17" not in Path(url.removeprefix("sqlite:///")).read_bytes()


# ---- speed and memory


MEASURE = """
import sys
from pathlib import Path
from customer360.data.cards import read_card
from customer360.data.ingest_store import ingest_into_store
from customer360.data.store.facade import Store
card, home = read_card("ml-1m"), Path(sys.argv[2])
with Store.open(sys.argv[1]) as store:
    print(ingest_into_store(card, home, store).new, peak_memory() >> 20)
"""

COMMAND = """
from customer360.cli import app
app(standalone_mode=False)
print(peak_memory() >> 20)
"""


def bare_load(url: str, n: int) -> float:  # seconds
    "Load the rows of the store into an equal table, in one statement, with nothing around it"
    with Store.open(url) as store:
        with store.engine.database.connect() as connection:
            rows = [tuple(row) for row in connection.execute(sa.select(INTERACTION_ROWS))]
        names = ", ".join(f'"{name}"' for name in INTERACTION_ROWS.columns.keys())
        with store.engine.database.execution_options(writes=True).begin() as connection:
            raw = connection.connection.dbapi_connection
            if url.startswith("sqlite"):
                made = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'interactions'").fetchone()[0]
                raw.execute(made.replace("interactions", "bare", 1))
                raw.execute('CREATE INDEX bare_user ON bare ("user")')
                began = time.monotonic()
                raw.executemany(f"INSERT INTO bare ({names}) VALUES ({', '.join('?' * len(rows[0]))})", rows)
            else:
                connection.exec_driver_sql("CREATE TABLE bare (LIKE interactions INCLUDING ALL)")
                began = time.monotonic()
                with raw.cursor() as cursor, cursor.copy(f"COPY bare ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
        assert len(rows) == n
        return time.monotonic() - began


@pytest.mark.data
@pytest.mark.long
def test_a_million_ratings_are_ingested_in_half_a_minute(databases, tmp_path, test_data, record_property):
    "In less than 1 GiB, and in at most four times what a bare load of the same rows takes"
    url = databases("million")
    Store.open(url).close()
    began = time.monotonic()
    said = run_measured(MEASURE, url, test_data / "ml-1m", env=environment(tmp_path / "home"))
    seconds = time.monotonic() - began
    new, memory = map(int, said.split())
    bare = bare_load(url, new)
    record_property(
        f"ml-1m into {url.partition(':')[0]}", f"{seconds:.1f} s, {memory} MiB, bare {bare:.1f} s"
    )
    assert new == 1_000_209 and seconds <= 30 and memory <= 1024 and seconds <= 4 * bare


@pytest.mark.data
@pytest.mark.long
def test_a_thousand_new_rows_on_a_million_take_two_seconds(databases, tmp_path, test_data, record_property):
    url, files = databases("added"), tmp_path / "files"
    shutil.copytree(test_data / "ml-1m", files, copy_function=shutil.copyfile)
    card = read_card("ml-1m")
    with Store.open(url) as store:
        raw = RawStore(tmp_path / "raw")
        ingest_into_store(card, files, store, raw)
        with (files / "ratings.dat").open("a") as file:
            file.writelines(f"{1 + n % 6040}::{1 + n % 3900}::3::{1_000_000_000 + n}\n" for n in range(1000))
        found = ingest_into_store(card, files, store, raw)
    record_property(f"1,000 rows on a million, {url.partition(':')[0]}", f"{found.seconds:.2f} s")
    assert found.new == 1000 and found.seconds <= 2


@pytest.mark.long
@pytest.mark.timeout(3000)  # 20 million rows take longer than the limit of other tests
def test_memory_is_flat_in_the_size_of_the_file(tmp_path, record_property):
    "20 million rows in less than 1 GiB"
    path, url = tmp_path / "till.csv", f"sqlite:///{tmp_path}/one.sqlite"
    for part in range(20):
        write_rows(path, 1_000_000, first=part)
    said = run_measured(COMMAND, *load(path, url), env=environment(tmp_path / "home"), timeout=2900)
    used = int(said.split()[-1])
    record_property("20 M rows", f"{used} MiB")
    assert written(url) > 19_000_000 and used <= 1024
