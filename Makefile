# `make` alone lists what there is. Each target makes .venv first if it is not there (tools/setup.sh).
DATASET ?= demo
DATA ?=
PROTOCOLS ?=
PROTOCOL ?=
MODELS ?=
TUNE ?=
TRIALS ?= 30
SEEDS ?=
TRAFFIC ?=
PORT ?= 8000
ARGS ?=
export PYTHON

# One thread for each of the two workers: with more, threads of one wait for those of the other.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv/bin/python -m pytest

.PHONY: help setup report tune loop serve page bench benchmark test quick test-long lab clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make report DATASET=ml-100k DATA=folder PROTOCOLS=all MODELS=knn,ease    real files from a folder, every split, some models"
	@echo "  PYTHON=/path/to/python picks the Python of .venv, ARGS='...' goes to c360 or pytest as it is"

setup: ## only make .venv, or see that it is up to date
	@bash tools/setup.sh

report: setup ## train and evaluate on DATASET (demo by default), leave reports/<DATASET>/index.html
	@.venv/bin/c360 report --dataset "$(DATASET)" $(if $(DATA),--data "$(DATA)") $(if $(PROTOCOLS),--protocols "$(PROTOCOLS)") $(if $(MODELS),--models "$(MODELS)") $(if $(TUNE),--tune "$(TUNE)") $(ARGS)

tune: setup ## look for hyper-parameters that suit DATASET, inside its train part; prints what goes into its card
	@.venv/bin/c360 tune --dataset "$(DATASET)" --trials "$(TRIALS)" $(if $(DATA),--data "$(DATA)") $(if $(MODELS),--model "$(MODELS)") $(ARGS)

loop: setup ## does retraining pay? simulated customers visit real servers (SEEDS=3), or DATASET is replayed in time
	@.venv/bin/c360 loop --dataset "$(DATASET)" $(if $(DATA),--data "$(DATA)") $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(MODELS),--models "$(MODELS)") $(ARGS)

serve: setup ## the page and the REST API on PORT (8000), with the demo's models or those of DATASET; TRAFFIC=1: simulated visitors
	@bash tools/page.sh || echo "Serving the API without the page."
	@$(if $(TRAFFIC),.venv/bin/c360 traffic --url "http://127.0.0.1:$(PORT)" & traffic=$$!; trap 'kill $$traffic 2> /dev/null' EXIT; )\
	C360_DATASET="$(DATASET)" .venv/bin/python -m api --port "$(PORT)" $(ARGS)

page: setup ## only build the page, frontend/dist
	@bash tools/page.sh

bench: setup ## how fast the API answers, with the models of DATASET
	@C360_DATASET="$(DATASET)" .venv/bin/python tests/bench/bench_api.py $(ARGS)

benchmark: setup ## models of others beside ours on published protocols, or on PROTOCOL alone; leaves reports/benchmarks/index.html
	@bash tools/peers.sh
	@.venv/bin/c360 benchmark $(if $(DATA),--data "$(DATA)") $(if $(PROTOCOL),--protocol "$(PROTOCOL)") $(if $(MODELS),--models "$(MODELS)") $(ARGS)

test: setup ## every notebook and every test but the long ones
	@$(PYTEST) -n 2 --dist worksteal -m "not long" $(ARGS)

quick: setup ## the tests that take seconds, without the notebooks
	@$(PYTEST) -n 2 --dist worksteal -m "not slow and not long" $(ARGS)

test-long: setup ## what is too long for every day
	@$(PYTEST) -m long $(ARGS)

lab: setup ## JupyterLab on nbs/
	@cd nbs && ../.venv/bin/jupyter lab $(ARGS)

clean: ## remove what runs leave behind: .venv, caches, models (never reports, never data/raw)
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache data/interim data/models frontend/dist frontend/node_modules frontend/shots
	find . -name __pycache__ -prune -exec rm -rf {} +
