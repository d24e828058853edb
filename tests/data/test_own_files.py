"Files as people have them, named by options: read right, or told in one sentence which option is missing"

import bz2
import gzip
import io
import json
import lzma
import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import typer

from customer360.cli import app
from customer360.cli_options import ReportOptions
from customer360.data.card_parts import naming
from customer360.data.cards import IngestError, SourceError, read_card
from customer360.data.ingest import IngestResult, ingest
from customer360.data.ingest_store import ingest_into_store
from customer360.data.kept_cards import card_to_toml
from customer360.data.raw import RawStore
from customer360.data.store.facade import Store

STARS = "user,item,stars\nada,tea,5\nben,mug,4\nada,pot,3\nben,tea,2\n"
NAMED = "--user user --item item --rating stars --scale 1,5"
ROWS = [("ada", "tea", 5.0), ("ben", "mug", 4.0), ("ada", "pot", 3.0), ("ben", "tea", 2.0)]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def options(line: str) -> ReportOptions:
    "What a person types behind `c360 report`"
    command = typer.main.get_command(app).commands["report"]
    return ReportOptions(**command.make_context("report", shlex.split(line)).params)


def read(line: str) -> IngestResult:
    with naming("options"):
        return ingest(options(line).source().card)


def rows(line: str, *columns: str) -> list[tuple]:
    table = read(line).tables.interactions
    return list(table[list(columns or ("user", "item", "rating"))].itertuples(index=False, name=None))


def refused(line: str) -> str:
    with pytest.raises(ValueError) as error:
        read(line)
    return str(error.value)


# ---- without a header line -----------------------------------------------------------------------------------------

BARE = STARS.partition("\n")[2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BARE, "--user 1 --item 2 --rating 3"),
        (BARE, "--columns user,item,stars --user user --item item --rating stars"),
        (BARE.replace(",", "\t"), "--columns who,what,stars --user who --item what --rating stars"),
        (BARE.replace(",", "::"), "--separator :: --user 1 --item 2 --rating 3"),
        (BARE.replace("\n", ",x\n"), "--columns numbers --user 1 --item 2 --rating 3"),
        (
            '"' + BARE.strip().replace(",", '","').replace("\n", '"\n"') + '"\n',
            "--user 1 --item 2 --rating 3",
        ),
    ],
)
def test_columns_of_a_file_without_a_header_line(text, line):
    Path("mine.data").write_text(text)
    assert rows(f"--interactions mine.data {line} --scale 1,5") == ROWS


def test_a_first_line_that_is_data_is_told(tmp_path):
    Path("mine.data").write_text(BARE)
    said = refused(f"--interactions mine.data {NAMED}")
    assert "no column 'user' among ['ada', 'tea', '5']" in said
    assert (
        "The first line looks like data: add --columns user,item,..., or name the columns by their numbers"
        in said
    )
    Path("mine.toml").write_text(
        '[facts]\nname = "mine"\n[interactions]\nfile = "mine.data"\ncolumns = { user = "u", item = "i" }\n'
    )
    with naming("card"), pytest.raises(IngestError) as error:
        ingest(read_card("mine.toml"))
    assert 'state names = ["user", ...] on the card, or' in str(error.value) and "--" not in str(error.value)


# ---- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "rating"),
    [
        ('user,item,stars\nada,tea,"4,5"\n', "--decimal ,", 4.5),
        ("user;item;stars\nada;tea;4,5\n", "--decimal , --separator ';'", 4.5),
        ("user\titem\tstars\nada\ttea\t4,5\n", "--decimal , --separator tab", 4.5),
        ("user;item;stars\nada;tea;1.004,5\n", "--decimal , --thousands . --scale 1,2000", 1004.5),
        ("user|item|stars\nada|tea|1'004.5\n", '--thousands "\'" --scale 1,2000', 1004.5),
    ],
)
def test_numbers_as_other_countries_write_them(text, line, rating):
    Path("r.csv").write_text(text)
    assert rows(f"--interactions r.csv {NAMED} {line}") == [("ada", "tea", rating)]


def test_a_decimal_comma_names_its_option():
    Path("r.csv").write_text('user,item,stars\nada,tea,"4,5"\nben,tea,"3,5"\n')
    said = refused(f"--interactions r.csv {NAMED}")
    assert 'add --decimal ","' in said and "on the card" not in said


# ---- words ---------------------------------------------------------------------------------------------------------

