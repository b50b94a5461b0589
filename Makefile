# The whole manual. ARGS="…" passes options on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# A make inside a make would announce the folders it enters on standard output.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test drill e2e check bench load lock

help: ## what can be asked for
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Everything a recipe says about itself goes to standard error: standard output belongs to the command (`demo --json`).
$(VENV)/.runtime: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >&2
	@echo "Installing what requirements.txt pins…" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt >&2
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "Installing what requirements-dev.txt pins…" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt >&2
	@touch $@

demo: $(VENV)/.runtime ## the whole panel with three companies on http://localhost:8000 (ARGS="--once --json": one run, no server)
	@$(BIN)/python manage.py demo $(ARGS)

test: $(VENV)/.dev ## the test suite on real servers
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e and not drill" $(ARGS)

drill: $(VENV)/.dev ## programs killed in the middle, upstreams and servers that fail, backups brought back
	@$(BIN)/python -m pytest -n 2 --dist worksteal --timeout 400 -m drill $(ARGS)

e2e: $(VENV)/.dev ## the browser tests (needs Chromium; gpg and ssh-keygen for sealed backups)
	@$(BIN)/python -m pytest --timeout 400 -m e2e $(ARGS)

check: $(VENV)/.dev ## style, types, boundaries, migrations, deployment, translations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python scripts/check.py

bench: $(VENV)/.dev ## what the README's table measures, as ratios in one run
	@$(BIN)/python -m benchmarks $(ARGS)

load: $(VENV)/.dev ## seven criteria under load (ARGS="--short" for two cores, "--fault valkey"; LOAD_TARGET: a running panel)
	@$(BIN)/python -m load $(ARGS)

lock: $(VENV)/.dev ## resolve requirements*.in into requirements*.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" requirements.in -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" requirements-production.in -o requirements-production.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt
