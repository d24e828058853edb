"Data quality: counts against pandas, planted changes found and none invented, a page that is safe and whole"

import json
import re
from pathlib import Path

import command
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure
from memory import run_measured

from customer360.data import quality, quality_pictures
from customer360.data.drift import Drift, population_stability
from customer360.data.quality import (
    quality_drift,
    quality_findings,
    quality_summary,
    snapshot_quality_page,
    write_quality_page,
)
from customer360.data.simulate import START, simulate
from customer360.schema import Tables, interactions

DAY = 86_400


@pytest.fixture(scope="module")
def shop() -> Tables:
    return simulate(3, 300, 150).tables


def counted(folder: Path, log: pd.DataFrame, **account: object) -> dict:
    "The summary of a log alone"
    folder.mkdir(exist_ok=True)
    log.to_parquet(folder / "interactions.parquet")
    return quality_summary(folder, {"dataset": "test", "time": START + 400 * DAY, **account})


def test_counts_are_those_of_pandas(shop, tmp_path):
    shop.save(tmp_path)
    found = quality_summary(tmp_path, {"dataset": "demo", "facts": shop.facts.to_dict()})
    log = shop.interactions
    when = pd.to_datetime(log["timestamp"], unit="s")
    assert found["events"] == len(log)
    assert found["kinds"] == log.groupby("event").size().to_dict()
    assert found["ratings"] == {f"{x:g}": n for x, n in log.groupby("rating").size().items()}
    assert found["weekdays"] == when.dt.day_name().value_counts().to_dict()
    assert found["hours"] == {f"{hour:02d}:00": n for hour, n in when.dt.hour.value_counts().items()}
    assert sum(found["series"]) == len(log) and len(found["series"]) == found["n_days"]
    top = log["item"].value_counts()
    assert (
        found["top_items"] == {item: top[item] for item in found["top_items"]}
        and len(found["top_items"]) == 100
    )
    assert min(found["top_items"].values()) >= top.iloc[100]
    each = log["user"].value_counts()
    assert found["customers"]["n"] == len(each)
    assert found["customers"]["worth"]["events"] == pytest.approx(each.sum() ** 2 / (each**2).sum())
    tenth = each.iloc[: len(each) // 10].sum() / len(log)
    assert found["customers"]["tail"][10] == pytest.approx(tenth, abs=2e-4)
    for name, table in (("items", shop.items), ("customers", shop.customers)):
        assert found["tables"][name]["rows"] == len(table)
        empty = {column: (table[column].isna() | (table[column] == "")).mean() for column in table}
        assert found["tables"][name]["missing"] == pytest.approx(empty, abs=1e-6)


def test_staged_parts_are_counted_like_one_file(shop, tmp_path):
    shop.save(tmp_path)
    (tmp_path / "staged" / "interactions").mkdir(parents=True)
    for k in range(3):
        shop.interactions.iloc[k::3].to_parquet(
            tmp_path / "staged" / "interactions" / f"part-{k:05d}.parquet"
        )
    account = {"dataset": "demo", "time": START}
    whole, parts = (quality_summary(folder, account) for folder in (tmp_path, tmp_path / "staged"))
    assert {**parts, "tables": {}, "categories": {}} == {**whole, "tables": {}, "categories": {}}


def test_no_customer_is_in_the_counts(shop, tmp_path):
    shop.save(tmp_path)
    text = json.dumps(quality_summary(tmp_path, {"dataset": "demo"}))
    assert not [user for user in shop.customers["user"] if f'"{user}"' in text]


def test_two_draws_of_the_same_process_raise_no_alarm(tmp_path):
    "Different customers of one shop; the usual threshold alone would raise several alarms"
    rng = np.random.default_rng(0)
    drifts = []
    for _ in range(20):
        both = []
        for name in "ab":
            user = np.repeat(np.arange(60), 1 + rng.geometric(0.05, 60))
            likes = rng.choice([2.0, 4.0], 60)[user]  # a customer's ratings resemble each other
            rating = np.clip(likes + rng.integers(-1, 2, len(user)), 1, 5)
            when = START + rng.integers(0, 60 * DAY, len(user))
            item = np.minimum(rng.zipf(1.3, len(user)), 500)
            log = interactions(user.astype(str).tolist(), item.astype(str).tolist(), "rating", rating, when)
            both.append(counted(tmp_path / name, log))
        drifts += quality_drift(*both)
    assert sum(drift.psi > 0.1 for drift in drifts) >= 5
    assert [drift.sentence for drift in drifts if drift.alarm] == []


@pytest.mark.parametrize(
    "what", ["Ratings", "Kinds of events", "Popular items", "Hours of the day", "Events per day"]
)
def test_a_planted_change_is_found(what, shop, tmp_path):
    log = shop.interactions
    changed = log.copy()
    rng = np.random.default_rng(1)
    if what == "Ratings":
        changed["rating"] = changed["rating"].clip(upper=2)
    elif what == "Kinds of events":
        changed.loc[rng.random(len(log)) < 0.4, "event"] = "like"
    elif what == "Popular items":
        changed.loc[rng.random(len(log)) < 0.4, "item"] = "flood"
    elif what == "Hours of the day":
        changed["timestamp"] = changed["timestamp"] // DAY * DAY + 3600 * rng.integers(0, 4, len(log))
    else:
        changed = pd.concat([log] * 4, ignore_index=True)
    drifts = quality_drift(counted(tmp_path / "b", changed), counted(tmp_path / "a", log))
    found = {drift.what: drift for drift in drifts if drift.alarm}
    assert what in found and found[what].level == "large" and f"{found[what].psi:.2f}" in found[what].sentence
    assert not [drift for drift in quality_drift(*[counted(tmp_path / "a", log)] * 2) if drift.psi > 1e-9]


def test_missing_values_that_appear_are_found(shop, tmp_path):
    shop.save(tmp_path)
    before = quality_summary(tmp_path, {"dataset": "demo"})
    shop.items.assign(brand="").to_parquet(tmp_path / "items.parquet")
    now = quality_summary(tmp_path, {"dataset": "demo"})
    assert [drift.what for drift in quality_drift(now, before) if drift.alarm] == [
        "Missing values of items: brand"
    ]
    assert "brand is empty for 100 % of the items." in [each.text for each in quality_findings(now)]


def test_the_index_is_symmetric_and_never_negative():
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = rng.integers(0, 50, (2, 6))
        assert population_stability(a, b) >= 0
        assert population_stability(a, b) == pytest.approx(population_stability(b, a))


ODD = {
    "no rows": (interactions([], [], []), "None of 0 rows is usable."),
    "equal ratings": (interactions(["u", "v"], ["i", "j"], "rating", 4.0, [START, START + 9 * DAY]), "Every rating is 4."),
    "no times": (interactions(["u", "v"], ["i", "j"], "view"), "No event has a time."),
    "one time": (interactions(["u", "v"], ["i", "j"], "view", np.nan, START), "Every event has the same time"),
    "one day": (interactions(["u", "v"], ["i", "j"], "view", np.nan, [START, START + 9]), "All events are of one day"),
    "no ratings": (interactions(["u", "v"], ["i", "j"], "view", np.nan, START), "There are no ratings."),
    "one customer": (interactions(["u", "u"], ["i", "j"], "view", np.nan, START), "There is only one customer."),
    "the future": (interactions(["u", "v"], ["i", "j"], "view", np.nan, [1, 2**32]), "in the future"),
    "a hole": (interactions(["u", "v"], ["i", "j"], "view", np.nan, [START, START + 30 * DAY]), "no event on 29 days"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_said_and_the_page_is_written(name, tmp_path):
    log, sentence = ODD[name]
    found = counted(tmp_path, log)
    assert any(sentence in each.text for each in quality_findings(found))
    text = write_quality_page(found, found, tmp_path / "page").read_text(encoding="utf-8")
    assert sentence in text and not [drift for drift in quality_drift(found, found) if drift.alarm]


@pytest.mark.parametrize("last", [9, 900, 86_400 * 365, 600_000_000])
def test_a_counter_gives_an_order_and_no_days(last, tmp_path):
    log = interactions(["u", "v", "w"], ["i", "j", "k"], "view", np.nan, [1, last // 2, last])
    found = counted(tmp_path, log)
    sentence = f"The times run from 1 to {last:,}: a counter"
    assert next(each.text for each in quality_findings(found) if "times" in each.text).startswith(sentence)
    assert (found["first_day"], found["start"], found["hours"], found["weekdays"]) == (None, None, {}, {})
    text = write_quality_page(found, found, tmp_path / "page").read_text(encoding="utf-8")
    assert sentence in text and not re.search(r"\b19[78]\d-|None", text)


def test_the_page_needs_nothing_else_and_escapes_what_strangers_wrote(tmp_path):
    evil = "<script>alert(1)</script>$\\frac{$"
    log = interactions([f"u{k}" for k in range(50)], [evil] * 50, "view", np.nan, START)
    folder = tmp_path / "data"
    folder.mkdir()
    pd.DataFrame({"item": [evil], "category": [evil], evil: [""], 'a"b': [1]}).to_parquet(
        folder / "items.parquet"
    )
    account = {"filtered": {evil: 1}, "rejected": {evil: 2}, "lines": {evil: evil}}
    found = counted(folder, log, **account) | {"dataset": evil}
    text = write_quality_page(found, found, tmp_path / "page").read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text) and "http" not in text
    assert all(re.findall(r'<img alt="([^"]*)"', text))


def test_a_snapshot_is_compared_with_the_one_before(shop, tmp_path):
    for name, log in (("one", shop.interactions), ("two", shop.interactions.assign(event="view"))):
        (tmp_path / name).mkdir()
        Tables(shop.facts, log, shop.items, shop.customers).save(tmp_path / name)
        manifest = {
            "facts": shop.facts.to_dict(),
            "filtered": {"late": 5},
            "rejected": {"missing user id": 2},
        }
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
        rows = "a.csv,7,missing user id,secret\na.csv,1200,missing user id,secret\n"
        (tmp_path / name / "rejects.csv").write_text("file,line,reason,text\n" + rows)
    pages = [
        snapshot_quality_page(tmp_path / name, tmp_path / "page").read_text(encoding="utf-8")
        for name in ("one", "two", "two")
    ]
    assert re.search(r'<li class="fact">\s*This is the first ingest', pages[0])
    assert "Kinds of events: a large change" in pages[1]
    assert pages[1] == pages[2]  # once more changes nothing
    assert "a.csv, lines 7, 1,200" in pages[0] and "secret" not in pages[0]
    assert f"{len(shop.interactions):,} of {len(shop.interactions) + 7:,} rows are usable" in pages[0]


@pytest.mark.slow
def test_the_command_writes_the_page(tmp_path):
    done = command.c360(tmp_path, "data", "quality", "demo")
    assert done.returncode == 0, done.stderr
    (tmp_path / "sales.csv").write_text("who;what;stars\nada;tea;4,5\nben;pot;2,0\n")
    options = ["--interactions", str(tmp_path / "sales.csv"), "--user", "who", "--item", "what"]
    options += ["--rating", "stars", "--scale", "1,5"]
    wrong = command.c360(tmp_path, "data", "quality", *options)
    assert (
        wrong.returncode == 1
        and "That line is 'ada;tea;4,5'" in wrong.stderr
        and '--decimal ","' in wrong.stderr
    )
    own = command.c360(tmp_path, "data", "quality", *options, "--decimal", ",")
    assert (
        own.returncode == 0 and "2 of 2 rows" in (tmp_path / "reports/quality/sales/index.html").read_text()
    )
    page = tmp_path / "reports/quality/demo/index.html"
    assert str(page) in done.stdout and "demo: data quality" in page.read_text(encoding="utf-8")


MEASURE = """
import sys
from pathlib import Path
from customer360.data.quality import quality_summary
before = peak_memory()
found = quality_summary(Path(sys.argv[1]), {"dataset": "large"})
print(found["events"], found["customers"]["n"], (peak_memory() - before) >> 20)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_rows(tmp_path, record_property):
    "Five million rows are counted in the memory of half a million, but for what DuckDB may use"
    used = []
    rng = np.random.default_rng(0)
    for rows in (500_000, 5_000_000):
        folder = tmp_path / str(rows) / "interactions"
        folder.mkdir(parents=True)
        for part in range(rows // 250_000):
            n = 250_000
            table = pa.table(
                {
                    "user": pa.array(rng.integers(0, 200_000, n).astype(str)),
                    "item": pa.array(rng.integers(0, 50_000, n).astype(str)),
                    "event": pa.array(rng.choice(["view", "cart", "rating"], n)),
                    "rating": pa.array(rng.integers(1, 11, n) / 2, pa.float32()),
                    "timestamp": pa.array(rng.integers(START, START + 900 * DAY, n)),
                }
            )
            pq.write_table(table, folder / f"part-{part:05d}.parquet")
        events, customers, more = map(int, run_measured(MEASURE, folder.parent).split())
        assert events == rows and customers > 100_000
        used.append(more)
    record_property("MiB", used)
    assert used[1] < 400 and used[1] < used[0] + 256, used


def test_what_is_the_same_in_a_small_and_a_large_sample_is_no_change():
    for few, many in (([0, 2], [0, 1700]), ([1, 1, 0], [500, 500, 0])):
        assert population_stability(few, many) == pytest.approx(0, abs=1e-12)
    tiny = Drift("Missing values of items: title", 0.43, 9.0, "empty cells", 0.0, 0.0004)
    assert tiny.level == "stable" and "0.0%" not in tiny.sentence


def test_verdict_and_bars_agree_on_what_chance_may_explain():
    found = [
        Drift("Hours of the day", 0.4, 0.9, "09:00", 0.1, 0.3),
        Drift("Missing values of items: cat", 4.91, 9.0, "empty cells", 1.0, 0.0),
        Drift("Ratings", 0.6, 0.1, "1", 0.1, 0.4),
    ]
    ax = Figure().subplots()
    quality_pictures.draw_drift(ax, found)
    assert [bool(bar.get_hatch()) for bar in ax.patches[:3]] == [True, True, False]
    assert "chance may explain" in ax.get_xlabel() and "4.91 →" in [text.get_text() for text in ax.texts]
    (verdict,) = quality._changes(found[:2], {"events": 1})
    assert verdict.level == "good" and "may be chance: hours of the day, missing values" in verdict.text


def test_time_axis_ends_on_the_last_day_and_the_legend_is_beside_the_bars():
    ax = Figure().subplots()
    quality_pictures.draw_time(ax, "2025-01-01", "week", [3] * 60, "2026-02-20")
    assert [label.get_text() for label in ax.get_xticklabels()][::2] == ["2025-01-01", "2026-02-20"]
    figure = Figure(figsize=(4.6, 2.7), layout="constrained")
    ax = figure.subplots()
    quality_pictures.draw_bars(ax, {"1": 9, "2": 1}, {"1": 9, "2": 1})
    figure.draw_without_rendering()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1
