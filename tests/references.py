"What several tests share: small data by hand, and ml-100k read once"

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from customer360.data.ingest import ingest
from customer360.data.prepare import Dataset, dataset
from customer360.schema import Facts, Tables, interactions

NAN = float("nan")


@cache
def ml100k(test_data: Path) -> Dataset:
    "The real data set, through our own reader"
    return dataset(ingest("ml-100k", test_data / "ml-100k").tables)


@cache
def raw_ratings(test_data: Path, name: str = "u.data") -> pd.DataFrame:
    "A file of ml-100k as it lies there: string ids, in the order of its lines"
    types = {"user": str, "item": str, "rating": float, "timestamp": int}
    return pd.read_csv(test_data / "ml-100k" / name, sep="\t", names=list(types), dtype=types)


def small(
    events: list[tuple],  # (user code, item code, kind, rating, seconds), in source order
    n_users: int,
    n_items: int,
    scale: tuple[float, float] | None = (1, 5),
    relevant: dict | None = None,
    **tables: pd.DataFrame,  # items, customers: instead of bare ids
) -> Dataset:
    "A data set whose ids are the codes as text"
    user, item, event, rating, when = zip(*events, strict=True) if events else [()] * 5
    kind = {} if relevant is None else {"relevant": relevant}
    bare = {
        name: pd.DataFrame({column: [str(code) for code in range(n)]})
        for name, column, n in (("items", "item", n_items), ("customers", "user", n_users))
    }
    frame = interactions(
        [str(u) for u in user], [str(i) for i in item], list(event), list(rating), list(when)
    )
    return dataset(Tables(Facts("small", scale=scale, **kind), frame, **bare | tables))


def ratings_table(rows: np.ndarray) -> Dataset:
    "A data set from a matrix of ratings, 0 where there is none"
    user, item = np.nonzero(rows)
    return small(
        [(u, i, "rating", rows[u, i], time) for time, (u, i) in enumerate(zip(user, item, strict=True))],
        *rows.shape,
    )


def random_events(
    rng: np.random.Generator, n: int, n_users: int, n_items: int, kinds: list[str]
) -> list[tuple]:
    "A stream with many repeats and many equal timestamps"
    kind = rng.choice(kinds, n)
    stars = np.where(kind == "rating", rng.integers(1, 6, n), NAN)
    return list(
        zip(
            rng.integers(0, n_users, n),
            rng.integers(0, n_items, n),
            kind.tolist(),
            stars,
            rng.integers(0, max(2, n // 3), n),
            strict=True,
        )
    )
