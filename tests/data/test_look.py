"""A first look at strangers' files: what the columns are, and a card from it that works."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360.data.cards import SourceError, card_from_options, parse_card
from customer360.data.column_look import look_at_column
from customer360.data.ingest import ingest
from customer360.data.look import command_line, likely_options, look_at_file
from customer360.data.look_text import card_text, open_questions

N = 240
USERS = [f"A{n % 23:05d}X" for n in range(N)]
ITEMS = [f"B{n % 31:07d}" for n in range(N)]


def csv(path: Path, columns: dict, sep: str = ",", header: bool = True) -> Path:
    pd.DataFrame(columns).to_csv(path, sep=sep, index=False, header=header)
    return path


def amazon(folder: Path) -> Path:
    path = folder / "reviews.json"
    rows = [
        {"reviewerID": u, "asin": i, "overall": float(1 + n % 5), "unixReviewTime": 1_300_000_000 + 86_400 * n,
         "reviewText": "A fine thing. " * 5, "summary": "Fine"}
        for n, (u, i) in enumerate(zip(USERS, ITEMS, strict=True))
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def retailrocket(folder: Path) -> Path:
    kinds = ["view", "view", "addtocart", "transaction"]
    table = {
        "timestamp": [1_433_221_332_117 + 99_999 * n for n in range(N)],
        "visitorid": [n % 23 for n in range(N)],
    }
    table |= {"event": [kinds[n % 4] for n in range(N)], "itemid": [n % 31 for n in range(N)]}
    return csv(
        folder / "events.csv", table | {"transactionid": ["" if n % 4 < 3 else str(n) for n in range(N)]}
    )


def book_crossing(folder: Path) -> Path:
    stars = [0 if n % 3 else 1 + n % 10 for n in range(N)]
    return csv(folder / "BX.csv", {"User-ID": USERS, "ISBN": ITEMS, "Book-Rating": stars}, ";")


def anime(folder: Path) -> Path:
    stars = [-1 if n % 4 == 0 else 1 + n % 10 for n in range(N)]
    return csv(folder / "rating.csv", {"user_id": USERS, "anime_id": ITEMS, "rating": stars})


def taobao(folder: Path) -> Path:
    kinds = ["pv", "fav", "cart", "buy"]
    table = {"u": [n % 23 for n in range(N)], "i": [n % 31 for n in range(N)], "c": [n % 7 for n in range(N)]}
    table |= {"e": [kinds[n % 4] for n in range(N)], "t": [1_511_544_070 + 777 * n for n in range(N)]}
    return csv(folder / "UserBehavior.csv", table, header=False)


def movielens(folder: Path) -> Path:
    table = {
        "u": [1 + n % 23 for n in range(N)],
        "i": [1 + n % 31 for n in range(N)],
        "r": [1 + n % 5 for n in range(N)],
    }
    return csv(folder / "u.data", table | {"t": [881_250_949 + 60 * n for n in range(N)]}, "\t", header=False)


def shop(folder: Path) -> Path:
    days = [f"{1 + n % 28:02d}/{1 + n % 12:02d}/2023 10:{n % 60:02d}" for n in range(N)]
    table = {
        "InvoiceNo": [str(n // 3) for n in range(N)],
        "StockCode": ITEMS,
        "Quantity": [1 + n % 7 - 8 * (n % 40 == 0) for n in range(N)],
    }
    return csv(
        folder / "shop.csv",
        table | {"InvoiceDate": days, "CustomerID": ["" if n % 5 == 0 else str(n % 23) for n in range(N)]},
    )


def years(folder: Path) -> Path:
    table = {
        "who": USERS,
        "what": ITEMS,
        "year": [2001 + n % 20 for n in range(N)],
        "date": [45_000.25 + n for n in range(N)],
    }
    return csv(folder / "loans.csv", table)


def log(folder: Path) -> Path:
    path = folder / "visits.parquet"
    when = pd.date_range("2024-02-01", periods=N, freq="h")
    pd.DataFrame({"session_id": USERS, "page": ITEMS, "event_time": when, "action": "page_view"}).to_parquet(
        path
    )
    return path


FILES = {
    amazon: "--user reviewerID --item asin --rating overall --scale 1,5 --timestamp unixReviewTime",
    retailrocket: "--user visitorid --item itemid --timestamp timestamp --time-format ms --event event "
    "--events view=view".replace("view=view", "addtocart=cart,transaction=purchase"),
    book_crossing: "--user User-ID --item ISBN --rating Book-Rating --scale 1,10 --where 'Book-Rating!=0'",
    anime: "--user user_id --item anime_id --rating rating --scale 1,10 --where 'rating!=-1'",
    movielens: "--user 1 --item 2 --rating 3 --scale 1,5 --timestamp 4 --columns numbers",
    shop: "--user CustomerID --item StockCode --weight Quantity --timestamp InvoiceDate --time-format '%d/%m/%Y %H:%M' "
    "--where 'CustomerID~.+' --where 'Quantity>0'",
    years: "--user who --item what --timestamp date --time-format excel",
    log: "--user session_id --item page --timestamp event_time --event action --events page_view=view --relevant view",
}


@pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)
def test_the_command_names_the_columns_and_the_card_works(tmp_path, make):
    path = make(tmp_path)
    look = look_at_file(path)
    line = command_line(likely_options(look))
    assert line == f"c360 report --interactions {shlex.quote(str(path))} {FILES[make]}"
    card = parse_card(card_text(look, tmp_path), tmp_path)
    got = ingest(card)
    assert got.counts["rejected"] == 0 and got.counts["kept"] > N / 4
    same = ingest(card_from_options(likely_options(look)))
    pd.testing.assert_frame_equal(got.tables.interactions, same.tables.interactions)


def test_what_cannot_be_guessed_is_asked(tmp_path):
    table = {"uid": USERS, "sku": ITEMS, "day": ["03/04/2024"] * N, "act": ["pv", "gift"] * (N // 2)}
    asked = open_questions(look_at_file(csv(tmp_path / "r.csv", table)))
    assert any("'gift'" in each and "gift=view" in each for each in asked)
    assert any('--time-format "%d/%m/%Y" or --time-format "%m/%d/%Y"' in each for each in asked)


def test_a_file_of_items_is_none_of_interactions(tmp_path):
    look = look_at_file(
        csv(tmp_path / "items.csv", {"asin": ITEMS, "title": ITEMS, "genres": "a|b", "price": "$4.99"})
    )
    assert [each.role for each in look.columns] == ["item", "title", "category", "price"]
    with pytest.raises(SourceError, match="named with --items or --customers"):
        likely_options(look)


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("x", ["2024-01-31", "2024-02-01"], "timestamp"),
        ("x", ["addtocart", "buy"], "event"),
        ("stars", ["4,5", "3,5"], "rating"),
        ("helpful", ["0", "1"], "id"),
        ("price", ["N/A", "$4.99"], "price"),
        ("ts", ["1", "2"], "timestamp"),
        ("note", ["", "NA"], ""),
    ],
)
def test_columns(name, cells, role):
    assert look_at_column(pd.Series(cells, name=name, dtype="str")).role == role


def test_a_large_file_is_looked_at_by_a_sample_from_end_to_end(tmp_path):
    n = 400_000
    table = {
        "user": np.arange(n) % 5000,
        "item": np.arange(n) % 999,
        "ts": 1_600_000_000 + 100 * np.arange(n),
    }
    look = look_at_file(csv(tmp_path / "big.csv", table))
    assert look.rows == n and look.looked_at < 50_000 and "2020-09-13" in look.of("timestamp").guess
    assert "to 2021-12-2" in look.of("timestamp").guess
