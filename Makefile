# The commands of this project. `make run` and `make test` are all a newcomer needs; both set up what they miss.
#   make run      a working demo business at http://localhost:8069 (COLCA_PORT, COLCA_DATABASE_URL, COLCA_DATA_DIR are obeyed)
#   make test     everything, on SQLite and on a real PostgreSQL
#   make lint     ruff, mypy and the import contracts alone
#   make bench    the figures of benchmarks/
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Workers of the test run; `make test JOBS=0` runs in one process.
JOBS ?= 2
TESTS ?= tests

export COLCA_DATA_DIR ?= ./var

.PHONY: run test lint bench install install-test install-clients clean help

help:
	@sed -n '2,5s/^#   //p' Makefile

run: install
	@sh scripts/run.sh "$(BIN)"

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt scripts/venv.sh
	@PYTHON="$(PYTHON)" sh scripts/venv.sh "$(VENV)" "."
	@touch $@

install-test: $(VENV)/.installed-test

$(VENV)/.installed-test: pyproject.toml constraints.txt scripts/venv.sh
	@PYTHON="$(PYTHON)" sh scripts/venv.sh "$(VENV)" ".[test]"
	@touch $@ $(VENV)/.installed

install-clients: $(VENV)/.installed-clients

$(VENV)/.installed-clients: $(VENV)/.installed-test scripts/clients.sh tests/clients/package-lock.json
	@sh scripts/clients.sh "$(VENV)" && touch $@ || echo "The JavaScript clients could not be installed: their tests will not run." >&2

test: install-test install-clients lint
	$(BIN)/python -m pytest $(TESTS) $(if $(filter-out 0,$(JOBS)),-n $(JOBS) --dist loadfile) $(PYTEST_ARGS)

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: install-test
	@$(BIN)/python scripts/bench.py $(BENCH_ARGS)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
