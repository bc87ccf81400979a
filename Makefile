# `make demo` and `make test` each set up all they need: a virtual environment inside this folder, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-demo
READY_DEV := $(VENV)/.ready-dev
PYTEST_ARGS ?=

SECONDS ?= 600
SEED ?=
KILLS ?= 200

.PHONY: demo test check bench bench-server soak soak-sockets soak-server soak-kill generate format clean help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "listwatch needs Python 3.11 or newer; say which with: make demo PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): $(BIN)/python pyproject.toml
	@echo "setting up (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server,cli]'
	@touch $@

$(READY_DEV): $(BIN)/python pyproject.toml
	@echo "setting up for development (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server,cli]' --group dev
	@touch $@ $(READY)

demo: $(READY)  ## list and watch pods of an embedded cluster, as in the article
	@$(BIN)/listwatch demo

test: $(READY_DEV)  ## run all tests
	@$(BIN)/python -m pytest -q -n 2 $(PYTEST_ARGS)

check: $(READY_DEV)  ## lint, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY_DEV)  ## measure against the peers (installs them)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	@$(BIN)/python benches/run.py
	@$(BIN)/python benches/fill.py
	@$(BIN)/python benches/pipeline.py
	@$(BIN)/python benches/watchers.py
	@$(BIN)/python benches/follow.py
	@$(BIN)/python benches/reads.py
	@$(BIN)/python benches/workqueue.py
	@$(BIN)/python benches/idle.py
	@$(BIN)/python benches/startup.py

bench-server: $(READY_DEV)  ## measure the embedded API server
	@$(BIN)/python benches/apiserver.py

soak: $(READY_DEV)  ## simulate until Ctrl-C, with fresh seeds
	@$(BIN)/python tests/simulation/soak.py $(if $(SEED),--seed $(SEED))

soak-sockets: $(READY_DEV)  ## SECONDS=600 on real sockets through a proxy that fails
	@$(BIN)/python tests/soak/soak_sockets.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

soak-server: $(READY_DEV)  ## SECONDS=600 of random games with the server, against a list of all changes
	@$(BIN)/python tests/soak/soak_server.py --seconds $(SECONDS)

soak-kill: $(READY_DEV)  ## kill a durable server KILLS=200 times in the middle of its writes
	@$(BIN)/python tests/soak/soak_kill.py --kills $(KILLS) $(if $(SEED),--seed $(SEED))

generate: $(READY_DEV)  ## write the kinds in src/listwatch/api again from their OpenAPI
	@$(BIN)/python tools/generate_api.py

format: $(READY_DEV)  ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
