"A retraining that is killed at every stage, a database that goes away, a full disk, two at once, a clock that goes back"

import importlib
import multiprocessing
import os
import resource
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from command import once
from postgres import postgres

from customer360 import config
from customer360.data.store.facade import Store
from customer360.data.store.jobs import LEASE, describe_process
from customer360.data.store.new_events import NewEvent
from customer360.data.store.tables import LEASES
from customer360.evaluation.pipeline import Source
from customer360.files import leftovers
from customer360.models.registry import Registry
from customer360.serving.retrain import RetrainingBusy, RetrainRequest, begin, carry_out, job_store

CARD = '[facts]\nname = "shop"\n[simulate]\nseed = 0\nn_customers = 100\nn_items = 60\ndays = 120\n'
MODELS = ("popularity", "knn")
N = 100  # new events: a challenger that is judged on more may be rejected
FORK = multiprocessing.get_context("forkserver")  # a clean process in milliseconds: it has imported all
FORK.set_forkserver_preload(
    ["customer360.serving.retrain", "customer360.models.knn", "customer360.models.baselines", "psycopg"]
)

POINTS = {  # stage -> the function, and whether it is stopped before or after its (first) call
    "the caches are read": ("customer360.serving.retrain:ingest_stage", "before"),
    "a snapshot is half written": ("customer360.schema:Tables.save", "after"),
    "the challenger is fitted": ("customer360.evaluation.pipeline:save_artefact", "after"),
    "it is judged": ("customer360.evaluation.challenge:judge", "before"),
    "its figures are half written": ("customer360.evaluation.protocol:Result.save", "after"),
    "the registry's snapshot is half written": ("customer360.models.snapshots:write_tables", "after"),
    "the artefact is half written": ("customer360.models.releases:save_artefact", "after"),
    "it is published": ("customer360.models.releases:replace_folder", "before"),
    "it is published but not promoted": ("customer360.models.registry:Promotions.promote", "before"),
    "the list of promotions is replaced": ("customer360.models.registry:write_sealed", "before"),
    "it is promoted": ("customer360.models.registry:Promotions.promote", "after"),
    "comparisons are replaced": ("customer360.evaluation.publish:compare_releases", "before"),
    "old versions are pruned": ("customer360.evaluation.publish:prune", "before"),
    "features are half written": ("customer360.data.store.features:FeatureStore._write", "after"),
    "features are published": ("customer360.data.store.features:FeatureStore._publish", "before"),
    "the end is recorded": ("customer360.data.store.jobs:RetrainingStore.finish", "before"),
}


# ---- a process that meets a fault at one place


def configure(home: Path, url: str) -> Source:
    "Set this process up as the environment of a user would"
    settings = config.settings()
    settings.home, settings.dataset, settings.threads = Path(home), "shop", 1
    settings.database_url, settings.retrain_nice = url, 0
    return Source(str(Path(home) / "shop.toml"))


def place_fault(point: str, when: str, fault) -> None:
    "Wrap a function so that a fault happens before or after its first call"
    module, _, path = point.partition(":")
    owner = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real, done = getattr(owner, name), []

    def wrapped(*args, **named):
        first, _ = not done, done.append(1)
        if first and when == "around":
            return fault(lambda: real(*args, **named))
        if first and when == "before":
            fault()
        found = real(*args, **named)
        if first and when == "after":
            fault()
        return found

    setattr(owner, name, wrapped)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_is_full(call):
    "No file of more than 256 bytes can be written meanwhile"
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256, limits[1]))
    try:
        return call()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class Pause:
    "Wait in the middle until the test has done something"

    def __init__(self, folder: Path):
        self.reached, self.go_on = folder / "reached", folder / "go-on"

    def __call__(self) -> None:
        self.reached.touch()
        until(self.go_on.exists)

    def meanwhile(self, process) -> None:
        "Wait, in the test, until the process is there"
        until(lambda: self.reached.exists() or not process.is_alive())
        assert self.reached.exists(), "the process ended before"


def retraining(home: Path, url: str, fault: tuple = (), memory: int = 0) -> None:
    "Retrain, as `c360 retrain` does"
    source = configure(home, url)
    if fault:
        place_fault(*fault)
    with job_store(source) as store:
        run = begin(store, RetrainRequest(MODELS), ["by hand"], process=describe_process())
        carry_out(store, source, run, memory_mb=memory, own_process=True)


def promotion(home: Path, url: str, fault: tuple, version: str) -> None:
    "Put another version to use, as `c360 promote` does"
    configure(home, url)
    place_fault(*fault)
    Registry(Path(home) / "data/models/shop").promotions.promote("knn", version)


def contender(home: Path, url: str, after: int, at: float, answers) -> None:
    "Try to begin at the same instant as others"
    source = configure(home, url)
    with job_store(source) as store:
        time.sleep(max(0, at - time.time()))
        try:
            process = describe_process()
            answers.put(begin(store, RetrainRequest(MODELS), ["at once"], after, process).number)
        except RetrainingBusy:
            answers.put(0)


def start(target, *args) -> multiprocessing.Process:
    process = FORK.Process(target=target, args=args)
    process.start()
    return process


