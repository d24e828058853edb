"README and guides: short, said once, and showing what the code does and what the committed reports say"

import ast
import configparser
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = sorted((ROOT / "docs").glob("*.md"))
OTHERS = [
    ROOT / "CONTRIBUTING.md",
    *(ROOT / folder / "README.md" for folder in ("api", "data", "reports", "frontend")),
]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *GUIDES, *OTHERS)
}
FIRST_SCREEN = 32  # lines


def prose(text: str) -> str:
    "Return a page without its code blocks, tables and pictures"
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not line.startswith(("|", "![", "<!--")))


def anchors(text: str) -> set[str]:
    "Return the fragments by which the headings of a page are linked to"
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


# --- the README


def test_the_readme_has_at_most_1200_words():
    assert len(README.split()) <= 1200


@pytest.mark.slow
def test_the_first_example_stands_on_the_first_screen_and_runs_as_printed(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(block.strip().splitlines()) == 5
    assert len(README[: README.index(block) + len(block)].splitlines()) <= FIRST_SCREEN
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"'p\d{4}'", done.stdout)) == 5


def test_the_readme_begins_with_two_commands_and_has_one_picture():
    (commands,) = re.findall(r"```\n(.*?)```", README, flags=re.DOTALL)
    assert [line.partition("#")[0].strip() for line in commands.splitlines()] == ["make report", "make test"]
    assert len(re.findall(r"!\[", README)) == 1


def test_the_readme_leads_to_every_guide():
    assert {f"docs/{guide.name}" for guide in GUIDES} <= set(re.findall(r"\]\(([^)#]+)\)", README))


# --- all pages


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (page, link)
        for page, text in PAGES.items()
        for link in sorted(set(re.findall(r"\]\(([^)]+)\)", text)))
    ],
)
def test_links_lead_somewhere(page, link):
    if "://" in link:
        return
    path, _, fragment = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    assert not fragment or target.suffix != ".md" or fragment in anchors(target.read_text(encoding="utf-8"))


def test_nothing_is_said_twice():
    "No twelve words in a row stand in two places of the prose"
    places = defaultdict(list)
    for page, text in PAGES.items():
        words = re.findall(r"\w+", prose(text).lower())
        for at in range(len(words) - 11):
            places[" ".join(words[at : at + 12])].append(page)
    assert {words: pages for words, pages in places.items() if len(pages) > 1} == {}


def test_every_command_of_make_is_a_target():
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for page, text in PAGES.items():
        named = re.findall(r"(?m)(?:^|`)make ([a-z-]+)", text)
        assert set(named) <= targets, page


