"Microsoft's SAR on Microsoft's rows: every printed digit"

import pytest
from references import ml100k

from customer360.data.splits import ms_stratified
from customer360.evaluation.protocol import evaluate
from customer360.peers.sar import SAR

PRINTED = {"map@10": 0.114038, "ndcg@10": 0.393819, "precision@10": 0.340615, "recall@10": 0.185377}


@pytest.mark.data
def test_sar_has_the_printed_figures(test_data):
    split = ms_stratified(ml100k(test_data))
    customers = evaluate(SAR().fit(split.train), split).customers
    assert {name: round(float(customers[name].mean()), 6) for name in PRINTED} == PRINTED


@pytest.mark.data
def test_on_another_shuffle_of_the_same_recipe_it_has_not(test_data):
    "The printed digits belong to the rows, so the check above can fail"
    split = ms_stratified(ml100k(test_data), 43)
    customers = evaluate(SAR().fit(split.train), split).customers
    assert round(float(customers["ndcg@10"].mean()), 6) != PRINTED["ndcg@10"]