def run(target, *args, code: int = 0) -> None:
    process = start(target, *args)
    process.join(240)
    assert process.exitcode == code, process.exitcode


def until(found, seconds: float = 60):
    "Return the first true value"
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.01)
    return value


# ---- a shop with two models and 100 events since


def _make(folder: Path) -> None:
    (folder / "shop.toml").write_text(CARD)
    url = f"sqlite:///{folder}/data/store/shop.sqlite"
    run(retraining, folder, url)
    record(url)


def record(url: str) -> None:
    rng = np.random.default_rng(0)
    with Store.open(url) as store:
        pairs = zip(rng.integers(0, 100, N), rng.integers(0, 60, N), strict=True)
        store.events.record(
            [
                NewEvent(f"c{user:04d}", f"p{item:04d}", "purchase", 1_900_000_000 + n, event_id=f"e{n}")
                for n, (user, item) in enumerate(pairs)
            ]
        )


@pytest.fixture(scope="module")
def cluster():
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def fragile():
    "A cluster that is stopped and started: it recovers quickly, as it holds little"
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request, tmp_path, tmp_path_factory):
    "Return what makes a shop: its home, and the URL of its database; and the cluster, if there is one"
    base = once(tmp_path_factory, "faulty-shop", _make)
    made = []

    def make() -> tuple[Path, str]:
        home = tmp_path / f"home{len(made)}"
        shutil.copytree(base, home)
        made.append(home)
        if request.param == "sqlite":
            return home, f"sqlite:///{home}/data/store/shop.sqlite"
        cluster = request.getfixturevalue("fragile" if request.param == "fragile" else "cluster")
        url = cluster.create(f"shop{abs(hash((request.node.nodeid, len(made))))}")
        record(url)
        return home, url

    make.backend = request.param
    return make


sqlite = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
fragile_database = pytest.mark.parametrize("shop", ["fragile"], indirect=True)


def champions(home: Path) -> dict[str, str]:
    "Check that the registry is sound and serves one version of each model, and return these"
    registry = Registry(home / "data/models/shop")
    found = {}
    for key in MODELS:
        model, release, problems = registry.load_with_fallback(key)
        assert not problems and registry.promotions.current(key).version == release.version
        codes = model.recommend(np.array([0, -1]), 5).codes
        assert (codes >= 0).all()
        found[key] = release.version
        for one in registry.releases.of(key):  # whole, or absent
            registry.releases.load(key, one.version)
        folders = {path.name for path in (registry.root / key).glob("[!.]*") if path.is_dir()}
        assert folders == {one.version for one in registry.releases.of(key)}
    for name in registry.snapshots.names():
        registry.snapshots.read(name)
    return found


def check_recovery(home: Path, url: str, wanted: dict[str, str]) -> None:
    "Check that the shop serves after a fault, and that a rerun ends as if there had been none"
    champions(home)
    with Store.open(url) as store:
        assert store.retrainings.latest().state in ("died", "failed")
    run(retraining, home, url)
    with Store.open(url) as store:
        newest = store.retrainings.latest()
        assert newest.state in ("done", "unchanged") and store.retrainings.running() is None
        assert store.features.manifest()["watermark"] == N
    assert champions(home) == wanted
    assert leftovers(home / "data") == []


WANTED: dict[str, dict[str, str]] = {}  # database -> versions


@pytest.fixture
def wanted(shop) -> dict[str, str]:
    "The versions that an undisturbed retraining puts to use; they differ from those before"
    if shop.backend in WANTED:
        return WANTED[shop.backend]
    home, url = shop()
    before = champions(home)
    run(retraining, home, url)
    after = champions(home)
    assert all(after[key] != before[key] for key in MODELS), "the walk would not come to the promotion"
    WANTED[shop.backend] = after
    return after


# ---- the walk


@pytest.mark.slow
@sqlite
def test_a_killed_retraining_leaves_what_serves(shop, wanted):
    for stage in ("the artefact is half written", "it is published but not promoted"):
        home, url = shop()
        run(retraining, home, url, (*POINTS[stage], die), code=-signal.SIGKILL)
        check_recovery(home, url, wanted)


@pytest.mark.long
@pytest.mark.parametrize("stage", POINTS)
def test_killed_at_every_stage(shop, wanted, stage):
    home, url = shop()
    run(retraining, home, url, (*POINTS[stage], die), code=-signal.SIGKILL)
    with Store.open(url) as store:
        told = store.retrainings.latest()
    assert told.state == "died" and "its process ended in the stage" in told.error
    check_recovery(home, url, wanted)


@pytest.mark.long
@sqlite
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", ["registry:Promotions.write", "snapshots:atomic_file"])
def test_a_killed_promotion_leaves_one_champion(shop, when, point):
    home, url = shop()
    older = champions(home)["knn"]
    run(retraining, home, url)
    newer = champions(home)["knn"]
    run(promotion, home, url, (f"customer360.models.{point}", when, die), older, code=-signal.SIGKILL)
    assert champions(home)["knn"] in (older, newer)
    Registry(home / "data/models/shop").promotions.promote("knn", newer)  # forward again
    assert champions(home)["knn"] == newer and leftovers(home / "data/models") == []


