"Files are read once; what has changed in any way is read anew; caches are listed and freed, and nothing else"

import os
import shutil
from pathlib import Path

import pytest
from command import purchases

from customer360.cli_clean import clean_command
from customer360.config import settings
from customer360.evaluation import readings
from customer360.evaluation.pipeline import Source, open_snapshot
from customer360.evaluation.readings import describe_reading, snapshot_of


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("C360_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def source(file: Path, **more: str) -> Source:
    "Return a file of one's own"
    columns = {"user": "who", "item": "what", "timestamp": "ts", "name": "my"}
    return Source("my", "", {"interactions": str(file), **columns, **more})


@pytest.fixture
def file(home) -> Path:
    purchases(300).to_csv(home / "my.csv", index=False)
    return home / "my.csv"


def count(monkeypatch) -> list[Source]:
    "Note what is read"
    read, whole = [], readings.ingest_stage
    monkeypatch.setattr(readings, "ingest_stage", lambda given: read.append(given) or whole(given))
    return read


def test_a_file_that_has_not_changed_is_read_once(file, monkeypatch):
    read = count(monkeypatch)
    first = snapshot_of(source(file))
    assert [snapshot_of(source(file)) for _ in range(2)] == [first, first] and len(read) == 1
    os.utime(file, (1, 1))  # another time, the same content
    assert snapshot_of(source(file)) == first and len(read) == 1


def add_a_line(file: Path) -> Source:
    with open(file, "a") as lines:
        lines.write("00001,002,1600000001\n")
    return source(file)


def same_size_and_time(file: Path) -> Source:
    before, text = file.stat(), file.read_text()
    file.write_text(text.replace("0016", "0017").replace(",0017", ",0018", 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size and file.read_text() != text
    return source(file)


def another_option(file: Path) -> Source:
    return Source(*source(file)[:3], min_ratings=3)


def another_column(file: Path) -> Source:
    return source(file, timestamp=None)


def a_removed_snapshot(file: Path) -> Source:
    shutil.rmtree(snapshot_of(source(file)))
    return source(file)


@pytest.mark.parametrize(
    "change",
    [add_a_line, same_size_and_time, another_option, another_column, a_removed_snapshot],
    ids=lambda f: f.__name__,
)
def test_what_has_changed_is_read_anew(file, monkeypatch, change):
    snapshot_of(source(file))
    changed = change(file)
    read = count(monkeypatch)
    snapshot = snapshot_of(changed)
    assert len(read) == 1 and len(open_snapshot.__wrapped__(snapshot)[0].interactions)
    assert snapshot_of(changed) == snapshot and len(read) == 1


def test_what_lies_elsewhere_may_be_new_at_any_time(file, monkeypatch):
    away = describe_reading(source(file))._replace(steady=False)
    monkeypatch.setattr(readings, "describe_reading", lambda given: away)
    read = count(monkeypatch)
    snapshot_of(source(file)), snapshot_of(source(file))
    assert len(read) == 2 and not list(file.parent.glob("data/interim/readings/*"))


def test_a_file_that_changes_while_it_is_read_is_not_noted(file, monkeypatch):
    whole = readings.ingest_stage
    monkeypatch.setattr(readings, "ingest_stage", lambda given: (whole(given), add_a_line(file))[0])
    snapshot_of(source(file))
    assert not list(file.parent.glob("data/interim/readings/*"))


def test_clean_lists_first_and_frees_what_can_be_made_again(file, home, capsys):
    snapshot = snapshot_of(source(file))
    kept = [
        home / "data/interim/notes/mine.md",
        home / "data/stores/my.sqlite",
        home / "reports/my/index.html",
    ]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    clean_command(yes=False)
    listed = capsys.readouterr().out
    assert (
        snapshot.name in listed
        and "c360 clean --yes" in listed
        and "notes" not in listed
        and snapshot.exists()
    )
    clean_command(yes=True)
    assert "Freed" in capsys.readouterr().out and not snapshot.exists()
    assert all(path.exists() for path in [*kept, file])
    clean_command(yes=True)
    assert "nothing to free" in capsys.readouterr().out
    assert snapshot_of(source(file)) == snapshot, "it is made again"
