"The page of data quality takes the same memory however many rows there are, and opens in a browser by itself"

import json
from pathlib import Path

import duckdb
import pytest
from memory import run_measured

from customer360.data.quality import quality_summary, write_quality_page

ACCOUNT = {
    "dataset": "made",
    "ingest": 1,
    "rows": 0,
    "new": 0,
    "filtered": {},
    "rejected": {},
    "facts": {"name": "made"},
}
MEASURE = """
import json, sys
from pathlib import Path
from customer360.data.quality import quality_summary
summary = quality_summary(Path(sys.argv[1]), json.loads(sys.argv[2]))
print("MiB:", peak_memory() >> 20)
"""


def stage(folder: Path, n: int) -> Path:
    "Write n made interactions in parts of a million, with a long tail"
    (folder / "interactions").mkdir(parents=True)
    for part in range(-(-n // 1_000_000)):
        rows = min(1_000_000, n - part * 1_000_000)
        target = folder / f"interactions/part-{part:05d}.parquet"
        duckdb.execute(
            f"""COPY (SELECT 'u' || (hash(i) % 200000) AS user,
                   'i' || CAST(floor(20000 * pow((hash(i + 7) % 10007) / 10007.0, 3)) AS INTEGER) AS item,
                   CASE WHEN i % 5 = 0 THEN 'rating' ELSE 'view' END AS event,
                   CASE WHEN i % 5 = 0 THEN 1 + hash(i) % 5 END AS rating, 1.0 AS weight,
                   1600000000 + i AS timestamp
                FROM range({part} * 1000000, {part} * 1000000 + {rows}) t(i)) TO '{target}' (FORMAT parquet)"""
        )
    return folder


def memory(folder: Path) -> int:  # MiB
    "Return the most memory that a process took for the summary"
    return int(run_measured(MEASURE, folder, json.dumps(ACCOUNT)).rpartition("MiB:")[2])


def test_the_page_needs_nothing_else_and_escapes_what_is_in_the_data(tmp_path):
    staged = stage(tmp_path / "staged", 20_000)
    account = ACCOUNT | {
        "dataset": "<script>",
        "rejected": {"<b>bad</b>": 3},
        "examples": {"<b>bad</b>": "a&b, line 3"},
    }
    summary = quality_summary(staged, account)
    text = write_quality_page(summary, summary, tmp_path).read_text(encoding="utf-8")
    assert "<script>" not in text and "<b>bad" not in text and "&lt;b&gt;bad" in text
    assert list(staged.glob("duckdb/*")) == []


@pytest.mark.long
def test_twenty_million_rows_take_the_memory_of_two(tmp_path, record_property):
    few, many = memory(stage(tmp_path / "few", 2_000_000)), memory(stage(tmp_path / "many", 20_000_000))
    record_property("MiB for the quality of 2 and 20 million rows", f"{few} and {many}")
    assert many < few + 300 and many < 1024
