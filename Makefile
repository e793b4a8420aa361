# `make run` and `make test` need git, make and Python 3.11 or newer, and nothing done by hand before.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
PARALLEL := -n 2 --dist loadfile

.PHONY: help run test test-all check format messages snapshots pictures clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

run: $(READY)  ## set up, fetch the demo model once, open the program on the sample corpus
	@$(BIN)/styletui models demo >/dev/null
	@$(BIN)/styletui sample_corpus/wechat

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh .ci/setup.sh $(VENV)
	@touch $@

$(DEV): $(READY)
	@PYTHON="$(PYTHON)" sh .ci/setup.sh $(VENV) dev
	@touch $@

test: $(DEV)  ## the tests that need no model; under five minutes on two cores
	@$(PYTEST) $(PARALLEL)

test-all: check build-test slow  ## everything: what CI runs

.PHONY: slow build-test
slow: $(DEV)  ## tests that train and rate the demo model in a real terminal
	@$(BIN)/styletui models demo >/dev/null
	@OMP_NUM_THREADS=2 $(BIN)/python -m pytest -m slow --timeout 900

build-test: $(DEV)  ## build the wheel, install it into an empty environment, try it there
	@sh .ci/wheel_test.sh $(VENV)

check: $(DEV)  ## format, lint, types, layers, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python styletui/locale/update.py --check
	@$(PYTEST) $(PARALLEL)

format: $(DEV)  ## put the code into its format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

messages: $(DEV)  ## bring the catalogues up to date with the code and compile them
	@$(BIN)/python styletui/locale/update.py

snapshots: $(DEV)  ## accept the screens as they are now
	@$(BIN)/python -m pytest tests/ui --snapshot-update

pictures: $(DEV)  ## draw the README's pictures from the snapshots
	@$(BIN)/python docs/make_pictures.py

clean:  ## remove the environment and caches; models and projects stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build
