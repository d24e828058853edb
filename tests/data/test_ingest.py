"Bad input case by case, each with a real file; and the totals of the four public sets."

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360.data.cards import (
    FileOptions,
    IngestError,
    SourceError,
    card_from_options,
    parse_card,
    read_card,
)
from customer360.data.download import locate_files
from customer360.data.ingest import ingest
from customer360.data.interim import load_snapshot, save_snapshot
from customer360.files import sha256_of_table
from customer360.schema import Tables

GOOD = [
    f"{who},{what},{1 + (w + i) % 5},{1_600_000_000 + 1000 * w + i}"
    for w, who in enumerate(["ada", "ben", "007", "dee", "eve"])
    for i, what in enumerate(["tea", "mug", "pot", "tin", "jug", "NA"])
]
HEADER = "customer,sku,stars,ts"


def write(
    folder: Path, lines: list[str], name: str = "stars.csv", encoding: str = "utf-8", header: str = HEADER
) -> Path:
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in [header, *lines]).encode(encoding))
    return path


def read(path: Path, **options):
    return ingest(
        card_from_options(
            FileOptions(
                path, "customer", "sku", **{"rating": "stars", "scale": (1, 5), "timestamp": "ts"} | options
            )
        )
    )


def one_bad(folder: Path, line: str, at: int = 9, **options):
    "The good rows with one bad line at line `at` of the file (the header is line 1)"
    lines = GOOD.copy()
    lines.insert(at - 2, line)
    got = read(write(folder, lines), **options)
    assert got.counts["rows"] == got.counts["kept"] + got.counts["filtered"] + got.counts["rejected"]
    return got


def outcome(got) -> list[tuple[int, str]]:
    return list(zip(got.rejects["line"].tolist(), got.rejects["reason"].tolist(), strict=True))


# ---- the good case ---------------------------------------------------------------------------------------


def test_ids_stay_as_they_are(tmp_path):
    tables = read(write(tmp_path, GOOD)).tables
    assert tables.interactions["user"].unique().tolist() == ["ada", "ben", "007", "dee", "eve"]
    assert "NA" in tables.items["item"].tolist()
    assert tables.interactions["row"].tolist() == list(range(30))
    assert tables.items["title"].tolist() == tables.items["item"].tolist()  # nothing better is known
    assert tables.facts.exact_timestamps and tables.facts.scale == (1.0, 5.0)


def test_source_order_is_kept(tmp_path):
    tables = read(write(tmp_path, GOOD[::-1])).tables
    assert tables.interactions["timestamp"].is_monotonic_decreasing


@pytest.mark.parametrize(
    "form",
    ["csv", "tsv", "semicolon", "csv.gz", "jsonl", "parquet", "xlsx", "bom", "utf-16", "latin-1", "crlf"],
)
def test_every_format_gives_the_same_tables(tmp_path, form):
    expected = read(write(tmp_path, GOOD)).tables.interactions
    frame = pd.DataFrame([line.split(",") for line in GOOD], columns=HEADER.split(",")).astype(
        {"stars": int, "ts": int}
    )
    path, options, text = tmp_path / "same.csv", {}, "\n".join([HEADER, *GOOD]) + "\n"
    match form:
        case "csv":
            path.write_text(text.rstrip("\n"))  # no line end at the end
        case "tsv" | "semicolon":
            path.write_text(text.replace(",", "\t" if form == "tsv" else ";"))
        case "csv.gz":
            path = path.with_name("same.csv.gz")
            path.write_bytes(gzip.compress(text.encode()))
        case "jsonl":
            path = path.with_suffix(".jsonl")
            frame.to_json(path, orient="records", lines=True)
        case "parquet":
            path = path.with_suffix(".parquet")
            frame.to_parquet(path)
        case "xlsx":
            path = path.with_suffix(".xlsx")
            frame.to_excel(path, index=False)
        case "bom":
            path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        case "crlf":
            path.write_bytes(text.replace("\n", "\r\n").encode())
        case _:
            path.write_bytes(text.encode(form))
            options["encoding"] = form
    pd.testing.assert_frame_equal(read(path, **options).tables.interactions, expected)


