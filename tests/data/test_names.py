"One rule for names, whether they come from an option, a card or a setting; a run replaces what a run has made"

from pathlib import Path

import pytest

from customer360 import config
from customer360.cli_options import ReportOptions
from customer360.config import SettingError, Settings, fitting_name, read_settings
from customer360.data.cards import FileOptions, SourceError, card_from_options, name_of_source, parse_card
from customer360.evaluation.pipeline import Source
from customer360.evaluation.stages import make_report

REFUSED = {
    ".": "it is a folder that exists",
    "..": "it is a folder that exists",
    "../notes": "it has '/': use letters, digits, '.', '_' and '-', such as 'notes'",
    "a/b": "it has '/'",
    "a\\b": r"it has '\\'",
    "Online Retail": "it has a blank: use letters, digits, '.', '_' and '-', such as 'Online_Retail'",
    "shop\n": r"it has '\n'",
    "-n": "it begins like an option",
    "x" * 101: "it has 101 characters",
    "名" * 70: "it takes 210 bytes",
    "sales.": "it ends in a dot, which Windows leaves out: use a name such as 'sales'",
    "CON": "Windows keeps CON for a device: use a name such as 'data_CON'",
    "nul": "Windows keeps nul for a device",
    "Com1.2024": "Windows keeps Com1 for a device",
    "lpt²": "Windows keeps lpt² for a device",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    "A home of its own, in which two ratings lie"
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    config.settings.cache_clear()
    (tmp_path / "r.csv").write_text("user,item\nada,tea\nben,pot\n")
    yield tmp_path
    config.settings.cache_clear()


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_is_refused_wherever_it_comes_from(home, monkeypatch, name):
    said = []
    with pytest.raises(ValueError) as error:
        ReportOptions(interactions="r.csv", user="user", item="item", name=name).source()
    said.append(str(error.value))
    shown = name.replace("\\", "\\\\").replace("\n", "\\n")
    with pytest.raises(SourceError) as error:
        parse_card(
            f'[facts]\nname = "{shown}"\n[interactions]\nfile = "r.csv"\ncolumns = {{user = "u", item = "i"}}'
        )
    said.append(str(error.value))
    with pytest.raises(SourceError) as error:
        card_from_options(FileOptions("r.csv", "user", "item", name=name))
    said.append(str(error.value))
    monkeypatch.setenv("C360_DATASET", name)
    with pytest.raises(SettingError) as error:
        read_settings(Settings)
    said.append(str(error.value))
    assert all(REFUSED[name] in each for each in said), said
    assert not (home / "home").exists(), "nothing was written"


def test_the_setting_tells_a_path_from_a_name(monkeypatch):
    monkeypatch.setenv("C360_DATASET", "cards/shop.toml")
    with pytest.raises(SettingError, match="this is the path of a card: give the name that stands on it"):
        read_settings(Settings)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("data/Online Retail.xlsx", "Online_Retail"),
        ("r.csv.gz", "r"),
        ("R.CSV.BZ2", "R"),
        ("../..", "data"),
        ("/data/*.csv", "data"),
        ("s3://bucket/a b/c&d.parquet", "c_d"),
        ("-x.csv", "x"),
        ("aux.csv", "data_aux"),
        ("Con.old.csv", "data_Con.old"),
        ("名" * 70 + ".csv", "名" * 66),
        ("postgresql://user:secret@host/my db", "my_db"),
    ],
)
def test_a_derived_name_is_made_to_fit(source, name):
    assert name_of_source(source) == name == fitting_name(name)


@pytest.mark.parametrize("named", ["the option", "the card", "python"])
def test_a_folder_that_no_report_has_written_is_left_alone(home, named):
    mine = home / "home/reports/notes/keep.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    card = home / "notes.toml"
    card.write_text(
        '[facts]\nname = "notes"\n[simulate]\nseed = 0\nn_customers = 50\nn_items = 30\ndays = 60\n'
    )
    options = {"interactions": str(home / "r.csv"), "user": "user", "item": "item", "name": "notes"}
    source = {"the option": Source("notes", "", options), "the card": Source(str(card)), "python": Source()}[
        named
    ]
    with pytest.raises(ValueError, match=r"is not the folder of a report \(it has keep.txt\)"):
        make_report(source, ["popularity"], name="notes" if named == "python" else "")
    assert mine.read_text() == "mine" and not (home / "home/data/interim").exists()


@pytest.mark.parametrize("name", [".", "..", "../notes", "quality/x"])
def test_python_gives_no_other_names(home, name):
    with pytest.raises(ValueError, match=f"the name {name!r} of a report cannot be used"):
        make_report(Source(), ["popularity"], name=name)


@pytest.mark.long
def test_what_was_put_beside_a_report_stays(home):
    card = home / "small.toml"
    card.write_text(
        '[facts]\nname = "small"\n[simulate]\nseed = 0\nn_customers = 60\nn_items = 30\ndays = 60\n'
    )
    report = make_report(Source(str(card)), ["popularity"])
    (report / "remarks.md").write_text("what I saw")
    (report / "slides").mkdir()
    (report / "slides/1.txt").write_text("one")
    (report / "figures/own.txt").write_text("not kept: the folder is the report's")
    before = (report / "run.json").stat().st_ino
    assert make_report(Source(str(card)), ["popularity"]) == report
    assert (report / "run.json").stat().st_ino != before
    assert (report / "remarks.md").read_text() == "what I saw" and (
        report / "slides/1.txt"
    ).read_text() == "one"
    assert not (report / "figures/own.txt").exists()
    assert isinstance(report, Path)
