# Seven Steps. A bare `make` lists the commands; README.md says more.
# once set up, the Python that it was set up with
PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || \
	echo python3)
PY := .venv/bin/python
N ?= 20
FROM ?= 1

# torch, faiss, LightGBM and scikit-learn oversubscribe two cores badly;
# chapters run side by side instead, one thread each
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY := PASSIVE
export PYTHONHASHSEED := 0

.PHONY: help book test check lab chapter record new seeds renew spot data bench \
        mutants lock clean setup setup-book nbval newest package
.DEFAULT_GOAL := help

help:
	@echo "make book              execute what needs it and build the site"
	@echo "make test              every check; what CI runs"
	@echo "make check             the checks that take a minute or two"
	@echo "make nbval             execute every chapter again and compare"
	@echo "make lab               JupyterLab on the chapters"
	@echo "make chapter C=name    execute one chapter if it needs it"
	@echo "make record C=name     execute a chapter and store its outputs"
	@echo "make new C=name        lay out a new case: W=its world, PART=Predict"
	@echo "make seeds C=name      its claims and rows under N=20 seeds, FROM=1"
	@echo "make renew C=all       outputs and evidence again, and what moved"
	@echo "make spot              one other seed of each chapter, compared"
	@echo "make data              write the tables in data/ again"
	@echo "make bench             what utils computes, timed beside its peers"
	@echo "make mutants           would the tests notice N=20 small changes?"
	@echo "make setup             what the tests need too, before going offline"
	@echo "make newest            does the book build with the newest Sphinx?"
	@echo "make package           the package with its extras, in an empty environment"
	@echo "make lock              renew the locks; UP=package or UP=all upgrades"
	@echo "make clean             remove what was built; .venv stays"
	@echo
	@echo "The first one that runs sets up .venv: some minutes, 2 GB; the first"
	@echo "one that tests adds its tools."
	@echo "PYTHON=python3.11 names the Python, JOBS=1 runs one chapter a time."

setup-book:
	@$(PYTHON) tools/setup.py book

setup:
	@$(PYTHON) tools/setup.py book test

book: setup-book
	@$(PY) -m tools.book

test: setup
	@$(PY) -m tools.checks all

check: setup
	@$(PY) -m tools.checks quick

nbval: setup
	@$(PY) -m tools.checks nbval

lab: setup-book
	@$(PY) -m jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/chapters

chapter: setup-book
	@$(PY) -m tools.book "$(C)"

record: setup-book
	@$(PY) -m tools.notebooks "$(C)"

new: setup-book
	@$(PY) -m tools.new "$(C)" "$(W)" "$(PART)"

seeds: setup-book
	@$(PY) -m tools.seeds "$(C)" "$(N)" "$(FROM)"

renew: setup-book
	@$(PY) -m tools.renew "$(C)"

spot: setup-book
	@$(PY) -m tools.evidence

data: setup-book
	@$(PY) -m tools.data

bench: setup
	@for file in benchmarks/[a-z]*.py; do \
		$(PY) -m benchmarks.$$(basename $$file .py) || exit 1; done

mutants: setup
	@$(PY) -m tools.mutants "$(N)" "$(FROM)"

newest: book
	@$(PY) -m tools.newest

package: setup-book
	@$(PY) -m tools.package

lock:
	@$(PYTHON) -m tools.lock $(UP)

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
