"""Kinds of strangers' files: the command that the first look prints is run as it stands, or the reason is told."""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from customer360.cli import app
from customer360.cli_options import ReportOptions
from customer360.data.cards import SourceError, parse_card
from customer360.data.ingest import IngestResult, ingest
from customer360.data.look import command_line, likely_options, look_at_file
from customer360.data.look_text import card_text, describe_look, left_out, open_questions
from customer360.evaluation.pipeline import ingest_stage

PAIRS = [(u, (u * 3 + k * 2) % 15, u + k) for u in range(20) for k in range(7)]  # customer, item, a number
REPORT = typer.main.get_command(app).commands["report"]


@pytest.fixture(autouse=True)
def _here(own_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(cell: Callable[[int], str], sep: str = ",") -> list[str]:
    return [sep.join((f"u{u}", f"i{i}", cell(n))) for u, i, n in PAIRS]


def write(lines: list[str], name: str = "mine.csv") -> Path:
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(name)


def run(command: str) -> IngestResult:
    "What the printed command reads; the card says the same"
    words = shlex.split(command)
    assert words[:2] == ["c360", "report"]
    options = ReportOptions(**REPORT.make_context("report", words[2:]).params)
    return ingest_stage(options.source())[1]


def look(path: Path | str, kept: int) -> tuple[str, str, IngestResult]:
    "Run the command and the card of a file; return the command, what is asked and left out, and what is read"
    found = look_at_file(path)
    line = command_line(likely_options(found))
    got = run(line)
    assert got.counts["kept"] == kept and got.counts["rejected"] == 0, (line, got.counts)
    text = card_text(found, Path.cwd())
    assert ingest(parse_card(text, Path.cwd())).counts == got.counts, text
    assert '"file" =' not in text and "--" not in text.split("[facts]")[1]
    return line, "\n".join([*open_questions(found), *left_out(found)]), got


READ = {  # header, a cell, what the command has, what is asked
    "decimal comma": ("user,item,rating", lambda n: f'"{1 + n % 4},5"', "--rating rating --scale 1,5 --decimal ,", ""),
    "decimal comma, semicolons": ("Kunde;Artikel;Bewertung", lambda n: f"{1 + n % 4},5", "--decimal ,", ""),
    "three decimals": ("user,item,score", lambda n: f'"{1 + n % 5},000"', "--scale 1,5 --decimal ,", "--thousands ,"),
    "up and down": ("user,item,vote", lambda n: ("up", "down")[n % 2], "--event vote --events", "is it an opinion"),
    "True and False": ("user,item,liked", lambda n: str(n % 2 == 0), "True=like", "False = dismiss"),
    "thumbs": ("user,item,feedback", lambda n: ("thumbs up", "thumbs down")[n % 2], "thumbs up=like", "opinion"),
    "likes": ("user,item,like", lambda n: ("1", "-1")[n % 2], "--rating like --scale -1,1", "below 0 is a dislike"),
    "votes": ("user,item,vote", lambda n: ("-1", "0", "1")[n % 3], "--scale -1,1", "--where 'vote!=0'"),
    "a smile scale": ("user,item,rating", lambda n: str(n % 21 - 10), "--scale -10,10", "0 and more a success"),
    "bought or not": ("user,item,rating", lambda n: str(n % 2), "--scale 0,1 --relevant rating=1", "--where 'rating!=0'"),
    "shares": ("user,item,score", lambda n: f"{n % 6 / 5:.1f}", "--scale 0,1", "--relevant 0.6 says"),
    "few zeros": ("user,item,rating", lambda n: str(n % 6), "--scale 0,5", "is 0 the lowest rating, or not rated?"),
    "units": ("Customer Name,Product Name,Stars (1-5)", lambda n: str(1 + n % 5), "--rating 'Stars (1-5)'", ""),
    "brackets": ("user [id],item [id],Rating [0-10]", lambda n: str(1 + n % 10), "--rating 'Rating [0-10]'", ""),
    "French": ("client,article,note", lambda n: str(1 + n % 5), "--user client --item article --rating note", ""),
    "Spanish": ("id_cliente,producto,puntuación", lambda n: str(1 + n % 5), "--rating 'puntuación'", ""),
    "German events": ("kunde;artikel;aktion", lambda n: ("gekauft", "angesehen")[n % 2], "gekauft=purchase", ""),
    "events with blanks": ("user,item,event", lambda n: ("BUY ", "view")[n % 2], "--events BUY=purchase", ""),
    "spoken events": ("user,item,action", lambda n: ("Add to cart", "buy")[n % 2], "'Add to cart=cart,buy=purchase'", ""),
    "quantities": ("kunde;sku;menge", lambda n: ("1.250,5", "2")[n % 2], "--weight menge --decimal , --thousands .", ""),
    "grouped": ("user;item;qty", lambda n: ("1,250", "3")[n % 2], "--weight qty --thousands ,", ""),
    "mixed ids": ("user,item,rating", lambda n: str(1 + n % 5), "--scale 1,5", "--relevant 4"),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_ratings_quantities_and_events_are_read(kind):
    header, cell, options, asked = READ[kind]
    line, said, _ = look(write([header, *rows(cell, ";" if ";" in header else ",")]), len(PAIRS))
    assert options in line.replace("'Add to cart=cart,", "'Add to cart=cart,"), line
    assert asked in said


TOLD = {  # header, a cell, what is said of it
    "percentages": ("user,item,rating", lambda n: f"{20 + n} %", "percentages such as '20 %': take the sign off"),
    "bare percentages": ("user,item,score", lambda n: f"{20 + n}%", "--scale 0,100"),
    "out of five": ("user,item,rating", lambda n: f"{1 + n % 5}/5", "keep the number in front, then --rating rating --scale 1,5"),
    "out of ten": ("user,item,note", lambda n: f"{n % 10} sur 10", "numbers out of 10"),
    "stars": ("user,item,rating", lambda n: "*" * (1 + n % 5), "write their number in their place"),
    "black stars": ("user,item,stars", lambda n: "★" * (1 + n % 5), "--rating stars --scale 1,5"),
    "with a word": ("user,item,rating", lambda n: f"{1 + n % 5} stars", "keep the number alone"),
    "grades": ("user,item,grade", lambda n: "ABCDE"[n % 5], "grades such as"),
    "words": ("user,item,rating", lambda n: ("awful", "fine", "great")[n % 3], "write a number for each"),
    "all the same": ("user,item,rating", lambda n: "3", "all are 3"),
    "no scale": ("user,item,score", lambda n: str(7 * n), "if they are ratings, --weight score if they count something"),
    "no name": ("user,item,x", lambda n: str(1 + n % 5), "if they are ratings, --rating x --scale 1,5"),
    "numbered events": ("user,item,behavior_type", lambda n: str(1 + n % 4), "--events 1=...,2=..."),
    "unknown events": ("user,item,event", lambda n: ("foo", "bar")[n % 2], "kinds of events without a known word"),
    "mixed dates": ("user,item,when", lambda n: ("03/04/2023", "2023-04-03")[n % 2], "not all written in one way"),
    "two ratings": ("user,item,rating,mark", lambda n: f"{1 + n % 5},{n % 10}/10", "mark: numbers out of 10"),
    "rating and quantity": ("user,item,rating,qty", lambda n: f"{1 + n % 5},{n}", "leave --rating out and add --weight qty"),
    "two times": ("user,item,created,updated_at", lambda n: f"2024-01-{1 + n:02d},2024-02-01", "created is taken"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOLD)
def test_what_is_left_out_is_named_with_the_reason(kind):
    header, cell, reason = TOLD[kind]
    path = write([header, *rows(cell)])
    assert reason in "\n".join(left_out(look_at_file(path)))
    assert run(command_line(likely_options(look_at_file(path)))).counts["kept"] == len(PAIRS)


BESIDES = {  # header, a cell, rows that are kept, what the command has
    "empty ratings": ("user,item,rating", lambda n: "" if n % 4 == 0 else str(1 + n % 5), "--where 'rating~.+'"),
    "words for none": ("user,item,rating", lambda n: "NA" if n % 4 == 0 else str(1 + n % 5), "--missing NA"),
    "own words": ("user,item,rating", lambda n: "skipped" if n % 4 == 0 else str(1 + n % 5), "--missing skipped"),
    "zeros": ("user,item,rating", lambda n: "0" if n % 4 == 0 else str(1 + n % 5), "--scale 1,5 --where 'rating!=0'"),
    "minus one": ("user,item,rating", lambda n: "-1" if n % 4 == 0 else str(1 + n % 10), "--where 'rating!=-1'"),
    "ninety-nine": ("user,item,rating", lambda n: "99" if n % 4 == 0 else str(1 + n % 5), "--where 'rating!=99'"),
    "returns": ("user;item;qty", lambda n: "-1" if n % 4 == 0 else "1.250,5", "--where 'qty>0' --decimal , --thousands ."),
    "none ordered": ("user,item,quantity", lambda n: "0" if n % 4 == 0 else "3", "--where 'quantity>0'"),
    "empty quantities": ("user,item,qty", lambda n: "" if n % 4 == 0 else "3", "--where 'qty~.+'"),
    "empty times": ("user,item,day", lambda n: "" if n % 4 == 0 else f"2024-01-{1 + n:02d}", "--where 'day~.+'"),
    "no end": ("user,item,day", lambda n: "9999-12-31" if n % 4 == 0 else "2024-01-31", "--where 'day!=9999-12-31'"),
    "no start": ("user,item,datum", lambda n: "01.01.1900" if n % 4 == 0 else "31.01.2024", "'datum!=01.01.1900'"),
    "no time": ("user,item,ts", lambda n: "0" if n % 4 == 0 else str(1_700_000_000 + n), "--where 'ts!=0'"),
    "unknown words": ("user,item,event", lambda n: "refund" if n % 4 == 0 else "buy", "--where 'event!=refund'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BESIDES)
def test_rows_without_what_is_needed_are_left_out_by_the_command(kind):
    header, cell, option = BESIDES[kind]
    kept = sum(n % 4 != 0 for *_, n in PAIRS)
    line, said, got = look(write([header, *rows(cell, ";" if ";" in header else ",")]), kept)
    assert option in line and sum(got.filtered.values()) == len(PAIRS) - kept
    assert "empty" in kind or said


WIDE = {
    "empty": ("customer,{}", "c{},{}", "", "--user customer --scale 1,5"),
    "zeros": ("customer,{}", "c{},{}", "0", "--scale 1,5 --missing 0"),
    "ninety-nine": ("who,{}", "c{},{}", "99", "--user who --scale 1,5 --missing 99"),
    "age": ("customer,age,{}", "c{},4{},{}", "", "--where 'item!=age'"),
    "age and country": (
        "customer,age,country,{}",
        "c{},3{},de,{}",
        "",
        "--where 'item!=age' --where 'item!=country'",
    ),
    "an index": (",customer,{}", "7{},c{},{}", "", "--where 'item~.+'"),
    "semicolons": ("Kunde;{}", "c{};{}", "", "--user Kunde"),
    "words": ("customer,{}", "c{},{}", "NA", "--missing NA"),
}


@pytest.mark.parametrize("kind", WIDE)
def test_a_table_of_customers_by_items(kind):
    header, row, nothing, options = WIDE[kind]
    sep = ";" if ";" in header else ","
    cells = {(u, i): str(1 + n % 5) for u, i, n in PAIRS}
    lines = [header.format(sep.join(f"p{i}" for i in range(15)))]
    for u in range(20):
        line = sep.join(cells.get((u, i), nothing) for i in range(15))
        lines.append(row.format(*[u] * (row.count("{}") - 1), line))
    line, said, got = look(write(lines), len(cells))
    assert "--wide" in line and options in line and got.counts["items"] == 15
    assert ("taken for something about the customers" in said) == ("age" in kind)


def test_jokes_without_a_header():
    lines = [
        ",".join(["7", *("99" if (n + k) % 2 else f"{(n * k) % 9 - 4}.25" for k in range(14))])
        for n in range(10)
    ]
    line, said, _ = look(write(lines), 70)
    assert "--wide" in line and "--user row --scale -10,10" in line and "--columns numbers" in line
    assert "--missing 99" in line and "--where 'item!=1'" in line and "1: taken for something" in said


def test_bought_or_not_in_a_wide_table():
    lines = ["customer," + ",".join(f"p{i}" for i in range(9))]
    lines += [f"c{n}," + ",".join(str((n * 3 + i) % 4) for i in range(9)) for n in range(12)]
    line, _, _ = look(write(lines), sum((n * 3 + i) % 4 > 0 for n in range(12) for i in range(9)))
    assert "--scale 1,3 --missing 0" in line


STAMPS = [datetime(2023, 3, 7, 22, 7, 43, tzinfo=UTC) + timedelta(days=3 * n, minutes=n) for n in range(27)]
DATES = (
    "%d-%b-%Y", "%B %d, %Y", "%d/%m/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%Y-%m", "%G-W%V", "%d.%m.%Y %H:%M",
    "%b %d, %Y %I:%M %p", "%a, %d %b %Y %H:%M:%S GMT", "%a %b %d %H:%M:%S EST %Y", "%Y%m%d", "%y%m%d", "%d/%m/%y", "%Y/%m/%d",
    "%m/%d/%Y, %I:%M:%S %p", "%d %B %Y", "%m/%Y", "%Y-%m-%d %H:%M:%S UTC",
)  # fmt: skip


@pytest.mark.parametrize("written", DATES)
def test_dates_are_read_in_the_format_that_is_printed(written):
    lines = [f'u{u},i{i},"{STAMPS[n % 27].strftime(written)}"' for u, i, n in PAIRS]
    line, _, got = look(write(["user,item,when", *lines]), len(PAIRS))
    days = got.tables.interactions["timestamp"]
    assert f"--time-format {shlex.quote(written)}" in line
    assert datetime.fromtimestamp(days.min(), UTC).strftime("%Y-%m") in ("2023-02", "2023-03")
    assert datetime.fromtimestamp(days.max(), UTC).strftime("%Y-%m") == "2023-05"


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("%d/%m/%Y", ("%d/%m/%Y", "%m/%d/%Y")),
        ("%m-%d-%Y", ("%d-%m-%Y", "%m-%d-%Y")),
        ("%d/%m/%y", ("%d/%m/%y", "%m/%d/%y")),
    ],
)
def test_days_that_may_be_months_are_asked_about(written, formats):
    days = [datetime(2003, m, d, tzinfo=UTC).strftime(written) for m in range(1, 13) for d in range(1, 13)]
    _, said, _ = look(write(["user,item,when", *rows(lambda n: days[n * 5 % 144])]), len(PAIRS))
    assert "either way round" in said and all(f'--time-format "{each}"' in said for each in formats)


HEADLESS = {
    "words": ([f"{['ada', 'ben', 'cleo', 'dan'][u % 4]},{['tea', 'mug', 'pot'][i % 3]}{i},{1 + n % 5}" for u, i, n in PAIRS], "--rating 3"),
    "ids": (rows(lambda n: str(1 + n % 5)), "--rating 3 --scale 1,5"),
    "ids alone": ([f"u{u}\ti{i}" for u, i, _ in PAIRS], "--user 1 --item 2"),
    "mail addresses": ([f"ada{u}@x.org;tea;{n}" if u else f"ben@x.org;mug{i};{n}" for u, i, n in PAIRS], "--user 1 --item 2"),
    "numbers": ([f"{u},{i},{1 + n % 5},{881_250_949 + n}" for u, i, n in PAIRS], "--rating 3 --scale 1,5 --timestamp 4"),
    "the same number twice": ([f"{1 + u},1{i},{1 + u}" for u, i, _ in PAIRS], "--columns numbers"),
    "colons": ([f"{u}::{i}::{1 + n % 5}::{978_300_760 + n}" for u, i, n in PAIRS], "--separator ::"),
    "blanks": ([f"{u} {i} {1 + n % 5}" for u, i, n in PAIRS], "--separator space"),
    "dates": ([f"u{u},2024-01-{1 + n:02d},i{i}" for u, i, n in PAIRS], "--user 1 --item 3 --timestamp 2"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADLESS)
def test_a_file_without_a_header(kind):
    lines, options = HEADLESS[kind]
    kept = len(set(lines)) if kind != "ids alone" else len(lines)
    line, _, _ = look(write(lines), kept if kind == "words" else len(PAIRS))
    assert options in line and "--columns numbers" in line


def test_a_header_is_no_row():
    for header in ("who,what,how", "a,b,c", "user,tea,5", "x1,x2,x3"):
        assert look_at_file(write([header, *rows(lambda n: str(1 + n % 5))])).headed, header


PLACED = {
    "doubled names": (["user,item,rating,item", *rows(lambda n: f"{1 + n % 5},name")], "--columns user,item,rating,item_4"),
    "a remark": (["# exported 2024-01-01", "user,item,rating", *rows(lambda n: str(1 + n % 5))], "--skip 1"),
    "a title": (["Ratings of 2024", "", "user;item;rating", *rows(lambda n: str(1 + n % 5), ";")], "--skip 2"),
    "sep": (["sep=;", "user;item;rating", *rows(lambda n: str(1 + n % 5), ";")], "--rating rating"),
    "a total": (["user,item,rating", *rows(lambda n: str(1 + n % 5)), "Total,140,420"], "--where 'user!=Total'"),
    "a sum": (["kunde;artikel;menge", *rows(lambda n: "2", ";"), "Summe;;280"], "--where 'kunde!=Summe'"),
    "a total elsewhere": (["day,user,item", *(f"2024-01-01,u{u},i{i}" for u, i, _ in PAIRS), "2024-01-31,,Total"], "--where 'item!=Total'"),
    "a header again": (["user,item,rating", *rows(lambda n: str(1 + n % 5)), "user,item,rating"], "--where 'user!=user'"),
    "an index": ([",user,item,rating", *(f"{n},{row}" for n, row in enumerate(rows(lambda n: str(1 + n % 5))))], "--user user"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLACED)
def test_the_line_with_the_names_is_found(kind):
    lines, options = PLACED[kind]
    line, said, _ = look(write(lines), len(PAIRS))
    assert options in line
    assert ("--where" not in options) or "leaves out a line" in said


@pytest.mark.parametrize("first", [70, 1, 139])
def test_parts_of_which_the_first_has_a_header(first):
    lines = rows(lambda n: str(1 + n % 5))
    Path("parts").mkdir()
    write(["user,item,rating", *lines[:first]], "parts/p-1.csv")
    write(lines[first:], "parts/p-2.csv")
    for given in ("parts/p-*.csv", "parts", "parts/p-1.csv,parts/p-2.csv"):
        line = command_line(likely_options(look_at_file(given)))
        got = run(line + f" --name n{len(given)}")
        assert "--where 'user!=user' --columns user,item,rating" in line and got.counts["kept"] == len(PAIRS)


def documents() -> dict[str, tuple[str, str]]:
    "Documents that no option reads, and what is said"
    users = {f"u{u}": [f"i{i}" for v, i, _ in PAIRS if v == u] for u in range(20)}
    return {
        "baskets": (json.dumps([{"user": u, "items": some} for u, some in users.items()]), "table.explode('items')"),
        "baskets in lines": ("\n".join(json.dumps({"uid": u, "basket": some}) for u, some in users.items()), "explode('basket')"),
        "columns": (json.dumps({"user": [u for u, *_ in PAIRS], "item": [i for _, i, _ in PAIRS]}), "holds columns (user, item), not rows"),
        "lists under keys": (json.dumps({u: some[: 2 + n % 5] for n, (u, some) in enumerate(users.items())}), "whose keys (u0, u1, u2, ...) hold lists"),
        "objects under keys": (json.dumps({u: dict.fromkeys(some, 1) for u, some in users.items()}), "hold objects: write a line for each"),
        "lists of objects": (json.dumps([{"user": u, "ratings": [{"item": i, "stars": 5} for i in some]} for u, some in users.items()]), "json_normalize(rows, 'ratings'"),
        "an array of nested objects": (json.dumps([{"user": {"id": u}, "item": {"id": i}} for u, i, _ in PAIRS]), "--format event-log"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", documents())
def test_a_document_that_is_not_read_is_told(kind):
    text, reason = documents()[kind]
    Path("mine.json").write_text(text)
    with pytest.raises(SourceError, match="mine") as error:
        likely_options(look_at_file("mine.json"))
    assert reason in str(error.value)


NESTED = {
    "ids": (lambda u, i, n: {"user": {"id": u}, "item": {"id": i}, "rating": 1 + n % 5}, "--user user.id --item item.id --rating rating"),
    "deeper": (lambda u, i, n: {"actor": {"user": {"_id": u}}, "product": {"sku": i}, "when": {"at": f"2024-01-{1 + n:02d}"}}, "--user actor.user._id --item product.sku"),
    "of a database": (lambda u, i, n: {"customer": {"$oid": u}, "product": {"$oid": i}, "ts": {"$date": "2024-01-02T10:00:00Z"}}, "--timestamp 'ts.$date'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NESTED)
def test_nested_objects_are_read_as_an_event_log(kind):
    make, options = NESTED[kind]
    lines = [json.dumps(make(f"u{u}", f"i{i}", n)) for u, i, n in PAIRS]
    line, _, got = look(write(lines, "mine.jsonl"), len(PAIRS))
    assert options in line and "--format event-log" in line
    assert got.counts["items"] == 15 and got.counts["customers"] == 20


@pytest.mark.parametrize(
    ("header", "users", "rule"),
    [
        ("user,item,rating", ["Ada", "ada", "ADA", "ben"], "--ids user=lower"),
        ("email,item,rating", ["Ada@x.org", "ada@x.org", "ben@x.org", "cleo@x.org"], "--ids user=lower"),
        ("user,item,rating", ["7", "07", "007", "8"], "--ids user=number"),
    ],
)
def test_ids_that_are_one_are_asked_about(header, users, rule):
    lines = [f"{users[n % 4]},i{i},{1 + n % 5}" for _, i, n in PAIRS]
    assert rule in "\n".join(open_questions(look_at_file(write([header, *lines]))))


def test_commas_between_the_digits_of_a_price_are_told():
    path = write(["user,item,price", *rows(lambda n: f"€{n},50")])
    with pytest.raises(SourceError, match="140 of 140 lines form no row"):
        likely_options(look_at_file(path))


def test_a_card_is_one_that_a_person_would_write():
    path = write(
        ["Kunde;Artikel;Sterne;Datum", *rows(lambda n: f"{1 + n % 4},5;{1 + n:02d}.01.2025", ";")],
        "sales.csv",
    )
    text = card_text(look_at_file(path), Path.cwd())
    top, _, facts = text.partition("[facts]")
    assert (
        "# - Sterne: is the scale 1 to 5? Else correct scale." in top and "relevant = { rating = 4 }" in top
    )
    assert facts == (
        '\nname = "sales"\nscale = [1, 5]\nrelevant = { rating = true }\n\n'
        '[interactions]\nfile = "sales.csv"\ndecimal = ","\ntimestamp = "%d.%m.%Y"\nrepeats = "detect"\n\n'
        "[interactions.columns]\n"
        'user = "Kunde"       # ids of customers\nitem = "Artikel"     # ids of items\n'
        'rating = "Sterne"    # ratings from 1 to 5\n'
        'timestamp = "Datum"  # times (%d.%m.%Y), from 2025-01-01 to 2025-01-26\n'
    )


def test_a_long_table_is_described_in_few_lines():
    names = [f"Film {n}" for n in range(300)]
    lines = [f"c{n}," + ",".join(str((n + k) % 6 or "") for k in range(300)) for n in range(30)]
    told = describe_look(look_at_file(write(["customer," + ",".join(names), *lines])))
    assert "300 columns of items, with ratings from 1 to 5" in told and len(told.splitlines()) < 12