VIEWS = "visitor,item,event\nada,tea,view\nada,tea,addtocart\nben,tea,transaction\nben,mug,view\n"


@pytest.mark.parametrize(
    ("line", "events", "relevant"),
    [
        (
            "--events addtocart=cart,transaction=purchase",
            ["view", "cart", "purchase", "view"],
            {"purchase": None, "like": None, "rating": None},
        ),
        (
            "--events addtocart=cart,transaction=purchase --relevant cart,purchase",
            ["view", "cart", "purchase", "view"],
            {"cart": None, "purchase": None},
        ),
        ("--where event=view --relevant view", ["view", "view"], {"view": None}),
        (
            "--events addtocart=like --where event!=transaction --relevant like",
            ["view", "like", "view"],
            {"like": None},
        ),
        (
            "--events 'addtocart = cart, transaction = purchase' --where 'event~view|trans.*' --relevant view,purchase",
            ["view", "purchase", "view"],
            {"view": None, "purchase": None},
        ),
    ],
)
def test_words_for_events(line, events, relevant):
    Path("e.csv").write_text(VIEWS)
    got = read(f"--interactions e.csv --user visitor --item item --event event {line}")
    assert got.tables.interactions["event"].tolist() == events
    assert {str(kind): low for kind, low in got.tables.facts.relevant.items()} == relevant


def test_views_without_a_column_of_events():
    Path("e.csv").write_text("user,item\nada,tea\n")
    assert rows("--interactions e.csv --user user --item item --relevant view", "event") == [("view",)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--events addtocart=basket", "a kind is one of impression, view, click, cart, purchase"),
        ("--events cart", "--events is word=kind, such as addtocart=cart"),
        (
            "--relevant bought",
            "--relevant is a rating, such as 4, or kinds of event, such as view or rating=4",
        ),
        ("--where stars", "--where is a column, a comparison (= != < <= > >= ~) and a value: got 'stars'"),
        ("--where 'stars>many'", "compares with 'many', which is not a number"),
        ("--where 'star>1'", "no column 'star' among ['user', 'item', 'stars']. Did you mean 'stars'"),
        ("--ids item=(.*", "ids: '(.*' is not a regular expression"),
        (
            "--ids sku=lower",
            "--ids is a rule for user, for item or for both, such as item=number: got 'sku=lower'",
        ),
        ("--duplicates drop", "duplicates: Input should be 'reject' or 'keep'"),
        ("--join other.csv:item", "--join: there is no file other.csv"),
        ("--join other.csv", "--join is a file and a key, such as orders.csv:order_id: got 'other.csv'"),
        ("--format excel", "format: Input should be 'auto', 'csv', 'jsonl'"),
    ],
)
def test_what_cannot_be_meant_is_refused(line, said):
    Path("r.csv").write_text(STARS)
    assert said in refused(f"--interactions r.csv {NAMED} {line}")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("--where 'stars>0'", 4),
        ("--where 'stars>=3' --where item!=pot", 2),
        ("--where stars=5", 1),
        ("--where 'stars < 4.5'", 3),
        ("--where item=tea", 2),
        ("--where 'item~t.*|mug'", 3),
    ],
)
def test_which_rows_count(line, left):
    Path("r.csv").write_text(STARS)
    got = read(f"--interactions r.csv {NAMED} {line}")
    assert len(got.tables.interactions) == left and sum(got.filtered.values()) == 4 - left


@pytest.mark.parametrize("word", ["NA", "NULL", r"\N", "?", "not rated"])
def test_words_for_nothing(word):
    many = "".join(f"u{i},tea,4\n" for i in range(40))
    Path("r.csv").write_text(STARS + many + f"{word},tea,3\n")
    got = read(f"--interactions r.csv {NAMED} --missing 'none,{word}' --where item!=item")
    assert word not in set(got.tables.interactions["user"])


def test_what_to_do_is_said_in_the_words_of_the_reader():
    Path("r.csv").write_text(VIEWS)
    Path("twice.csv").write_text(STARS + BARE)
    named = "--user visitor --item item --event event"
    assert "say what the words mean: add --events word=cart" in refused(f"--interactions r.csv {named}")
    said = refused(f"--interactions r.csv {named} --where event=view")
    assert "To count one of them, add --relevant view" in said
    assert "if each counts, add --duplicates keep" in refused(f"--interactions twice.csv {NAMED}")
    assert len(rows(f"--interactions twice.csv {NAMED} --duplicates keep")) == 8