def test_the_table_of_extras_is_that_of_the_settings():
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    declared = {
        name.removesuffix("_requirements") for name in settings["DEFAULT"] if name.endswith("_requirements")
    }
    table = PAGES["docs/package.md"].partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)`", table)) == declared


# --- the tables of figures


COLUMNS = {
    "nDCG@10": ("ratio75_item", "ndcg", "10"), "P@10": ("ratio75_item", "precision", "10"), "R@10": ("ratio75_item", "recall", "10"), "RMSE": ("ratio75_item", "rmse", ""),
    "nDCG@10, split by time": ("global_time", "ndcg", "10"), "nDCG@10, cold items": ("cold_items", "ndcg", "10"),
}  # fmt: skip


def table_of(report: str) -> str:
    "Return the one table on any page that says it was written from this report"
    mark = f"<!-- table: written from reports/{report}/leaderboard.csv -->\n"
    (text,) = [text for text in PAGES.values() if mark in text]
    return text.split(mark)[1].split("\n\n")[0]


def rankings_of(report: str) -> dict[str, list[dict]]:
    "Return the places by metric that a report's findings give; none where the report is older than they are"
    path = ROOT / f"reports/{report}/findings.json"
    found = json.loads(path.read_text(encoding="utf-8"))["rankings"] if path.exists() else {}
    return {metric: ranking["places"] for metric, ranking in found.items()}


@pytest.mark.parametrize("report", ["ml-100k", "ml-1m"])
def test_the_table_stands_in_the_order_of_the_findings_with_their_figures(report):
    run = json.loads((ROOT / f"reports/{report}/run.json").read_text(encoding="utf-8"))
    keys = {model["label"]: key for key, model in run["models"].items()}
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table_of(report).splitlines()
    )
    order = [keys[row[0]] for row in rows]
    rankings = rankings_of(report)
    if rankings:
        assert [place["model"] for place in rankings["ndcg@10"]] == order
    for metric, places in rankings.items():
        stem, _, k = metric.partition("@")
        column = next(name for name, of in COLUMNS.items() if of == ("ratio75_item", stem, k))
        for place in places:
            cell = rows[order.index(place["model"])][head.index(column)]
            assert cell.startswith(f"{place['value']:.3f}"), (metric, place["model"])


@pytest.mark.parametrize("report", ["ml-100k", "ml-1m"])
def test_the_table_is_the_committed_leaderboard(report):
    board = pd.read_csv(ROOT / f"reports/{report}/leaderboard.csv", keep_default_na=False)
    board = board[(board["split_seed"] == "mean") & (board["segment"] == "all")].set_index(
        ["split", "model", "metric", "k"]
    )
    run = json.loads((ROOT / f"reports/{report}/run.json").read_text(encoding="utf-8"))
    keys = {model["label"]: key for key, model in run["models"].items()}
    (_, *columns), _, *table = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table_of(report).splitlines()
    )
    assert len(table) == len(keys) and len(columns) >= 5
    for name, *cells in table:
        for cell, column in zip(cells, columns, strict=True):
            split, metric, k = COLUMNS[column]
            row = board.loc[(split, keys[name], metric, k)]
            value, low, high = (f"{float(row[part] or 'nan'):.3f}" for part in ("value", "low", "high"))
            assert cell in (value, f"{value} [{low}, {high}]"), (name, column)


# --- the architecture


def architecture():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import architecture
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return architecture


def test_the_picture_and_the_table_of_lessons_are_those_of_the_sources():
    assert architecture().stale() == [], "run `python tools/architecture.py`"


def test_imports_go_down():
    drawn = architecture()
    order = list(drawn.modules())
    upwards = [
        edge
        for edge in drawn.edges(drawn.modules())
        if order.index(edge.imported) >= order.index(edge.importer)
    ]
    assert upwards == []


def test_each_kind_of_import_is_found(tmp_path):
    source = tmp_path / "model.py"
    source.write_text(
        "import customer360.config\nimport numpy\nfrom customer360 import schema\nfrom ..data import prepare, split\n"
        "from .base import Recommender\nfrom customer360.metrics import ndcg\n"
        "def fit():\n    from ..data.ingest import ingest\n    from .base import EASE\n"
    )
    known = {"config", "schema", "metrics", "data.prepare", "data.ingest", "models.base", "models.mine"}
    found = {edge.imported: edge.late for edge in architecture().imports_of("models.mine", source, known)}
    assert found == dict.fromkeys(known - {"models.mine", "data.ingest"}, False) | {"data.ingest": True}


# --- the way of a request, and of a purchase


def path_of(heading: str) -> list[tuple[str, Path]]:
    "Return the functions of a numbered list in docs/architecture.md, with the files that it links to"
    section = PAGES["docs/architecture.md"].partition(f"## {heading}\n")[2].partition("\n## ")[0]
    links = re.findall(r"(?m)^\d+\. \[`([\w.]+)`\]\(([^)]+)\)", section)
    return [(name, ROOT / "docs" / path) for name, path in links]


def source_of(name: str, path: Path) -> str:
    "Return the source of a function, or of a method as `Class.method`"
    text = path.read_text(encoding="utf-8")
    scope: ast.AST = ast.parse(text)
    for part in name.split("."):
        (scope,) = (node for node in ast.iter_child_nodes(scope) if getattr(node, "name", None) == part)
    return ast.get_source_segment(text, scope)


@pytest.mark.parametrize(
    ("heading", "route", "calls"),
    [
        (
            "From a request to its recommendations",
            '"/recommendations"',
            ["service.recommend_many(", "self.ranking.recommend", "list_candidates(", "present_items("],
        ),
        (
            "From a purchase to the next list",
            '"/feedback"',
            ["service.record_events(", "self.feedback.record(", "self.store.events.record(", ""],
        ),
    ],
    ids=["request", "purchase"],
)
def test_five_functions_lead_from_a_route_to_its_answer(heading, route, calls):
    "Each calls the next, or the one before it has called it already"
    steps = path_of(heading)
    sources = [source_of(name, path) for name, path in steps]
    assert len(steps) == 5 and f"@router.post(\n    {route}" in steps[0][1].read_text(encoding="utf-8")
    for place, call in enumerate(calls):
        assert any(call in source for source in sources[: place + 1]), steps[place]
    assert all(len(source.splitlines()) <= 60 for source in sources)


def test_the_next_list_reads_what_was_stored():
    "The last step of the one way is called in the middle of the other, on what the step before it wrote"
    request, purchase = (
        path_of(f"From a {way}") for way in ("request to its recommendations", "purchase to the next list")
    )
    name, path = purchase[-1]
    assert name == "UserContexts.of" and "self._prepare(" in source_of(*request[2])
    assert "self.contexts.of(" in source_of("Ranking._prepare", request[2][1])
    assert "self.store.events.of_customer(" in source_of("UserContexts.events_of", path)
