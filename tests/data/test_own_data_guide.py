"The commands of docs/your-own-data.md, run as they stand there on small files of the same shape"

import gzip
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from customer360 import config
from customer360.cli import app
from customer360.cli_options import ReportOptions
from customer360.evaluation.pipeline import ingest_stage

GUIDE = (Path(__file__).parents[2] / "docs/your-own-data.md").read_text(encoding="utf-8")
PAIRS = [(f"u{n % 7}", f"i{n % 5}") for n in range(35)]


def amazon() -> None:
    reviews = [
        {"reviewerID": user, "asin": item, "overall": 1.0 + n % 5, "unixReviewTime": 1252800000 + 86400 * n}
        for n, (user, item) in enumerate(PAIRS)
    ]
    Path("reviews_Books_5.json.gz").write_bytes(
        gzip.compress("".join(json.dumps(r) + "\n" for r in reviews).encode())
    )
    products = [
        {"asin": f"i{n}", "title": f"Book's {n}", "description": "about it", "price": 3.5} for n in range(5)
    ]
    Path("meta_Books.json.gz").write_bytes(gzip.compress("".join(f"{p}\n" for p in products).encode()))
    lines = [",".join(str(value) for value in review.values()) for review in reviews]
    Path("ratings_Books.csv").write_text("\n".join(lines))


def retailrocket() -> None:
    words = ["view", "addtocart", "transaction"]
    lines = [
        f"{1433221332117 + 60000 * n},{user},{words[n % 3]},{item}," for n, (user, item) in enumerate(PAIRS)
    ]
    Path("events.csv").write_text("\n".join(["timestamp,visitorid,event,itemid,transactionid", *lines]))


def book_crossing() -> None:
    lines = [f'"{user}";"{item}";"{n % 3 * 4}"' for n, (user, item) in enumerate(PAIRS)]
    Path("BX-Book-Ratings.csv").write_text(
        "\n".join(['"User-ID";"ISBN";"Book-Rating"', *lines]), encoding="latin-1"
    )
    books = [f'"i{n}";"The \\"Great\\" Café {n}; again";"García"' for n in range(5)]
    Path("BX-Books.csv").write_text(
        "\n".join(['"ISBN";"Book-Title";"Book-Author"', *books]), encoding="latin-1"
    )


def anime() -> None:
    lines = [f"{user},{item},{[-1, 7, 10][n % 3]}" for n, (user, item) in enumerate(PAIRS)]
    Path("rating.csv").write_text("\n".join(["user_id,anime_id,rating", *lines]))
    Path("anime.csv").write_text(
        "anime_id,name,genre\n" + "".join(f'i{n},Film {n},"Drama, War"\n' for n in range(5))
    )


def instacart() -> None:
    Path("orders.csv").write_text(
        "order_id,user_id,order_number\n" + "".join(f"{n},u{n % 7},{n}\n" for n in range(35))
    )
    head = "order_id,product_id,add_to_cart_order,reordered\n"
    lines = [f"{n},i{n % 5},1,0\n" for n in range(35)]
    Path("order_products__prior.csv").write_text(head + "".join(lines[:30]))
    Path("order_products__train.csv").write_text(head + "".join(lines[30:]))
    Path("products.csv").write_text(
        "product_id,product_name\n" + "".join(f"i{n},Product {n}\n" for n in range(5))
    )


def jester() -> None:
    lines = [
        ",".join(["5", *("99" if (n + k) % 2 else f"{(n * k) % 9 - 4}.25" for k in range(10))])
        for n in range(7)
    ]
    Path("jester-data-1.csv").write_text("\n".join(lines))


def rees46() -> None:
    words = ["view", "cart", "remove_from_cart", "purchase", "view"]
    head = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    for month in (10, 11):
        lines = [
            f"2019-{month}-{1 + n % 28:02d} 00:00:{n:02d} UTC,{words[n % 5]},{item},21,,shiseido,35.79,{user},72d\n"
            for n, (user, item) in enumerate(PAIRS)
        ]
        Path(f"2019-{month}.csv.gz").write_bytes(gzip.compress((head + "".join(lines)).encode()))


def orders() -> None:
    lines = [
        f"#{n};{user}@example.org;{1 + n % 28:02d}.01.2025;{item};Grüner Tee {item};1,5"
        for n, (user, item) in enumerate(PAIRS)
    ]
    head = "Bestellung;E-Mail;Datum;Artikel;Bezeichnung;Menge"
    Path("orders.csv").write_text(
        "\n".join([head, *lines, "#1;u1@example.org;01.01.2025;;Versand;1"]), encoding="utf-8"
    )


def web_log() -> None:
    def line(n: int, user: str, item: str) -> str:
        return f'10.0.0.1 - - [{1 + n % 28:02d}/Jan/2025:10:00:00 +0000] "GET /p/{item}?c={user} HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'

    lines = [line(n, user, item) for n, (user, item) in enumerate(PAIRS)]
    Path("access.log").write_text("".join(lines[20:]))
    Path("access.log.1.gz").write_bytes(gzip.compress("".join(lines[:20]).encode()))


KINDS: dict[str, tuple[Callable[[], None], list[int]]] = {
    "Amazon reviews": (amazon, [35, 35]),
    "RetailRocket": (retailrocket, [35]),
    "Book-Crossing": (book_crossing, [23]),
    "Anime with -1": (anime, [23]),
    "Instacart": (instacart, [35]),
    "Jester": (jester, [35]),
    "REES46": (rees46, [56]),
    "Exports of a shop's orders": (orders, [35]),
    "Web logs": (web_log, [35]),
}


def section(heading: str) -> str:
    return re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)[1]


def test_the_guide_has_these_kinds_and_no_other():
    assert re.findall(r"^## (.*)$", GUIDE, re.MULTILINE) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_commands_read_files_of_this_shape(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    config.settings.cache_clear()
    make, expected = KINDS[kind]
    make()
    for text in re.findall(r"```toml\n(.*?)```", section(kind), re.DOTALL):
        [name] = re.findall(r"^name = .(\w+)", text, re.MULTILINE)
        Path(f"{name}.toml").write_text(text)
    commands = re.findall(r"```sh\nc360 report (.*?)\n```", section(kind))
    report = typer.main.get_command(app).commands["report"]
    found = []
    for command in commands:
        options = ReportOptions(**report.make_context("report", shlex.split(command)).params)
        got = ingest_stage(options.source())[1]
        assert not len(got.rejects)
        found.append(got.counts["kept"])
        name = got.tables.facts.name
        again = ReportOptions(dataset=name).source()
        assert ingest_stage(again)[1].counts == got.counts, f"--dataset {name} finds it again"
    config.settings.cache_clear()
    assert found == expected
    if kind == "Book-Crossing":
        assert got.tables.items["title"].tolist()[0] == 'The "Great" Café 0; again'
    if "--items" in commands[0]:
        assert not got.tables.items["title"].str.startswith("i").any() or kind == "Amazon reviews"


def test_every_option_that_the_guide_names_exists():
    there = {
        name for parameter in typer.main.get_command(app).commands["report"].params for name in parameter.opts
    }
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", GUIDE)) - {"--customer"}
    assert named <= there, named - there
