"What a person is told of ids and quantities that cannot be used: every word, the real column, and why"

from pathlib import Path

import pandas as pd
import pytest

from customer360.data.card_parts import naming
from customer360.data.cards import FileOptions, IngestError, card_from_options
from customer360.data.ingest import ingest


def told(path: Path, frame: pd.DataFrame, **given: object) -> str:
    frame.to_csv(path / "mine.csv", index=False)
    options = {"user": "user", "item": "item"} | given
    with naming("options"), pytest.raises(IngestError) as error:
        ingest(card_from_options(FileOptions(path / "mine.csv", **options)))
    return str(error.value)


def pairs(n: int = 40) -> pd.DataFrame:
    return pd.DataFrame({"user": [f"u{k % 9}" for k in range(n)], "item": [f"i{k // 9}" for k in range(n)]})


@pytest.mark.parametrize("words", [["NA"], ["NA", "NULL"], ["nan", "None", "-"]])
@pytest.mark.parametrize("key", ["user", "item"])
def test_all_words_for_nothing_are_named_at_once(tmp_path, words, key):
    lost = pd.concat([pairs().assign(**{key: word}) for word in words])
    said = told(tmp_path, pd.concat([pairs(), lost]))
    assert f"--missing {','.join(words)} to leave these rows out" in said
    left = FileOptions(tmp_path / "mine.csv", "user", "item", missing=words)
    assert ingest(card_from_options(left)).counts["kept"] == 40


@pytest.mark.parametrize("words", [["NA"], ["NA", "NULL"], ["nan", "None", "-"]])
def test_rare_words_are_asked_about_together(tmp_path, words):
    rows = pd.concat([pairs(), pairs(len(words)).assign(user=words)])
    rows.to_csv(tmp_path / "mine.csv", index=False)
    with naming("options"):
        notes = ingest(card_from_options(FileOptions(tmp_path / "mine.csv", "user", "item"))).notes
    [note] = [note for note in notes if "--missing" in note]
    assert f"add --missing {','.join(words)}." in note and f"{len(words)} rows have a word such as" in note


@pytest.mark.parametrize("column", ["qty", "Menge", "units sold"])
def test_negative_quantities_name_the_column(tmp_path, column):
    rows = pairs().assign(**{column: [-1 if k % 3 == 0 else 2 for k in range(40)]})
    said = told(tmp_path, rows, weight=column)
    assert f"the weight in '{column}' is negative" in said and f"--where '{column}>0'" in said
    kept = FileOptions(tmp_path / "mine.csv", "user", "item", weight=column, where=[f"{column}>0"])
    assert ingest(card_from_options(kept)).counts["kept"] == 26


@pytest.mark.parametrize("write", ["{}.007199e+15", "{}.5E+17", "{}e+12", "{}99719925474099300.0"])
@pytest.mark.parametrize("key", ["user", "item"])
def test_ids_that_were_rounded_are_refused(tmp_path, write, key):
    said = told(tmp_path, pairs().assign(**{key: [write.format(1 + k % 9) for k in range(40)]}))
    assert "rounded" in said and "xport these ids as text" in said


@pytest.mark.parametrize("ids", [["5e3", "1e10", "7e1"], ["9007199254740993", "9007199254740995", "1"]])
def test_ids_that_look_like_rounded_numbers_and_are_none(tmp_path, ids):
    rows = pairs().assign(item=[ids[k % 3] for k in range(40)]).drop_duplicates()
    rows.to_csv(tmp_path / "mine.csv", index=False)
    got = ingest(card_from_options(FileOptions(tmp_path / "mine.csv", "user", "item")))
    assert set(got.tables.items["item"]) == set(ids)