# ---- a file that cannot be used --------------------------------------------------------------------------


def test_a_missing_column(tmp_path):
    with pytest.raises(
        IngestError,
        match=r"stars.csv, line 1: no column 'item' among \['customer', 'sku', 'stars', 'ts'\]",
    ):
        ingest(
            card_from_options(
                FileOptions(write(tmp_path, GOOD), "customer", "item", rating="stars", scale=(1, 5))
            )
        )
    with pytest.raises(IngestError, match="Did you mean 'stars'"):
        read(write(tmp_path, GOOD), rating="Stars")


def test_a_wrong_separator(tmp_path):
    with pytest.raises(
        IngestError,
        match=r"State the separator on the card \(--separator\), which seems to be ',', since the first line was not split",
    ):
        read(write(tmp_path, GOOD), separator="|")


def test_an_empty_file_and_one_with_a_header_only(tmp_path):
    (tmp_path / "none.csv").write_bytes(b"")
    with pytest.raises(IngestError, match=r"none.csv: the file is empty"):
        read(tmp_path / "none.csv")
    (tmp_path / "blank.csv").write_bytes(b"\n\n  \n")
    with pytest.raises(IngestError, match=r"blank.csv: the file is empty"):
        read(tmp_path / "blank.csv")
    with pytest.raises(IngestError, match=r"stars.csv: the file has a header but no rows"):
        read(write(tmp_path, []))
    (tmp_path / "none.jsonl").write_bytes(b"")
    with pytest.raises(IngestError, match=r"none.jsonl: the file is empty"):
        read(tmp_path / "none.jsonl")
    pd.DataFrame({"customer": [], "sku": []}).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(IngestError, match=r"none.parquet: the file has a header but no rows"):
        read(tmp_path / "none.parquet")


def test_no_file(tmp_path):
    with pytest.raises(SourceError, match=r"no file .*nowhere.csv"):
        read(tmp_path / "nowhere.csv")


def test_a_wrong_encoding_names_line_and_byte(tmp_path):
    lines = GOOD.copy()
    lines[20] = "zoë,tea,4,1600000000"
    path = write(tmp_path, lines, encoding="cp1252")
    with pytest.raises(
        IngestError,
        match=r"stars.csv, line 22: byte 3 \(0xeb, in 'zo\\xeb,tea,4,'\) is not utf-8. "
        r"State encoding = \"cp1252\"",
    ):
        read(path)
    assert "zoë" in read(path, encoding="cp1252").tables.customers["user"].tolist()
    with pytest.raises(IngestError, match="line 1: this is text in UTF-16"):
        read(write(tmp_path, GOOD, encoding="utf-16"))
    with pytest.raises(IngestError, match="NUL bytes"):
        read(write(tmp_path, GOOD, encoding="utf-16-le"))


def test_files_that_are_something_else(tmp_path):
    pd.DataFrame({"customer": ["a"]}).to_excel(tmp_path / "sheet.xlsx")
    os.rename(tmp_path / "sheet.xlsx", tmp_path / "sheet.csv")
    with pytest.raises(IngestError, match=r"sheet.csv, line 1: no column 'sku' among \['', 'customer'\]"):
        read(tmp_path / "sheet.csv")
    os.rename(write(tmp_path, GOOD), tmp_path / "stars.parquet")
    with pytest.raises(IngestError, match=r"stars.parquet: not a Parquet file"):
        read(tmp_path / "stars.parquet")
    os.rename(write(tmp_path, GOOD), tmp_path / "stars.xlsx")
    with pytest.raises(IngestError, match=r"stars.xlsx: not an .xlsx file"):
        read(tmp_path / "stars.xlsx")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress("\n".join([HEADER, *GOOD] * 50).encode())[:200])
    with pytest.raises(IngestError, match=r"cut.csv.gz: the file cannot be read"):
        read(tmp_path / "cut.csv.gz")


