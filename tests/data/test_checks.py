"What comes in is checked by pandera, and what goes out to spreadsheets holds no formulas."

import io
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from customer360.data import ingest as ingest_module
from customer360.data.cards import parse_card
from customer360.data.checks import check_table, spreadsheet_safe
from customer360.data.ingest import ingest
from customer360.data.interim import save_snapshot
from customer360.schema import Facts, SchemaError, interactions

SHOP = Facts("shop", scale=(1, 5))


def table(rows: int = 4, **changed) -> pd.DataFrame:
    users = [f"u{at}" for at in range(rows)]
    return interactions(users, ["tea"] * rows, rating=[3.0] * rows).assign(**changed)


def problem(frame: pd.DataFrame, kind: str = "interactions", facts: Facts = SHOP) -> str:
    with pytest.raises(SchemaError) as caught:
        check_table(frame, kind, facts)
    return str(caught.value)


# ---- the check -------------------------------------------------------------------------------------------


def test_a_good_table_comes_back_as_it_is():
    frame = table(fold=np.int8(1))
    assert check_table(frame, "interactions", SHOP) is frame
    unrated = table(rating=np.float32("nan"), event="view")
    assert check_table(unrated, "interactions", Facts("shop")) is unrated
    assert check_table(table(0), "interactions", SHOP).empty


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("user", ["u0", "", "u2", ""], "column user, not empty: 2 of 4 rows, row 1 (''), row 3 ('')"),
        ("item", ["tea", None, "tea", "tea"], "column item, not missing: 1 of 4 rows, row 1"),
        ("event", ["rating", "rating", "gift", "rating"], "column event, one of impression, view, click"),
        ("rating", np.float32([1, 0.5, 5.5, 5]), "column rating, from 1 to 5: 2 of 4 rows, row 1 (0.5)"),
        ("rating", np.float32([1, np.nan, 5, 5]), "a rating in each rating event: 1 of 4 rows, row 1"),
        ("weight", np.float32([1, -1, 1, 1]), "column weight, not negative: 1 of 4 rows, row 1 (-1.0)"),
        ("weight", np.float32([1, np.nan, 1, 1]), "column weight, not missing: 1 of 4 rows, row 1"),
        ("timestamp", np.float64([1, 2, 3, 4]), "column timestamp, the type int64, not float64"),
        (
            "user",
            [1, 2, 3, 4],
            "break 1 rule. Correct the source, or what the card says about it:\n- column user, the type str: 4 of 4",
        ),
        (
            "weight",
            ["a", "b", "c", "d"],
            "break 1 rule. Correct the source, or what the card says about it:\n- column weight, the type float32: 4",
        ),
    ],
)
def test_each_rule_is_named_with_column_count_and_rows(column, values, said):
    frame = table()
    frame[column] = pd.Series(values, dtype="str" if isinstance(values[0], str) else None)
    found = problem(frame)
    assert said in found
    assert found.startswith("the interactions of shop break ") and "Correct the source" in found


def test_everything_is_said_at_once():
    found = problem(table(user="", weight=np.float32(-1)).drop(columns="row"))
    assert "break 3 rules" in found
    assert "column user, not empty: 4 of 4 rows, row 0 (''), row 1 (''), row 2 (''), ..." in found
    assert "column weight, not negative: 4 of 4 rows" in found
    assert "column row, the column exists" in found


def test_ratings_without_a_scale_are_refused():
    assert "column rating, no rating without a scale: 4 of 4 rows" in problem(table(), facts=Facts("shop"))


@pytest.mark.parametrize(("kind", "key"), [("items", "item"), ("customers", "user")])
def test_ids_of_items_and_customers(kind, key):
    ids = pd.DataFrame({key: pd.Series(["a", "b", "a", ""], dtype="str"), "price": [1.0, 2, 3, 4]})
    found = problem(ids, kind)
    assert f"column {key}, each id once: 2 of 4 rows, row 0 ('a'), row 2 ('a')" in found
    assert f"column {key}, not empty: 1 of 4 rows, row 3 ('')" in found
    assert f"column {key}, the column exists" in problem(ids.drop(columns=key), kind)
    assert check_table(ids[1:2], kind, SHOP) is not None


def test_rows_are_counted_from_0_whatever_the_index():
    frame = table(user=["u0", "", "u2", "u3"])
    frame.index = [7, 7, 7, 7]
    assert "1 of 4 rows, row 1 ('')" in problem(frame)


def test_a_million_rows_are_checked_well_under_a_second():
    frame = table(1000).iloc[np.arange(1_000_000) % 1000].reset_index(drop=True)
    check_table(frame[:10], "interactions", SHOP)  # imports pandera
    took = []
    for _ in range(3):
        began = time.perf_counter()
        check_table(frame, "interactions", SHOP)
        took.append(time.perf_counter() - began)
    assert min(took) < 1


def test_importing_ingest_does_not_import_pandera():
    program = "import sys, customer360.data.ingest; print('pandera' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ---- in ingest -------------------------------------------------------------------------------------------

