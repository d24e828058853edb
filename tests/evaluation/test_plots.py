"The report's figures: the same bytes twice, nothing cut off, and data with gaps."

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from customer360.evaluation import drawing, model_plots, plots
from customer360.evaluation.leaderboard import build_leaderboard
from customer360.evaluation.significance import compare_models

LONG = {
    "hybrid": "Hybrid of everything with learnt fusion weights",
    "svd": "Singular value decomposition (Surprise)",
    "ease": "EASE",
}


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
            frame = pd.DataFrame(
                {"user": [f"u{i}" for i in range(n)]}
                | {f"{m}@10": random.beta(2, 4 + at, n) for m in ("precision", "recall", "ndcg")}
            )
            frame["segment:activity"] = np.array(["1–5", "6–20", "21–100", ">100"])[np.arange(n) % 4]
            if ratings:
                frame["n_ratings"] = 5
                frame["squared_error"] = frame["absolute_error"] = random.chisquare(5, n)
            made.append(
                Result(split, "", model, 0, frame, {"coverage@10": 0.2 + 0.2 * at, "fit_seconds": 3.0**at})
            )
    return made


def figures(made: list[Result], labels: dict[str, str] | None = None) -> dict[str, drawing.Figure]:
    board = build_leaderboard(made, n_draws=50)
    return {
        "headline": plots.headline(board, labels=labels),
        "accuracy_coverage": plots.accuracy_against(board, "coverage", labels=labels),
        "accuracy_cost": plots.accuracy_against(board, "fit_seconds", labels=labels),
        "by_segment": plots.by_segment(board, labels=labels),
        "unseen_items": plots.unseen_items(board, labels=labels),
        "differences": plots.differences(
            compare_models(made, split="ratio75_item", n_draws=50, n_flips=100), labels
        ),
        "time_beside_random": plots.random_versus_time(board, labels=labels),
        "calibration": model_plots.calibration(
            {result.model: reliable(at) for at, result in enumerate(made[: len(made) // 4])},
            (1, 5),
            {},
            labels,
        ),
        "learning_curves": model_plots.learning_curves(CURVES),
        "beliefs": model_plots.component_weights(
            {question: SHARES for question in ("ranking", "ratings")}, labels
        ),
    }


def reliable(at: int) -> pd.DataFrame:
    "A curve as `stats.reliability_curve` makes it; its second bin has too few customers for a dot"
    given = np.array([1.8, 2.0, 3.1, 3.9 + at / 50])
    return pd.DataFrame({
        "bin": [2, 4, 9, 13], "predicted": [1.6, 2.1, 3.4, 4.3], "given": given, "low": given - 0.2, "high": given + 0.3,
        "n": [10, 9, 100, 50], "n_customers": [10, 9, 60, 40],
    })  # fmt: skip


CURVES = pd.DataFrame(
    {
        "head": ["ranking"] * 5 + ["ratings"] * 3,
        "epoch": [1, 2, 3, 4, 5, 1, 2, 3],
        "training": [9.0, 7, 6, 5, 4, 1, 0.9, 0.8],
        "held_out": [9.0, 8, 7.5, 7.6, 7.7, 1.1, 1, 1.05],
    }
)
SHARES = pd.DataFrame(
    [[0.6, 0.4, 0.0], [0.25, 0.75, 0.0], [0.0, 0.001, 0.999]],
    ["regular", "visitor", "cold item"],
    ["svd", "ncf", "bert"],
)


def cut_off(fig: drawing.Figure) -> list[str]:
    "Texts that reach beyond the picture"
    fig.canvas.draw()
    renderer, (width, height) = fig.canvas.get_renderer(), fig.canvas.get_width_height()
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in fig.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    ticks = {tick.get_text() for ax in fig.axes for tick in [*ax.get_xticklabels(), *ax.get_yticklabels()]}
    return [
        text
        for text, box in boxes
        if (box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1) and text not in ticks
    ]


@pytest.mark.parametrize(
    "models",
    [
        ("svd",),
        ("hybrid", "svd", "ease"),
        (
            "hybrid",
            "hybrid-ncf-bert",
            "svd",
            "knn",
            "tfidf",
            "ncf",
            "bert",
            "near",
            "bayes",
            "ease",
            "popularity",
            "bias",
            "random",
            "mine",
        ),
    ],
    ids=len,
)
def test_nothing_is_cut_off_and_every_figure_is_described(models):
    for name, fig in figures(results(models), LONG).items():
        assert cut_off(fig) == [], name
        assert len(drawing.alt_text(fig)) > 30, name


def test_the_same_figure_twice_is_the_same_file(tmp_path):
    first, second = figures(results()), figures(results())
    for name, fig in first.items():
        assert (
            drawing.save_figure(fig, tmp_path / name / "a.png").read_bytes()
            == drawing.save_figure(second[name], tmp_path / name / "b.png").read_bytes()
        ), name


def test_data_without_ratings_says_so():
    fig = plots.headline(build_leaderboard(results(ratings=False), n_draws=20))
    assert sum(text.get_text() == "no ratings" for text in fig.findobj(Text)) == 4
    assert "RMSE: no values." in drawing.alt_text(fig)


def test_a_missing_split_or_segment_is_named():
    board = build_leaderboard(results(), n_draws=20)
    with pytest.raises(ValueError, match="no split 'kfold5'"):
        plots.headline(board, "kfold5")
    with pytest.raises(ValueError, match="no segment 'age'"):
        plots.by_segment(board, segment="age")
    with pytest.raises(ValueError, match="none of the splits"):
        plots.unseen_items(board[board["split"] == "global_time"])


def test_html_is_one_self_contained_element():
    html = drawing.as_html(plots.headline(build_leaderboard(results(), n_draws=20)))
    assert (
        html.startswith('<img src="data:image/png;base64,')
        and 'alt="Split ratio75_item' in html
        and "http" not in html
    )


def test_a_variant_has_its_models_colour_and_a_mark_of_its_own():
    made = results(("hybrid", "hybrid-ncf-bert", "svd"))
    lines = {
        line.get_linestyle() == "-": line
        for line in plots.random_versus_time(build_leaderboard(made, n_draws=20)).axes[0].get_lines()[:2]
    }
    first, second = plots.headline(build_leaderboard(made, n_draws=20)).axes[0].get_lines()[1:4:2]
    looks = {(line.get_color().lower(), line.get_markerfacecolor() == "white") for line in (first, second)}
    assert len({colour for colour, _ in looks}) == 1 and {hollow for _, hollow in looks} == {True, False}
    assert set(lines) == {True, False}, "the variant's line is dashed"


def test_the_calibration_figure_shows_the_bins():
    frame = reliable(0)
    fig = model_plots.calibration({"svd": frame}, (1, 5), {"svd": 0.25})
    (ax,) = fig.axes
    dots = next(line for line in ax.get_lines() if line.get_marker() == "o")
    shown = frame[frame["n_customers"] >= 10]
    assert np.allclose(dots.get_xydata(), shown[["predicted", "given"]])
    intervals = np.array([path.vertices for path in ax.collections[0].get_paths()])
    assert np.allclose(intervals[:, :, 1], shown[["low", "high"]]) and np.allclose(
        intervals[:, 0, 0], shown["predicted"]
    )
    bars = {round(bar.get_x() + bar.get_width() / 2, 3): bar.get_height() for bar in ax.patches}
    assert list(bars) == [1.625, 2.125, 3.375, 4.375], "the middle of each bin of a sixteenth of the scale"
    assert np.allclose(np.array(list(bars.values())) / bars[3.375], [0.1, 0.09, 1, 0.5])
    assert ax.get_xlim()[0] < 1.6 and ax.get_ylim()[1] >= shown["high"].max()
    assert (
        drawing.alt_text(fig)
        == "Mean given rating against predicted rating. svd: off by .250 on average, from 1.60 predicted and 1.80 given to 4.30 and 3.90."
    )
    assert "too few ratings for a dot" in drawing.alt_text(
        model_plots.calibration({"svd": frame[1:2]}, (1, 5))
    )


def test_the_chosen_pass_is_the_one_with_the_lowest_held_out_loss():
    fig = model_plots.learning_curves(CURVES.set_index(np.zeros(len(CURVES), int)))  # whatever its index
    for ax, (head, best, loss) in zip(fig.axes, [("ranking", 3, 7.5), ("ratings", 2, 1.0)], strict=True):
        own = CURVES[CURVES["head"] == head]
        training, held_out, dot, line = ax.get_lines()
        assert np.allclose(training.get_xydata(), own[["epoch", "training"]]) and np.allclose(
            held_out.get_xydata(), own[["epoch", "held_out"]]
        )
        assert dot.get_xydata().tolist() == [[best, loss]] and set(line.get_xdata()) == {best}
        assert ax.get_title(loc="left") == head and f"pass {best} kept" in {
            text.get_text() for text in ax.texts
        }


def test_each_cell_of_the_beliefs_shows_its_share():
    fig = model_plots.component_weights(
        {"ranking": SHARES, "ratings": SHARES[["ncf", "svd"]]}, {"svd": "Factors"}
    )
    assert [text.get_text() for text in fig.axes[0].texts] == [
        "60%",
        "40%",
        "0",
        "25%",
        "75%",
        "0",
        "0",
        "0",
        "100%",
    ]
    assert [text.get_text() for text in fig.axes[1].texts] == ["40%", "60%", "75%", "25%", "0", "0"]
    assert [tick.get_text() for tick in fig.axes[0].get_xticklabels()] == ["Factors", "ncf", "bert"]
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["regular", "visitor", "cold item"]
    assert np.allclose(fig.axes[0].collections[0].get_array().ravel(), SHARES.to_numpy().ravel())
    assert "ranking, visitor: ncf 75%, Factors 25%; " in drawing.alt_text(fig)
