# Works on a machine that has Python >= 3.11 with venv, and make. Everything else is installed into .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV := $(HERE).venv
BIN := $(VENV)/bin
REQUIREMENTS := $(HERE)deploy/requirements

.PHONY: help run test stress check bench web migrate demo requirements schema clean

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(HERE)Makefile

$(VENV)/uv.stamp: $(REQUIREMENTS)/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)/uv.txt
	@touch $@

$(VENV)/runtime.stamp: $(VENV)/uv.stamp $(REQUIREMENTS)/runtime.txt $(HERE)pyproject.toml
	@echo "Installing what Souk needs into $(VENV) ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r $(REQUIREMENTS)/runtime.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable $(HERE)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/runtime.stamp $(REQUIREMENTS)/dev.txt
	@echo "Installing what the checks and tests need ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r $(REQUIREMENTS)/dev.txt
	@touch $@

run: $(VENV)/runtime.stamp ## Start the shop on http://127.0.0.1:8000 (PORT, HOST, SOUK_HOME, DATABASE_URL are honoured).
	@cd $(HERE) && exec $(BIN)/souk serve

migrate: $(VENV)/runtime.stamp ## Bring the database to the newest schema.
	@cd $(HERE) && exec $(BIN)/souk migrate

demo: $(VENV)/runtime.stamp ## Load the demo shop.
	@cd $(HERE) && exec $(BIN)/souk demo

schema: $(VENV)/runtime.stamp ## Write schema/schema.graphql.
	@cd $(HERE) && exec $(BIN)/souk schema --write

test: $(VENV)/dev.stamp ## Run the tests against a real PostgreSQL that they start themselves.
	@cd $(HERE) && $(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/dev.stamp ## Lint, types, import contracts, dependencies.
	@cd $(HERE) && $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-logo && $(BIN)/deptry . && $(BIN)/pyright --warnings

bench: $(VENV)/dev.stamp ## Measure the catalogue page against a hand-written endpoint.
	@cd $(HERE) && $(BIN)/python -m benchmarks.catalogue $(ARGS)

web: ## Build GraphiQL from its npm packages, so that it works without internet.
	@cd $(HERE)web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build

requirements: $(VENV)/uv.stamp ## Compile the hash-pinned requirements from their .in files.
	@cd $(REQUIREMENTS) && for set in uv runtime dev; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 $$set.in -o $$set.txt; done

clean: ## Remove the environment and built files (never the data).
	@rm -rf $(VENV) $(HERE)web/dist $(HERE)web/node_modules $(HERE)*.egg-info