@pytest.mark.parametrize(("line", "user"), [("user=upper", "ADA"), ("item=.(.+),user=(.).*", "a")])
def test_how_ids_are_read(line, user):
    Path("r.csv").write_text(STARS)
    assert rows(f"--interactions r.csv {NAMED} --ids '{line}'")[0][0] == user


# ---- quotes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "line", "read_as"),
    [
        (r'"The \"Great\" one; again"', "", 'The "Great" one; again'),
        (r'"The \"Great\" one; again"', r"--escape '\'", 'The "Great" one; again'),
        ('"The ""Great"" one; again"', "", 'The "Great" one; again'),
        ("'The Great one; again'", '--quote "\'"', "The Great one; again"),
        (r'"ends with \\"', r"--escape '\'", "ends with \\"),
        (r'"back\slash"', "", r"back\slash"),
        ('say "hello', "--quote none", 'say "hello'),
    ],
)
def test_quotes_in_quotes(title, line, read_as):
    plain = "".join(f"i{i};Plain {i}\n" for i in range(30))
    plain = (
        plain
        if line == "--quote none"
        else plain + f'i99;"Quoted {title[0] == chr(34)}"\n'.replace('"', title[0])
    )
    Path("books.csv").write_text(f"item;title\ni0x;{title}\n{plain}")
    Path("r.csv").write_text("user;item\nada;i0x\nben;i1\n")
    got = read(f"--interactions r.csv --user user --item item --items books.csv --title title {line}")
    assert got.tables.items.set_index("item")["title"]["i0x"] == read_as
    assert not len(got.rejects)


def test_null_of_a_database_survives_the_backslash():
    Path("r.csv").write_text('user,item,note\nada,tea,"a \\"b\\", c"\nben,mug,\\N\n')
    got = read(r"--interactions r.csv --user user --item item --title note --missing '\N'")
    assert got.tables.items["title"].tolist() == ['a "b", c', "mug"]


# ---- formats -------------------------------------------------------------------------------------------------------

OBJECTS = [dict(zip(("user", "item", "stars"), row, strict=True)) for row in ROWS]
SHAPES: dict[str, Callable[[], str]] = {
    "lines": lambda: "".join(json.dumps(row) + "\n" for row in OBJECTS),
    "dictionaries of Python": lambda: "".join(f"{row}\n" for row in OBJECTS),
    "with None": lambda: "".join(str(row | {"note": None, "it": "it's"}) + "\n" for row in OBJECTS),
    "a list": lambda: json.dumps(OBJECTS),
    "a list over lines": lambda: json.dumps(OBJECTS, indent=2),
    "a list of lines": lambda: "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n",
    "under a key": lambda: json.dumps({"exported": "today", "tags": [1, 2], "records": OBJECTS, "n": 4}),
    "under a key, over lines": lambda: json.dumps({"records": OBJECTS}, indent=1),
    "objects over lines": lambda: "".join(json.dumps(row, indent=1) + "\n" for row in OBJECTS),
    "with a byte order mark": lambda: "\ufeff" + json.dumps(OBJECTS),
}


@pytest.mark.parametrize("name", ["reviews_5.json.gz", "reviews.csv"])
@pytest.mark.parametrize("shape", SHAPES)
def test_json_of_every_shape_under_every_name(name, shape):
    data = SHAPES[shape]().encode()
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert rows(f"--interactions {name} {NAMED}") == ROWS


@pytest.mark.parametrize("stated", ["json", "jsonl"])
def test_the_format_of_json_may_be_stated(stated):
    for shape in ("lines", "a list"):
        Path("x.dat").write_text(SHAPES[shape]())
        assert rows(f"--interactions x.dat --format {stated} {NAMED}") == ROWS


def test_lines_that_cannot_be_read_come_before_columns_that_are_not_there():
    Path("x.jsonl").write_text("".join(f"2024 {json.dumps(row)}\n" for row in OBJECTS))
    said = refused(f"--interactions x.jsonl {NAMED}")
    assert (
        "none of 4 lines can be read: invalid JSON" in said and "'2024 {" in said and "no column" not in said
    )


def _packed(kind: str, data: bytes) -> bytes:
    if kind == "zip":
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w") as archive:
            archive.writestr("__MACOSX/._r.csv", "x")
            archive.writestr("export/r.csv", data)
        return box.getvalue()
    return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](data)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
