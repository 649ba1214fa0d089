# make run      everything a newcomer needs: environment, demo data, server on 127.0.0.1:8080
# make check    all that CI checks; make test: all tests
# `make help` lists the rest. Only Python 3.11 or newer and a package index are needed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements.lock requirements-dev.lock

.PHONY: help run serve test test-fast check format bench docs dictionary lock conformance verdicts inferno clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements.lock pyproject.toml
	@bash tools/environment requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml
	@bash tools/environment requirements-dev.lock
	@touch $@ $(VENV)/.installed

run: $(VENV)/.installed ## install, load the demo payer and serve (PORT and HOST choose the address)
	@FORTHWITH_DEMO=$${FORTHWITH_DEMO:-on} exec $(BIN)/forthwith serve

serve: $(VENV)/.installed ## serve with the settings of the environment, no demo data
	@exec $(BIN)/forthwith serve

test: $(VENV)/.installed-dev ## all tests; FORTHWITH_TEST_POSTGRES adds PostgreSQL
	$(BIN)/python -m pytest $(ARGS)

test-fast: $(VENV)/.installed-dev ## the pure tests: unit, spec and house
	$(BIN)/python -m pytest tests/unit tests/spec tests/house $(ARGS)

check: $(VENV)/.installed-dev ## format, lint, types, layers, house rules, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/house

format: $(VENV)/.installed-dev ## rewrite the code as `check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## measure, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.installed-dev ## write the generated pages of docs/reference again
	$(BIN)/python -m tools.reference

dictionary: $(VENV)/.installed-dev ## train the next zstd dictionary of the store from our examples
	$(BIN)/python -m tools.dictionary

lock: $(VENV)/.installed-dev ## resolve the dependencies of pyproject.toml again
	$(BIN)/python -m tools.lock

conformance: $(VENV)/.installed-dev ## HL7's own engine judges all that we send (needs Java)
	$(BIN)/python -m conformance answers

verdicts: $(VENV)/.installed-dev ## ask HL7's engine about the mutations again (needs Java, takes an hour)
	$(BIN)/python -m conformance renew $(ARGS)

inferno: $(VENV)/.installed-dev ## Inferno's server suites against us, all or SUITE=..., and write docs/inferno.md
	$(BIN)/python -m conformance.inferno $(SUITE)

clean: ## remove the environment, caches and build output; the database in data/ stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
