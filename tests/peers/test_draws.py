"The cuts that others have published: exact counts on invented data, the known sizes on the real one"

from pathlib import Path

import numpy as np
import pytest
from references import small

from customer360.data.ingest import ingest
from customer360.data.prepare import Dataset, dataset
from customer360.models.baselines import EASE, Popularity
from customer360.models.holdout import rank_held_out
from customer360.peers.draws import loo_99neg, recbole_811, without_the_rest

N_USERS, N_ITEMS = 40, 30


def stars(seed: int) -> Dataset:
    "Forty customers of 14 to 29 ratings from 2 to 5"
    rng = np.random.default_rng([23, seed])
    rows = [
        (user, int(item), "rating", float(rng.integers(2, 6)), number)
        for user in range(N_USERS)
        for number, item in enumerate(rng.choice(N_ITEMS, 14 + user * 2 // 5, replace=False))
    ]
    return small(rows, N_USERS, N_ITEMS)


def core_by_hand(pairs: set[tuple[int, int]], k: int = 10) -> set[tuple[int, int]]:
    while True:
        users, items = ([pair[side] for pair in pairs] for side in (0, 1))
        kept = {(u, i) for u, i in pairs if users.count(u) >= k and items.count(i) >= k}
        if kept == pairs:
            return kept
        pairs = kept


@pytest.mark.parametrize("seed", range(3))
def test_recbole_811_keeps_the_core_and_cuts_tenths_rounded_down(seed):
    data = stars(seed)
    frame = data.interactions
    high = frame[frame["rating"] >= 3]
    core = core_by_hand(set(zip(high["user"].tolist(), high["item"].tolist(), strict=True)))
    assert core, "an example without a core tests nothing"
    split = recbole_811(data, seed)
    parts = [split.train.interactions, split.hidden, split.test]
    named = [
        set(zip(split.train.users.decode(part["user"]), split.train.items.decode(part["item"]), strict=True))
        for part in parts
    ]
    everything = {(str(data.users.ids[u]), str(data.items.ids[i])) for u, i in core}
    assert set().union(*named) == everything and sum(map(len, named)) == len(everything)
    assert split.train.n_users == len({u for u, _ in core}) and split.train.n_items == len(
        {i for _, i in core}
    )
    for user in {u for u, _ in everything}:
        n = sum(u == user for u, _ in everything)
        assert [sum(u == user for u, _ in part) for part in named] == [n - 2 * (n // 10), n // 10, n // 10]
    assert {tuple(row) for row in recbole_811(data, seed + 1).test[["user", "item"]].to_numpy()} != {
        tuple(row) for row in split.test[["user", "item"]].to_numpy()
    }


@pytest.mark.parametrize("seed", range(3))
def test_what_is_hidden_is_in_no_list(seed):
    split = recbole_811(stars(seed), seed)
    hidden = set(zip(split.hidden["user"].tolist(), split.hidden["item"].tolist(), strict=True))
    model = Popularity().fit(split.train)
    lists = rank_held_out(model, split, split.train.n_items)
    shown = {
        (user, item)
        for user, row in zip(lists.users.tolist(), lists.codes.tolist(), strict=True)
        for item in row
    }
    assert hidden and not hidden & shown
    open_to_all = model.recommend(lists.users, split.train.n_items).codes
    for mine, whole, user in zip(
        lists.codes.tolist(), open_to_all.tolist(), lists.users.tolist(), strict=True
    ):
        wanted = [item for item in whole if item >= 0 and (user, item) not in hidden]
        assert [item for item in mine if item >= 0] == wanted


def test_only_what_is_left_keeps_its_text_and_its_attributes():
    data = stars(0)
    mask = (data.interactions["user"] < 3).to_numpy()
    few = without_the_rest(data, mask)
    assert few.n_users == 3 and few.n_items == data.interactions[mask]["item"].nunique()
    assert few.histories.weight.nnz == mask.sum()
    assert few.items.ids.tolist() == sorted(few.items.ids.tolist(), key=data.items.ids.tolist().index)


@pytest.fixture(scope="module")
def ml1m(test_data: Path) -> Dataset:
    return dataset(ingest("ml-1m", test_data / "ml-1m").tables)


@pytest.mark.data
@pytest.mark.slow
def test_recbole_811_of_ml1m_has_the_known_size_and_ease_its_figure(ml1m, record_property):
    split = recbole_811(ml1m, 0)
    sizes = len(split.train.interactions), len(split.hidden), len(split.test)
    assert sum(sizes) == 834_449 and (split.train.n_users, split.train.n_items) == (6_033, 3_123)
    lists = rank_held_out(EASE().fit(split.train), split, 10)
    from customer360.metrics import ndcg

    value = float(ndcg(lists.hit, lists.n_relevant, 10).mean())
    record_property("EASE on recbole_811 of ml-1m, shuffle 0: nDCG@10", round(value, 4))
    assert value == pytest.approx(0.286, abs=0.004)


@pytest.mark.data
@pytest.mark.slow
def test_loo_99neg_is_the_papers_test(ml1m, test_data, record_property):
    split = loo_99neg(ml1m, test_data / "ml-1m")
    assert len(split.test) == 6_040 and split.candidates.shape == (6_040, 100)
    assert (split.test["timestamp"].groupby(split.test["user"]).size() == 1).all()
    seen = np.zeros((ml1m.n_users, ml1m.n_items), bool)
    seen[split.train.interactions["user"], split.train.interactions["item"]] = True
    assert not np.take_along_axis(seen, split.candidates, 1).any(), "nobody has rated a candidate in train"
    lists = rank_held_out(Popularity().fit(split.train), split, 10)
    hits = float(lists.hit.any(1).mean())
    record_property("popularity on loo_99neg of ml-1m: HR@10", round(hits, 4))
    assert hits == pytest.approx(0.453, abs=0.001) and lists.hit.sum(1).max() == 1
