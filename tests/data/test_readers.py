"Sources in blocks: the same rows for every block size, memory flat in file size, damage reported"

import gzip
import json
import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from customer360.data import readers
from customer360.data.cards import IngestError, Layout
from customer360.data.readers import raw_blocks, read_blocks, read_table

ROWS = [f"u{i % 7},i{i % 11},{1 + i % 5}" for i in range(1000)]


def written(folder: Path, form: str) -> Path:
    "Write the rows, two of them broken where the format allows it"
    rows = [*ROWS[:500], "too,few", *ROWS[500:], "one,field,too,many"]
    path = folder / f"rows.{form}"
    frame = pd.DataFrame([row.split(",") for row in ROWS], columns=["user", "item", "stars"])
    match form:
        case "csv":
            path.write_text("\n".join(["user,item,stars", *rows]))
        case "csv.gz":
            path.write_bytes(gzip.compress("\n".join(["user,item,stars", *rows]).encode()))
        case "jsonl":
            path.write_text("".join(f"{json.dumps(row)}\n" for row in frame.to_dict("records")) + "{broken\n")
        case "parquet":
            frame.astype({"stars": float}).to_parquet(path, row_group_size=300)
        case "xlsx":
            frame.to_excel(path, index=False)
    return path


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_numbers_of_a_parquet_file_read_as_they_were_written(tmp_path, kind):
    frame = pd.DataFrame({"stars": [1, 2.5, float("nan"), 4.1, 1e20]}).astype(kind)
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet", Layout())
    assert found.frame["stars"].tolist() == ["1", "2.5", "", "4.1", "1e+20"]


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("size", [1, 7, 300, 5000])
def test_blocks_hold_what_the_whole_holds(tmp_path, form, size):
    path = written(tmp_path, form)
    whole, blocks = read_table(path, Layout(), ["user"]), list(read_blocks(path, Layout(), ["user"], size))
    assert all(len(block.frame) + len(block.broken) > 0 and len(block.frame) <= size for block in blocks)
    pd.testing.assert_frame_equal(pd.concat([b.frame for b in blocks], ignore_index=True), whole.frame)
    assert [line for block in blocks for line in block.line] == whole.line.tolist()
    broken = pd.concat([block.broken for block in blocks], ignore_index=True)
    assert broken.values.tolist() == whole.broken.values.tolist()
    assert len(whole.frame) == 1000 and len(whole.broken) == {"csv": 2, "csv.gz": 2, "jsonl": 1}.get(form, 0)
    lines = [block.line for block in blocks if len(block.line)]
    assert all(before.max() < after.min() for before, after in pairwise(lines))


@pytest.mark.parametrize("piece", [1, 5, 64])
def test_rows_may_lie_across_pieces(tmp_path, monkeypatch, piece):
    text = (
        'user,title,stars\r\nada,"Green\r\ntea",5\r\nben,mug,4\r\n\r\ncem,"a ""b""",3\r\ntoo,few\r\ndee,pot,2'
    )
    (tmp_path / "a.csv").write_bytes(text.encode())
    expected = read_table(tmp_path / "a.csv", Layout())
    monkeypatch.setattr(readers, "text_pieces", partial(readers.text_pieces, size=piece))
    table = read_table(tmp_path / "a.csv", Layout())
    assert table.frame.values.tolist() == [
        ["ada", "Green\r\ntea", "5"],
        ["ben", "mug", "4"],
        ["cem", 'a "b"', "3"],
        ["dee", "pot", "2"],
    ]
    assert table.line.tolist() == expected.line.tolist() == [2, 4, 6, 8]
    assert table.broken.values.tolist() == expected.broken.values.tolist()
    assert table.broken.values.tolist() == [[7, "2 fields instead of 3", "too,few"]]


def test_plain_and_quoted_pieces_give_the_same(tmp_path):
    "A single quote sends a piece the slow way"
    lines = [*ROWS[:300], "", "too,few", *ROWS[300:], "  ", "a\tb", ",,", "é,ö,ü"]
    (tmp_path / "plain.csv").write_text("\n".join(["user,item,stars", *lines]))
    (tmp_path / "quoted.csv").write_text("\n".join(["user,item,stars", *lines, '"x",y,z']))
    plain, quoted = (read_table(tmp_path / f"{name}.csv", Layout()) for name in ("plain", "quoted"))
    pd.testing.assert_frame_equal(plain.frame, quoted.frame[:-1])
    assert plain.line.tolist() == quoted.line[:-1].tolist()
    assert plain.broken.values.tolist() == quoted.broken.values.tolist()


def test_the_first_block_tells_a_missing_column(tmp_path):
    with pytest.raises(IngestError, match="no column 'rating' among"):
        next(read_blocks(written(tmp_path, "csv"), Layout(), ["rating"], 10))


def test_a_key_that_appears_late_in_json(tmp_path):
    path = tmp_path / "late.jsonl"
    path.write_text("".join('{"user": "ada"}\n' for _ in range(5)) + '{"user": "ben", "stars": 4}\n')
    blocks = list(read_blocks(path, Layout(), ["user", "stars"], 2))
    assert [block.frame["stars"].tolist() for block in blocks] == [["", ""], ["", ""], ["", "4"]]
    with pytest.raises(IngestError, match="no column 'item'"):
        list(read_blocks(path, Layout(), ["item"], 2))


