"A name that was derived from a file does not take over what belongs to another file"

from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer360 import config
from customer360.cli import app
from customer360.cli_options import ReportOptions
from customer360.data.cards import read_card
from customer360.data.kept_cards import NameTakenError
from customer360.evaluation.pipeline import Source, ingest_stage

SALES = "who,what\n" + "".join(f"u{n % 9},i{n % 7}\n" for n in range(40))


@pytest.fixture
def home(tmp_path, monkeypatch):
    "A home of its own, and the files of two shops"
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    config.settings.cache_clear()
    for shop in ("a", "b"):
        write(tmp_path / shop / "sales.csv", SALES)
    yield tmp_path
    config.settings.cache_clear()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def source(interactions: str, **more: str) -> Source:
    "The data that a command would read, with the same check"
    return ReportOptions(**{"user": "who", "item": "what"} | more, interactions=interactions).announced()


def use(interactions: str, **more: str) -> str:
    "Read data as every command does, and return the place that the name stands for afterwards"
    made, _ = ingest_stage(source(interactions, **more))
    assert made.exists()
    return read_card("sales").interactions.file[0]


OTHERS = {
    "a file": "b/sales.csv",
    "another format": "b/sales.jsonl",
    "a folder of parts": "parts/sales",
    "a pattern": "b/sales*.csv",
    "several files": "b/sales.csv,b/more.csv",
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_data_of_the_same_name_are_refused(home, other):
    use("a/sales.csv")
    write(home / "b/more.csv", SALES)
    write(home / "parts/sales/1.csv", SALES)
    write(home / "b/sales.jsonl", '{"who": "u1", "what": "i1"}\n')
    with pytest.raises(NameTakenError) as said:
        source(OTHERS[other])
    assert f"'sales' is already the name of the data in {home / 'a/sales.csv'}: add --name " in str(
        said.value
    )
    with pytest.raises(NameTakenError):  # from Python too
        options = {"interactions": str(home / "b/sales.csv"), "user": "who", "item": "what"}
        ingest_stage(Source("sales", "", options))
    assert read_card("sales").interactions.file == [str(home / "a/sales.csv")]


@pytest.mark.parametrize(
    "how", ["new content", "a link that leads elsewhere", "one more file", "another way there"]
)
def test_the_same_data_go_on_without_a_word(home, capsys, how):
    first = "latest/sales.csv" if how == "a link that leads elsewhere" else "a/sales.csv"
    (home / "latest").mkdir()
    (home / "latest/sales.csv").symlink_to(home / "a/sales.csv")
    use(first)
    if how == "new content":
        write(home / "a/sales.csv", SALES + "u1,i9\n")
    elif how == "a link that leads elsewhere":
        (home / "latest/sales.csv").unlink()
        (home / "latest/sales.csv").symlink_to(home / "b/sales.csv")
    elif how == "one more file":
        first = "a/sales.csv,b/sales.csv"
    else:
        first = "b/../a/./sales.csv"
    use(first)
    assert "sales" not in capsys.readouterr().err


def test_a_stated_name_may_move_and_is_announced(home, capsys):
    use("a/sales.csv")
    assert use("b/sales.csv", name="sales") == str(home / "b/sales.csv")
    moved = f"'sales' was read from {home / 'a/sales.csv'} before, and is read from {home / 'b/sales.csv'}"
    assert moved in capsys.readouterr().err
    with pytest.raises(NameTakenError, match="--name a_sales to keep"):  # now the other way round
        source("a/sales.csv")
    use("a/sales.csv", name="a_sales")
    assert read_card("a_sales").interactions.file != read_card("sales").interactions.file


def test_a_folder_that_was_moved_goes_on(home, capsys):
    use("a/sales.csv")
    (home / "a").rename(home / "archive")
    assert use("archive/sales.csv") == str(home / "archive/sales.csv")
    assert f"is read from {home / 'archive/sales.csv'} from now on" in capsys.readouterr().err
    (home / "archive/sales.csv").unlink()
    write(home / "b/sales.csv", SALES.replace("what", "sku"))
    with pytest.raises(NameTakenError):  # its file is gone, but this one is of another kind
        source("b/sales.csv", item="sku")


def test_a_card_that_says_the_name_is_announced(home, capsys):
    use("a/sales.csv")
    text = (
        '[facts]\nname = "sales"\n[interactions]\nfile = "sales.csv"\ncolumns = {user = "who", item = "what"}'
    )
    write(home / "b/sales.toml", text)
    ingest_stage(ReportOptions(dataset="b/sales.toml").announced())
    assert f"is read from {home / 'b/sales.csv'} from now on" in capsys.readouterr().err
    assert read_card("sales").home == home / "b"
    ReportOptions(dataset="b/sales.toml").announced()
    assert "sales" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "data describe",
        "train",
        "report",
        "recommend",
        "evaluate",
        "tune",
        "split --out x",
        "ingest",
        "data quality",
    ],
)
def test_every_command_asks_before_anything_is_read(home, command):
    use("a/sales.csv")
    given = [*command.split(), "--interactions", "b/sales.csv", "--user", "who", "--item", "what"]
    done = CliRunner().invoke(app, given)
    assert isinstance(done.exception, NameTakenError) and "--name b_sales" in str(done.exception)
    assert read_card("sales").interactions.file == [str(home / "a/sales.csv")]


@pytest.mark.parametrize("part", ["web", "archive"])
def test_tables_of_two_databases(home, part):
    (home / "home/data/store").mkdir(parents=True)
    text = (
        '[facts]\nname = "orders"\n[interactions]\nfile = "postgresql://db/crm"\ntable = "orders"\n'
        'columns = {user = "who", item = "what"}'
    )
    write(home / "home/data/store/orders.toml", text)
    more = {"interactions": "", "table": "orders", "data": f"postgresql://db/{part}"}
    with pytest.raises(NameTakenError, match="the name of the data in orders of postgresql://db/crm"):
        source(**more)
    source(**more | {"data": "postgresql://db/crm"})
