"Releases under fire: killed at every step, damaged byte by byte, and asked to forget somebody"

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations, count
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import environment
from conftest import ROOT

from customer360.config import settings
from customer360.data.cards import read_card
from customer360.data.ingest import ingest
from customer360.data.interim import erase_cached
from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.files import MARKER
from customer360.models.artefacts import ArtefactError
from customer360.models.catalogue import make_model
from customer360.models.contract import Recommender
from customer360.models.hybrid import Hybrid
from customer360.models.registry import Registry, open_registry
from customer360.models.releases import Release
from customer360.models.snapshots import RegistryError
from customer360.schema import Tables

SIX = ["bert", "hybrid", "knn", "ncf", "svd", "tfidf"]


def shop(seed: int = 0) -> Tables:
    "Forty customers and twenty items, nothing known of either but a name"
    made = simulate(seed=seed, n_customers=40, n_items=20, days=40).tables
    return Tables(
        made.facts, made.interactions, made.items[["item", "title"]], made.customers[["user", "name"]]
    )


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    "Two releases of EASE on two snapshots, both promoted, and one of popularity, compared with the second; never changed, only copied"
    registry = Registry(tmp_path_factory.mktemp("two") / "demo")
    for seed in (0, 1):
        name = registry.snapshots.add(shop(seed), watermark=seed)
        release = registry.releases.publish(
            make_model("ease").fit(registry.snapshots.read(name).data),
            name,
            figures=[{"metric": "ndcg", "k": 10, "value": 0.1 + seed}],
        )
        registry.promotions.promote("ease", release.version)
    plain = registry.releases.publish(make_model("popularity").fit(registry.snapshots.read(name).data), name)
    registry.promotions.promote("popularity", plain.version)
    registry.comparisons.add(
        "ratio75_item", [pair_of(release, plain)], name, {"ease": [release.version, "results"]}
    )
    return registry.root


def pair_of(release: Release, other: Release, **changes: object) -> dict:
    "What a test may have found"
    found = {
        "metric": "ndcg",
        "k": 10,
        "difference": 0.02,
        "low": 0.01,
        "high": 0.03,
        "p_holm": 0.01,
        "better": True,
        "detectable": 0.012,
    }
    return (
        {"model": release.key, "version": release.version, "other": other.key, "other_version": other.version}
        | found
        | changes
    )


@pytest.fixture
def copied(two, tmp_path) -> Registry:
    return Registry(shutil.copytree(two, tmp_path / "demo"))


def versions(registry: Registry) -> list[str]:
    return [release.version for release in registry.releases.of("ease")]


# ---- killed ----------------------------------------------------------------------------------------------------------

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile"}


def changes(event: str, arguments: tuple, root: Path) -> bool:
    "Is this audit event about to change something below `root`?"
    writes = (
        event == "open"
        and isinstance(arguments[2], int)
        and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    )
    return (event in CHANGES or bool(writes)) and str(root) in str(arguments)


def killed_at(
    step: int, root: Path, act: Callable[[], object]
) -> bool:  # False: the act had fewer steps, and ended well
    "Do something in a child process that the kernel kills before its n-th change of a file below `root`"
    child = os.fork()
    if child == 0:
        seen = count(1)

        def hook(event: str, arguments: tuple) -> None:
            if changes(event, arguments, root) and next(seen) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            act()
            os._exit(0)
        except BaseException:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WIFSIGNALED(status)


def deaths(two: Path, tmp_path: Path, act: Callable[[Registry], object]) -> Iterator[Registry]:
    "The registry after each possible death; last, after the act was finished"
    for step in count(1):
        registry = Registry(shutil.copytree(two, tmp_path / str(step) / "demo"))
        died = killed_at(step, registry.root, lambda registry=registry: act(registry))
        after = Registry(registry.root)
        assert not list(after.root.rglob(f"*{MARKER}*")), "what was left half done is swept up"
        yield after
        shutil.rmtree(tmp_path / str(step))
        if not died:
            assert step > 3, "the hook saw next to nothing"
            return


