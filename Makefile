# make repro: everything from nothing.   make test: lint, types and tests.   make help: the rest.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.11
BASE ?= main
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where bytecode may not be written, every stage would compile torch and transformers again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup repro studies test lint types verify review soak bench notebooks lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(VENV)/.done ## create .venv from the committed lock and install the project

$(VENV)/.done: pyproject.toml $(wildcard requirements/*.txt)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv==0.13.8
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -r requirements/lock.txt
	$(BIN)/python -m pip install -q --no-compile -c requirements/lock.txt -r requirements/torch.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

repro: setup ## run the pipeline: only what an edit touched runs again
	dvc repro

studies: setup ## run the longer studies: at most an hour
	dvc repro studies/dvc.yaml

test: setup lint types ## lint, types and all tests
	python -m pytest -n 2 --dist loadfile

soak: setup ## kill scoring at 20 random moments: a quarter of an hour
	python -m pytest -m soak

lint: setup
	ruff check .
	ruff format --check .

types: setup
	mypy

verify: setup ## compare the metrics with the committed ones, within tolerances
	modelmap verify

review: setup ## print what this branch changes against BASE (main)
	@modelmap review $(BASE)

bench: setup ## measure scoring (after `make repro`), resampling, prediction and a thousand models
	MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 python benchmarks/batches.py
	python benchmarks/scoring_speed.py
	python benchmarks/agreement.py
	python benchmarks/scale.py
	python benchmarks/resample_speed.py
	python benchmarks/prediction_speed.py

notebooks: setup ## run the notebooks in place of a reader
	python -m pip install -q -c requirements/lock.txt -e '.[notebooks]'
	jupytext --to ipynb --execute notebooks/*.py

# Versions that are locked stay; UPGRADE=--upgrade takes the newest of all packages.
lock: setup ## write requirements/lock.txt anew from pyproject.toml
	uv pip compile -q $(UPGRADE) --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url pyproject.toml --extra score --extra corpus --extra pile --extra dev \
	  -o requirements/lock.txt

clean: ## remove the environment and caches; data, scores and reports stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