# ---- other faults


FULL = [
    "customer360.schema:Tables.save",
    "customer360.evaluation.pipeline:save_artefact",
    "customer360.models.snapshots:write_tables",
    "customer360.models.releases:save_artefact",
]


@pytest.mark.long
@pytest.mark.parametrize("point", FULL)
def test_a_full_disk_ends_a_retraining_and_nothing_else(shop, wanted, point):
    home, url = shop()
    before = champions(home)
    run(retraining, home, url, (point, "around", disk_is_full), code=1)
    assert leftovers(home / "data") == []  # removed at once: the disk is full
    with Store.open(url) as store:
        told = store.retrainings.latest()
    assert told.state == "failed" and "File too large" in told.error, told
    assert champions(home).items() & before.items()
    check_recovery(home, url, wanted)


@pytest.mark.long
@fragile_database
@pytest.mark.parametrize("stage", ["the caches are read", "it is judged", "it is promoted"])
def test_a_database_that_goes_away(shop, wanted, stage, fragile, tmp_path):
    home, url = shop()
    pause = Pause(tmp_path)
    process = start(retraining, home, url, (*POINTS[stage], pause))
    pause.meanwhile(process)
    fragile.stop("immediate")
    pause.go_on.touch()
    time.sleep(3)  # long enough to miss it
    champions(home)
    fragile.start()
    process.join(240)
    with Store.open(url) as store:
        state = store.retrainings.latest().state
    assert (process.exitcode, state) in ((0, "done"), (1, "failed"))
    if state == "failed":
        check_recovery(home, url, wanted)
    assert champions(home) == wanted


@pytest.mark.long
@sqlite
def test_a_database_that_is_locked_for_longer_than_it_waits(shop, wanted, tmp_path):
    home, url = shop()
    pause = Pause(tmp_path)
    process = start(retraining, home, url, (*POINTS["it is judged"], pause))
    pause.meanwhile(process)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        pause.go_on.touch()
        time.sleep(12)
    engine.dispose()
    process.join(240)
    assert process.exitcode == 0
    assert champions(home) == wanted


@pytest.mark.slow
def test_of_two_at_once_one_begins(shop):
    home, url = shop()
    with Store.open(url) as store:
        newest = store.retrainings.latest()
    known = newest.number if newest else 0  # the copied shop has been trained, the new database knows nothing
    answers, at = FORK.Queue(), time.time() + 3
    processes = [start(contender, home, url, known, at, answers) for _ in range(3)]
    got = sorted(answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(60)
    assert got == [0, 0, known + 1]
    with Store.open(url) as store:  # whose process has ended since: it is dead, and taken over
        two = begin(store, RetrainRequest(MODELS), ["again"], process=describe_process())
        assert two.number == known + 2
        with pytest.raises(RetrainingBusy, match=f"retraining {two.number} is running: starting"):
            begin(store, RetrainRequest(MODELS), ["again"])


@pytest.mark.slow
def test_a_clock_that_goes_back_holds_nobody_up(shop):
    _, url = shop()
    with Store.open(url) as store:
        one = begin(
            store, RetrainRequest(MODELS), ["by hand"], process={"place": "elsewhere", "pid": 1, "born": 0}
        )
        assert store.retrainings.running().number == one.number
        with store.engine.writing() as connection:  # an hour back, as seen from the lease
            connection.execute(sa.update(LEASES).values(expires=LEASES.c.expires + 3_600_000))
        assert store.leases.holder(LEASE) == "" and store.retrainings.latest().state == "died"
        two = begin(store, RetrainRequest(MODELS), ["by hand"])
        assert not store.retrainings.beat(one.number) and store.retrainings.beat(two.number)
        assert [found.state for found in store.retrainings.page(2)] == ["running", "died"]


@pytest.mark.slow
@sqlite
def test_a_retraining_that_needs_too_much_memory_ends_itself(shop):
    home, url = shop()
    before = champions(home)
    run(retraining, home, url, (), 50, code=1)
    with Store.open(url) as store:
        told = store.retrainings.latest()
    assert told.state == "failed" and "more than the 50 MiB that it may use" in told.error
    assert champions(home) == before


@pytest.mark.long
def test_an_erasure_during_a_retraining_is_honoured(shop, tmp_path):
    home, url = shop()
    pause, who = Pause(tmp_path), "c0007"
    process = start(retraining, home, url, (*POINTS["it is judged"], pause))
    pause.meanwhile(process)
    with Store.open(url) as store:
        store.erase(who)
    pause.go_on.touch()
    process.join(240)
    assert process.exitcode == 0
    champions(home)
    registry = Registry(home / "data/models/shop")
    newest = registry.snapshots.read(registry.promotions.current("knn").snapshot)
    assert newest.watermark == N and who not in set(newest.tables.customers["user"])
    held = [path for path in (home / "data/interim").rglob("*.parquet") if who.encode() in path.read_bytes()]
    assert held == []
    with Store.open(url) as store:
        assert store.features.get("customer", who) is None