def test_killed_while_publishing(two, tmp_path):
    before, n_half, n_whole = versions(Registry(two)), 0, 0
    registry = Registry(two)
    name = registry.snapshots.names()[0]
    model = make_model("ease", params={"regularisation": 3.0}).fit(registry.snapshots.read(name).data)
    for after in deaths(two, tmp_path, lambda registry: registry.releases.publish(model, name)):
        there = versions(after)
        assert there[:2] == before and len(there) in (2, 3)
        for version in there:
            after.load("ease", version)
        assert after.promotions.current("ease").version == before[-1]
        n_half, n_whole = n_half + (len(there) == 2), n_whole + (len(there) == 3)
    assert n_half > 5 and n_whole >= 1


def test_killed_while_promoting_and_rolling_back(two, tmp_path):
    first, second = versions(Registry(two))
    for act in (
        lambda registry: registry.promotions.promote("ease", first),
        lambda registry: registry.promotions.rollback("ease"),
    ):
        found = [after.load("ease")[1].version for after in deaths(two, tmp_path, act)]
        assert found[0] == second and found[-1] == first
        assert found == sorted(found, key=lambda version: version == first), "it happens at one moment"


def test_killed_while_keeping_comparisons(two, tmp_path):
    registry = Registry(two)
    (pair,) = registry.comparisons.read()["pairs"]
    found = []
    for after in deaths(
        two, tmp_path, lambda registry: registry.comparisons.add("ratio75_item", [pair | {"k": 5}])
    ):
        found.append([kept["k"] for kept in after.comparisons.read()["pairs"]])
        assert after.load("ease")[1].version == versions(after)[-1]
    assert found[0] == [10] and found[-1] == [10, 5] and {tuple(ks) for ks in found} == {(10,), (10, 5)}, (
        "it happens at one moment"
    )


def test_killed_while_erasing(two, tmp_path):
    who, found = "c0003", []
    for after in deaths(two, tmp_path, lambda registry: registry.erase([who])):
        here = [
            who in set(after.snapshots.read(name).tables.customers["user"])
            for name in after.snapshots.names()
        ]
        for version in versions(after):
            after.load("ease", version)
        after.erase([who])
        assert not traces(after.root, who)
        found.append(sum(here))
    assert found[0] == 2 and found[-1] == 0 and 1 in found, "one snapshot after the other"
    assert found == sorted(found, reverse=True)


def test_killed_while_installing(two, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for after in deaths(empty, tmp_path, lambda registry: registry.install(two)):
        after.install(two)
        assert after.load("ease")[1].version == versions(Registry(two))[-1] and after.promotions.current(
            "popularity"
        )
        assert after.comparisons.read()["pairs"] == Registry(two).comparisons.read()["pairs"]


def test_a_model_that_cannot_be_written_leaves_nothing(copied, monkeypatch):
    before = sorted(copied.root.rglob("*"))
    model = make_model("ease", params={"regularisation": 9.0}).fit(
        copied.snapshots.read(copied.snapshots.names()[0]).data
    )
    model.thought_ = object()
    with pytest.raises(ArtefactError, match="thought_ is a object"):
        copied.releases.publish(model, copied.snapshots.names()[0])
    assert sorted(copied.root.rglob("*")) == before


# ---- damaged ---------------------------------------------------------------------------------------------------------


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    [
        "release.json",
        "manifest.json",
        "weights.npz",
        "snapshot/manifest.json",
        "snapshot/interactions.parquet",
        "snapshot/items.parquet",
        "snapshot/customers.parquet",
    ],
)
def test_a_flipped_byte_is_refused_by_name_and_the_last_good_one_serves(copied, name):
    current = copied.promotions.current("ease")
    path = (
        copied.root / "snapshots" / current.snapshot / name.removeprefix("snapshot/")
        if "/" in name
        else current.path / name
    )
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 12):
        flip(path, at)
        registry = Registry(copied.root)  # another process: nothing is in its memory
        try:
            model, release = registry.load("ease")
            assert path.suffix == ".json" and json.loads(path.read_text()) == json.loads(
                whole
            )  # a blank became another blank
        except ArtefactError as error:
            assert str(path) in str(error)
            model, release, problems = registry.load_with_fallback("ease")
            assert release.version == versions(copied)[0] and len(problems) == 1 and str(path) in problems[0]
            with pytest.raises(ArtefactError, match=path.name):
                registry.promotions.promote("ease", current.version)
        assert model.recommend([0]).codes.shape == (1, 10)
        path.write_bytes(whole)


