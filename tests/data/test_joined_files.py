"Rows and what belongs to them in a second file: keys meet however they are written, rows without a match are counted"

from pathlib import Path

import pytest

from customer360.data.card_parts import IngestError
from customer360.data.cards import FileOptions, Layout, card_from_options
from customer360.data.ingest import ingest
from customer360.data.readers import read_blocks


def written(folder: Path, here: list[str], there: list[str]) -> Path:
    rows = [f"{key},item{n % 3}" for n, key in enumerate(here)]
    (folder / "lines.csv").write_text("\n".join(["order,sku", *rows]) + "\n")
    heads = [f"{key},customer{n}" for n, key in enumerate(there)]
    (folder / "orders.csv").write_text("\n".join(["order,who", *heads]) + "\n")
    return folder / "lines.csv"


def read(path: Path) -> tuple[list[str], tuple[str, ...]]:
    got = ingest(card_from_options(FileOptions(path, "who", "sku", join=["orders.csv:order"])))
    return got.tables.interactions["user"].tolist(), got.notes


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (["12", "13", "14"], ["12.0", "13.0", "14.0"]),
        (["12.0", "13.0", "14.00"], ["12", "13", "14"]),
        ([" A-7 ", "A-8", "9.0"], ["A-7", "A-8 ", "9"]),
        (["a", "b", "c"], ["a", "b", "c"]),
    ],
)
def test_keys_meet_however_they_are_written(tmp_path, here, there):
    assert read(written(tmp_path, here, there)) == (["customer0", "customer1", "customer2"], ())


@pytest.mark.parametrize("lost", [1, 3])
def test_rows_without_a_match_are_counted(tmp_path, lost):
    keys = [str(n) for n in range(100)]
    path = written(tmp_path, keys, keys[: 100 - lost])
    users, notes = read(path)
    assert len(users) == 100 - lost
    assert notes == (
        f"lines.csv: {lost} of its 100 rows have no order that is in orders.csv, such as '{100 - lost}' on line "
        f"{102 - lost}: what that file would add is empty there.",
    )
    last = list(read_blocks(path, Layout(join=["orders.csv:order"]), [], 10))[-1]
    assert len(last.notes) == 1


@pytest.mark.parametrize(
    "write", [lambda key: f"o-{key}", lambda key: str(int(key) + 60), lambda key: "x" + key]
)
def test_files_of_which_most_rows_do_not_match_are_refused(tmp_path, write):
    keys = [str(n) for n in range(100)]
    with pytest.raises(
        IngestError, match=r"lines.csv, line \d+: \d+ of its 100 rows have no order that is in"
    ):
        read(written(tmp_path, keys, [write(key) for key in keys]))
