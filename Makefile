# Every command a person needs. Each sets up what it needs in .venv by itself.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PERENNIAL := $(BIN)/perennial
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
# A file's tests share its costly fixtures, so a file stays on one worker; files are taken in the order of collection.
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
export UV_LINK_MODE := copy
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install demo ui test check bench docs soak clean format lock

help: ## List the commands
	@echo "Perennial: customer lifetime value, from the raw order to the message that follows from it."
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "The same jobs and more: $(PERENNIAL) --help"

install: .venv/.installed ## Install into .venv (the other commands do it by themselves)

# uv installs from the lock in a quarter of pip's time; where uv cannot reach the index that pip is set up for, pip does it.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Perennial needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@echo "Installing into .venv from requirements.lock (a minute or two, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@awk '/^[a-z]/ {keep = /^uv==/} keep' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable . \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: .venv/.installed ## Real purchases, archive to delivery: loads CDNOW, predicts, sends, prints what it found
	@$(PERENNIAL) demo

ui: .venv/.installed ## The Dagster UI and its daemon (Ctrl-C stops both)
	@$(PERENNIAL) ui

test: .venv/.installed ## Every test
	@$(PYTEST) $(PARALLEL) -m "not soak"

check: .venv/.installed ## Everything that guards main: format, lint, types, layers, SQL, dbt, documents, tests
	@$(MAKE) --no-print-directory -j $(WORKERS) check-types check-sql check-code
	$(PYTEST) $(PARALLEL) -m "not soak"

# Beside each other, for each is busy on one core: the longest first.
.PHONY: check-types check-sql check-code
check-types: .venv/.installed
	$(BIN)/mypy

check-sql: .venv/.installed
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project docs orchestration models/migrations
	cd models/sql && ../../$(BIN)/sqlfluff lint --disable-progress-bar .

check-code: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(PERENNIAL) docs --check

bench: .venv/.installed .venv-peers/.installed ## Measure, with peers beside us in one run
	@$(BIN)/python -m benchmarks

# What is measured against, in an environment of its own: its pins are not ours.
.venv-peers/.installed: benchmarks/peers/requirements.lock .venv/.installed
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@$(BIN)/uv pip sync --quiet --python .venv-peers/bin/python --require-hashes benchmarks/peers/requirements.lock \
		|| .venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/peers/requirements.lock
	@touch $@

docs: .venv/.installed ## Regenerate the generated documents
	@$(PERENNIAL) docs

soak: .venv/.installed ## The long fault and load runs
	@$(PYTEST) $(PARALLEL) -m soak

format: .venv/.installed ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

lock: .venv/.installed ## Resolve the dependencies again into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --universal \
		--python-version 3.11 --no-header --quiet --output-file requirements.lock

clean: ## Stop the warehouse and remove what the commands made, the warehouse's data included
	@if test -x $(PERENNIAL); then $(PERENNIAL) clean; fi
	@rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dbt_project/target dbt_project/logs logs
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