def test_a_spreadsheet_with_blank_rows_keeps_its_row_numbers(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [
        [],
        [],
        HEADER.split(","),
        [],
        *(line.split(",") for line in GOOD),
        ["ada", "jar", "nine", 1_600_000_000],
    ]:
        book.active.append(row)
    book.save(tmp_path / "stars.xlsx")
    assert outcome(read(tmp_path / "stars.xlsx")) == [(35, "the rating is not a number")]
    openpyxl.Workbook().save(tmp_path / "none.xlsx")
    with pytest.raises(IngestError, match=r"none.xlsx: the file is empty"):
        read(tmp_path / "none.xlsx")


def test_a_header_that_names_a_column_twice(tmp_path):
    with pytest.raises(IngestError, match=r"line 1: duplicate column names \['sku'\] in the header"):
        read(write(tmp_path, GOOD, header="customer,sku,sku,ts"))


def test_ratings_without_a_scale(tmp_path):
    with pytest.raises(SourceError, match="add --scale LOWEST,HIGHEST"):
        read(write(tmp_path, GOOD), scale=None)
    card = parse_card(
        '[facts]\nname = "x"\n[interactions]\nfile = "stars.csv"\n'
        'columns = { user = "customer", item = "sku", rating = "stars" }',
        tmp_path,
    )
    with pytest.raises(
        IngestError,
        match=r"has a column of ratings but no scale \(the numbers in it run from 1 to 5\). State scale",
    ):
        ingest(card)


def test_more_than_one_bad_row_in_twenty_stops(tmp_path):
    lines = GOOD.copy()
    lines[4], lines[7] = "ada,jug,four,1", "ben,mug,five,1"
    with pytest.raises(
        IngestError,
        match=r"stars.csv, line 6: 2 of 30 rows cannot be used, more than 5%: the rating is not a number "
        r"\(2 rows, the first on line 6\). That line is 'ada,jug,four,1'. Write plain numbers",
    ):
        read(write(tmp_path, lines))


def test_exactly_one_in_twenty_goes_through(tmp_path):
    lines = GOOD[:20]
    lines[4] = "ada,jug,four,1"
    assert read(write(tmp_path, lines)).counts["rejected"] == 1


# ---- single bad rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ada,jar,four,1600000000", "the rating is not a number"),
        ('ada,jar,"1,5",1600000000', "the rating is not a number"),
        ("ada,jar,NaN,1600000000", "the rating is not a number"),
        ("ada,jar,inf,1600000000", "the rating is not a number"),
        ("ada,jar,,1600000000", "missing rating"),
        ("ada,jar,0,1600000000", "the rating is off the scale 1 to 5"),
        ("ada,jar,5.5,1600000000", "the rating is off the scale 1 to 5"),
        (",jar,4,1600000000", "missing user id"),
        ("   ,jar,4,1600000000", "missing user id"),
        ("ada,,4,1600000000", "missing item id"),
        ("ada,jar,4", "3 fields instead of 4"),
        ("ada,jar,4,1600000000,more", "5 fields instead of 4"),
        ("ada,jar,4,-1", "the time is before 1970"),
        ("ada,jar,4,", "the timestamp is not a time"),
        ("ada,jar,4,NaN", "the timestamp is not a time"),
        ("ada,jar,4,yesterday", "the timestamp is not a time"),
        ("ada,jar,4,5000000000", "the time is after 2100 (are these milliseconds?)"),
        ("ada,jar,4,1600000000000", "the time is after 2100 (are these milliseconds?)"),
        ("ada,jar,4,1600000000000000", "the time is after 2100 (are these microseconds?)"),
        ("ada,jar,4,1600000000000000000", "the time is after 2100 (are these nanoseconds?)"),
        ("ada,jar,4,1e300", "the time is after 2100"),
        ("ada,jar,4,20240131", "the time is in 1970 (is it a date such as 20240131?)"),
        ("ada,j\0r,4,1600000000", "NUL byte in sku"),
        ('ada,"j"ar,4,1600000000', "broken quotes (',' expected after '\"')"),
        (GOOD[0], "duplicate row"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_reason(tmp_path, line, reason):
    got = one_bad(tmp_path, line)
    assert outcome(got) == [(9, reason)]
    assert got.counts["kept"] == 30
    assert "jar" not in got.tables.items["item"].tolist()
    assert got.rejects["file"].tolist() == ["stars.csv"]


def test_the_text_of_a_rejected_row_is_kept(tmp_path):
    assert one_bad(tmp_path, "ada,jar,four,1600000000").rejects["text"].tolist() == [
        "ada,jar,four,1600000000"
    ]
    assert one_bad(tmp_path, 'ada,"j, ar",four,1600000000').rejects["text"].tolist() == [
        'ada,"j, ar",four,1600000000'
    ]


def test_lines_are_counted_as_an_editor_does(tmp_path):
    lines = ['"ada\nof\nk",tea,4,1600000000', "", *GOOD, "ada,jar,nine,1600000000"]
    got = read(write(tmp_path, lines))
    assert outcome(got) == [(len("\n".join([HEADER, *lines]).split("\n")), "the rating is not a number")]
    assert got.tables.customers["user"].iloc[0] == "ada\nof\nk"


def test_a_quote_that_is_never_closed_costs_the_lines_it_swallows(tmp_path):
    lines = [*(GOOD * 30)[:800], 'ada,"jar,4,1600000000', "ben,jar,4,1600000000"]
    card = card_from_options(
        FileOptions(write(tmp_path, lines), "customer", "sku", rating="stars", scale=(1, 5), timestamp="ts")
    )
    card = card.model_copy(
        update={"interactions": card.interactions.model_copy(update={"duplicates": "keep"})}
    )
    assert outcome(ingest(card)) == [
        (802, "broken quotes (unexpected end of data)"),
        (803, "broken quotes (unexpected end of data)"),
    ]
    with pytest.raises(IngestError, match=r"line 2: .*broken quotes .*Close the quotes"):
        read(write(tmp_path, ['ada,"jar,4,1600000000', *GOOD]))


def test_a_broken_line_of_json(tmp_path):
    lines = [json.dumps(dict(zip(HEADER.split(","), line.split(","), strict=True))) for line in GOOD]
    lines[4] = lines[4][:-5]
    (tmp_path / "stars.jsonl").write_text("\n".join(lines))
    assert outcome(read(tmp_path / "stars.jsonl")) == [(5, "invalid JSON (Unterminated string starting)")]
    lines[4] = "[1, 2]"
    (tmp_path / "stars.jsonl").write_text("\n".join(lines))
    assert outcome(read(tmp_path / "stars.jsonl")) == [(5, "not a JSON object")]
    (tmp_path / "stars.jsonl").write_text("[" + ",\n".join(lines) + "]")
    assert outcome(read(tmp_path / "stars.jsonl")) == [(5, "not a JSON object")]


def test_milliseconds_stop_the_run_with_the_remedy(tmp_path):
    lines = [line + "000" for line in GOOD]
    with pytest.raises(
        IngestError, match=r"30 of 30 rows .*are these milliseconds.*State timestamp = \"ms\""
    ):
        read(write(tmp_path, lines))
    assert (
        read(write(tmp_path, lines), time_format="ms").tables.interactions["timestamp"].iloc[0]
        == 1_600_000_000
    )


def test_dates(tmp_path):
    iso = [f"{who},tea,4,2024-01-{day:02d} 10:00:00" for day, who in enumerate(["ada"] * 25, 1)]
    assert (
        read(write(tmp_path, iso)).tables.interactions["timestamp"].iloc[0]
        == pd.Timestamp("2024-01-01 10:00", tz="UTC").timestamp()
    )
    european = [f"{who},tea,4,{day:02d}/01/2024" for day, who in enumerate(["ada"] * 25, 1)]
    with pytest.raises(IngestError, match=r"the timestamp is not a time \(25 rows.*%d/%m/%Y"):
        read(write(tmp_path, european))
    assert (
        read(write(tmp_path, european), time_format="%d/%m/%Y").tables.interactions["timestamp"].iloc[0]
        == pd.Timestamp("2024-01-01", tz="UTC").timestamp()
    )


def test_thousands_and_decimal_commas(tmp_path):
    lines = [
        f'{who};{what};"1.{i}00,5";{1_600_000_000 + i}'
        for i, what in enumerate(["tea", "mug", "pot"])
        for who in ["a", "b", "c"]
    ]
    path = write(tmp_path, lines, header=HEADER.replace(",", ";"))
    with pytest.raises(IngestError, match=r"the weight is not a number .* decimal = .* thousands = "):
        read(path, rating=None, scale=None, weight="stars")
    got = read(path, rating=None, scale=None, weight="stars", decimal=",", thousands=".")
    assert got.tables.interactions["weight"].unique().tolist() == [1000.5, 1100.5, 1200.5]


def test_the_same_pair_at_another_time_is_no_duplicate(tmp_path):
    got = one_bad(tmp_path, "ada,tea,2,1700000000")
    assert got.counts["kept"] == 31 and got.counts["rejected"] == 0


def test_copies_count_from_the_second_on(tmp_path):
    got = read(write(tmp_path, [*GOOD, *GOOD[10:11]]))
    assert outcome(got) == [(32, "duplicate row")]


# ---- items and customers ---------------------------------------------------------------------------------


def catalogue(folder: Path, rows: list[str], header: str = "sku,title,description,price,brand") -> Path:
    return write(folder, rows, "items.csv", header=header)


ITEMS = [
    f"{i},{i.title()},A fine {i}.,{p}.50,Acme"
    for p, i in enumerate(["tea", "mug", "pot", "tin", "jug", "NA"])
] + [f"more{k},More {k},,1,Acme" for k in range(30)]


def test_the_items_file_is_the_whole_catalogue(tmp_path):
    items = catalogue(tmp_path, ITEMS)
    got = read(write(tmp_path, GOOD), items=items, text=["title", "description"])
    assert got.counts["items"] == 36 and got.counts["items_added"] == 0
    tea, last = got.tables.items.iloc[0], got.tables.items.iloc[-1]
    assert (tea["title"], tea["text"], tea["price"], tea["brand"]) == ("Tea", "Tea\nA fine tea.", 0.5, "Acme")
    assert last["text"] == "More 29"
    assert "description" not in got.tables.items  # prose is no attribute


def test_the_title_without_a_column_of_that_name(tmp_path):
    items = catalogue(tmp_path, ITEMS, "sku,label,description,price,brand")
    tables = read(write(tmp_path, GOOD), items=items, text=["label", "description"]).tables
    assert tables.items["title"].iloc[0] == "Tea"
    tables = read(write(tmp_path, GOOD), items=items, title="label", text=["description"]).tables
    assert tables.items.loc[0, ["title", "text"]].tolist() == ["Tea", "A fine tea."]
    items = catalogue(tmp_path, ITEMS)
    assert read(write(tmp_path, GOOD), items=items, text=["description"]).tables.items.loc[
        0, ["title", "text"]
    ].tolist() == [
        "Tea",
        "A fine tea.",
    ]


def test_an_item_that_its_file_lacks_is_added(tmp_path):
    got = read(write(tmp_path, GOOD), items=catalogue(tmp_path, ITEMS[1:]), text=["title"])
    added = got.tables.items[got.tables.items["item"] == "tea"].iloc[0]
    assert got.counts["items_added"] == 1
    assert (added["title"], added["text"], added["brand"]) == ("tea", "", "") and np.isnan(added["price"])


def test_a_second_row_for_the_same_item(tmp_path):
    got = read(
        write(tmp_path, GOOD), items=catalogue(tmp_path, [*ITEMS, "tea,Other tea,,1,Acme"]), text=["title"]
    )
    assert got.rejects[["file", "line", "reason"]].values.tolist() == [["items.csv", 38, "duplicate item id"]]
    assert got.tables.items["title"].iloc[0] == "Tea"
    assert got.counts["rejected"] == 0 and got.counts["rejected_elsewhere"] == 1


def test_text_in_the_price(tmp_path):
    got = read(
        write(tmp_path, GOOD), items=catalogue(tmp_path, [*ITEMS, "ink,Ink,,cheap,Acme"]), text=["title"]
    )
    assert got.rejects.empty and "ink" in got.tables.items["item"].tolist()  # an attribute costs no item
    assert np.isnan(got.tables.items.set_index("item")["price"]["ink"])
    assert any("price" in note and "'cheap'" in note for note in got.notes)


def test_items_from_the_lines_of_the_interactions(tmp_path):
    lines = [f"{line},{line.split(',')[1].upper()}" for line in GOOD]
    lines[0] += " (SALE)"
    got = read(write(tmp_path, lines, header=HEADER + ",label"), text=["label"])
    assert got.tables.items.loc[0, ["item", "title", "text"]].tolist() == ["tea", "TEA", "TEA"]


def test_a_text_column_that_is_not_there(tmp_path):
    with pytest.raises(IngestError, match=r"items.csv, line 1: no column 'plot'"):
        read(write(tmp_path, GOOD), items=catalogue(tmp_path, ITEMS), text=["title", "plot"])
    with pytest.raises(IngestError, match=r"stars.csv, line 1: no column 'plot'"):
        read(write(tmp_path, GOOD), text=["sku", "plot"])


def test_customers(tmp_path):
    people = write(
        tmp_path,
        ["ada,Ada,36,01234,yes", "ben,Ben,41,10115,no", "zed,Zed,,,no"],
        "people.csv",
        header="customer,name,age,zip,club",
    )
    got = read(write(tmp_path, GOOD), customers=people)
    table = got.tables.customers.set_index("user")
    assert (
        got.counts["customers_added"] == 3 and len(table) == 6
    )  # zed never bought anything and is a customer all the same
    assert table.loc["ada"].tolist() == ["Ada", 36.0, "01234", "yes"]
    assert table["age"].dtype == float and table["zip"].dtype == "str"


# ---- without ratings -------------------------------------------------------------------------------------


def test_purchases(tmp_path):
    again = [*GOOD, "ada,tea,2,1700000000"]
    got = read(write(tmp_path, again), rating=None, scale=None, weight="stars")
    assert got.tables.facts.scale is None and got.tables.facts.repeats
    assert (
        set(got.tables.interactions["event"]) == {"purchase"}
        and got.tables.interactions["rating"].isna().all()
    )
    assert not read(write(tmp_path, GOOD), rating=None, scale=None, weight="stars").tables.facts.repeats
    with pytest.raises(IngestError, match=r"the weight in .stars. is negative"):
        read(
            write(tmp_path, [line.replace(",1,", ",-1,") for line in GOOD]),
            rating=None,
            scale=None,
            weight="stars",
        )


def test_purchases_without_times_are_not_taken_for_copies(tmp_path):
    path = write(tmp_path, ["ada,tea", "ada,tea", "ben,tea"], header="customer,sku")
    tables = read(path, rating=None, scale=None, timestamp=None).tables
    assert len(tables.interactions) == 3 and tables.facts.repeats and not tables.facts.exact_timestamps


def test_events_by_column(tmp_path):
    lines = [
        f"{who},{what},{kind},{1_600_000_000 + i}"
        for i, kind in enumerate(["buy", "look", "purchase"] * 10)
        for who, what in [(f"u{i}", "tea")]
    ]
    path = write(tmp_path, lines, header="customer,sku,kind,ts")
    with pytest.raises(
        IngestError, match=r"unknown kind of event \(20 rows, the first on line 2\).*say what the words mean"
    ):
        read(path, rating=None, scale=None, event="kind")
    tables = read(
        path, rating=None, scale=None, event="kind", events={"buy": "purchase", "look": "view"}
    ).tables
    assert tables.interactions["event"].value_counts().to_dict() == {"purchase": 20, "view": 10}
    assert tables.interactions.groupby("event")["weight"].first().to_dict() == {
        "purchase": 1.0,
        "view": pytest.approx(0.1),
    }


def test_nothing_relevant(tmp_path):
    path = write(tmp_path, [f"u{i},tea,view,{i}" for i in range(5)], header="customer,sku,kind,ts")
    with pytest.raises(SourceError, match=r"no interaction counts as relevant.*the events are {'view': 5}"):
        read(path, rating=None, scale=None, event="kind")


# ---- filters, snapshots ----------------------------------------------------------------------------------


def test_min_ratings_and_k_core(tmp_path):
    lines = [*GOOD, "flo,tea,3,1600009999", "flo,hat,3,1600009999"]
    card = card_from_options(
        FileOptions(write(tmp_path, lines), "customer", "sku", rating="stars", scale=(1, 5), timestamp="ts")
    )
    few = ingest(card, min_ratings=3)
    assert few.filtered == {"customer with fewer than 3 ratings": 2} and few.counts["customers"] == 5
    assert few.counts["items"] == 7  # the catalogue stays whole
    core = ingest(card, k_core=2)
    assert core.filtered == {"outside the 2-core": 2} and core.counts["items"] == 6
    assert core.tables.interactions["row"].tolist() == list(range(30))
    assert core.counts["rows"] == core.counts["kept"] + core.counts["filtered"] + core.counts["rejected"]
    with pytest.raises(SourceError, match="no interactions are left, all were filtered"):
        ingest(card, k_core=10)


def test_a_snapshot_is_named_by_its_content(tmp_path):
    path = write(tmp_path, [*GOOD, "ada,jar,nine,1600000000"])
    first, again = save_snapshot(read(path), tmp_path / "a"), save_snapshot(read(path), tmp_path / "b")
    assert first.name == again.name and first.name.startswith("stars-")
    tables, manifest = load_snapshot(first)
    assert isinstance(tables, Tables) and manifest["counts"]["rejected"] == 1
    assert pd.read_csv(first / "rejects.csv")["reason"].tolist() == ["the rating is not a number"]
    other = save_snapshot(read(write(tmp_path, GOOD)), tmp_path / "a")
    assert other.name != first.name
    assert not [path for path in (tmp_path / "a").iterdir() if path.name.startswith(".")]


def test_a_snapshot_that_was_touched_is_refused(tmp_path):
    folder = save_snapshot(read(write(tmp_path, GOOD)), tmp_path)
    (folder / "items.parquet").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"items.parquet has changed since it was written"):
        load_snapshot(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(SourceError, match=r"has no manifest.json"):
        load_snapshot(folder)


def test_a_card_of_ones_own(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "mine.toml").write_text(
        '[facts]\nname = "mine"\nscale = [1, 5]\n[interactions]\nfile = "stars.csv"\n'
        'columns = { user = "customer", item = "sku", rating = "stars", timestamp = "ts" }\n'
    )
    card = read_card(tmp_path / "mine.toml")
    assert locate_files(card) == tmp_path
    pd.testing.assert_frame_equal(
        ingest(tmp_path / "mine.toml").tables.interactions, read(tmp_path / "stars.csv").tables.interactions
    )


# ---- real data -------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "rows", "customers", "items", "touched"),
    [
        ("ml-100k", 100_000, 943, 1_682, 1_682),
        ("ml-1m", 1_000_209, 6_040, 3_883, 3_706),
        ("ml-latest-small", 100_836, 610, 9_742, 9_724),
    ],
)
def test_movielens(test_data, tmp_path, name, rows, customers, items, touched):
    got = ingest(name, locate_files(read_card(name), test_data))
    tables = got.tables
    assert (len(tables.interactions), len(tables.customers), len(tables.items)) == (rows, customers, items)
    assert tables.interactions["item"].nunique() == touched and len(got.rejects) == 0
    assert tables.facts.exact_timestamps == (name != "ml-1m")  # the copy here was rebuilt
    assert tables.items["title"].iloc[0] == "Toy Story (1995)" and "Comedy" in tables.items["category"].iloc[
        0
    ].split("|")
    assert (
        tables.items["text"].iloc[0].startswith("Toy Story (1995)\n")
        and len(tables.items["text"].iloc[0]) > 300
    )
    if name != "ml-latest-small":
        assert {"age", "gender", "occupation"} < set(tables.customers) and "zip" not in tables.customers
        assert any("é" in title for title in tables.items["title"])  # latin-1 was read as such


@pytest.mark.data
def test_titles_and_genres_are_enough(test_data, tmp_path):
    for name in ("u.data", "u.item", "u.user"):
        (tmp_path / name).symlink_to(test_data / "ml-100k" / name)
    items = ingest("ml-100k", tmp_path).tables.items
    assert items["text"].iloc[0] == "Toy Story (1995)\nAnimation, Children's, Comedy"


@pytest.mark.data
def test_online_retail(test_data):
    got = ingest("online-retail", locate_files(read_card("online-retail"), test_data))
    assert got.counts["rows"] == 541_909 and got.filtered["no customer"] == 135_080
    postage = next(n for reason, n in got.filtered.items() if reason.startswith("not a product"))
    assert got.counts["kept"] + postage == 397_884
    tables = got.tables
    assert len(tables.interactions) == got.counts["kept"] == 396_337
    assert (len(tables.customers), len(tables.items)) == (4_334, 3_659)
    assert not {"POST", "M", "DOT", "C2", "PADS", "BANK CHARGES"} & set(tables.items["item"])
    assert tables.interactions.duplicated(
        ["user", "item", "timestamp"]
    ).any()  # equal lines of one invoice are kept
    assert tables.facts.scale is None and tables.facts.repeats and tables.facts.exact_timestamps
    heart = tables.items.set_index("item").loc["85123A"]
    assert heart["title"] == "WHITE HANGING HEART T-LIGHT HOLDER" and heart["price"] == 2.95
    assert tables.interactions["timestamp"].iloc[0] == pd.Timestamp("2010-12-01 08:26", tz="UTC").timestamp()


@pytest.mark.data
def test_online_retail_before_the_rule_about_products(test_data):
    card = read_card("online-retail")
    rules = [rule for rule in card.interactions.filters if not rule.reason.startswith("not a product")]
    got = ingest(
        card.model_copy(update={"interactions": card.interactions.model_copy(update={"filters": rules})}),
        test_data / "online-retail",
    )
    assert (got.counts["kept"], got.counts["customers"], got.counts["items"]) == (397_884, 4_338, 3_665)


@pytest.mark.data
def test_online_retail_as_the_spreadsheet_it_is_published_as(test_data, tmp_path):
    lines = pd.read_parquet(test_data / "online-retail/online_retail.parquet").head(3000)
    codes = (
        lines["StockCode"].map(lambda code: int(code) if code.isdigit() else code).astype(object)
    )  # as in the original: numbers and texts
    lines.assign(StockCode=codes).to_excel(tmp_path / "Online Retail.xlsx", index=False)
    (tmp_path / "p").mkdir()
    lines.to_parquet(tmp_path / "p/online_retail.parquet")
    sheet, table = ingest("online-retail", tmp_path), ingest("online-retail", tmp_path / "p")
    assert sheet.filtered == table.filtered and sheet.counts == table.counts
    assert sha256_of_table(sheet.tables.interactions) == sha256_of_table(table.tables.interactions)
    pd.testing.assert_frame_equal(sheet.tables.items, table.tables.items)
    pd.testing.assert_frame_equal(sheet.tables.customers, table.tables.customers)


# ---- the demo --------------------------------------------------------------------------------------------


def test_a_small_simulated_shop(tmp_path):
    (tmp_path / "small.toml").write_text(
        '[facts]\nname = "small"\n[simulate]\nseed = 1\nn_customers = 60\nn_items = 40\ndays = 30\n'
    )
    assert locate_files(read_card(tmp_path / "small.toml")) is None
    first, again = ingest(tmp_path / "small.toml"), ingest(tmp_path / "small.toml")
    assert (first.counts["customers"], first.counts["items"]) == (60, 40)
    assert save_snapshot(first, tmp_path) == save_snapshot(again, tmp_path)
