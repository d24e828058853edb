"Ids that differ in their spelling alone are told, with how many, and the rule that is named makes them one"

import shlex

import pandas as pd
import pytest

from customer360.data.card_parts import naming
from customer360.data.cards import FileOptions, card_from_options
from customer360.data.id_matches import mixed_spellings
from customer360.data.ingest import ingest

WAYS = {
    "lower": (["u1", "U1", "u2", "USER"], "'u1' and 'U1'", "in capital letters"),
    "number": (["007", "7", "12", "x"], "'007' and '7'", "in leading zeros"),
    r"(.+?)(?:\.0+)?": (["A-7", "9", "9.0", "8"], "'9' and '9.0'", "in '.0' at the end"),
}


@pytest.mark.parametrize("rule", WAYS)
@pytest.mark.parametrize("key", ["user", "item"])
def test_two_spellings_of_one_id_are_told_with_the_rule_that_mends_them(tmp_path, key, rule):
    ids, shown, words = WAYS[rule]
    other = "item" if key == "user" else "user"
    rows = pd.DataFrame({key: ids * 5, other: [f"z{n % 5}" for n in range(20)]})
    rows.to_csv(tmp_path / "mine.csv", index=False)
    with naming("options"):
        notes = ingest(card_from_options(FileOptions(tmp_path / "mine.csv", "user", "item"))).notes
    [note] = [note for note in notes if "alone" in note]
    assert f"2 of the 4 {key} ids" in note and shown in note and words in note
    option, given = shlex.split(note[note.index("add --ids") + 4 :].rstrip("."))
    assert (option, given) == ("--ids", f"{key}={rule}")
    stated = FileOptions(tmp_path / "mine.csv", "user", "item", ids={key: rule})
    got = ingest(card_from_options(stated))
    assert got.counts["customers" if key == "user" else "items"] == 3
    assert not any("alone" in note for note in got.notes)


@pytest.mark.parametrize(
    "ids",
    [
        ["u1", "u2", "u10"],
        ["1", "10", "100"],
        ["9", "9.5", "A"],
        [" 9", "9 ", "8"],  # blanks around an id never count
        ["9", "9.0", "8"],  # of numbers alone, nor does .0
        ["straße", "strasse", ""],
    ],
)
def test_ids_that_differ_in_more_are_different(ids):
    from customer360.data.values import plain_ids

    assert mixed_spellings(plain_ids(pd.Series(ids, dtype="str")), "user") == []