@pytest.mark.parametrize("name", ["r.csv.{}", "r.csv", "export"])
def test_a_packed_file_is_unpacked_whatever_its_name(kind, name):
    Path(name.format(kind)).write_bytes(_packed(kind, STARS.encode()))
    assert rows(f"--interactions {name.format(kind)} {NAMED} --name r") == ROWS


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_packed_by_newer_ways(kind):
    with pa.CompressedOutputStream(pa.OSFile("r.csv.packed", "wb"), kind) as file:
        file.write(STARS.encode())
    assert rows(f"--interactions r.csv.packed {NAMED}") == ROWS


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_packed_file_that_is_cut_off_is_told(kind):
    Path("r.csv").write_bytes(_packed(kind, (STARS * 500).encode())[:-12])
    assert "r.csv: the file cannot be read" in refused(f"--interactions r.csv {NAMED}")


def test_an_archive_of_several_files_names_them():
    with zipfile.ZipFile("all.zip", "w") as box:
        box.writestr("a.csv", STARS)
        box.writestr("b.csv", STARS)
    assert "a zip archive of 2 files (a.csv, b.csv). Unpack it" in refused(f"--interactions all.zip {NAMED}")


@pytest.mark.parametrize("name", ["r.csv", "r.xlsx", "data"])
def test_spreadsheets_and_parquet_by_content(name):
    frame = pd.DataFrame(OBJECTS)
    frame.to_excel("x.xlsx", index=False)
    Path("x.xlsx").rename(name)
    assert rows(f"--interactions {name} {NAMED}") == ROWS
    frame.to_parquet(name)
    assert rows(f"--interactions {name} {NAMED}") == ROWS


# ---- several files as one ------------------------------------------------------------------------------------------


def parts(folder: str = "parts") -> None:
    "Two parts of the stars, and what Spark leaves beside them"
    Path(folder).mkdir()
    Path(folder, "part-0.csv").write_text("".join(STARS.splitlines(True)[:3]))
    Path(folder, "part-1.csv").write_text("".join(STARS.splitlines(True)[:1] + STARS.splitlines(True)[3:]))
    Path(folder, "_SUCCESS").touch()


@pytest.mark.parametrize(
    "named",
    [
        "parts",
        "'parts/*.csv'",
        "'parts/part-?.csv'",
        "parts/part-0.csv,parts/part-1.csv",
        "'parts/part-0.csv, parts/part-1.csv'",
    ],
)
def test_several_files_are_read_as_one(named):
    parts()
    assert rows(f"--interactions {named} {NAMED}") == ROWS


def test_a_bad_row_is_told_with_the_file_that_it_is_in():
    parts()
    whole = ["user,item,stars", *(f"u{i},i{i % 5},4" for i in range(60))]
    Path("parts/part-1.csv").write_text("\n".join([*whole, "ada,tea,six", "too,few"]))
    got = read(f"--interactions parts {NAMED}")
    assert got.rejects[["file", "line"]].values.tolist() == [["part-1.csv", 62], ["part-1.csv", 63]]
    assert [source["file"] for source in got.sources] == ["part-0.csv", "part-1.csv"]


def test_one_part_without_the_columns_is_named():
    parts()
    Path("parts/part-2.csv").write_text("customer,item,stars\nada,tea,1\n")
    assert "part-2.csv, line 1: no column 'user'" in refused(f"--interactions parts {NAMED}")


def test_no_file_where_several_are_named():
    parts()
    assert "--interactions: there is no file parts/none-*.csv" in refused(
        f"--interactions 'parts/none-*.csv' {NAMED}"
    )
    assert "there is no file parts/b.csv" in refused(f"--interactions parts/part-0.csv,parts/b.csv {NAMED}")