@pytest.mark.parametrize(
    ("text", "layout", "hint"),
    [
        ("user,item,stars\nada,tea,5\n", Layout(separator=";"), "','"),
        ("user::item::stars\nada::tea::5\n", Layout(), "'::'"),
        ("ada|tea|5\nben|mug|4\n", Layout(separator=",", names=["user", "item", "stars"]), "'|'"),
    ],
)
def test_a_wrong_separator_names_the_likely_one(tmp_path, text, layout, hint):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(IngestError) as caught:
        read_table(tmp_path / "a.csv", layout, ["user"])
    assert f"which seems to be {hint}" in str(caught.value)


def test_a_cover_page_is_not_the_end_of_a_spreadsheet(tmp_path):
    path = tmp_path / "sold.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame([["of 2025", ""]], columns=["Report", "x"]).to_excel(
            book, sheet_name="Cover", index=False
        )
        pd.DataFrame({"customer": ["ada"], "sku": ["tea"]}).to_excel(book, sheet_name="Sales", index=False)
        pd.DataFrame({"sku": ["tea"]}).to_excel(book, sheet_name="Items", index=False)
    with pytest.raises(IngestError) as error:
        read_table(path, Layout(), ["customer", "sku"])
    assert "no column 'customer' among ['Report', 'x']" in str(error.value)
    assert "Use the sheet 'Sales', which has it" in str(error.value) and "--sheet" in str(error.value)
    with pytest.raises(IngestError, match="the other sheets are 'Sales', 'Items'"):
        read_table(path, Layout(), ["buyer"])
    with pytest.raises(
        IngestError, match=r"there is no sheet 'Orders'\. Use one of 'Cover', 'Sales', 'Items'"
    ):
        read_table(path, Layout(sheet="Orders"), ["customer"])
    assert read_table(path, Layout(sheet="Sales"), ["customer"]).frame["customer"].tolist() == ["ada"]


@pytest.mark.parametrize("first", [pd.DataFrame(), pd.DataFrame([["", "a"]], columns=["Report", "Report"])])
def test_an_empty_or_odd_first_sheet_names_the_others(tmp_path, first):
    with pd.ExcelWriter(tmp_path / "sold.xlsx") as book:
        first.to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame({"customer": ["ada"]}).to_excel(book, sheet_name="Sales", index=False)
    with pytest.raises(IngestError, match="the other sheets are 'Sales'"):
        read_table(tmp_path / "sold.xlsx", Layout(), ["customer"])


def test_a_truncated_gzip(tmp_path):
    path = written(tmp_path, "csv.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(IngestError, match=r"rows.csv.gz: the file cannot be read \(Compressed file ended"):
        list(read_blocks(path, Layout(), ["user"]))


def test_a_block_of_broken_lines_alone(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n" + "1,2,3\n" * 50)
    blocks = list(read_blocks(tmp_path / "a.csv", Layout(), ["a"], 20))
    assert sum(len(block.broken) for block in blocks) == 50 and sum(len(block.frame) for block in blocks) == 1


def test_at_least_one_block_of_nothing():
    assert [len(block.frame) for block in raw_blocks("none", [])] == [0]


PEAK = """
import re, sys
from pathlib import Path
from customer360.data.cards import Layout
from customer360.data.readers import read_blocks
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
blocks = [(len(block.frame), block.broken.values.tolist()) for block in read_blocks(Path(sys.argv[1]), Layout())]
print((peak() - before) // 1024, sum(rows for rows, _ in blocks))
print([[line, reason, len(text)] for _, broken in blocks for line, reason, text in broken])
"""


def peak(path: Path) -> tuple[int, int, str]:
    "Return the memory (MB) that reading takes in a fresh process, the rows, and what is broken"
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True, timeout=300
    )
    first, broken = done.stdout.splitlines()
    megabytes, rows = map(int, first.split())
    return megabytes, rows, broken


def big(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.write("user,item,stars,ts\n")
        for start in range(0, rows, 1000):
            file.writelines(
                f"u{i % 60_000},i{i * 7919 % 40_000},{1 + i % 5},{i}\n" for i in range(start, start + 1000)
            )
    return path


@pytest.mark.slow
def test_memory_is_flat_in_file_size(tmp_path, record_property):
    small, rows, _ = peak(big(tmp_path / "small.csv", 200_000))
    large, more, _ = peak(big(tmp_path / "large.csv", 2_000_000))
    assert (rows, more) == (200_000, 2_000_000)
    record_property("reading 200,000 and 2,000,000 rows, MB", (small, large))
    assert large < small + 60


@pytest.mark.parametrize(
    ("ending", "size"), [("csv", 100), ("jsonl", 100), pytest.param("csv", 1000, marks=pytest.mark.long)]
)
def test_a_line_of_a_gigabyte(tmp_path, record_property, ending, size):
    "Megabytes in a file that is smaller on disk: one letter, compressed"
    path = tmp_path / f"long.{ending}.gz"
    good = b"user,item,stars\nada,tea,5\n" if ending == "csv" else b'{"user": "ada"}\n{"user": "cem"}\n'
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(good)
        for _ in range(size):
            file.write(b"x" * 1_000_000)
        file.write(b"\nben,mug,4\n" if ending == "csv" else b'\n{"user": "ben"}\n')
    megabytes, rows, broken = peak(path)
    record_property(f"a line of {size} MB in {ending}, MB of memory", megabytes)
    assert rows == (2 if ending == "csv" else 3) and megabytes < 150
    assert broken == "[[3, 'a line of more than 1,048,576 characters', 201]]"
