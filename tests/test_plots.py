"The report's figures: the same bytes twice, nothing cut off, and data with gaps."

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from customer360.evaluation import plots
from customer360.evaluation.stats import compare, leaderboard

LONG = {"hybrid": "Hybrid of everything with learnt fusion weights", "svd": "Singular value decomposition (Surprise)", "ease": "EASE"}


class Result(NamedTuple):
    split: str
    split_seed: str
    model: str
    model_seed: int
    customers: pd.DataFrame
    overall: dict[str, float]


def results(models=("hybrid", "svd", "ease", "random"), ratings=True, n=60) -> list[Result]:
    made = []
    for split in ("ratio75_item", "global_time", "cold_items", "cold_items-all"):
        for at, model in enumerate(models):
            random = np.random.default_rng([at, len(split)])
            frame = pd.DataFrame({"user": [f"u{i}" for i in range(n)]} | {f"{m}@10": random.beta(2, 4 + at, n) for m in ("precision", "recall", "ndcg")})
            frame["segment:activity"] = np.array(["1–5", "6–20", "21–100", ">100"])[np.arange(n) % 4]
            if ratings:
                frame["n_ratings"] = 5
                frame["squared_error"] = frame["absolute_error"] = random.chisquare(5, n)
            made.append(Result(split, "", model, 0, frame, {"coverage@10": 0.2 + 0.2 * at}))
    return made


def figures(made: list[Result], labels: dict[str, str] | None = None) -> dict[str, plots.Figure]:
    board = leaderboard(made, n_draws=50)
    return {
        "headline": plots.headline(board, labels=labels),
        "accuracy_coverage": plots.accuracy_coverage(board, labels=labels),
        "by_segment": plots.by_segment(board, labels=labels),
        "unseen_items": plots.unseen_items(board, labels=labels),
        "differences": plots.differences(compare(made, split="ratio75_item", n_draws=50, n_flips=100), labels),
        "time_beside_random": plots.time_beside_random(board, labels=labels),
    }


def cut_off(fig: plots.Figure) -> list[str]:
    "Texts that reach beyond the picture"
    fig.canvas.draw()
    renderer, (width, height) = fig.canvas.get_renderer(), fig.canvas.get_width_height()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in fig.findobj(Text) if text.get_visible() and text.get_text().strip()]
    ticks = {tick.get_text() for ax in fig.axes for tick in [*ax.get_xticklabels(), *ax.get_yticklabels()]}
    return [text for text, box in boxes if (box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1) and text not in ticks]


@pytest.mark.parametrize("models", [("svd",), ("hybrid", "svd", "ease"), ("hybrid", "hybrid-ncf-bert", "svd", "knn", "tfidf", "ncf", "bert", "ease", "popularity", "bias", "random", "mine")], ids=len)
def test_nothing_is_cut_off_and_every_figure_is_described(models):
    for name, fig in figures(results(models), LONG).items():
        assert cut_off(fig) == [], name
        assert len(plots.alt(fig)) > 30, name


def test_the_same_figure_twice_is_the_same_file(tmp_path):
    first, second = figures(results()), figures(results())
    for name, fig in first.items():
        assert plots.save(fig, tmp_path / name / "a.png").read_bytes() == plots.save(second[name], tmp_path / name / "b.png").read_bytes(), name


def test_data_without_ratings_says_so():
    fig = plots.headline(leaderboard(results(ratings=False), n_draws=20))
    assert sum(text.get_text() == "no ratings" for text in fig.findobj(Text)) == 4
    assert "RMSE: no values." in plots.alt(fig)


def test_a_missing_split_or_segment_is_named():
    board = leaderboard(results(), n_draws=20)
    with pytest.raises(ValueError, match="no split 'kfold5'"):
        plots.headline(board, "kfold5")
    with pytest.raises(ValueError, match="no segment 'age'"):
        plots.by_segment(board, segment="age")
    with pytest.raises(ValueError, match="none of the splits"):
        plots.unseen_items(board[board["split"] == "global_time"])


def test_html_is_one_self_contained_element():
    html = plots.as_html(plots.headline(leaderboard(results(), n_draws=20)))
    assert html.startswith('<img src="data:image/png;base64,') and 'alt="Split ratio75_item' in html and "http" not in html
