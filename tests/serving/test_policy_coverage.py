"Off-policy intervals in simulated shops whose truth is known: how often they hold it, and when there are none"

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from customer360.config import generator
from customer360.data.prepare import dataset
from customer360.data.simulate import simulate
from customer360.models.baselines import EASE, Popularity
from customer360.serving.offpolicy import (
    Estimate,
    doubly_robust,
    ips,
    pooled_probabilities,
    predict_rewards,
    snips,
)
from customer360.serving.policy_choices import PolicyChoices, RankedCandidates, choice_probabilities


class Setting(NamedTuple):
    "An experiment, and the policy that its log is asked about"

    arms: dict[str, float]
    target: str
    places: int
    exploration: float
    customers: int
    visits: int
    pure: bool = False  # the target does not explore


class World:
    "Customers with true tastes, and two models that rank for them"

    def __init__(self, n_customers: int = 1000, n_items: int = 100, n_candidates: int = 30):
        shop = simulate(0, n_customers, n_items)
        data, self.n_customers, self.n_items = dataset(shop.tables), n_customers, n_items
        everybody = np.arange(n_customers)
        attraction = shop.truth.attraction(everybody[:, None], np.arange(n_items)[None])
        self.interest = 1 / (1 + np.exp(2.5 - 1.1 * attraction))
        self.ranked = {}
        for model in (Popularity(), EASE()):
            scores = model.fit(data).score(data.histories)
            best = np.argsort(-scores, axis=1, kind="stable")[:, :n_candidates].astype(np.int32)
            ordered = np.take_along_axis(scores, best, 1).astype(np.float32)
            self.ranked[model.key] = RankedCandidates(best, ordered)

    def click_rate(
        self, users: np.ndarray, items: np.ndarray
    ) -> np.ndarray:  # (q, p), seen less further down
        return 0.95 * self.interest[users[:, None], items] / np.arange(1, items.shape[1] + 1) ** 0.35

    def choices(
        self,
        key: str,
        users: np.ndarray,
        shown: np.ndarray,
        exploration: float,
        value: np.ndarray,
        fold: np.ndarray,
    ) -> PolicyChoices:
        ranked, q = RankedCandidates(*(part[users] for part in self.ranked[key])), len(users)
        same = np.full(q, shown.shape[1]), np.full(q, exploration), np.ones(q)
        return choice_probabilities(ranked, shown, *same, value, fold, np.ones(self.n_items + 1, bool))

    def draw(
        self, key: str, users: np.ndarray, places: int, exploration: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:  # items and their probabilities (q, places); as `explore` draws them
        items, scores = (part[users] for part in self.ranked[key])
        z = (scores - scores.mean(1, keepdims=True)) / scores.std(1, keepdims=True)
        rows, free = np.arange(len(users)), np.ones(items.shape, bool)
        shown, chance = np.zeros((len(users), places), np.int32), np.zeros((len(users), places))
        for place in range(places):
            weight = np.exp(z - z.max(1, keepdims=True)) * free
            each = exploration * weight / weight.sum(1, keepdims=True)
            each[rows, free.argmax(1)] += 1 - exploration
            at = (each.cumsum(1) < rng.random(len(users))[:, None] * (1 - 1e-9)).sum(1)
            shown[:, place], chance[:, place], free[rows, at] = items[rows, at], each[rows, at], False
        return shown, chance

    def truth(self, setting: Setting) -> float:
        users, rng = np.arange(self.n_customers), generator(0, "coverage", "truth")
        exploration = 0.0 if setting.pure else setting.exploration
        lists = (self.draw(setting.target, users, setting.places, exploration, rng)[0] for _ in range(40))
        return float(np.mean([self.click_rate(users, shown).mean() for shown in lists]))

    def log(self, setting: Setting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
        people = rng.choice(self.n_customers, setting.customers, replace=False)
        assigned = rng.choice(list(setting.arms), setting.customers, p=list(setting.arms.values()))
        users, arm = np.repeat(people, setting.visits), np.repeat(assigned, setting.visits)
        shown = np.zeros((len(users), setting.places), np.int32)
        chance = np.zeros(shown.shape)
        for key in setting.arms:
            own = arm == key
            shown[own], chance[own] = self.draw(key, users[own], setting.places, setting.exploration, rng)
        clicked = rng.random(shown.shape) < self.click_rate(users, shown)
        lists, places = (
            np.arange(len(users)).repeat(setting.places),
            np.tile(np.arange(1, setting.places + 1), len(users)),
        )
        about = {
            "recommendation_id": lists,
            "user": users.repeat(setting.places),
            "item": shown.ravel(),
            "place": places,
        }
        log = about | {"probability": chance.ravel(), "clicked": clicked.ravel(), "converted": False}
        return users, shown, pd.DataFrame(log)

    def estimates(self, setting: Setting, run: int, learn: bool = True) -> dict[str, Estimate]:
        users, shown, log = self.log(setting, generator(run, "coverage", "log"))
        fold = pd.factorize(users)[0] % 2
        value = np.zeros((2, self.n_items + 1, setting.places))
        value[:, :-1] = 0.2  # a poor prediction; the estimate is right with any
        for half in (0, 1) if learn else ():
            found = predict_rewards(log[np.repeat(fold != half, setting.places)])
            value[half, :-1] = log.groupby("place")["clicked"].mean().to_numpy()
            value[half][np.ix_(found.index, found.columns - 1)] = found.to_numpy()
        if len(setting.arms) > 1:
            args = users, shown, setting.exploration, value, fold
            own = np.stack([self.choices(key, *args).probability.ravel() for key in setting.arms])
            shares = np.repeat(np.array(list(setting.arms.values()))[:, None], len(log), 1)
            log["probability"] = pooled_probabilities(log, own, shares)
        exploration = 0.0 if setting.pure else setting.exploration
        found = self.choices(setting.target, users, shown, exploration, value, fold)
        target, expected = found.probability.ravel().clip(0, 1), found.expected.ravel()
        predicted = value[fold[:, None], shown, np.arange(setting.places)].ravel()
        return {
            "ips": ips(log, target),
            "snips": snips(log, target),
            "doubly robust": doubly_robust(log, target, predicted, expected),
        }


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def coverage(world: World, setting: Setting, runs: int, learn: bool = True) -> pd.DataFrame:
    "Estimator -> how many intervals there were, and what share of them holds the truth"
    truth, rows = world.truth(setting), []
    for run in range(runs):
        for name, found in world.estimates(setting, run, learn).items():
            there = not math.isnan(found.low)
            holds = there and found.low <= truth <= found.high
            rows.append((name, there, holds, found.value - truth, found.high - found.low))
    frame = pd.DataFrame(rows, columns=["estimator", "shown", "holds", "error", "width"])
    by = frame.groupby("estimator")
    return pd.DataFrame(
        {
            "truth": truth,
            "shown": by["shown"].sum(),
            "holds": by["holds"].sum() / by["shown"].sum(),
            "bias": by["error"].mean(),
            "spread": by["error"].std(),
            "width": by["width"].median(),
        }
    )


def least(runs: int) -> float:
    "The smallest share of intervals that would be believable if 95 % held the truth: three standard errors below"
    return 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


HALVES = {"popularity": 0.5, "ease": 0.5}


def test_intervals_of_an_experiment_hold_the_truth(world):
    runs = 100
    found = coverage(world, Setting(HALVES, "ease", 3, 0.2, customers=40, visits=2), runs, learn=False)
    assert (found["shown"] == runs).all(), found
    assert (found["holds"] >= least(runs)).all(), found
    assert (found["bias"].abs() < 4 * found["spread"] / math.sqrt(runs)).all(), found
    assert found.loc["snips", "width"] < 0.25, found


def test_a_model_unlike_the_one_that_made_the_log_gets_no_interval(world):
    setting = Setting({"popularity": 1.0}, "ease", 5, 0.1, customers=40, visits=2)
    found = [world.estimates(setting, run, learn=False)["doubly robust"] for run in range(20)]
    assert np.mean([math.isnan(each.low) for each in found]) >= 0.9
    assert np.median([each.weight for each in found]) < 0.2, "it was hardly ever shown what it would show"


@pytest.mark.long
@pytest.mark.parametrize(
    "setting",
    [
        Setting(HALVES, "ease", 3, 0.1, customers=20, visits=1),
        Setting(HALVES, "ease", 10, 0.1, customers=200, visits=3),
        Setting(HALVES, "ease", 10, 0.1, customers=200, visits=3, pure=True),
        Setting({"popularity": 0.9, "ease": 0.1}, "ease", 3, 0.1, customers=200, visits=2),
        Setting({"popularity": 1.0}, "popularity", 5, 0.3, customers=100, visits=2, pure=True),
        Setting({"popularity": 1.0}, "ease", 1, 0.5, customers=150, visits=4),
        Setting({"popularity": 1.0}, "ease", 2, 1.0, customers=150, visits=4),
        Setting({"popularity": 1.0}, "ease", 3, 0.3, customers=500, visits=4),
    ],
    ids=str,
)
def test_intervals_hold_the_truth_in_many_settings(world, setting):
    found = coverage(world, setting, 300)
    print(f"\n{setting}\n{found.round(3).to_string()}")
    for name, row in found.drop("ips").iterrows():
        enough = row["shown"] >= 20
        assert not enough or row["holds"] >= least(int(row["shown"])), f"{name}\n{found}"