CARD = """
[facts]
name = "tiny"
scale = [1, 5]
[interactions]
file = "stars.csv"
columns = { user = "customer", item = "sku", rating = "stars", timestamp = "ts" }
"""
STARS = "customer,sku,stars,ts\n" + "".join(f"u{at},tea,{1 + at % 5},{100 + at}\n" for at in range(40))


def test_ingest_checks_its_three_tables(tmp_path, monkeypatch):
    (tmp_path / "stars.csv").write_text(STARS)
    seen = []
    monkeypatch.setattr(
        ingest_module, "check_table", lambda frame, kind, facts: seen.append((kind, len(frame)))
    )
    ingest(parse_card(CARD), tmp_path)
    assert seen == [("interactions", 40), ("items", 1), ("customers", 40)]


def test_what_slips_past_the_cleaning_stops_the_ingest(tmp_path, monkeypatch):
    "A fault in the cleaning is planted: it lets a rating through that is off the scale"
    (tmp_path / "stars.csv").write_text(STARS)
    real = ingest_module.parse_interactions

    def faulty(*args):
        frame = real(*args)
        frame.loc[3, "rating"] = 9
        return frame

    monkeypatch.setattr(ingest_module, "parse_interactions", faulty)
    with pytest.raises(
        SchemaError, match=r"of tiny break 1 rule\. .*\n- column rating, from 1 to 5: 1 of 40 rows"
    ):
        ingest(parse_card(CARD), tmp_path)


# ---- out to spreadsheets ---------------------------------------------------------------------------------

RISKY = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://x")',
    "＝1+1",
    "-",
]
PLAIN = ["tea", "a=b", "'=1", "", " =1", "u-1", "-1", "+2.5", "-1e-7", "-.5", "4", "３"]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_formulas_become_text_and_everything_else_stays(dtype):
    frame = pd.DataFrame({"text": pd.Series(RISKY + PLAIN).astype(dtype)})
    safe = spreadsheet_safe(frame)["text"].tolist()
    assert safe == [f"'{cell}" for cell in RISKY] + PLAIN
    assert frame["text"].tolist() == RISKY + PLAIN  # a copy was changed


def test_numbers_dates_and_gaps_stay():
    frame = pd.DataFrame(
        {
            "whole": [-1, 2],
            "real": [-1.5, np.nan],
            "mixed": pd.Series([-3, None], dtype=object),
            "when": pd.to_datetime(["2026-01-01", None]),
            "yes": [True, False],
        }
    )
    pd.testing.assert_frame_equal(spreadsheet_safe(frame), frame)


def test_names_of_columns_are_cells_too():
    safe = spreadsheet_safe(pd.DataFrame([["=1", 2, "=3"]], columns=["=cmd()", "n", "n"]))
    assert list(safe.columns) == ["'=cmd()", "n", "n"] and safe.iloc[0].tolist() == ["'=1", 2, "'=3"]


def sheet_of(csv: str) -> list[list[tuple[str, object]]]:
    "Type and value of each cell after openpyxl, which takes a leading = for a formula, has put it in a sheet"
    import csv as reader

    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in reader.reader(io.StringIO(csv)):
        book.active.append(row)
    saved = io.BytesIO()
    book.save(saved)
    assert zipfile.is_zipfile(saved)
    back = openpyxl.load_workbook(saved).active
    return [[(cell.data_type, cell.value) for cell in row] for row in back.iter_rows()]


def test_a_sheet_takes_the_cells_for_text_where_it_took_them_for_formulas():
    frame = pd.DataFrame({"title": ["=1+1", '=HYPERLINK("http://x?"&A1)', "tea"], "price": [-1.5, 2, 3]})
    before, after = sheet_of(frame.to_csv(index=False)), sheet_of(spreadsheet_safe(frame).to_csv(index=False))
    assert [row[0][0] for row in before[1:]] == ["f", "f", "s"]
    assert [row[0][0] for row in after[1:]] == ["s", "s", "s"]
    assert after[1][1][1] == "-1.5"


def test_rejects_with_formulas_are_harmless_in_the_file_of_rejects(tmp_path):
    bad = "=cmd|' /C calc'!A0,tea,many,100\n@SUM(1),tea,9,100\n"
    (tmp_path / "stars.csv").write_text(STARS + STARS.partition("\n")[2] + bad)
    card = parse_card(CARD.replace("[interactions]", '[interactions]\nduplicates = "keep"'))
    got = ingest(card, tmp_path)
    kept = save_snapshot(got, tmp_path / "interim")
    written = pd.read_csv(kept / "rejects.csv")["text"].tolist()
    assert written == ["'=cmd|' /C calc'!A0,tea,many,100", "'@SUM(1),tea,9,100"]
    assert not any(kind == "f" for row in sheet_of((kept / "rejects.csv").read_text()) for kind, _ in row)
    assert got.rejects["text"].str.startswith("=cmd").any()  # the snapshot keeps what the file says
