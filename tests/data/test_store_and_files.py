"What is ingested into a store is judged as the same files are: the same copies, and the same notes in the account"

from pathlib import Path

import pandas as pd
import pytest

from customer360.cli_ingest import format_ingest
from customer360.data import readers
from customer360.data.cards import Card, make_card
from customer360.data.combine import read_stored
from customer360.data.ingest import read_source
from customer360.data.ingest_store import StoreIngest, ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store

pytestmark = pytest.mark.usefixtures("own_home")


def events(n: int = 60) -> pd.DataFrame:
    "Purchases with times, of which every tenth is there twice"
    rows = pd.DataFrame({"who": [f"u{k % 7}" for k in range(n)], "what": [f"i{k % 11}" for k in range(n)]})
    rows["at"] = [1_700_000_000 + 61 * k for k in range(n)]
    return pd.concat([rows, rows[::10]], ignore_index=True)


def card(folder: Path, rows: pd.DataFrame, **more: object) -> Card:
    rows.to_csv(folder / "till.csv", index=False)
    spec = {
        "file": "till.csv",
        "event": "purchase",
        "columns": {"user": "who", "item": "what", "timestamp": "at"},
    }
    facts = {"name": "till", "relevant": {"purchase": True}}
    return make_card("till", {"facts": facts, "interactions": spec | more, "home": folder})


def both(folder: Path, made: Card) -> tuple[StoreIngest, Store, object]:
    store = Store.open(f"sqlite:///{folder}/till.sqlite")
    found = ingest_into_store(made, folder, store, RawStore(folder / "raw"), progress=False)
    return found, store, read_source(made, folder)


@pytest.mark.parametrize(
    ("name", "days"), [("", False), ("Unnamed: 0", False), ("line", False), ("line", True)]
)
def test_copies_are_the_same_in_a_store_as_in_files(tmp_path, name, days):
    rows = events()
    if days:
        rows["at"] = rows["at"] // 86_400 * 86_400 + 86_400 * (rows["at"] % 5)
    rows.insert(0, name, range(len(rows)))
    found, store, files = both(tmp_path, card(tmp_path, rows))
    assert found.rejected == {"duplicate row": files.counts["rejected"]} and files.counts["rejected"] >= 6
    assert (
        found.new
        == len(files.tables.interactions)
        == len(read_stored(store, card(tmp_path, rows)).tables.interactions)
    )
    again = ingest_into_store(
        card(tmp_path, rows), tmp_path, store, RawStore(tmp_path / "raw"), progress=False
    )
    assert again.new == 0


def spelling(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(who=rows["who"].where(rows.index % 2 == 0, rows["who"].str.upper()))


def word(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(what=rows["what"].mask(rows.index == 3, "NA"))


RULE = {"filters": [{"reason": "tests", "column": "who", "test": "equals", "value": "test"}]}


@pytest.mark.parametrize(
    ("spoil", "more", "said"),
    [
        (lambda rows: rows, RULE, "the rule 'tests'"),
        (spelling, {}, "differ from another one in capital letters alone"),
        (word, {}, "have a word such as 'NA'"),
        (word, RULE, "the rule 'tests'"),
    ],
)
def test_notes_are_kept_in_the_account(tmp_path, spoil, more, said):
    made = card(tmp_path, spoil(events()), **more)
    found, store, files = both(tmp_path, made)
    assert sorted(found.notes) == sorted(files.notes) and any(said in note for note in found.notes)
    assert tuple(found.notes) == read_stored(store, made).notes
    assert f"note: {found.notes[0]}" in format_ingest(found, "here")


@pytest.mark.parametrize("size", [10, 66])
def test_a_rule_that_matches_in_a_later_block_gets_no_note(tmp_path, monkeypatch, size):
    monkeypatch.setattr(readers.read_blocks, "__defaults__", ((), size, None))
    rows = events()
    rows.loc[len(rows) - 1, "who"] = "test"
    found, _, _ = both(tmp_path, card(tmp_path, rows, **RULE))
    assert found.filtered == {"tests": 1} and not found.notes