# ---- other shapes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("User,tea,mug,pot\nada,5,,3\nben,2,4,\n", "--user User", [("ada", "tea", 5), ("ada", "pot", 3), ("ben", "tea", 2), ("ben", "mug", 4)]),
        ("tea,mug\n5,99\n99,4\n", "--user row --missing 99", [("1", "tea", 5), ("2", "mug", 4)]),
        ("2,5,99\n2,99,4\n", "--user row --columns numbers --missing 99 --where 'item!=1'", [("1", "2", 5), ("2", "3", 4)]),
        ("tea;who;mug\n4,5;ada;\n", "--user who --decimal , --item thing --rating stars", [("ada", "tea", 4.5)]),
        ("who,tea,mug\nada,5,0\nben,0,4\n", "--user who --where 'rating>0'", [("ada", "tea", 5), ("ben", "mug", 4)]),
    ],
)  # fmt: skip
def test_a_table_of_customers_by_items(text, line, found):
    Path("wide.csv").write_text(text)
    assert rows(f"--interactions wide.csv --wide --scale 1,5 {line}") == found


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_a_wide_table_of_typed_cells(form):
    frame = pd.DataFrame({"who": ["ada", "ben"], "tea": [5.0, None], "mug": [None, 4.5]})
    frame.to_parquet("wide.parquet") if form == "parquet" else frame.to_excel("wide.xlsx", index=False)
    found = rows(f"--interactions wide.{form} --wide --scale 1,5 --user who")
    assert found == [("ada", "tea", 5), ("ben", "mug", 4.5)]


def test_a_wide_table_is_recognised():
    Path("wide.csv").write_text("User,Item 0,Item 1,Item 2,Item 3,Item 4\nu0,5,,1,,2\nu1,,3,,4,\n")
    said = refused("--interactions wide.csv --user User --item item --rating score --scale 1,5")
    assert (
        "if each column is an item, such as 'Item 4', and each line a customer, add --wide"
        in said.replace("If", "if")
    )
    assert "needs --scale and --user" in refused("--interactions wide.csv --wide")


def test_orders_and_their_lines():
    Path("orders.csv").write_text("order_id,user_id,day\n1,ada,2024-01-05\n2,ben,2024-02-06\n")
    Path("lines.csv").write_text("order_id,product\n1,tea\n2,tea\n2,mug\n")
    line = "--interactions lines.csv --join orders.csv:order_id --user user_id --item product --timestamp day"
    assert rows(line, "user", "item") == [("ada", "tea"), ("ben", "tea"), ("ben", "mug")]
    assert read(line).tables.interactions["timestamp"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("orders", "key", "said"),
    [
        ("order_id,user_id\n1,ada\n1,ben\n", "order_id", "the key order_id is there twice ('1')"),
        (
            "order_id,user_id\n7,ada\n8,ben\n",
            "order_id",
            "rows have no order_id that is in orders.csv: here '1', there '7'",
        ),
        (
            "id,user_id\n1,ada\n2,ben\n",
            "order_id",
            "orders.csv, line 1: no column 'order_id' among ['id', 'user_id']",
        ),
        (
            "id,user_id\n1,ada\n2,ben\n",
            "number=id",
            "lines.csv, line 1: no column 'number' among ['order_id', 'product']",
        ),
        (
            "order_id,user\n1,ada\n2,ben\n",
            "order_id",
            "no column 'user_id' among ['order_id', 'product', 'user']",
        ),
    ],
)
def test_a_join_that_cannot_be_made(orders, key, said):
    Path("orders.csv").write_text(orders)
    Path("lines.csv").write_text("order_id,product\n1,tea\n2,tea\n")
    assert said in refused(f"--interactions lines.csv --join orders.csv:{key} --user user_id --item product")


def test_rows_without_a_match_are_rejected_and_another_name_of_the_key():
    Path("orders.csv").write_text("id,user_id\n" + "".join(f"{i},u{i}\n" for i in range(50)))
    Path("lines.csv").write_text("order,product\n" + "".join(f"{i},p{i % 7}\n" for i in range(51)))
    got = read("--interactions lines.csv --join orders.csv:order=id --user user_id --item product")
    assert got.counts["kept"] == 50 and got.rejects["reason"].tolist() == ["missing user id"]


# ---- the store, the card, the limits -------------------------------------------------------------------------------

COMBINED = {
    "a folder": f"parts {NAMED}",
    "a wide table": "wide.csv --wide --user User --scale 1,5",
    "a join": "lines.csv --join orders.csv:order_id --user user_id --item product",
    "a list of objects": f"list.json {NAMED}",
    "packed": f"r.csv.xz {NAMED}",
}


