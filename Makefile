# `make help` lists the targets. Times are for two cores, without downloads.
VENV := .venv
BIN := $(VENV)/bin
PYTHONS := python3.13 python3.12 python3.11
# The Python of an existing environment, else the newest of PYTHONS that can create an environment.
PYTHON ?= $(or $(shell for python in $(BIN)/python $(PYTHONS); do \
  $$python -c 'import ensurepip' 2> /dev/null && echo $$python && break; done),$(error \
  no Python with its module venv found, of $(PYTHONS): install one \
  (Debian, Ubuntu: `apt install python3-venv`), or name one (`make setup PYTHON=/path/to/python`)))
PIP := $(BIN)/python -m pip install -q --no-compile
BASE ?= main
PYTEST := python -m pytest -n logical --dist worksteal
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where bytecode may not be written, every stage would compile torch and transformers again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup repro studies test test-fast soak lint types fix verify review bench notebooks docs lock clean

help: ## list the targets (a moment)
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 12

setup: $(VENV)/.done ## create .venv; PYTHON and TORCH_INDEX: see README.md (30 s)

$(VENV)/.done: pyproject.toml $(wildcard requirements/*.txt)
	$(PYTHON) -m venv $(VENV)
	$(PIP) uv==0.13.8
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -r requirements/lock.txt
	$(if $(TORCH_INDEX),$(PIP) --no-deps --index-url '$(TORCH_INDEX)' \
	  $(shell grep ^torch== requirements/torch.txt))
	$(PIP) -c requirements/lock.txt -r requirements/torch.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

repro: setup ## run the stages of the pipeline that are out of date (15 min for all)
	dvc repro

studies: setup ## run the studies that are out of date (1 h for all)
	dvc repro studies/dvc.yaml

test: setup lint types ## check format, lint and types, and run all tests (5 min)
	$(PYTEST)

test-fast: setup ## run unit tests: without DVC, remotes, killed processes and fuzzing (1 min)
	$(PYTEST) -m unit --ignore tests/fuzz

soak: setup ## kill scoring at 20 random moments (15 min)
	python -m pytest -m soak

lint: setup ## check format and lint (1 s)
	ruff check .
	ruff format --check .

types: setup ## check types (15 s)
	mypy

fix: setup ## format the code and correct what the linter can correct (1 s)
	ruff check --fix .
	ruff format .

verify: setup ## compare the metrics with the committed ones, within tolerances (1 s)
	modelmap verify

review: setup ## print what this branch changes against BASE, by default main (5 s)
	@modelmap review $(BASE)

bench: setup ## measure speed, memory and agreement; needs the outputs of `make repro` (1 h)
	MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 python benchmarks/batches.py
	python benchmarks/scoring_speed.py
	python benchmarks/agreement.py
	python benchmarks/scale.py
	python benchmarks/kl_speed.py
	$(PIP) -c requirements/lock.txt openTSNE==1.0.4 && python benchmarks/many_models.py
	python benchmarks/resample_speed.py
	python benchmarks/prediction_speed.py

notebooks: setup ## execute the notebooks into reports/notebooks, after `make repro` (20 s)
	dvc repro -s studies/dvc.yaml:notebooks

docs: setup ## build the documentation as a site in site/; a warning is an error (10 s)
	sphinx-build -q -W --keep-going -c docs -d site/.doctrees . site
	cp site/README.html site/index.html

# Versions that are locked stay; UPGRADE=--upgrade takes the newest of all packages.
lock: setup ## resolve pyproject.toml for all Pythons into requirements/lock.txt (10 s)
	uv pip compile -q $(UPGRADE) --universal --fork-strategy fewest --no-header --no-annotate \
	  --no-emit-index-url pyproject.toml --extra score --extra corpus --extra pile --extra dev --extra docs \
	  -o requirements/lock.txt

clean: ## remove the environment and caches; data, scores and reports stay (a moment)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
