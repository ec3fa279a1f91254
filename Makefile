# Works on a machine that has Python >= 3.11 with venv, and make. Everything else is installed into .venv.
# No name here holds the checkout's own path, which may contain spaces: use `make -C FOLDER` from elsewhere.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
REQUIREMENTS := deploy/requirements
# A package that was half written when somebody pulled the plug looks installed: then everything is written again.
WHOLE = again=; [ -e .venv/unfinished ] && again=--reinstall; touch .venv/unfinished
TIDY = [ "$$(cat .venv/checkout 2>/dev/null)" = "$(CURDIR)" ] && $(BIN)/python -c "" 2>/dev/null || rm -f .venv/*.stamp .venv/bin/python

ifeq ($(wildcard pyproject.toml),)
$(error Run it as `make -C FOLDER`, where FOLDER is the one that holds this Makefile)
endif

# An environment that was moved, copied, or has lost its Python would run other code or none: have it made anew.
$(shell $(TIDY))

.PHONY: help run test stress check bench web migrate demo requirements schema clean

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# A Python that is new enough, even when `python3` is not; and a venv with pip in it, even after an interruption.
.venv/uv.stamp: $(REQUIREMENTS)/uv.txt
	@for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'Souk needs Python 3.11 or newer: install it, or name one, as in `make run PYTHON=/opt/python/bin/python3`.' >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv: install it (on Debian and Ubuntu: apt install python3-venv) and run make again." >&2; exit 1; fi; \
	echo 'Preparing .venv ...'; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)/uv.txt
	@printf %s "$(CURDIR)" > .venv/checkout
	@touch $@

# Compiled beforehand: starting takes half the time where Python may not write its own byte code.
.venv/runtime.stamp: .venv/uv.stamp $(REQUIREMENTS)/runtime.txt pyproject.toml
	@echo 'Installing what Souk needs into .venv ...'
	@$(WHOLE); $(INSTALL) $$again --compile-bytecode --require-hashes -r $(REQUIREMENTS)/runtime.txt && \
	$(INSTALL) --no-deps --no-build-isolation --editable . && rm .venv/unfinished
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp $(REQUIREMENTS)/dev.txt
	@echo 'Installing what the checks and tests need ...'
	@$(WHOLE); $(INSTALL) $$again --require-hashes -r $(REQUIREMENTS)/dev.txt && rm .venv/unfinished
	@touch $@

run: .venv/runtime.stamp ## Start the shop on http://127.0.0.1:8000 (PORT, HOST, SOUK_HOME, DATABASE_URL are honoured).
	@exec $(BIN)/souk serve

migrate: .venv/runtime.stamp ## Bring the database to the newest schema.
	@exec $(BIN)/souk migrate $(ARGS)

demo: .venv/runtime.stamp ## Load the demo shop (ARGS="--products 10000" for a large one).
	@exec $(BIN)/souk demo $(ARGS)

schema: .venv/runtime.stamp ## Write schema/schema.graphql.
	@exec $(BIN)/souk schema --write

test: .venv/dev.stamp ## Run the tests against a real PostgreSQL that they start themselves (ARGS="-k newcomer").
	@exec $(BIN)/python -m pytest -n auto $(ARGS)

stress: .venv/dev.stamp ## Run the randomised tests at full length, with fresh examples.
	@SOUK_STRESS=1 $(BIN)/python -m pytest -n auto -o faulthandler_timeout=7200 \
	  tests/graphql/test_executor_agrees.py tests/graphql/accounts/test_odd_input.py \
	  tests/graphql/accounts/test_people.py tests/persistence/test_pages.py \
	  tests/scenarios/test_cart_races.py tests/scenarios/test_event_deaths.py tests/scenarios/test_live_cuts.py \
	  tests/scenarios/test_order_books.py tests/scenarios/test_order_placing.py tests/persistence/test_event_stream.py \
	  tests/scenarios/test_fulfillment_races.py tests/scenarios/test_order_actions.py \
	  tests/scenarios/test_payment_faults.py tests/scenarios/test_provider_events.py tests/server/test_webhooks.py \
	  tests/scenarios/test_sessions.py tests/server/test_cli_worker.py tests/server/test_http_fuzz.py \
	  tests/server/test_relay.py $(ARGS)
	@SOUK_STRESS=1 exec $(BIN)/python -m pytest -n 0 -rP -o faulthandler_timeout=7200 tests/scenarios/test_login_time.py

check: .venv/dev.stamp ## Lint, types, import contracts, dependencies.
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-logo && $(BIN)/deptry . && $(BIN)/pyright --warnings

bench: .venv/dev.stamp ## Measure the catalogue page against a hand-written endpoint, whole checkouts, and live order tracking.
	@$(BIN)/python -m benchmarks.catalogue $(ARGS) && $(BIN)/python -m benchmarks.checkout && exec $(BIN)/python -m benchmarks.fanout

web: ## Build GraphiQL from its npm packages, so that it works without internet, and the page that follows an order.
	@cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build

requirements: .venv/uv.stamp ## Compile the hash-pinned requirements from their .in files.
	@cd $(REQUIREMENTS) && for set in uv runtime dev; do \
	  "$(CURDIR)/$(BIN)/uv" pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 $$set.in -o $$set.txt; done

clean: ## Remove the environment and built files (never the data).
	@rm -rf .venv build *.egg-info web/dist web/node_modules web/.build .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.souk/*' -prune -exec rm -rf {} +
