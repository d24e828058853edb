"The guide to cards has every key that a card may have, and no other; its examples are ingested as they stand"

import re
import sqlite3
from dataclasses import fields
from pathlib import Path

import pytest

from customer360 import config
from customer360.data import cards
from customer360.data.ingest_store import ingest_into_store
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store
from customer360.schema import Facts

GUIDE = (Path(__file__).parents[2] / "docs/cards.md").read_text(encoding="utf-8")


def own(model: type, base: type) -> set[str]:
    return set(model.model_fields) - set(base.model_fields)


SECTIONS = {
    "Sections": set(cards.Card.model_fields) - {"home"},
    "`[facts]`": {field.name for field in fields(Facts)},
    "Every file": set(cards.Layout.model_fields),
    "`[interactions]`": own(cards.InteractionsFile, cards.Layout),
    "`[interactions.log]`": set(cards.LogRules.model_fields),
    "`[[interactions.filters]]`": set(cards.Rule.model_fields),
    "`[items]` and `[customers]`": own(cards.EntityFile, cards.Layout),
    "`[download]`": set(cards.Download.model_fields),
}


def section(heading: str) -> str:
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", GUIDE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/cards.md has no section {heading}"
    return found[1]


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_in_its_table_and_no_other(heading):
    listed = re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE)
    assert sorted(listed) == sorted(SECTIONS[heading])


def test_the_guide_has_a_table_for_every_model():
    headings = set(re.findall(r"^## (.*)$", GUIDE, re.MULTILINE))
    assert headings == {"Examples", *SECTIONS}
    assert not own(cards.SideFile, cards.Layout)


def make_crm(folder: Path) -> None:
    with sqlite3.connect(folder / "crm.sqlite") as database:
        database.executescript("""
            CREATE TABLE orders (id INTEGER, customer TEXT, sku TEXT, at INTEGER, paid INTEGER);
            INSERT INTO orders VALUES (1, 'ada', 'tea', 1700000000, 1), (2, 'ben', 'pot', 1700000060, 1);
            CREATE TABLE products (sku TEXT, name TEXT, price REAL);
            INSERT INTO products VALUES ('tea', 'Green tea', 4.5), ('pot', 'Tea pot', 20);
        """)


@pytest.mark.parametrize(
    ("heading", "file", "rows"),
    [
        ("A CSV file", "sales.csv", [("ada", "tea", "rating"), ("ben", "pot", "rating")]),
        ("An access log", "access.log", [("ada", "tea", "view"), ("ada", "pot", "click")]),
        ("A database", "", [("ada", "tea", "purchase"), ("ben", "pot", "purchase")]),
    ],
)
def test_the_examples_are_ingested(tmp_path, monkeypatch, heading, file, rows):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    config.settings.cache_clear()
    example = section(heading)
    (card_text,) = re.findall(r"```toml\n(.*?)```", example, re.DOTALL)
    (tmp_path / "my.toml").write_text(card_text)
    make_crm(tmp_path)
    if file:
        (tmp_path / file).write_text(re.findall(r"^```\n(.*?)```", example, re.DOTALL | re.MULTILINE)[0])
    card = cards.read_card(tmp_path / "my.toml")
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        found = ingest_into_store(card, tmp_path, store, RawStore(tmp_path / "raw"), progress=False)
        tables = store.interactions.tables(card.facts)
    config.settings.cache_clear()
    assert found.new == 2 and not found.rejected
    assert list(tables.interactions[["user", "item", "event"]].itertuples(index=False, name=None)) == rows
    if heading == "A database":
        assert tables.items["title"].tolist() == ["Green tea", "Tea pot"]
    if heading == "A CSV file":
        assert tables.interactions["rating"].tolist() == [4.5, 2.0]


CARD = '[facts]\nname = "x"\n[interactions]\nfile = "a.csv"\ncolumns = { user = "u", item = "i" }\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'{CARD}[interactions.log]\nitem = "/p/"',
            "interactions.log.item: unknown key; use one of view, click, customer, session_gap",
        ),
        (f"{CARD}[item]\nothers = true", "item: unknown key, did you mean 'items'? use one of facts, inter"),
        (
            f'{CARD}[[interactions.filters]]\nreasons = "x"\ncolumn = "c"\ntest = "empty"',
            "interactions.filters.0.reasons: unknown key, did you mean 'reason'? use one of reason, column,",
        ),
        (f'{CARD}[items]\nseperator = ";"', "items.seperator: unknown key, did you mean 'separator'?"),
        (f"{CARD}".replace('"x"', '"x"\nscal = [1, 5]'), "unknown fields ['scal'] of a card: use ['name',"),
    ],
)
def test_an_unknown_key_is_refused_with_those_that_there_are(text, said):
    with pytest.raises(cards.SourceError, match=re.escape(said)):
        cards.parse_card(text)
