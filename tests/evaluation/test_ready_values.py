"Numbers in files of other systems: read right, or refused with the line and what to do before anything is trained"

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer360.data.prepare import Dataset, dataset
from customer360.evaluation.ready_files import ReadyFileError, check_ready, open_ready, read_ready_rows
from customer360.schema import Facts, Tables, interactions

USERS, ITEMS = [f"c{n}" for n in range(6)], [f"i{n}" for n in range(8)]


@pytest.fixture(scope="module")
def shop() -> Dataset:
    rows = interactions([u for u in USERS for _ in ITEMS], ITEMS * len(USERS), "rating", 4.0, range(48))
    frames = pd.DataFrame({"item": ITEMS}), pd.DataFrame({"user": USERS})
    return dataset(Tables(Facts("shop", scale=(1, 5)), rows, *frames))


def lists(**columns: object) -> pd.DataFrame:
    "Five places for each customer, best first, with further columns"
    frame = pd.DataFrame({"user": np.repeat(USERS, 5), "item": ITEMS[:5] * len(USERS)})
    return frame.assign(place=np.tile(np.arange(5), len(USERS))).assign(**columns)


def order(frame: pd.DataFrame, path: Path, shop: Dataset, role: str = "rank") -> list[float]:
    "The numbers of the first customer, which rise from the best"
    frame.drop(columns="place", errors="ignore").to_csv(path / "theirs.csv", index=False)
    file = open_ready(path / "theirs.csv", role)
    check_ready(file, shop)
    return read_ready_rows(file, shop).value[:5].tolist()


def refused(frame: pd.DataFrame, path: Path, shop: Dataset, role: str = "rank") -> str:
    "The sentence, which is the same before training as when the file is read"
    frame.drop(columns="place", errors="ignore").to_csv(path / "theirs.csv", index=False)
    said = []
    for look in (check_ready, read_ready_rows):
        with pytest.raises(ReadyFileError) as error:
            look(open_ready(path / "theirs.csv", role), shop)
        said.append(str(error.value))
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize(
    ("column", "write"),
    [
        ("rank", lambda n: n),
        ("rank", lambda n: n + 1),
        ("rank", lambda n: f"{n + 1}.0"),
        ("rank", lambda n: 10 * n + 3),  # with gaps
        ("score", lambda n: -n),
        ("score", lambda n: f"{5 - n / 4:.2f}".replace(".", ",")),
        ("score", lambda n: f"-{n},5"),
        ("score", lambda n: f"{10.0**-n:.3e}"),
        ("probability", lambda n: f",{9 - n}"),
    ],
)
def test_numbers_that_can_be_read_in_one_way_are(tmp_path, shop, column, write):
    frame = lists()
    frame[column] = [write(n) for n in frame["place"]]
    found = order(frame, tmp_path, shop)
    assert np.argsort(found).tolist() == [0, 1, 2, 3, 4] and len(set(found)) == 5


@pytest.mark.parametrize(
    ("column", "write", "said"),
    [
        ("score", lambda n: "nan" if n % 2 else 9 - n, "line 3: 12 of its 30 numbers in the column 'score'"),
        ("score", lambda n: "" if n == 4 else 9 - n, "line 6: 6 of its 30 numbers"),
        ("score", lambda n: "inf" if n == 0 else 9 - n, "such as 'inf'"),
        ("score", lambda n: f"{9 - n},234", "write numbers with a decimal point"),
        ("score", lambda n: f"{9 - n}.5" if n else "9,5", "write numbers with a decimal point"),
        ("rank", lambda n: f"#{n}", "such as '#0': write plain numbers"),
        ("rank", lambda n: "first" if n == 0 else n, "line 2: 6 of its 30 numbers in the column 'rank'"),
        ("rank", lambda n: -n, "it has the rank -4, and ranks count from 1"),
        ("score", lambda n: n, "call the column rank"),
        ("score", lambda n: n / 7 + 0.1, "rise from line to line"),
    ],
)
def test_numbers_that_would_give_a_figure_of_nothing_are_refused(tmp_path, shop, column, write, said):
    frame = lists()
    frame[column] = [write(n) for n in frame["place"]]
    assert said in refused(frame, tmp_path, shop)


@pytest.mark.parametrize(
    ("score", "fits"),
    [(lambda n: 9 - n, True), (lambda n: "n/a", True), (lambda n: n, False), (lambda n: n / 3, False)],
)
def test_ranks_and_scores_that_contradict_each_other(tmp_path, shop, score, fits):
    frame = lists()
    frame = frame.assign(rank=frame["place"] + 1, score=[score(n) for n in frame["place"]])
    if fits:
        assert order(frame, tmp_path, shop) == [1, 2, 3, 4, 5]
    else:
        assert "its ranks and scores contradict each other" in refused(frame, tmp_path, shop)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda n: f"{n / 2 + 1}", ""),
        (lambda n: f"{n / 2 + 1:.1f}".replace(".", ","), ""),
        (lambda n: 1.1 * n + 0.8, ""),  # a little outside
        (lambda n: 2 * n + 2, "18 of its 30 ratings are off the scale 1 to 5, such as 6"),
        (lambda n: n / 5, "write them on the scale of the data"),
        (lambda n: 20 * n, "off the scale 1 to 5"),
        (lambda n: "nan" if n else 4, "24 of its 30 numbers in the column 'rating' cannot be read"),
    ],
)
def test_predicted_ratings_on_the_scale(tmp_path, shop, write, said):
    frame = lists()
    frame["rating"] = [write(n) for n in frame["place"]]
    if said:
        assert said in refused(frame, tmp_path, shop, "rating")
    else:
        assert np.isfinite(order(frame, tmp_path, shop, "rating")).all()


@pytest.mark.parametrize("name", ["order", "distance", "confidence"])
def test_a_column_of_numbers_that_may_be_the_order_is_asked_for(tmp_path, shop, name):
    frame = lists()
    frame.rename(columns={"place": name}).to_csv(tmp_path / "theirs.csv", index=False)
    with pytest.raises(ReadyFileError, match=f"neither a rank nor a score .* call '{name}' rank or score"):
        open_ready(tmp_path / "theirs.csv", "rank")
    frame.drop(columns="place").assign(title="A fine one").to_csv(tmp_path / "theirs.csv", index=False)
    assert open_ready(tmp_path / "theirs.csv", "rank").value == ""


@pytest.mark.parametrize("share", [0.2, 0.6, 1.0])
def test_a_part_of_the_ids_written_otherwise_is_noticed(tmp_path, shop, share):
    frame = lists(score=np.tile([5, 4, 3, 2, 1], len(USERS)))
    first = frame["item"].isin(ITEMS[: max(1, round(5 * share))])
    frame["item"] = frame["item"].mask(first, frame["item"].str.upper())
    frame.to_csv(tmp_path / "theirs.csv", index=False)
    file = open_ready(tmp_path / "theirs.csv", "rank")
    if share < 0.6:  # one id is no pattern
        check_ready(file, shop)
    else:
        with pytest.raises(ReadyFileError, match="capital letters differ"):
            check_ready(file, shop)