def test_a_missing_file_and_a_lost_list(copied):
    current = copied.promotions.current("ease")
    flip(copied.root / "ease/promoted.json", 20)
    with pytest.raises(ArtefactError, match=r"promoted\.json"):
        copied.load("ease")
    _, release, problems = copied.load_with_fallback("ease")
    assert release == current and len(problems) == 1
    (current.path / "weights.npz").unlink()
    assert copied.load_with_fallback("ease")[1].version == versions(copied)[0]
    shutil.rmtree(copied.root / "ease" / versions(copied)[0])
    with pytest.raises(ArtefactError, match=r"run `c360 train --dataset \S+ --model ease`"):
        copied.load_with_fallback("ease")


def test_training_again_heals(copied):
    current = copied.promotions.current("ease")
    flip(current.path / "weights.npz", 500)
    healed = copied.releases.publish(
        make_model("ease").fit(copied.snapshots.read(current.snapshot).data), current.snapshot
    )
    assert healed.version == current.version and copied.load("ease")[1] == healed


def test_damaged_comparisons_are_refused_by_name_and_begun_anew(copied):
    (pair,), path = copied.comparisons.read()["pairs"], copied.root / "comparisons.json"
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 12):
        flip(path, at)
        try:
            assert copied.comparisons.read()["pairs"] == [pair]  # a blank became another blank
        except ArtefactError as error:
            assert str(path) in str(error)
            assert copied.load("ease")[1].version == pair["version"], "the models answer all the same"
        path.write_bytes(whole)
    flip(path, len(whole) // 2)
    copied.comparisons.add("ratio75_item", [pair | {"k": 5}])
    assert [kept["k"] for kept in copied.comparisons.read()["pairs"]] == [5]
    assert Registry(copied.root.parent / "elsewhere").comparisons.read()["pairs"] == []


def test_what_was_found_is_about_releases_in_use(copied):
    (pair,), ease, plain = (
        copied.comparisons.read()["pairs"],
        copied.releases.of("ease"),
        copied.promotions.current("popularity"),
    )
    old = pair_of(ease[0], plain)
    copied.comparisons.add("ratio75_item", [old])
    assert copied.comparisons.read()["pairs"] == [pair], "the first release of EASE is not in use"
    copied.promotions.rollback("ease")
    copied.comparisons.add("ratio75_item", [pair_of(plain, ease[0], difference=0.5)])
    assert copied.comparisons.read()["pairs"] == [pair_of(plain, ease[0], difference=0.5)]
    copied.comparisons.add("ratio75_item", [old])
    assert copied.comparisons.read()["pairs"] == [old], "the same pair the other way round is the same pair"


@pytest.mark.parametrize(
    ("key", "version"), [("../demo/ease", "x"), ("ease", "../../etc"), ("ease", ".."), ("", "x"), ("/", "x")]
)
def test_names_are_not_paths(copied, key, version):
    with pytest.raises(RegistryError, match="is not a valid key or version"):
        copied.load(key, version)
    with pytest.raises(RegistryError, match="has no snapshot"):
        copied.snapshots.read(f"../snapshots/{copied.snapshots.names()[0]}")


def test_a_model_of_other_data_is_not_taken(copied):
    other = make_model("ease").fit(dataset(simulate(seed=0, n_customers=40, n_items=19, days=40).tables))
    with pytest.raises(RegistryError, match="was not trained on snapshot"):
        copied.releases.publish(other, copied.snapshots.names()[0])


# ---- forgotten -------------------------------------------------------------------------------------------------------


def traces(folder: Path, user: str) -> list[str]:
    "Files that hold an id: as bytes, escaped as JSON does, or inside a compressed table or archive"
    spellings = {
        user.encode(),
        json.dumps(user)[1:-1].encode(),
        user.encode("utf-16-le"),
        user.encode("utf-32-le"),
    }
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += (
                pq.read_table(path).to_pandas().to_csv().encode()
                + str(pq.read_metadata(path).to_dict()).encode()
            )
        if path.suffix == ".npz":
            with np.load(io.BytesIO(content)) as arrays:
                content += b"".join(array.tobytes() for array in arrays.values())
        if any(spelling in content for spelling in spellings):
            found.append(path.relative_to(folder).as_posix())
    return found


def test_erasing_leaves_no_trace_in_the_registry(tmp_path):
    who, tables = "Zoë-4711", shop()
    names = {"c0005": who}
    tables = Tables(
        tables.facts,
        tables.interactions.replace({"user": names}),
        tables.items,
        tables.customers.replace({"user": names}),
    )
    registry = Registry(tmp_path / "demo")
    name = registry.snapshots.add(tables)
    data = registry.snapshots.read(name).data
    half = data.where(
        data.interactions["row"].to_numpy() % 2 == 0
    )  # trained on less than the snapshot: it holds histories of its own
    mixed = Hybrid(
        components={"ease": make_model("ease"), "svd": make_model("svd", params={"n_factors": 4})}
    ).fit(half)
    for model in (make_model("ease").fit(data), make_model("svd", params={"n_factors": 4}).fit(half), mixed):
        registry.promotions.promote(model.key, registry.releases.publish(model, name).version)
    own = [path for path in registry.root.rglob("histories.npz")]
    assert len(own) == 2 and len(traces(registry.root, who)) == 2
    code = int(data.users.encode([who])[0])
    before = {key: registry.load(key)[0] for key in registry.releases.keys()}
    assert all(len(model.histories_[[code]].items) for model in before.values())
    assert registry.erase([who, "nobody"]) == 2 + len(own)
    assert not traces(registry.root, who)
    others = np.delete(np.arange(data.n_users), code)
    for key, old in before.items():
        new = Registry(registry.root).load(key)[0]
        assert not len(new.histories_[[code]].items)
        np.testing.assert_array_equal(new.recommend(others).codes, old.recommend(others).codes)
        np.testing.assert_allclose(new.recommend([code]).codes, new.recommend([-1]).codes)  # a stranger now
    snapshot = registry.snapshots.read(name)
    assert snapshot.present.sum() == data.n_users - 1 and not snapshot.present[code]
    assert snapshot.data.users.encode([who, "c0006"]).tolist() == [-1, 5]
    again = make_model("ease").fit(snapshot.data)  # what is left can be trained on
    assert registry.releases.publish(again, name).version and registry.erase([who]) == 0


def test_models_are_compared_when_they_are_put_to_use(tmp_path, monkeypatch):
    from customer360.evaluation import pipeline
    from customer360.evaluation.pipeline import Source, ingest_stage, load_results
    from customer360.evaluation.publish import evaluate_on_part, train_and_publish

    def csv(n: int) -> Source:
        rng = np.random.default_rng(0)
        rows = [
            f"c{u},p{i},{1 + (u * i + u + i) % 5},{1_600_000_000 + 90 * u + i}"
            for u in range(n)
            for i in rng.permutation(20)[: 4 + u % 9]
        ]
        (tmp_path / "mine.csv").write_text("\n".join(["customer,sku,stars,ts", *rows]) + "\n")
        return Source(
            "",
            "",
            {
                "interactions": str(tmp_path / "mine.csv"),
                "user": "customer",
                "item": "sku",
                "rating": "stars",
                "scale": [1, 5],
                "timestamp": "ts",
            },
        )

    monkeypatch.setattr(settings(), "home", tmp_path)
    snapshot, _ = ingest_stage(csv(60))
    registry = Registry(tmp_path / "data/models/mine")

    def told() -> set[tuple]:
        pairs = registry.comparisons.read()["pairs"]
        return {
            (frozenset([(p["model"], p["version"]), (p["other"], p["other_version"])]), p["metric"], p["k"])
            for p in pairs
        }

    def expected(*releases: Release) -> set[tuple]:
        metrics = [("rmse", None), ("ndcg", 10), ("precision", 10), ("recall", 10)]
        return {
            (frozenset([(a.key, a.version), (b.key, b.version)]), *metric)
            for a, b in combinations(releases, 2)
            for metric in metrics
        }

    plain = train_and_publish(snapshot, "popularity")
    assert told() == set() and registry.findings.read()["versions"] == {}
    ease = train_and_publish(snapshot, "ease")
    assert told() == expected(plain, ease)
    both = registry.findings.read()
    assert both["versions"] == {"popularity": plain.version, "ease": ease.version}
    assert both["snapshot"] == ease.snapshot and both["findings"]["sentences"]["verdict"]
    aside = train_and_publish(snapshot, "knn", promote=False)
    bias = train_and_publish(snapshot, "bias", measure=False)
    assert told() == expected(plain, ease), "neither what is not in use nor what was not measured"
    registry.promotions.promote("knn", aside.version)
    newer = train_and_publish(snapshot, "ease", {"regularisation": 3.0})
    assert told() == expected(plain, newer, aside) and bias.key == "bias"
    assert registry.findings.read()["versions"] == {r.key: r.version for r in (plain, newer, aside)}

    figure = {
        (r.key, row["metric"], row["k"]): row["value"] for r in (plain, newer, aside) for row in r.figures
    }
    per_customer = {
        r.model: r.customers.set_index("user")
        for r in load_results([evaluate_on_part(snapshot, "popularity"), evaluate_on_part(snapshot, "knn")])
    }
    for pair in registry.comparisons.read()["pairs"]:
        of = (pair["metric"], pair["k"])
        assert abs(pair["difference"] - (figure[pair["model"], *of] - figure[pair["other"], *of])) < 1e-4
    recall = next(
        p
        for p in registry.comparisons.read()["pairs"]
        if p["metric"] == "recall" and {p["model"], p["other"]} == {"popularity", "knn"}
    )
    mean = {key: frame["recall@10"].mean() for key, frame in per_customer.items()}
    assert (
        abs(recall["difference"] - (mean[recall["model"]] - mean[recall["other"]])) < 1e-5
        and recall["difference"] >= 0
    )

    registry.promotions.rollback("ease")
    monkeypatch.setattr(
        pipeline, "model_code_hash", lambda key: "the code has changed"
    )  # what was judged with the old one is not taken for what the new one would reach
    again = train_and_publish(snapshot, "popularity")
    assert again.version == plain.version and told() == expected(plain, aside)
    monkeypatch.undo()

    monkeypatch.setattr(settings(), "home", tmp_path)
    other, _ = ingest_stage(csv(61))
    train_and_publish(other, "popularity")
    assert told() == set(), "of other data: there is nothing to compare it with"


def test_whoever_was_erased_is_not_in_the_cache_nor_in_the_next_training(tmp_path, monkeypatch):
    from customer360.data.store.facade import Store
    from customer360.evaluation.pipeline import Source, ingest_stage
    from customer360.evaluation.publish import train_and_publish

    monkeypatch.setattr(settings(), "home", tmp_path)
    monkeypatch.setattr(settings(), "dataset", "mine")
    stars = [
        f"{who},{what},{1 + (w + i) % 5},{1_600_000_000 + 90 * w + i}"
        for w, who in enumerate(["ada", "Zoë-4711", *map(str, range(20))])
        for i, what in enumerate(["tea", "mug", "pot", "tin", "jug"])
    ]
    (tmp_path / "mine.csv").write_text(
        "\n".join(["customer,sku,stars,ts", *stars, "Zoë-4711,tea,many,5"]) + "\n"
    )
    source = Source(
        "",
        "",
        {
            "interactions": str(tmp_path / "mine.csv"),
            "user": "customer",
            "item": "sku",
            "rating": "stars",
            "scale": [1, 5],
            "timestamp": "ts",
        },
    )
    snapshot, got = ingest_stage(source)
    assert (len(got.rejects), got.filtered) == (1, {})
    release = train_and_publish(snapshot, "ease")
    notebook = tmp_path / "data/interim/stages/mine/ingest.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text(json.dumps(["Zoë-4711 bought tea"]))
    registry, interim = Registry(release.path.parents[1]), tmp_path / "data/interim"
    assert traces(interim, "Zoë-4711") and traces(registry.root, "Zoë-4711")
    store = Store.open()
    store.erase("Zoë-4711")
    assert store.identities.erased(["ada", "Zoë-4711"]).tolist() == [False, True]
    store.close()
    assert registry.erase(["Zoë-4711"]) == 2 and len(erase_cached(["Zoë-4711"])) == 2
    again, got = ingest_stage(source)
    assert (got.filtered, len(got.rejects)) == ({"erased at the customer's request": 5}, 1)
    assert got.counts["rows"] == got.counts["kept"] + got.counts["filtered"] + got.counts["rejected"]
    assert again != snapshot and train_and_publish(again, "ease").snapshot != release.snapshot
    assert not traces(tmp_path / "data/interim", "Zoë-4711") and not traces(registry.root, "Zoë-4711")
    assert traces(tmp_path / "data/interim", "ada") and traces(registry.root, "ada"), (
        "the search finds those who are there"
    )


# ---- parts of a hybrid -----------------------------------------------------------------------------------------------


def test_a_hybrid_and_its_parts_are_kept_once(tmp_path):
    registry = Registry(tmp_path / "demo")
    name = registry.snapshots.add(shop())
    data = registry.snapshots.read(name).data
    parts = {"ease": make_model("ease"), "svd": make_model("svd", params={"n_factors": 4})}
    released = registry.releases.publish(make_model("ease").fit(data), name)
    hybrid = Hybrid(components=parts).fit(data)
    release = registry.releases.publish(hybrid, name)
    assert (
        release.parts == {"components_.ease": ["ease", released.version]}
        and not (release.path / "components_.ease").exists()
        and (release.path / "components_.svd").exists()
    )
    loaded, _ = registry.load("hybrid", release.version)
    np.testing.assert_array_equal(loaded.score(data.histories), hybrid.score(data.histories))
    assert loaded.histories_ is loaded.components_["ease"].histories_, "the pasts are in memory once"
    flip(released.path / "weights.npz", 500)
    with pytest.raises(ArtefactError, match=r"weights\.npz"):
        Registry(registry.root).load("hybrid", release.version)


# ---- the models that come along --------------------------------------------------------------------------------------

BUNDLE = ROOT / "data/pretrained/demo"


def test_the_bundle_is_small_and_in_git():
    files = [path for path in BUNDLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 10_000_000
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True)
    assert ignored.returncode in (1, 128), ignored.stdout  # 1: none is; 128: no git here


def test_the_bundle_is_of_the_demo_shop_as_it_is_simulated(tmp_path):
    "So that `c360 train` and the models that come along know the same customers and items"
    assert (
        Registry(tmp_path / "demo").snapshots.add(ingest(read_card("demo")).tables)
        in Registry(BUNDLE).snapshots.names()
    )


def test_the_bundle_says_which_of_its_models_is_better(tmp_path, monkeypatch):
    monkeypatch.setattr(settings(), "home", tmp_path)
    kept, fresh = Registry(BUNDLE).comparisons.read(), open_registry("demo")
    assert fresh.comparisons.read()["pairs"] == kept["pairs"] and kept["split"] == "ratio75_item"
    used = {
        key: release.version for key in fresh.releases.keys() if (release := fresh.promotions.current(key))
    }
    sides = [
        ((p["model"], p["version"]), (p["other"], p["other_version"]), p["metric"]) for p in kept["pairs"]
    ]
    assert len(sides) == 4 * 7 * 6 // 2 and all({one, other} <= set(used.items()) for one, other, _ in sides)
    assert fresh.erase(["c0001"]) and fresh.comparisons.read()["pairs"] == kept["pairs"]


def test_a_fresh_clone_answers_with_every_model(tmp_path, monkeypatch):
    monkeypatch.setattr(settings(), "home", tmp_path)
    registry = open_registry("demo")
    assert [key for key in registry.releases.keys() if registry.promotions.current(key)] == sorted(
        [*SIX, "popularity"]
    )
    for key in SIX:
        model, release, problems = registry.load_with_fallback(key)
        assert not problems and isinstance(model, Recommender)
        top = model.recommend(np.arange(100))
        assert (top.codes >= 0).all() and np.isfinite(top.scores).all()
        metrics = {(row["metric"], row["k"]): row for row in release.figures}
        assert (
            metrics["ndcg", 10]["low"] < metrics["ndcg", 10]["value"] < metrics["ndcg", 10]["high"]
            and ("rmse", None) in metrics
        )
    assert open_registry("demo").releases.keys() == registry.releases.keys()


def same_as_bundled(
    tmp_path: Path, keys: list[str], parts: list[str]
) -> dict[str, bool]:  # key -> bit by bit the same?
    "Train in a process of its own, and compare figures and recommendations with the bundle's"
    code = f"import sys; sys.path.insert(0, 'tools'); import pretrain; from pathlib import Path; pretrain.pretrain(Path(sys.argv[1]), {tuple(keys)}, {tuple(parts)})"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    bundled, fresh, found = Registry(BUNDLE), Registry(tmp_path / "data/models/demo"), {}
    for key in keys:
        (old, was), (new, now) = bundled.load(key), fresh.load(key)
        assert was.snapshot == now.snapshot and was.params == now.params
        before, after = (pd.DataFrame(release.figures).set_index(["metric", "k"]) for release in (was, now))
        room = (
            (before["high"] - before["low"]) / 2 * (0.5 if key in ("ncf", "hybrid") else 0.1)
        )  # other processors round otherwise
        off = (before["value"] - after["value"]).abs()
        assert (off <= room.fillna(0.01 * before["value"].abs())).all(), (
            key,
            pd.DataFrame({"bundled": before["value"], "fresh": after["value"]})[off > room],
        )
        everyone = np.arange(len(old.histories_))
        same = (old.recommend(everyone).codes == new.recommend(everyone).codes).mean()
        assert same >= (0.7 if key in ("ncf", "hybrid") else 0.98), (key, same)
        found[key] = was.version == now.version
    return found


@pytest.mark.slow
def test_training_afresh_gives_the_same(tmp_path, record_property):
    record_property(
        "trained afresh, the same bit by bit", same_as_bundled(tmp_path, ["popularity", "knn", "tfidf"], [])
    )


@pytest.mark.long
def test_training_all_of_them_afresh_gives_the_same(tmp_path, record_property):
    record_property(
        "trained afresh, the same bit by bit",
        same_as_bundled(tmp_path, ["svd", "ncf", "bert", "hybrid"], ["near", "bayes", "knn"]),
    )
