"What the comparison of the models amounts to, over HTTP, beside the report of the same results"

import html
import json

import pytest
from server import COMPARED, Server


def missing(server: Server) -> str:
    "Return why there are no findings"
    found = server.get("findings")
    assert found["stated"] is None and found["versions"] == {} and found["missing"]
    return found["missing"]


def test_the_service_says_what_the_report_says(trained):
    with trained() as server:
        found = server.get("findings")
        report = json.loads((server.home / "report/findings.json").read_text(encoding="utf-8"))
        page = html.unescape((server.home / "report/index.html").read_text(encoding="utf-8"))
        stated = found["stated"]
        assert (
            found["missing"] == "" and found["not_compared"] == [] and set(found["versions"]) == {*COMPARED}
        )
        for part in ("verdict", "rankings", "choices", "cards", "costs", "models", "sentences"):
            assert stated[part] == report[part], part
        for said in ("verdict", "certainty", "ratings"):
            assert stated["sentences"][said] in page, said
        for card in stated["cards"].values():
            assert card["title"] in page and card["said"] in page


def test_places_are_the_figures_of_the_models_and_level_is_what_was_tested(trained):
    with trained() as server:
        stated, models = server.get("findings")["stated"], server.get("models")["models"]
        figure = {(m["key"], f["metric"], f["k"]): f for m in models for f in m["figures"]}
        pairs = server.get("comparisons")["pairs"]
    assert set(stated["rankings"]) == {"ndcg@10", "precision@10", "recall@10", "rmse"}
    for metric, ranking in stated["rankings"].items():
        name, _, k = metric.partition("@")
        best = ranking["places"][0]["model"]
        for place in ranking["places"]:
            beside = figure[place["model"], name, int(k) if k else None]
            assert [place[part] for part in ("value", "low", "high")] == pytest.approx(
                [beside[part] for part in ("value", "low", "high")], rel=1e-4
            )
            tested = [
                p
                for p in pairs
                if (p["metric"], p["k"]) == (name, int(k) if k else None)
                and {p["model"], p["other"]} == {best, place["model"]}
            ]
            if metric != "rmse":  # whose family of tests leaves out models without ratings of their own
                assert place["level"] == (place["model"] == best or tested[0]["p_holm"] >= 0.05)
    assert {cost["model"]: cost["fit_seconds"] > 0 for cost in stated["costs"]} == dict.fromkeys(
        COMPARED, True
    )
    assert set(stated["cards"]) == {"regulars", "newcomers"}, (
        "new items are not measured when models are trained"
    )


def test_findings_are_about_the_versions_in_use(trained):
    with trained() as server:
        versions = server.get("findings")["versions"]
        server.send("POST", "models/knn/rollback")
        assert "other versions than those in use of knn" in missing(server)
        server.send("POST", "models/knn/activate", {"version": versions["knn"]})
        assert server.get("findings")["versions"] == versions


def test_findings_about_a_model_that_is_not_served_are_not_shown(trained):
    with trained(C360_MODELS="knn,popularity") as server:
        assert "ease" in missing(server)


def test_a_damaged_file_is_no_finding(trained):
    server = trained()
    path = server.home / "data/models/trained/findings.json"
    path.write_text(path.read_text(encoding="utf-8").replace("ndcg", "NDCG"), encoding="utf-8")
    with server:
        assert "c360 train" in missing(server)
        assert len(server.get("models")["models"]) == len(COMPARED)


def test_models_that_were_never_compared_have_no_findings(small):
    with small() as server:
        assert "not compared with each other" in missing(server)
        assert sorted(server.get("findings")["not_compared"]) == ["knn", "popularity"]