@pytest.mark.parametrize("kind", COMBINED)
def test_the_store_gets_the_same_rows_and_a_second_time_nothing(tmp_path, kind):
    parts()
    Path("wide.csv").write_text("User,tea,mug\nada,5,\nben,2,4\n")
    Path("orders.csv").write_text("order_id,user_id\n1,ada\n2,ben\n")
    Path("lines.csv").write_text("order_id,product\n1,tea\n2,tea\n2,mug\n")
    Path("list.json").write_text(json.dumps(OBJECTS))
    Path("r.csv.xz").write_bytes(lzma.compress(STARS.encode()))
    card = options(f"--interactions {COMBINED[kind]} --name mine").source().card
    expected = ingest(card).tables.interactions
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        raw = RawStore(tmp_path / "raw")
        found = ingest_into_store(card, tmp_path, store, raw, progress=False)
        tables = store.interactions.tables(card.facts)
        again = ingest_into_store(card, tmp_path, store, raw, progress=False)
    assert found.new == len(expected) and again.new == 0
    pairs = [frame[["user", "item", "rating"]].values.tolist() for frame in (tables.interactions, expected)]
    assert sorted(map(str, pairs[0])) == sorted(map(str, pairs[1]))


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
def test_an_erased_customer_leaves_packed_copies_too(tmp_path, kind):
    Path(f"r.csv.{kind}").write_bytes(_packed(kind, STARS.encode()))
    card = options(f"--interactions r.csv.{kind} {NAMED}").source().card
    raw = RawStore(tmp_path / "raw")
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        ingest_into_store(card, tmp_path, store, raw, progress=False)
    [change] = raw.rewrite_without(["ada"])
    [entry] = raw.manifests()[0]["objects"]
    copy = raw.fetch(entry["sha256"], tmp_path / entry["file"])
    assert change["rows"] == 2 and change["sha256"] == entry["sha256"]
    assert [row[0] for row in rows(f"--interactions {copy} {NAMED} --name again")] == ["ben", "ben"]


def test_everything_that_options_say_stands_on_a_card():
    Path("orders.csv").write_text("order_id,user_id,stars\n1,ada,5\n2,ben,4\n3,ada,0\n")
    Path("lines.csv").write_text("1;tea\n2;'t;ea'\n3;NA\n")
    line = "--interactions lines.csv --columns order_id,product --join orders.csv:order_id --user user_id --item product"
    line += " --rating stars --scale 1,5 --where 'stars>0' --missing NA --quote \"'\" --relevant rating=4 --format csv"
    card = options(line).source().card
    Path("kept.toml").write_text(card_to_toml(card))
    by_card, by_options = ingest(read_card("kept.toml")), read(line)
    pd.testing.assert_frame_equal(by_card.tables.interactions, by_options.tables.interactions)
    assert by_card.tables.facts == by_options.tables.facts and by_card.counts == by_options.counts


@pytest.mark.parametrize(
    "command", ["report", "train", "evaluate", "tune", "ingest", "recommend", "data describe", "data quality"]
)
def test_every_command_takes_the_same_options(command):
    found = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    there = {name for parameter in found.params for name in parameter.opts}
    wanted = [
        "interactions",
        "columns",
        "events",
        "missing",
        "where",
        "wide",
        "join",
        "format",
        "min-ratings",
        "k-core",
    ]
    assert {f"--{name}" for name in wanted} <= there


def test_limits_of_activity_on_a_card():
    Path("r.csv").write_text(STARS + "cem,tea,1\n")
    text = card_to_toml(options(f"--interactions r.csv {NAMED}").source().card)
    for key, left in (("min_ratings = 2", {"ada", "ben"}), ("k_core = 2", {"ada", "ben", "cem"} - {"cem"})):
        Path("my.toml").write_text(re.sub(r"(\[interactions\]\n)", rf"\1{key}\n", text))
        if key.startswith("min"):
            assert set(ingest(read_card("my.toml")).tables.interactions["user"]) == left
        else:
            with pytest.raises(SourceError, match="outside the 2-core"):
                ingest(read_card("my.toml"))
    assert set(ingest(read_card("my.toml"), min_ratings=1, k_core=1).tables.interactions["user"]) == left | {
        "cem"
    }


def test_limits_of_activity_as_options(tmp_path, monkeypatch):
    Path("r.csv").write_text(STARS + "cem,tea,1\n")
    assert {row[0] for row in rows(f"--interactions r.csv {NAMED} --min-ratings 2")} == {"ada", "ben"}
    command = typer.main.get_command(app).commands["ingest"]
    with pytest.raises(ValueError, match="leave out rows when a model is trained, not when they are stored"):
        command.invoke(command.make_context("ingest", ["--k-core", "2"]))
