"Train the models that come with the package, on the demo shop: data/pretrained/demo, about three minutes"

import os
import shutil
import sys
import tempfile
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
LIMIT = 10_000_000  # bytes, of everything that is committed


def pretrain(home: Path, shown: tuple[str, ...] = SHOWN, parts: tuple[str, ...] = PARTS) -> Path:
    "Train below `home` as `c360 train` does, and return the registry's folder"
    os.environ |= {"C360_HOME": str(home), "C360_THREADS": "1"}
    from customer360.config import limit_threads
    from customer360.evaluation.pipeline import Source, ingest_stage
    from customer360.evaluation.publish import train_and_publish

    limit_threads()
    source = Source(DATASET)
    snapshot, _ = ingest_stage(source)
    for key in (*parts, *shown):
        release = train_and_publish(snapshot, key, source.params(key), promote=key in shown)
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
    print(f"{final.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
