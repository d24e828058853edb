"Train the models that come with the package, on the demo shop: data/pretrained/demo, about three minutes"

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATASET = "demo"
SHOWN = (
    "knn",
    "svd",
    "tfidf",
    "ncf",
    "bert",
    "popularity",
    "hybrid",
)  # put to use; the hybrid's last, which takes the others as its parts
PARTS = ("near", "bayes")  # only the hybrid needs them
OLDER = ("knn", "popularity")  # in two versions, to go back and forward between; larger ones exceed the limit
OLDER_SHARE = 0.6  # of the shop's interactions: what the older versions know, its first seven months
LIMIT = 10_000_000  # bytes, of everything that is committed


def pretrain(home: Path, shown: tuple[str, ...] = SHOWN, parts: tuple[str, ...] = PARTS) -> Path:
    "Train below `home` as `c360 train` does, and return the registry's folder"
    os.environ |= {"C360_HOME": str(home), "C360_THREADS": "1"}
    from customer360.config import limit_threads
    from customer360.data.interim import save_snapshot
    from customer360.evaluation.challenge import challenge
    from customer360.evaluation.pipeline import Source, ingest_stage
    from customer360.evaluation.publish import train_and_publish

    limit_threads()
    source = Source(DATASET)
    snapshot, result = ingest_stage(source)
    rows = result.tables.interactions.sort_values("timestamp", kind="stable")
    first = rows.iloc[: round(OLDER_SHARE * len(rows))].sort_index()
    older = save_snapshot(replace(result, tables=replace(result.tables, interactions=first)))
    for key in (key for key in shown if key in OLDER):
        train_and_publish(older, key, source.params(key))
    for key in (*parts, *shown):
        made = challenge(snapshot, key, source.params(key))[0] if key in OLDER and key in shown else None
        release = made or train_and_publish(snapshot, key, source.params(key), promote=key in shown)
        print(f"{key}: {release.version}, fitted in {release.fit_seconds:.1f} s")
    return home / "data/models" / DATASET


def main() -> None:
    "Replace data/pretrained/demo"
    final = ROOT / "data/pretrained" / DATASET
    with tempfile.TemporaryDirectory() as home:
        made = pretrain(Path(home))
        (made / ".lock").unlink()
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        if size > LIMIT:
            sys.exit(
                f"{size:,} bytes are more than {LIMIT:,}: make the shop of data/cards/{DATASET}.toml smaller"
            )
        aside = shutil.copytree(made, final.with_name(f".{DATASET}.new"))
        shutil.rmtree(final, ignore_errors=True)
        aside.rename(final)
    newest = json.loads((final / "knn/promoted.json").read_text())["versions"][-1]
    guide = ROOT / "docs/service.md"  # its tour activates the newer of two versions
    told = re.sub(r'(models/knn/activate.*?"version": ")[0-9a-f]+', rf"\g<1>{newest}", guide.read_text())
    guide.write_text(told)
    print(f"{final.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
